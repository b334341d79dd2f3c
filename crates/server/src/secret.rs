//! Keys and tokens, which two sides must spell alike.

use std::fmt;

/// A secret that another service checks. Prints as `***`, so that no log or error can carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// # Errors
    /// The problem with it.
    pub fn new(text: String) -> Result<Self, SecretFlaw> {
        check(&text).map(|()| Self(text))
    }

    /// The secret itself, for whoever signs with it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The problem with a secret. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFlaw {
    #[error("must not be empty: anyone could sign with it")]
    Empty,
    /// Bytes that it must have at least.
    #[error("must be at least {0} bytes long; the key of an app usually is 64 hexadecimal digits")]
    Short(usize),
    /// White space at an end, which the other side most likely does not have.
    #[error("must not begin or end with white space: what is signed without it would be refused")]
    Space,
    /// Line feeds or other control characters.
    #[error("must be one line without control characters")]
    Control,
}

/// Checks the rules of all secrets.
pub(crate) fn check(text: &str) -> Result<(), SecretFlaw> {
    if text.is_empty() {
        Err(SecretFlaw::Empty)
    } else if text.trim() != text {
        Err(SecretFlaw::Space)
    } else if text.contains(|character: char| character.is_control() || character == BYTE_ORDER_MARK) {
        Err(SecretFlaw::Control)
    } else {
        Ok(())
    }
}

/// The byte order mark, an invisible character that some editors begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The secret in the text of a file, without the line feed and the byte order mark that editors add.
pub(crate) fn of_file(text: &str) -> &str {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_and_one_line_feed_ends_a_file() {
        for (text, flaw) in [
            ("", SecretFlaw::Empty),
            (" ", SecretFlaw::Space),
            ("hush ", SecretFlaw::Space),
            ("\thush", SecretFlaw::Space),
            ("\u{a0}hush", SecretFlaw::Space),
            ("hu\nsh", SecretFlaw::Control),
            ("\u{feff}hush", SecretFlaw::Control),
        ] {
            assert_eq!(check(text), Err(flaw), "{text:?}");
        }
        assert_eq!(check("hu sh"), Ok(()));
        assert_eq!(format!("{:?}", Secret::new("hush".to_owned())), "Ok(***)");
        for (file, secret) in [
            ("hush\n", "hush"),
            ("\u{feff}hush\n", "hush"),
            ("hush\r\n", "hush"),
            ("hush", "hush"),
            ("hush\n\n", "hush\n"),
        ] {
            assert_eq!(of_file(file), secret);
        }
    }
}
