//! Makes names and texts legal. The same input gives the same output, so that references to a name stay alike.

use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::limits::{CUSTOM_GROUP_ID_BYTES_MAX, GROUP_ID_BYTES_MAX, USER_ID_BYTES_MAX};
use unicode_segmentation::UnicodeSegmentation as _;
use xxhash_rust::xxh3::xxh3_64;

const COMMUNITY: &str = "@TGS#_";
const TOPIC: &str = "@TOPIC#_";
/// A hyphen and eight hexadecimal digits.
const SUFFIX_BYTES: usize = 9;

/// The longest beginning of `text` that has `bytes` at most and ends where a character ends, as readers see characters.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let ends = text.grapheme_indices(true).map(|(start, character)| start + character.len());
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// A legal account name for `raw`; itself where it is legal, `None` where it is empty.
#[must_use]
pub fn account(raw: &str) -> Option<String> {
    if UserId::parse(raw).is_some() {
        return Some(raw.to_owned());
    }
    (!raw.is_empty()).then(|| with_suffix("", raw, raw, USER_ID_BYTES_MAX))
}

/// A legal id for a group of type `kind` that is called `raw`; itself where it is legal, `None` where it is empty.
#[must_use]
pub fn group(raw: &str, kind: GroupType) -> Option<String> {
    if raw.is_empty() {
        return None;
    }
    if GroupId::parse_custom(raw, kind).is_ok() {
        return Some(raw.to_owned());
    }
    let name = raw.trim_start_matches(COMMUNITY).trim_start_matches("@TGS#");
    let prefix = if kind == GroupType::Community { COMMUNITY } else { "" };
    Some(with_suffix(prefix, name, raw, CUSTOM_GROUP_ID_BYTES_MAX))
}

/// A legal id for the topic `raw` of a group that was called `raw_group` and is called `group`; itself where it is legal, `None`
/// where it is empty.
#[must_use]
pub fn topic(raw: &str, raw_group: &str, group: &str) -> Option<String> {
    let group = GroupId::parse(group)?;
    if raw.is_empty() {
        return None;
    }
    if TopicId::parse_custom(raw, &group).is_some() {
        return Some(raw.to_owned());
    }
    let prefix = format!("{group}{TOPIC}");
    let name = raw.strip_prefix(raw_group).and_then(|rest| rest.strip_prefix(TOPIC));
    let renamed = name.map(|name| format!("{prefix}{name}"));
    if let Some(renamed) = renamed.filter(|renamed| TopicId::parse_custom(renamed, &group).is_some()) {
        return Some(renamed);
    }
    let name = name.unwrap_or(raw).replace('@', "");
    Some(with_suffix(&prefix, &name, raw, GROUP_ID_BYTES_MAX))
}

/// What of `name` is printable ASCII, between `prefix` and a hash of `raw`.
fn with_suffix(prefix: &str, name: &str, raw: &str, bytes_max: usize) -> String {
    let room = bytes_max.saturating_sub(prefix.len() + SUFFIX_BYTES);
    let printable = name.chars().filter(|character| (' '..='~').contains(character));
    let kept: String = printable.take(room).collect();
    let hash = xxh3_64(raw.as_bytes()) >> 32;
    format!("{prefix}{kept}-{hash:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("häuser", 2), "h");
        assert_eq!(cut("ab", 2), "ab");
        let family = "👨‍👩‍👧x";
        assert_eq!(cut(family, family.len() - 1), "👨‍👩‍👧");
        assert_eq!(cut(family, 7), "");
    }

    #[test]
    fn legal_names_stay_and_others_keep_what_can_be_read() {
        assert_eq!(account("ann").as_deref(), Some("ann"));
        assert_eq!(account("änn").as_deref().map(|name| &name[..3]), Some("nn-"));
        assert_eq!(account(""), None);
        assert_eq!(group("@TGS#_c", GroupType::Community).as_deref(), Some("@TGS#_c"));
        assert!(group("c", GroupType::Community).is_some_and(|id| id.starts_with("@TGS#_c-")));
        assert!(group("@TGS#1", GroupType::Public).is_some_and(|id| id.starts_with("1-")));
        assert_eq!(topic("g@TOPIC#_t", "g", "@TGS#_g").as_deref(), Some("@TGS#_g@TOPIC#_t"));
        assert!(topic("general", "g", "g").is_some_and(|id| id.starts_with("g@TOPIC#_general-")));
    }

    proptest! {
        #[test]
        fn whatever_comes_becomes_legal(raw in ".{1,80}", community in any::<bool>()) {
            let kind = if community { GroupType::Community } else { GroupType::Public };
            let id = group(&raw, kind).unwrap();
            prop_assert!(GroupId::parse_custom(&id, kind).is_ok(), "{}", id);
            prop_assert!(UserId::parse(&account(&raw).unwrap()).is_some());
            let topic = topic(&raw, "g", &id).unwrap();
            prop_assert!(TopicId::parse_custom(&topic, &GroupId::parse(&id).unwrap()).is_some(), "{}", topic);
        }
    }
}
