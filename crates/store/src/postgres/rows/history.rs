//! What belongs to a group as rows: its parts, its messages and the days on which it has some.

use crate::messages::{self, Details};
use crate::parts::{self, PartName, PartRecord};
use crate::postgres::columns::{Column, Lists, Parameters, Reader, Record, Table, TableColumn};
use crate::postgres::failure::Failure;
use crate::postgres::texts::escape;
use crate::postgres::values::Plain;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::{Conversation, Message, MessageState, Priority};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::time::Timestamp;

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

table! {
    PARTS: PartLists in "parts" of group_id: GroupId {
        kind: u8 [key],
        name: String [key],
        part: Plain,
    }
}

impl<'row> PartLists<'row> {
    pub(in crate::postgres) fn push(&mut self, group: &'row GroupId, key: &PartKey, part: &Part) {
        let (kind, name) = part_name(key);
        self.group_id.push(group.as_str());
        self.kind.push(kind);
        self.name.push(name.into());
        // Records have no keys but strings, and can always be written as JSON.
        self.part.push(serde_json::to_string(&PartRecord::from(part)).unwrap_or_default().into());
    }
}

impl Record for (PartKey, Part) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let (kind, name) = (reader.next::<u8>()?, reader.next::<String>()?);
        let key = parts::key(kind, &name).ok_or(Failure::Damaged("name of a part"))?;
        let record = serde_json::from_str::<PartRecord>(&reader.next::<Plain>()?).ok();
        let part = record.and_then(|record| record.part(&key));
        Ok((key, part.ok_or(Failure::Damaged("part of a group"))?))
    }
}

table! {
    MESSAGES: MessageLists in "messages" of group_id: GroupId {
        topic: Conversation [key],
        seq: u32 [key],
        sent: Timestamp,
        sender: UserId,
        random: u32,
        priority: Priority,
        state: MessageState,
        elements: Plain,
        custom: String,
        details: Plain,
    }
}

impl<'row> MessageLists<'row> {
    pub(in crate::postgres) fn push(
        &mut self,
        group: &'row GroupId,
        place: &'row Conversation,
        message: &'row Message,
    ) {
        let Message { seq, sent, sender, random, priority, state, content } = message;
        let (elements, custom) = messages::texts(content);
        // As with parts.
        let details = Details::of(content).map(|details| serde_json::to_string(&details));
        self.group_id.push(group.as_str());
        self.topic.push(Conversation::write(place));
        self.seq.push(u32::write(seq));
        self.sent.push(Timestamp::write(sent));
        self.sender.push(sender.as_str());
        self.random.push(u32::write(random));
        self.priority.push(Priority::write(priority));
        self.state.push(MessageState::write(state));
        self.elements.push(elements.into());
        self.custom.push(escape(custom));
        self.details.push(details.and_then(Result::ok).unwrap_or_default().into());
    }
}

impl Record for (Conversation, Message) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let place = reader.next::<Conversation>()?;
        let (seq, sent) = (reader.next::<u32>()?, reader.next::<Timestamp>()?);
        let (sender, random) = (reader.next::<UserId>()?, reader.next::<u32>()?);
        let (priority, state) = (reader.next::<Priority>()?, reader.next::<MessageState>()?);
        let (elements, custom) = (reader.next::<Plain>()?, reader.next::<String>()?);
        let details = reader.next::<Plain>()?;
        let details =
            if details.is_empty() { Some(Details::default()) } else { serde_json::from_str(&details).ok() };
        let content = details.and_then(|details| details.content(&elements, &custom));
        let content = content.ok_or(Failure::Damaged("message"))?;
        Ok((place, Message { seq, sent, sender, random, priority, state, content }))
    }
}

table! {
    /// The days on which conversations have messages.
    DAYS: DayLists in "message_days" of group_id: GroupId {
        topic: Conversation [key],
        day: u32 [key],
    }
}

impl<'row> DayLists<'row> {
    pub(in crate::postgres) fn push(&mut self, group: &'row GroupId, place: &'row Conversation, day: u32) {
        self.group_id.push(group.as_str());
        self.topic.push(Conversation::write(place));
        self.day.push(u32::write(&day));
    }
}
