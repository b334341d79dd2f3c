//! Texts with a bound in bytes.

use crate::limits::Span;

/// A text whose length in UTF-8 bytes was checked. The API counts bytes, so a Chinese character is three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text(String);

/// A text outside its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is {got} bytes long; {} to {} are allowed", allowed.min, allowed.max)]
pub struct TextOutOfBounds {
    /// The length found, in bytes.
    pub got: usize,
    /// The bounds, in bytes.
    pub allowed: Span,
}

impl Text {
    pub const EMPTY: Self = Self(String::new());

    /// Takes `raw` when its length in bytes lies within `allowed`; nothing is ever cut.
    ///
    /// # Errors
    /// The length and the bounds, when it does not.
    pub fn parse(raw: String, allowed: Span) -> Result<Self, TextOutOfBounds> {
        if allowed.contains(raw.len()) {
            Ok(Self(raw))
        } else {
            Err(TextOutOfBounds { got: raw.len(), allowed })
        }
    }

    /// A text a store kept: it was checked when it was accepted, perhaps under other limits.
    #[must_use]
    pub fn stored(raw: String) -> Self {
        Self(raw)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}
