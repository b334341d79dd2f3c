//! Read receipts: an account confirms that it has read single messages of another.

use super::conversation::pair;
use super::recall_direct::{DirectRefusal, readable};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Confirms messages.
#[derive(Clone, Debug)]
pub struct ConfirmMessages {
    /// The account that has read them.
    pub reader: UserId,
    /// The account that sent them.
    pub peer: UserId,
    /// The messages.
    pub keys: Vec<MessageKey>,
}

impl PeopleOperation for ConfirmMessages {
    type Answer = ();
    type Refusal = DirectRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.reader, &self.peer))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let messages = vec![DirectRange::Keyed(pair(&self.reader, &self.peer), self.keys.clone())];
        PeopleNeeds { messages, ..PeopleNeeds::default() }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, DirectRefusal> {
        let pair = pair(&self.reader, &self.peer);
        let mut changes = PeopleChanges::default();
        let mut keys = Vec::new();
        for key in &self.keys {
            let message = readable(&snapshot, &pair, &self.peer, key)?;
            if !message.read && !keys.contains(key) {
                keys.push(*key);
                let read = DirectMessage { read: true, ..message.clone() };
                changes.updated_messages.push((pair.clone(), read));
            }
        }
        let (reader, peer) = (self.reader.clone(), self.peer.clone());
        let event = (!keys.is_empty()).then_some(PeopleEvent::DirectConfirmed { reader, peer, keys });
        Ok(PeopleDecision::new(changes, ()).with_event(event))
    }
}
