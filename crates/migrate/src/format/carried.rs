//! What the source had and no row of a group holds: `src`, `key` and `x` of its records, as a job keeps them beside the group.

use super::Json;
use landfall_domain::origin::CARRIED_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of an entry besides its texts, at most.
const ENTRY_BYTES: usize = 48;
/// Bytes of a whole one: an answer with it has its bound too.
const BYTES_MAX: usize = CARRIED_BYTES_MAX - (64 << 10);

/// Kept beside the group, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Carried {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x: Option<Json>,
    /// By id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) topics: BTreeMap<String, Named>,
    /// By account.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) members: BTreeMap<String, Named>,
    /// Of read marks: by topic, "" for the group itself, then by account.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reads: BTreeMap<String, BTreeMap<String, Named>>,
    /// Whether something was left out because there is too much.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cut: bool,
    #[serde(skip)]
    bytes: usize,
    /// `src` of the group.
    #[serde(skip)]
    src: String,
}

/// What a record is called in its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    /// `None` where it is that of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) src: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x: Option<Json>,
}

/// Bytes of a text in JSON, at most.
fn written(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\')).count();
    text.len() + 5 * escaped
}

impl Carried {
    pub(crate) fn of_group(src: &str, x: Option<Json>) -> Self {
        let mut carried = Self { src: src.to_owned(), bytes: 2 * ENTRY_BYTES, ..Self::default() };
        carried.x = x.filter(|x| carried.has_room(x.as_str().len()));
        carried
    }

    pub(crate) fn topic(&mut self, id: &str, src: &str, key: &str, x: Option<&Json>) {
        if let Some(named) = self.named(id.len(), src, key, x) {
            self.topics.insert(id.to_owned(), named);
        }
    }

    pub(crate) fn member(&mut self, account: &str, src: &str, key: &str, x: Option<&Json>) {
        if let Some(named) = self.named(written(account), src, key, x) {
            self.members.insert(account.to_owned(), named);
        }
    }

    /// `topic`: "" for the group itself.
    pub(crate) fn read(&mut self, topic: &str, account: &str, src: &str, key: &str, x: Option<&Json>) {
        let name = written(account) + if self.reads.contains_key(topic) { 0 } else { written(topic) };
        if let Some(named) = self.named(name, src, key, x) {
            self.reads.entry(topic.to_owned()).or_default().insert(account.to_owned(), named);
        }
    }

    /// `None` where there is nothing to keep, or no room.
    fn named(&mut self, name_bytes: usize, src: &str, key: &str, x: Option<&Json>) -> Option<Named> {
        if src.is_empty() && key.is_empty() && x.is_none() {
            return None;
        }
        let src = (src != self.src).then(|| src.to_owned());
        let texts = src.as_deref().map_or(0, written) + written(key);
        self.has_room(name_bytes + texts + x.map_or(0, |x| x.as_str().len())).then(|| Named {
            src,
            key: key.to_owned(),
            x: x.cloned(),
        })
    }

    /// Counts an entry in, or notes that one was left out.
    fn has_room(&mut self, bytes: usize) -> bool {
        let bytes = self.bytes + ENTRY_BYTES + bytes;
        let fits = bytes <= BYTES_MAX;
        if fits {
            self.bytes = bytes;
        } else {
            self.cut = true;
        }
        fits
    }

    /// Nothing where nothing is kept.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let lists = self.topics.is_empty() && self.members.is_empty() && self.reads.is_empty();
        let empty = self.x.is_none() && lists && !self.cut;
        // Records have string keys only, and can always be written.
        if empty { Vec::new() } else { serde_json::to_vec(&self).unwrap_or_default() }
    }
}

/// What is carried beside a group that has what two files say; `src` is that of the group in each. Where both say something of a
/// record, the second counts; the first where there is no room for both.
#[must_use]
pub fn carried_of_both((src, there): (&str, &[u8]), (new_src, new): (&str, &[u8])) -> Vec<u8> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Carried>(bytes).unwrap_or_default();
    let (mut both, mut new) = (read(there), read(new));
    if src != new_src {
        let marks = new.reads.values_mut().flat_map(BTreeMap::values_mut);
        for named in new.topics.values_mut().chain(new.members.values_mut()).chain(marks) {
            named.src.get_or_insert_with(|| new_src.to_owned());
        }
    }
    both.x = new.x.or(both.x);
    both.topics.extend(new.topics);
    both.members.extend(new.members);
    for (topic, marks) in new.reads {
        both.reads.entry(topic).or_default().extend(marks);
    }
    both.cut |= new.cut;
    let both = both.into_bytes();
    if both.len() <= BYTES_MAX { both } else { there.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_two_files_carry_is_kept_together_as_far_as_there_is_room() {
        let there = br#"{"x":{"a":1},"members":{"ann":{"key":"1"},"ben":{"key":"2"}}}"#;
        let new =
            br#"{"members":{"ben":{"key":"3"},"cy":{"key":"4"}},"reads":{"":{"cy":{"key":"5"}}},"cut":true}"#;
        let both = |of, new| String::from_utf8(carried_of_both(("s", there), (of, new))).unwrap();
        let expected = r#"{"x":{"a":1},"members":{"ann":{"key":"1"},"ben":{"key":"3"},"cy":{"key":"4"}},"reads":{"":{"cy":{"key":"5"}}},"cut":true}"#;
        assert_eq!(both("s", new), expected);
        let expected = r#"{"x":{"a":1},"members":{"ann":{"key":"1"},"ben":{"src":"t","key":"3"},"cy":{"src":"t","key":"4"}},"reads":{"":{"cy":{"src":"t","key":"5"}}},"cut":true}"#;
        assert_eq!(both("t", new), expected);
        assert_eq!(carried_of_both(("s", b""), ("s", b"")), Vec::<u8>::new());
        let large = format!(r#"{{"x":"{}"}}"#, "a".repeat(BYTES_MAX - 40));
        assert_eq!(both("s", large.as_bytes()).as_bytes(), there);
    }

    #[test]
    fn what_is_carried_is_read_again() {
        let mut carried = Carried::of_group("s", Some(json!({ "a": 1 }).into()));
        carried.topic("c@TOPIC#_t", "s", "t1", None);
        carried.member("ann", "other", "", None);
        carried.member("ben", "s", "", Some(&json!("x\n").into()));
        carried.member("cleo", "", "", None);
        carried.read("", "ben", "s", "r1", None);
        let read: Carried = serde_json::from_slice(&carried.clone().into_bytes()).unwrap();
        assert_eq!(
            (&read.x, &read.topics, &read.members, &read.reads),
            (&carried.x, &carried.topics, &carried.members, &carried.reads)
        );
        assert_eq!(read.members.get("ann").unwrap().src.as_deref(), Some("other"));
        assert_eq!(read.members.get("ben").unwrap().src, None);
        assert!(!read.members.contains_key("cleo") && !read.cut);
        assert!(Carried::of_group("s", None).into_bytes().is_empty());
    }

    #[test]
    fn what_is_carried_has_a_bound_and_says_what_it_lacks() {
        let mut carried = Carried::of_group("s", None);
        (0..40_000).for_each(|number| carried.member(&format!("\"{number}\""), "\u{1}", "key\n", None));
        assert!(carried.cut && 5_000 < carried.members.len());
        let bytes = carried.into_bytes().len();
        assert!(bytes <= BYTES_MAX, "{bytes}");
        let x = json!("x".repeat(CARRIED_BYTES_MAX));
        let carried = Carried::of_group("s", Some(x.into()));
        assert!(carried.cut && carried.x.is_none());
    }
}
