//! People as rows: facts, the messages between two accounts, and the days on which they have some.

use crate::facts::{self, FactName, FactRecord};
use crate::messages::{self, DirectDetails};
use crate::postgres::columns::{Column, Lists, Parameters, Reader, Record, Table, TableColumn};
use crate::postgres::failure::Failure;
use crate::postgres::texts::escape;
use crate::postgres::values::Plain;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::message::MessageState;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey};
use landfall_domain::people::message::{DirectMessage, MessageKey};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;

/// The kind of a fact and its name.
pub(in crate::postgres) fn fact_name(key: &FactKey) -> (i16, String) {
    let FactName { kind, name } = facts::name(key);
    (kind.into(), escape(&name).into_owned())
}

/// Names of facts of one kind that lie together: those from `from` on that come before `to`.
pub(in crate::postgres) struct FactNames {
    pub(in crate::postgres) kind: i16,
    pub(in crate::postgres) from: String,
    pub(in crate::postgres) to: String,
}

impl FactNames {
    pub(in crate::postgres) fn of_family(family: FactFamily) -> Self {
        Self::beginning(facts::family(family))
    }

    /// The names of an account's conversations with other accounts.
    pub(in crate::postgres) fn of_direct_chats() -> Self {
        Self::beginning(facts::direct_chats())
    }

    /// The names of the extensions of messages that were sent before a time.
    pub(in crate::postgres) fn of_extensions_before(end: Timestamp) -> Self {
        let to = escape(&facts::extensions_before(end).name).into_owned();
        Self { to, ..Self::beginning(facts::all_extensions()) }
    }

    fn beginning(FactName { kind, name }: FactName) -> Self {
        let from = escape(&name).into_owned();
        // Escaped names never have this character twice in a row, and no other is larger.
        let to = format!("{from}\u{10ffff}\u{10ffff}");
        Self { kind: kind.into(), from, to }
    }

    /// Without what comes up to a fact.
    pub(in crate::postgres) fn after(mut self, key: &FactKey) -> Self {
        // The first name that can follow.
        self.from = fact_name(key).1 + "\u{1}";
        self
    }
}

table! {
    FACTS: FactLists in "facts" of subject: Subject {
        kind: u8 [key],
        name: String [key],
        peer: Option<UserId> [fixed],
        fact: Plain,
    }
}

impl<'row> FactLists<'row> {
    pub(in crate::postgres) fn push(&mut self, subject: &'row Subject, key: &'row FactKey, fact: &Fact) {
        let (kind, name) = fact_name(key);
        self.subject.push(Subject::write(subject));
        self.kind.push(kind);
        self.name.push(name.into());
        self.peer.push(key.peer().map(UserId::as_str));
        // Records have no keys but strings, and can always be written as JSON.
        self.fact.push(serde_json::to_string(&FactRecord::from(fact)).unwrap_or_default().into());
    }
}

impl Record for (FactKey, Fact) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let (kind, name) = (reader.next::<u8>()?, reader.next::<String>()?);
        reader.next::<Option<UserId>>()?;
        let key = facts::key(kind, &name).ok_or(Failure::Damaged("name of a fact"))?;
        let record = serde_json::from_str::<FactRecord>(&reader.next::<Plain>()?).ok();
        let fact = record.and_then(|record| record.fact(&key));
        Ok((key, fact.ok_or(Failure::Damaged("fact"))?))
    }
}

table! {
    DIRECT_MESSAGES: DirectLists in "direct_messages" of subject: Pair {
        seq: u32 [key],
        sent: Timestamp [fixed],
        number: u32 [fixed],
        random: u32 [fixed],
        sender: UserId [fixed],
        state: MessageState,
        hidden_from_sender: bool,
        hidden_from_receiver: bool,
        read: bool,
        elements: Plain,
        custom: String,
        details: Plain,
    }
}

impl<'row> DirectLists<'row> {
    pub(in crate::postgres) fn push(&mut self, pair: &'row Pair, message: &'row DirectMessage) {
        let DirectMessage {
            seq,
            key: MessageKey { sent, number, random },
            sender,
            state,
            hidden_from_sender,
            hidden_from_receiver,
            read,
            quiet: _,
            push: _,
            content,
        } = message;
        let (elements, custom) = messages::texts(content);
        // As with facts.
        let details = DirectDetails::of(message).map(|details| serde_json::to_string(&details));
        self.subject.push(Pair::write(pair));
        self.seq.push(u32::write(seq));
        self.sent.push(Timestamp::write(sent));
        self.number.push(u32::write(number));
        self.random.push(u32::write(random));
        self.sender.push(sender.as_str());
        self.state.push(MessageState::write(state));
        self.hidden_from_sender.push(*hidden_from_sender);
        self.hidden_from_receiver.push(*hidden_from_receiver);
        self.read.push(*read);
        self.elements.push(elements.into());
        self.custom.push(escape(custom));
        self.details.push(details.and_then(Result::ok).unwrap_or_default().into());
    }
}

impl Record for DirectMessage {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let seq = reader.next::<u32>()?;
        let (sent, number) = (reader.next::<Timestamp>()?, reader.next::<u32>()?);
        let key = MessageKey { sent, number, random: reader.next::<u32>()? };
        let (sender, state) = (reader.next::<UserId>()?, reader.next::<MessageState>()?);
        let (hidden_from_sender, hidden_from_receiver) = (reader.next::<bool>()?, reader.next::<bool>()?);
        let read = reader.next::<bool>()?;
        let (elements, custom) = (reader.next::<Plain>()?, reader.next::<String>()?);
        let details = reader.next::<Plain>()?;
        let details = if details.is_empty() {
            Some(DirectDetails::default())
        } else {
            serde_json::from_str(&details).ok()
        };
        let parts = details.and_then(|details| details.parts(&elements, &custom));
        let (content, quiet, push) = parts.ok_or(Failure::Damaged("message"))?;
        Ok(Self {
            seq,
            key,
            sender,
            state,
            hidden_from_sender,
            hidden_from_receiver,
            read,
            quiet,
            push,
            content,
        })
    }
}

table! {
    /// The days on which pairs have messages.
    DIRECT_DAYS: DirectDayLists in "direct_days" of subject: Pair {
        day: u32 [key],
    }
}

impl<'row> DirectDayLists<'row> {
    pub(in crate::postgres) fn push(&mut self, pair: &'row Pair, day: u32) {
        self.subject.push(Pair::write(pair));
        self.day.push(u32::write(&day));
    }
}
