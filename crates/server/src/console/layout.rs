//! What all pages share: the head, the navigation, tables of facts, and pages that say what went wrong.

use super::assets;
use super::form::TOKEN_FIELD;
use super::respond::{self, Reply};
use super::session::Session;
use super::strings as say;
use crate::code::Code;
use crate::reply::Failure;
use hyper::StatusCode;
use maud::{DOCTYPE, Markup, html};

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Here {
    Home,
    Apps,
    Accounts,
    Groups,
    Imports,
    Webhooks,
    Monitor,
    Api,
    Users,
    Audit,
}

const NAVIGATION: [(Here, &str, &str); 10] = [
    (Here::Home, "/console/", say::HOME),
    (Here::Apps, "/console/apps", say::APPS),
    (Here::Accounts, "/console/accounts", say::ACCOUNTS),
    (Here::Groups, "/console/groups", say::GROUPS),
    (Here::Imports, "/console/imports", say::IMPORTS),
    (Here::Webhooks, "/console/webhooks", say::WEBHOOKS),
    (Here::Monitor, "/console/monitor", say::MONITOR),
    (Here::Api, "/console/api/", say::API),
    (Here::Users, "/console/users", say::USERS),
    (Here::Audit, "/console/audit", say::AUDIT),
];

/// A page of a session.
pub(crate) fn page(session: &Session, here: Here, title: &str, body: Markup) -> Reply {
    whole(StatusCode::OK, session, Some(here), title, body)
}

/// A page that says why there is nothing else.
pub(crate) fn problem(session: &Session, status: StatusCode, text: &str) -> Reply {
    let title = match status {
        StatusCode::NOT_FOUND => say::NOT_FOUND_TITLE,
        StatusCode::FORBIDDEN => say::REFUSED_TITLE,
        _ => say::FAILED_TITLE,
    };
    whole(status, session, None, title, html! { p.error role="alert" { (text) } })
}

/// A page about a command that failed; `back` is the path of the page to go back to.
pub(crate) fn failed(session: &Session, failure: &Failure, back: &str) -> Reply {
    let is_ours = matches!(failure.code, Code::GroupInternal | Code::TimeoutOrFormat);
    let status = if is_ours { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNPROCESSABLE_ENTITY };
    if let Some(cause) = &failure.cause {
        tracing::error!("console: a change failed with {}: {cause}", failure.number());
    }
    let body = html! {
        p.error role="alert" { (failure.text) " (" (failure.number()) ")" }
        p { a href=(back) { (say::BACK) } }
    };
    whole(status, session, None, say::FAILED_TITLE, body)
}

/// A page about a store that cannot be read.
pub(crate) fn store_failed(session: &Session, error: &dyn std::error::Error) -> Reply {
    tracing::error!("console: the store cannot be read: {error}");
    problem(session, StatusCode::SERVICE_UNAVAILABLE, say::STORE_FAILED)
}

fn whole(status: StatusCode, session: &Session, here: Option<Here>, title: &str, body: Markup) -> Reply {
    let page = frame(
        title,
        html! {
            header.top {
                div.top-row {
                    a.brand href="/console/" { (say::PRODUCT) }
                    nav aria-label=(say::MAIN_NAVIGATION) {
                        ul {
                            @for (entry, path, name) in NAVIGATION {
                                li { a href=(path) aria-current=[(here == Some(entry)).then_some("page")] { (name) } }
                            }
                        }
                    }
                    form.who method="post" action="/console/sign-out" {
                        span { (session.name) " (" (session.role.word()) ")" }
                        input type="hidden" name=(TOKEN_FIELD) value=(session.form_token);
                        button.plain type="submit" { (say::SIGN_OUT) }
                    }
                }
            }
            main #content {
                h1 { (title) }
                (body)
            }
        },
    );
    respond::html(status, page)
}

/// A page without navigation.
pub(crate) fn narrow(status: StatusCode, title: &str, body: Markup) -> Reply {
    respond::html(status, frame(title, html! { main.narrow #content { h1 { (title) } (body) } }))
}

fn frame(title: &str, body: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " - " (say::PRODUCT) }
                link rel="stylesheet" href=(assets::href("style.css"));
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#content" { (say::SKIP) }
                (body)
            }
        }
    };
    page.into_string()
}

/// Names and values.
pub(crate) fn fields(rows: &[(&str, Markup)]) -> Markup {
    html! { dl.fields { @for (name, value) in rows { dt { (name) } dd { (value) } } } }
}

/// Figures with their names.
pub(crate) fn figures(rows: &[(&str, Markup)]) -> Markup {
    html! { dl.figures { @for (name, value) in rows { div.figure { dt { (name) } dd { (value) } } } } }
}
