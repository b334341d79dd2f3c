//! `GET /files/APP/ID/NAME`: a file, for whoever has a signed address or a login of the app.

use super::address::{FileAddress, ROOT};
use super::cors;
use super::store::{Chunks, StoredFile};
use crate::authentication;
use crate::code::Code;
use crate::connection::Caller;
use crate::pace::Pace;
use crate::state::Server;
use crate::url;
use futures_util::stream::{self, TryStreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Body, Bytes, Frame};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use landfall_domain::time::Timestamp;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A whole body, or a file that is read while it is sent.
pub(crate) type AnswerBody = Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>;

pub(crate) fn is_at(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Answers one request.
pub(crate) async fn answer<B: Body>(
    server: &Arc<Server>,
    request: &Request<B>,
    from: &Caller,
) -> Response<AnswerBody> {
    if *request.method() == Method::OPTIONS {
        return cors::preflight(empty());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "a file is read by GET");
    }
    let Some(address) = FileAddress::parse(request.uri().path()) else {
        return plain(StatusCode::NOT_FOUND, "there is no such file");
    };
    if !may_read(server, &address, request.uri().query().unwrap_or_default(), from).await {
        return plain(
            StatusCode::FORBIDDEN,
            "the address needs a signature that is not expired, or sdkappid, identifier and usersig",
        );
    }
    let found = match server.files.find(address.app, &address.id).await {
        Ok(Some(file)) => {
            let wanted = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
            let is_head = request.method() == Method::HEAD;
            send(file, wanted, &address, !is_head, &from.pace).await
        }
        Ok(None) => Ok(plain(StatusCode::NOT_FOUND, "there is no such file")),
        Err(error) => Err(error),
    };
    found.unwrap_or_else(|error| failed(server, &error))
}

fn failed(server: &Server, error: &io::Error) -> Response<AnswerBody> {
    server.error_log.log(|suppressed| {
        tracing::error!(%error, suppressed, "a file cannot be read: {error}");
    });
    plain(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read now; try again")
}

async fn may_read(server: &Arc<Server>, address: &FileAddress, query: &str, from: &Caller) -> bool {
    let now = server.clock.now();
    let Some(signature) = url::parameter(query, "signature") else {
        let signed = authentication::signed(server, query, from, now, Code::GroupInternal).await;
        return signed.is_ok_and(|(app, _, _)| app.id == address.app);
    };
    let expires = url::parameter(query, "expires").and_then(|expires| expires.parse().ok()).map(Timestamp);
    let (Some(expires), Some(app)) = (expires, server.apps.get(address.app)) else { return false };
    now <= expires && address.is_signed(&app.key, expires, &signature)
}

async fn send(
    file: StoredFile,
    wanted: Option<&str>,
    address: &FileAddress,
    with_body: bool,
    pace: &Arc<Pace>,
) -> io::Result<Response<AnswerBody>> {
    let length = file.length;
    let (status, part) = match wanted.map(|wanted| range(wanted, length)) {
        None | Some(Range::Ignored) => (StatusCode::OK, 0..=length.saturating_sub(1)),
        Some(Range::Part(part)) => (StatusCode::PARTIAL_CONTENT, part),
        Some(Range::Nothing) => {
            let mut response = plain(StatusCode::RANGE_NOT_SATISFIABLE, "the file is shorter");
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let end = (part.end() + 1).min(length);
    let body = if with_body {
        Either::Right(content(file.read(*part.start()..end).await?, Arc::clone(pace)))
    } else {
        empty()
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set_headers(&mut response, address, end - part.start());
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{length}", part.start(), part.end());
        set(&mut response, header::CONTENT_RANGE, &part);
    }
    Ok(response)
}

/// Nothing in a file is to be run by a browser: it names its type, and is offered for saving.
fn set_headers(response: &mut Response<AnswerBody>, address: &FileAddress, bytes: u64) {
    let disposition = format!("attachment; filename*=UTF-8''{}", address.name.escaped());
    for (name, value) in [
        (header::CONTENT_LENGTH, bytes.to_string().as_str()),
        (header::CONTENT_TYPE, content_type(&address.name.extension())),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::ACCEPT_RANGES, "bytes"),
        // The content of an address never changes.
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ] {
        set(response, name, value);
    }
    cors::allow(response.headers_mut());
}

fn set(response: &mut Response<AnswerBody>, name: header::HeaderName, value: &str) {
    // All values are ASCII.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Types that pages show by themselves; a page or a script is never among them.
fn content_type(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "m4a" | "aac" => "audio/mp4",
        "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

/// The content, read as fast as it is sent. Each chunk has the time of a request's body to be sent.
fn content(chunks: Chunks, pace: Arc<Pace>) -> UnsyncBoxBody<Bytes, io::Error> {
    let chunks = stream::try_unfold((chunks, pace), |(mut chunks, pace)| async move {
        pace.body_begins();
        let Some(chunk) = chunks.try_next().await? else {
            pace.work_ends();
            return Ok(None);
        };
        Ok(Some((Frame::data(chunk), (chunks, pace))))
    });
    StreamBody::new(chunks).boxed_unsync()
}

fn empty() -> AnswerBody {
    Either::Left(Full::default())
}

fn plain(status: StatusCode, text: &'static str) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    cors::allow(response.headers_mut());
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// Not a single part: the whole file is sent, as every server may.
    Ignored,
    Part(RangeInclusive<u64>),
    Nothing,
}

/// The part of a file of `length` bytes that `bytes=FROM-TO` wants.
fn range(wanted: &str, length: u64) -> Range {
    let Some((from, to)) = wanted.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Ignored;
    };
    let Some(last) = length.checked_sub(1) else { return Range::Nothing };
    let part = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => from..=to.min(last),
        (Ok(from), Err(_)) if to.is_empty() => from..=last,
        (Err(_), Ok(count)) if from.is_empty() && 0 < count => length.saturating_sub(count)..=last,
        (Err(_), Ok(0)) if from.is_empty() => return Range::Nothing,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Range::Ignored,
    };
    if last < *part.start() { Range::Nothing } else { Range::Part(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_a_file_can_be_asked_for() {
        for (wanted, expected) in [
            ("bytes=0-3", Range::Part(0..=3)),
            ("bytes=4-", Range::Part(4..=9)),
            ("bytes=8-100", Range::Part(8..=9)),
            ("bytes=-3", Range::Part(7..=9)),
            ("bytes=-30", Range::Part(0..=9)),
            ("bytes=10-", Range::Nothing),
            ("bytes=-0", Range::Nothing),
            ("bytes=3-2", Range::Ignored),
            ("bytes=0-1,3-4", Range::Ignored),
            ("bytes=-", Range::Ignored),
            ("lines=1-2", Range::Ignored),
        ] {
            assert_eq!(range(wanted, 10), expected, "{wanted}");
        }
        assert_eq!(range("bytes=0-", 0), Range::Nothing);
    }
}
