//! Addresses of files in a server's file store, as docs/files.md describes them: `/files/APP/SHA256/NAME`, or with the id of an
//! upload for the digest.
//!
//! [choice] Messages have the address as the server gives it, without the name of the server: it stays good when the server moves
//! to another name, and readers add their login to nothing but addresses of their own server.

use crate::format::File;
use crate::format::address::{self, Place};
use serde_json::Value;

/// Longest name of a file, bytes.
const NAME_BYTES_MAX: usize = 255;
const DIGEST_DIGITS: usize = 64;
/// Of the id of a file that a member has uploaded, which says nothing about its content.
const UPLOAD_DIGITS: usize = 48;
const UNNAMED: &str = "file";

/// The name under which a file is brought in: what people called it, as far as the store takes it.
#[must_use]
pub fn name(file: &File) -> String {
    let given = file.file_name.as_deref().filter(|name| !name.is_empty());
    let last = file.path.as_deref().and_then(|path| path.rsplit('/').next());
    let name = given.or(last).unwrap_or_default();
    let legal = |letter: char| if letter.is_control() || matches!(letter, '/' | '\\') { '_' } else { letter };
    let name: String = name.chars().map(legal).collect();
    if matches!(name.as_str(), "" | "." | "..") {
        return UNNAMED.to_owned();
    }
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    // What is behind the last dot says what the file is.
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 16 => (stem, format!(".{ending}")),
        Some(_) | None => (name.as_str(), String::new()),
    };
    let end = stem.floor_char_boundary(NAME_BYTES_MAX - ending.len());
    format!("{}{ending}", stem.get(..end).unwrap_or_default())
}

/// What messages have where the content of a file was not brought in: its address in the source, or its name.
#[must_use]
pub fn elsewhere(file: &File) -> Place {
    match file.url.as_ref().filter(|url| !url.is_empty()) {
        Some(url) => Place::At(url.clone(), file.file_size.unwrap_or_default()),
        None if file.file_name.is_none() && file.path.is_none() => Place::Gone(file.key.clone()),
        None => Place::Gone(name(file)),
    }
}

/// The address of a content. `digest`: its SHA-256 as hexadecimal digits.
#[must_use]
pub fn address(app: u32, digest: &str, name: &str) -> String {
    format!("{}{digest}/{}", root(app), escaped(name))
}

fn root(app: u32) -> String {
    format!("/files/{app}/")
}

/// A digest as addresses have it.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file in the store of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// The SHA-256 of its content, or the id of an upload.
    pub digest: String,
    pub name: String,
}

impl Stored {
    /// Whether it can be the file with this content, by its digest.
    #[must_use]
    pub(crate) fn may_have(id: &str, digest: &str) -> bool {
        id.len() == UPLOAD_DIGITS || id == digest
    }

    /// The file at an address, where it is one of the app's, in exactly the form in which servers give them.
    #[must_use]
    pub fn at(app: u32, text: &str) -> Option<Self> {
        let (digest, name) = text.strip_prefix(&root(app))?.split_once('/')?;
        let stored = Self { digest: digest.to_owned(), name: unescaped(name)? };
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = matches!(digest.len(), DIGEST_DIGITS | UPLOAD_DIGITS) && digest.bytes().all(is_digit);
        let as_file = File { file_name: Some(stored.name.clone()), ..File::default() };
        (is_digest && self::name(&as_file) == stored.name && address(app, digest, &stored.name) == text)
            .then_some(stored)
    }
}

/// Takes the signatures off the addresses of the app's files in the elements of a message: a server makes new ones whenever it
/// hands a message out, and the message is the same.
pub(crate) fn take_signatures_off(app: u32, elements: &mut Value) {
    address::visit(elements, &mut |text| {
        let (path, query) = text.split_once('?')?;
        let (expires, signature) = query.strip_prefix("expires=")?.split_once("&signature=")?;
        let is_signed = expires.bytes().all(|byte| byte.is_ascii_digit())
            && signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (is_signed && Stored::at(app, path).is_some()).then(|| path.to_owned())
    });
}

