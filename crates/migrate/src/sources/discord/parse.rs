//! The shapes of DiscordChatExporter's JSON, and the walk through a file of it.

use crate::sources::problem::Problem;
use crate::sources::values::{number, or_default};
use crate::sources::walk::{Walk, WalkError};
use serde::Deserialize;
use serde_json::Value;
use std::io::BufRead;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Guild {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) icon_url: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Channel {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    /// `GuildTextChat` and others.
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    /// Of a thread: the channel that it belongs to.
    pub(crate) category_id: Option<String>,
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) topic: Option<String>,
    pub(crate) icon_url: Option<String>,
}

impl Channel {
    pub(crate) fn is_thread(&self) -> bool {
        matches!(self.kind.as_str(), "GuildNewsThread" | "GuildPublicThread" | "GuildPrivateThread")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct User {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) discriminator: Option<String>,
    pub(crate) nickname: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) is_bot: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) roles: Vec<Role>,
    pub(crate) avatar_url: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Role {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Attachment {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    /// An address, or a path where the exporter has downloaded the file.
    #[serde(deserialize_with = "or_default")]
    pub(crate) url: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) file_name: String,
    #[serde(deserialize_with = "number")]
    pub(crate) file_size_bytes: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Emoji {
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    /// The short name, such as `thumbsup`.
    pub(crate) code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "or_default")]
    pub(crate) emoji: Emoji,
    #[serde(deserialize_with = "or_default")]
    pub(crate) count: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) users: Vec<User>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Reference {
    pub(crate) message_id: Option<String>,
    pub(crate) channel_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Sticker {
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) source_url: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Message {
    #[serde(deserialize_with = "or_default")]
    pub(crate) id: String,
    /// A word, or a number where the exporter knows none.
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    pub(crate) timestamp: Option<String>,
    pub(crate) timestamp_edited: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) is_pinned: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) content: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) author: User,
    #[serde(deserialize_with = "or_default")]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) embeds: Vec<Value>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) stickers: Vec<Sticker>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) reactions: Vec<Reaction>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) mentions: Vec<User>,
    pub(crate) reference: Option<Reference>,
    pub(crate) forwarded_message: Option<Value>,
    pub(crate) interaction: Option<Value>,
}

/// What is known before the messages of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) guild: Guild,
    pub(crate) channel: Channel,
}

pub(crate) enum Found {
    Message(Box<Message>),
    /// What is wrong, and on which line.
    Bad(Problem),
}

/// Reads a file up to its messages; `None` where it has none or is none of the exporter's.
///
/// # Errors
/// The document is damaged.
pub(crate) fn head<R: BufRead>(walk: &mut Walk<R>) -> Result<Option<Head>, WalkError> {
    let mut head = Head::default();
    if !walk.enter(b'{')? {
        return Ok(None);
    }
    while let Some(member) = walk.member()? {
        match member.as_str() {
            "guild" => head.guild = walk.parse()?.unwrap_or_default(),
            "channel" => head.channel = walk.parse()?.unwrap_or_default(),
            "messages" if walk.enter(b'[')? => return Ok((!head.channel.id.is_empty()).then_some(head)),
            _ => walk.skip()?,
        }
    }
    Ok(None)
}

/// Reads the messages behind a head. Answers whether the file says that it has as many; `None` where it does not say, as when it
/// was cut off and mended.
///
/// # Errors
/// The document is damaged, or `take` fails.
pub(crate) fn messages<R: BufRead>(
    walk: &mut Walk<R>,
    mut take: impl FnMut(Found) -> Result<(), WalkError>,
) -> Result<Option<bool>, WalkError> {
    let mut number = 0;
    while walk.element()? {
        number += 1;
        take(match walk.parse::<Message>()? {
            Ok(message) => Found::Message(Box::new(message)),
            Err(problem) => Found::Bad(problem),
        })?;
    }
    let mut complete = None;
    while let Some(member) = walk.member()? {
        if member == "messageCount" {
            complete = walk.parse::<u64>()?.ok().map(|count| count == number);
        } else {
            walk.skip()?;
        }
    }
    walk.end()?;
    Ok(complete)
}
