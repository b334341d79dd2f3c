//! Messages of Discord.

use super::parse::{self, Head, Message};
use super::people::without_nulls;
use crate::sources::builder::model::{File, Message as Built, MessageKind, Reaction};
use crate::sources::input::Beside;
use crate::sources::times::parse_ms;
use crate::sources::values::{file_at, file_elsewhere};
use serde_json::{Value, json};

/// The type of the message that a thread starts with: it only points at the one that the thread is about.
const THREAD_STARTER: &str = "21";

/// The thread that the messages of a file belong to.
pub(crate) struct Thread {
    is_one: bool,
    /// The id of a thread is that of the message that it is about.
    id: String,
    root: Option<String>,
}

impl Thread {
    pub(crate) fn new(is_one: bool, head: &Head) -> Self {
        Self { is_one, id: head.channel.id.clone(), root: None }
    }

    /// `thread` of the next message. Where the thread is about no message of its channel, its own first message is the root.
    fn of(&mut self, message: &Message) -> Option<String> {
        if !self.is_one {
            return None;
        }
        let root = self.root.get_or_insert_with(|| {
            if message.kind == THREAD_STARTER { self.id.clone() } else { message.id.clone() }
        });
        (*root != message.id).then(|| root.clone())
    }
}

/// `None` for a message that only points at another.
pub(crate) fn build(
    message: Message,
    conversation: &str,
    document: &str,
    place: String,
    beside: Beside<'_>,
    thread: &mut Thread,
) -> Option<Built> {
    let thread = thread.of(&message);
    if message.kind == THREAD_STARTER {
        return None;
    }
    let kind = match message.kind.as_str() {
        "" | "Default" | "Reply" | "19" | "20" | "23" if message.author.is_bot => MessageKind::Bot,
        "" | "Default" | "Reply" | "19" | "20" | "23" => MessageKind::Regular,
        _ => MessageKind::System,
    };
    let reference = message.reference.as_ref().filter(|reference| {
        let channel = reference.channel_id.as_deref();
        message.forwarded_message.is_none() && channel.is_none_or(|channel| channel == conversation)
    });
    Some(Built {
        channel: conversation.to_owned(),
        author: message.author.id.clone(),
        author_name: message.author.name.clone(),
        ts_ms: message.timestamp.as_deref().and_then(parse_ms),
        kind,
        text: text(&message),
        thread,
        reply_to: reference.and_then(|reference| reference.message_id.clone()),
        reactions: message.reactions.iter().map(reaction).collect(),
        edited_ms: message.timestamp_edited.as_deref().and_then(parse_ms),
        files: message.attachments.iter().map(|attachment| file(attachment, document, beside)).collect(),
        elements: Vec::new(),
        place,
        x: extras(&message),
        key: message.id,
    })
}

/// The text; where there is none, what else the message shows.
fn text(message: &Message) -> String {
    if !message.content.is_empty() {
        return message.content.clone();
    }
    let part = |value: &Value, member: &str| {
        value.get(member).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(text) = message.forwarded_message.as_ref().and_then(|forwarded| part(forwarded, "content")) {
        return text;
    }
    let stickers = message.stickers.iter().map(|sticker| format!(":{}:", sticker.name));
    let embeds =
        message.embeds.iter().flat_map(|embed| ["title", "description", "url"].map(|name| part(embed, name)));
    let shown: Vec<String> = stickers.chain(embeds.flatten()).collect();
    if shown.is_empty() && message.attachments.is_empty() {
        system_text(&message.kind).to_owned()
    } else {
        shown.join("\n")
    }
}

fn system_text(kind: &str) -> &'static str {
    match kind {
        "RecipientAdd" => "added somebody",
        "RecipientRemove" => "removed somebody",
        "Call" => "called",
        "ChannelNameChange" => "changed the name of the channel",
        "ChannelIconChange" => "changed the picture of the channel",
        "ChannelPinnedMessage" => "pinned a message",
        "GuildMemberJoin" => "joined the server",
        "ThreadCreated" => "started a thread",
        _ => "",
    }
}

fn file(attachment: &parse::Attachment, document: &str, beside: Beside<'_>) -> File {
    let name = &attachment.file_name;
    // A path, where the exporter has downloaded the file.
    let found =
        if attachment.url.contains("://") { None } else { beside.path_from(document, &attachment.url) };
    let mut file = match found {
        Some(path) => file_at(&attachment.id, path),
        None => {
            let url = Some(attachment.url.as_str()).filter(|url| url.contains("://")).unwrap_or_default();
            file_elsewhere(attachment.id.clone(), url, name)
        }
    };
    if !name.is_empty() {
        file.name.clone_from(name);
    }
    file.size = attachment.file_size_bytes;
    file
}

fn reaction(reaction: &parse::Reaction) -> Reaction {
    let emoji = &reaction.emoji;
    let name = emoji.code.clone().filter(|code| !code.is_empty()).unwrap_or_else(|| emoji.name.clone());
    let users = reaction.users.iter().map(|user| user.id.clone()).collect();
    Reaction { name, users, count: reaction.count }
}

fn extras(message: &Message) -> Value {
    let is_ordinary = matches!(message.kind.as_str(), "" | "Default" | "Reply");
    let stickers: Vec<_> = message
        .stickers
        .iter()
        .map(|sticker| json!({ "name": sticker.name, "url": sticker.source_url }))
        .collect();
    without_nulls(json!({
        "type": (!is_ordinary).then_some(&message.kind),
        "pinned": message.is_pinned.then_some(true),
        "embeds": (!message.embeds.is_empty()).then_some(&message.embeds),
        "stickers": (!stickers.is_empty()).then_some(stickers),
        "forwarded": message.forwarded_message,
        "interaction": message.interaction,
    }))
}
