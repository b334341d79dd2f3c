//! One group as it was at one moment, and the parts of it that an operation asks a store to load.

use crate::account::{Account, SenderProfile};
use crate::attributes::{Attributes, Counters};
use crate::group::Group;
use crate::ids::{PermissionGroupId, TopicId, UserId};
use crate::member::Member;
use crate::message::{Content, Conversation, Message, MessageLog};
use crate::part::{Part, PartKey, PartRange};
use crate::permission::PermissionGroup;
use crate::refusal::Refusal;
use crate::rights::Standing;
use crate::time::Timestamp;
use crate::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};

/// The rows to load besides the group itself.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Accounts whose memberships are loaded.
    pub members: Vec<UserId>,
    /// Accounts whose existence is checked.
    pub accounts: Vec<UserId>,
    /// Accounts that are loaded.
    pub profiles: Vec<UserId>,
    /// Parts, by key.
    pub parts: Vec<PartKey>,
    /// Ranges of parts.
    pub ranges: Vec<PartRange>,
    pub messages: Vec<MessageRange>,
}

/// Messages of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageRange {
    /// The messages with these numbers.
    Numbered(Conversation, Vec<u32>),
    /// The `limit` newest messages with a number up to `up_to`.
    Newest {
        conversation: Conversation,
        up_to: u32,
        /// How many at most.
        limit: usize,
    },
    /// Messages with one of these random numbers, sent at `since` or later.
    Random {
        conversation: Conversation,
        random: Vec<u32>,
        /// The earliest time.
        since: Timestamp,
    },
}

/// A group at one moment, with the rows that an operation asked for.
#[derive(Clone, Debug)]
pub struct GroupSnapshot {
    pub group: Group,
    /// The requested accounts that are members.
    pub members: BTreeMap<UserId, Member>,
    /// The requested accounts that exist.
    pub accounts: BTreeSet<UserId>,
    /// The accounts whose profiles were requested, those that exist.
    pub profiles: BTreeMap<UserId, Account>,
    /// The requested parts that exist.
    pub parts: BTreeMap<PartKey, Part>,
    /// The requested messages that exist, in ascending order.
    pub messages: BTreeMap<Conversation, BTreeMap<u32, Message>>,
}

impl GroupSnapshot {
    /// A snapshot of a group without members, parts or messages.
    #[must_use]
    pub fn of(group: Group) -> Self {
        Self {
            group,
            members: BTreeMap::new(),
            accounts: BTreeSet::new(),
            profiles: BTreeMap::new(),
            parts: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    /// Refuses an account that may not know of the group, as if the group did not exist. The account must have been
    /// among the requested members.
    ///
    /// # Errors
    /// The account is not a member of a group that only its members may find.
    pub fn check_visible_to(&self, account: &UserId) -> Result<(), Refusal> {
        let may_know = self.group.kind.can().findable || self.members.contains_key(account);
        if may_know { Ok(()) } else { Err(Refusal::NoSuchGroup) }
    }

    /// Whether an account, whose ban was requested, is kept out of the group now.
    #[must_use]
    pub fn bans(&self, account: &UserId, now: Timestamp) -> bool {
        let ban = self.parts.get(&PartKey::Ban(account.clone()));
        matches!(ban, Some(Part::Ban(until)) if now < *until)
    }

    /// What an account is in the group. Requested were its membership and, of live-stream groups, its [`LiveAdmin`] and
    /// [`Ban`]. `entered`: its client has entered the group, as live-stream groups are entered.
    ///
    /// [`LiveAdmin`]: PartKey::LiveAdmin
    /// [`Ban`]: PartKey::Ban
    #[must_use]
    pub fn standing(&self, account: &UserId, entered: bool, now: Timestamp) -> Standing {
        if self.group.owner.as_ref() == Some(account) {
            return Standing::Owner;
        }
        if !self.group.kind.can().live {
            return self.members.get(account).map_or(Standing::Outsider, |member| member.role.into());
        }
        let is_admin = self.parts.contains_key(&PartKey::LiveAdmin(account.clone()));
        match (self.bans(account, now), is_admin, entered) {
            (true, ..) | (false, false, false) => Standing::Outsider,
            (false, true, _) => Standing::Admin,
            (false, false, true) => Standing::Member,
        }
    }

    /// A requested topic.
    ///
    /// # Errors
    /// It does not exist.
    pub fn topic(&self, id: &TopicId) -> Result<&Topic, Refusal> {
        match self.parts.get(&PartKey::Topic(id.clone())) {
            Some(Part::Topic(topic)) => Ok(topic),
            Some(_) | None => Err(Refusal::NoSuchTopic),
        }
    }

    /// A requested permission group.
    ///
    /// # Errors
    /// It does not exist.
    pub fn permission_group(&self, id: &PermissionGroupId) -> Result<&PermissionGroup, Refusal> {
        match self.parts.get(&PartKey::PermissionGroup(id.clone())) {
            Some(Part::PermissionGroup(group)) => Ok(group),
            Some(_) | None => Err(Refusal::NoSuchPermissionGroup),
        }
    }

    /// The message log of a conversation, whose topic was requested.
    ///
    /// # Errors
    /// The topic does not exist.
    pub fn log(&self, conversation: &Conversation) -> Result<&MessageLog, Refusal> {
        match conversation {
            Conversation::Group => Ok(&self.group.log),
            Conversation::Topic(id) => self.topic(id).map(|topic| &topic.log),
        }
    }

    /// Whether a member, which was requested, sees a message: not one that was cleared or is for others, nor one from before
    /// it joined unless the group shows these. The topic was requested.
    #[must_use]
    pub fn shows(&self, conversation: &Conversation, message: &Message, account: &UserId) -> bool {
        let cleared = self.log(conversation).map_or(0, |log| log.cleared);
        let since = self.members.get(account).map_or(Timestamp(u64::MAX), |member| member.joined);
        let is_for = match &message.content {
            Content::Sent(body) => {
                body.to.is_empty() || message.sender == *account || body.to.contains(account)
            }
            Content::Tip(_) | Content::Gone(_) => true,
        };
        cleared < message.seq && is_for && (self.group.history_before_join || since <= message.sent)
    }

    /// What others see of a sender, whose profile and membership were requested.
    #[must_use]
    pub fn sender_profile(&self, account: &UserId) -> SenderProfile {
        let name_card = self.members.get(account).map(|member| member.name_card.clone());
        SenderProfile {
            name_card: name_card.unwrap_or_default(),
            ..self.profiles.get(account).map(Account::as_sender).unwrap_or_default()
        }
    }

    /// The requested messages of a conversation.
    #[must_use]
    pub fn messages_of(&self, conversation: &Conversation) -> Vec<&Message> {
        self.messages.get(conversation).into_iter().flat_map(BTreeMap::values).collect()
    }

    /// The attributes of the group, which were requested.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        match self.parts.get(&PartKey::Attributes) {
            Some(Part::Attributes(attributes)) => attributes.clone(),
            Some(_) | None => Attributes::new(),
        }
    }

    /// The counters of the group, which were requested.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match self.parts.get(&PartKey::Counters) {
            Some(Part::Counters(counters)) => counters.clone(),
            Some(_) | None => Counters::new(),
        }
    }
}
