//! `UserSig`: the password of one account in one app. The app's backend makes it, the server only checks it.
//!
//! TLSSigAPIv2: a JSON document, compressed with zlib, written in base64 with `*`, `-` and `_` for `+`, `/` and
//! `=`. It carries an HMAC-SHA256 made with the app's secret key. Version 1 (ECDSA, replaced in 2019) is not
//! read. [choice]

pub mod cache;
pub mod diagnosis;
mod document;
pub(crate) mod failures;
#[cfg(test)]
mod tests;

use crate::secret::{self, SecretFlaw};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use document::Document;
use hmac::{Hmac, Mac};
use landfall_domain::ids::AppId;
use landfall_domain::time::Timestamp;
use sha2::Sha256;
use std::fmt;

/// Longest document accepted, in bytes, compressed or not. An official package has this much room for the compressed one. With
/// the longest name, each character escaped, and a user buffer it takes less than half of that. [choice]
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024;

/// Longest `UserSig` accepted, in bytes: the longest document in base64, not compressed at all. [choice]
pub const TEXT_BYTES_MAX: usize = (DOCUMENT_BYTES_MAX + ZLIB_BYTES).div_ceil(3) * 4;

/// What zlib adds to a document that is not compressed: head, block and checksum.
const ZLIB_BYTES: usize = 2 + 5 + 4;

/// Shortest key accepted, bytes: a shorter one can be guessed from a single UserSig. [choice]
pub const KEY_BYTES_MIN: usize = 16;

/// The secret key of an app. Its text is the HMAC key: the usual 64 hexadecimal digits are never decoded. [doc]
///
/// Prints as `***`, so that no log or error can carry it.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// A key of at least [`KEY_BYTES_MIN`] bytes.
    ///
    /// # Errors
    /// The problem with it.
    pub fn new(text: String) -> Result<Self, SecretFlaw> {
        secret::check(&text)?;
        if text.len() < KEY_BYTES_MIN {
            return Err(SecretFlaw::Short(KEY_BYTES_MIN));
        }
        Ok(Self(text))
    }

    /// The key itself, for an administrator of the console.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The HMAC over `text`.
    pub(crate) fn sign_text(&self, text: &str) -> Vec<u8> {
        self.sign(text).finalize().into_bytes().to_vec()
    }

    /// Whether `hmac` is that over `text`.
    pub(crate) fn has_signed(&self, text: &str, hmac: &[u8]) -> bool {
        self.sign(text).verify_slice(hmac).is_ok()
    }

    /// The HMAC over `message`, not yet finished.
    fn sign(&self, message: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(message.as_bytes());
        mac
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A valid signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When it was made. A kick invalidates earlier signatures, so the caller compares.
    pub made: Timestamp,
    /// The last second in which it is valid.
    pub last_valid: Timestamp,
}

/// A refused `UserSig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub problem: Problem,
    /// Whether the app's key signed it nevertheless: it is not a guess, but expired or of another account.
    pub is_genuine: bool,
}

/// Why a `UserSig` is refused, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("UserSig is empty")]
    Empty,
    #[error("UserSig cannot be read: {0}")]
    Malformed(Flaw),
    /// Made for another app.
    #[error("UserSig is for another SDKAppID")]
    WrongApp,
    /// Made for another account. Names are compared case-sensitively. [doc]
    #[error("UserSig is for another identifier")]
    WrongIdentifier,
    /// Its last second has passed.
    #[error("UserSig has expired")]
    Expired,
    /// Made with another key, or changed after it was made.
    #[error("UserSig was not signed with the secret key of this app")]
    WrongSignature,
}

/// The reason why a text cannot be read as a `UserSig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Longer than [`TEXT_BYTES_MAX`].
    #[error("longer than {TEXT_BYTES_MAX} bytes")]
    TextTooLong,
    /// Not base64, in either alphabet.
    #[error("not base64, perhaps cut short")]
    NotBase64,
    /// Not in zlib format, or its checksum is wrong.
    #[error("not zlib data")]
    NotZlib,
    /// The zlib stream does not end.
    #[error("cut short")]
    Truncated,
    /// Inflates to more than [`DOCUMENT_BYTES_MAX`].
    #[error("inflates to more than {DOCUMENT_BYTES_MAX} bytes")]
    DocumentTooLong,
    /// Something follows the zlib stream.
    #[error("bytes follow the zlib data")]
    TrailingBytes,
    /// Not JSON, or a member is missing, doubled or of the wrong type. Signatures of version 1 end here.
    #[error("not a TLSSigAPIv2 document")]
    NotDocument,
    /// A member holds characters with which one document could be taken for another.
    #[error("a member holds characters that do not belong there")]
    Ambiguous,
}

/// Checks that `text`, already percent-decoded, is a valid signature of `identifier` in `app` at `now`.
///
/// The order of the checks is app, account, expiry, signature, so a wrongly signed one that has also expired is
/// "expired", as the official verifiers have it. [choice] One made in the future passes: clocks differ. The HMAC
/// is compared in constant time, whatever else is wrong. The caller must check for a kick after it was made.
///
/// # Errors
/// The first [`Problem`] found.
pub fn verify(
    text: &str,
    app: AppId,
    identifier: &str,
    key: &SecretKey,
    now: Timestamp,
) -> Result<Verified, Refused> {
    let document = Document::read(text).map_err(|problem| Refused { problem, is_genuine: false })?;
    let claimed = STANDARD.decode(&document.signature).unwrap_or_default();
    let is_genuine = key.sign(&document.signed_text()).verify_slice(&claimed).is_ok();
    let problem = if document.app != u64::from(app.0) {
        Problem::WrongApp
    } else if document.identifier != identifier {
        Problem::WrongIdentifier
    } else if document.last_valid() < now {
        Problem::Expired
    } else if !is_genuine {
        Problem::WrongSignature
    } else {
        return Ok(Verified { made: Timestamp(document.made_seconds), last_valid: document.last_valid() });
    };
    Err(Refused { problem, is_genuine })
}

/// Makes a `UserSig` without a user buffer, valid from `now` up to and including `now + lifetime_seconds`.
///
/// Every account name the API allows gives one that [`verify`] accepts; a name with a line feed, or so long that
/// the result exceeds [`TEXT_BYTES_MAX`], does not.
#[must_use]
pub fn make(identifier: &str, app: AppId, key: &SecretKey, now: Timestamp, lifetime_seconds: u64) -> String {
    let mut document = Document {
        identifier: identifier.to_owned(),
        app: u64::from(app.0),
        made_seconds: now.0,
        lifetime_seconds,
        user_buffer: None,
        signature: String::new(),
    };
    document.signature = STANDARD.encode(key.sign(&document.signed_text()).finalize().into_bytes());
    document.write()
}
