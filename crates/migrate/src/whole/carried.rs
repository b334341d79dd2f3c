//! What the source had and no row of a group holds: `src`, `key` and `x` of its records.

use crate::format::Json;
use landfall_domain::origin::CARRIED_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kept beside the group, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<Json>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    topics: BTreeMap<String, Named>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    members: BTreeMap<String, Named>,
    /// Whether entries of members were left out because there are too many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    #[serde(skip)]
    bytes: usize,
}

/// What is carried beside a group that has what two files say. Where both say something of a record, the second counts; the
/// first where there is no room for both.
#[must_use]
pub fn carried_of_both(there: &[u8], new: &[u8]) -> Vec<u8> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Carried>(bytes).unwrap_or_default();
    let (mut both, new) = (read(there), read(new));
    both.x = new.x.or(both.x);
    both.topics.extend(new.topics);
    both.members.extend(new.members);
    both.cut |= new.cut;
    let both = both.into_bytes();
    if both.len() <= CARRIED_BYTES_MAX { both } else { there.to_vec() }
}

/// What a record is called in its source.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(skip_serializing_if = "String::is_empty")]
    src: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<Json>,
}

/// Bytes of an entry besides its texts, at most.
const ENTRY_BYTES: usize = 64;
/// A byte becomes six at most when it is written in JSON.
const ESCAPED: usize = 6;

impl Carried {
    pub(super) fn of_group(x: Option<Json>) -> Self {
        let x = x.filter(|x| x.as_str().len() < CARRIED_BYTES_MAX / 2);
        let bytes = ENTRY_BYTES + x.as_ref().map_or(0, |x| x.as_str().len());
        Self { x, bytes, ..Self::default() }
    }

    pub(super) fn topic(&mut self, name: &str, src: &str, key: &str, x: Option<&Json>) {
        if let Some(named) = self.named(name, src, key, x) {
            self.topics.insert(name.to_owned(), named);
        }
    }

    pub(super) fn member(&mut self, name: &str, src: &str, key: &str, x: Option<&Json>) {
        if let Some(named) = self.named(name, src, key, x) {
            self.members.insert(name.to_owned(), named);
        }
    }

    /// `None` where there is nothing to keep, or no room.
    fn named(&mut self, name: &str, src: &str, key: &str, x: Option<&Json>) -> Option<Named> {
        if key.is_empty() && x.is_none() {
            return None;
        }
        let texts = ESCAPED * (name.len() + src.len() + key.len());
        let bytes = ENTRY_BYTES + texts + x.map_or(0, |x| x.as_str().len());
        if CARRIED_BYTES_MAX < self.bytes + bytes {
            self.cut = true;
            return None;
        }
        self.bytes += bytes;
        Some(Named { src: src.to_owned(), key: key.to_owned(), x: x.cloned() })
    }

    /// Nothing where nothing is kept.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let empty = self.x.is_none() && self.topics.is_empty() && self.members.is_empty() && !self.cut;
        // Records have string keys only, and can always be written.
        if empty { Vec::new() } else { serde_json::to_vec(&self).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_files_carry_is_kept_together_as_far_as_there_is_room() {
        let there = br#"{"x":{"a":1},"members":{"ann":{"key":"1"},"ben":{"key":"2"}}}"#;
        let new = br#"{"members":{"ben":{"key":"3"},"cy":{"key":"4"}},"cut":true}"#;
        let both =
            r#"{"x":{"a":1},"members":{"ann":{"key":"1"},"ben":{"key":"3"},"cy":{"key":"4"}},"cut":true}"#;
        assert_eq!(String::from_utf8(carried_of_both(there, new)).unwrap(), both);
        assert_eq!((carried_of_both(there, b""), carried_of_both(b"", b"")), (there.to_vec(), Vec::new()));
        let large = format!(r#"{{"x":"{}"}}"#, "a".repeat(CARRIED_BYTES_MAX - 40));
        assert_eq!(carried_of_both(there, large.as_bytes()), there);
    }
}
