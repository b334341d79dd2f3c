//! Pages for a browser. `/console/try` is a small chat on the web SDK, open to all: it is built from `packages/chat/page`, with
//! the SDK in it, by `npm run page`; `cargo xtask kits` compares. The [console](site) itself is for people who run the server,
//! and sign in.
//!
//! The page to try is one file that fetches nothing. Its content security policy allows only its own script, identified by
//! its hash: chat text that got into the page as markup could not run.

mod account;
mod accounts;
mod apps;
mod assets;
mod attempts;
mod audit;
mod audit_list;
mod csv;
pub(crate) mod deeds;
mod elements;
mod figures;
mod form;
mod group;
mod groups;
pub(crate) mod guard;
mod home;
mod imports;
mod layout;
pub(crate) mod local;
mod members;
mod messages;
mod moment;
mod monitor;
pub(crate) mod password;
mod place;
mod respond;
mod routes;
mod session;
mod sign_in;
pub(crate) mod site;
mod strings;
pub(crate) mod tool;
pub(crate) mod users;
mod users_page;
mod visit;
mod webhooks;

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
    if path.strip_suffix('/').unwrap_or(path) != TRY {
        return None;
    }
    let Page { text, policy } = &*TRY_PAGE;
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
    fn the_page_has_one_script_and_one_style_and_fetches_nothing() {
        let page = TRY_PAGE.text;
        for name in ["script", "style"] {
            assert!(!inside(page, name).is_empty(), "{name}");
            assert_eq!(page.matches(&format!("<{name}")).count(), 1, "{name}");
        }
        for word in
            ["http:", "https:", " src=", "innerHTML", "localStorage", "sessionStorage", "document.cookie"]
        {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn the_page_is_at_its_path_and_no_other() {
        for path in ["/console/try", "/console/try/"] {
            assert!(page(path).is_some(), "{path}");
        }
        for path in ["", "/", "/console", "/console/try/x", "/console/tryx", "/try", "//"] {
            assert!(page(path).is_none(), "{path}");
        }
    }

    #[test]
    fn hashes_are_those_of_policies() {
        // The example of the standard.
        let sample = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(hash("alert('Hello, world.');"), sample);
    }
}
