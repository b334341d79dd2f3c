//! Frames about how far a client is in a conversation of a group.

use super::frame::{self, ConversationKey, FrameHeader};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    msg_seq: u32,
}

/// How far a client is in a conversation.
pub(super) fn position(event: &'static str, key: &ConversationKey, seq: u32) -> String {
    frame::text(&PositionFrame {
        about: FrameHeader::of_conversation(event, &key.group, &key.conversation),
        msg_seq: seq,
    })
}

/// Says that more messages are sent when the client has acknowledged some.
pub(super) fn waiting(key: &ConversationKey, sent: u32) -> String {
    position("waiting", key, sent)
}
