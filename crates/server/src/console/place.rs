//! Where pages about one group or one account are, and links to them.

use super::layout;
use super::respond::Reply;
use super::strings as say;
use super::visit::Visit;
use crate::apps::App;
use hyper::StatusCode;
use landfall_domain::ids::{AppId, GroupId, UserId};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// Text as a part of a path or a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(super) fn group_path(app: AppId, group: &str) -> String {
    format!("/console/groups/{app}/{}", encoded(group))
}

pub(super) fn account_path(app: AppId, account: &str) -> String {
    format!("/console/accounts/{app}/{}", encoded(account))
}

/// The name of an account, which leads to its page.
pub(super) fn account_link(app: AppId, account: &UserId) -> Markup {
    html! { a href=(account_path(app, account.as_str())) { (account) } }
}

/// The app and the group of a path.
pub(super) fn group(visit: &Visit, app: &str, group: &str) -> Result<(Arc<App>, GroupId), Box<Reply>> {
    let found = visit.app(app).and_then(|app| Some((app, GroupId::parse(group)?)));
    found.ok_or_else(|| Box::new(nothing(visit)))
}

/// The app and the account of a path.
pub(super) fn account(visit: &Visit, app: &str, account: &str) -> Result<(Arc<App>, UserId), Box<Reply>> {
    let found = visit.app(app).and_then(|app| Some((app, UserId::parse(account)?)));
    found.ok_or_else(|| Box::new(nothing(visit)))
}

pub(super) fn nothing(visit: &Visit) -> Reply {
    layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND)
}

/// A choice of the app, for forms that search; hidden where there is one only.
pub(super) fn app_choice(visit: &Visit, chosen: AppId) -> Markup {
    let apps = visit.apps();
    html! {
        @if apps.len() == 1 {
            input type="hidden" name="app" value=(chosen);
        } @else {
            label { (say::APP) select name="app" {
                @for app in apps { option value=(app.id) selected[app.id == chosen] { (app.id) } }
            } }
        }
    }
}
