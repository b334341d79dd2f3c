//! The console's own files, which its pages link. They are compiled in; the name in a link has the file's hash, so that
//! browsers keep a file for long and still get the next version's.

use super::respond::{self, Reply};
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "style.css",
        content_type: "text/css; charset=utf-8",
        content: include_str!("assets/style.css"),
    },
    Asset {
        name: "tool.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_str!("assets/tool.js"),
    },
];

/// The address of each file.
static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let address = |asset: &Asset| {
        let hash: String =
            Sha256::digest(asset.content).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("/console/assets/{}?v={hash}", asset.name)
    };
    ASSETS.iter().map(address).collect()
});

/// What a page links for the file called `name`; empty when there is no such file.
pub(crate) fn href(name: &str) -> &'static str {
    let place = ASSETS.iter().position(|asset| asset.name == name);
    place.and_then(|place| ADDRESSES.get(place)).map_or("", String::as_str)
}

/// The file called `name`.
pub(crate) fn answer(name: &str) -> Reply {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return respond::line(StatusCode::NOT_FOUND, "there is no such file");
    };
    let mut reply = respond::reply(StatusCode::OK, asset.content_type, asset.content);
    let lasting = HeaderValue::from_static("public, max-age=31536000, immutable");
    reply.headers_mut().insert(header::CACHE_CONTROL, lasting);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_fetch_nothing_and_have_an_address() {
        for asset in ASSETS {
            assert!(href(asset.name).starts_with(&format!("/console/assets/{}?v=", asset.name)));
            assert_eq!(answer(asset.name).status(), StatusCode::OK);
            for word in ["http:", "https:", "@import", "url(", "innerHTML", "eval("] {
                assert!(!asset.content.contains(word), "{}: {word}", asset.name);
            }
        }
        assert_eq!(href("none.css"), "");
        assert_eq!(answer("../try.html").status(), StatusCode::NOT_FOUND);
    }
}
