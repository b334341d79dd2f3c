//! What the source had and no row of a group holds: `src`, `key` and `x` of its records.

use crate::format::Json;
use landfall_domain::origin::CARRIED_BYTES_MAX;
use serde::Serialize;
use std::collections::BTreeMap;

/// Kept beside the group, as JSON.
#[derive(Debug, Default, Serialize)]
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

/// What a record is called in its source.
#[derive(Debug, Serialize)]
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
