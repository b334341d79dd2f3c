//! Messages of Stream, put together with their reactions.

use super::parse::{self, Attachment, Message};
use super::{key, object};
use crate::fault::{Fault, FaultCode};
use crate::format::Kind;
use crate::ordered::MEMORY_BYTES;
use crate::scratch::Scratch;
use crate::sort::Sorter;
use crate::sources::builder::Builder;
use crate::sources::builder::model::{File, Message as Built, MessageKind, Reaction};
use crate::sources::times::parse_ms;
use crate::sources::values::file_elsewhere;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::path::Path;

/// Messages and reactions on the disk.
pub(crate) struct Joined {
    /// By id of the message: messages, each followed by its reactions.
    by_id: Sorter,
    directory: Scratch,
    /// Counts what came.
    position: u64,
}

#[derive(Serialize, Deserialize)]
struct Spilled {
    position: u64,
    /// The item of the message.
    message: String,
    place: String,
    /// Type and user, in the order of the file.
    reactions: Vec<(String, String)>,
}

impl Joined {
    pub(crate) fn new(spill_directory: &Path) -> io::Result<Self> {
        let directory = Scratch::new_in(spill_directory)?;
        Ok(Self { by_id: Sorter::new(directory.path(), MEMORY_BYTES / 2), directory, position: 0 })
    }

    fn push(&mut self, id: &str, is_reaction: bool, value: Vec<u8>) -> io::Result<()> {
        let mut key = id.as_bytes().to_vec();
        key.extend([0, u8::from(is_reaction)]);
        key.extend(self.position.to_be_bytes());
        self.position += 1;
        self.by_id.push(key, value)
    }

    pub(crate) fn message(&mut self, message: &Message, document: &str, text: &str) -> io::Result<()> {
        let place = format!("{document}, message {}", message.id);
        let text = text.to_owned();
        let spilled = Spilled { position: self.position, message: text, place, reactions: Vec::new() };
        self.push(&message.id, false, serde_json::to_vec(&spilled)?)
    }

    pub(crate) fn reaction(&mut self, reaction: &parse::Reaction) -> io::Result<()> {
        let user = reaction.user.as_ref().map(parse::Who::id).or(reaction.user_id.as_deref());
        let value = serde_json::to_vec(&(&reaction.kind, user.unwrap_or_default()))?;
        self.push(&reaction.message_id, true, value)
    }

    /// Hands over the messages in the order of the file.
    pub(crate) fn hand_over(self, builder: &mut Builder<'_>) -> io::Result<()> {
        let mut by_position = Sorter::new(self.directory.path(), MEMORY_BYTES / 2);
        let mut open: Option<(Vec<u8>, Spilled)> = None;
        let mut close = |spilled: Option<(Vec<u8>, Spilled)>| match spilled {
            Some((_, spilled)) => {
                by_position.push(spilled.position.to_be_bytes().to_vec(), serde_json::to_vec(&spilled)?)
            }
            None => Ok(()),
        };
        for entry in self.by_id.finish()? {
            let entry = entry?;
            let split = entry.key.len().saturating_sub(9);
            let (id, rest) = entry.key.split_at_checked(split).unwrap_or_default();
            if rest.first() == Some(&0) && 1 < id.len() && open.as_ref().is_some_and(|(open, _)| open == id) {
                builder.repeated_message(&String::from_utf8_lossy(id.strip_suffix(&[0]).unwrap_or(id)));
                continue;
            }
            if rest.first() == Some(&0) {
                close(open.replace((id.to_vec(), serde_json::from_slice(&entry.value)?)))?;
                continue;
            }
            match &mut open {
                Some((open, spilled)) if open == id => {
                    spilled.reactions.push(serde_json::from_slice(&entry.value)?);
                }
                Some(_) | None => {
                    let id = String::from_utf8_lossy(id.strip_suffix(&[0]).unwrap_or(id)).into_owned();
                    let text =
                        format!("a reaction is for the message {id:?}, which the source does not have");
                    builder.fault(Fault::new(0, FaultCode::NoSuchMessage, text).of(Kind::Message, id))?;
                }
            }
        }
        close(open)?;
        for entry in by_position.finish()? {
            let spilled: Spilled = serde_json::from_slice(&entry?.value)?;
            builder.message(build(spilled)?)?;
        }
        Ok(())
    }
}

fn build(spilled: Spilled) -> io::Result<Built> {
    let message: Message = serde_json::from_str(&spilled.message)?;
    let kind = match message.kind.as_deref() {
        _ if message.deleted_at.is_some() => MessageKind::Deleted,
        Some("deleted") => MessageKind::Deleted,
        Some("system") => MessageKind::System,
        Some(_) | None => MessageKind::Regular,
    };
    let ts_ms = message.created_at.as_deref().and_then(parse_ms);
    let edited_ms = message.updated_at.as_deref().and_then(parse_ms);
    let mut x = message.rest;
    let mut files = Vec::new();
    let mut others: Vec<Value> = Vec::new();
    for (number, attachment) in (1..).zip(message.attachments) {
        match file(&attachment, &message.id, number) {
            Some(file) => files.push(file),
            None => others.push(serde_json::to_value(attachment)?),
        }
    }
    if !others.is_empty() {
        x.insert("attachments".to_owned(), others.into());
    }
    Ok(Built {
        channel: key(&message.channel_type, message.channel_id.as_deref(), &message.channel_member_ids),
        author: message.user.as_ref().map(|who| who.id().to_owned()).unwrap_or_default(),
        author_name: String::new(),
        ts_ms,
        kind,
        text: message.text.unwrap_or_default(),
        thread: message.parent_id,
        reply_to: message.quoted_message_id,
        reactions: reactions(spilled.reactions),
        edited_ms: edited_ms.filter(|edited| ts_ms.is_some_and(|sent| sent < *edited)),
        files,
        elements: Vec::new(),
        x: object(x),
        place: spilled.place,
        key: message.id,
    })
}

/// Reactions of one type together, in the order in which the types first came.
fn reactions(each: Vec<(String, String)>) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = Vec::new();
    for (name, user) in each {
        match reactions.iter_mut().find(|reaction| reaction.name == name) {
            Some(reaction) => {
                reaction.users.push(user);
                reaction.count += 1;
            }
            None => reactions.push(Reaction { name, users: vec![user], count: 1 }),
        }
    }
    reactions
}

/// An attachment that is a file; `None` for the preview of a link and other things.
fn file(attachment: &Attachment, message: &str, number: u32) -> Option<File> {
    let is_preview =
        attachment.rest.contains_key("og_scrape_url") || attachment.rest.contains_key("title_link");
    let url =
        attachment.asset_url.as_ref().or(attachment.image_url.as_ref()).or(attachment.thumb_url.as_ref());
    let url = url.filter(|_| !is_preview)?;
    let name = attachment.title.as_ref().or(attachment.fallback.as_ref()).cloned().unwrap_or_default();
    let of_url = url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let name = if name.is_empty() { of_url.to_owned() } else { name };
    let mut file = file_elsewhere(format!("{message}/{number}"), url, &name);
    if attachment.kind.as_deref() == Some("image") && file.mime.is_empty() {
        "image/*".clone_into(&mut file.mime);
    }
    (file.size, file.width, file.height) =
        (attachment.size, attachment.original_width, attachment.original_height);
    Some(file)
}
