//! From a request of a browser to a page: whose session it is, whether a form may be taken, which page is asked for.

use super::assets;
use super::form::Form;
use super::layout;
use super::respond::{self, Reply};
use super::routes;
use super::session::{self, Session};
use super::sign_in;
use super::strings as say;
use super::visit::{Change, NotTaken, Visit};
use crate::call::ToEnd;
use crate::connection::{Caller, Door};
use crate::state::Server;
use crate::url;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::sync::Arc;

const FIRST_PAGE: &str = "/console/";

/// Whether the console answers a request.
pub(crate) fn is_at(request: &Request<Incoming>) -> bool {
    let path = request.uri().path();
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    path == "/console" || path.starts_with(FIRST_PAGE) || path == "/" && looks
}

/// Answers a request that [is the console's](is_at).
pub(crate) async fn answer(server: &Arc<Server>, request: Request<Incoming>, from: &Caller) -> Reply {
    let is_here = match from.door {
        Door::Main => server.console.at_main,
        Door::Console => true,
    };
    let path = request.uri().path();
    if path == "/" && *request.method() == Method::HEAD {
        // The documented check of whether the server can be reached. [doc]
        return respond::line(StatusCode::OK, "reached");
    }
    if !is_here {
        // What there is here for browsers.
        let is_start = path == "/";
        let nothing = || respond::line(StatusCode::NOT_FOUND, "the console is not served at this address");
        return if is_start { respond::redirect(super::TRY) } else { nothing() };
    }
    if path == "/" || path == "/console" {
        return respond::redirect(FIRST_PAGE);
    }
    if !path.starts_with(FIRST_PAGE) {
        return respond::line(StatusCode::NOT_FOUND, "there is nothing here but the console");
    }
    let segments = segments(path);
    if let [assets, name] = &segments[..]
        && assets == "assets"
    {
        return assets::answer(name);
    }
    match *request.method() {
        Method::GET | Method::HEAD => look(server, &request, segments, from).await,
        Method::POST => post(server, request, segments, from).await,
        _ => {
            let mut reply = respond::line(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST");
            reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            reply
        }
    }
}

/// The parts of a path behind `/console/`, decoded one by one, so that an id may have a slash in it.
fn segments(path: &str) -> Vec<String> {
    let rest = path.strip_prefix(FIRST_PAGE).unwrap_or_default();
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() {
        return Vec::new();
    }
    rest.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

fn is_sign_in(segments: &[String]) -> bool {
    matches!(segments, [only] if only == "sign-in")
}

/// A request to see a page.
async fn look(
    server: &Arc<Server>,
    request: &Request<Incoming>,
    segments: Vec<String>,
    from: &Caller,
) -> Reply {
    let query = request.uri().query().unwrap_or_default();
    let session = match signed_in(server, request.headers(), from).await {
        Ok(session) => session,
        Err(unavailable) => return *unavailable,
    };
    match session {
        None if is_sign_in(&segments) => {
            let to = url::parameter(query, "to").unwrap_or_default();
            sign_in::page(server, sign_in::destination(&to)).await
        }
        None => {
            let wanted = request.uri().path_and_query().map_or("", |wanted| wanted.as_str());
            let to = sign_in::destination(wanted);
            respond::redirect(&format!("{}?to={}", sign_in::PATH, utf8_percent_encode(to, NON_ALPHANUMERIC)))
        }
        Some(_) if is_sign_in(&segments) => respond::redirect(FIRST_PAGE),
        Some(session) => {
            let query = query.to_owned();
            let visit = Visit { server: Arc::clone(server), session, segments, query, from: from.clone() };
            routes::read(&visit).await
        }
    }
}

/// The session of a request.
async fn signed_in(
    server: &Server,
    headers: &HeaderMap,
    from: &Caller,
) -> Result<Option<Session>, Box<Reply>> {
    match session::find(server, headers).await {
        Ok(session) => {
            if session.is_some() {
                from.pace.set_authenticated();
            }
            Ok(session)
        }
        Err(error) => {
            tracing::error!(%error, "console: sessions cannot be read: {error}");
            Err(Box::new(respond::line(StatusCode::SERVICE_UNAVAILABLE, say::STORE_FAILED)))
        }
    }
}

/// A form.
async fn post(
    server: &Arc<Server>,
    request: Request<Incoming>,
    segments: Vec<String>,
    from: &Caller,
) -> Reply {
    let (head, body) = request.into_parts();
    if !is_of_this_site(&head.headers) {
        return respond::line(StatusCode::FORBIDDEN, say::FROM_ELSEWHERE);
    }
    let form = match Form::read(body, from).await {
        Ok(form) => form,
        Err(failure) => return respond::line(StatusCode::PAYLOAD_TOO_LARGE, &failure.text),
    };
    if is_sign_in(&segments) {
        return sign_in::take(server, &head.headers, &form, from).await;
    }
    let session = match signed_in(server, &head.headers, from).await {
        Ok(Some(session)) => session,
        Ok(None) => return respond::redirect(sign_in::PATH),
        Err(unavailable) => return *unavailable,
    };
    if matches!(&segments[..], [only] if only == "sign-out") {
        return sign_out(server, &session, &form).await;
    }
    let query = head.uri.query().unwrap_or_default().to_owned();
    let visit = Visit { server: Arc::clone(server), session, segments, query, from: from.clone() };
    match Change::new(visit, form) {
        // Also when the browser has gone: the audit list gets the outcome.
        Ok(change) => ToEnd::new(async move { routes::change(&change).await }).await,
        Err(refused) => {
            let (visit, why) = *refused;
            let text = match why {
                NotTaken::Forged => say::FORGED,
                NotTaken::Viewer => say::VIEWER,
            };
            layout::problem(&visit.session, StatusCode::FORBIDDEN, text)
        }
    }
}

async fn sign_out(server: &Server, session: &Session, form: &Form) -> Reply {
    if !session::same(form.raw(super::form::TOKEN_FIELD), &session.form_token) {
        return layout::problem(session, StatusCode::FORBIDDEN, say::FORGED);
    }
    match session::end(server, session).await {
        Ok(cookie) => respond::with_cookie(respond::redirect(sign_in::PATH), cookie),
        Err(error) => layout::store_failed(session, &error),
    }
}

/// Whether a browser says that a form is of this site. Other programs say nothing; the token decides about them.
fn is_of_this_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_own = |origin: &str| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == text("host")
    };
    text("origin").is_none_or(is_own)
        && text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_part_by_part() {
        assert_eq!(segments("/console/"), Vec::<String>::new());
        assert_eq!(segments("/console/groups/"), ["groups"]);
        assert_eq!(segments("/console/groups/1/a%2Fb%20c"), ["groups", "1", "a/b c"]);
        assert_eq!(segments("/console/../v4"), ["..", "v4"]);
        assert_eq!(segments("/console//apps"), ["", "apps"]);
        assert_eq!(segments("/console/%2e%2e%2f/%ff%00"), ["../", "\u{fffd}\0"]);
    }

    #[test]
    fn forms_of_other_sites_are_known() {
        let of = |lines: &[(&'static str, &'static str)]| {
            let headers =
                lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            is_of_this_site(&headers.collect())
        };
        assert!(of(&[("host", "chat.example:8080")]));
        assert!(of(&[("host", "chat.example:8080"), ("origin", "http://chat.example:8080")]));
        assert!(of(&[
            ("host", "chat.example"),
            ("origin", "https://chat.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        for bad in [
            &[("host", "chat.example"), ("origin", "https://evil.example")][..],
            &[("host", "chat.example"), ("origin", "null")],
            &[("host", "chat.example:80"), ("origin", "http://chat.example:81")],
            &[("host", "chat.example"), ("sec-fetch-site", "cross-site")],
            &[("host", "chat.example"), ("sec-fetch-site", "same-site")],
            &[("origin", "http://chat.example")],
        ] {
            assert!(!of(bad), "{bad:?}");
        }
    }
}
