//! The shapes of a Telegram Desktop export, and the walk through its chats.

use crate::sources::problem::Problem;
use crate::sources::values::{number, or_default};
use crate::sources::walk::{Walk, WalkError};
use serde::Deserialize;
use serde_json::Value;
use std::io::BufRead;

/// What is known of a chat before its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: Option<String>,
    pub(crate) kind: String,
    pub(crate) id: i64,
}

impl Head {
    /// The chat as messages name it: `user1`, `chat2` for a group, `channel3` for a supergroup or channel. A chat keeps it when it becomes
    /// public.
    pub(crate) fn peer(&self) -> String {
        let kind = match self.kind.as_str() {
            "saved_messages" | "replies" | "personal_chat" | "bot_chat" => "user",
            "private_group" => "chat",
            _ => "channel",
        };
        format!("{kind}{}", self.id)
    }
}

/// A number that some versions write as a string.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    pub(crate) fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }

    /// `user123`; old versions write the bare number of a user.
    pub(crate) fn peer(&self) -> String {
        match self {
            Self::Number(number) => format!("user{number}"),
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => format!("user{text}"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A time in seconds since 1970 as milliseconds; `None` for 0.
pub(crate) fn seconds_ms(time: Option<&Number>) -> Option<u64> {
    let seconds = u64::try_from(time?.value()?).ok()?;
    seconds.checked_mul(1_000).filter(|ms| *ms != 0)
}

/// A text, whole or in parts that have formats.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Plain(String),
    Parts(Vec<Part>),
    #[default]
    None,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Part {
    Plain(String),
    Entity {
        text: String,
        #[serde(default)]
        href: Option<String>,
    },
}

impl Text {
    /// Without formats; the address of a link follows its text.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(Part::plain).collect(),
            Self::None => String::new(),
        }
    }
}

impl Part {
    fn plain(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Entity { text, href: Some(href) } if href != text => format!("{text} ({href})"),
            Self::Entity { text, href: _ } => text.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "or_default")]
    pub(crate) count: u64,
    pub(crate) emoji: Option<String>,
    /// The newest few only.
    #[serde(deserialize_with = "or_default")]
    pub(crate) recent: Vec<Reactor>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reactor {
    pub(crate) from: Option<String>,
    pub(crate) from_id: Option<Number>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Location {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) id: Option<i64>,
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    /// Seconds since 1970.
    pub(crate) date_unixtime: Option<Number>,
    pub(crate) edited_unixtime: Option<Number>,
    pub(crate) from: Option<String>,
    pub(crate) from_id: Option<Number>,
    pub(crate) actor: Option<String>,
    pub(crate) actor_id: Option<Number>,
    pub(crate) action: Option<String>,
    pub(crate) title: Option<String>,
    /// Names, not ids; `null` for deleted accounts.
    #[serde(deserialize_with = "or_default")]
    pub(crate) members: Vec<Option<String>>,
    pub(crate) inviter: Option<String>,
    pub(crate) message_id: Option<i64>,
    pub(crate) author: Option<String>,
    pub(crate) forwarded_from: Option<String>,
    pub(crate) saved_from: Option<String>,
    pub(crate) via_bot: Option<String>,
    pub(crate) reply_to_message_id: Option<i64>,
    pub(crate) reply_to_peer_id: Option<Number>,
    pub(crate) text: Text,
    pub(crate) photo: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) photo_file_size: Option<u64>,
    #[serde(deserialize_with = "number")]
    pub(crate) width: Option<u64>,
    #[serde(deserialize_with = "number")]
    pub(crate) height: Option<u64>,
    pub(crate) file: Option<String>,
    pub(crate) file_name: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) file_size: Option<u64>,
    pub(crate) thumbnail: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) mime_type: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) duration_seconds: Option<u64>,
    pub(crate) sticker_emoji: Option<String>,
    pub(crate) performer: Option<String>,
    pub(crate) contact_information: Option<Value>,
    pub(crate) location_information: Option<Location>,
    pub(crate) place_name: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) poll: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) reactions: Vec<Reaction>,
}

/// Whose account was exported.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    pub(crate) user_id: Option<Number>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
}

/// Somebody whom the owner of the account keeps as a contact.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    /// Not every version has it.
    pub(crate) user_id: Option<Number>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) phone_number: Option<String>,
    /// Seconds since 1970.
    pub(crate) date_unixtime: Option<Number>,
}

/// What is found on the way.
pub(crate) enum Found {
    Myself(Person),
    Contact(Contact),
    /// The messages of the chat follow.
    Chat,
    Message(Box<Message>),
    /// What is wrong with a message, and on which line.
    Bad(Problem),
}

/// Walks through all chats of a document; `take` gets every message with what is known of its chat.
///
/// # Errors
/// The document is damaged, or `take` fails.
pub(crate) fn walk<R: BufRead>(
    walk: &mut Walk<R>,
    mut take: impl FnMut(&Head, Found) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    if walk.enter(b'{')? {
        chat(walk, true, &mut take)?;
    } else {
        walk.skip()?;
    }
    walk.end()
}

/// A chat, or the root of an account's export, which has lists of chats.
fn chat<R: BufRead>(
    walk: &mut Walk<R>,
    root: bool,
    take: &mut impl FnMut(&Head, Found) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    let mut head = Head::default();
    while let Some(member) = walk.member()? {
        match member.as_str() {
            "name" => head.name = walk.parse::<Option<String>>()?.unwrap_or_default(),
            "type" => head.kind = walk.parse::<String>()?.unwrap_or_default(),
            "id" => head.id = walk.parse::<i64>()?.unwrap_or_default(),
            "messages" if walk.enter(b'[')? => {
                take(&head, Found::Chat)?;
                messages(walk, &head, take)?;
            }
            "personal_information" if root => {
                let person = walk.parse()?.unwrap_or_default();
                take(&head, Found::Myself(person))?;
            }
            "contacts" if root && walk.enter(b'{')? => contacts(walk, &head, take)?,
            "chats" | "left_chats" if root && walk.enter(b'{')? => chats(walk, take)?,
            _ => walk.skip()?,
        }
    }
    Ok(())
}

fn contacts<R: BufRead>(
    walk: &mut Walk<R>,
    head: &Head,
    take: &mut impl FnMut(&Head, Found) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    while let Some(member) = walk.member()? {
        if member != "list" || !walk.enter(b'[')? {
            walk.skip()?;
            continue;
        }
        while walk.element()? {
            match walk.parse::<Contact>()? {
                Ok(contact) => take(head, Found::Contact(contact))?,
                Err(problem) => take(head, Found::Bad(problem))?,
            }
        }
    }
    Ok(())
}

fn chats<R: BufRead>(
    walk: &mut Walk<R>,
    take: &mut impl FnMut(&Head, Found) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    while let Some(member) = walk.member()? {
        if member != "list" || !walk.enter(b'[')? {
            walk.skip()?;
            continue;
        }
        while walk.element()? {
            if walk.enter(b'{')? {
                chat(walk, false, take)?;
            } else {
                walk.skip()?;
            }
        }
    }
    Ok(())
}

fn messages<R: BufRead>(
    walk: &mut Walk<R>,
    head: &Head,
    take: &mut impl FnMut(&Head, Found) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    while walk.element()? {
        let found = match walk.parse::<Message>()? {
            Ok(message) => Found::Message(Box::new(message)),
            Err(problem) => Found::Bad(problem),
        };
        take(head, found)?;
    }
    Ok(())
}
