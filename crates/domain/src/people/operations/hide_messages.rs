//! Deleting messages for one side of a conversation.

use super::conversation::{pair, put_unread, unread, unread_of, without};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::convert::Infallible;

/// Hides messages from an account; the other keeps them. Messages that do not exist are hidden already.
#[derive(Clone, Debug)]
pub struct HideMessages {
    /// The account.
    pub account: UserId,
    /// The other.
    pub peer: UserId,
    /// The messages.
    pub keys: Vec<MessageKey>,
}

impl PeopleOperation for HideMessages {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.account, &self.peer))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            facts: vec![unread_of(&self.account, &self.peer)],
            messages: vec![DirectRange::Keyed(pair(&self.account, &self.peer), self.keys.clone())],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, Infallible> {
        let Self { account, peer, .. } = self;
        let pair = pair(account, peer);
        let mut changes = PeopleChanges::default();
        let before = unread(&snapshot, account, peer);
        let mut after = before;
        for message in snapshot.messages_of(&pair) {
            if message.sender == *account {
                let hidden = DirectMessage { hidden_from_sender: true, ..message.clone() };
                changes.updated_messages.push((pair.clone(), hidden));
            } else {
                after = without(after, message, account);
                let hidden = DirectMessage { hidden_from_receiver: true, ..message.clone() };
                changes.updated_messages.push((pair.clone(), hidden));
            }
        }
        if before != after {
            put_unread(&mut changes, account, peer, after);
        }
        Ok(PeopleDecision::new(changes, ()))
    }
}
