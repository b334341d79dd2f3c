//! From a request to its answer: who calls, may they, what do they want.
//!
//! This module alone knows that failures travel as HTTP 200. The order of checks is: path, `sdkappid`,
//! `identifier`, `usersig`, administrator, frequency, command, body. [choice]

use crate::apps::App;
use crate::call::Call;
use crate::clients::handshake;
use crate::code::Code;
use crate::commands::{self, COMMANDS};
use crate::connection::Caller;
use crate::console;
use crate::logging;
use crate::pace::Pace;
use crate::reply::{self, Failure};
use crate::state::Server;
use crate::url::{Query, service_and_command};
use crate::usersig::{self, Problem, Verified};
use crate::webhook::receiver::{CallSubscribers, Cause};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::store::Health;
use landfall_domain::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a call may take, the reading of its body aside; the imitated service says 3 seconds. [doc]
const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// A body over its limit is read and thrown away up to this many times the limit, so that the client gets to read
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
    if let Some(refusal) = no_request_of_ours(&request, &from.pace) {
        return refusal;
    }
    if let Some(response) = operating(server, &request) {
        return response;
    }
    if request.uri().path() == handshake::PATH {
        return handshake::answer(server, request, from);
    }
    let started = Instant::now();
    let uri = request.uri().clone();
    let path = service_and_command(uri.path());
    let command = path.as_deref().and_then(commands::index_of);
    let result = match admit(server, path.as_deref(), command, &request, from).await {
        Ok(admitted) => {
            // A database that is slow is slow for the signature too.
            let time = CALL_TIME_MAX.saturating_sub(started.elapsed());
            call(server, admitted, time, request, from).await
        }
        Err(failure) => {
            discard_body(request.into_body(), server.http.body_bytes_max, &from.pace).await;
            Err(failure)
        }
    };
    let name = path.as_deref().unwrap_or_default();
    let (body, failed) = match result {
        Ok(body) => (body, None),
        Err(failure) => (failed(server, name, &failure, &uri, from.address), Some(failure.code)),
    };
    server.metrics.called(command, failed, started.elapsed());
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // As in the documented sample answer. [sample]
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("X-Requested-With"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    response
}

/// The answer to what is no request of this service, whatever it calls. It is no answer of the API, so its status says so:
/// who relays to us must not take it for success. The connection ends.
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

/// The body of a failure; its cause goes to the log.
fn failed(server: &Server, path: &str, failure: &Failure, uri: &Uri, peer: IpAddr) -> Vec<u8> {
    let code = failure.number();
    let (text, _) = failure.text.split_at(failure.text.floor_char_boundary(ERROR_INFO_BYTES_MAX));
    if let Some(cause) = &failure.cause {
        if let Some(suppressed) = server.error_log.admit() {
            let path = path.escape_debug().to_string();
            let chain =
                logging::chain(cause.as_ref()).map(ToString::to_string).collect::<Vec<_>>().join(": ");
            tracing::error!(path, code, cause = chain, suppressed, "{path} failed with {code}: {chain}");
        }
    } else {
        log_refusal(path, code, text, uri.query().unwrap_or_default(), peer);
    }
    let service = path.split_once('/').and_then(|(service, _)| commands::service(service));
    let entry = commands::index_of(path).and_then(|index| COMMANDS.get(index));
    let lists = entry.map_or(&[][..], |entry| entry.lists_on_failure);
    reply::failure(code, text, service.is_some_and(|service| service.error_display), lists)
}

/// Says in the log who was refused, and why. Of what the URL says only what has the form of a number and a name: the rest may
/// be anything, a UserSig in the wrong place included.
pub(crate) fn log_refusal(what: &str, code: u32, reason: &str, query: &str, peer: IpAddr) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let Query { sdkappid, identifier, .. } = Query::parse(query);
    let app = sdkappid.and_then(|number| number.parse().ok()).map(AppId);
    let caller = identifier.and_then(|name| UserId::parse(&name));
    let app = app.map_or_else(|| "-".to_owned(), |app| app.to_string());
    // It may hold line feeds, and must not pass for lines of the log.
    let what = what.escape_debug().to_string();
    let caller = caller.as_ref().map_or("-", UserId::as_str);
    tracing::debug!(
        what,
        code,
        app,
        caller,
        %peer,
        "{what} was refused with {code}: {reason} (app {app}, caller {caller}, from {peer})"
    );
}

