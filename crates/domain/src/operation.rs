//! Operations on one group: what an operation needs to see, and what it changes.
//!
//! An operation is a value with a pure rule. A store loads what the rule asks for, calls it within a transaction that
//! has the group for itself, and writes what it answers: whole or not at all. So an operation is written once, for
//! every store.

#![warn(missing_docs)]

mod perform;

pub use perform::{DynOperation, Outcome, import, perform};

use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId, TopicId, UserId};
use crate::member::Member;
use crate::message::{Content, Conversation, Message, MessageLog, MessageState, Priority, Tip};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::permission::PermissionGroup;
use crate::several::Several;
use crate::store::{Context, NoSuchGroup};
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
}

/// What an operation changes. What is not named stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The group as it is afterwards, its member count included, when it changed.
    pub group: Option<Group>,
    /// New members. None of them is the owner.
    pub added_members: Vec<Member>,
    /// Members as they are afterwards; they were members before, and the group's owner may be among them.
    pub updated_members: Vec<Member>,
    /// Members that are none afterwards.
    pub removed_members: Vec<UserId>,
    /// Accounts to make because nobody imported them.
    pub placeholders: Vec<UserId>,
    /// Parts as they are afterwards; `None` where there is none.
    pub parts: Vec<(PartKey, Option<Part>)>,
    /// New messages, in ascending order within each conversation.
    pub new_messages: Vec<(Conversation, Message)>,
    /// Messages as they are afterwards; they were there before.
    pub updated_messages: Vec<(Conversation, Message)>,
    /// Families whose parts all go. None of `parts` is of them.
    pub removed_families: Vec<PartFamily>,
    /// Topics whose messages all go, with their readers and extensions.
    pub cleared_topics: Vec<TopicId>,
}

impl Changes {
    /// Puts `group` as it is afterwards.
    #[must_use]
    pub fn of(group: Group) -> Self {
        Self { group: Some(group), ..Self::default() }
    }

    /// Sets a part.
    pub fn put(&mut self, key: PartKey, part: Part) {
        self.parts.push((key, Some(part)));
    }

    /// Takes a part away.
    pub fn remove(&mut self, key: PartKey) {
        self.parts.push((key, None));
    }

    /// Sets the numbers of a conversation of the group that `snapshot` shows.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn put_log(
        &mut self,
        snapshot: &GroupSnapshot,
        conversation: &Conversation,
        log: MessageLog,
    ) -> Result<(), Refusal> {
        match conversation {
            Conversation::Group => self.group.get_or_insert_with(|| snapshot.group.clone()).log = log,
            Conversation::Topic(id) => {
                let topic = Topic { log, ..snapshot.topic(id)?.clone() };
                self.put(PartKey::Topic(id.clone()), Part::Topic(topic));
            }
        }
        Ok(())
    }

    /// Tells in the history of `group` what happened, where there is a number left for it. The caller has looked
    /// whether groups of this type keep such tips.
    pub fn add_tip(&mut self, context: &Context, group: &mut Group, operator: &UserId, tip: Tip) {
        if let Some(seq) = group.log.take_seq(context.now) {
            let message = Message {
                seq,
                sent: context.now,
                sender: operator.clone(),
                random: 0,
                priority: Priority::Normal,
                state: MessageState::Kept,
                content: Content::Tip(tip),
            };
            self.new_messages.push((Conversation::Group, message));
        }
    }
}

