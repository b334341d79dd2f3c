//! What an operation on people writes: the same for every store.

use super::fact::{Fact, FactKey};
use super::message::DirectMessage;
use super::{Pair, Subject};
use crate::account::Account;
use crate::ids::UserId;

/// The changes that an operation makes. Everything it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub struct PeopleChanges {
    /// Accounts after the change.
    pub accounts: Vec<(UserId, Account)>,
    /// Accounts that were never imported and are created as placeholders.
    pub placeholders: Vec<UserId>,
    /// Facts after the change; `None` removes the fact. Of two with one key the last counts.
    pub facts: Vec<(Subject, FactKey, Option<Fact>)>,
    /// New messages, in the order of their arrival within each conversation. No other message of the conversation has one of
    /// their keys.
    pub new_messages: Vec<(Pair, DirectMessage)>,
    /// Existing messages after the change, found by their places. Their keys do not change.
    pub updated_messages: Vec<(Pair, DirectMessage)>,
    /// Existing messages that go, with their places.
    pub removed_messages: Vec<(Pair, DirectMessage)>,
}

impl PeopleChanges {
    /// Sets a fact.
    pub fn put(&mut self, subject: Subject, key: FactKey, fact: Fact) {
        self.facts.push((subject, key, Some(fact)));
    }

    /// Removes a fact.
    pub fn remove(&mut self, subject: Subject, key: FactKey) {
        self.facts.push((subject, key, None));
    }

    /// The subjects whose rows change, for the check that an operation had them for itself.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let accounts = self.accounts.iter().map(|(id, _)| Subject::Account(id.clone()));
        let facts = self.facts.iter().map(|(subject, ..)| subject.clone());
        let messages = self.new_messages.iter().chain(&self.updated_messages).chain(&self.removed_messages);
        accounts.chain(facts).chain(messages.map(|(pair, _)| Subject::Pair(pair.clone())))
    }
}
