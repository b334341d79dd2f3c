//! `/console/usersig`: makes a UserSig for an account, and says why one is refused and what to do.

use super::strings as say;
use crate::apps::App;
use crate::console::assets;
use crate::console::layout::{self, Here};
use crate::console::moment::moment;
use crate::console::respond::Reply;
use crate::console::visit::{Change, Visit};
use crate::usersig;
use crate::usersig::diagnosis::{Diagnosis, diagnose};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::Timestamp;
use maud::{Markup, html};

/// Longest life of a UserSig that is made here, days.
const DAYS_MAX: u64 = 180;

enum Found {
    Wrong(String),
    Made { identifier: String, usersig: String, last_valid: Timestamp },
    Checked(Diagnosis),
}

/// The page without a result.
pub(in crate::console) fn read(visit: &Visit) -> Reply {
    page(visit, None)
}

/// The page with what the form asks for.
pub(in crate::console) async fn change(change: &Change) -> Reply {
    let number = change.form.text("app").parse().ok().map(AppId);
    let found = match change.visit.apps().into_iter().find(|app| number == Some(app.id)) {
        None => Err(say::CHOOSE_APP.to_owned()),
        Some(app) if change.form.text("do") == "make" => make(change, &app).await,
        Some(app) => check(change, &app).await,
    };
    page(&change.visit, Some(found.unwrap_or_else(Found::Wrong)))
}

async fn make(change: &Change, app: &App) -> Result<Found, String> {
    let identifier = change.form.text("identifier").to_owned();
    if UserId::parse(&identifier).is_none() {
        return Err(say::NO_ACCOUNT.to_owned());
    }
    let days = change.form.text("days").parse::<u64>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| format!("{}: 1 - {DAYS_MAX}", say::DAYS))?;
    let seconds = days.saturating_mul(86_400);
    let now = change.visit.server.clock.now();
    let made = async { Ok(usersig::make(&identifier, app.id, &app.key, now, seconds)) };
    let on = format!("app {}, account {identifier}, {days} days", app.id.0);
    let usersig = change.noted("make a UserSig", &on, made).await;
    let usersig = usersig.map_err(|failure| failure.text.into_owned())?;
    Ok(Found::Made { identifier, usersig, last_valid: Timestamp(now.0.saturating_add(seconds)) })
}

async fn check(change: &Change, app: &App) -> Result<Found, String> {
    let server = &change.visit.server;
    let identifier = change.form.text("identifier");
    let identifier = (!identifier.is_empty()).then_some(identifier);
    let text = change.form.raw("usersig");
    let diagnosis = diagnose(text, app.id, identifier, &app.key, server.clock.now());
    if let (Some(claims), None) = (&diagnosis.claims, &diagnosis.problem)
        && let Some(account) = UserId::parse(&claims.identifier)
    {
        let from = server.store.signatures_from(app.id, account).await;
        if claims.made < from.map_err(|_| say::STORE_FAILED)? {
            return Err(say::KICKED.to_owned());
        }
    }
    Ok(Found::Checked(diagnosis))
}

fn page(visit: &Visit, found: Option<Found>) -> Reply {
    let content = html! {
        p { (say::ABOUT_USERSIG) }
        @if let Some(found) = &found { (result(found)) }
        @if visit.session.may_change() { (forms(visit)) } @else { p.note { (say::USERSIG_VIEWERS) } }
        script src=(assets::href("tool.js")) defer {}
    };
    layout::page(&visit.session, Here::Api, say::USERSIG, content)
}

fn forms(visit: &Visit) -> Markup {
    let app = html! {
        label { (say::APP) select name="app" {
            @for app in visit.apps() { option value=(app.id.0) { (app.id.0) } }
        } }
    };
    html! {
        h2 { (say::MAKE_ONE) }
        form.card.stack method="post" action="/console/usersig" {
            (visit.token())
            input type="hidden" name="do" value="make";
            (app)
            label { (say::ACCOUNT) input name="identifier" required; }
            label { (say::DAYS) input name="days" type="number" min="1" max=(DAYS_MAX) value="1" required; }
            div.tools { button { (say::MAKE) } }
        }
        h2 { (say::CHECK_ONE) }
        form.card.stack method="post" action="/console/usersig" {
            (visit.token())
            input type="hidden" name="do" value="check";
            (app)
            label { (say::ACCOUNT_THAT_USES) input name="identifier"; }
            label { (say::USERSIG) textarea name="usersig" rows="6" spellcheck="false" {} }
            div.tools { button { (say::CHECK) } }
        }
    }
}

fn result(found: &Found) -> Markup {
    html! {
        section.card role="status" {
            h2 { (say::RESULT) }
            @match found {
                Found::Wrong(why) => p.error { (why) },
                Found::Made { identifier, usersig, last_valid } => {
                    dl.fields {
                        dt { (say::ACCOUNT) } dd { (identifier) }
                        dt { (say::VALID_UNTIL) } dd { (moment(*last_valid)) }
                    }
                    pre.code #made tabindex="0" { (usersig) }
                    div.tools { button.plain type="button" data-copy="made" { (say::COPY) } }
                }
                Found::Checked(diagnosis) => (checked(diagnosis)),
            }
        }
    }
}

fn checked(Diagnosis { claims, problem, advice }: &Diagnosis) -> Markup {
    html! {
        @match problem {
            None => p { strong { (say::VALID) } },
            Some(problem) => p.error { (problem) "." },
        }
        p { (advice) }
        @if let Some(claims) = claims {
            dl.fields {
                dt { (say::APP) } dd { (claims.app) }
                dt { (say::ACCOUNT) } dd { (claims.identifier) }
                dt { (say::MADE_AT) } dd { (moment(claims.made)) }
                dt { (say::VALID_UNTIL) } dd { (moment(claims.last_valid)) }
            }
        }
    }
}
