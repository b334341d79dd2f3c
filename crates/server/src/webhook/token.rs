//! The token that a receiver and this server share, and what requests are signed with.

use crate::secret::{self, SecretFlaw};
use landfall_domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A shared secret. Prints as `***`, so that no log or error can carry it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token that is not empty.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: String) -> Result<Self, SecretFlaw> {
        secret::check(&text).map(|()| Self(text))
    }

    /// `Sign` of a request made at `now`: the SHA-256 of the token and the decimal digits of `RequestTime`, directly
    /// one after the other, in lowercase hexadecimal. [doc]
    #[must_use]
    pub fn sign(&self, now: Timestamp) -> String {
        let digest = Sha256::new().chain_update(&self.0).chain_update(now.0.to_string()).finalize();
        format!("{digest:x}")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented time, with the token that the documented hash belongs to.
    #[test]
    fn requests_are_signed_as_documented() {
        let token = Token::new("xxxxyyyy".to_owned()).unwrap();
        assert_eq!(
            token.sign(Timestamp(1_669_872_112)),
            "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
        );
    }

    #[test]
    fn a_token_is_not_empty_and_never_printed() {
        assert!(Token::new(String::new()).is_err());
        let token = Token::new("hush".to_owned()).unwrap();
        assert_eq!(format!("{token:?} {token}"), "*** ***");
    }
}
