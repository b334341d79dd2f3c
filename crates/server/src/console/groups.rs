//! `/console/groups`: the groups of an app in the order of their arrival, page by page, and the form that makes one.
//!
//! A search by the beginning of an id looks through the list, a bounded part of it at a time, because a store has no order of
//! ids.

use super::layout::{self, Here};
use super::moment::{count, moment};
use super::place::{account_link, app_choice, encoded, group_path};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use hyper::StatusCode;
use landfall_domain::error::StoreError;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::GroupId;
use maud::{Markup, html};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Groups on a page.
const ROWS: usize = 50;
/// Ids that one search looks at: it goes on with the next page.
const LOOKED_AT_MAX: usize = 50_000;
/// Ids that are read at once.
const READ_AT_ONCE: usize = 5_000;

/// What is asked for.
struct Asked {
    app: Arc<App>,
    kind: Option<GroupType>,
    from: u64,
    /// The beginning of an id; empty: all groups.
    prefix: String,
}

/// A page of groups.
struct Found {
    /// All groups of the app, of the type asked for.
    total: u64,
    groups: Vec<Arc<Group>>,
    /// Where the next page starts; 0 when this is the last.
    next: u64,
}

pub(super) async fn read(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let kind = GroupType::parse(&visit.parameter("type"));
    let from = visit.parameter("from").parse().unwrap_or_default();
    let asked = Asked { app, kind, from, prefix: visit.parameter("id") };
    match find(visit, &asked).await {
        Ok(found) => layout::page(&visit.session, Here::Groups, say::GROUPS, body(visit, &asked, &found)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

/// The same as a file, from the start of the list on.
pub(super) async fn save(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let kind = GroupType::parse(&visit.parameter("type"));
    super::csv::groups(visit, app.id, kind).await
}

async fn find(visit: &Visit, asked: &Asked) -> Result<Found, StoreError> {
    let (store, app) = (&visit.server.store, asked.app.id);
    let (mut ids, mut from, mut looked_at) = (Vec::new(), asked.from, 0);
    if asked.prefix.is_empty() {
        let page = store.list_groups(app, asked.kind, from, ROWS).await?;
        let groups = store.groups(app, page.ids).await?.into_iter().flatten().collect();
        return Ok(Found { total: page.total, groups, next: page.next });
    }
    // Whoever knows the whole id finds it at once, however many groups there are.
    let whole = GroupId::parse(&asked.prefix).filter(|_| asked.from == 0);
    ids.extend(whole.clone());
    loop {
        let page = store.list_groups(app, asked.kind, from, READ_AT_ONCE).await?;
        looked_at += page.ids.len();
        let begins = |id: &GroupId| id.as_str().starts_with(&asked.prefix) && whole.as_ref() != Some(id);
        ids.extend(page.ids.into_iter().filter(begins));
        from = page.next;
        if from == 0 || ROWS <= ids.len() || LOOKED_AT_MAX <= looked_at {
            let groups = store.groups(app, ids).await?.into_iter().flatten();
            let groups = groups.filter(|group| asked.kind.is_none_or(|kind| kind == group.kind)).collect();
            return Ok(Found { total: page.total, groups, next: from });
        }
    }
}

fn body(visit: &Visit, asked: &Asked, found: &Found) -> Markup {
    let (app, kind) = (asked.app.id, asked.kind.map_or("", GroupType::as_str));
    let next =
        format!("/console/groups?app={app}&type={kind}&id={}&from={}", encoded(&asked.prefix), found.next);
    html! {
        form.bar method="get" action="/console/groups" role="search" {
            (app_choice(visit, app))
            label { "Type" select name="type" {
                option value="" { "all" }
                @for of in GroupType::ALL { option value=(of.as_str()) selected[asked.kind == Some(of)] { (of.as_str()) } }
            } }
            label { "Id begins with" input name="id" value=(asked.prefix); }
            button type="submit" { (say::FIND) }
            a.button.plain href={ "/console/groups.csv?app=" (app) "&type=" (kind) } { (say::SAVE_CSV) }
        }
        div.wide { table {
            caption { (count(found.total)) " groups in the list, in the order in which they came. Times are in UTC." }
            thead { tr {
                th scope="col" { "Group" }
                th scope="col" { "Name" }
                th scope="col" { "Type" }
                th scope="col" { "Owner" }
                th.number scope="col" { "Members" }
                th.number scope="col" { "Messages" }
                th scope="col" { "Made" }
                th scope="col" { "Last message" }
            } }
            tbody { @for group in &found.groups { (row(asked.app.id, group)) } }
        } }
        @if found.groups.is_empty() { p { (say::NOTHING) } }
        @if found.next != 0 { p { a.button.plain href=(next) { (say::NEXT_PAGE) } } }
        @if visit.session.may_change() { (making(visit, app)) }
    }
}

fn row(app: landfall_domain::ids::AppId, group: &Group) -> Markup {
    html! { tr {
        th scope="row" { a href=(group_path(app, group.id.as_str())) { (group.id) } }
        td { (group.profile.name.as_str()) }
        td { (group.kind.as_str()) @if group.support_topic { " (topics)" } }
        td { @if let Some(owner) = &group.owner { (account_link(app, owner)) } @else { "-" } }
        td.number { (count(group.member_count.into())) }
        td.number { (count(group.log.last_seq().into())) }
        td.when { (moment(group.created)) }
        td.when { (moment(group.log.last_message)) }
    } }
}

fn making(visit: &Visit, app: landfall_domain::ids::AppId) -> Markup {
    html! {
        details.card {
            summary { "Create a group" }
            form.stack method="post" action="/console/groups/create" {
                (visit.token())
                (app_choice(visit, app))
                label { "Type" select name="Type" {
                    @for of in GroupType::ALL { option value=(of.as_str()) { (of.as_str()) } }
                } }
                label { "Name" input name="Name" required; }
                label { "Id, where you choose one" input name="GroupId"; }
                label { "Owner, an account" input name="Owner_Account"; }
                label { "Introduction" textarea name="Introduction" {} }
                button type="submit" { "Create" }
            }
        }
    }
}

/// Makes a group.
pub(super) async fn create(change: &Change) -> Reply {
    let (visit, form) = (&change.visit, &change.form);
    let Some(app) = visit.app(form.text("app")) else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let mut request = Map::new();
    for field in ["Type", "Name", "GroupId", "Owner_Account", "Introduction"] {
        let value = form.text(field);
        if !value.is_empty() {
            request.insert(field.to_owned(), Value::from(value));
        }
    }
    let on = format!("group {:?}", form.text("Name"));
    let body = Value::from(request).to_string().into_bytes();
    match change.run(&app, "group_open_http_svc/create_group", &on, body).await {
        Ok(answer) => {
            let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
            let id = answer.get("GroupId").and_then(Value::as_str).unwrap_or_default();
            respond::redirect(&group_path(app.id, id))
        }
        Err(failure) => layout::failed(&visit.session, &failure, "/console/groups"),
    }
}
