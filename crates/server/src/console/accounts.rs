//! `/console/accounts`: the accounts of an app, page by page in the store's own order, and the form that imports one.
//!
//! A search by the beginning of a name looks through all of them, a bounded part at a time, because a store has no order of
//! names.

use super::layout::{self, Here};
use super::moment::moment;
use super::place::{account_path, app_choice, encoded};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use hyper::StatusCode;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, UserId};
use maud::{Markup, html};
use serde_json::json;
use std::sync::Arc;

/// Accounts on a page.
const ROWS: usize = 50;
/// Names that one search looks at: it goes on with the next page.
const LOOKED_AT_MAX: usize = 50_000;
/// Names that are read at once.
const READ_AT_ONCE: usize = 5_000;

/// What is asked for.
struct Asked {
    app: Arc<App>,
    after: Option<UserId>,
    /// The beginning of a name; empty: all accounts.
    prefix: String,
}

/// A page of accounts.
struct Found {
    accounts: Vec<(UserId, Account)>,
    /// The last name that was looked at, when there are others.
    next: Option<UserId>,
}

pub(super) async fn read(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let asked = Asked { app, after: UserId::parse(&visit.parameter("after")), prefix: visit.parameter("id") };
    match find(visit, &asked).await {
        Ok(found) => layout::page(&visit.session, Here::Accounts, say::ACCOUNTS, body(visit, &asked, &found)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

/// The same as a file.
pub(super) async fn save(visit: &Visit) -> Reply {
    match visit.chosen_app() {
        Some(app) => super::csv::accounts(visit, app.id).await,
        None => layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND),
    }
}

async fn find(visit: &Visit, asked: &Asked) -> Result<Found, StoreError> {
    let (store, app) = (&visit.server.store, asked.app.id);
    let at_once = if asked.prefix.is_empty() { ROWS } else { READ_AT_ONCE };
    // Whoever knows the whole name finds it at once, however many accounts there are.
    let whole = UserId::parse(&asked.prefix).filter(|_| asked.after.is_none());
    let (mut names, mut after, mut looked_at) = (Vec::from_iter(whole.clone()), asked.after.clone(), 0);
    let next = loop {
        let page = store.list_accounts(app, after, at_once).await?;
        let is_last = page.len() < at_once;
        looked_at += page.len();
        after = page.last().cloned();
        let begins = |name: &UserId| name.as_str().starts_with(&asked.prefix) && whole.as_ref() != Some(name);
        names.extend(page.into_iter().filter(begins));
        if is_last {
            break None;
        }
        if ROWS <= names.len() || LOOKED_AT_MAX <= looked_at {
            break after;
        }
    };
    let accounts = store.accounts(app, names.clone()).await?;
    let accounts = names.into_iter().zip(accounts).filter_map(|(name, account)| Some((name, account?)));
    Ok(Found { accounts: accounts.collect(), next })
}

fn body(visit: &Visit, asked: &Asked, found: &Found) -> Markup {
    let app = asked.app.id;
    let next = |after: &UserId| {
        let (prefix, after) = (encoded(&asked.prefix), encoded(after.as_str()));
        format!("/console/accounts?app={app}&id={prefix}&after={after}")
    };
    html! {
        form.bar method="get" action="/console/accounts" role="search" {
            (app_choice(visit, app))
            label { "Name begins with" input name="id" value=(asked.prefix); }
            button type="submit" { (say::FIND) }
            a.button.plain href={ "/console/accounts.csv?app=" (app) } { (say::SAVE_CSV) }
        }
        div.wide { table {
            caption { "In the order of the store. Times are in UTC." }
            thead { tr {
                th scope="col" { "Account" }
                th scope="col" { "Nick" }
                th scope="col" { "Role" }
                th scope="col" { "First seen" }
                th scope="col" { "State" }
            } }
            tbody { @for (name, account) in &found.accounts { tr {
                th scope="row" { a href=(account_path(app, name.as_str())) { (name) } }
                td { (account.nick.as_str()) }
                td { @if asked.app.has_admin(name.as_str()) { "administrator of the app" } @else { "-" } }
                td.when { (moment(account.created)) }
                td { @if account.placeholder { "only named so far" } @else { "imported" } }
            } } }
        } }
        @if found.accounts.is_empty() { p { (say::NOTHING) } }
        @if let Some(after) = &found.next { p { a.button.plain href=(next(after)) { (say::NEXT_PAGE) } } }
        @if visit.session.may_change() { (making(visit, app)) }
    }
}

fn making(visit: &Visit, app: AppId) -> Markup {
    html! {
        details.card {
            summary { "Create an account" }
            form.stack method="post" action="/console/accounts/create" {
                (visit.token())
                (app_choice(visit, app))
                label { "Account" input name="UserID" required autocapitalize="none" autocomplete="off"; }
                label { "Nick" input name="Nick"; }
                label { "Address of a picture" input name="FaceUrl"; }
                button type="submit" { "Create" }
            }
        }
    }
}

/// Imports an account.
pub(super) async fn create(change: &Change) -> Reply {
    let (visit, form) = (&change.visit, &change.form);
    let Some(app) = visit.app(form.text("app")) else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let name = form.text("UserID");
    let request = json!({ "UserID": name, "Nick": form.text("Nick"), "FaceUrl": form.text("FaceUrl") });
    let (on, body) = (format!("account {name}"), request.to_string().into_bytes());
    match change.run(&app, "im_open_login_svc/account_import", &on, body).await {
        Ok(_) => respond::redirect(&account_path(app.id, name)),
        Err(failure) => layout::failed(&visit.session, &failure, "/console/accounts"),
    }
}
