//! What happened to a group, for those who are told of it. An import has no events: its rule has no place for them.

use crate::attributes::{AttributeChange, Counters};
use crate::extension::{ExtensionChange, ExtensionOutcome};
use crate::fields::CustomField;
use crate::ids::{TopicId, UserId};
use crate::member::Role;
use crate::message::{Conversation, Message};
use crate::text::Text;
use crate::time::Timestamp;

/// Something that happened to a group. Who did it is known to whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The group was made.
    Created {
        /// Its owner.
        owner: Option<UserId>,
        /// Its name.
        name: Text,
        /// Its first members, the owner not among them.
        members: Vec<UserId>,
        /// Its custom fields.
        fields: Vec<CustomField>,
    },
    /// The group was dissolved.
    Destroyed {
        /// Its owner.
        owner: Option<UserId>,
        /// Its name.
        name: Text,
        /// Its members; none where they are not listed.
        members: Vec<UserId>,
    },
    /// Members were added.
    Joined {
        /// Who.
        accounts: Vec<UserId>,
        /// Whether clients are not to be told.
        silent: bool,
    },
    /// The last place was taken, or somebody could not join because there was none.
    Full,
    /// Members were removed.
    Removed {
        /// Who.
        accounts: Vec<UserId>,
        /// Whether clients are not to be told.
        silent: bool,
    },
    /// Members may not speak until some time, or may again.
    Muted {
        /// Who.
        accounts: Vec<UserId>,
        /// Until when; 0: they may speak.
        until: Timestamp,
    },
    /// Accounts must stay out, and those that were members have left.
    Banned(Vec<UserId>),
    /// Accounts may join again.
    Unbanned(Vec<UserId>),
    /// A member has read as far as this number.
    Read {
        /// Who.
        account: UserId,
        /// What.
        conversation: Conversation,
        /// The number of the last message read.
        seq: u32,
    },
    /// A member has confirmed that it has read messages.
    Confirmed {
        /// Who.
        reader: UserId,
        /// The messages, each once, in the order of their numbers.
        receipts: Vec<Receipt>,
    },
    /// The group's counters have these values now.
    CountersChanged(Counters),
    /// The owner is another.
    OwnerChanged {
        /// Who was.
        before: Option<UserId>,
        /// Who is.
        after: UserId,
    },
    /// What the group says of itself changed: what is not named stayed.
    ProfileChanged(ProfileChange),
    /// A member was changed.
    MemberChanged {
        /// The member.
        account: UserId,
        /// Its role now, if that changed.
        role: Option<Role>,
        /// Its name in the group now, if that changed.
        name_card: Option<String>,
    },
    /// A message was sent.
    Sent {
        /// Where.
        conversation: Conversation,
        /// The message; its number is 0 when it is not kept.
        message: Message,
        /// Whether only those got it who are online.
        online_only: bool,
    },
    /// Messages were recalled.
    Recalled {
        /// Where they were.
        conversation: Conversation,
        /// Their numbers.
        numbers: Vec<u32>,
    },
    /// A topic was made.
    TopicCreated {
        /// The topic.
        id: TopicId,
        /// Its name.
        name: Text,
        /// The owner of its group.
        owner: Option<UserId>,
    },
    /// Topics were dissolved.
    TopicsDestroyed(Vec<TopicId>),
    /// What a topic says of itself changed.
    TopicChanged {
        /// The topic.
        id: TopicId,
        /// What changed.
        change: ProfileChange,
    },
    /// The group's attributes changed.
    AttributesChanged(AttributeChange),
    /// What is attached to a message changed.
    Extended {
        /// The message's number.
        seq: u32,
        /// How.
        change: ExtensionChange,
        /// What became of each extension that was asked for.
        outcomes: Vec<ExtensionOutcome>,
        /// The number of the last change to the message's extensions.
        last: u32,
    },
}

/// How many have read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the message.
    pub seq: u32,
    /// Members that have read it.
    pub read: usize,
    /// Members that have not.
    pub unread: usize,
}

/// Those texts of a profile that changed, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// Name.
    pub name: Option<Text>,
    /// Introduction.
    pub introduction: Option<Text>,
    /// Notice to the members.
    pub notification: Option<Text>,
    /// Address of the picture.
    pub face_url: Option<Text>,
}

impl ProfileChange {
    /// What changed between two profiles, each with its name, introduction, notice and picture; `None` when nothing did.
    #[must_use]
    pub fn between(before: [&Text; 4], after: [&Text; 4]) -> Option<Self> {
        let [name, introduction, notification, face_url] =
            std::array::from_fn(|index| (before[index] != after[index]).then(|| after[index].clone()));
        (before != after).then_some(Self { name, introduction, notification, face_url })
    }
}
