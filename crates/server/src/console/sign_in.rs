//! The page to sign in at, which is open to all, and its form.

use super::audit_list;
use super::form::{Form, TOKEN_FIELD};
use super::layout;
use super::password::PasswordError;
use super::respond::{self, Reply};
use super::session::{self, Token};
use super::strings as say;
use super::users;
use crate::connection::Caller;
use crate::state::Server;
use hyper::{HeaderMap, StatusCode};
use landfall_domain::error::StoreError;
use landfall_domain::people::console::{AuditOutcome, ConsoleName};
use maud::{Markup, html};
use std::sync::Arc;

pub(super) const PATH: &str = "/console/sign-in";

/// The page. `to` is where a sign-in leads.
pub(super) async fn page(server: &Server, to: &str) -> Reply {
    match users::all(&*server.store).await {
        Ok(users) if users.is_empty() => {
            let body = html! {
                p.note { (say::NO_USERS) }
                pre.code { (say::ADD_USER_COMMAND) }
                p { a href=(super::TRY) { (say::TRY_PAGE) } }
            };
            layout::narrow(StatusCode::OK, say::SIGN_IN, body)
        }
        Ok(_) => form(server, StatusCode::OK, None, "", to),
        Err(error) => store_failed(&error),
    }
}

/// The form, with what is wrong, and a new token.
fn form(server: &Server, status: StatusCode, problem: Option<&str>, name: &str, to: &str) -> Reply {
    let Ok(token) = Token::random() else {
        return respond::line(StatusCode::SERVICE_UNAVAILABLE, "the system provides no random bytes");
    };
    let page = layout::narrow(status, say::SIGN_IN, body(&token, problem, name, to));
    respond::with_cookie(page, session::sign_in_cookie(server, &token))
}

fn body(token: &Token, problem: Option<&str>, name: &str, to: &str) -> Markup {
    html! {
        @if let Some(problem) = problem { p.error role="alert" { (problem) } }
        form.stack.card method="post" action=(PATH) {
            input type="hidden" name=(TOKEN_FIELD) value=(token.form_token());
            input type="hidden" name="to" value=(to);
            label { (say::NAME) input name="name" value=(name) autocomplete="username" autocapitalize="none" required autofocus; }
            label { (say::PASSWORD) input name="password" type="password" autocomplete="current-password" required; }
            button type="submit" { (say::SIGN_IN) }
        }
        p { a href=(super::TRY) { (say::TRY_PAGE) } }
    }
}

fn store_failed(error: &StoreError) -> Reply {
    tracing::error!(%error, "console: the store failed at a sign-in: {error}");
    let body = html! { p.error role="alert" { (say::STORE_FAILED) } };
    layout::narrow(StatusCode::SERVICE_UNAVAILABLE, say::SIGN_IN, body)
}

/// Where a sign-in leads: a page of the console, and nothing else.
pub(super) fn destination(to: &str) -> &str {
    let is_plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_page = to.starts_with("/console/") && !to.contains("//") && !to.starts_with(PATH);
    if is_plain && is_page && to.len() <= 2_000 { to } else { "/console/" }
}

/// Takes the form.
pub(super) async fn take(server: &Arc<Server>, headers: &HeaderMap, form: &Form, from: &Caller) -> Reply {
    let (name, to) = (form.text("name"), destination(form.raw("to")));
    let again = |status, problem| self::form(server, status, Some(problem), name, to);
    let expected = session::sign_in_form_token(headers);
    if !expected.is_some_and(|expected| session::same(form.raw(TOKEN_FIELD), &expected)) {
        return again(StatusCode::FORBIDDEN, say::OLD_SIGN_IN);
    }
    let network = server.http.exempt_addresses.counted(from.address);
    let Some(attempt) = server.console.attempts.begin(network, name) else {
        return again(StatusCode::TOO_MANY_REQUESTS, say::TOO_MANY_LOGINS);
    };
    let (user, hash) = match ConsoleName::parse(name) {
        None => (None, None),
        Some(user) => match users::find(&*server.store, &user).await {
            Ok(found) => (Some(user), found.map(|found| found.password)),
            Err(error) => return store_failed(&error),
        },
    };
    match server.console.hashing.matches(form.raw("password").to_owned(), hash).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!("console: a sign-in from {} was refused", from.address);
            return again(StatusCode::FORBIDDEN, say::WRONG_LOGIN);
        }
        Err(PasswordError::Busy) => return again(StatusCode::SERVICE_UNAVAILABLE, say::BUSY_LOGINS),
        Err(error) => {
            tracing::error!(%error, "console: a password cannot be checked: {error}");
            return again(StatusCode::SERVICE_UNAVAILABLE, say::BUSY_LOGINS);
        }
    }
    attempt.succeeded();
    let Some(user) = user else { return again(StatusCode::FORBIDDEN, say::WRONG_LOGIN) };
    begin(server, user, from, to).await.unwrap_or_else(|error| store_failed(&error))
}

/// Begins the session of a user whose password was right.
async fn begin(server: &Server, user: ConsoleName, from: &Caller, to: &str) -> Result<Reply, StoreError> {
    let now = server.clock.now();
    let Ok(token) = Token::random() else {
        return Ok(respond::line(StatusCode::SERVICE_UNAVAILABLE, "the system provides no random bytes"));
    };
    let mut entry = audit_list::entry(user.as_str(), Some(from.address), "sign in", "", now);
    entry.outcome = AuditOutcome::Done;
    match session::begin(server, &token, user, now).await? {
        Some(cookie) => {
            audit_list::note(&*server.store, entry).await?;
            Ok(respond::with_cookie(respond::redirect(to), cookie))
        }
        None => Ok(form(server, StatusCode::FORBIDDEN, Some(say::WRONG_LOGIN), "", to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_a_page_of_the_console_only() {
        for good in ["/console/", "/console/apps", "/console/groups/1/a%20b?x=1"] {
            assert_eq!(destination(good), good);
        }
        for bad in [
            "",
            "/",
            "https://evil.example/",
            "//evil.example/console/",
            "/console//evil.example",
            "/console/\\evil.example",
            "/console/\r\nSet-Cookie: a=b",
            "/console/sign-in?to=/console/",
            "/consoleevil",
        ] {
            assert_eq!(destination(bad), "/console/", "{bad}");
        }
    }
}
