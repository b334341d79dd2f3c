//! A message as it is sent, and what stands for it in the journal.

use crate::files;
use crate::format::{Json, Message, custom, identity};
use crate::journal::hash;
use landfall_domain::element;
use serde::Serialize;
use serde_json::Value;

/// A message that is about to be sent.
pub(super) struct Prepared {
    pub(super) line: u64,
    pub(super) record: Message,
    pub(super) row: Row,
    /// By its source, and by its sender, time and number.
    pub(super) identities: [u64; 2],
    /// Hash of what it says.
    pub(super) content: u64,
    /// When it was sent, milliseconds since 1970.
    pub(super) sent_ms: u64,
}

/// An entry of `MsgList`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    #[serde(rename = "From_Account")]
    pub(super) from: String,
    send_time: u64,
    random: u32,
    msg_body: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
}

impl Prepared {
    /// `placed`: the body with the places of files, where the record refers to any. `bytes_max`: of a body and its custom data.
    pub(super) fn new(line: u64, record: &Message, placed: Option<Json>, bytes_max: usize) -> Self {
        let (body, sent) =
            (placed.unwrap_or_else(|| record.msg_body.clone()), record.sent().unwrap_or_default());
        let room = bytes_max.saturating_sub(element::size(body.as_str()));
        let custom = custom::fold(record, room).text;
        let random = identity::random(record);
        Self {
            line,
            identities: [hash(&identity::identity(record)), number(&record.from, sent, random)],
            content: content(&record.from, sent, &body.canonical(), custom.as_deref().unwrap_or_default()),
            sent_ms: record.sent_ms().unwrap_or_default(),
            row: Row {
                from: record.from.clone(),
                send_time: sent,
                random,
                msg_body: body,
                cloud_custom_data: custom,
            },
            record: record.clone(),
        }
    }

    /// What it takes of a call, about.
    pub(super) fn bytes(&self) -> usize {
        let custom = self.row.cloud_custom_data.as_ref().map_or(0, String::len);
        self.row.msg_body.as_str().len() + custom + 200
    }

    /// The body of `modify_group_msg` that makes it what it is here.
    pub(super) fn change(&self, group: &str, seq: u32) -> Value {
        let mut body = serde_json::json!({
            "GroupId": group, "MsgSeq": seq, "MsgBody": self.row.msg_body.value(),
            "CloudCustomData": self.row.cloud_custom_data.as_deref().unwrap_or_default()
        });
        if let (Some(topic), Some(body)) = (&self.record.topic_id, body.as_object_mut()) {
            body.insert("TopicId".to_owned(), topic.as_str().into());
        }
        body
    }
}

/// What a message is known by in a server.
fn number(from: &str, sent: u64, random: u32) -> u64 {
    hash(&format!("\0{from}\0{sent}\0{random}"))
}

fn content(from: &str, sent: u64, body: &str, custom: &str) -> u64 {
    hash(&format!("{from}\0{sent}\0{body}\0{custom}"))
}

/// A message as the server has it.
pub(super) struct Stored {
    pub(super) seq: u32,
    /// `None` where there is only a place.
    pub(super) said: Option<Said>,
}

/// What a stored message is known by.
pub(super) struct Said {
    /// By its sender, time and number.
    pub(super) number: u64,
    /// By its source, where it carries that, else as `number`.
    pub(super) identity: u64,
    pub(super) content: u64,
    pub(super) sent_ms: u64,
}

impl Stored {
    /// A row of `group_msg_get_simple` of an app.
    pub(super) fn of(row: &Value, app: u32) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let count = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default();
        let seq = u32::try_from(count("MsgSeq")).unwrap_or_default();
        if count("IsPlaceMsg") != 0 {
            return Self { seq, said: None };
        }
        let (from, sent, custom) = (text("From_Account"), count("MsgTimeStamp"), text("CloudCustomData"));
        let random = u32::try_from(count("MsgRandom")).unwrap_or_default();
        let mut body = row.get("MsgBody").cloned().unwrap_or_default();
        files::take_signatures_off(app, &mut body);
        let (number, content) = (number(from, sent, random), content(from, sent, &body.to_string(), custom));
        let record = custom::unfold(Message {
            from: from.to_owned(),
            send_time: Some(sent),
            random: Some(random),
            cloud_custom_data: Some(custom.to_owned()),
            ..Message::default()
        });
        let identity = if record.key.is_empty() { number } else { hash(&identity::identity(&record)) };
        let sent_ms = record.sent_ms().unwrap_or_default();
        Self { seq, said: Some(Said { number, identity, content, sent_ms }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_known_again_in_the_server() {
        let message = |src: &str, key: &str| Message {
            src: src.to_owned(),
            key: key.to_owned(),
            from: "ann".to_owned(),
            ts_ms: (src != "v4:7").then_some(7_005),
            send_time: Some(7),
            msg_body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "a" } }]).into(),
            ..Message::default()
        };
        for message in [message("slack:T1", "C1:7.005"), message("v4:7", "g:1"), message("", "")] {
            let prepared = Prepared::new(1, &message, None, 12_000);
            let mut row = serde_json::to_value(&prepared.row).unwrap();
            row["MsgTimeStamp"] = row["SendTime"].clone();
            row["MsgRandom"] = row["Random"].clone();
            row["MsgSeq"] = 3.into();
            let stored = Stored::of(&row, 7);
            let said = stored.said.unwrap();
            assert!(prepared.identities.contains(&said.identity));
            assert_eq!((said.number, said.content), (prepared.identities[1], prepared.content));
            assert_eq!((stored.seq, said.sent_ms), (3, prepared.sent_ms));
        }
    }
}