/// A call that may be made, whatever its body holds.
struct Admitted {
    path: &'static str,
    app: Arc<App>,
    caller: UserId,
    run: commands::Run,
    now: Timestamp,
}

/// Everything that is checked before the body.
async fn admit(
    server: &Arc<Server>,
    path: Option<&str>,
    command: Option<usize>,
    request: &Request<Incoming>,
    from: &Caller,
) -> Result<Admitted, Failure> {
    let (Some(path), &Method::GET | &Method::POST) = (path, request.method()) else {
        return Err(Code::HttpParse.because("HTTP parse Error"));
    };
    let now = server.clock.now();
    let service = path.split_once('/').and_then(|(service, _)| commands::service(service));
    let internal = service.map_or(Code::GroupInternal, |service| service.internal);
    let (app, caller) =
        authenticate(server, request.uri().query().unwrap_or_default(), from, now, internal).await?;
    if !app.admit(command).await {
        return Err(Code::TooFrequent.because("this command is called too often; try again in a second"));
    }
    let Some(entry) = command.and_then(|index| COMMANDS.get(index)) else {
        let (service, command) = path.split_once('/').unwrap_or((path, ""));
        return Err(commands::unknown(service, command));
    };
    let Some(run) = entry.run else {
        return Err(Code::NotBuilt.because(format!("{path} is known but not built in this version")));
    };
    Ok(Admitted { path: entry.path, app, caller, run, now })
}

async fn call(
    server: &Arc<Server>,
    Admitted { path, app, caller, run, now }: Admitted,
    time: Duration,
    request: Request<Incoming>,
    from: &Caller,
) -> Result<Vec<u8>, Failure> {
    let is_get = request.method() == Method::GET;
    let mut body = read_body(request.into_body(), server.http.body_bytes_max, &from.pace).await?;
    if is_get && body.is_empty() {
        body = b"{}".to_vec(); // One client asks for the list of groups so. [client]
    }
    let cause = Cause { operator: caller.clone(), client_ip: from.address, millis: server.clock.millis() };
    let call = Call {
        subscribers: Arc::new(CallSubscribers::new(app.webhook.clone(), server.clients.hub(app.id), cause)),
        app,
        caller,
        store: Arc::clone(&server.store),
        outbox: Arc::clone(&server.outbox),
        limits: server.limits,
        unknown: server.unknown_accounts,
        now,
        random_bits: fastrand::u64(..),
    };
    match tokio::time::timeout(time, run(call, body)).await {
        Ok(result) => result,
        Err(_) => {
            tracing::error!(path, "{path} took longer than {} seconds", CALL_TIME_MAX.as_secs());
            Err(Code::TimeoutOrFormat.because("service timeout; the call may still take effect"))
        }
    }
}

/// Makes sure that an administrator of the app signed the call.
async fn authenticate(
    server: &Arc<Server>,
    query: &str,
    from: &Caller,
    now: Timestamp,
    internal: Code,
) -> Result<(Arc<App>, UserId), Failure> {
    let (app, account, _) = signed(server, query, from, now, internal).await?;
    if !app.has_admin(account.as_str()) {
        return Err(Code::AdminRequired.because("identifier is not an administrator of this app"));
    }
    Ok((app, account))
}

