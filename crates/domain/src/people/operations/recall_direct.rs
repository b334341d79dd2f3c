//! Recalling a message between two accounts.

use super::conversation::{all_unread, pair, put_unread, unread, unread_of, unread_sum, without};
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Content, MessageState, Recall};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Recalls a message: its content goes, its place stays.
#[derive(Clone, Debug)]
pub struct RecallDirect {
    /// The account that sent it.
    pub sender: UserId,
    /// The account that it was sent to.
    pub receiver: UserId,
    /// The message.
    pub key: MessageKey,
    /// Who recalls it.
    pub operator: UserId,
}

/// Why a message was not recalled, changed or confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectRefusal {
    /// There is no such message of that sender.
    NoSuchMessage,
    /// It was recalled.
    Recalled,
}

/// The message with `key` that `sender` sent, as long as it can be read.
pub(super) fn readable<'a>(
    snapshot: &'a PeopleSnapshot,
    pair: &crate::people::Pair,
    sender: &UserId,
    key: &MessageKey,
) -> Result<&'a DirectMessage, DirectRefusal> {
    let mut found = snapshot.messages_of(pair);
    let found = found.find(|message| message.key == *key && message.sender == *sender);
    let message = found.ok_or(DirectRefusal::NoSuchMessage)?;
    match message.state {
        MessageState::Kept => Ok(message),
        MessageState::Deleted => Err(DirectRefusal::NoSuchMessage),
        MessageState::Recalled => Err(DirectRefusal::Recalled),
    }
}

impl PeopleOperation for RecallDirect {
    type Answer = ();
    type Refusal = DirectRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.sender, &self.receiver))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            facts: vec![unread_of(&self.receiver, &self.sender)],
            ranges: vec![all_unread(&self.receiver)],
            messages: vec![DirectRange::Keyed(pair(&self.sender, &self.receiver), vec![self.key])],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, DirectRefusal> {
        let Self { sender, receiver, key, operator } = self;
        let pair = pair(sender, receiver);
        let message = readable(&snapshot, &pair, sender, key)?;
        let mut changes = PeopleChanges::default();
        let before = unread(&snapshot, receiver, sender);
        let after = without(before, message, receiver);
        if before != after {
            put_unread(&mut changes, receiver, sender, after);
        }
        let recalled = DirectMessage {
            state: MessageState::Recalled,
            content: Content::Gone(Some(Recall { operator: operator.clone(), reason: Box::default() })),
            push: Box::default(),
            ..message.clone()
        };
        changes.updated_messages.push((pair.clone(), recalled.clone()));
        let unread = unread_sum(&snapshot, receiver, sender, after);
        let event = PeopleEvent::DirectRecalled { pair, message: Box::new(recalled), unread };
        Ok(PeopleDecision::new(changes, ()).with_event(event))
    }
}
