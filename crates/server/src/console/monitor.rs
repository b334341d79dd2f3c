//! `/console/monitor`: the calls of this server since its start, by command, and the daily counts of an app, which the store
//! keeps.

use super::figures::{self, Calls};
use super::layout::{self, Here};
use super::moment::count;
use super::place::{self, app_choice};
use super::respond::Reply;
use super::strings as say;
use super::visit::Visit;
use crate::apps::App;
use landfall_domain::error::StoreError;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::date;
use landfall_domain::people::counts::{Day, DayCounts, Sum, Who};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(super) async fn read(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else { return place::nothing(visit) };
    match days(visit, &app).await {
        Ok(days) => layout::page(&visit.session, Here::Monitor, say::MONITOR, body(visit, &app, &days)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

/// The days that are kept, the newest first.
async fn days(visit: &Visit, app: &App) -> Result<Vec<(Day, Box<DayCounts>)>, StoreError> {
    let all = FactRange::all(Subject::App, FactFamily::Days);
    let needs = PeopleNeeds { ranges: vec![all], ..PeopleNeeds::default() };
    let found = visit.server.store.people(app.id, needs).await?;
    let day = |((_, key), fact)| match (key, fact) {
        (FactKey::Day(day), Fact::Day(counts)) => Some((day, counts)),
        _ => None,
    };
    let mut days: Vec<_> = found.facts.into_iter().filter_map(day).collect();
    days.reverse();
    Ok(days)
}

fn body(visit: &Visit, app: &App, days: &[(Day, Box<DayCounts>)]) -> Markup {
    let metrics = &visit.server.metrics;
    let text = metrics.text();
    let (rest, clients) = (figures::calls(&text, "landfall_"), figures::calls(&text, "landfall_client_"));
    let [answered, failed, given_up] = metrics.webhooks.figures();
    let gauge = |value: i64| html! { (count(u64::try_from(value).unwrap_or_default())) };
    html! {
        h2 { "This server, now" }
        (layout::figures(&[
            ("Connected clients", gauge(metrics.clients.connected.get())),
            ("Open connections", gauge(metrics.connections.get())),
            ("Frames sent to clients", html! { (count(metrics.clients.frames.get())) }),
            ("Clients that read too slowly", html! { (count(metrics.clients.slow.get())) }),
            ("Webhooks answered", html! { (count(answered)) }),
            ("Webhooks without an answer", html! { (count(failed)) }),
            ("Events given up", html! { (count(given_up)) }),
            ("Old messages removed", html! { (count(metrics.expired_messages.get())) }),
        ]))
        h2 { "Calls of the REST API since the start of this server" }
        (calls(&rest))
        h2 { "Requests of clients since the start of this server" }
        (calls(&clients))
        h2 { "Days of app " (app.id) }
        @if 1 < visit.apps().len() {
            form.bar method="get" action="/console/monitor" { (app_choice(visit, app.id)) button type="submit" { (say::SHOW) } }
        }
        (of_days(days))
    }
}

fn calls(all: &BTreeMap<String, Calls>) -> Markup {
    let time = |seconds: Option<f64>| match seconds {
        Some(seconds) => format!("{:.1} ms", seconds * 1_000.0),
        None => "-".to_owned(),
    };
    let is_called = |calls: &&Calls| 0 < calls.succeeded || 0 < calls.failures();
    if all.values().filter(is_called).count() == 0 {
        return html! { p { (say::NOTHING) } };
    }
    html! {
        div.wide { table {
            caption { "Half, and 99 of 100 calls, took less than the time shown." }
            thead { tr {
                th scope="col" { "Command" }
                th.number scope="col" { "Succeeded" }
                th.number scope="col" { "Failed" }
                th scope="col" { "Codes" }
                th.number scope="col" { "Half" }
                th.number scope="col" { "99 of 100" }
            } }
            tbody { @for (command, calls) in all.iter().filter(|(_, calls)| is_called(calls)) { tr {
                th scope="row" { (command) }
                td.number { (count(calls.succeeded)) }
                td.number { (count(calls.failures())) }
                td { @for (code, times) in &calls.failed { (code) " (" (count(*times)) ") " } }
                td.number { (time(calls.below(0.5))) }
                td.number { (time(calls.below(0.99))) }
            } } }
        } }
    }
}

fn of_days(days: &[(Day, Box<DayCounts>)]) -> Markup {
    if days.is_empty() {
        return html! { p { (say::NOTHING) } };
    }
    let total = |counts: &DayCounts| {
        counts.totals.map_or_else(
            || ["-".to_owned(), "-".to_owned()],
            |totals| [count(totals.accounts), count(totals.groups)],
        )
    };
    html! {
        div.wide { table {
            caption { "A day begins at midnight in UTC+8. Accounts and groups are those at its end; what was imported counts there only." }
            thead { tr {
                th scope="col" { "Day" }
                @for name in ["Active accounts", "Most online", "Logins", "Messages to groups", "Messages to accounts", "Senders", "New groups", "Joins", "Accounts", "Groups"] {
                    th.number scope="col" { (name) }
                }
            } }
            tbody { @for (day, counts) in days { tr {
                th.when scope="row" { (day_name(*day)) }
                @for number in [
                    counts.different(Who::Active), counts.online_max, counts.sum(Sum::Logins), counts.sum(Sum::GroupUp),
                    counts.sum(Sum::DirectUp), counts.different(Who::Senders), counts.sum(Sum::NewGroups), counts.sum(Sum::Joins),
                ] { td.number { (count(number)) } }
                @for text in total(counts) { td.number { (text) } }
            } } }
        } }
    }
}

fn day_name(Day(day): Day) -> String {
    let (year, month, day) = date(day.into());
    format!("{year:04}-{month:02}-{day:02}")
}
