//! What hangs on a group as rows: its parts, its messages and the days on which it has some.

use super::{byte, coded, number, time, time_column, user_id};
use crate::messages::{self, Details};
use crate::parts::{self, PartName, PartRecord};
use crate::postgres::database::Failure;
use crate::postgres::rows::{Columns, Parameters, app_column};
use crate::postgres::texts::{escape, unescape};
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::{Conversation, Message, MessageState, Priority};
use landfall_domain::part::{Part, PartFamily, PartKey};
use std::borrow::Cow;
use tokio_postgres::Row;

/// A name as it is kept. It never holds U+0000.
fn kept(name: &PartName) -> String {
    escape(&name.name).into_owned()
}

/// The kind of a part and its name.
pub(in crate::postgres) fn part_name(key: &PartKey) -> (i16, String) {
    let name = parts::name(key);
    (name.kind.into(), kept(&name))
}

/// Names of one kind that lie together: those from `from` on that come before `to`.
pub(in crate::postgres) struct NameRange {
    pub(in crate::postgres) kind: i16,
    pub(in crate::postgres) from: String,
    pub(in crate::postgres) to: String,
}

impl NameRange {
    pub(in crate::postgres) fn of_family(family: &PartFamily) -> Self {
        let name = parts::family(family);
        let from = kept(&name);
        // What begins with a name and a tab comes before the name and the character after the tab. What begins with
        // nothing is an id or an account, and printable.
        let to = from.strip_suffix('\t').map_or_else(|| "\u{7f}".to_owned(), |start| format!("{start}\n"));
        Self { kind: name.kind.into(), from, to }
    }

    /// Without what comes up to a part.
    pub(in crate::postgres) fn after(mut self, key: &PartKey) -> Self {
        // The first name that can follow.
        self.from = part_name(key).1 + "\u{1}";
        self
    }

    /// What hangs on the messages of a conversation with numbers below `end`; on all of them without it.
    pub(in crate::postgres) fn of_messages(place: &Conversation, end: Option<u32>) -> [Self; 3] {
        let names = |seq| {
            let place = || place.clone();
            let families = [PartFamily::Readers(place(), seq), PartFamily::Extensions(place(), seq)];
            let [readers, extensions] = families.map(|family| parts::family(&family));
            [readers, extensions, parts::name(&PartKey::ExtensionHead(place(), seq))]
        };
        let after_all = format!("{}\n", parts::topic_of(place));
        let (from, to) = (names(0), end.map(names));
        let mut ends = to.into_iter().flatten().map(|name| name.name);
        from.map(|PartName { kind, name }| Self {
            kind: kind.into(),
            from: name,
            to: ends.next().unwrap_or_else(|| after_all.clone()),
        })
    }
}

/// A part from the columns of `part_columns!`, the first of which is `at`.
pub(in crate::postgres) fn part(row: &Row, at: usize) -> Result<(PartKey, Part), Failure> {
    let name = unescape(row.try_get(at + 1)?);
    let key = parts::key(byte(row, at)?, &name).ok_or(Failure::Damaged("name of a part"))?;
    let record: PartRecord =
        serde_json::from_str(row.try_get(at + 2)?).map_err(|_| Failure::Damaged("part of a group"))?;
    let part = record.part(&key).ok_or(Failure::Damaged("part of a group"))?;
    Ok((key, part))
}

/// The conversation that a row begins or goes on with.
pub(in crate::postgres) fn place(row: &Row, column: usize) -> Result<Conversation, Failure> {
    parts::conversation(row.try_get(column)?).ok_or(Failure::Damaged("topic id"))
}

/// A message from the columns of `message_columns!`, the first of which is `at`, with its conversation.
pub(in crate::postgres) fn message(row: &Row, at: usize) -> Result<(Conversation, Message), Failure> {
    let details: &str = row.try_get(at + 9)?;
    let details =
        if details.is_empty() { Some(Details::default()) } else { serde_json::from_str(details).ok() };
    let custom = unescape(row.try_get(at + 8)?);
    let content = details.and_then(|details: Details| details.content(row.try_get(at + 7).ok()?, &custom));
    let message = Message {
        seq: number(row, at + 1)?,
        sent: time(row, at + 2)?,
        sender: user_id(row, at + 3)?,
        random: number(row, at + 4)?,
        priority: coded(row, at + 5, Priority::from_number, "priority")?,
        state: coded(row, at + 6, MessageState::from_code, "state of a message")?,
        content: content.ok_or(Failure::Damaged("message"))?,
    };
    Ok((place(row, at)?, message))
}

columns! {
    /// Of `PUT_PARTS`.
    PartColumns {
        group_id: &'row str,
        kind: i16,
        name: String,
        part: String,
    }
}

impl<'row> PartColumns<'row> {
    pub(in crate::postgres) fn push(&mut self, group: &'row GroupId, key: &PartKey, part: &Part) {
        let (kind, name) = part_name(key);
        self.group_id.push(group.as_str());
        self.kind.push(kind);
        self.name.push(name);
        // Records have no keys but strings, and can always be written as JSON.
        self.part.push(serde_json::to_string(&PartRecord::from(part)).unwrap_or_default());
    }
}

columns! {
    /// Of `INSERT_MESSAGES` and `PUT_MESSAGES`.
    MessageColumns {
        group_id: &'row str,
        topic: &'row str,
        seq: i64,
        sent: i64,
        sender: &'row str,
        random: i64,
        priority: i16,
        state: i16,
        elements: &'row str,
        custom: Cow<'row, str>,
        details: String,
    }
}

impl<'row> MessageColumns<'row> {
    pub(in crate::postgres) fn push(
        &mut self,
        group: &'row GroupId,
        place: &'row Conversation,
        message: &'row Message,
    ) {
        let (elements, custom) = messages::texts(&message.content);
        // As with parts.
        let details = Details::of(&message.content).map(|details| serde_json::to_string(&details));
        self.group_id.push(group.as_str());
        self.topic.push(parts::topic_of(place));
        self.seq.push(message.seq.into());
        self.sent.push(time_column(message.sent));
        self.sender.push(message.sender.as_str());
        self.random.push(message.random.into());
        self.priority.push(message.priority.number().into());
        self.state.push(message.state.code().into());
        self.elements.push(elements);
        self.custom.push(escape(custom));
        self.details.push(details.and_then(Result::ok).unwrap_or_default());
    }
}

columns! {
    /// Of `INSERT_DAYS`.
    DayColumns {
        group_id: &'row str,
        topic: &'row str,
        day: i64,
    }
}

impl<'row> DayColumns<'row> {
    pub(in crate::postgres) fn push(&mut self, group: &'row GroupId, place: &'row Conversation, day: u32) {
        self.group_id.push(group.as_str());
        self.topic.push(parts::topic_of(place));
        self.day.push(day.into());
    }
}
