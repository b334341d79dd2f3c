//! `/console/groups/APP/GROUP/members`: members in the order of their names, page by page, and what may be done with them.

use super::group::{NO_GROUP, run};
use super::layout::{self, Here};
use super::moment::moment;
use super::place::{self, account_link, encoded, group_path};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use hyper::StatusCode;
use landfall_domain::account::Account;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::member::Member;
use landfall_domain::store::{MemberPage, MemberWindow};
use landfall_domain::time::Timestamp;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Members on a page.
const ROWS: usize = 100;

pub(super) async fn read(visit: &Visit, app: &str, group: &str) -> Reply {
    let (app, id) = match place::group(visit, app, group) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    let after = UserId::parse(&visit.parameter("after"));
    let window = MemberWindow::ByName { after, limit: ROWS };
    let page = match visit.server.store.members(app.id, id, Vec::new(), window).await {
        Ok(page) => page,
        Err(OperationError::Refused(_)) => {
            return layout::problem(&visit.session, StatusCode::NOT_FOUND, NO_GROUP);
        }
        Err(OperationError::Store(error)) => return layout::store_failed(&visit.session, &error),
    };
    match accounts(visit, app.id, &page.members).await {
        Ok(accounts) => {
            let title = format!("Members of {}", page.group.id);
            layout::page(&visit.session, Here::Groups, &title, body(visit, &app, &page, &accounts))
        }
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

async fn accounts(visit: &Visit, app: AppId, members: &[Member]) -> Result<Vec<Option<Account>>, StoreError> {
    visit.server.store.accounts(app, members.iter().map(|member| member.account.clone()).collect()).await
}

fn body(visit: &Visit, app: &App, page: &MemberPage, accounts: &[Option<Account>]) -> Markup {
    let path = group_path(app.id, page.group.id.as_str());
    let now = visit.server.clock.now();
    let may_change = visit.session.may_change();
    html! {
        p.tools {
            a.button.plain href=(path) { "Group " (page.group.id) }
            a.button.plain href={ (path) "/members.csv" } { (say::SAVE_CSV) }
        }
        div.wide { table {
            caption { (page.group.profile.name.as_str()) ". Times are in UTC." }
            thead { tr {
                th scope="col" { "Account" }
                th scope="col" { "Nick" }
                th scope="col" { "Name in the group" }
                th scope="col" { "Role" }
                th scope="col" { "Joined" }
                th scope="col" { "Last message" }
                th scope="col" { "Muted until" }
                th scope="col" { "Custom fields" }
                @if may_change { th scope="col" { "Change" } }
            } }
            tbody {
                @for (member, account) in page.members.iter().zip(accounts) { tr {
                    th scope="row" { (account_link(app.id, &member.account)) }
                    td { @if let Some(account) = account { (account.nick.as_str()) } }
                    td { (member.name_card) }
                    td { (member.role.as_str()) }
                    td.when { (moment(member.joined)) }
                    td.when { (moment(member.last_message)) }
                    td.when { (muted(member, now)) }
                    td { @for field in &member.fields { div { (field.key) ": " (field.value.as_str()) } } }
                    @if may_change { td { (tools(visit, &path, member, now)) } }
                } }
            }
        } }
        @if page.members.is_empty() { p { (say::NOTHING) } }
        @if let Some(last) = page.members.last().filter(|_| page.more) {
            p { a.button.plain href={ (path) "/members?after=" (encoded(last.account.as_str())) } { (say::NEXT_PAGE) } }
        }
        @if may_change { (adding(visit, &path)) }
    }
}

fn muted(member: &Member, now: Timestamp) -> String {
    if now < member.muted_until { moment(member.muted_until) } else { "-".to_owned() }
}

fn tools(visit: &Visit, path: &str, member: &Member, now: Timestamp) -> Markup {
    let is_muted = now < member.muted_until;
    html! {
        div.tools {
            form method="post" action={ (path) "/members/mute" } {
                (visit.token())
                input type="hidden" name="account" value=(member.account);
                input type="hidden" name="seconds" value=(if is_muted { "0" } else { "3600" });
                button.plain type="submit" {
                    @if is_muted { "Unmute" } @else { "Mute for an hour" }
                    span.hidden-label { " " (member.account) }
                }
            }
            form method="post" action={ (path) "/members/remove" } {
                (visit.token())
                input type="hidden" name="account" value=(member.account);
                button.danger type="submit" { "Remove" span.hidden-label { " " (member.account) } }
            }
        }
    }
}

fn adding(visit: &Visit, path: &str) -> Markup {
    html! {
        section.card aria-label="Add members" {
            h2 { "Add members" }
            form.stack method="post" action={ (path) "/members/add" } {
                (visit.token())
                label { "Accounts, a line each" textarea name="accounts" required {} }
                button type="submit" { "Add" }
            }
        }
    }
}

/// What is done with members.
pub(super) async fn change(change: &Change, app: &str, group: &str, what: &str) -> Reply {
    let visit = &change.visit;
    let (app, id) = match place::group(visit, app, group) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    let form = &change.form;
    let (command, request) = match what {
        "add" => {
            let names = form.raw("accounts").lines().map(str::trim).filter(|name| !name.is_empty());
            let members: Vec<Value> = names.map(|name| json!({ "Member_Account": name })).collect();
            let request = json!({ "GroupId": id.as_str(), "MemberList": members });
            ("group_open_http_svc/add_group_member", request)
        }
        "remove" => {
            let request = json!({ "GroupId": id.as_str(), "MemberToDel_Account": [form.raw("account")] });
            ("group_open_http_svc/delete_group_member", request)
        }
        "mute" => {
            let seconds: u32 = form.text("seconds").parse().unwrap_or_default();
            let members = [form.raw("account")];
            let request = json!({ "GroupId": id.as_str(), "Members_Account": members, "MuteTime": seconds });
            ("group_open_http_svc/forbid_send_msg", request)
        }
        _ => return place::nothing(visit),
    };
    let path = format!("{}/members", group_path(app.id, id.as_str()));
    match run(change, &app, &id, command, request).await {
        Ok(()) => respond::redirect(&path),
        Err(failure) => layout::failed(&visit.session, &failure, &path),
    }
}
