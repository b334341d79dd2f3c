//! Pages for a browser: `/` says what this is, `/console/try` is a small chat on the web SDK.
//!
//! The chat is built from `packages/chat/page`, with the SDK in it, by `npm run page`; `cargo xtask kits` compares.
//!
//! A page is one file that fetches nothing. Its content security policy allows only its own script, identified by
//! its hash: chat text that got into the page as markup could not run.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// The path of the chat.
pub(crate) const TRY: &str = "/console/try";

static HOME_PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(include_str!("console/home.html")));
static TRY_PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(include_str!("console/try.html")));

struct Page {
    text: &'static str,
    policy: HeaderValue,
}

impl Page {
    fn new(text: &'static str) -> Self {
        let source = |name| {
            let inside = inside(text, name);
            if inside.is_empty() { "'none'".to_owned() } else { format!("'{}'", hash(inside)) }
        };
        let (script, style) = (source("script"), source("style"));
        // Not every browser counts WebSockets of the same server as 'self'.
        let policy = format!(
            "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self' ws: wss:; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).expect("hashes in base64 are characters of a header");
        Self { text, policy }
    }
}

/// The page at `path`, if any.
pub(crate) fn page(path: &str) -> Option<Response<Full<Bytes>>> {
    let Page { text, policy } = match path.strip_suffix('/').unwrap_or(path) {
        "" => &*HOME_PAGE,
        TRY => &*TRY_PAGE,
        _ => return None,
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

/// The content of the only element called `name`.
fn inside<'page>(page: &'page str, name: &str) -> &'page str {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let inside = page.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
    inside.map_or("", |(inside, _)| inside)
}

/// The source of a policy that allows scripts with this hash.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_at_most_one_script_and_one_style_and_fetch_nothing() {
        for (page, scripts) in [(HOME_PAGE.text, 0), (TRY_PAGE.text, 1)] {
            for (name, count) in [("script", scripts), ("style", 1)] {
                assert_eq!(usize::from(!inside(page, name).is_empty()), count, "{name}");
                assert_eq!(page.matches(&format!("<{name}")).count(), count, "{name}");
            }
            for word in
                ["http:", "https:", "src=", "innerHTML", "localStorage", "sessionStorage", "document.cookie"]
            {
                assert!(!page.contains(word), "{word}");
            }
        }
    }

    #[test]
    fn there_are_two_pages_and_their_links_work() {
        for path in ["/", "", "/console/try", "/console/try/"] {
            assert!(page(path).is_some(), "{path}");
        }
        for path in ["/console", "/console/try/x", "/console/tryx", "/try", "//"] {
            assert!(page(path).is_none(), "{path}");
        }
        let links = HOME_PAGE.text.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for link in links {
            assert!(page(link).is_some() || ["/healthz", "/readyz"].contains(&link), "{link}");
        }
    }

    #[test]
    fn hashes_are_those_of_policies() {
        // The example of the standard.
        let sample = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(hash("alert('Hello, world.');"), sample);
    }
}
