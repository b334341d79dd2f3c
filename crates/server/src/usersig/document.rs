//! The document inside a `UserSig`: base64, zlib, JSON, and the signed text.

use super::{DOCUMENT_BYTES_MAX, Flaw, Problem, TEXT_BYTES_MAX};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io::Write as _;

/// Members as the packages write them. Order and spacing differ between packages, some add members of their own,
/// and the Go package omits numbers that are zero. `TLS.ver` is ignored, as in the official verifiers.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Document {
    #[serde(rename = "TLS.identifier")]
    pub(super) identifier: String,
    #[serde(rename = "TLS.sdkappid", default)]
    pub(super) app: u64,
    #[serde(rename = "TLS.time", default)]
    pub(super) made_seconds: u64,
    #[serde(rename = "TLS.expire", default)]
    pub(super) lifetime_seconds: u64,
    /// Base64 of a buffer that matters only to audio and video rooms; the signature covers it.
    #[serde(rename = "TLS.userbuf", default, skip_serializing_if = "Option::is_none")]
    pub(super) user_buffer: Option<String>,
    /// Base64 of the HMAC.
    #[serde(rename = "TLS.sig")]
    pub(super) signature: String,
}

/// The written form: the version comes first, as in every package.
#[derive(Serialize)]
struct Versioned<'a> {
    #[serde(rename = "TLS.ver")]
    version: &'a str,
    #[serde(flatten)]
    document: &'a Document,
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Empty);
        }
        Self::decode(text).map_err(Problem::Malformed)
    }

    fn decode(text: &str) -> Result<Self, Flaw> {
        if TEXT_BYTES_MAX < text.len() {
            return Err(Flaw::TextTooLong);
        }
        // Plain base64 is accepted too, as in the official decoders. [choice]
        let standard: Vec<u8> = text
            .bytes()
            .map(|byte| match byte {
                b'*' => b'+',
                b'-' => b'/',
                b'_' => b'=',
                other => other,
            })
            .collect();
        let compressed = STANDARD.decode(standard).map_err(|_| Flaw::NotBase64)?;
        let json = inflate(&compressed)?;
        let document: Self = serde_json::from_slice(&json).map_err(|_| Flaw::NotDocument)?;
        if document.is_ambiguous() { Err(Flaw::Ambiguous) } else { Ok(document) }
    }

    /// The signed text consists of lines, so a line feed inside a member would let one signed text be read as two
    /// different documents: an account named `admin\nTLS.sdkappid:1\n…` could turn its own signature into one of
    /// `admin`, with the rest of its name as the user buffer.
    fn is_ambiguous(&self) -> bool {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        self.identifier.contains('\n')
            || self.user_buffer.as_ref().is_some_and(|buffer| !buffer.bytes().all(is_base64))
    }

    /// The last second in which it is valid; sums past 64 bits mean "forever".
    pub(super) fn last_valid(&self) -> Timestamp {
        Timestamp(self.made_seconds.saturating_add(self.lifetime_seconds))
    }

    /// The signed lines, each ended by a line feed, the last one too.
    pub(super) fn signed_text(&self) -> String {
        let mut text = format!(
            "TLS.identifier:{}\nTLS.sdkappid:{}\nTLS.time:{}\nTLS.expire:{}\n",
            self.identifier, self.app, self.made_seconds, self.lifetime_seconds
        );
        if let Some(buffer) = &self.user_buffer {
            writeln!(text, "TLS.userbuf:{buffer}").expect("a String takes every text");
        }
        text
    }

    pub(super) fn write(&self) -> String {
        let json = serde_json::to_vec(&Versioned { version: "2.0", document: self })
            .expect("strings and numbers can be written as JSON");
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        let compressed =
            encoder.write_all(&json).and_then(|()| encoder.finish()).expect("a Vec takes every byte");
        STANDARD.encode(compressed).replace('+', "*").replace('/', "-").replace('=', "_")
    }
}

/// Inflates the zlib stream that makes up all of `compressed`, at most as much as a document may hold.
fn inflate(compressed: &[u8]) -> Result<Vec<u8>, Flaw> {
    let mut inflater = Decompress::new(true);
    let mut inflated = Vec::with_capacity(DOCUMENT_BYTES_MAX + 1);
    let status = inflater.decompress_vec(compressed, &mut inflated, FlushDecompress::Finish);
    match status.map_err(|_| Flaw::NotZlib)? {
        _ if DOCUMENT_BYTES_MAX < inflated.len() => return Err(Flaw::DocumentTooLong),
        Status::StreamEnd => {}
        Status::Ok | Status::BufError => return Err(Flaw::Truncated),
    }
    if inflater.total_in() == compressed.len() as u64 { Ok(inflated) } else { Err(Flaw::TrailingBytes) }
}
