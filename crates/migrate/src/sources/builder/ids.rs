//! Ids that the API allows, made of any id of a source.
//!
//! An id that is allowed stays; [`legal`] makes the others so.

use crate::mapping::GroupKind;
use crate::rules::legal;
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;

const COMMUNITY: &str = "@TGS#_";
/// Stands for an id that is empty.
const EMPTY: &str = "none";

/// The id of an account.
#[must_use]
pub fn account(id: &str) -> String {
    legal::account(id).unwrap_or_else(|| EMPTY.to_owned())
}

/// The id of a group. Those of communities begin with `@TGS#_`.
#[must_use]
pub fn group(id: &str, kind: GroupKind) -> String {
    let kind = group_type(kind);
    if kind == GroupType::Community && !id.is_empty() && !id.starts_with(COMMUNITY) {
        let with_prefix = format!("{COMMUNITY}{id}");
        if GroupId::parse_custom(&with_prefix, kind).is_ok() {
            return with_prefix;
        }
    }
    legal::group(if id.is_empty() { EMPTY } else { id }, kind).unwrap_or_default()
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
        GroupKind::Private | GroupKind::OneToOne => GroupType::Private,
        GroupKind::Public => GroupType::Public,
        GroupKind::ChatRoom => GroupType::ChatRoom,
        GroupKind::Community => GroupType::Community,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::ids::UserId;
    use landfall_domain::limits::CUSTOM_GROUP_ID_BYTES_MAX;
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
        assert_eq!(account("zoë").len(), "zo-12345678".len());
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
