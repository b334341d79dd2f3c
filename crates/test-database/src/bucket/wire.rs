//! Just enough HTTP/1.1 for one client that keeps to it.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// Longest head of a request, bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Longest body of a request, bytes.
const BODY_BYTES_MAX: usize = 64 << 20;

pub(super) struct Request {
    pub(super) method: String,
    /// As it was sent, with its escapes.
    pub(super) path: String,
    /// As it was sent.
    pub(super) query: BTreeMap<String, String>,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code></Error>").into_bytes();
        Self { body, ..Self::empty(status) }
    }

    pub(super) fn xml(body: &str) -> Self {
        Self { body: body.as_bytes().to_owned(), ..Self::empty(200) }
    }

    /// Something was stored.
    pub(super) fn stored(content: &[u8]) -> Self {
        Self { headers: vec![("ETag", tag(content))], ..Self::empty(200) }
    }

    /// An object, or the part of it that `bytes=FROM-TO` wants.
    pub(super) fn content(content: &[u8], range: Option<&str>) -> Self {
        let modified = "Wed, 01 Jan 2025 00:00:00 GMT".to_owned();
        let mut headers = vec![("ETag", tag(content)), ("Last-Modified", modified)];
        let Some(range) = range else {
            return Self { headers, body: content.to_owned(), ..Self::empty(200) };
        };
        let ends = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
        let ends = ends.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
        let last = content.len().saturating_sub(1);
        let part = ends.map(|(from, to)| from..=to.min(last));
        let Some(body) = part.clone().and_then(|part| content.get(part)) else {
            return Self::error(416, "InvalidRange");
        };
        let (from, to) = part.map(std::ops::RangeInclusive::into_inner).unwrap_or_default();
        headers.push(("Content-Range", format!("bytes {from}-{to}/{}", content.len())));
        Self { headers, body: body.to_owned(), ..Self::empty(206) }
    }
}

/// What a content is known by.
pub(super) fn tag(content: &[u8]) -> String {
    format!("\"{:x}\"", Sha256::digest(content))
}

/// The next request; `None` at the end of the connection.
pub(super) fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
        if HEAD_BYTES_MAX < head.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if BODY_BYTES_MAX < length {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let parameters = query.split('&').filter(|part| !part.is_empty());
    Ok(Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: parameters
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body,
    }))
}

/// `cut`: at most this many bytes of the content are sent.
pub(super) fn write(
    stream: &mut TcpStream,
    request: &Request,
    answer: &Answer,
    cut: Option<usize>,
) -> io::Result<()> {
    let Answer { status, headers, body } = answer;
    let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        let end = cut.unwrap_or(usize::MAX).min(body.len());
        stream.write_all(body.get(..end).unwrap_or_default())?;
    }
    stream.flush()
}

/// Waits until the client has closed its connection.
pub(super) fn wait_for_end(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1)) {}
}
