//! One group as it was at one moment, and the parts of it that an operation asks a store to load.

use crate::attributes::{Attributes, Counters};
use crate::group::Group;
use crate::ids::{PermissionGroupId, TopicId, UserId};
use crate::member::Member;
use crate::message::{Conversation, Message, MessageLog};
use crate::part::{Part, PartKey, PartRange};
use crate::permission::PermissionGroup;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be loaded besides the group itself.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Accounts whose membership counts.
    pub members: Vec<UserId>,
    /// Accounts of which it counts whether they exist.
    pub accounts: Vec<UserId>,
    /// Parts, by key.
    pub parts: Vec<PartKey>,
    /// Parts that lie together.
    pub ranges: Vec<PartRange>,
    /// Messages.
    pub messages: Vec<MessageRange>,
}

/// Messages of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageRange {
    /// Those with these numbers.
    Numbered(Conversation, Vec<u32>),
    /// The `limit` newest of those with a number up to `up_to`.
    Newest {
        /// Where they were sent.
        conversation: Conversation,
        /// The highest number.
        up_to: u32,
        /// How many at most.
        limit: usize,
    },
    /// Those with one of these random numbers, sent at `since` or later.
    Random {
        /// Where they were sent.
        conversation: Conversation,
        /// The random numbers.
        random: Vec<u32>,
        /// The earliest time.
        since: Timestamp,
    },
}

/// What was loaded: the group at one moment.
#[derive(Clone, Debug)]
pub struct GroupSnapshot {
    /// The group.
    pub group: Group,
    /// Those of the accounts asked for who are members.
    pub members: BTreeMap<UserId, Member>,
    /// Those of the accounts asked for that exist.
    pub accounts: BTreeSet<UserId>,
    /// The parts asked for that are there.
    pub parts: BTreeMap<PartKey, Part>,
    /// The messages asked for that are there, in ascending order.
    pub messages: BTreeMap<Conversation, BTreeMap<u32, Message>>,
}

impl GroupSnapshot {
    /// Nothing but a group.
    #[must_use]
    pub fn of(group: Group) -> Self {
        Self {
            group,
            members: BTreeMap::new(),
            accounts: BTreeSet::new(),
            parts: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    /// Refuses an account that may not know of the group, in the way of one that is not there. The account must have been
    /// among the members that were asked for.
    ///
    /// # Errors
    /// It is no member of a group that only members know of.
    pub fn check_visible_to(&self, account: &UserId) -> Result<(), Refusal> {
        let may_know = self.group.kind.can().findable || self.members.contains_key(account);
        if may_know { Ok(()) } else { Err(Refusal::NoSuchGroup) }
    }

    /// A topic that was asked for.
    ///
    /// # Errors
    /// There is none.
    pub fn topic(&self, id: &TopicId) -> Result<&Topic, Refusal> {
        match self.parts.get(&PartKey::Topic(id.clone())) {
            Some(Part::Topic(topic)) => Ok(topic),
            Some(_) | None => Err(Refusal::NoSuchTopic),
        }
    }

    /// A permission group that was asked for.
    ///
    /// # Errors
    /// There is none.
    pub fn permission_group(&self, id: &PermissionGroupId) -> Result<&PermissionGroup, Refusal> {
        match self.parts.get(&PartKey::PermissionGroup(id.clone())) {
            Some(Part::PermissionGroup(group)) => Ok(group),
            Some(_) | None => Err(Refusal::NoSuchPermissionGroup),
        }
    }

    /// The numbers of a conversation; its topic was asked for.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn log(&self, conversation: &Conversation) -> Result<&MessageLog, Refusal> {
        match conversation {
            Conversation::Group => Ok(&self.group.log),
            Conversation::Topic(id) => self.topic(id).map(|topic| &topic.log),
        }
    }

    /// The messages of a conversation that were asked for.
    #[must_use]
    pub fn messages_of(&self, conversation: &Conversation) -> Vec<&Message> {
        self.messages.get(conversation).into_iter().flat_map(BTreeMap::values).collect()
    }

    /// The attributes of the group, which were asked for.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        match self.parts.get(&PartKey::Attributes) {
            Some(Part::Attributes(attributes)) => attributes.clone(),
            Some(_) | None => Attributes::new(),
        }
    }

    /// The counters of the group, which were asked for.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match self.parts.get(&PartKey::Counters) {
            Some(Part::Counters(counters)) => counters.clone(),
            Some(_) | None => Counters::new(),
        }
    }
}
