//! Passes a request to the part that answers it: pages for operators and browsers, the gateway of clients, the REST API.

use crate::clients::handshake;
use crate::code::Code;
use crate::connection::{Caller, Door};
use crate::console::{self, site};
use crate::files::download::{self, AnswerBody};
use crate::files::{member_upload, ticket, upload};
use crate::openapi;
use crate::pace::Pace;
use crate::reply;
use crate::rest;
use crate::state::Server;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use landfall_domain::store::Health;
use std::sync::Arc;

/// Answers one request.
pub(crate) async fn answer(
    server: &Arc<Server>,
    request: Request<Incoming>,
    from: &Caller,
) -> Response<AnswerBody> {
    let path = request.uri().path();
    if from.door == Door::Main
        && download::is_at(path)
        && !ticket::is_at(path)
        && no_request_of_ours(&request, &from.pace).is_none()
    {
        return download::answer(server, &request, from).await;
    }
    answer_whole(server, request, from).await.map(Either::Left)
}

async fn answer_whole(
    server: &Arc<Server>,
    request: Request<Incoming>,
    from: &Caller,
) -> Response<Full<Bytes>> {
    if let Some(refusal) = no_request_of_ours(&request, &from.pace) {
        return refusal;
    }
    if let Some(response) = operating(server, &request) {
        return response;
    }
    if from.door == Door::Console || site::is_at(&request) {
        return site::answer(server, request, from).await;
    }
    if request.uri().path() == handshake::PATH {
        return handshake::answer(server, request, from);
    }
    if ticket::is_at(request.uri().path()) {
        return member_upload::answer(server, request, from).await;
    }
    if upload::is_at(request.uri().path()) {
        return upload::answer(server, request, from).await;
    }
    rest::answer(server, request, from).await
}

/// The answer to a request that no part may see. It is not an answer of the API, and its status shows that:
/// a proxy in front must not take it for success. The connection is closed.
fn no_request_of_ours(request: &Request<Incoming>, pace: &Pace) -> Option<Response<Full<Bytes>>> {
    let (status, why) = if request.method() == Method::CONNECT {
        (StatusCode::METHOD_NOT_ALLOWED, "CONNECT is refused: this is no proxy")
    } else if pace.is_framed_twice() {
        (StatusCode::BAD_REQUEST, "a request has Content-Length or Transfer-Encoding, never both")
    } else {
        return None;
    };
    let body = reply::failure(Code::HttpParse.number(), why, false, &[]);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    Some(response)
}

/// The description of the API, which pages of any origin may read.
fn description(text: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The pages for operators and browsers, which need no signature.
fn operating(server: &Server, request: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(page) = console::page(request.uri().path())
    {
        return Some(page);
    }
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(text) = openapi::text_at(request.uri().path())
    {
        return Some(description(text));
    }
    let (status, content_type, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned()),
        "/readyz" => match server.readiness() {
            Health::Ready => (StatusCode::OK, "text/plain; charset=utf-8", "ready\n".to_owned()),
            // What is whole and within reach is served, so the server takes traffic.
            Health::Damaged(what) => {
                (StatusCode::OK, "text/plain; charset=utf-8", format!("damaged: {what}\n"))
            }
            Health::Partial(why) => {
                (StatusCode::OK, "text/plain; charset=utf-8", format!("partly ready: {why}\n"))
            }
            Health::NotReady(why) => {
                (StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", format!("{why}\n"))
            }
        },
        _ => return None,
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Some(response)
}
