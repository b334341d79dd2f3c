//! From a REST request to its answer: which app and account call, whether they may, which command they ask for.
//!
//! This module alone knows that failures travel as HTTP 200. The order of checks is: path, `sdkappid`,
//! `identifier`, `usersig`, administrator, frequency, command, body. [choice]

use crate::authentication::{self, Administrator};
use crate::call::{CALL_TIME_MAX, Call, in_time};
use crate::code::Code;
use crate::commands::{self, COMMANDS, StreamedBody};
use crate::connection::Caller;
use crate::logging;
use crate::pace::Pace;
use crate::reply::{self, Failure};
use crate::state::Server;
use crate::url::service_and_command;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use landfall_domain::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A body over its limit is read and discarded up to this many times the limit, so that the client gets to read
/// the answer.
const OVERSIZE_DRAINED: usize = 8;

/// Longest `ErrorInfo`, bytes: it may quote the request, which may be large.
const ERROR_INFO_BYTES_MAX: usize = 1_000;

/// Answers one request.
pub(crate) async fn answer(
    server: &Arc<Server>,
    request: Request<Incoming>,
    from: &Caller,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let uri = request.uri().clone();
    let path = service_and_command(uri.path());
    let command = path.as_deref().and_then(commands::index_of);
    let result = match admit(server, path.as_deref(), command, (request.method(), &uri), from).await {
        Ok(admitted) => {
            // Checking the signature may have read the database and used up time.
            let time = CALL_TIME_MAX.saturating_sub(started.elapsed());
            call(server, admitted, time, request, from).await
        }
        Err(failure) => {
            discard_body(request.into_body(), server.http.body_bytes_max, &from.pace).await;
            Err(failure)
        }
    };
    response(finished(server, result, (command, path.as_deref()), &uri, (from, started)))
}

/// Answers a signed POST whose body is at hand: the page that tries calls makes it. It meets the same checks as one that
/// comes over the network.
pub(crate) async fn answer_at_hand(server: &Arc<Server>, uri: &Uri, body: Vec<u8>, from: &Caller) -> Vec<u8> {
    let started = Instant::now();
    let path = service_and_command(uri.path());
    let command = path.as_deref().and_then(commands::index_of);
    let result = match admit(server, path.as_deref(), command, (&Method::POST, uri), from).await {
        Ok(admitted) => {
            let time = CALL_TIME_MAX.saturating_sub(started.elapsed());
            run(server, admitted, time, body, from).await
        }
        Err(failure) => Err(failure),
    };
    finished(server, result, (command, path.as_deref()), uri, (from, started))
}

/// The body of an answer, after the call was counted and a failure logged.
fn finished(
    server: &Server,
    result: Result<Vec<u8>, Failure>,
    (command, path): (Option<usize>, Option<&str>),
    uri: &Uri,
    (from, started): (&Caller, Instant),
) -> Vec<u8> {
    let (body, code) = match result {
        Ok(body) => (body, None),
        Err(failure) => {
            (failed(server, path.unwrap_or_default(), &failure, uri, from.address), Some(failure.code))
        }
    };
    server.metrics.calls.called(command, code, started.elapsed());
    body
}

