//! The entries of a list that an error message names: the first by name, the others by their number.

use std::fmt::{self, Debug, Display};

/// One or more entries of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several {
    first: String,
    more: usize,
}

impl Several {
    /// `None` when there is none.
    pub fn of<T: Display>(entries: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let first = entries.next()?.to_string();
        Some(Self { first, more: entries.count() })
    }

    /// The same, of texts that may hold anything.
    pub fn quoted<T: Debug>(entries: impl IntoIterator<Item = T>) -> Option<Self> {
        Self::of(entries.into_iter().map(|entry| format!("{entry:?}")))
    }
}

impl Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first)?;
        if self.more == 0 { Ok(()) } else { write!(f, " (and {} more)", self.more) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_named_and_the_others_are_counted() {
        let text = |names: &[&str]| Several::of(names).map(|several| several.to_string());
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["a"]).unwrap(), "a");
        assert_eq!(text(&["a", "b", "c"]).unwrap(), "a (and 2 more)");
        assert_eq!(Several::quoted(["a\n", "b"]).unwrap().to_string(), r#""a\n" (and 1 more)"#);
    }
}
