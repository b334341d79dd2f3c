//! Profiles of groups and topics. Only what the file gives is compared.

use super::text::{differs, differs_plainly, quoted};
use crate::format::{CustomValue, Group, Topic};
use crate::ordered::Outline;
use crate::reading::{GroupRow, TopicRow};
use crate::rules::defaults::{self, given};
use landfall_domain::group::GroupType;
use landfall_domain::time::Timestamp;

/// The first difference.
pub(super) fn group_difference(file: &Group, outline: &Outline, server: &GroupRow) -> Option<String> {
    let kind = GroupType::parse(&file.kind);
    if kind.is_none() || kind != GroupType::parse(&server.kind) {
        return Some(differs("Type", &file.kind, &server.kind));
    }
    // Without a time of its own, that of the import may decide.
    let settled = given(file.create_time).map(|_| defaults::created(file, outline, Timestamp(u64::MAX)));
    // A group that was not imported may have a message of its very first second.
    let created = settled.filter(|_| given(file.create_time) != Some(server.create_time));
    let topics = kind.filter(|_| server.is_community());
    let topics = topics.map(|kind| defaults::supports_topics(file, kind, outline)).map(u64::from);
    changeable(file, server)
        .or_else(|| text("Owner_Account", defaults::owner(file, outline), &server.owner))
        .or_else(|| number("CreateTime", created, server.create_time))
        .or_else(|| number("SupportTopic", topics, server.support_topic.into()))
}

/// The first difference in what users of a group can change.
pub(crate) fn changeable(file: &Group, server: &GroupRow) -> Option<String> {
    // What a community does not have is ignored when one is imported.
    let join = file.apply_join_option.as_deref().filter(|_| !server.is_community());
    let history = defaults::text(file.history_msg_before_join.as_deref());
    let history = history.filter(|_| !server.is_community() && !server.history_msg_before_join.is_empty());
    let max = file.max_member_num.filter(|max| *max != 0).map(u64::from);
    text("Name", Some(&file.name), &server.name)
        .or_else(|| text("Owner_Account", defaults::text(file.owner.as_deref()), &server.owner))
        .or_else(|| text("Introduction", file.introduction.as_deref(), &server.introduction))
        .or_else(|| text("Notification", file.notification.as_deref(), &server.notification))
        .or_else(|| text("FaceUrl", file.face_url.as_deref(), &server.face_url))
        .or_else(|| number("MaxMemberNum", max, server.max_member_num.into()))
        .or_else(|| text("ApplyJoinOption", defaults::text(join), &server.apply_join_option))
        .or_else(|| text("HistoryMsgBeforeJoin", history, &server.history_msg_before_join))
        .or_else(|| custom(&file.app_defined_data, &server.app_defined_data))
}

/// The first difference.
pub(super) fn topic_difference(file: &Topic, server: &TopicRow) -> Option<String> {
    text("TopicName", Some(&file.topic_name), &server.topic_name)
        .or_else(|| text("Introduction", file.introduction.as_deref(), &server.introduction))
        .or_else(|| text("Notification", file.notification.as_deref(), &server.notification))
        .or_else(|| text("FaceUrl", file.face_url.as_deref(), &server.face_url))
        .or_else(|| text("CustomString", file.custom_string.as_deref(), &server.custom_string))
        .or_else(|| number("CreateTime", given(file.create_time), server.create_time))
        .map(|difference| format!("topic {}: {difference}", quoted(&file.topic_id)))
}

fn text(field: &str, file: Option<&str>, server: &str) -> Option<String> {
    file.filter(|file| *file != server).map(|file| differs(field, file, server))
}

fn number(field: &str, file: Option<u64>, server: u64) -> Option<String> {
    file.filter(|file| *file != server).map(|file| differs_plainly(field, file, server))
}

/// Custom fields that the file gives.
fn custom(file: &[CustomValue], server: &[CustomValue]) -> Option<String> {
    file.iter().find_map(|CustomValue { key, value }| {
        let found = server.iter().find(|field| field.key == *key);
        let found = found.map_or("", |field| field.value.as_str());
        text(&format!("AppDefinedData.{key}"), Some(value), found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Group {
        Group {
            kind: "Work".to_owned(),
            name: "Chess".to_owned(),
            max_member_num: Some(0),
            ..Group::default()
        }
    }

    fn row() -> GroupRow {
        GroupRow {
            kind: "Private".to_owned(),
            name: "Chess".to_owned(),
            owner: "ann".to_owned(),
            max_member_num: 2_000,
            create_time: 5,
            ..GroupRow::default()
        }
    }

    #[test]
    fn what_the_file_does_not_give_is_not_compared() {
        assert_eq!(group_difference(&group(), &Outline::default(), &row()), None);
        let owner = Outline { owner: Some("ann".to_owned()), ..Outline::default() };
        assert_eq!(group_difference(&group(), &owner, &row()), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        let field = |value: &str| vec![CustomValue { key: "Room".to_owned(), value: value.to_owned() }];
        for (file, expected) in [
            (
                Group { kind: "Public".to_owned(), ..group() },
                r#"Type differs: file "Public", server "Private""#,
            ),
            (Group { name: "Go".to_owned(), ..group() }, r#"Name differs: file "Go", server "Chess""#),
            (
                Group { introduction: Some("a".to_owned()), create_time: Some(4), ..group() },
                r#"Introduction differs: file "a", server """#,
            ),
            (Group { create_time: Some(4), ..group() }, "CreateTime differs: file 4, server 5"),
            (
                Group { app_defined_data: field("7"), ..group() },
                r#"AppDefinedData.Room differs: file "7", server """#,
            ),
        ] {
            assert_eq!(group_difference(&file, &Outline::default(), &row()).as_deref(), Some(expected));
        }
        let owner = Outline { owner: Some("ben".to_owned()), ..Outline::default() };
        let owner = group_difference(&group(), &owner, &row());
        assert_eq!(owner.as_deref(), Some(r#"Owner_Account differs: file "ben", server "ann""#));
    }
}
