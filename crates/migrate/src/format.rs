//! The neutral file: one JSON object a line, in any order, plain or compressed (docs/format.md).
//!
//! Members that the v4 API knows have its names. Those of our own are in lower case: `t` (the kind of record), `src` and
//! `key` (what the record is in its source, forever), `ts_ms`, and `x` for what has no place elsewhere.

pub mod address;
pub(crate) mod carried;
pub mod custom;
pub mod identity;
pub mod json;
pub mod reader;
pub mod record;
pub mod writer;

pub use json::Json;
pub use reader::{Line, LineError, Reader};
pub use record::{Kind, Record, RecordError};
pub use writer::Writer;

use serde::{Deserialize, Serialize};

/// An account of the app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// The system that the record comes from, such as `slack:T024BE7LD`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub src: String,
    /// What the record is called there; with `src` it identifies the record forever.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    #[serde(rename = "UserID", alias = "Identifier")]
    pub user_id: String,
    #[serde(rename = "Nick", skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(rename = "FaceUrl", skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    /// The other fields of its profile: those of the API, and those of the app.
    #[serde(rename = "ProfileItem", skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<TagValue>,
    /// What has no place elsewhere. That of a message survives an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// A value of a custom field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CustomValue {
    pub key: String,
    pub value: String,
}

/// The value of a field of a profile or a friend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    Text(String),
    Number(u64),
}

impl Default for FieldValue {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// A field of a profile or a friend, by its tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TagValue {
    pub tag: String,
    pub value: FieldValue,
}

/// A friend of an account, and what the account keeps of it. The other way round is another record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Friend {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Whose friend it is.
    #[serde(rename = "From_Account")]
    pub account: String,
    #[serde(rename = "To_Account")]
    pub friend: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark_time: Option<u64>,
    /// The lists that the friend is in.
    #[serde(rename = "GroupName", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_wording: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_time: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_item: Vec<TagValue>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// An account on the blocklist of another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Block {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Whose blocklist it is.
    #[serde(rename = "From_Account")]
    pub account: String,
    #[serde(rename = "To_Account")]
    pub blocked: String,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_time: Option<u64>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// A group, without its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Group {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    pub group_id: String,
    #[serde(rename = "Type")]
    pub kind: String,
    pub name: String,
    #[serde(rename = "Owner_Account", skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    #[serde(alias = "MaxMemberCount", skip_serializing_if = "Option::is_none")]
    pub max_member_num: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_join_option: Option<String>,
    /// `On` where members see messages from before they joined. Landfall takes it with an import; other servers do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_msg_before_join: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<u64>,
    /// 1 for a community with topics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_topic: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_defined_data: Vec<CustomValue>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// A topic of a community.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Topic {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    pub group_id: String,
    pub topic_id: String,
    pub topic_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_string: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<u64>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Member {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    pub group_id: String,
    #[serde(rename = "Member_Account")]
    pub account: String,
    /// `Owner`, `Admin` or `Member`; `Member` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Seconds since 1970. Members without it join right after the group's `CreateTime`, so that they see its history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_card: Option<String>,
    /// Seconds since 1970.
    #[serde(alias = "ShutUpUntil", skip_serializing_if = "Option::is_none")]
    pub mute_until: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_member_defined_data: Vec<CustomValue>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

/// Accounts that reacted to a message in the same way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reaction {
    /// Its name in the source, such as `+1`.
    pub name: String,
    pub accounts: Vec<String>,
}

/// A message of a group or topic, or one between two accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Message {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Empty for a message between two accounts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    #[serde(rename = "From_Account")]
    pub from: String,
    /// The receiver of a message between two accounts.
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Seconds since 1970; may be absent where `ts_ms` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_time: Option<u64>,
    /// Milliseconds since 1970. It orders messages of the same second.
    #[serde(rename = "ts_ms", skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<u64>,
    /// Given by sources that have the API's own; derived from `src` and `key` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<u32>,
    /// The API's other number of a message between two accounts; derived where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_seq: Option<u32>,
    /// The API's array of elements.
    pub msg_body: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<String>,
    /// `key` of the first message of the thread that this one belongs to.
    #[serde(rename = "thread", skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// `key` of the message that this one replies to or quotes.
    #[serde(rename = "reply_to", skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    #[serde(rename = "reactions", skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// When it was last edited, milliseconds since 1970.
    #[serde(rename = "edited_ms", skip_serializing_if = "Option::is_none")]
    pub edited_ms: Option<u64>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

impl Message {
    /// The receiver, where it is a message between two accounts.
    #[must_use]
    pub fn receiver(&self) -> Option<&str> {
        self.to.as_deref().filter(|to| !to.is_empty())
    }

    /// When it was sent, milliseconds since 1970, as exactly as it is known.
    #[must_use]
    pub fn sent_ms(&self) -> Option<u64> {
        self.ts_ms.or_else(|| self.send_time.map(|seconds| seconds.saturating_mul(1_000)))
    }

    /// `SendTime`: when it was sent, seconds since 1970.
    #[must_use]
    pub fn sent(&self) -> Option<u64> {
        self.send_time.or_else(|| self.ts_ms.map(|ms| ms / 1_000))
    }
}

/// How far a member of a group, or one of two accounts, has read. One of `read_ms`, `read_key` and `UnreadMsgNum` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Read {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Empty for what passes between two accounts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    #[serde(rename = "Member_Account")]
    pub account: String,
    /// Whose messages it has read, where they are between two accounts.
    #[serde(rename = "Peer_Account", skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Every message sent up to then was read; milliseconds since 1970.
    #[serde(rename = "read_ms", skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<u64>,
    /// `key` of the last message that was read.
    #[serde(rename = "read_key", skip_serializing_if = "Option::is_none")]
    pub read_key: Option<String>,
    /// Messages that were not read, counted from the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_msg_num: Option<u32>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}

impl Read {
    /// The other account, where messages between two accounts were read.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        self.peer.as_deref().filter(|peer| !peer.is_empty())
    }
}

/// A file that messages refer to as `file:KEY`, wherever an element has an address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct File {
    #[serde(rename = "src", skip_serializing_if = "String::is_empty")]
    pub src: String,
    #[serde(rename = "key", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Where its content lies, relative to the neutral file or within the export.
    #[serde(rename = "path", skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its address in the source. Messages keep it where there is no content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none")]
    pub x: Option<Json>,
}
