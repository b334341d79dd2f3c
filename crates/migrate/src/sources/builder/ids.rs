//! Ids that the API allows, made of any id of a source.
//!
//! An id that is allowed stays. Any other is cut to what is allowed, and `-` and 8 hexadecimal digits of a hash of the whole id
//! follow, so that it depends on nothing else and two ids do not become one. [choice]

use crate::format::identity;
use crate::mapping::GroupKind;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::{CUSTOM_GROUP_ID_BYTES_MAX, USER_ID_BYTES_MAX};

const COMMUNITY: &str = "@TGS#_";
const DIGITS: usize = 8;

/// The id of an account.
#[must_use]
pub fn account(id: &str) -> String {
    if UserId::parse(id).is_some() { id.to_owned() } else { cut(id, USER_ID_BYTES_MAX) }
}

/// The id of a group.
#[must_use]
pub fn group(id: &str, kind: GroupKind) -> String {
    if !id.is_empty() && GroupId::parse_custom(id, group_type(kind)).is_ok() {
        return id.to_owned();
    }
    match kind {
        GroupKind::Community => {
            let with_prefix = format!("{COMMUNITY}{id}");
            if !id.is_empty() && GroupId::parse_custom(&with_prefix, GroupType::Community).is_ok() {
                return with_prefix;
            }
            format!("{COMMUNITY}{}", cut(id, CUSTOM_GROUP_ID_BYTES_MAX - COMMUNITY.len()))
        }
        GroupKind::Private | GroupKind::Public | GroupKind::ChatRoom => cut(id, CUSTOM_GROUP_ID_BYTES_MAX),
    }
}

/// What is wrong with a group's id that a person chose; `None` where it may be.
#[must_use]
pub fn problem(id: &str, kind: GroupKind) -> Option<String> {
    if id.is_empty() {
        return Some("is empty".to_owned());
    }
    GroupId::parse_custom(id, group_type(kind)).err().map(|problem| problem.to_string())
}

fn group_type(kind: GroupKind) -> GroupType {
    match kind {
        GroupKind::Private => GroupType::Private,
        GroupKind::Public => GroupType::Public,
        GroupKind::ChatRoom => GroupType::ChatRoom,
        GroupKind::Community => GroupType::Community,
    }
}

/// At most `max` bytes, printable, and not like the ids that servers make.
fn cut(id: &str, max: usize) -> String {
    let digest = identity::digest(id);
    let hash = digest.get(..DIGITS).unwrap_or(&digest);
    let printable = id.chars().map(|letter| match letter {
        '@' | '#' => '_',
        ' '..='~' => letter,
        _ => '_',
    });
    let kept: String = printable.take(max - DIGITS - 1).collect();
    format!("{kept}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_that_is_allowed_stays() {
        assert_eq!(account("U024BE7LH"), "U024BE7LH");
        assert_eq!(group("C024BE91L", GroupKind::Public), "C024BE91L");
        assert_eq!(group("C024BE91L", GroupKind::Community), "@TGS#_C024BE91L");
        assert_eq!(group("@TGS#_mine", GroupKind::Community), "@TGS#_mine");
    }

    #[test]
    fn an_id_that_is_not_allowed_is_cut_and_stays_unique() {
        assert_eq!(account("zoë").len(), 12);
        assert_ne!(account("zoë"), account("zoé"));
        let long = |end: &str| format!("{}{end}", "a".repeat(60));
        assert_ne!(group(&long("1"), GroupKind::Public), group(&long("2"), GroupKind::Public));
        assert_eq!(group(&long("1"), GroupKind::Public).len(), CUSTOM_GROUP_ID_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn whatever_the_source_has_becomes_an_id(id in "(@TGS#_?){0,2}.{0,80}") {
            prop_assert!(UserId::parse(&account(&id)).is_some());
            for kind in [GroupKind::Private, GroupKind::Public, GroupKind::ChatRoom, GroupKind::Community] {
                prop_assert_eq!(problem(&group(&id, kind), kind), None);
            }
        }
    }
}
