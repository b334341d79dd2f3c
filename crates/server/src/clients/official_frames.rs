//! What official accounts send, as frames for their subscribers.

use super::frame;
use super::people_frame::PeopleFrame;
use landfall_domain::ids::UserId;
use landfall_domain::message::{Content, MessageState};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::people::official::{BroadcastKey, OfficialEvent, broadcasts};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageFrame<'a> {
    event: &'static str,
    #[serde(rename = "Official_Account")]
    official_account: &'a str,
    /// The place; 0 when no history stores it.
    msg_seq: u32,
    msg_time: u64,
    msg_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_body: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    online_only_flag: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offline_push_info: Option<&'a RawValue>,
}

/// A message of a history as a frame; of one whose content is gone, the frame that says so.
pub(super) fn message(official: &UserId, message: &DirectMessage) -> String {
    let (event, said) = match (&message.content, message.state) {
        (Content::Sent(body), _) => ("message", Some(body)),
        (_, MessageState::Recalled) => ("recalled", None),
        (_, MessageState::Kept | MessageState::Deleted) => ("deleted", None),
    };
    frame::text(&MessageFrame {
        event,
        official_account: official.as_str(),
        msg_seq: message.seq,
        msg_time: message.key.sent.0,
        msg_key: BroadcastKey::of(message).to_string(),
        msg_body: said.and_then(|body| serde_json::from_str(&body.elements).ok()),
        cloud_custom_data: said.map_or("", |body| &body.custom),
        online_only_flag: (message.seq == 0).then_some(1),
        offline_push_info: serde_json::from_str(&message.push).ok(),
    })
}

/// What subscribers are sent of an event: messages, and that they were recalled. Nothing else is documented for clients.
pub(super) fn of(official: &UserId, event: &OfficialEvent) -> Vec<PeopleFrame> {
    let to_subscribers = |message: &DirectMessage| PeopleFrame {
        subscribers_of: Some(official.to_string()),
        ..PeopleFrame::to(Vec::new(), self::message(official, message))
    };
    match event {
        OfficialEvent::Sent(message) => {
            let direct = (message.seq != 0).then(|| (broadcasts(official).to_string(), message.seq));
            vec![PeopleFrame { direct, ..to_subscribers(message) }]
        }
        OfficialEvent::Recalled(messages) => messages.iter().map(to_subscribers).collect(),
        OfficialEvent::Created { .. }
        | OfficialEvent::Changed { .. }
        | OfficialEvent::Destroyed { .. }
        | OfficialEvent::Subscribed(_)
        | OfficialEvent::Unsubscribed(_)
        | OfficialEvent::Full => Vec::new(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionFrame<'a> {
    event: &'static str,
    #[serde(rename = "Official_Account")]
    official_account: &'a str,
    msg_seq: u32,
}

/// How far an account is in the messages of an official account.
pub(super) fn position(event: &'static str, official: &UserId, msg_seq: u32) -> String {
    frame::text(&PositionFrame { event, official_account: official.as_str(), msg_seq })
}
