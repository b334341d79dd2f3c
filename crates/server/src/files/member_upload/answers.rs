//! Answers to requests of uploads.

use crate::files::cors;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reply {
    #[serde(rename = "UUID")]
    pub(super) uuid: String,
    pub(super) file_size: u64,
    /// For messages: a path that never expires.
    pub(super) download_url: String,
    /// The same, signed: whoever has it may read the file.
    pub(super) signed_url: String,
    /// When the signature expires, Unix seconds.
    pub(super) expire_time: u64,
    /// Of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) width: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) height: Option<usize>,
}

pub(super) fn answered(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("tus-resumable"), HeaderValue::from_static("1.0.0"));
    cors::allow(headers);
    response
}

/// The answer that says how much of a file of `bytes` has come.
pub(super) fn so_far(status: StatusCode, offset: u64, bytes: u64) -> Response<Full<Bytes>> {
    let mut response = answered(status, Vec::new());
    response.headers_mut().insert(UPLOAD_OFFSET, HeaderValue::from(offset));
    response.headers_mut().insert(UPLOAD_LENGTH, HeaderValue::from(bytes));
    response
}
