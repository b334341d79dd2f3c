//! `/console/groups/APP/GROUP`: one group, and what may be done with it. Every change is a command of the API.

use super::layout::{self, Here};
use super::moment::{count, moment};
use super::place::{self, account_link, encoded, group_path};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use crate::reply::Failure;
use hyper::StatusCode;
use landfall_domain::error::OperationError;
use landfall_domain::group::Group;
use landfall_domain::ids::GroupId;
use landfall_domain::part::{Part, PartFamily, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::topic::Topic;
use maud::{Markup, html};
use serde_json::{Value, json};
use std::sync::Arc;

/// Topics that the page lists.
const TOPICS: usize = 200;

pub(super) const NO_GROUP: &str = "There is no such group, or it was dissolved.";

/// The group of a path, with what `needs` names.
pub(super) async fn snapshot(
    visit: &Visit,
    (app, group): (&str, &str),
    needs: Needs,
) -> Result<(Arc<App>, GroupSnapshot), Box<Reply>> {
    let (app, id) = place::group(visit, app, group)?;
    match visit.server.store.snapshot(app.id, id, needs).await {
        Ok(snapshot) => Ok((app, snapshot)),
        Err(OperationError::Refused(_)) => {
            Err(Box::new(layout::problem(&visit.session, StatusCode::NOT_FOUND, NO_GROUP)))
        }
        Err(OperationError::Store(error)) => Err(Box::new(layout::store_failed(&visit.session, &error))),
    }
}

pub(super) async fn read(visit: &Visit, app: &str, group: &str) -> Reply {
    let topics = PartRange { family: PartFamily::Topics, after: None, limit: TOPICS };
    let needs = Needs { ranges: vec![topics], ..Needs::default() };
    match snapshot(visit, (app, group), needs).await {
        Ok((app, snapshot)) => {
            let title = format!("Group {}", snapshot.group.id);
            layout::page(&visit.session, Here::Groups, &title, body(visit, &app, &snapshot))
        }
        Err(reply) => *reply,
    }
}

fn body(visit: &Visit, app: &App, snapshot: &GroupSnapshot) -> Markup {
    let group = &snapshot.group;
    let path = group_path(app.id, group.id.as_str());
    html! {
        p.tools {
            a.button.plain href={ (path) "/members" } { "Members" }
            a.button.plain href={ (path) "/messages" } { "Messages" }
        }
        section.card aria-label="Profile" { (profile(app, group)) }
        @if !group.profile.fields.is_empty() {
            section.card aria-label="Custom fields" {
                h2 { "Custom fields" }
                dl.fields { @for field in &group.profile.fields { dt { (field.key) } dd { (field.value.as_str()) } } }
            }
        }
        (topics(&path, snapshot))
        @if visit.session.may_change() { (changes(visit, &path, group)) }
    }
}

fn profile(app: &App, group: &Group) -> Markup {
    let profile = &group.profile;
    let owner = match &group.owner {
        Some(owner) => account_link(app.id, owner),
        None => html! { (say::NONE) },
    };
    layout::fields(&[
        ("App", html! { (app.id) }),
        ("Id", html! { code { (group.id) } }),
        ("Name", html! { (profile.name.as_str()) }),
        ("Type", html! { (group.kind.as_str()) @if group.support_topic { ", with topics" } }),
        ("Owner", owner),
        ("Introduction", html! { (profile.introduction.as_str()) }),
        ("Notice", html! { (profile.notification.as_str()) }),
        ("Picture", html! { (profile.face_url.as_str()) }),
        (
            "Members",
            html! { (count(group.member_count.into())) " of at most " (count(profile.max_members.into())) },
        ),
        ("Joining", html! { (profile.join_option.as_str()) }),
        ("Inviting", html! { (group.invite_option.as_str()) }),
        ("All are muted", html! { @if group.mute_all { "yes" } @else { "no" } }),
        ("Made", html! { (moment(group.created)) " UTC" }),
        (
            "Messages",
            html! { (count(group.log.last_seq().into())) ", the last at " (moment(group.log.last_message)) " UTC" },
        ),
    ])
}

fn topics(path: &str, snapshot: &GroupSnapshot) -> Markup {
    let topics: Vec<&Topic> = snapshot
        .parts
        .values()
        .filter_map(|part| if let Part::Topic(topic) = part { Some(topic) } else { None })
        .collect();
    if topics.is_empty() {
        return html! {};
    }
    html! {
        h2 { "Topics" }
        div.wide { table {
            @if topics.len() == TOPICS { caption { "The first " (TOPICS) } }
            thead { tr {
                th scope="col" { "Topic" }
                th scope="col" { "Name" }
                th.number scope="col" { "Messages" }
                th scope="col" { "Last message" }
            } }
            tbody { @for topic in topics { tr {
                th scope="row" { a href={ (path) "/messages?topic=" (encoded(topic.id.as_str())) } { (topic.id) } }
                td { (topic.name.as_str()) }
                td.number { (count(topic.log.last_seq().into())) }
                td.when { (moment(topic.log.last_message)) }
            } } }
        } }
    }
}

fn changes(visit: &Visit, path: &str, group: &Group) -> Markup {
    let profile = &group.profile;
    html! {
        details.card {
            summary { "Send a message" }
            form.stack method="post" action={ (path) "/send" } {
                (visit.token())
                label { "Sender, an account; without one, the app's administrator" input name="From_Account"; }
                label { "Text" textarea name="text" required {} }
                button type="submit" { "Send" }
            }
        }
        details.card {
            summary { "Change the profile" }
            form.stack method="post" action={ (path) "/modify" } {
                (visit.token())
                label { "Name" input name="Name" value=(profile.name.as_str()) required; }
                label { "Introduction" textarea name="Introduction" { (profile.introduction.as_str()) } }
                label { "Notice" textarea name="Notification" { (profile.notification.as_str()) } }
                label { "All are muted" select name="MuteAllMember" {
                    @for (word, is_so) in [("Off", !group.mute_all), ("On", group.mute_all)] {
                        option value=(word) selected[is_so] { (word) }
                    }
                } }
                button type="submit" { "Change" }
            }
        }
        details.card {
            summary { "Dissolve the group" }
            p.warn { "The group, its members and its messages are gone at once. This cannot be taken back." }
            form.stack method="post" action={ (path) "/dissolve" } {
                (visit.token())
                label { "Type the id of the group: " (group.id) input name="id" required autocomplete="off"; }
                button.danger type="submit" { "Dissolve" }
            }
        }
    }
}

/// What is done with a group.
pub(super) async fn change(change: &Change, app: &str, group: &str, what: &str) -> Reply {
    let visit = &change.visit;
    let (app, id) = match place::group(visit, app, group) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    let path = group_path(app.id, id.as_str());
    let done = match what {
        "send" => send(change, &app, &id).await.map(|()| format!("{path}/messages")),
        "modify" => modify(change, &app, &id).await.map(|()| path.clone()),
        "dissolve" if change.form.text("id") != id.as_str() => {
            let text = "The id that was typed is not that of the group. Nothing was changed.";
            return layout::problem(&visit.session, StatusCode::UNPROCESSABLE_ENTITY, text);
        }
        "dissolve" => dissolve(change, &app, &id).await.map(|()| format!("/console/groups?app={}", app.id)),
        _ => return place::nothing(visit),
    };
    match done {
        Ok(to) => respond::redirect(&to),
        Err(failure) => layout::failed(&visit.session, &failure, &path),
    }
}

/// Runs a command about a group.
pub(super) async fn run(
    change: &Change,
    app: &Arc<App>,
    group: &GroupId,
    command: &'static str,
    request: Value,
) -> Result<(), Failure> {
    change.run(app, command, &format!("group {group}"), request.to_string().into_bytes()).await.map(drop)
}

async fn send(change: &Change, app: &Arc<App>, group: &GroupId) -> Result<(), Failure> {
    let elements = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": change.form.raw("text") } }]);
    let random = fastrand::u32(1..);
    let mut request = json!({ "GroupId": group.as_str(), "Random": random, "MsgBody": elements });
    let sender = change.form.text("From_Account");
    if !sender.is_empty() {
        request["From_Account"] = sender.into();
    }
    run(change, app, group, "group_open_http_svc/send_group_msg", request).await
}

async fn modify(change: &Change, app: &Arc<App>, group: &GroupId) -> Result<(), Failure> {
    let form = &change.form;
    let request = json!({
        "GroupId": group.as_str(),
        "Name": form.text("Name"),
        "Introduction": form.text("Introduction"),
        "Notification": form.text("Notification"),
        "MuteAllMember": form.text("MuteAllMember"),
    });
    run(change, app, group, "group_open_http_svc/modify_group_base_info", request).await
}

async fn dissolve(change: &Change, app: &Arc<App>, group: &GroupId) -> Result<(), Failure> {
    let request = json!({ "GroupId": group.as_str() });
    run(change, app, group, "group_open_http_svc/destroy_group", request).await
}
