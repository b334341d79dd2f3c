//! Small neutral files, each with groups of its own.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// When the first group was made, seconds since 1970.
const START: u64 = 1_500_000_000;
const ACCOUNTS: usize = 7;
/// The owner included.
pub(crate) const MEMBERS: usize = 6;

/// A conversation of a file.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) group: String,
    pub(crate) topic: Option<String>,
    /// In order.
    pub(crate) texts: Vec<String>,
    /// How many of them each member has not read, where the file says it.
    pub(crate) unread: Vec<(String, u64)>,
}

/// What a file has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) groups: Vec<String>,
    pub(crate) talks: Vec<Talk>,
    pub(crate) records: u64,
}

/// Writes a file of `groups` groups with names that begin with `name`, each with a conversation of `messages` messages;
/// every fourth is a community, whose conversation is in a topic.
pub(crate) fn write(path: &Path, name: &str, groups: usize, messages: usize) -> Made {
    let mut made = Made::default();
    let mut lines: Vec<Value> = (0..ACCOUNTS)
        .map(|user| json!({ "t": "account", "UserID": format!("{name}-u{user}"), "Nick": format!("User {user}") }))
        .collect();
    for number in 0..groups {
        let created = START + number as u64;
        let community = number % 4 == 3;
        let id = if community { format!("@TGS#_{name}-{number}") } else { format!("{name}-{number}") };
        let kind = ["Public", "Private", "ChatRoom", "Community"][number % 4];
        let record = |kind: &str, key: &str, more: Value| {
            let mut record =
                json!({ "t": kind, "src": "made:1", "key": format!("{id}{key}"), "GroupId": id });
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            record
        };
        let user = |number: usize| format!("{name}-u{}", number % ACCOUNTS);
        lines.push(record(
            "group",
            "",
            json!({ "Type": kind, "Name": format!("Group {number}"), "Owner_Account": user(number), "CreateTime": created }),
        ));
        let topic = community.then(|| format!("{id}@TOPIC#_t"));
        if let Some(topic) = &topic {
            lines.push(record("topic", ":t", json!({ "TopicId": topic, "TopicName": "t" })));
        }
        for member in 1..MEMBERS {
            let joined = created + member as u64;
            let key = format!(":u{member}");
            lines.push(record(
                "member",
                &key,
                json!({ "Member_Account": user(number + member), "JoinTime": joined }),
            ));
        }
        let mut texts = Vec::with_capacity(messages);
        for message in 0..messages {
            let text = format!("Message {message} of {id}");
            // Two of a second, and their order is that of the file.
            let sent = created + 60 + message as u64 / 2;
            let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
            let mut more = json!({ "From_Account": user(number + message % MEMBERS), "SendTime": sent, "MsgBody": body });
            if let Some(topic) = &topic {
                more["TopicId"] = json!(topic);
            }
            lines.push(record("message", &format!(":{message}"), more));
            texts.push(text);
        }
        let mut unread = Vec::new();
        // Chat rooms have no unread counts, and the API no call for those of topics.
        if number % 4 < 2 {
            let half = messages as u64 / 2;
            let key = format!("{id}:{}", messages - 4);
            // Sent in the second of the one before it, or of the one behind it.
            let even = u64::from(messages.is_multiple_of(2));
            let ms = (created + 60 + messages as u64 / 2 - 2) * 1_000;
            for (member, count, mark) in [
                (0, half, json!({ "UnreadMsgNum": half })),
                (1, 3, json!({ "read_key": key })),
                (2, 3 - even, json!({ "read_ms": ms })),
            ] {
                let mut mark = mark;
                mark["Member_Account"] = json!(user(number + member));
                lines.push(record("read", &format!(":r{member}"), mark));
                unread.push((user(number + member), count));
            }
        }
        made.groups.push(id.clone());
        made.talks.push(Talk { group: id, topic, texts, unread });
    }
    made.records = lines.len() as u64;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(path, text).unwrap();
    made
}
