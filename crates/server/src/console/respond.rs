//! Answers to browsers, with the headers that keep pages safe.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

pub(crate) type Reply = Response<Full<Bytes>>;

/// No script and no style but those of the console's own files, nothing of other places, and no page around this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An answer with a body of this type.
pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let lines = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Forms need an Origin, which browsers leave out of requests without any referrer.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

pub(crate) fn html(status: StatusCode, page: String) -> Reply {
    reply(status, "text/html; charset=utf-8", page)
}

/// A line of text, for whoever is not shown a page.
pub(crate) fn line(status: StatusCode, text: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// Leads the browser elsewhere, to be fetched with GET.
pub(crate) fn redirect(to: &str) -> Reply {
    let mut reply = line(StatusCode::SEE_OTHER, "see another page");
    // What is no header leads to the first page.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/console/"));
    reply.headers_mut().insert(header::LOCATION, to);
    reply
}

pub(crate) fn with_cookie(mut reply: Reply, cookie: HeaderValue) -> Reply {
    reply.headers_mut().append(header::SET_COOKIE, cookie);
    reply
}

/// A file to be saved under this name, which is plain.
pub(crate) fn download(content_type: &'static str, name: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = reply(StatusCode::OK, content_type, body);
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    reply.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    reply
}
