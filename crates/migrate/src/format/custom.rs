//! What a message carries in its cloud custom data: `{"landfall":{…}}`, in front of what the source had there.
//!
//! The API has no place for threads, replies, reactions, edits, milliseconds and the record's `src`, `key` and `x`. They
//! travel in the member `landfall` of the custom data, under the names of the record. A text of the source that is a JSON
//! object keeps its other members, byte by byte; any other text travels as `custom` within `landfall`. [choice]

use super::{Json, Message, Reaction, identity};
use serde::{Deserialize, Serialize};
use std::str::FromStr as _;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Carried {
    src: String,
    key: String,
    ts_ms: Option<u64>,
    thread: Option<String>,
    reply_to: Option<String>,
    reactions: Vec<Reaction>,
    edited_ms: Option<u64>,
    x: Option<Json>,
    custom: Option<String>,
}

/// The same as it is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    src: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reactions: &'a [Reaction],
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<&'a str>,
}

const START: &str = "{\"landfall\":";

/// The cloud custom data of a message, and what found no room in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    pub text: Option<String>,
    /// Members of the record that were left out, because the message would have been too long.
    pub left_out: Vec<&'static str>,
}

/// The cloud custom data that a message is imported with, at most `room` bytes where leaving out `x` and reactions achieves that.
///
/// A message of another v4 server that has nothing but its number is imported as it is there.
#[must_use]
pub fn fold(message: &Message, room: usize) -> Folded {
    let mut carried = Written {
        src: &message.src,
        key: &message.key,
        ts_ms: message.ts_ms,
        thread: message.thread.as_deref(),
        reply_to: message.reply_to.as_deref(),
        reactions: &message.reactions,
        edited_ms: message.edited_ms,
        x: message.x.as_ref(),
        custom: None,
    };
    let original = message.cloud_custom_data.as_deref().filter(|text| !text.is_empty());
    let has_no_name = carried.src.is_empty() && carried.key.is_empty();
    if carried.is_bare() && (carried.src.starts_with("v4:") || has_no_name) {
        return Folded { text: original.map(str::to_owned), left_out: Vec::new() };
    }
    let mut left_out = Vec::new();
    let mut text = joined(&mut carried, original);
    if room < text.len() && carried.x.take().is_some() {
        left_out.push("x");
        text = joined(&mut carried, original);
    }
    if room < text.len() && !std::mem::take(&mut carried.reactions).is_empty() {
        left_out.push("reactions");
        text = joined(&mut carried, original);
    }
    Folded { text: Some(text), left_out }
}

impl Written<'_> {
    /// Whether it has nothing but the name of the message in its source.
    fn is_bare(&self) -> bool {
        let Self { src: _, key: _, ts_ms, thread, reply_to, reactions, edited_ms, x, custom } = self;
        ts_ms.or(*edited_ms).is_none()
            && thread.or(*reply_to).or(*custom).is_none()
            && reactions.is_empty()
            && x.is_none()
    }
}

fn joined<'a>(carried: &mut Written<'a>, original: Option<&'a str>) -> String {
    let members = original.and_then(other_members);
    carried.custom = if members.is_some() { None } else { original };
    let mut text = START.as_bytes().to_vec();
    serde_json::to_writer(&mut text, carried).expect("what a message carries has string keys only");
    if let Some(members) = members {
        text.push(b',');
        text.extend_from_slice(members.as_bytes());
    } else {
        text.push(b'}');
    }
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// What follows the brace of a JSON object that has members, none of them ours.
fn other_members(text: &str) -> Option<&str> {
    let object = serde_json::Value::from_str(text).ok()?;
    let object = object.as_object()?;
    if object.is_empty() || object.contains_key("landfall") {
        return None;
    }
    text.strip_prefix('{')
}

/// Puts what the cloud custom data of a message carries back into its record: the reverse of [`fold`].
///
/// `message` has `Random` as the target has it; it is removed where it follows from `src` and `key`.
#[must_use]
pub fn unfold(mut message: Message) -> Message {
    let Some(text) = message.cloud_custom_data.take() else { return message };
    let Some((carried, original)) = split(&text) else {
        message.cloud_custom_data = Some(text);
        return message;
    };
    let Carried { src, key, ts_ms, thread, reply_to, reactions, edited_ms, x, custom } = carried;
    message = Message { src, key, ts_ms, thread, reply_to, reactions, edited_ms, x, ..message };
    message.cloud_custom_data = original.or(custom);
    if message.random == Some(identity::derived_random(&message)) {
        message.random = None;
    }
    if message.msg_seq.is_some_and(|number| identity::is_first_number(&message, number)) {
        message.msg_seq = None;
    }
    message
}

fn split(text: &str) -> Option<(Carried, Option<String>)> {
    let rest = text.strip_prefix(START)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Carried>();
    let carried = values.next()?.ok()?;
    let rest = rest.get(values.byte_offset()..)?;
    let members = rest.strip_prefix(',');
    Some((carried, members.map(|members| format!("{{{members}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn message(custom: Option<&str>) -> Message {
        Message {
            src: "slack:T1".to_owned(),
            key: "C1:1.000002".to_owned(),
            ts_ms: Some(1_000),
            thread: Some("C1:1.000001".to_owned()),
            reactions: vec![Reaction { name: "+1".to_owned(), accounts: vec!["ben".to_owned()] }],
            x: Some(json!({ "pinned": true }).into()),
            cloud_custom_data: custom.map(str::to_owned),
            ..Message::default()
        }
    }

    fn back(folded: Folded, message: &Message) -> Message {
        unfold(Message {
            group_id: message.group_id.clone(),
            random: Some(identity::random(message)),
            cloud_custom_data: folded.text,
            ..Message::default()
        })
    }

    #[test]
    fn a_message_carries_what_the_api_has_no_place_for() {
        let folded = fold(&message(Some(r#"{"a": 1}"#)), 4_096);
        assert_eq!(
            folded.text.as_deref(),
            Some(
                r#"{"landfall":{"src":"slack:T1","key":"C1:1.000002","ts_ms":1000,"thread":"C1:1.000001","reactions":[{"name":"+1","accounts":["ben"]}],"x":{"pinned":true}},"a": 1}"#
            )
        );
    }

    #[test]
    fn what_has_no_room_is_left_out_and_named() {
        let folded = fold(&message(None), 120);
        assert_eq!(folded.left_out, ["x", "reactions"]);
        assert_eq!(back(folded, &message(None)).thread.as_deref(), Some("C1:1.000001"));
    }

    #[test]
    fn a_message_of_another_v4_server_stays_as_it_is() {
        let message = Message { src: "v4:7".to_owned(), key: "g:1".to_owned(), ..Message::default() };
        assert_eq!(fold(&message, 4_096).text, None);
        let message = Message { cloud_custom_data: Some("c".to_owned()), ..message };
        assert_eq!(fold(&message, 4_096).text.as_deref(), Some("c"));
    }

    proptest! {
        #[test]
        fn whatever_the_source_had_comes_back(custom in prop_oneof![
            Just(None), Just(Some("{}".to_owned())), Just(Some("{\"landfall\":1}".to_owned())),
            Just(Some(" { \"b\" : [1,2] } ".to_owned())), Just(Some("{\"b\":{\"c\":\"}\"}}".to_owned())),
            ".{0,20}".prop_map(Some)
        ]) {
            let message = message(custom.as_deref().filter(|text| !text.is_empty()));
            prop_assert_eq!(back(fold(&message, 1 << 20), &message), message);
        }
    }
}
