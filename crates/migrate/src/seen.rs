//! Remembers what was seen, in bounded memory.

use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// How many hashes are held at most: 16 to 30 bytes each.
const HELD_MAX: usize = 2_000_000;

/// Hashes of texts. Beyond a limit the oldest half is forgotten.
#[derive(Debug)]
pub(crate) struct Seen {
    new: BTreeSet<u64>,
    old: BTreeSet<u64>,
    forgot: bool,
    held_max: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self::holding(HELD_MAX)
    }
}

impl Seen {
    fn holding(held_max: usize) -> Self {
        Self { new: BTreeSet::new(), old: BTreeSet::new(), forgot: false, held_max }
    }

    /// Whether `text` is new, as far as it is remembered.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let hash = xxh3_64(text.as_bytes());
        if self.new.contains(&hash) || self.old.contains(&hash) {
            return false;
        }
        if self.held_max / 2 <= self.new.len() {
            self.forgot |= !self.old.is_empty();
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(hash)
    }

    /// Whether `text` was seen; also true where it may have been forgotten.
    pub(crate) fn may_contain(&self, text: &str) -> bool {
        let hash = xxh3_64(text.as_bytes());
        self.forgot || self.new.contains(&hash) || self.old.contains(&hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_known_until_it_is_forgotten() {
        let mut seen = Seen::holding(4);
        assert!(["a", "b", "c", "d"].iter().all(|text| seen.insert(text)));
        assert!(!seen.insert("a"));
        assert!(seen.may_contain("b") && !seen.may_contain("x"));
        assert!(["e", "f", "g"].iter().all(|text| seen.insert(text)));
        assert!(seen.insert("c"));
        assert!(seen.may_contain("x"));
    }
}