/// Whether there may be any.
pub(crate) fn may_have_signatures(elements: &str) -> bool {
    elements.contains("&signature=")
}

fn escaped(name: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(escape).collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first == b'%' {
            let (digits, others) = rest.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = others;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file(name: Option<&str>, path: Option<&str>) -> File {
        let text = |text: Option<&str>| text.map(str::to_owned);
        File { key: "k".to_owned(), file_name: text(name), path: text(path), ..File::default() }
    }

    #[test]
    fn names_are_what_the_store_takes() {
        let long = format!("{}.png", "ä".repeat(200));
        for (given, path, expected) in [
            (Some("a.png"), Some("x/b.png"), "a.png"),
            (None, Some("x/b.png"), "b.png"),
            (Some("a/b\\c\n"), None, "a_b_c_"),
            (Some(".."), None, "file"),
            (None, None, "file"),
            (Some(&long), None, &format!("{}.png", "ä".repeat(125))),
        ] {
            assert_eq!(name(&file(given, path)), expected);
        }
    }

    #[test]
    fn an_address_reads_back() {
        let digest = "ab".repeat(32);
        for name in ["a.png", "Bericht 2026 ä?&#%.pdf", "..a"] {
            let stored = Stored { digest: digest.clone(), name: name.to_owned() };
            assert_eq!(Stored::at(7, &address(7, &digest, name)), Some(stored), "{name}");
        }
        let upload = "ab".repeat(24);
        let stored = Stored { digest: upload.clone(), name: "a".to_owned() };
        assert_eq!(Stored::at(7, &address(7, &upload, "a")), Some(stored));
        assert!(Stored::may_have(&upload, &digest) && Stored::may_have(&digest, &digest));
        assert!(!Stored::may_have(&digest, &"cd".repeat(32)));
        assert_eq!(address(7, &digest, "Plan ä.png"), format!("/files/7/{digest}/Plan%20%C3%A4.png"));
        for other in [
            format!("/files/8/{digest}/a"),
            format!("https://chat.example/files/7/{digest}/a"),
            format!("/files/7/{digest}/a%2Fb"),
            format!("/files/7/{digest}/%2E%2E"),
            format!("/files/7/{digest}/%61"),
            format!("/files/7/{digest}/%"),
            format!("/files/7/{digest}/"),
            format!("/files/7/{}/a", digest.to_uppercase()),
            "/files/7/../a".to_owned(),
        ] {
            assert_eq!(Stored::at(7, &other), None, "{other}");
        }
    }

    #[test]
    fn signatures_are_taken_off_addresses_of_the_apps_files_only() {
        let own = address(7, &"ab".repeat(32), "a.png");
        let other = address(8, &"ab".repeat(32), "a.png");
        let mut elements = json!([
            { "MsgContent": { "Url": format!("{own}?expires=12&signature=a-_9"), "Text": format!("{own}?expires=1&signature=a") } },
            { "MsgContent": { "Url": format!("{own}?expires=x&signature=a") } },
            { "MsgContent": { "Url": format!("{other}?expires=1&signature=a") } },
        ]);
        let mut expected = elements.clone();
        expected[0]["MsgContent"]["Url"] = own.into();
        take_signatures_off(7, &mut elements);
        assert_eq!(elements, expected);
    }

    #[test]
    fn a_file_without_content_is_its_address_or_its_name() {
        let url = Some("https://a".to_owned());
        assert_eq!(elsewhere(&File { url, ..file(None, None) }), Place::At("https://a".to_owned(), 0));
        assert_eq!(elsewhere(&file(None, Some("a/b.txt"))), Place::Gone("b.txt".to_owned()));
        assert_eq!(elsewhere(&file(None, None)), Place::Gone("k".to_owned()));
    }
}
