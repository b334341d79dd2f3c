//! Signs a call and sends it, through all that a call over the network passes.

use super::command::{Filled, Outcome, with_outcome};
use super::history::Sent;
use super::strings as say;
use crate::apps::App;
use crate::client::QUERY_VALUE;
use crate::commands::Entry;
use crate::console::respond::Reply;
use crate::console::visit::{Change, Visit};
use crate::json::indented;
use crate::rest;
use crate::usersig;
use hyper::Uri;
use landfall_domain::ids::AppId;
use percent_encoding::utf8_percent_encode;
use std::sync::Arc;
use std::time::Instant;

/// How long the signature of a call is valid, seconds.
const SIGNED_SECONDS: u64 = 60;

/// Characters of a signature that the page shows.
const SHOWN: usize = 8;

pub(super) async fn send(change: &Change, entry: &'static Entry) -> Reply {
    let visit = &change.visit;
    let filled = Filled {
        app: change.form.text("app").parse().ok().map(AppId),
        administrator: change.form.text("administrator").to_owned(),
        body: change.form.text("body").to_owned(),
    };
    let outcome = match signer(visit, &filled) {
        Ok(app) => call(change, entry, &app, &filled).await.unwrap_or_else(Outcome::Wrong),
        Err(why) => Outcome::Wrong(why.to_owned()),
    };
    with_outcome(visit, entry, &filled, Some(&outcome))
}

/// The app that is chosen; the administrator must be one of its own.
fn signer(visit: &Visit, filled: &Filled) -> Result<Arc<App>, &'static str> {
    let app = visit.apps().into_iter().find(|app| filled.app == Some(app.id)).ok_or(say::CHOOSE_APP)?;
    if app.has_admin(&filled.administrator) { Ok(app) } else { Err(say::NO_ADMINISTRATOR) }
}

async fn call(change: &Change, entry: &'static Entry, app: &App, filled: &Filled) -> Result<Outcome, String> {
    let Visit { server, session, from, .. } = &change.visit;
    let now = server.clock.now();
    let signature = usersig::make(&filled.administrator, app.id, &app.key, now, SIGNED_SECONDS);
    let url = |signature: &str| {
        let administrator = utf8_percent_encode(&filled.administrator, QUERY_VALUE);
        format!(
            "/v4/{}?sdkappid={}&identifier={administrator}&random={}&contenttype=json&usersig={signature}",
            entry.path, app.id.0, now.0
        )
    };
    let uri: Uri = url(&signature).parse().map_err(|_| say::NO_URL)?;
    let body = filled.body.clone().into_bytes();
    let on = format!("app {}, tried as {}", app.id.0, filled.administrator);
    let started = Instant::now();
    let sent = async { Ok(rest::answer_at_hand(server, &uri, body, from).await) };
    let answer = change.noted(entry.path, &on, sent).await.map_err(|failure| failure.text.into_owned())?;
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let sent = Sent {
        number: 0,
        at: now,
        path: entry.path,
        app: app.id,
        administrator: filled.administrator.clone(),
        body: filled.body.clone(),
        code: code_of(&answer),
        milliseconds,
    };
    server.tried.add(&session.form_token, sent);
    let shown: String = signature.chars().take(SHOWN).collect();
    let answer = indented(&String::from_utf8_lossy(&answer));
    Ok(Outcome::Answer { url: url(&format!("{shown}…")), answer, milliseconds })
}

/// `ErrorCode` of an answer.
fn code_of(answer: &[u8]) -> u64 {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    answer.get("ErrorCode").and_then(serde_json::Value::as_u64).unwrap_or_default()
}
