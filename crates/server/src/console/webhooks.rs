//! `/console/webhooks`: what the receivers were sent since the start of this server, and the dead letters of an app: events that
//! were given up.

use super::layout::{self, Here};
use super::moment::{count, moment};
use super::place::{self, app_choice, encoded};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use crate::commands::webhook_svc;
use crate::webhook::request::WebhookRequest;
use landfall_domain::outbox::DeadLetter;
use maud::{Markup, html};
use serde_json::json;

const PATH: &str = "/console/webhooks";

/// Dead letters on a page: as many as one call takes.
const ROWS: usize = 100;

pub(super) async fn read(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else { return place::nothing(visit) };
    let after = webhook_svc::key(&visit.parameter("after"));
    match visit.server.outbox.dead_letters(app.id, after, ROWS).await {
        Ok(dead) => layout::page(&visit.session, Here::Webhooks, say::WEBHOOKS, body(visit, &app, &dead)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

fn body(visit: &Visit, app: &App, dead: &[DeadLetter]) -> Markup {
    let [answered, failed, given_up] = visit.server.metrics.webhooks.figures();
    let last = dead.last().filter(|_| dead.len() == ROWS);
    html! {
        @if 1 < visit.apps().len() {
            form.bar method="get" action=(PATH) { (app_choice(visit, app.id)) button type="submit" { (say::SHOW) } }
        }
        @match &app.webhook {
            Some(receiver) => { p.note { "Events of app " (app.id) " go to " (receiver.config.url) } }
            None => { p.note { "App " (app.id) " has no receiver of webhooks." } }
        }
        h2 { "Requests of all apps since the start of this server" }
        (layout::figures(&[
            ("Answered", html! { (count(answered)) }),
            ("Without an answer", html! { (count(failed)) }),
            ("Events given up", html! { (count(given_up)) }),
        ]))
        h2 { "Dead letters" }
        @if dead.is_empty() { p { (say::NOTHING) } }
        @else { (letters(visit, app, dead)) }
        @if let Some(last) = last {
            p { a.button.plain href={ (PATH) "?app=" (app.id) "&after=" (encoded(&webhook_svc::id(&last.key))) } { (say::NEXT_PAGE) } }
        }
    }
}

fn letters(visit: &Visit, app: &App, dead: &[DeadLetter]) -> Markup {
    let may_change = visit.session.may_change();
    html! {
        div.wide { table {
            caption { "Times are in UTC." }
            thead { tr {
                th scope="col" { "Event" }
                th scope="col" { "Given up" }
                th scope="col" { "Why" }
                th scope="col" { "Request" }
                @if may_change { th scope="col" { "Change" } }
            } }
            tbody { @for letter in dead { tr {
                th scope="row" { (webhook_svc::id(&letter.key)) }
                td.when { (moment(letter.given_up)) }
                td { (letter.reason) }
                td { (request(letter)) }
                @if may_change { td { div.tools {
                    @for (what, words, class) in [("resend", "Send again", "plain"), ("drop", "Drop", "danger")] {
                        form method="post" action={ (PATH) "/" (app.id) "/" (what) } {
                            (visit.token())
                            input type="hidden" name="id" value=(webhook_svc::id(&letter.key));
                            button class=(class) type="submit" { (words) span.hidden-label { " " (webhook_svc::id(&letter.key)) } }
                        }
                    }
                } } }
            } } }
        } }
    }
}

fn request(letter: &DeadLetter) -> Markup {
    match WebhookRequest::decode(letter.entry.as_bytes()) {
        Ok(request) => html! { details { summary { "Show" } pre.code { (request.body.get()) } } },
        Err(_) => html! { "cannot be read" },
    }
}

/// Sends a dead letter again, or drops it.
pub(super) async fn change(change: &Change, app: &str, what: &str) -> Reply {
    let visit = &change.visit;
    let command = match what {
        "resend" => "webhook_svc/resend_dead_events",
        "drop" => "webhook_svc/drop_dead_events",
        _ => return place::nothing(visit),
    };
    let Some(app) = visit.app(app) else { return place::nothing(visit) };
    let id = change.form.raw("id");
    let path = format!("{PATH}?app={}", app.id);
    let request = json!({ "IdList": [id] }).to_string().into_bytes();
    match change.run(&app, command, &format!("event {id}"), request).await {
        Ok(_) => respond::redirect(&path),
        Err(failure) => layout::failed(&visit.session, &failure, &path),
    }
}
