//! `/console/accounts/APP/ACCOUNT`: one account, its groups, and what may be done with it.

use super::layout::{self, Here};
use super::moment::moment;
use super::place::{self, account_path, group_path};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use crate::reply::Failure;
use crate::usersig;
use hyper::StatusCode;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::UserId;
use landfall_domain::store::{JoinedPage, JoinedWindow};
use maud::{Markup, html};
use serde_json::json;
use std::sync::Arc;

/// Groups on a page.
const ROWS: usize = 50;

/// How long a UserSig that is made here is good, seconds: a day.
const USERSIG_SECONDS: u64 = 24 * 60 * 60;

const NO_ACCOUNT: &str = "There is no such account, or it was deleted.";

pub(super) async fn read(visit: &Visit, app: &str, account: &str) -> Reply {
    let (app, name) = match place::account(visit, app, account) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    page(visit, &app, &name, html! {}).await
}

/// The page, with something above it.
async fn page(visit: &Visit, app: &App, name: &UserId, above: Markup) -> Reply {
    let offset = visit.parameter("offset").parse().unwrap_or_default();
    let (account, groups) = match load(visit, app, name, offset).await {
        Ok((Some(account), groups)) => (account, groups),
        Ok((None, _)) => return layout::problem(&visit.session, StatusCode::NOT_FOUND, NO_ACCOUNT),
        Err(error) => return layout::store_failed(&visit.session, &error),
    };
    let path = account_path(app.id, name.as_str());
    layout::page(
        &visit.session,
        Here::Accounts,
        &format!("Account {name}"),
        html! {
            (above)
            section.card aria-label="Account" {
                (layout::fields(&[
                    ("App", html! { (app.id) }),
                    ("Account", html! { code { (name) } }),
                    ("Nick", html! { (account.nick.as_str()) }),
                    ("Picture", html! { (account.face_url.as_str()) }),
                    ("Role", html! { @if app.has_admin(name.as_str()) { "administrator of the app" } @else { "-" } }),
                    ("First seen", html! { (moment(account.created)) " UTC" }),
                    ("State", html! { @if account.placeholder { "only named so far" } @else { "imported" } }),
                ]))
            }
            (joined(app, &path, &groups, offset))
            @if visit.session.may_change() { (changes(visit, &path, name, &account)) }
        },
    )
}

async fn load(
    visit: &Visit,
    app: &App,
    name: &UserId,
    offset: usize,
) -> Result<(Option<Account>, JoinedPage), StoreError> {
    let store = &visit.server.store;
    let found = store.accounts(app.id, vec![name.clone()]).await?.pop().flatten();
    let kinds = GroupType::ALL.to_vec();
    let window = JoinedWindow { kinds, support_topic: None, inactive: true, offset, limit: ROWS };
    Ok((found, store.joined_groups(app.id, name.clone(), window).await?))
}

fn joined(app: &App, path: &str, page: &JoinedPage, offset: usize) -> Markup {
    let shown = offset.saturating_add(page.groups.len());
    html! {
        h2 { "Groups" }
        @if page.groups.is_empty() { p { (say::NOTHING) } }
        @else { div.wide { table {
            caption { (page.total) " groups. Times are in UTC." }
            thead { tr {
                th scope="col" { "Group" }
                th scope="col" { "Name" }
                th scope="col" { "Type" }
                th scope="col" { "Role" }
                th scope="col" { "Joined" }
            } }
            tbody { @for (group, member) in &page.groups { tr {
                th scope="row" { a href=(group_path(app.id, group.id.as_str())) { (group.id) } }
                td { (group.profile.name.as_str()) }
                td { (group.kind.as_str()) }
                td { (member.role.as_str()) }
                td.when { (moment(member.joined)) }
            } } }
        } } }
        @if u64::try_from(shown).is_ok_and(|shown| shown < page.total) {
            p { a.button.plain href={ (path) "?offset=" (shown) } { (say::NEXT_PAGE) } }
        }
    }
}

