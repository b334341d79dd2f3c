//! The page of one operation: what it does, a form that sends it, what came back, code to copy, its fields and codes.

use super::history::Sent;
use super::snippets::{BASE, Call, Snippet, snippets};
use super::strings as say;
use crate::apps::App;
use crate::commands::{Entry, section_of};
use crate::console::assets;
use crate::console::layout::{self, Here};
use crate::console::moment::moment;
use crate::console::respond::Reply;
use crate::console::visit::Visit;
use crate::json::indented;
use crate::openapi::{self, facts, fields};
use landfall_domain::ids::AppId;
use maud::{Markup, html};
use std::sync::Arc;

/// What the form has in it.
pub(super) struct Filled {
    pub(super) app: Option<AppId>,
    /// Empty: the first one of the app.
    pub(super) administrator: String,
    pub(super) body: String,
}

/// What sending the form has led to.
pub(super) enum Outcome {
    /// The form cannot be sent; the text says why.
    Wrong(String),
    Answer {
        /// The path and query, the signature shortened.
        url: String,
        answer: String,
        milliseconds: u64,
    },
}

/// The page with the sample in its form, or with a call of the history.
pub(super) fn page(visit: &Visit, entry: &Entry) -> Reply {
    let again = visit.parameter("again").parse().ok();
    let mut history = visit.server.tried.of(&visit.session.form_token).into_iter();
    let filled = match history.find(|sent| Some(sent.number) == again && sent.path == entry.path) {
        Some(sent) => Filled { app: Some(sent.app), administrator: sent.administrator, body: sent.body },
        None => Filled {
            app: visit.parameter("app").parse().ok().map(AppId),
            administrator: String::new(),
            body: indented(&facts::of(entry.path).request),
        },
    };
    with_outcome(visit, entry, &filled, None)
}

/// The page, with what sending the form has led to.
pub(super) fn with_outcome(
    visit: &Visit,
    entry: &Entry,
    filled: &Filled,
    outcome: Option<&Outcome>,
) -> Reply {
    let content = html! {
        p { a href="/console/api/" { (say::ALL_OPERATIONS) } " › " (section_of(entry.path)) }
        p { (openapi::summary(entry)) }
        @if entry.run.is_some() {
            @if let Some(outcome) = outcome { (result(outcome)) }
            (form(visit, entry, filled))
            (code_to_copy(visit, entry, filled))
            (fields_of(entry))
            (codes_of(entry))
            (history_of(visit))
            script src=(assets::href("tool.js")) defer {}
        }
    };
    layout::page(&visit.session, Here::Api, entry.path, content)
}

fn result(outcome: &Outcome) -> Markup {
    html! {
        section.card role="status" {
            h2 { (say::ANSWER) }
            @match outcome {
                Outcome::Wrong(why) => p.error { (why) },
                Outcome::Answer { url, answer, milliseconds } => {
                    p { "POST " code { (url) } " " (say::ANSWERED_IN) " " (milliseconds) " " (say::MILLISECONDS) "." }
                    pre.code #answer tabindex="0" { (answer) }
                    div.tools { button.plain type="button" data-copy="answer" { (say::COPY) } }
                }
            }
        }
    }
}

fn form(visit: &Visit, entry: &Entry, filled: &Filled) -> Markup {
    let apps = visit.apps();
    html! {
        h2 { (say::TRY_IT) }
        @if !visit.session.may_change() {
            p.note { (say::VIEWERS) }
        } @else if apps.is_empty() {
            p.note { (say::NO_APPS) }
        } @else {
            @if entry.stream.is_some() { p.note { (say::NO_FILE) } }
            form.card.stack method="post" action={ "/console/api/v4/" (entry.path) } {
                (visit.token())
                (who(&apps, filled))
                label { (say::BODY) textarea.code name="body" rows="16" spellcheck="false" { "\n" (filled.body) } }
                p.soft { (say::FOR_REAL) }
                div.tools {
                    button { (say::SEND) }
                    a href={ "/console/api/v4/" (entry.path) } { (say::SAMPLE_AGAIN) }
                }
            }
        }
    }
}

