//! What readers of sources hand to the builder, in the shape that sources have.
//!
//! Ids are those of the source. Times are milliseconds since 1970.

use crate::format::CustomValue;
use crate::mapping::ChannelKind;
use serde_json::Value;

/// An account that the source lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    pub id: String,
    /// What people are shown; empty for none.
    pub nick: String,
    /// Address of the picture; empty for none.
    pub face_url: String,
    /// What has no place elsewhere: an object, or `Null`.
    pub x: Value,
}

/// A friend of an account. The other way round is another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Friend {
    pub user: String,
    pub friend: String,
    /// What the account calls the friend; empty for none.
    pub remark: String,
    pub added_ms: Option<u64>,
    /// What has no place elsewhere: an object, or `Null`.
    pub x: Value,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub id: String,
    /// Empty for none; direct conversations are then named after their members.
    pub name: String,
    pub kind: ChannelKind,
    pub introduction: String,
    pub notification: String,
    /// Address of the picture; empty for none.
    pub face_url: String,
    /// The owner counts where it is a member.
    pub owner: Option<String>,
    pub created_ms: Option<u64>,
    pub archived: bool,
    /// The source does not list members: whoever wrote a message is one, bots aside.
    pub authors_are_members: bool,
    pub custom: Vec<CustomValue>,
    /// What has no place elsewhere: an object, or `Null`.
    pub x: Value,
}

impl Channel {
    /// A conversation with nothing else said about it.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, kind: ChannelKind) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind,
            introduction: String::new(),
            notification: String::new(),
            face_url: String::new(),
            owner: None,
            created_ms: None,
            archived: false,
            authors_are_members: false,
            custom: Vec::new(),
            x: Value::Null,
        }
    }
}

/// A role in a conversation, the lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    #[default]
    Member,
    Admin,
    Owner,
}

/// A member of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    pub user: String,
    pub role: Role,
    pub joined_ms: Option<u64>,
    /// What the member is called in this conversation; empty for none.
    pub name_card: String,
    /// What has no place elsewhere: an object, or `Null`.
    pub x: Value,
}

/// How far a member has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadMark {
    /// Every message sent up to then.
    UpTo(u64),
    /// Every message up to the one with this key.
    UpToKey(String),
    /// All but so many, counted from the end.
    Unread(u32),
}

/// What kind of message it is. The builder finds out which ordinary ones are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageKind {
    #[default]
    Regular,
    /// Of the source itself: somebody joined, the topic changed.
    System,
    Bot,
    Deleted,
}

/// Accounts that reacted to a message in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    pub name: String,
    pub users: Vec<String>,
    /// How many there are, named or not.
    pub count: u64,
}

/// A file of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Identifies the file in the source.
    pub key: String,
    /// Where its content lies within the export; `None` where the export does not have it.
    pub path: Option<String>,
    /// Its address in the source; empty for none.
    pub url: String,
    pub name: String,
    /// Bytes.
    pub size: Option<u64>,
    /// Such as `image/png`; empty when unknown.
    pub mime: String,
    /// Pixels, of a picture.
    pub width: Option<u64>,
    /// Pixels, of a picture.
    pub height: Option<u64>,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// Which conversation it belongs to; it was handed over before.
    pub channel: String,
    /// Identifies the message in the source forever.
    pub key: String,
    /// Empty where the source does not say.
    pub author: String,
    /// What an author that is not listed is called; empty when unknown.
    pub author_name: String,
    /// `None` where the source has no usable time: a fault.
    pub ts_ms: Option<u64>,
    pub kind: MessageKind,
    /// Plain, as people shall read it.
    pub text: String,
    /// `key` of the first message of its thread.
    pub thread: Option<String>,
    /// `key` of the message that it replies to.
    pub reply_to: Option<String>,
    pub reactions: Vec<Reaction>,
    pub edited_ms: Option<u64>,
    pub files: Vec<File>,
    /// Further elements of the API's form (`MsgType`, `MsgContent`), behind text and files.
    pub elements: Vec<Value>,
    /// What has no place elsewhere: an object, or `Null`.
    pub x: Value,
    /// Where it is in the export, for faults, such as `general/2019-01-03.json, message 3`.
    pub place: String,
}
