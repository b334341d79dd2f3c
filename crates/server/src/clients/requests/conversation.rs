//! A conversation in the answers of `groups` and `topics`, and how far its reader is.

use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::message::MessageLog;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConversationRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic_id: Option<String>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) name: String,
    /// Number of the last message.
    pub(super) msg_seq: u32,
    pub(super) read_msg_seq: u32,
    pub(super) unread_msg_num: u32,
    /// A frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_msg: Option<Box<RawValue>>,
}

impl ConversationRow {
    pub(super) fn new(kind: GroupType, name: &str, log: &MessageLog, read_msg_seq: u32) -> Self {
        let unread = log.last_seq().saturating_sub(read_msg_seq);
        Self {
            group_id: None,
            topic_id: None,
            kind: None,
            name: name.to_owned(),
            msg_seq: log.last_seq(),
            read_msg_seq,
            unread_msg_num: if kind.can().unread { unread } else { 0 },
            last_msg: None,
        }
    }
}

/// A frame inside of an answer.
pub(super) fn nested(frame: &str) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(frame.to_owned()).map_err(|error| Code::GroupInternal.internal(error))
}
