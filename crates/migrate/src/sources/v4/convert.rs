//! Rows of the API as records.

use super::names::Names;
use crate::format::{Group, Member, Message, Read, Topic, custom};
use crate::reading::{Conversation, GroupRow, MemberRow, MessageRow, TopicRow};

pub(super) fn group(names: &Names, row: &GroupRow) -> Group {
    let (src, key, x) = names.group(&row.group_id);
    Group {
        src,
        key,
        group_id: row.group_id.clone(),
        kind: row.kind.clone(),
        name: row.name.clone(),
        owner: text(&row.owner),
        introduction: text(&row.introduction),
        notification: text(&row.notification),
        face_url: text(&row.face_url),
        max_member_num: (row.max_member_num != 0).then_some(row.max_member_num),
        // Communities have none that could be imported.
        apply_join_option: text(&row.apply_join_option).filter(|_| !row.is_community()),
        history_msg_before_join: text(&row.history_msg_before_join).filter(|_| !row.is_community()),
        create_time: time(row.create_time),
        support_topic: (row.support_topic == 1).then_some(1),
        app_defined_data: row.app_defined_data.clone(),
        x,
    }
}

pub(super) fn topic(names: &Names, group: &str, row: &TopicRow) -> Topic {
    let (src, key, x) = names.topic(&row.topic_id);
    Topic {
        src,
        key,
        group_id: group.to_owned(),
        topic_id: row.topic_id.clone(),
        topic_name: row.topic_name.clone(),
        introduction: text(&row.introduction),
        notification: text(&row.notification),
        face_url: text(&row.face_url),
        custom_string: text(&row.custom_string),
        create_time: time(row.create_time),
        x,
    }
}

pub(super) fn member(names: &Names, group: &str, row: MemberRow) -> Member {
    let (src, key, x) = names.member(group, &row.account);
    Member {
        src,
        key,
        group_id: group.to_owned(),
        role: text(&row.role),
        join_time: time(row.join_time),
        name_card: text(&row.name_card),
        mute_until: time(row.mute_until),
        app_member_defined_data: row.app_member_defined_data,
        account: row.account,
        x,
    }
}

/// A member that has not read the last `unread` messages. `None` where it has read everything, as whoever has no mark, unless
/// it was imported with a mark.
pub(super) fn read(names: &Names, of: &Conversation, account: &str, unread: u32) -> Option<Read> {
    if unread == 0 && !names.has_read(of, account) {
        return None;
    }
    let (src, key, x) = names.read(of, account);
    Some(Read {
        src,
        key,
        group_id: of.group.clone(),
        topic_id: of.topic.clone(),
        account: account.to_owned(),
        unread_msg_num: Some(unread),
        x,
        ..Read::default()
    })
}

/// The record that a message was imported from, where it carries one.
pub(super) fn message(src: &str, conversation: &Conversation, row: MessageRow) -> Message {
    custom::unfold(Message {
        src: src.to_owned(),
        key: format!("{}:{}", conversation.id(), row.msg_seq),
        group_id: conversation.group.clone(),
        topic_id: conversation.topic.clone(),
        from: row.from,
        send_time: Some(row.msg_time_stamp),
        random: (row.msg_random != 0).then_some(row.msg_random),
        msg_body: row.msg_body,
        cloud_custom_data: text(&row.cloud_custom_data),
        ..Message::default()
    })
}

/// Whether a server made the id of a group. Communities have the prefix of other groups with a `_` behind it.
pub(super) fn is_made_id(id: &str) -> bool {
    match id.strip_prefix("@TGS#") {
        Some(rest) => rest.strip_prefix('_').is_none_or(|rest| rest.starts_with("@TGS#")),
        None => false,
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Times are 0 where they are not set.
fn time(seconds: u64) -> Option<u64> {
    (seconds != 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::identity;
    use serde_json::json;

    fn row(custom: &str, msg_random: u32) -> MessageRow {
        MessageRow {
            from: "ann".to_owned(),
            msg_body: json!([]).into(),
            msg_random,
            msg_seq: 9,
            msg_time_stamp: 100,
            cloud_custom_data: custom.to_owned(),
            ..MessageRow::default()
        }
    }

    #[test]
    fn a_message_is_known_by_its_number() {
        let message = message("v4:7", &Conversation::topic("g", "g@TOPIC#_t"), row("c", 5));
        assert_eq!((message.src.as_str(), message.key.as_str()), ("v4:7", "g@TOPIC#_t:9"));
        assert_eq!((message.send_time, message.random), (Some(100), Some(5)));
        assert_eq!(message.cloud_custom_data.as_deref(), Some("c"));
    }

    #[test]
    fn an_imported_message_is_what_it_was() {
        let imported = Message {
            src: "slack:T1".to_owned(),
            key: "C1:1.5".to_owned(),
            ts_ms: Some(100_500),
            ..Message::default()
        };
        let folded = custom::fold(&imported, 4_096).text.unwrap();
        let message = message("v4:7", &Conversation::group("C1"), row(&folded, identity::random(&imported)));
        assert_eq!((message.src.as_str(), message.key.as_str()), ("slack:T1", "C1:1.5"));
        assert_eq!((message.ts_ms, message.random, message.cloud_custom_data), (Some(100_500), None, None));
    }

    #[test]
    fn ids_that_a_server_made_are_told_from_chosen_ones() {
        assert!(["@TGS#2K2DAMMPV", "@TGS#_@TGS#cKX3MPIM62CB"].into_iter().all(is_made_id));
        assert!(!["book-club-7", "@TGS#_city-forum"].into_iter().any(is_made_id));
    }

    #[test]
    fn what_a_group_does_not_have_is_absent() {
        let row = GroupRow { group_id: "g".to_owned(), kind: "Public".to_owned(), ..GroupRow::default() };
        let expected = Group {
            src: "v4:7".to_owned(),
            key: "g".to_owned(),
            group_id: "g".to_owned(),
            kind: "Public".to_owned(),
            ..Group::default()
        };
        let names = Names { src: "v4:7".to_owned(), origin: None };
        assert_eq!(group(&names, &row), expected);
    }
}
