//! Names that another format allows, each used once.

use crate::format::identity::digest;
use std::collections::BTreeSet;

/// What no name begins or ends with.
const ENDS: [char; 3] = ['-', '_', '.'];

/// The names that are taken.
pub(crate) struct Names {
    taken: BTreeSet<String>,
    allowed: fn(char) -> bool,
    bytes_max: usize,
}

impl Names {
    #[must_use]
    pub(crate) fn new(allowed: fn(char) -> bool, bytes_max: usize) -> Self {
        Self { taken: BTreeSet::new(), allowed, bytes_max }
    }

    /// A name like `wanted`. `id` tells apart what would have the same; the same calls always give the same names.
    pub(crate) fn take(&mut self, wanted: &str, id: &str) -> String {
        let legal = |character: char| if (self.allowed)(character) { character } else { '-' };
        let name: String = wanted.chars().map(legal).collect();
        let name = name.trim_matches(ENDS);
        let changed = name != wanted || name.is_empty() || self.bytes_max < name.len();
        let mut number = 0_u32;
        let mut candidate = if changed { self.marked(name, id, number) } else { name.to_owned() };
        while !self.taken.insert(candidate.clone()) {
            number += 1;
            candidate = self.marked(name, id, number);
        }
        candidate
    }

    fn marked(&self, name: &str, id: &str, number: u32) -> String {
        let mark = if number == 0 { digest(id) } else { digest(&format!("{id}\0{number}")) };
        let mark = mark.get(..10).unwrap_or_default();
        let room = self.bytes_max.saturating_sub(mark.len() + 1);
        let start: String = name.chars().filter(char::is_ascii).take(room).collect();
        let start = start.trim_end_matches(ENDS);
        if start.is_empty() { format!("n{mark}") } else { format!("{start}-{mark}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_short_and_used_once() {
        let mut names = Names::new(|letter| letter.is_ascii_lowercase() || letter == '-', 20);
        assert_eq!(names.take("ann", "1"), "ann");
        let second = names.take("ann", "2");
        assert_ne!(second, "ann");
        for wanted in ["Ann", "", "--", "名前", "a name that is much too long for this"] {
            let name = names.take(wanted, wanted);
            assert!(name.len() <= 20, "{name}");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
        }
        assert_eq!(names.taken.len(), 7);
    }
}
