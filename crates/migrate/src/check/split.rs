//! Makes several messages of one that is too long: first one for each element, then by cutting texts.

use crate::format::{Message, custom};
use crate::rules::legal;
use landfall_domain::element::{self, TEXT};
use serde_json::{Value, json};

/// A text is not cut into more pieces, so that nobody's message floods a group.
const PARTS_MAX: usize = 100;

/// The message, or the ones that it becomes. What cannot be cut stays too long.
pub(super) fn parts(message: Message, bytes: usize) -> Vec<Message> {
    if fits(&message, bytes) {
        return vec![message];
    }
    let Value::Array(elements) = message.msg_body.value() else { return vec![message] };
    let bodies: Vec<Value> =
        elements.into_iter().flat_map(|element| pieces(&message, element, bytes)).collect();
    if !(2..=PARTS_MAX).contains(&bodies.len()) {
        return vec![message];
    }
    let number = |(index, element): (usize, Value)| part(&message, index, element);
    bodies.into_iter().enumerate().map(number).collect()
}

/// Part `index` of a message: the first one is the message, the others have a key of their own.
fn part(message: &Message, index: usize, element: Value) -> Message {
    let msg_body = json!([element]).into();
    if index == 0 {
        return Message { msg_body, ..message.clone() };
    }
    let key = if message.key.is_empty() { String::new() } else { format!("{}#{}", message.key, index + 1) };
    Message {
        src: message.src.clone(),
        key,
        group_id: message.group_id.clone(),
        topic_id: message.topic_id.clone(),
        from: message.from.clone(),
        send_time: message.send_time,
        ts_ms: message.ts_ms,
        msg_body,
        thread: message.thread.clone(),
        ..Message::default()
    }
}

/// An element, or the texts that it is cut into.
fn pieces(message: &Message, element: Value, bytes: usize) -> Vec<Value> {
    if fits(&part(message, 0, element.clone()), bytes) {
        return vec![element];
    }
    let text = element.get("MsgContent").and_then(|content| content.get("Text")).and_then(Value::as_str);
    let is_text = element.get("MsgType").and_then(Value::as_str) == Some(TEXT);
    let Some(text) = text.filter(|_| is_text) else { return vec![element] };
    let empty = part(message, 0, json!({ "MsgType": TEXT, "MsgContent": { "Text": "" } }));
    // Room for the number in the keys of the parts.
    let Some(room) = bytes.checked_sub(length(&empty, bytes) + 8).filter(|room| 64 < *room) else {
        return vec![element];
    };
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() && pieces.len() <= PARTS_MAX {
        let piece = beginning(rest, room);
        if piece.is_empty() {
            return vec![element];
        }
        pieces.push(json!({ "MsgType": TEXT, "MsgContent": { "Text": piece } }));
        rest = rest.get(piece.len()..).unwrap_or_default();
    }
    pieces
}

/// The longest beginning of a text that has so many bytes at most once it is written as JSON.
fn beginning(text: &str, room: usize) -> &str {
    let mut piece = legal::cut(text, room);
    loop {
        let written = Value::from(piece).to_string().len().saturating_sub(2);
        if written <= room || piece.is_empty() {
            return piece;
        }
        let excess = written - room;
        // What is written longer than it is shrinks by more than it has to, at most to a sixth.
        piece = legal::cut(piece, piece.len().saturating_sub(excess.div_ceil(6).max(1)));
    }
}

fn fits(message: &Message, bytes: usize) -> bool {
    length(message, bytes) <= bytes
}

/// Bytes of the body and the custom data, without what may be left out.
fn length(message: &Message, bytes: usize) -> usize {
    let body = element::size(message.msg_body.as_str());
    body + custom::fold(message, bytes.saturating_sub(body)).text.map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(elements: Value) -> Message {
        Message {
            src: "s".to_owned(),
            key: "k".to_owned(),
            ts_ms: Some(7),
            cloud_custom_data: Some("c".to_owned()),
            msg_body: elements.into(),
            ..Message::default()
        }
    }

    fn text(text: &str) -> Value {
        json!({ "MsgType": TEXT, "MsgContent": { "Text": text } })
    }

    #[test]
    fn each_element_becomes_a_message_of_its_own() {
        let parts = parts(message(json!([text(&"a".repeat(150)), text(&"b".repeat(150))])), 330);
        let keys: Vec<_> = parts.iter().map(|part| part.key.as_str()).collect();
        assert_eq!(keys, ["k", "k#2"]);
        assert_eq!(
            [&parts[0].cloud_custom_data, &parts[1].cloud_custom_data],
            [&Some("c".to_owned()), &None]
        );
    }

    #[test]
    fn what_cannot_be_cut_stays() {
        let face = json!([{ "MsgType": "TIMFaceElem", "MsgContent": { "Data": "x".repeat(500) } }]);
        assert_eq!(parts(message(face.clone()), 300), [message(face)]);
    }

    proptest! {
        #[test]
        fn the_parts_of_a_text_fit_and_are_the_text(whole in "[a\\n\"é👨‍👩‍👧]{300,900}") {
            let parts = parts(message(json!([text(&whole)])), 400);
            prop_assert!(parts.iter().all(|part| fits(part, 400)), "{parts:?}");
            let texts = parts.iter().map(|part| part.msg_body.value()[0]["MsgContent"]["Text"].as_str().unwrap().to_owned());
            prop_assert_eq!(texts.collect::<String>(), whole);
        }
    }
}