/// Finds the app, and who signed; any account may. `internal` is the code for a store that cannot be asked.
pub(crate) async fn signed(
    server: &Arc<Server>,
    query: &str,
    from: &Caller,
    now: Timestamp,
    internal: Code,
) -> Result<(Arc<App>, UserId, Verified), Failure> {
    let query = Query::parse(query);
    let number = query.sdkappid.ok_or_else(|| Code::AppMissing.because("sdkappid is missing in the URL"))?;
    let app = number.parse().ok().and_then(|number| server.apps.get(AppId(number))).ok_or_else(|| {
        let problem = if number.is_empty() { "is empty in the URL" } else { "is not an app of this server" };
        Code::AppUnknown.because(format!("sdkappid {problem}"))
    })?;
    let absence = if query.identifier.is_none() { "is missing in the URL" } else { "is empty in the URL" };
    let identifier = query.identifier.unwrap_or_default();
    let usersig = query.usersig;
    let Some(account) = UserId::parse(&identifier) else {
        let problem = if identifier.is_empty() { absence } else { "in the URL is not an account name" };
        return Err(Code::IdentifierIllegal.because(format!("identifier {problem}")));
    };
    let usersig = usersig.ok_or_else(|| Code::UserSigMissing.because("usersig is missing in the URL"))?;
    let remembered = app.signatures.get(&identifier, &usersig, now);
    let verified = if let Some(verified) = remembered {
        verified
    } else {
        // Taken before the store is read: a kick in between makes the ticket void.
        let ticket = app.signatures.ticket();
        let network = server.http.exempt_addresses.counted(from.address);
        if !server.failures.may_try(network) {
            let text = "too many UserSigs from this address were refused; try again in a minute";
            return Err(Code::UserSigTooManyFailures.because(text));
        }
        let verified = usersig::verify(&usersig, app.id, &identifier, &app.key, now);
        let verified = verified.map_err(|refused| {
            if !refused.is_genuine {
                server.failures.count(network);
            }
            refused_signature(refused.problem)
        })?;
        let signatures_from = server.store.signatures_from(app.id, account.clone()).await;
        if verified.made < signatures_from.map_err(|error| internal.internal(error))? {
            return Err(
                Code::UserSigRevoked.because("usersig was made before the account was kicked; make another")
            );
        }
        app.signatures.remember(ticket, &identifier, &usersig, verified);
        verified
    };
    from.pace.proves_who_calls();
    Ok((app, account, verified))
}

fn refused_signature(problem: Problem) -> Failure {
    let code = match &problem {
        Problem::Empty => Code::UserSigEmpty,
        Problem::Malformed(_) => Code::UserSigMalformed,
        Problem::WrongApp => Code::UserSigWrongApp,
        Problem::WrongIdentifier => Code::UserSigWrongUser,
        Problem::Expired => Code::UserSigExpired,
        Problem::WrongSignature => Code::UserSigWrongKey,
    };
    code.because(problem.to_string())
}

/// Reads a body of at most `max` bytes.
async fn read_body(mut body: Incoming, max: usize, pace: &Pace) -> Result<Vec<u8>, Failure> {
    pace.body_begins();
    // Room is made for what has arrived, not for what is announced.
    let mut read = Vec::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        // Whatever is wrong with it is the client's doing, or that of the way between.
        let frame =
            frame.map_err(|error| Code::HttpParse.because(format!("the body cannot be read: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue; // Trailers say nothing here.
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

/// Reads and throws away the body of a call that was refused without it: a client that is still sending does not
/// read, so closing the connection would cut it off from the answer.
async fn discard_body(mut body: Incoming, max: usize, pace: &Pace) {
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

/// The pages for operating the server and for people with a browser, which take no signature.
fn operating(server: &Server, request: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(page) = console::page(request.uri().path())
    {
        return Some(page);
    }
    let (status, content_type, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned()),
        "/readyz" => match server.readiness() {
            Health::Ready => (StatusCode::OK, "text/plain; charset=utf-8", "ready\n".to_owned()),
            // What is not damaged is served, so traffic may come.
            Health::Damaged(what) => {
                (StatusCode::OK, "text/plain; charset=utf-8", format!("damaged: {what}\n"))
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
