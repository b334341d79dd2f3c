//! `/console/`: how the server is doing, and what each app has. Only figures that are cheap.

use super::layout::{self, Here};
use super::moment::count;
use super::respond::Reply;
use super::strings as say;
use super::visit::Visit;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::people::Subject;
use landfall_domain::people::counts::{Day, DayCounts, Sum, Who};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Health;
use maud::{Markup, html};

/// What an app has.
struct Row {
    app: AppId,
    groups: u64,
    /// `None` when nobody has counted them yet.
    accounts: Option<u64>,
    today: DayCounts,
}

pub(super) async fn read(visit: &Visit) -> Reply {
    match rows(visit).await {
        Ok(rows) => layout::page(&visit.session, Here::Home, say::HOME, body(visit, &rows)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

async fn rows(visit: &Visit) -> Result<Vec<Row>, StoreError> {
    let store = &visit.server.store;
    let today = Day::of(visit.server.clock.now());
    let mut rows = Vec::new();
    for app in visit.apps() {
        let groups = store.list_groups(app.id, None, 0, 1).await?.total;
        let days = FactRange::all(Subject::App, FactFamily::Days);
        let found =
            store.people(app.id, PeopleNeeds { ranges: vec![days], ..PeopleNeeds::default() }).await?;
        let mut row = Row { app: app.id, groups, accounts: None, today: DayCounts::default() };
        for ((_, key), fact) in found.facts {
            let (FactKey::Day(day), Fact::Day(counts)) = (key, fact) else { continue };
            // Days come in their order, so the last that has totals counts.
            row.accounts = counts.totals.map(|totals| totals.accounts).or(row.accounts);
            if day == today {
                row.today = *counts;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

fn health(health: &Health) -> Markup {
    match health {
        Health::Ready => html! { span.good { "ready" } },
        Health::Damaged(what) => html! { span.bad { "damaged: " (what) } },
        Health::Partial(why) => html! { span.bad { "partly ready: " (why) } },
        Health::NotReady(why) => html! { span.bad { "not ready: " (why) } },
    }
}

fn body(visit: &Visit, rows: &[Row]) -> Markup {
    let metrics = &visit.server.metrics;
    let gauge = |value: i64| count(u64::try_from(value).unwrap_or_default());
    html! {
        (layout::figures(&[
            ("State", health(&visit.server.readiness())),
            ("Connected clients, this server", html! { (gauge(metrics.clients.connected.get())) }),
            ("Open connections, this server", html! { (gauge(metrics.connections.get())) }),
            ("Version", html! { (env!("CARGO_PKG_VERSION")) }),
        ]))
        div.wide {
            table {
                caption { "Apps, with what happened today. A day begins at midnight in UTC+8." }
                thead { tr {
                    th scope="col" { (say::APP) }
                    th.number scope="col" { "Groups" }
                    th.number scope="col" { "Accounts" }
                    th.number scope="col" { "Active accounts" }
                    th.number scope="col" { "Messages to groups" }
                    th.number scope="col" { "Messages to accounts" }
                    th.number scope="col" { "Most online" }
                } }
                tbody {
                    @for row in rows { tr {
                        th scope="row" { a href={ "/console/groups?app=" (row.app) } { (row.app) } }
                        td.number { (count(row.groups)) }
                        td.number { @if let Some(accounts) = row.accounts { (count(accounts)) } @else { "-" } }
                        td.number { (count(row.today.different(Who::Active))) }
                        td.number { (count(row.today.sum(Sum::GroupUp))) }
                        td.number { (count(row.today.sum(Sum::DirectUp))) }
                        td.number { (count(row.today.online_max)) }
                    } }
                }
            }
        }
        p { a href=(super::TRY) { (say::TRY_PAGE) } }
    }
}
