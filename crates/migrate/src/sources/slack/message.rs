//! One message of a Slack export.

use super::files::{self, Attached};
use super::json;
use super::lists::Lists;
use super::text::{self, Names};
use crate::sources::archive::Archive;
use crate::sources::builder::Builder;
use crate::sources::builder::model::{Message, MessageKind, Reaction};
use crate::sources::times;
use serde_json::{Value, json};
use std::io;

/// Subtypes of messages that people write. [choice]
const ORDINARY: [&str; 8] = [
    "",
    "me_message",
    "file_share",
    "file_comment",
    "file_mention",
    "thread_broadcast",
    "reply_broadcast",
    "reminder_add",
];
/// Subtypes that say that a user came.
const JOINS: [&str; 2] = ["channel_join", "group_join"];
/// What is told apart by its id only.
const SLACKBOT: &str = "USLACKBOT";

impl Names for Builder<'_> {
    fn user(&self, id: &str) -> Option<String> {
        self.nick(id).map(str::to_owned)
    }

    fn channel(&self, id: &str) -> Option<String> {
        self.channel_name(id).map(str::to_owned)
    }
}

/// What a message is read with.
pub(super) struct Context<'a> {
    pub(super) channel: &'a str,
    pub(super) lists: &'a Lists,
    pub(super) attached: &'a Attached,
    pub(super) archive: &'a Archive,
}

/// `ts` of a message, which identifies it in its conversation. Some tools write it as a number.
pub(super) fn ts(item: &Value) -> String {
    match item.get("ts") {
        Some(Value::String(ts)) => ts.clone(),
        Some(Value::Number(ts)) => ts.to_string(),
        _ => String::new(),
    }
}

/// Hands a message over.
pub(super) fn hand_over(
    context: &Context<'_>,
    key: String,
    place: String,
    item: &Value,
    builder: &mut Builder<'_>,
) -> io::Result<()> {
    let channel = context.channel;
    let ts = ts(item);
    let ts_ms = times::parse_us(&ts).map(|us| us / 1_000);
    let subtype = json::text(item, "subtype");
    let author = author(item, context.lists);
    if let Some(ms) = ts_ms.filter(|_| JOINS.contains(&subtype) && !author.is_empty()) {
        builder.joined(channel, &author, ms)?;
    }
    let thread = item.get("thread_ts").and_then(Value::as_str).filter(|root| *root != ts);
    let edited = item.get("edited").map(self::ts);
    let message = Message {
        channel: channel.to_owned(),
        key,
        author_name: author_name(item, &author),
        kind: kind(subtype, item, &author, context.lists),
        text: text(item, builder),
        ts_ms,
        thread: thread.map(|root| format!("{channel}:{root}")),
        reply_to: None,
        reactions: json::items(item, "reactions").map(reaction).collect(),
        edited_ms: edited.and_then(|ts| times::parse_us(&ts)).map(|us| us / 1_000),
        files: files::of(item, context.attached, context.archive),
        elements: Vec::new(),
        x: extras(item, subtype),
        author,
        place,
    };
    builder.message(message)
}

/// The user that wrote it; the bot where no user did.
fn author(item: &Value, lists: &Lists) -> String {
    let comment = item.get("comment").map(|comment| json::text(comment, "user")).unwrap_or_default();
    let user = json::text(item, "user");
    let bot = json::text(item, "bot_id");
    let found = if !user.is_empty() {
        user
    } else if !comment.is_empty() {
        comment
    } else {
        lists.bots.get(bot).map_or(bot, String::as_str)
    };
    if found.is_empty() { json::text(item, "username") } else { found }.to_owned()
}

/// What an author is called that the export may not list.
fn author_name(item: &Value, author: &str) -> String {
    if author == SLACKBOT {
        return "Slackbot".to_owned();
    }
    let of = |member: &str| {
        let profile = item.get(member)?;
        let name = json::first_text(profile, &["display_name", "real_name", "name"]);
        (!name.is_empty()).then(|| name.to_owned())
    };
    of("user_profile")
        .or_else(|| of("bot_profile"))
        .unwrap_or_else(|| json::text(item, "username").to_owned())
}

fn kind(subtype: &str, item: &Value, author: &str, lists: &Lists) -> MessageKind {
    match subtype {
        "bot_message" => MessageKind::Bot,
        "tombstone" | "message_deleted" => MessageKind::Deleted,
        ordinary if ORDINARY.contains(&ordinary) => {
            let is_bot = lists.bot_users.contains(author) || item.get("bot_id").is_some_and(Value::is_string);
            if is_bot { MessageKind::Bot } else { MessageKind::Regular }
        }
        _ => MessageKind::System,
    }
}

fn reaction(item: &Value) -> Reaction {
    let users: Vec<String> = json::texts(item, "users").map(str::to_owned).collect();
    let count = json::number(item, "count").unwrap_or_default();
    Reaction { name: json::text(item, "name").to_owned(), users, count }
}

/// What people see: the text, or what stands in its place.
fn text(item: &Value, names: &dyn Names) -> String {
    let comment = item.get("comment").map(|comment| json::text(comment, "comment")).unwrap_or_default();
    let own = json::text(item, "text");
    let mut parts = vec![text::plain(if own.is_empty() { comment } else { own }, names)];
    parts.extend(json::items(item, "attachments").filter_map(|attachment| attached_text(attachment, names)));
    parts.retain(|part| !part.trim().is_empty());
    if parts.is_empty() {
        let mut found = Vec::new();
        json::items(item, "blocks").for_each(|block| block_texts(block, &mut found));
        parts.extend(found.into_iter().map(|part| text::plain(part, names)));
    }
    if parts.is_empty() && json::text(item, "subtype") == "huddle_thread" {
        parts.push("A huddle started".to_owned());
    }
    parts.join("\n")
}

/// What an app or a shared message says; `None` for a preview of a link.
fn attached_text(attachment: &Value, names: &dyn Names) -> Option<String> {
    let is_shared = json::flag(attachment, "is_share") || json::flag(attachment, "is_msg_unfurl");
    if !is_shared && !json::first_text(attachment, &["from_url", "original_url"]).is_empty() {
        return None;
    }
    let mut parts: Vec<String> = ["pretext", "title", "text"]
        .iter()
        .map(|part| text::plain(json::text(attachment, part), names))
        .collect();
    for field in json::items(attachment, "fields") {
        let [title, value] = ["title", "value"].map(|part| text::plain(json::text(field, part), names));
        parts.push(if title.is_empty() { value } else { format!("{title}: {value}") });
    }
    parts.retain(|part| !part.trim().is_empty());
    if parts.is_empty() {
        parts.push(text::plain(json::text(attachment, "fallback"), names));
    }
    let said = parts.join("\n");
    let author = json::text(attachment, "author_name");
    Some(if is_shared && !author.is_empty() { format!("{author}: {said}") } else { said })
}

/// The texts of a block, at any depth that JSON may have here.
fn block_texts<'a>(block: &'a Value, found: &mut Vec<&'a str>) {
    match block {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if name == "text" => found.push(text),
                    Some(_) | None => block_texts(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| block_texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What has no place elsewhere.
fn extras(item: &Value, subtype: &str) -> Value {
    let mut x = json!({});
    if !subtype.is_empty() {
        x["subtype"] = subtype.into();
    }
    for member in ["attachments", "pinned_to", "room"] {
        if let Some(value) = item.get(member) {
            x[member] = value.clone();
        }
    }
    if x.as_object().is_some_and(serde_json::Map::is_empty) { Value::Null } else { x }
}
