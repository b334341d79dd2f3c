//! Addresses of files: `/files/APP/ID/NAME`, where the id is the SHA-256 of the content, or that of a member's upload.
//!
//! [choice] An address as it is never expires and gives nothing away, so messages can hold it. What reads the file adds
//! either `?expires=SECONDS&signature=…`, which the server makes, or the login of an account of the app.

use crate::usersig::SecretKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::ids::AppId;
use landfall_domain::people::upload::UploadId;
use landfall_domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// Where all addresses begin.
pub(crate) const ROOT: &str = "/files/";

/// Longest name of a file, bytes.
const NAME_BYTES_MAX: usize = 255;

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The SHA-256 of a content, as 64 hexadecimal digits in lower case, or the id of a member's upload, which has 48.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileId(String);

impl FileId {
    pub(crate) fn of(digest: &[u8; 32]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = text.len() == 64 && text.bytes().all(is_digit);
        (is_digest || UploadId::parse(text).is_some()).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&UploadId> for FileId {
    fn from(id: &UploadId) -> Self {
        Self(id.to_string())
    }
}

/// What a file is called, without a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName(String);

impl FileName {
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || NAME_BYTES_MAX < text.len() {
            Err("must have 1 to 255 bytes")
        } else if text.contains(|character: char| character.is_control() || matches!(character, '/' | '\\')) {
            Err("must not have control characters, / or \\")
        } else if matches!(text, "." | "..") {
            Err("must not be . or ..")
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// What follows the last dot, in lower case; empty if there is none.
    pub(crate) fn extension(&self) -> String {
        self.0.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }

    /// For a URL or a header.
    pub(crate) fn escaped(&self) -> impl fmt::Display {
        utf8_percent_encode(&self.0, ESCAPED)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileAddress {
    pub(crate) app: AppId,
    pub(crate) id: FileId,
    pub(crate) name: FileName,
}

/// The path of a URL.
impl fmt::Display for FileAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROOT}{}/{}/{}", self.app.0, self.id.as_str(), self.name.escaped())
    }
}

impl FileAddress {
    /// From the path of a URL.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (app, rest) = path.strip_prefix(ROOT)?.split_once('/')?;
        let (id, name) = rest.split_once('/')?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        Some(Self {
            app: AppId(app.parse().ok()?),
            id: FileId::parse(id)?,
            name: FileName::parse(&name).ok()?,
        })
    }

    /// What is signed. Never the text of a UserSig, whose key is the same.
    fn text(&self, expires: Timestamp) -> String {
        format!("landfall file\n{}\n{}", self, expires.0)
    }

    /// The path and query that are good until `expires`.
    pub(crate) fn signed(&self, key: &SecretKey, expires: Timestamp) -> String {
        let signature = URL_SAFE_NO_PAD.encode(key.sign_text(&self.text(expires)));
        format!("{self}?expires={}&signature={signature}", expires.0)
    }

    /// Whether `signature` is that of this address until `expires`.
    pub(crate) fn is_signed(&self, key: &SecretKey, expires: Timestamp, signature: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        key.has_signed(&self.text(expires), &signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str) -> FileAddress {
        FileAddress { app: AppId(7), id: FileId::of(&[0xab; 32]), name: FileName::parse(name).unwrap() }
    }

    #[test]
    fn an_address_reads_back() {
        for name in ["a.png", "Bericht 2026 ä?&#%.pdf", "..a", "x"] {
            assert_eq!(FileAddress::parse(&address(name).to_string()), Some(address(name)), "{name}");
        }
        let id = "ab".repeat(32);
        for path in [
            format!("/files/7/{id}/"),
            format!("/files/7/{id}/a/b"),
            format!("/files/7/{id}/%2e%2e"),
            format!("/files/7/{id}/a%2Fb"),
            format!("/files/7/{}/a", id.to_uppercase()),
            "/files/7/../a".to_owned(),
            "/files/x/a/a".to_owned(),
            "/files/7".to_owned(),
        ] {
            assert_eq!(FileAddress::parse(&path), None, "{path}");
        }
    }

    #[test]
    fn a_signature_is_good_for_one_address_one_time_and_one_key() {
        let key = |text: &str| SecretKey::new(text.to_owned()).unwrap();
        let (ours, other) = (key("0123456789abcdef"), key("fedcba9876543210"));
        let signed = address("a").signed(&ours, Timestamp(9));
        let (path, signature) = signed.split_once("?expires=9&signature=").unwrap();
        assert_eq!(path, address("a").to_string());
        assert!(address("a").is_signed(&ours, Timestamp(9), signature));
        assert!(!address("b").is_signed(&ours, Timestamp(9), signature));
        assert!(!address("a").is_signed(&ours, Timestamp(10), signature));
        assert!(!address("a").is_signed(&other, Timestamp(9), signature));
        assert!(!address("a").is_signed(&ours, Timestamp(9), ""));
    }
}