/// The response of the API with this body.
pub(crate) fn response(body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // As in the documented sample answer. [sample]
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("X-Requested-With"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    response
}

/// The body of a failed call; the cause of the failure is logged.
pub(crate) fn failed(server: &Server, path: &str, failure: &Failure, uri: &Uri, peer: IpAddr) -> Vec<u8> {
    let code = failure.number();
    let (text, _) = failure.text.split_at(failure.text.floor_char_boundary(ERROR_INFO_BYTES_MAX));
    if let Some(cause) = &failure.cause {
        server.error_log.log(|suppressed| {
            let path = path.escape_debug().to_string();
            let chain =
                logging::chain(cause.as_ref()).map(ToString::to_string).collect::<Vec<_>>().join(": ");
            tracing::error!(path, code, cause = chain, suppressed, "{path} failed with {code}: {chain}");
        });
    } else {
        logging::log_refusal(path, code, text, uri.query().unwrap_or_default(), peer);
    }
    let service = path.split_once('/').and_then(|(service, _)| commands::service(service));
    let entry = commands::index_of(path).and_then(|index| COMMANDS.get(index));
    let lists = entry.map_or(&[][..], |entry| entry.lists_on_failure);
    reply::failure(code, text, service.is_some_and(|service| service.error_display), lists)
}

/// A call that passed every check before its body.
struct Admitted {
    path: &'static str,
    caller: Administrator,
    run: commands::Run,
    stream: Option<commands::Stream>,
    now: Timestamp,
}

/// Makes every check that comes before the body.
async fn admit(
    server: &Arc<Server>,
    path: Option<&str>,
    command: Option<usize>,
    (method, uri): (&Method, &Uri),
    from: &Caller,
) -> Result<Admitted, Failure> {
    let (Some(path), &Method::GET | &Method::POST) = (path, method) else {
        return Err(Code::HttpParse.because("HTTP parse Error"));
    };
    let now = server.clock.now();
    let service = path.split_once('/').and_then(|(service, _)| commands::service(service));
    let internal = service.map_or(Code::GroupInternal, |service| service.internal);
    let caller =
        authentication::administrator(server, uri.query().unwrap_or_default(), from, now, internal).await?;
    if !caller.app().admit(command).await {
        return Err(Code::TooFrequent.because("this command is called too often; try again in a second"));
    }
    let Some(entry) = command.and_then(|index| COMMANDS.get(index)) else {
        let (service, command) = path.split_once('/').unwrap_or((path, ""));
        return Err(commands::unknown(service, command));
    };
    let Some(run) = entry.run else {
        return Err(Code::NotBuilt.because(format!("{path} is known but not built in this version")));
    };
    Ok(Admitted { path: entry.path, caller, run, stream: entry.stream, now })
}

async fn call(
    server: &Arc<Server>,
    admitted: Admitted,
    time: Duration,
    request: Request<Incoming>,
    from: &Caller,
) -> Result<Vec<u8>, Failure> {
    if let Some(stream) = admitted.stream
        && !request.body().is_end_stream()
    {
        let Admitted { caller, now, .. } = admitted;
        return take_stream(stream, Call::new(server, caller, from.address, now), request, from).await;
    }
    let is_get = request.method() == Method::GET;
    let mut body = read_body(request.into_body(), server.http.body_bytes_max, &from.pace).await?;
    if is_get && body.is_empty() {
        body = b"{}".to_vec(); // One client requests the list of groups like this. [client]
    }
    run(server, admitted, time, body, from).await
}

/// Runs a command on its whole body.
async fn run(
    server: &Arc<Server>,
    Admitted { path, caller, run, now, .. }: Admitted,
    time: Duration,
    body: Vec<u8>,
    from: &Caller,
) -> Result<Vec<u8>, Failure> {
    let call = Call::new(server, caller, from.address, now);
    in_time(path, time, run(call, body)).await
}

/// Hands a body over as it arrives. It takes any time, as long as some of it arrives now and then.
async fn take_stream(
    stream: commands::Stream,
    call: Call,
    request: Request<Incoming>,
    from: &Caller,
) -> Result<Vec<u8>, Failure> {
    from.pace.body_begins();
    let pace = Arc::clone(&from.pace);
    let on_data = Box::new(move || pace.body_begins());
    let done = stream(call, StreamedBody { body: request.into_body(), on_data }).await;
    from.pace.body_ends();
    done
}

/// Reads a body of at most `max` bytes.
pub(crate) async fn read_body(mut body: Incoming, max: usize, pace: &Pace) -> Result<Vec<u8>, Failure> {
    pace.body_begins();
    // Memory is allocated for bytes that have arrived, not for the announced length.
    let mut read = Vec::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        // The client, or the network between, is at fault.
        let frame =
            frame.map_err(|error| Code::HttpParse.because(format!("the body cannot be read: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue; // Trailers carry nothing that is needed.
        };
        total = total.saturating_add(data.len());
        if total <= max {
            read.extend_from_slice(&data);
        } else if max.saturating_mul(OVERSIZE_DRAINED) < total {
            break;
        }
    }
    pace.body_ends();
    if max < total {
        return Err(Code::HttpParse.because(format!("the body is larger than {max} bytes")));
    }
    Ok(read)
}

/// Reads and discards the body of a call that was refused without it: a client that is still sending does not
/// read, so closing the connection would cut it off from the answer.
pub(crate) async fn discard_body(mut body: Incoming, max: usize, pace: &Pace) {
    if body.is_end_stream() {
        return;
    }
    pace.body_begins();
    let mut total = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        total = total.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if max.saturating_mul(OVERSIZE_DRAINED) < total {
            break;
        }
    }
    pace.body_ends();
}
