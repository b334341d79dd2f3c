//! `PUT` or `POST` of `/v4/landfall_import_svc/put_file?…&name=NAME`: an administrator brings in a file, which is the body. The
//! answer has its id and address. The same content again changes nothing.

use super::address::{FileAddress, FileName};
use super::directory::Incoming;
use crate::authentication::{self, Administrator};
use crate::code::Code;
use crate::connection::Caller;
use crate::pace::Pace;
use crate::reply::{self, Failure};
use crate::rest;
use crate::state::Server;
use crate::url;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming as RequestBody};
use hyper::{Method, Request, Response};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use std::io;
use std::sync::Arc;

/// The service and command, as in the URL.
const NAME: &str = "landfall_import_svc/put_file";

pub(crate) fn is_at(path: &str) -> bool {
    url::service_and_command(path).as_deref() == Some(NAME)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    /// The SHA-256 of the content.
    file_id: String,
    file_size: u64,
    /// For messages: a path that never expires, to which a reader adds a login.
    address: String,
    /// The same, signed: whoever has it may read the file.
    signed_address: String,
    /// When the signature expires, Unix seconds.
    expire_time: u64,
}

/// Answers one request.
pub(crate) async fn answer(
    server: &Arc<Server>,
    request: Request<RequestBody>,
    from: &Caller,
) -> Response<Full<Bytes>> {
    let uri = request.uri().clone();
    let now = server.clock.now();
    let result = match admit(server, &request, from, now).await {
        Ok((caller, name)) => take(server, caller, name, request.into_body(), now, &from.pace).await,
        Err(failure) => {
            rest::discard_body(request.into_body(), server.http.body_bytes_max, &from.pace).await;
            Err(failure)
        }
    };
    rest::response(result.unwrap_or_else(|failure| rest::failed(server, NAME, &failure, &uri, from.address)))
}

/// Makes every check that comes before the body.
async fn admit(
    server: &Arc<Server>,
    request: &Request<RequestBody>,
    from: &Caller,
    now: Timestamp,
) -> Result<(Administrator, FileName), Failure> {
    let (&Method::PUT | &Method::POST) = request.method() else {
        return Err(Code::HttpParse.because("a file is brought in by PUT or POST"));
    };
    let query = request.uri().query().unwrap_or_default();
    let caller = authentication::administrator(server, query, from, now, Code::GroupInternal).await?;
    let name = url::parameter(query, "name")
        .ok_or_else(|| Code::GroupParameter.because("name is missing in the URL: what the file is called"))?;
    let name = FileName::parse(&name)
        .map_err(|problem| Code::GroupParameter.because(format!("name in the URL {problem}")))?;
    let allowed = &server.files_config.extensions;
    if !allowed.is_empty() && !allowed.contains(&name.extension()) {
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        return Err(Code::GroupParameter.because(format!(
            "name in the URL ends in {:?}; {} are allowed",
            name.extension(),
            allowed.join(", ")
        )));
    }
    let max = server.files_config.bytes_max;
    if let Some(length) = request.body().size_hint().exact().filter(|length| max < *length) {
        return Err(too_large(length, max));
    }
    Ok((caller, name))
}

async fn take(
    server: &Server,
    caller: Administrator,
    name: FileName,
    body: RequestBody,
    now: Timestamp,
    pace: &Pace,
) -> Result<Vec<u8>, Failure> {
    let app = caller.app();
    let mut incoming = server.files.begin().await.map_err(internal)?;
    let read = receive(&mut incoming, body, server.files_config.bytes_max, pace).await;
    pace.body_ends();
    read?;
    let bytes = incoming.bytes;
    let id = server.files.keep(app.id, incoming).await.map_err(internal)?;
    let address = FileAddress { app: app.id, id, name };
    let expires = Timestamp(now.0.saturating_add(server.files_config.address_seconds));
    let reply = Reply {
        file_id: address.id.as_str().to_owned(),
        file_size: bytes,
        address: address.to_string(),
        signed_address: address.signed(&app.key, expires),
        expire_time: expires.0,
    };
    reply::success(&reply, false).map_err(|error| Code::GroupInternal.internal(error))
}

/// Writes the body, at most `max` bytes. Each part of it has the time of a whole body elsewhere.
async fn receive(
    incoming: &mut Incoming,
    mut body: RequestBody,
    max: u64,
    pace: &Pace,
) -> Result<(), Failure> {
    pace.body_begins();
    while let Some(frame) = body.frame().await {
        pace.body_begins();
        let frame =
            frame.map_err(|error| Code::HttpParse.because(format!("the body cannot be read: {error}")))?;
        // Trailers carry nothing that is needed.
        let Ok(data) = frame.into_data() else { continue };
        incoming.write(&data).await.map_err(internal)?;
        if max < incoming.bytes {
            return Err(too_large(incoming.bytes, max));
        }
    }
    if incoming.bytes == 0 {
        return Err(Code::GroupParameter.because("the body is empty; it is the content of the file"));
    }
    Ok(())
}

fn too_large(bytes: u64, max: u64) -> Failure {
    Code::GroupParameter
        .because(format!("the file has {bytes} bytes or more; at most {max} are allowed: [files] bytes_max"))
}

fn internal(error: io::Error) -> Failure {
    Code::GroupInternal.internal(error)
}
