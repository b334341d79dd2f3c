//! `PUT`, `PATCH` and `HEAD` of an address for an upload: a member sends the file for which it has a ticket.
//!
//! `PUT` sends it from the beginning. `PATCH` goes on at `Upload-Offset`, which `HEAD` tells: the core protocol of tus, without
//! the creation, which is a command of clients. The file is there when all of it has come, and not before.

mod answers;
mod job;
mod refused;

use super::cors;
use super::ticket::Ticket;
use crate::code::Code;
use crate::connection::Caller;
use crate::rest;
use crate::state::Server;
use crate::url;
use answers::{UPLOAD_OFFSET, answered};
use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming as RequestBody};
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use job::Job;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::upload::UploadState;
use landfall_domain::time::Timestamp;
use refused::Refused;
use std::sync::Arc;

/// Answers one request.
pub(crate) async fn answer(
    server: &Arc<Server>,
    request: Request<RequestBody>,
    from: &Caller,
) -> Response<Full<Bytes>> {
    if request.method() == Method::OPTIONS {
        return cors::preflight(Full::default());
    }
    let uri = request.uri().clone();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let size = request.body().size_hint().exact();
    let is_head = method == Method::HEAD;
    let done = match admit(server, &request, from).await {
        Ok(job) if is_head => job.look().await,
        Ok(job) => match job.start(&method, &headers, size) {
            // So that it goes on to a well-defined end when the connection is lost.
            Ok(offset) => {
                let taken = tokio::spawn(job.take(offset, request.into_body())).await;
                taken.unwrap_or_else(|panicked| Err(Refused::internal(panicked)))
            }
            Err(refused) => {
                rest::discard_body(request.into_body(), server.http.body_bytes_max, &from.pace).await;
                Err(refused)
            }
        },
        Err(refused) => {
            rest::discard_body(request.into_body(), server.http.body_bytes_max, &from.pace).await;
            Err(refused)
        }
    };
    let mut response = done.unwrap_or_else(|refused| {
        let body = rest::failed(server, "files/upload", &refused.failure, &uri, from.address);
        let mut response = answered(refused.status, body);
        if let Some(offset) = refused.offset {
            response.headers_mut().insert(UPLOAD_OFFSET, HeaderValue::from(offset));
        }
        response
    });
    if is_head {
        *response.body_mut() = Full::default();
    }
    response
}

/// Checks the address, and reads what was announced.
async fn admit(server: &Arc<Server>, request: &Request<RequestBody>, from: &Caller) -> Result<Job, Refused> {
    if !matches!(*request.method(), Method::PUT | Method::PATCH | Method::HEAD) {
        let text = "a file is sent by PUT, or by PATCH; HEAD says how much of it is there";
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, Code::GroupParameter, text));
    }
    let query = request.uri().query().unwrap_or_default();
    let (ticket, until) = ticket(server, request.uri().path(), query).ok_or_else(|| {
        let text = "the address needs a signature that is not expired; ask for an upload_ticket";
        Refused::new(StatusCode::FORBIDDEN, Code::GroupNotAllowed, text)
    })?;
    let place = (Subject::App, FactKey::Upload(ticket.id.clone()));
    let needs = PeopleNeeds { facts: vec![place.clone()], ..PeopleNeeds::default() };
    let found = server.store.people(ticket.file.app, needs).await?.facts.remove(&place);
    let upload = match found {
        Some(Fact::Upload(upload)) if upload.state != UploadState::Going => upload,
        Some(_) | None => return Err(Refused::too_late()),
    };
    from.pace.set_authenticated();
    Ok(Job { server: Arc::clone(server), ticket, upload, until, pace: Arc::clone(&from.pace) })
}

/// The ticket that an address is, when it is good now.
fn ticket(server: &Server, path: &str, query: &str) -> Option<(Ticket, Timestamp)> {
    let ticket = Ticket::parse(path)?;
    let app = server.apps.get(ticket.file.app)?;
    let expires = Timestamp(url::parameter(query, "expires")?.parse().ok()?);
    let signature = url::parameter(query, "signature")?;
    ticket.is_good(&app.key, server.clock.now(), expires, &signature).then_some((ticket, expires))
}
