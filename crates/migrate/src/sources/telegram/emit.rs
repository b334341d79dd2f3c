//! The second reading: messages.

use super::parse::{self, Found, Head, Message, Number, seconds_ms};
use super::service::sentence;
use super::survey::Survey;
use crate::format::Kind;
use crate::sources::builder::Builder;
use crate::sources::builder::model::{File, Message as Built, MessageKind, Reaction};
use crate::sources::input::Beside;
use crate::sources::values::{file_at, file_elsewhere};
use crate::sources::walk::{Walk, WalkError};
use serde_json::{Map, Value, json};
use std::io::BufRead;

pub(crate) struct Emit<'a, 'b> {
    survey: &'a Survey,
    name: &'a str,
    beside: Beside<'a>,
    builder: &'a mut Builder<'b>,
    /// Of the last message in its chat, counted from 1.
    position: u64,
}

impl<'a, 'b> Emit<'a, 'b> {
    pub(crate) fn new(
        survey: &'a Survey,
        name: &'a str,
        beside: Beside<'a>,
        builder: &'a mut Builder<'b>,
    ) -> Self {
        Self { survey, name, beside, builder, position: 0 }
    }

    pub(crate) fn read<R: BufRead>(&mut self, walk: &mut Walk<R>) -> Result<(), WalkError> {
        parse::walk(walk, |head, found| {
            match found {
                Found::Myself(_) | Found::Contact(_) => {}
                Found::Chat => self.position = 0,
                Found::Message(message) => {
                    self.position += 1;
                    let built = self.message(head, *message);
                    self.builder.message(built)?;
                }
                Found::Bad(problem) => {
                    self.position += 1;
                    let fault = problem.fault(self.name);
                    self.builder.fault(fault.of(Kind::Message, head.peer()))?;
                }
            }
            Ok(())
        })
    }

    /// The key of a message of the same part of the chat. Numbers of the group that a supergroup was made of overlap with its own.
    fn key(&self, head: &Head, id: i64) -> String {
        let part = if self.survey.is_old_part(head, self.position) { ":old" } else { "" };
        format!("{}{part}:{id}", head.peer())
    }

    fn message(&self, head: &Head, message: Message) -> Built {
        let is_service = message.kind == "service";
        let author = message.from_id.as_ref().or(message.actor_id.as_ref()).map(Number::peer);
        let name = message.from.as_ref().or(message.actor.as_ref()).cloned();
        let key = match message.id {
            Some(id) => self.key(head, id),
            None => format!("{}:#{}", head.peer(), self.position),
        };
        let here = message.reply_to_peer_id.as_ref().is_none_or(|peer| peer.peer() == head.peer());
        let reply_to = message.reply_to_message_id.filter(|_| here).map(|id| self.key(head, id));
        let files = self.files(&key, &message);
        Built {
            channel: self.survey.conversation(head),
            author: author.unwrap_or_default(),
            author_name: name.unwrap_or_default(),
            ts_ms: seconds_ms(message.date_unixtime.as_ref()),
            kind: if is_service {
                MessageKind::System
            } else if head.kind == "bot_chat"
                && message.from_id.as_ref().is_some_and(|who| who.peer() == head.peer())
            {
                MessageKind::Bot
            } else {
                MessageKind::Regular
            },
            text: if is_service { sentence(&message) } else { text(&message) },
            thread: None,
            reply_to,
            reactions: message.reactions.iter().map(reaction).collect(),
            edited_ms: seconds_ms(message.edited_unixtime.as_ref()),
            elements: location(&message).into_iter().collect(),
            place: format!("{}, chat {}, message {}", self.name, head.peer(), self.position),
            x: extras(message),
            key,
            files,
        }
    }

    fn files(&self, key: &str, message: &Message) -> Vec<File> {
        let photo = message.photo.as_deref().map(|path| (path, "photo", message.photo_file_size));
        let file = message.file.as_deref().map(|path| (path, "file", message.file_size));
        let make = |(path, word, size): (&str, &str, Option<u64>)| {
            let name = message.file_name.as_deref().filter(|_| word == "file");
            // A sentence in brackets says why the file is not there.
            let found = self.beside.path_from(self.name, path).filter(|_| !path.starts_with('('));
            let shown = name.or(message.media_type.as_deref()).unwrap_or(word);
            let mut made = match found {
                Some(found) => file_at(path, found),
                None => file_elsewhere(format!("{key}:{word}"), "", shown),
            };
            made.name = name.map_or(made.name, str::to_owned);
            made.size = size;
            (made.width, made.height) = (message.width, message.height);
            match &message.mime_type {
                Some(mime) if word == "file" => made.mime.clone_from(mime),
                Some(_) | None => {}
            }
            if word == "photo" && made.mime.is_empty() {
                "image/jpeg".clone_into(&mut made.mime);
            }
            made
        };
        photo.into_iter().chain(file).map(make).collect()
    }
}

/// The text, followed by what only Telegram has as a message of its own.
fn text(message: &Message) -> String {
    let mut parts = vec![message.text.plain()];
    if message.media_type.as_deref() == Some("sticker") {
        parts.extend(message.sticker_emoji.clone());
    }
    if let Some(contact) = &message.contact_information {
        let part = |member: &str| contact.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        parts.push([part("first_name"), part("last_name"), part("phone_number")].join(" ").trim().to_owned());
    }
    if let Some(poll) = &message.poll {
        let question = poll.get("question").and_then(Value::as_str).unwrap_or_default();
        parts.push(question.to_owned());
        for answer in poll.get("answers").and_then(Value::as_array).into_iter().flatten() {
            let answer_text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
            let voters = answer.get("voters").and_then(Value::as_u64).unwrap_or_default();
            parts.push(format!("- {answer_text}: {voters}"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn location(message: &Message) -> Option<Value> {
    let location = message.location_information.as_ref()?;
    let name = [message.place_name.as_deref(), message.address.as_deref()].into_iter().flatten();
    Some(json!({ "MsgType": "TIMLocationElem", "MsgContent": {
        "Desc": name.collect::<Vec<_>>().join(", "),
        "Latitude": location.latitude, "Longitude": location.longitude,
    }}))
}

fn reaction(reaction: &parse::Reaction) -> Reaction {
    let users = reaction.recent.iter().filter_map(|who| who.from_id.as_ref()).map(Number::peer);
    let name = reaction.emoji.clone().unwrap_or_else(|| "custom_emoji".to_owned());
    Reaction { name, users: users.collect(), count: reaction.count }
}

fn extras(message: Message) -> Value {
    let mut x = Map::new();
    let texts = [
        ("author", message.author),
        ("forwarded_from", message.forwarded_from),
        ("saved_from", message.saved_from),
        ("via_bot", message.via_bot),
        ("action", message.action),
        ("media_type", message.media_type),
    ];
    x.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
    let values = [("poll", message.poll), ("contact_information", message.contact_information)];
    x.extend(values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    x.extend(message.duration_seconds.map(|seconds| ("duration_seconds".to_owned(), seconds.into())));
    if x.is_empty() { Value::Null } else { Value::Object(x) }
}
