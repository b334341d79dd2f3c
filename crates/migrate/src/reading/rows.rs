//! Rows of the answers. Members that an answer leaves out have their default.

use crate::format::{CustomValue, Json};
use serde::{Deserialize, Deserializer};

/// A group in an answer of `get_group_info`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GroupRow {
    pub group_id: String,
    /// 0, or why the group cannot be read.
    pub error_code: u64,
    pub error_info: String,
    #[serde(rename = "Type")]
    pub kind: String,
    pub name: String,
    /// Empty when there is none.
    #[serde(rename = "Owner_Account")]
    pub owner: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    /// Seconds since 1970.
    pub create_time: u64,
    /// When the profile changed last, seconds since 1970.
    pub last_info_time: u64,
    /// Number of the next message; 0 when the server does not say.
    pub next_msg_seq: u32,
    pub member_num: u32,
    pub max_member_num: u32,
    pub apply_join_option: String,
    /// `On` or `Off`; empty where the server does not say.
    pub history_msg_before_join: String,
    /// 1 for a community with topics.
    pub support_topic: u8,
    #[serde(deserialize_with = "or_default")]
    pub app_defined_data: Vec<CustomValue>,
    /// Its members, unless it is too large for that.
    #[serde(deserialize_with = "or_default")]
    pub member_list: Vec<MemberRow>,
}

/// Codes of a group that is not there: never was, or was dissolved.
const GONE: &[u64] = &[10_010, 10_015];

impl GroupRow {
    /// Whether there is no such group. The server may also refuse it for another reason.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        is_gone(self.error_code)
    }

    /// Why the server does not show the group although it does not say that it is not there.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        (self.error_code != 0 && !self.is_gone())
            .then(|| format!("the server answers {}: {}", self.error_code, self.error_info))
    }

    /// Number of the last message; 0 when there is none.
    #[must_use]
    pub fn last_seq(&self) -> u32 {
        self.next_msg_seq.saturating_sub(1)
    }

    #[must_use]
    pub fn is_community(&self) -> bool {
        self.kind == "Community"
    }

    /// Live-stream groups keep neither members nor messages.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.kind == "AVChatRoom"
    }

    /// Whether its members have unread messages.
    #[must_use]
    pub fn counts_unread(&self) -> bool {
        !matches!(self.kind.as_str(), "ChatRoom" | "Meeting" | "AVChatRoom")
    }
}

/// A topic in an answer of `get_topic`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TopicRow {
    pub topic_id: String,
    pub topic_name: String,
    pub introduction: String,
    pub notification: String,
    pub face_url: String,
    pub custom_string: String,
    /// Seconds since 1970.
    pub create_time: u64,
    pub next_msg_seq: u32,
}

impl TopicRow {
    #[must_use]
    pub fn last_seq(&self) -> u32 {
        self.next_msg_seq.saturating_sub(1)
    }
}

/// A member in an answer of `get_group_member_info`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MemberRow {
    #[serde(rename = "Member_Account")]
    pub account: String,
    pub role: String,
    /// Seconds since 1970.
    pub join_time: u64,
    /// Number of the last message that the member has read.
    pub msg_seq: u32,
    pub name_card: String,
    /// Seconds since 1970; 0 for a member that may speak.
    pub mute_until: u64,
    #[serde(deserialize_with = "or_default")]
    pub app_member_defined_data: Vec<CustomValue>,
}

/// A message in an answer of `group_msg_get_simple`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct MessageRow {
    #[serde(rename = "From_Account")]
    pub from: String,
    /// 1 and 2 for a number whose message was deleted, recalled or removed because of its age.
    pub is_place_msg: u8,
    /// 1 for what the server itself wrote, such as that somebody joined.
    pub is_system_msg: u8,
    pub msg_body: Json,
    pub msg_random: u32,
    pub msg_seq: u32,
    /// Seconds since 1970.
    pub msg_time_stamp: u64,
    pub cloud_custom_data: String,
}

impl MessageRow {
    /// Whether somebody said something, and it is there.
    #[must_use]
    pub fn is_said(&self) -> bool {
        self.is_place_msg == 0 && self.is_system_msg == 0 && !matches!(self.msg_body.as_str(), "[]" | "null")
    }
}

/// Whether a code says that there is no such group.
#[must_use]
pub fn is_gone(code: u64) -> bool {
    GONE.contains(&code)
}

/// `null` where a list is empty.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_read_with_its_body_as_it_is() {
        let row = json!({
            "From_Account": "ann", "IsPlaceMsg": 0, "MsgBody": [{ "MsgType": "A", "MsgContent": { "b": 1.5 } }],
            "MsgPriority": 1, "MsgRandom": 7, "MsgSeq": 3, "MsgTimeStamp": 100, "CloudCustomData": "c"
        });
        let row: MessageRow = serde_json::from_value(row).unwrap();
        assert_eq!(row.msg_body, json!([{ "MsgType": "A", "MsgContent": { "b": 1.5 } }]).into());
        assert!(row.is_said());
        for silent in [json!({ "IsPlaceMsg": 1 }), json!({ "IsSystemMsg": 1 }), json!({ "MsgBody": [] })] {
            assert!(!serde_json::from_value::<MessageRow>(silent).unwrap().is_said());
        }
    }

    #[test]
    fn a_list_may_be_null() {
        let row = json!({ "GroupId": "g", "AppDefinedData": null });
        assert_eq!(serde_json::from_value::<GroupRow>(row).unwrap().app_defined_data, []);
    }
}
