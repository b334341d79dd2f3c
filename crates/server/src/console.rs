//! Pages for people with a browser: `/console/try` connects to the gateway and shows what is heard.
//!
//! A page is one file without anything fetched from elsewhere. The policy it is sent with lets its own script run, told by
//! its hash, and no other: text of a chat that got into the page as markup would stay dead.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Where the page is.
pub(crate) const TRY: &str = "/console/try";

static PAGE: &str = include_str!("console/try.html");

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let (script, style) = (hash(inside(PAGE, "script")), hash(inside(PAGE, "style")));
    // Not every browser takes the server's own WebSockets for 'self'.
    let policy = format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self' ws: wss:; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("hashes in base64 are characters of a header")
});

/// The page at `path`, if there is one.
pub(crate) fn page(path: &str) -> Option<Response<Full<Bytes>>> {
    if path.strip_suffix('/').unwrap_or(path) != TRY {
        return None;
    }
    let mut response = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

/// What stands in the only element called `name`.
fn inside<'page>(page: &'page str, name: &str) -> &'page str {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let inside = page.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
    inside.map_or("", |(inside, _)| inside)
}

/// A source of a policy: whatever has this hash.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_fetches_nothing() {
        for name in ["script", "style"] {
            assert!(!inside(PAGE, name).is_empty());
            assert_eq!(PAGE.matches(&format!("<{name}")).count(), 1, "{name}");
        }
        for word in
            ["http:", "https:", "src=", "innerHTML", "localStorage", "sessionStorage", "document.cookie"]
        {
            assert!(!PAGE.contains(word), "{word}");
        }
    }

    #[test]
    fn there_is_one_page() {
        for path in ["/console/try", "/console/try/"] {
            assert!(page(path).is_some(), "{path}");
        }
        for path in ["/console", "/console/try/x", "/console/tryx", "/", "/try"] {
            assert!(page(path).is_none(), "{path}");
        }
    }

    #[test]
    fn hashes_are_those_of_policies() {
        // The sample of the standard.
        let sample = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(hash("alert('Hello, world.');"), sample);
    }
}
