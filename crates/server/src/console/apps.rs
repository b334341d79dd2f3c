//! `/console/apps`: the apps of the configuration. A key is shown to administrators only, when they ask for it.

use super::layout::{self, Here};
use super::respond::Reply;
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use crate::config::{Events, OnTimeout};
use hyper::StatusCode;
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::limits::Limits;
use maud::{Markup, html};

const HOW: &str = "Apps are set up in the configuration file; a change there counts after a restart.";

pub(super) fn read(visit: &Visit) -> Reply {
    layout::page(
        &visit.session,
        Here::Apps,
        say::APPS,
        html! {
            p.note { (HOW) }
            @for app in visit.apps() { (card(visit, &app, None)) }
        },
    )
}

/// Shows the key of an app.
pub(super) async fn show_key(change: &Change) -> Reply {
    let visit = &change.visit;
    let Some(shown) = visit.app(change.form.text("app")) else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    match change.noted("show the key", &format!("app {}", shown.id), async { Ok(()) }).await {
        Ok(()) => {}
        Err(failure) => return layout::failed(&visit.session, &failure, "/console/apps"),
    }
    layout::page(
        &visit.session,
        Here::Apps,
        say::APPS,
        html! {
            (card(visit, &shown, Some(shown.key.reveal())))
            p { a href="/console/apps" { (say::BACK) } }
        },
    )
}

fn card(visit: &Visit, app: &App, key: Option<&str>) -> Markup {
    let admins: Vec<&str> = app.admins.iter().map(|admin| admin.as_str()).collect();
    let mode = if visit.server.limits == Limits::FAITHFUL { "faithful" } else { "relaxed" };
    let calls = match app.calls_per_second() {
        0 => html! { (say::UNLIMITED) },
        calls => html! { (calls) " a second for each command" },
    };
    let days = match app.message_days {
        0 => html! { (say::FOREVER) },
        days => html! { (days) " days" },
    };
    html! {
        section.card aria-label={ "App " (app.id) } {
            h2 { "App " (app.id) }
            (layout::fields(&[
                ("SDKAppID", html! { (app.id) }),
                ("Administrators", html! { (admins.join(", ")) }),
                ("Key", self::key(visit, app, key)),
                ("Calls", calls),
                ("Limits", html! { (mode) }),
                ("Messages are kept", days),
                ("Fields of groups", rules(&app.group_fields)),
                ("Fields of members", rules(&app.member_fields)),
                ("Fields of accounts", user_rules(&app.user_fields)),
                ("Fields of friends", user_rules(&app.friend_fields)),
                ("Webhook", webhook(app)),
            ]))
        }
    }
}

fn key(visit: &Visit, app: &App, key: Option<&str>) -> Markup {
    html! {
        @if let Some(key) = key {
            code { (key) }
        } @else if visit.session.may_change() {
            form method="post" action="/console/apps/key" {
                (visit.token())
                input type="hidden" name="app" value=(app.id);
                button.plain type="submit" { "Show the key" span.hidden-label { " of app " (app.id) } }
            }
        } @else {
            span.soft { "shown to administrators only" }
        }
    }
}

fn rules(rules: &[FieldRule]) -> Markup {
    html! {
        @if rules.is_empty() { span.soft { (say::NONE) } }
        @for rule in rules {
            div {
                code { (rule.key) } " "
                span.soft {
                    @for (place, kind) in rule.types.iter().enumerate() { @if 0 < place { ", " } (kind.as_str()) }
                    @if !rule.writable { "; nobody may write it" }
                }
            }
        }
    }
}

fn user_rules(rules: &[UserFieldRule]) -> Markup {
    html! {
        @if rules.is_empty() { span.soft { (say::NONE) } }
        @for rule in rules {
            div { code { (rule.key) } @if !rule.writable { span.soft { " nobody may write it" } } }
        }
    }
}

fn webhook(app: &App) -> Markup {
    let Some(receiver) = &app.webhook else { return html! { span.soft { (say::NONE) } } };
    let config = &receiver.config;
    html! {
        div { (config.url) }
        div.soft {
            @match &config.events {
                Events::All => { "all events" }
                Events::Named(names) => { (names.len()) " events: " @for (place, name) in names.iter().enumerate() { @if 0 < place { ", " } (name) } }
            }
            @if config.token.is_some() { "; signed" } @else { "; not signed" }
            @match config.on_timeout {
                OnTimeout::Allow => { "; a late answer allows" }
                OnTimeout::Refuse => { "; a late answer refuses" }
            }
        }
    }
}