/// The lists of apps and of their administrators.
fn who(apps: &[Arc<App>], filled: &Filled) -> Markup {
    let is_chosen = |app: &App, account: &str| filled.app == Some(app.id) && filled.administrator == account;
    html! {
        div.bar {
            label { (say::APP) select #app name="app" {
                @for app in apps {
                    option value=(app.id.0) selected[filled.app == Some(app.id)] { (app.id.0) }
                }
            } }
            label { (say::ADMINISTRATOR) select #administrator name="administrator" {
                @for app in apps {
                    optgroup label=(app.id.0) {
                        @for account in &app.admins {
                            option value=(account) selected[is_chosen(app, account.as_str())] { (account) }
                        }
                    }
                }
            } }
        }
    }
}

fn code_to_copy(visit: &Visit, entry: &Entry, filled: &Filled) -> Markup {
    let apps = visit.apps();
    let chosen = apps.iter().find(|app| filled.app == Some(app.id)).or_else(|| apps.first());
    let first = chosen.and_then(|app| app.admins.first()).map_or("administrator", |admin| admin.as_str());
    let call = Call {
        path: entry.path,
        app: chosen.map_or(AppId(0), |app| app.id),
        administrator: if filled.administrator.is_empty() { first } else { &filled.administrator },
        body: &filled.body,
    };
    html! {
        h2 { (say::CODE_TO_COPY) }
        p { (say::ABOUT_CODE) " " a href="/console/usersig" { (say::TO_USERSIG) } }
        @for (number, Snippet { language, code }) in snippets(&call).iter().enumerate() {
            details {
                summary { (language) }
                pre.code id={ "code-" (number) } data-base=(BASE) tabindex="0" { (code) }
                div.tools { button.plain type="button" data-copy={ "code-" (number) } { (say::COPY) } }
            }
        }
    }
}

fn fields_of(entry: &Entry) -> Markup {
    let fields = fields::list(entry);
    html! {
        h2 { (say::FIELDS) }
        @if fields.is_empty() { p { (say::NO_FIELDS) } } @else {
            div.wide { table {
                thead { tr {
                    th scope="col" { (say::FIELD) }
                    th scope="col" { (say::TAKES) }
                    th scope="col" { (say::REFUSALS) }
                } }
                tbody {
                    @for field in &fields {
                        tr {
                            td { code { (field.name) } @if field.required { " (" (say::REQUIRED) ")" } }
                            td { (field.takes) }
                            td { @for (code, why) in &field.refusals { div { (code) ": " (why) } } }
                        }
                    }
                }
            } }
        }
    }
}

fn codes_of(entry: &Entry) -> Markup {
    let codes = &facts::of(entry.path).codes;
    html! {
        @if !codes.is_empty() {
            h2 { (say::CODES) }
            p { (say::ABOUT_CODES) }
            div.wide { table {
                thead { tr { th.number scope="col" { (say::CODE) } th scope="col" { (say::FOR_EXAMPLE) } } }
                tbody { @for (code, why) in codes { tr { td.number { (code) } td { (why) } } } }
            } }
        }
        @if entry.rate_divisor != 1 { p { (say::LESS_OFTEN) " " (entry.rate_divisor) "." } }
    }
}

fn history_of(visit: &Visit) -> Markup {
    let history = visit.server.tried.of(&visit.session.form_token);
    html! {
        @if !history.is_empty() {
            h2 { (say::HISTORY) }
            div.wide { table {
                thead { tr {
                    th scope="col" { (say::TIME) }
                    th scope="col" { (say::OPERATION) }
                    th scope="col" { (say::APP) }
                    th.number scope="col" { (say::CODE) }
                    th.number scope="col" { (say::MILLISECONDS) }
                } }
                tbody { @for sent in &history { (history_row(sent)) } }
            } }
        }
    }
}

fn history_row(sent: &Sent) -> Markup {
    html! {
        tr {
            td.when { (moment(sent.at)) }
            td { a href={ "/console/api/v4/" (sent.path) "?again=" (sent.number) } { (sent.path) } }
            td { (sent.app.0) " " (sent.administrator) }
            td.number { (sent.code) }
            td.number { (sent.milliseconds) }
        }
    }
}
