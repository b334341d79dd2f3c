//! `/console/audit`: what was done in the console, the newest first; searched by user and by words.

use super::audit_list;
use super::layout::{self, Here};
use super::moment::moment;
use super::respond::Reply;
use super::strings as say;
use super::visit::Visit;
use landfall_domain::error::StoreError;
use landfall_domain::people::console::{AuditEntry, AuditOutcome};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Entries on a page.
const ENTRIES: usize = 50;
/// Entries that are read at once, and that one search looks at: it goes on with the next page.
const READ_AT_ONCE: usize = 500;
const LOOKED_AT_MAX: usize = 2_000;

/// What is searched for.
struct Search {
    who: String,
    words: String,
}

impl Search {
    fn finds(&self, entry: &AuditEntry) -> bool {
        let failed = if let AuditOutcome::Failed(why) = &entry.outcome { why.as_str() } else { "" };
        let texts = [entry.what.as_str(), &entry.on, &entry.from, failed];
        let words = self.words.to_lowercase();
        (self.who.is_empty() || entry.who == self.who)
            && (words.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&words)))
    }
}

/// A page of what was found.
struct Found {
    entries: Vec<AuditEntry>,
    /// The number of the last entry that was looked at, when there are others behind it.
    next: Option<u64>,
}

pub(super) async fn read(visit: &Visit) -> Reply {
    let search = Search { who: visit.parameter("who"), words: visit.parameter("q") };
    match find(visit, &search, visit.parameter("before").parse().ok()).await {
        Ok(found) => layout::page(&visit.session, Here::Audit, say::AUDIT, body(&search, &found)),
        Err(error) => layout::store_failed(&visit.session, &error),
    }
}

async fn find(visit: &Visit, search: &Search, mut before: Option<u64>) -> Result<Found, StoreError> {
    let (mut entries, mut looked_at) = (Vec::new(), 0);
    loop {
        let page = audit_list::page(&*visit.server.store, before, READ_AT_ONCE).await?;
        let is_last = page.len() < READ_AT_ONCE;
        looked_at += page.len();
        let of_page = page.len();
        for (place, (number, entry)) in page.into_iter().enumerate() {
            before = Some(number);
            if search.finds(&entry) {
                entries.push(entry);
            }
            if entries.len() == ENTRIES {
                let next = if is_last && place + 1 == of_page { None } else { before };
                return Ok(Found { entries, next });
            }
        }
        if is_last || LOOKED_AT_MAX <= looked_at {
            return Ok(Found { entries, next: before.filter(|_| !is_last) });
        }
    }
}

fn body(search: &Search, Found { entries, next }: &Found) -> Markup {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let more = |next: u64| {
        format!("/console/audit?who={}&q={}&before={next}", encoded(&search.who), encoded(&search.words))
    };
    html! {
        form.bar method="get" action="/console/audit" role="search" {
            label { "User" input name="who" value=(search.who); }
            label { "Words" input name="q" value=(search.words); }
            button type="submit" { (say::FIND) }
        }
        div.wide {
            table {
                caption { "Times are in UTC. Entries are kept for a year." }
                thead { tr {
                    th scope="col" { "When" }
                    th scope="col" { "Who" }
                    th scope="col" { "What" }
                    th scope="col" { "On" }
                    th scope="col" { "Outcome" }
                    th scope="col" { "From" }
                } }
                tbody {
                    @for entry in entries { tr {
                        td.when { (moment(entry.at)) }
                        td { (entry.who) }
                        td { (entry.what) }
                        td { (entry.on) }
                        td { (outcome(&entry.outcome)) }
                        td { @if entry.from.is_empty() { "command line" } @else { (entry.from) } }
                    } }
                }
            }
        }
        @if entries.is_empty() { p { (say::NOTHING) } }
        @if let Some(next) = next { p { a.button.plain href=(more(*next)) { (say::NEXT_PAGE) } } }
    }
}

fn outcome(outcome: &AuditOutcome) -> Markup {
    match outcome {
        AuditOutcome::Begun => html! { "not known" },
        AuditOutcome::Done => html! { span.good { "done" } },
        AuditOutcome::Failed(why) => html! { span.bad { "failed: " (why) } },
    }
}
