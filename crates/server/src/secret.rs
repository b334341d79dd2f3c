//! Texts that two sides must spell alike: keys and tokens.

/// What is wrong with a secret. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretFlaw {
    /// Nothing.
    #[error("must not be empty: anyone could sign with it")]
    Empty,
    /// Shorter than a key may be.
    #[error("must be at least {0} bytes long; the key of an app usually is 64 hexadecimal digits")]
    Short(usize),
    /// White space around it, which the other side most likely does not have.
    #[error("must not begin or end with white space: what is signed without it would be refused")]
    Space,
    /// Lines, or other characters that nobody types into a key.
    #[error("must be one line without control characters")]
    Control,
}

/// Looks at what every secret must be.
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

/// What some editors begin a file with; nobody sees it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The secret in the text of a file, which editors end with a line feed, and some begin with a byte order mark.
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
