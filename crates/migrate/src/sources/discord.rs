//! Discord, as DiscordChatExporter writes it in JSON: a file for each channel and thread, or several for a long one.
//!
//! Members are whoever wrote, reacted or was mentioned: the files list nobody else. In Discord everybody reads all of a channel, so
//! members join right after the group was made; when somebody joined the server stands in `x`. A channel was made at the time that
//! its id has. [choice]
//!
//! A thread belongs to the group of its channel: its messages have the one that it began with as `thread`. The posts of a forum are
//! threads of one group. Announcement channels are broadcasts. [choice]

mod message;
mod parse;
mod people;

use super::builder::Builder;
use super::builder::model::Channel;
use super::input::Input;
use super::sink::ConvertError;
use super::walk::{Walk, WalkError};
use crate::fault::{Fault, FaultCode};
use crate::format::Kind;
use crate::losses::LossKind;
use crate::mapping::ChannelKind;
use parse::{Found, Head};
use people::People;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What ids count from, milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// The first and the last id of each file of a channel. Each file has all messages between them, so that a message within an
/// earlier file's is one that comes again.
type Parts = BTreeMap<String, Vec<(u64, u64)>>;

/// Reads an export: a folder or zip archive, or one file.
///
/// # Errors
/// The source cannot be opened, or the output fails.
pub(crate) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    for what in ["owners", "members who did nothing", "read marks"] {
        builder.absent(what);
    }
    let mut input = Input::open(path)?;
    let documents = heads(&mut input, builder)?;
    let mut handed_over = BTreeSet::new();
    // Channels in front of their threads, which know less of them.
    let (threads, channels): (Vec<_>, Vec<_>) =
        documents.iter().partition(|(_, head)| head.channel.is_thread());
    for (_, head) in channels.into_iter().chain(threads) {
        if handed_over.insert(conversation(head)) {
            let channel = channel(head);
            if channel.kind == ChannelKind::Broadcast {
                builder.lose(LossKind::Placeless, format!("{}: only some may write", channel.id));
            }
            builder.channel(channel)?;
        }
    }
    let mut people = People::default();
    let mut parts = Parts::new();
    for (name, head) in &documents {
        let read = messages(&mut input, name, head, &mut people, &mut parts, builder);
        read.or_else(|error| error.settle(builder))?;
    }
    people.hand_over(builder)
}

/// The files of the exporter, each with what it says before its messages.
fn heads(input: &mut Input, builder: &mut Builder<'_>) -> Result<Vec<(String, Head)>, ConvertError> {
    let mut documents = Vec::new();
    // The exporter puts attached files into folders of this name.
    let names = input.documents(&[".json"]).into_iter().filter(|name| !name.contains("_Files/"));
    for name in names.collect::<Vec<_>>() {
        let (document, _) = input.read(&name)?;
        match Walk::new(document, &name).and_then(|mut walk| parse::head(&mut walk)) {
            Ok(Some(head)) => documents.push((name, head)),
            // A file of something else.
            Ok(None) => {}
            Err(error) => error.settle(builder)?,
        }
    }
    Ok(documents)
}

/// The channel that a file belongs to.
fn conversation(head: &Head) -> String {
    let parent = head.channel.category_id.as_ref().filter(|_| head.channel.is_thread());
    parent.unwrap_or(&head.channel.id).clone()
}

fn channel(head: &Head) -> Channel {
    let Head { guild, channel } = head;
    let id = conversation(head);
    let of_parent = id != channel.id;
    let kind = match channel.kind.as_str() {
        "DirectTextChat" => ChannelKind::Direct,
        "DirectGroupTextChat" => ChannelKind::GroupDirect,
        "GuildNews" => ChannelKind::Broadcast,
        "GuildPrivateThread" if !of_parent => ChannelKind::Private,
        _ => ChannelKind::Public,
    };
    let name = if of_parent { channel.category.clone().unwrap_or_default() } else { channel.name.clone() };
    let created_ms = id.parse::<u64>().ok().and_then(|id| (id >> 22).checked_add(EPOCH_MS));
    let made = Channel::new(id, name, kind);
    Channel {
        introduction: channel.topic.clone().filter(|_| !of_parent).unwrap_or_default(),
        face_url: channel.icon_url.clone().or_else(|| guild.icon_url.clone()).unwrap_or_default(),
        created_ms,
        x: json!({ "guild": { "id": guild.id, "name": guild.name }, "type": channel.kind, "category": channel.category }),
        ..made
    }
}

fn messages(
    input: &mut Input,
    name: &str,
    head: &Head,
    people: &mut People,
    parts: &mut Parts,
    builder: &mut Builder<'_>,
) -> Result<(), WalkError> {
    let (document, beside) = input.read(name)?;
    let mut walk = Walk::new(document, name)?;
    parse::head(&mut walk)?;
    let conversation = conversation(head);
    let mut thread = message::Thread::new(head.channel.is_thread() && conversation != head.channel.id, head);
    let earlier = parts.entry(head.channel.id.clone()).or_default();
    let mut part = (u64::MAX, 0);
    let mut number = 0_u64;
    let complete = parse::messages(&mut walk, |found| {
        number += 1;
        match found {
            Found::Message(message) => {
                if let Ok(id) = message.id.parse() {
                    if earlier.iter().any(|(first, last)| (*first..=*last).contains(&id)) {
                        builder.repeated_message(&message.id);
                        return Ok(());
                    }
                    part = (part.0.min(id), part.1.max(id));
                }
                people.see(&conversation, &message);
                let place = format!("{name}, message {number}");
                if let Some(built) = message::build(*message, &conversation, name, place, beside, &mut thread)
                {
                    builder.message(built)?;
                }
            }
            Found::Bad(problem) => {
                builder.fault(problem.fault(name).of(Kind::Message, conversation.clone()))?;
            }
        }
        Ok(())
    })?;
    earlier.push(part);
    if complete != Some(true) {
        let text = format!(
            "{name}: the file does not have as many messages as it says at its end (messageCount); export the channel again"
        );
        builder.fault(Fault::new(0, FaultCode::CutOff, text))?;
    }
    Ok(())
}
