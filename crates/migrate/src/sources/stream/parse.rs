//! The shapes of Stream's import file, and the walk through one: a line each, or one array of the older form.

use crate::sources::problem::{Problem, shape};
use crate::sources::values::{number, or_default};
use crate::sources::walk::lines::json_lines;
use crate::sources::walk::{Walk, WalkError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::BufRead;

/// Members that are none of Stream's own.
pub(crate) type Custom = Map<String, Value>;

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) image: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: Custom,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) member_ids: Vec<String>,
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    pub(crate) created_by: Option<Who>,
    pub(crate) created_at: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: Custom,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel_type: String,
    pub(crate) channel_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel_member_ids: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) user_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) is_moderator: bool,
    pub(crate) created_at: Option<String>,
    pub(crate) last_read: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: Custom,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel_type: String,
    pub(crate) channel_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel_member_ids: Vec<String>,
    pub(crate) user: Option<Who>,
    pub(crate) text: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) quoted_message_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) updated_at: Option<String>,
    pub(crate) deleted_at: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(flatten)]
    pub(crate) rest: Custom,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Attachment {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fallback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thumb_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asset_url: Option<String>,
    #[serde(deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub(crate) original_width: Option<u64>,
    #[serde(deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub(crate) original_height: Option<u64>,
    #[serde(deserialize_with = "number", alias = "file_size", skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(flatten)]
    pub(crate) rest: Custom,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "or_default")]
    pub(crate) message_id: String,
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    pub(crate) user_id: Option<String>,
    pub(crate) user: Option<Who>,
}

/// A user by id, or as an object that has one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Who {
    Id(String),
    User { id: String },
}

impl Who {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::User { id } => id,
        }
    }
}

/// One item. Of kinds without a place only the name is kept.
pub(crate) enum Item {
    User(User),
    Channel(Channel),
    Member(Member),
    /// With the text that it was read from.
    Message(Box<Message>, String),
    Reaction(Reaction),
    Other(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    item: Box<serde_json::value::RawValue>,
}

/// The item that a line or element is.
///
/// # Errors
/// It has another shape.
pub(crate) fn item(text: &str) -> Result<Item, Problem> {
    let envelope: Envelope = shape(text)?;
    let item = envelope.item.get();
    Ok(match envelope.kind.as_str() {
        "user" => Item::User(shape(item)?),
        "channel" => Item::Channel(shape(item)?),
        "member" => Item::Member(shape(item)?),
        "message" => Item::Message(Box::new(shape(item)?), item.to_owned()),
        "reaction" => Item::Reaction(shape(item)?),
        _ => Item::Other(envelope.kind),
    })
}

/// Walks through a file; `take` gets every item, or what is wrong with it and on which line.
///
/// # Errors
/// The file is damaged, or `take` fails.
pub(crate) fn walk(
    mut input: impl BufRead,
    name: &str,
    mut take: impl FnMut(Result<Item, Problem>) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    if !starts_with_array(&mut input)? {
        return json_lines(input, name, |line, text| {
            take(text.and_then(|text| item(text).map_err(|problem| problem.on(line))))
        });
    }
    let mut walk = Walk::new(input, name)?;
    walk.enter(b'[')?;
    while walk.element()? {
        let line = walk.next_line()?;
        take(item(walk.text()?).map_err(|problem| problem.on(line)))?;
    }
    walk.end()
}

/// The older form is one array. A byte order mark and spaces may stand in front of it.
fn starts_with_array(input: &mut impl BufRead) -> Result<bool, WalkError> {
    let start = input.fill_buf()?;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    Ok(start.trim_ascii_start().starts_with(b"["))
}
