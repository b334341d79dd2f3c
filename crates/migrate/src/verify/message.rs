//! One message of the file and one of the server.

use super::body;
use super::text::{differs, differs_plainly, quoted};
use crate::format::{Message, custom, identity};
use crate::reading::MessageRow;

/// How two messages compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Equal,
    /// Equal but for reactions or `x`, which had no room.
    Shortened,
    /// What differs first.
    Different(String),
}

pub(super) fn compare(file: &Message, server: &MessageRow) -> Compared {
    let sent = file.sent().unwrap_or_default();
    let random = identity::random(file);
    let difference = if file.from != server.from {
        Some(differs("From_Account", &file.from, &server.from))
    } else if sent != server.msg_time_stamp {
        Some(differs_plainly("SendTime", sent, server.msg_time_stamp))
    } else if random != server.msg_random {
        Some(differs_plainly("Random", random, server.msg_random))
    } else {
        body::difference(&file.msg_body, &server.msg_body)
    };
    if let Some(difference) = difference {
        return Compared::Different(difference);
    }
    let carried = &server.cloud_custom_data;
    let whole = custom::fold(file, usize::MAX).text.unwrap_or_default();
    if whole == *carried {
        Compared::Equal
    } else if custom::fold(file, carried.len()).text.as_ref() == Some(carried) {
        Compared::Shortened
    } else {
        Compared::Different(differs("CloudCustomData", &whole, carried))
    }
}

/// Whether both are the same message, whatever they say.
pub(super) fn are_the_same(file: &Message, server: &MessageRow) -> bool {
    file.from == server.from
        && file.sent() == Some(server.msg_time_stamp)
        && identity::random(file) == server.msg_random
}

/// How a message of the file is called in a report, `number` counting from 1 in its conversation.
pub(super) fn name(file: &Message, number: u64) -> String {
    let topic = file.topic_id.as_deref().map(|topic| format!("topic {}: ", quoted(topic)));
    let topic = topic.unwrap_or_default();
    if file.key.is_empty() {
        format!("{topic}message {number}")
    } else {
        format!("{topic}message {number} (key {})", file.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Reaction;
    use serde_json::json;

    fn message() -> Message {
        Message {
            src: "slack:T1".to_owned(),
            key: "C1:1.5".to_owned(),
            from: "ann".to_owned(),
            ts_ms: Some(1_500),
            msg_body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "a" } }]).into(),
            x: Some(json!({ "pinned": true }).into()),
            reactions: vec![Reaction { name: "+1".to_owned(), accounts: vec!["ben".to_owned()] }],
            ..Message::default()
        }
    }

    fn row(room: usize) -> MessageRow {
        let message = message();
        MessageRow {
            from: "ann".to_owned(),
            msg_body: message.msg_body.clone(),
            msg_random: identity::random(&message),
            msg_seq: 1,
            msg_time_stamp: 1,
            cloud_custom_data: custom::fold(&message, room).text.unwrap(),
            ..MessageRow::default()
        }
    }

    #[test]
    fn a_message_is_equal_to_what_it_is_imported_as() {
        assert_eq!(compare(&message(), &row(4_096)), Compared::Equal);
        let room = row(4_096).cloud_custom_data.len() - 1;
        assert_eq!(compare(&message(), &row(room)), Compared::Shortened);
        assert_eq!(compare(&message(), &row(10)), Compared::Shortened);
    }

    #[test]
    fn the_first_member_that_differs_is_named() {
        let different = |row: MessageRow| match compare(&message(), &row) {
            Compared::Different(text) => text,
            equal @ (Compared::Equal | Compared::Shortened) => panic!("{equal:?}"),
        };
        let row = row(4_096);
        let random = row.msg_random;
        for (row, expected) in [
            (
                MessageRow { from: "ben".to_owned(), ..row.clone() },
                r#"From_Account differs: file "ann", server "ben""#.to_owned(),
            ),
            (
                MessageRow { msg_time_stamp: 2, msg_random: 1, ..row.clone() },
                "SendTime differs: file 1, server 2".to_owned(),
            ),
            (MessageRow { msg_random: 1, ..row.clone() }, format!("Random differs: file {random}, server 1")),
        ] {
            assert_eq!(different(row), expected);
        }
        let text = different(MessageRow { cloud_custom_data: "{}".to_owned(), ..row });
        assert!(text.starts_with("CloudCustomData differs: file \"{\\\"landfall\\\""), "{text}");
    }

    #[test]
    fn messages_are_called_by_number_topic_and_key() {
        assert_eq!(name(&message(), 17), "message 17 (key C1:1.5)");
        let message = Message { key: String::new(), topic_id: Some("t".to_owned()), ..message() };
        assert_eq!(name(&message, 1), "topic \"t\": message 1");
    }
}
