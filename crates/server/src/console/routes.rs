//! Which page is at which path.

use super::layout;
use super::respond::Reply;
use super::strings as say;
use super::visit::{Change, Visit};
use super::{
    account, accounts, apps, audit, csv, group, groups, home, imports, members, messages, monitor, tool,
    users_page, webhooks,
};
use hyper::StatusCode;

fn parts(segments: &[String]) -> Vec<&str> {
    segments.iter().map(String::as_str).collect()
}

/// The page that somebody looks at.
pub(super) async fn read(visit: &Visit) -> Reply {
    match &parts(&visit.segments)[..] {
        [] => home::read(visit).await,
        ["apps"] => apps::read(visit),
        ["accounts"] => accounts::read(visit).await,
        ["accounts.csv"] => accounts::save(visit).await,
        ["accounts", app, account] => account::read(visit, app, account).await,
        ["groups"] => groups::read(visit).await,
        ["groups.csv"] => groups::save(visit).await,
        ["groups", app, group] => group::read(visit, app, group).await,
        ["groups", app, group, "members"] => members::read(visit, app, group).await,
        ["groups", app, group, "members.csv"] => csv::members(visit, app, group).await,
        ["groups", app, group, "messages"] => messages::read(visit, app, group).await,
        ["imports"] => imports::read(visit),
        ["imports", app, job] => imports::read_job(visit, app, job),
        ["webhooks"] => webhooks::read(visit).await,
        ["monitor"] => monitor::read(visit).await,
        ["api", rest @ ..] => tool::read(visit, rest),
        ["usersig"] => tool::usersig::read(visit),
        ["audit"] => audit::read(visit).await,
        ["users"] => users_page::read(visit).await,
        _ => layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND),
    }
}

/// What follows from a form that an administrator sent.
pub(super) async fn change(change: &Change) -> Reply {
    match &parts(&change.visit.segments)[..] {
        ["apps", "key"] => apps::show_key(change).await,
        ["accounts", "create"] => accounts::create(change).await,
        ["accounts", app, account, what] => account::change(change, app, account, what).await,
        ["groups", "create"] => groups::create(change).await,
        ["groups", app, group, what] => group::change(change, app, group, what).await,
        ["groups", app, group, "members", what] => members::change(change, app, group, what).await,
        ["imports", app, job, what] => imports::change(change, app, job, what).await,
        ["webhooks", app, what] => webhooks::change(change, app, what).await,
        ["api", rest @ ..] => tool::change(change, rest).await,
        ["usersig"] => tool::usersig::change(change).await,
        ["users", "add"] => users_page::add(change).await,
        ["users", "change"] => users_page::change(change).await,
        ["users", "remove"] => users_page::remove(change).await,
        _ => layout::problem(&change.visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND),
    }
}
