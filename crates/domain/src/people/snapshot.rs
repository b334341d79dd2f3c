//! People as they were at one moment: the rows that an operation or a reader asks a store to load.

use super::fact::{Fact, FactFamily, FactKey, FactRange, Mute};
use super::labels::Slots;
use super::message::{DirectMessage, DirectRange};
use super::{Pair, Subject};
use crate::account::Account;
use crate::ids::UserId;
use crate::text::Text;
use std::collections::BTreeMap;

/// The rows to load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleNeeds {
    /// Accounts.
    pub accounts: Vec<UserId>,
    /// Facts, by subject and key.
    pub facts: Vec<(Subject, FactKey)>,
    /// Ranges of facts.
    pub ranges: Vec<FactRange>,
    /// Families whose facts are counted.
    pub counts: Vec<(Subject, FactFamily)>,
    /// Messages between two accounts.
    pub messages: Vec<DirectRange>,
}

/// The rows that were asked for, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleSnapshot {
    /// The requested accounts that exist.
    pub accounts: BTreeMap<UserId, Account>,
    /// The requested facts that exist.
    pub facts: BTreeMap<(Subject, FactKey), Fact>,
    /// How many facts each requested family has.
    pub counts: BTreeMap<(Subject, FactFamily), u64>,
    /// The requested messages that exist, in the order of their arrival.
    pub messages: BTreeMap<Pair, BTreeMap<u32, DirectMessage>>,
}

impl PeopleSnapshot {
    /// A requested fact.
    #[must_use]
    pub fn fact(&self, subject: &Subject, key: &FactKey) -> Option<&Fact> {
        self.facts.get(&(subject.clone(), key.clone()))
    }

    /// The mute of an account, which was requested; nothing is muted where there is none.
    #[must_use]
    pub fn mute_of(&self, account: &UserId) -> Mute {
        match self.fact(&Subject::Account(account.clone()), &FactKey::Mute) {
            Some(Fact::Mute(mute)) => *mute,
            Some(_) | None => Mute::default(),
        }
    }

    /// Attributes, or their names, which were requested; none where there are none.
    #[must_use]
    pub fn slots(&self, subject: &Subject, key: &FactKey) -> Slots {
        match self.fact(subject, key) {
            Some(Fact::Slots(slots)) => slots.clone(),
            Some(_) | None => Slots::new(),
        }
    }

    /// The tags of an account, which were requested; none where there are none.
    #[must_use]
    pub fn tags(&self, account: &UserId) -> Vec<Text> {
        match self.fact(&Subject::Account(account.clone()), &FactKey::Tags) {
            Some(Fact::Tags(tags)) => tags.clone(),
            Some(_) | None => Vec::new(),
        }
    }

    /// The requested messages of a conversation, in the order of their arrival.
    pub fn messages_of(&self, pair: &Pair) -> impl DoubleEndedIterator<Item = &DirectMessage> {
        self.messages.get(pair).into_iter().flat_map(BTreeMap::values)
    }
}
