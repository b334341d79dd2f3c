//! Messages of a source as records.

use super::model::{Message, MessageKind, Reaction};
use super::{Builder, NOBODY, body, state};
use crate::fault::{Fault, FaultCode};
use crate::format::{self, Kind, Record, custom};
use crate::losses::LossKind;
use crate::mapping::Choice;
use serde_json::Value;
use std::io;

/// The earliest usable time, seconds since 1970: a group is made before its first message.
const SENT_MIN: u64 = 2;
/// The latest usable time, seconds since 1970: later ones are in another unit.
const SENT_MAX: u64 = u32::MAX as u64;

/// Where a message goes.
enum Place {
    /// Into the group with this id.
    Group(String),
    /// To this account.
    With(String),
}

impl Builder<'_> {
    /// Takes a message. Messages of the same millisecond keep the order in which they come.
    ///
    /// # Errors
    /// The output fails.
    pub fn message(&mut self, message: Message) -> io::Result<()> {
        self.found.messages += 1;
        let Some(channel) = self.channels.get_mut(&message.channel) else {
            return self.no_such_channel(Kind::Message, &message.channel, &message.key);
        };
        channel.messages += 1;
        if channel.left_out {
            return Ok(());
        }
        let group_id = channel.group_id.clone();
        let Some(ts_ms) = message.ts_ms.filter(|ms| (SENT_MIN..=SENT_MAX).contains(&(ms / 1_000))) else {
            return self.bad_time(&message);
        };
        if self.is_left_out(&message) {
            return Ok(());
        }
        let author = if message.author.is_empty() { NOBODY } else { &message.author };
        let place = self.place(author, &message.author_name)?;
        let Some(user) = self.users.get(place) else { return Ok(()) };
        if user.left_out {
            self.lose(LossKind::LeftOutMessages, message.key);
            return Ok(());
        }
        let account = user.account.to_string();
        let mut to = None;
        if let Some(mut state) = self.channels.remove(&message.channel) {
            let pair = self.settle_pair(&mut state);
            self.channels.insert(message.channel.clone(), state);
            if let Some(pair) = pair {
                to = self.receiver(pair, place);
                if to.is_none() {
                    self.lose(LossKind::OneToOneOthers, message.key);
                    return Ok(());
                }
            }
        }
        if message.author.is_empty() {
            self.lose(LossKind::Senders, message.key.clone());
        }
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.first_ms = Some(channel.first_ms.map_or(ts_ms, |first| first.min(ts_ms)));
            let may_join = !message.author.is_empty() && message.kind != MessageKind::Bot;
            if channel.channel.authors_are_members && may_join {
                channel.members.entry(place).or_default();
            }
        }
        self.found.first_ms = Some(self.found.first_ms.map_or(ts_ms, |first| first.min(ts_ms)));
        self.found.last_ms = self.found.last_ms.max(Some(ts_ms));
        let place = to.map_or(Place::Group(group_id), Place::With);
        self.write_message(message, place, account, ts_ms)
    }

    fn bad_time(&mut self, message: &Message) -> io::Result<()> {
        let (code, problem) = match message.ts_ms {
            None => (FaultCode::Missing, "the message has no usable time".to_owned()),
            Some(ms) => {
                (FaultCode::BadTime, format!("the message has an impossible time: {ms} ms since 1970"))
            }
        };
        let problem =
            if message.place.is_empty() { problem } else { format!("{}: {problem}", message.place) };
        self.fault(Fault::new(0, code, problem).of(Kind::Message, message.key.clone()).field("SendTime"))
    }

    /// Whether the mapping leaves out messages of its kind. It is counted then.
    fn is_left_out(&mut self, message: &Message) -> bool {
        let has_content =
            !message.text.trim().is_empty() || !message.files.is_empty() || !message.elements.is_empty();
        let choices = &self.mapping.messages;
        let of_kind = match message.kind {
            MessageKind::Regular => None,
            MessageKind::System => Some((choices.system, LossKind::SystemMessages)),
            MessageKind::Bot => Some((choices.bot, LossKind::BotMessages)),
            MessageKind::Deleted => Some((choices.deleted, LossKind::DeletedMessages)),
        };
        let is_empty = !has_content && message.kind != MessageKind::Deleted;
        let empty = is_empty.then_some((choices.empty, LossKind::EmptyMessages));
        let left_out = of_kind.into_iter().chain(empty).find(|(choice, _)| *choice == Choice::LeaveOut);
        if let Some((_, loss)) = left_out {
            self.lose(loss, message.key.clone());
        }
        left_out.is_some()
    }

    fn write_message(&mut self, message: Message, place: Place, from: String, ts_ms: u64) -> io::Result<()> {
        let Message { key, kind, text, files, elements, thread, reply_to, edited_ms, mut x, .. } = message;
        match kind {
            MessageKind::Regular => {}
            MessageKind::System => state::put(&mut x, "kind", "system".into()),
            MessageKind::Bot => state::put(&mut x, "kind", "bot".into()),
            MessageKind::Deleted => state::put(&mut x, "kind", "deleted".into()),
        }
        let mut others = Vec::with_capacity(files.len() + elements.len());
        for file in files {
            others.push((body::file_element(&file), body::growth(&file)));
            self.write_file(file)?;
        }
        others.extend(elements.into_iter().map(|element| (element, 0)));
        let reactions = self.reactions(message.reactions, &key)?;
        let (group_id, to) = match place {
            Place::Group(id) => (id, None),
            Place::With(account) => (String::new(), Some(account)),
        };
        let mut record = format::Message {
            src: self.src.clone(),
            key,
            group_id,
            to,
            from,
            send_time: Some(ts_ms / 1_000),
            ts_ms: (!ts_ms.is_multiple_of(1_000)).then_some(ts_ms),
            thread,
            reply_to,
            reactions,
            edited_ms,
            x: state::extras(x),
            ..format::Message::default()
        };
        let custom_bytes = self.fit_custom(&mut record);
        let room = self.limits.messages.bytes.saturating_sub(custom_bytes);
        let mut bodies = body::bodies(&text, others, room);
        if bodies.is_empty() {
            bodies.push(vec![body::text_element("")]);
        }
        if 1 < bodies.len() {
            self.lose(LossKind::Split, format!("{} becomes {}", record.key, bodies.len()));
        }
        let continued = format::Message { reactions: Vec::new(), x: None, ..record.clone() };
        for (position, elements) in bodies.into_iter().enumerate() {
            let part = match position {
                0 => std::mem::take(&mut record),
                _ => format::Message {
                    key: format!("{}/{}", continued.key, position + 1),
                    ..continued.clone()
                },
            };
            self.messages += 1;
            self.write(Record::Message(format::Message { msg_body: Value::from(elements).into(), ..part }))?;
        }
        Ok(())
    }

    /// Leaves out what takes more than half of a message beside its body. Returns the bytes that are taken then.
    fn fit_custom(&mut self, record: &mut format::Message) -> usize {
        /// What the number of a part takes.
        const PART_BYTES: usize = 8;
        let max = self.limits.messages.bytes / 2;
        let folded = custom::fold(record, max);
        for member in &folded.left_out {
            if *member == "x" {
                record.x = None;
                self.lose(LossKind::Extras, record.key.clone());
            } else {
                record.reactions = Vec::new();
                self.lose(LossKind::Reactions, record.key.clone());
            }
        }
        folded.text.map_or(0, |text| text.len() + PART_BYTES)
    }

    fn reactions(&mut self, reactions: Vec<Reaction>, key: &str) -> io::Result<Vec<format::Reaction>> {
        let mut kept = Vec::with_capacity(reactions.len());
        for reaction in reactions {
            let named = u64::try_from(reaction.users.len()).unwrap_or(u64::MAX);
            if named < reaction.count {
                self.lose(LossKind::ReactionUsers, format!("{key} {}", reaction.name));
            }
            let mut accounts = Vec::with_capacity(reaction.users.len());
            for user in &reaction.users {
                let place = self.place(user, "")?;
                if let Some(user) = self.users.get(place).filter(|user| !user.left_out) {
                    accounts.push(user.account.to_string());
                }
            }
            if !accounts.is_empty() {
                kept.push(format::Reaction { name: reaction.name, accounts });
            }
        }
        Ok(kept)
    }

    fn write_file(&mut self, file: super::model::File) -> io::Result<()> {
        self.found.files += 1;
        if file.path.is_none() {
            let loss = if file.url.is_empty() { LossKind::FilesMissing } else { LossKind::FilesElsewhere };
            let example = if file.name.is_empty() { file.key } else { file.name };
            self.lose(loss, example);
            return Ok(());
        }
        if !self.file_keys.insert(file.key.clone()) {
            return Ok(());
        }
        let text = |text: String| (!text.is_empty()).then_some(text);
        let mut x = Value::Null;
        if !file.mime.is_empty() {
            state::put(&mut x, "mime", file.mime.into());
        }
        self.write(Record::File(format::File {
            src: self.src.clone(),
            key: file.key,
            path: file.path,
            url: text(file.url),
            file_name: text(file.name),
            file_size: file.size,
            x: state::extras(x),
        }))
    }
}
