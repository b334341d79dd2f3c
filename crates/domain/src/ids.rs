//! Names of apps, accounts and groups.

use crate::group::GroupType;
use crate::limits::{CUSTOM_GROUP_ID_BYTES_MAX, GROUP_ID_BYTES_MAX, USER_ID_BYTES_MAX};
use std::fmt;

/// Number of an app (`SDKAppID`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub u32);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of an account: 1 to 32 bytes of printable ASCII, compared case-sensitively.
///
/// Three wordings of the alphabet are published; this is the widest, so no documented name is refused. [choice]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

impl UserId {
    /// `None` when `raw` is no account name.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        ((1..=USER_ID_BYTES_MAX).contains(&raw.len()) && is_printable_ascii(raw))
            .then(|| Self(raw.to_owned()))
    }

    /// Makes a name of this beginning, which is short and printable, from random bits. Equal bits give equal names.
    pub(crate) fn generate(prefix: &str, random_bits: u64) -> Self {
        Self(format!("{prefix}{random_bits:016x}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Id of a group, unique within its app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(String);

/// Why a group id chosen by the app is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupIdProblem {
    /// Longer than [`CUSTOM_GROUP_ID_BYTES_MAX`].
    #[error("is {0} bytes long; at most {CUSTOM_GROUP_ID_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A byte outside 0x20 to 0x7e.
    #[error("holds a character outside printable ASCII (0x20 to 0x7e)")]
    NotPrintable,
    /// The prefix of generated ids.
    #[error("must not start with @TGS#, the prefix of generated ids")]
    ReservedPrefix,
    /// A community whose id does not say so.
    #[error("of a Community must start with @TGS#_")]
    CommunityPrefixMissing,
    /// The form of generated community ids.
    #[error("must not start with @TGS#_@TGS#, the prefix of generated community ids")]
    GeneratedCommunityPrefix,
}

const GENERATED: &str = "@TGS#";
const COMMUNITY: &str = "@TGS#_";
const GENERATED_COMMUNITY: &str = "@TGS#_@TGS#";

impl GroupId {
    /// An id as any command but create and import takes it: one that could exist. `None` otherwise.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        ((1..=GROUP_ID_BYTES_MAX).contains(&raw.len()) && is_printable_ascii(raw))
            .then(|| Self(raw.to_owned()))
    }

    /// Whether it begins like the ids of communities, which no other group has.
    #[must_use]
    pub fn is_community(&self) -> bool {
        self.0.starts_with(COMMUNITY)
    }

    /// An id chosen by the app for a new group of type `kind`.
    ///
    /// # Errors
    /// The first rule the id breaks.
    pub fn parse_custom(raw: &str, kind: GroupType) -> Result<Self, GroupIdProblem> {
        if CUSTOM_GROUP_ID_BYTES_MAX < raw.len() {
            return Err(GroupIdProblem::TooLong(raw.len()));
        }
        if !is_printable_ascii(raw) {
            return Err(GroupIdProblem::NotPrintable);
        }
        if kind == GroupType::Community {
            if raw.starts_with(GENERATED_COMMUNITY) {
                return Err(GroupIdProblem::GeneratedCommunityPrefix);
            }
            if !raw.starts_with(COMMUNITY) {
                return Err(GroupIdProblem::CommunityPrefixMissing);
            }
        } else if raw.starts_with(GENERATED) {
            return Err(GroupIdProblem::ReservedPrefix);
        }
        Ok(Self(raw.to_owned()))
    }

    /// An id that a group keeps when it moves in: one that an app could choose, or one that another server generated.
    ///
    /// # Errors
    /// The first rule the id breaks.
    pub fn parse_moved(raw: &str, kind: GroupType) -> Result<Self, GroupIdProblem> {
        match Self::parse_custom(raw, kind) {
            Err(GroupIdProblem::GeneratedCommunityPrefix) => Ok(Self(raw.to_owned())),
            // Ids that begin like those of communities stay theirs.
            Err(GroupIdProblem::ReservedPrefix) if !raw.starts_with(COMMUNITY) && raw != GENERATED => {
                Ok(Self(raw.to_owned()))
            }
            other => other,
        }
    }

    /// Makes an id in the documented form from random bits: `@TGS#`, a character for the type, then letters and
    /// digits; communities carry the prefix twice and are longer. Equal bits give equal ids.
    ///
    /// Generated ids of groups and topics have a letter more than those of the imitated service, so that no group that moves in
    /// from there is called so. [choice]
    #[must_use]
    pub fn generate(kind: GroupType, random_bits: u64) -> Self {
        let (prefix, letter, length) = match kind {
            GroupType::Private => (GENERATED, '1', 9),
            GroupType::Public => (GENERATED, '2', 9),
            GroupType::ChatRoom => (GENERATED, '3', 9),
            GroupType::AvChatRoom => (GENERATED, 'a', 9),
            GroupType::Community => (GENERATED_COMMUNITY, 'c', 12),
        };
        let mut id = String::with_capacity(prefix.len() + 1 + length);
        id.push_str(prefix);
        id.push(letter);
        id.extend(letters(random_bits, length));
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Id of a topic: that of its community, then `@TOPIC#_` and a name. Unique within its app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(String);

/// What stands between the id of a community and the name of its topic.
const TOPIC: &str = "@TOPIC#_";
/// How the name of a topic begins when the server made it.
const GENERATED_TOPIC: &str = "@TOPIC#c";

impl TopicId {
    /// The id of a topic that `group` could have; `None` otherwise. [doc]
    #[must_use]
    pub fn parse(raw: &str, group: &GroupId) -> Option<Self> {
        let name = raw.strip_prefix(group.as_str())?.strip_prefix(TOPIC)?;
        (!name.is_empty() && raw.len() <= GROUP_ID_BYTES_MAX && is_printable_ascii(name))
            .then(|| Self(raw.to_owned()))
    }

    /// An id chosen by the app for a new topic of `group`: its name must not look like a generated one. [doc]
    #[must_use]
    pub fn parse_custom(raw: &str, group: &GroupId) -> Option<Self> {
        let name = raw.strip_prefix(group.as_str())?.strip_prefix(TOPIC)?;
        (!name.contains(COMMUNITY) && !raw.contains("@TOPIC#_@TOPIC#")).then(|| Self::parse(raw, group))?
    }

    /// Makes an id for a topic of `group` from random bits. Equal bits give equal ids.
    #[must_use]
    pub fn generate(group: &GroupId, random_bits: u64) -> Self {
        let mut id = format!("{group}{TOPIC}{GENERATED_TOPIC}");
        id.extend(letters(random_bits, 12));
        Self(id)
    }

    /// An id that a store kept.
    #[must_use]
    pub fn stored(raw: &str) -> Option<Self> {
        raw.contains(TOPIC).then(|| Self(raw.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Id of a permission group, unique within its community: `@PMG#_` and a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionGroupId(String);

const PERMISSION_GROUP: &str = "@PMG#_";
const GENERATED_PERMISSION_GROUP: &str = "@PMG#_@PMG#";

impl PermissionGroupId {
    /// `None` when `raw` is not of the form.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let name = raw.strip_prefix(PERMISSION_GROUP)?;
        (!name.is_empty() && raw.len() <= GROUP_ID_BYTES_MAX && is_printable_ascii(raw))
            .then(|| Self(raw.to_owned()))
    }

    /// An id chosen by the app: not of the form of generated ones. [doc]
    #[must_use]
    pub fn parse_custom(raw: &str) -> Option<Self> {
        (!raw.starts_with(GENERATED_PERMISSION_GROUP)).then(|| Self::parse(raw))?
    }

    /// Makes an id from random bits. Equal bits give equal ids.
    #[must_use]
    pub fn generate(random_bits: u64) -> Self {
        let mut id = format!("{GENERATED_PERMISSION_GROUP}c");
        id.extend(letters(random_bits, 8));
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PermissionGroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Up to 12 letters and digits out of random bits.
fn letters(random_bits: u64, count: usize) -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    (0..count).map(move |position| {
        let digit = (random_bits >> (5 * position)) & 31;
        char::from(ALPHABET[usize::try_from(digit).unwrap_or(0)])
    })
}

/// Bytes 0x20 to 0x7e only.
fn is_printable_ascii(raw: &str) -> bool {
    raw.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_names_are_1_to_32_printable_bytes() {
        for good in ["a", "administrator", "a b", "~!@#", &"x".repeat(32)] {
            assert!(UserId::parse(good).is_some(), "{good:?}");
        }
        for bad in ["", "\u{7f}", "tab\t", "é", &"x".repeat(33)] {
            assert!(UserId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn custom_ids_follow_the_rules_of_the_type() {
        use GroupIdProblem::*;
        let cases = [
            (GroupType::Public, "book-club-7", Ok(())),
            (GroupType::Public, " spaces inside ", Ok(())),
            (GroupType::Public, "@TGS#1ABC", Err(ReservedPrefix)),
            (GroupType::Private, "@TGS#_abc", Err(ReservedPrefix)),
            (GroupType::Public, "a\u{1}", Err(NotPrintable)),
            (GroupType::Public, "gruppe-ä", Err(NotPrintable)),
            (GroupType::Community, "@TGS#_abc", Ok(())),
            (GroupType::Community, "abc", Err(CommunityPrefixMissing)),
            (GroupType::Community, "@TGS#_@TGS#abc", Err(GeneratedCommunityPrefix)),
        ];
        for (kind, id, expected) in cases {
            assert_eq!(GroupId::parse_custom(id, kind).map(|_| ()), expected, "{kind:?} {id}");
        }
        assert!(GroupId::parse_custom(&"x".repeat(48), GroupType::Public).is_ok());
        assert_eq!(GroupId::parse_custom(&"x".repeat(49), GroupType::Public), Err(TooLong(49)));
    }

    #[test]
    fn generated_ids_have_the_documented_form_and_can_exist() {
        for (kind, start, length) in [
            (GroupType::Private, "@TGS#1", 15),
            (GroupType::Public, "@TGS#2", 15),
            (GroupType::ChatRoom, "@TGS#3", 15),
            (GroupType::Community, "@TGS#_@TGS#c", 24),
        ] {
            let id = GroupId::generate(kind, 0x0123_4567_89ab_cdef);
            assert!(id.as_str().starts_with(start), "{id}");
            assert_eq!(id.as_str().len(), length);
            assert!(GroupId::parse_custom(id.as_str(), kind).is_err(), "an app could take {id} first");
            assert_eq!(GroupId::parse(id.as_str()), Some(id));
        }
    }

    #[test]
    fn groups_that_move_in_keep_ids_that_another_server_generated() {
        use GroupIdProblem::*;
        let cases = [
            (GroupType::Public, "book-club-7", Ok(())),
            (GroupType::Public, "@TGS#2K2DAMMPV", Ok(())),
            (GroupType::Community, "@TGS#_@TGS#cKX3MPIM62CB", Ok(())),
            (GroupType::Public, "@TGS#", Err(ReservedPrefix)),
            (GroupType::Public, "@TGS#_@TGS#cKX3MPIM62CB", Err(ReservedPrefix)),
            (GroupType::Community, "@TGS#2K2DAMMPV", Err(CommunityPrefixMissing)),
            (GroupType::Public, "@TGS#\u{1}", Err(NotPrintable)),
        ];
        for (kind, id, expected) in cases {
            assert_eq!(GroupId::parse_moved(id, kind).map(|_| ()), expected, "{kind:?} {id}");
        }
        for (kind, moved) in
            [(GroupType::Public, "@TGS#2K2DAMMPV"), (GroupType::Community, "@TGS#_@TGS#cKX3MPIM62CB")]
        {
            assert_ne!(GroupId::generate(kind, 0).as_str().len(), moved.len());
        }
    }
}