/// What an operation on one group answers when it does not happen. It changes nothing then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such group, or it was dissolved.
    #[error("the group does not exist")]
    NoSuchGroup,
    /// Groups of this type do not have this.
    #[error("groups of this type {0}")]
    TypeForbids(&'static str),
    /// The group was made without this.
    #[error("the group {0}")]
    GroupForbids(&'static str),
    /// A value that does not fit what is there; the text says which and why.
    #[error("{0}")]
    Unfitting(String),
    /// The owner, who is named here, may not leave.
    #[error("{0} is the owner and may not leave; change the owner first")]
    OwnerStays(UserId),
    /// Not a member of the group.
    #[error("{0} is not a member of the group")]
    NotAMember(UserId),
    /// Accounts nobody imported.
    #[error("{0} is not an imported account")]
    NoSuchAccount(Several),
    /// The group is full.
    #[error("the group is full; raise MaxMemberNum or name fewer members")]
    Full,
    /// The sender is muted, or the whole group is.
    #[error("the sender is muted")]
    Muted,
    /// All message numbers are used up.
    #[error("the conversation has used up all its message numbers")]
    NoNumbersLeft,
    /// No such message.
    #[error("the message does not exist")]
    NoSuchMessage,
    /// The message cannot be recalled or changed any more.
    #[error("the message was deleted or recalled")]
    MessageGone,
    /// The message would be longer than one may be.
    #[error("MsgBody and CloudCustomData are {got} bytes long; at most {max} are allowed")]
    MessageTooLong {
        /// Its length, bytes.
        got: usize,
        /// The limit, bytes.
        max: usize,
    },
    /// There is no message to which extensions could be attached.
    #[error("the message does not exist, or was recalled")]
    NoMessageToExtend,
    /// The message was sent without extensions, or in a group that has none.
    #[error("the message does not support extensions")]
    NotExtensible,
    /// No such topic.
    #[error("the topic does not exist")]
    NoSuchTopic,
    /// A topic has the id already.
    #[error("the topic id is in use")]
    TopicTaken,
    /// No such permission group.
    #[error("the permission group does not exist")]
    NoSuchPermissionGroup,
    /// A permission group has the id already.
    #[error("the permission group id is in use")]
    PermissionGroupTaken,
    /// More than the group may have; the text says of what.
    #[error("{0}")]
    TooMany(TooMany),
    /// Attributes to be deleted are not there.
    #[error("the group has no attribute {0}")]
    NoSuchAttribute(Several),
}

/// More than a group may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Attributes.
    #[error("a group has at most {0} attributes")]
    Attributes(usize),
    /// Bytes in all attributes.
    #[error("the attributes of a group take at most {0} bytes")]
    AttributeBytes(usize),
    /// Counters.
    #[error("a group has at most {0} counters")]
    Counters(usize),
    /// Topics.
    #[error("a community has at most {0} topics")]
    Topics(usize),
    /// Permission groups.
    #[error("a community has at most {0} permission groups")]
    PermissionGroups(usize),
    /// Administrators of a live-stream group.
    #[error("a group has at most {0} administrators")]
    Admins(usize),
    /// Extensions of a message.
    #[error("a message has at most {0} extensions")]
    Extensions(usize),
}

impl From<NoSuchGroup> for Refusal {
    fn from(NoSuchGroup: NoSuchGroup) -> Self {
        Self::NoSuchGroup
    }
}

/// What a rule decided.
#[derive(Clone, Debug)]
pub struct Decision<Answer> {
    /// What becomes of the group.
    pub changes: Changes,
    /// What the caller is told.
    pub answer: Answer,
    /// What others are told.
    pub events: Vec<Event>,
}

impl<Answer> Decision<Answer> {
    /// These changes, of which nobody else is told.
    #[must_use]
    pub fn new(changes: Changes, answer: Answer) -> Self {
        Self { changes, answer, events: Vec::new() }
    }

    /// Nothing changes.
    #[must_use]
    pub fn unchanged(answer: Answer) -> Self {
        Self::new(Changes::default(), answer)
    }

    /// Others are told of this too, if it is something.
    #[must_use]
    pub fn with_event(mut self, event: impl Into<Option<Event>>) -> Self {
        self.events.extend(event.into());
        self
    }
}

/// What the rule of an import decided: there is no place for anything that others are told.
#[derive(Clone, Debug)]
pub struct Imported<Answer> {
    /// What becomes of the group.
    pub changes: Changes,
    /// What the caller is told.
    pub answer: Answer,
}

/// An operation on one group.
pub trait GroupOperation: Send + Sync + 'static {
    /// What comes out.
    type Answer: Send + 'static;

    /// The group.
    fn group(&self) -> &GroupId;

    /// What has to be loaded besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Decides. May be called several times; only the last call counts.
    ///
    /// # Errors
    /// Why nothing changes.
    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Self::Answer>, Refusal>;
}

/// An import into one group: an operation of which nobody else is told. It has no events by type.
///
/// ```compile_fail,E0560
/// use landfall_domain::event::Event;
/// use landfall_domain::operation::{Changes, Imported};
/// let imported = Imported { changes: Changes::default(), answer: (), events: vec![Event::Full] };
/// ```
///
/// What an import is performed with takes nobody who could be told:
///
/// ```compile_fail,E0061
/// use landfall_domain::event::Subscribers;
/// use landfall_domain::operation::{GroupImport, import};
/// use landfall_domain::store::{Context, Store};
/// use std::sync::Arc;
/// async fn reach<I: GroupImport>(store: &dyn Store, context: Context, operation: I, all: Arc<dyn Subscribers>) {
///     drop(import(store, context, operation, all).await);
/// }
/// ```
pub trait GroupImport: Send + Sync + 'static {
    /// What comes out.
    type Answer: Send + 'static;

    /// The group.
    fn group(&self) -> &GroupId;

    /// What has to be loaded besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Decides. May be called several times; only the last call counts.
    ///
    /// # Errors
    /// Why nothing changes.
    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Imported<Self::Answer>, Refusal>;
}
