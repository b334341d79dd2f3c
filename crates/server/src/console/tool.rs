//! The pages on which every call of the API can be tried: `/console/api/` lists the operations,
//! `/console/api/v4/<service>/<command>` describes one, and sends it for administrators of the console.

mod command;
pub(crate) mod history;
mod list;
mod send;
mod snippets;
mod strings;
pub(super) mod usersig;

use super::layout;
use super::respond::Reply;
use super::visit::{Change, Visit};
use crate::commands::{COMMANDS, Entry, index_of};
use hyper::StatusCode;

/// The page at the segments behind `/console/api/`.
pub(super) fn read(visit: &Visit, rest: &[&str]) -> Reply {
    if rest.is_empty() {
        return list::page(visit);
    }
    match entry_at(rest) {
        Some(entry) => command::page(visit, entry),
        None => unknown(visit),
    }
}

/// Sends the call of a form.
pub(super) async fn change(change: &Change, rest: &[&str]) -> Reply {
    match entry_at(rest) {
        Some(entry) if entry.run.is_some() => send::send(change, entry).await,
        Some(_) | None => unknown(&change.visit),
    }
}

fn entry_at(segments: &[&str]) -> Option<&'static Entry> {
    let ["v4", service, command] = segments else { return None };
    COMMANDS.get(index_of(&format!("{service}/{command}"))?)
}

fn unknown(visit: &Visit) -> Reply {
    layout::problem(&visit.session, StatusCode::NOT_FOUND, strings::UNKNOWN)
}