fn changes(visit: &Visit, path: &str, name: &UserId, account: &Account) -> Markup {
    html! {
        details.card {
            summary { "Change nick and picture" }
            form.stack method="post" action={ (path) "/modify" } {
                (visit.token())
                label { "Nick" input name="Nick" value=(account.nick.as_str()); }
                label { "Address of a picture" input name="FaceUrl" value=(account.face_url.as_str()); }
                button type="submit" { "Change" }
            }
        }
        details.card {
            summary { "Make a UserSig" }
            form.stack method="post" action={ (path) "/usersig" } {
                (visit.token())
                p { "It is good for a day, and signs in as " (name) "." }
                button type="submit" { "Make a UserSig" }
            }
        }
        details.card {
            summary { "Make all UserSigs of the account invalid" }
            form.stack method="post" action={ (path) "/kick" } {
                (visit.token())
                p { "Its clients are disconnected; what signed in before needs a new UserSig." }
                button.danger type="submit" { "Kick" }
            }
        }
        details.card {
            summary { "Delete the account" }
            p.warn { "Its memberships, friends and conversations are gone at once. This cannot be taken back." }
            form.stack method="post" action={ (path) "/delete" } {
                (visit.token())
                label { "Type the name of the account: " (name) input name="id" required autocomplete="off"; }
                button.danger type="submit" { "Delete" }
            }
        }
    }
}

/// What is done with an account.
pub(super) async fn change(change: &Change, app: &str, account: &str, what: &str) -> Reply {
    let visit = &change.visit;
    let (app, name) = match place::account(visit, app, account) {
        Ok(found) => found,
        Err(reply) => return *reply,
    };
    let path = account_path(app.id, name.as_str());
    let done = match what {
        "modify" => modify(change, &app, &name).await.map(|()| path.clone()),
        "kick" => {
            let request = json!({ "UserID": name.as_str() });
            run(change, &app, &name, "im_open_login_svc/kick", &request).await.map(|()| path.clone())
        }
        "delete" if change.form.text("id") != name.as_str() => {
            let text = "The name that was typed is not that of the account. Nothing was changed.";
            return layout::problem(&visit.session, StatusCode::UNPROCESSABLE_ENTITY, text);
        }
        "delete" => {
            let request = json!({ "DeleteItem": [{ "UserID": name.as_str() }] });
            let deleted = run(change, &app, &name, "im_open_login_svc/account_delete", &request).await;
            deleted.map(|()| format!("/console/accounts?app={}", app.id))
        }
        "usersig" => return show_usersig(change, &app, &name).await,
        _ => return place::nothing(visit),
    };
    match done {
        Ok(to) => respond::redirect(&to),
        Err(failure) => layout::failed(&visit.session, &failure, &path),
    }
}

async fn run(
    change: &Change,
    app: &Arc<App>,
    name: &UserId,
    command: &'static str,
    request: &serde_json::Value,
) -> Result<(), Failure> {
    change.run(app, command, &format!("account {name}"), request.to_string().into_bytes()).await.map(drop)
}

async fn modify(change: &Change, app: &Arc<App>, name: &UserId) -> Result<(), Failure> {
    let item = |tag: &str, field: &str| json!({ "Tag": tag, "Value": change.form.text(field) });
    let items = [item("Tag_Profile_IM_Nick", "Nick"), item("Tag_Profile_IM_Image", "FaceUrl")];
    let request = json!({ "From_Account": name.as_str(), "ProfileItem": items });
    run(change, app, name, "profile/portrait_set", &request).await
}

/// Makes a UserSig, and a link that opens the page to try as the account.
async fn show_usersig(change: &Change, app: &Arc<App>, name: &UserId) -> Reply {
    let visit = &change.visit;
    let on = format!("app {}, account {name}", app.id);
    let made = change.noted("make a UserSig", &on, async {
        Ok(usersig::make(name.as_str(), app.id, &app.key, visit.server.clock.now(), USERSIG_SECONDS))
    });
    let made = match made.await {
        Ok(made) => made,
        Err(failure) => {
            return layout::failed(&visit.session, &failure, &account_path(app.id, name.as_str()));
        }
    };
    let link = format!(
        "{}#sdkappid={}&identifier={}&usersig={}",
        super::TRY,
        app.id,
        place::encoded(name.as_str()),
        place::encoded(&made)
    );
    let above = html! {
        div.note role="status" {
            p { "A UserSig of " strong { (name) } ", good for a day:" }
            pre.code { (made) }
            p { a href=(link) target="_blank" rel="noopener" { "Connect as " (name) ", in a window of its own" } }
        }
    };
    page(visit, app, name, above).await
}
