//! Events of a group, as webhooks and clients receive them. An import has no events: the result of its rule has no field
//! for them.

use crate::attributes::{AttributeChange, Counters};
use crate::extension::{ExtensionChange, ExtensionOutcome};
use crate::fields::CustomField;
use crate::ids::{TopicId, UserId};
use crate::member::{ReceiveOption, Role};
use crate::message::{Conversation, Message};
use crate::text::Text;
use crate::time::Timestamp;

/// A change of a group. The account that caused it is part of the call, not of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The group was made.
    Created {
        owner: Option<UserId>,
        name: Text,
        /// Its first members, the owner not among them.
        members: Vec<UserId>,
        fields: Vec<CustomField>,
    },
    /// The group was dissolved.
    Destroyed {
        owner: Option<UserId>,
        name: Text,
        /// Its members; none where they are not listed.
        members: Vec<UserId>,
    },
    Joined {
        accounts: Vec<UserId>,
        how: Joining,
        /// Whether clients receive no notice.
        silent: bool,
    },
    /// The last seat was taken, or an account could not join a full group.
    Full,
    /// An application was granted; the account is a member now.
    Accepted {
        account: UserId,
        /// What is said about it.
        text: String,
    },
    /// An application was refused.
    Rejected {
        account: UserId,
        /// What is said about it.
        text: String,
    },
    Removed {
        accounts: Vec<UserId>,
        /// Whether they left by themselves.
        quit: bool,
        /// Whether clients receive no notice.
        silent: bool,
    },
    /// Members may not speak until some time, or may again.
    Muted {
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
        account: UserId,
        conversation: Conversation,
        /// The number of the last message read.
        seq: u32,
    },
    /// A member has confirmed that it has read messages.
    Confirmed {
        reader: UserId,
        /// The messages, each once, in the order of their numbers.
        receipts: Vec<Receipt>,
    },
    /// The group's counters have these values now.
    CountersChanged(Counters),
    /// The owner is another.
    OwnerChanged {
        /// The previous owner.
        before: Option<UserId>,
        /// The new owner.
        after: UserId,
    },
    /// What the group says of itself changed: what is not named stayed.
    ProfileChanged(ProfileChange),
    /// A member was changed.
    MemberChanged {
        account: UserId,
        /// Its role now, if that changed.
        role: Option<Role>,
        /// Its name in the group now, if that changed.
        name_card: Option<String>,
        /// What it receives of the group now, if that changed.
        receive_option: Option<ReceiveOption>,
    },
    /// A message was sent.
    Sent {
        conversation: Conversation,
        /// The message; its number is 0 when it is not kept.
        message: Message,
        /// Whether the message went to online members only.
        online_only: bool,
    },
    /// Messages were recalled.
    Recalled {
        /// Where they were.
        conversation: Conversation,
        numbers: Vec<u32>,
    },
    /// A topic was made.
    TopicCreated {
        id: TopicId,
        name: Text,
        /// The owner of its group.
        owner: Option<UserId>,
    },
    /// Topics were dissolved.
    TopicsDestroyed(Vec<TopicId>),
    /// What a topic says of itself changed.
    TopicChanged {
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
        change: ExtensionChange,
        /// What became of each extension that was asked for.
        outcomes: Vec<ExtensionOutcome>,
        /// The number of the last change to the message's extensions.
        last: u32,
    },
}

/// How accounts became members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Somebody added them.
    Invited,
    /// They joined by themselves.
    Applied,
    /// They applied, or a member invited them, and the group agreed.
    Approved,
}

/// The read receipt of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the message.
    pub seq: u32,
    /// Who sent it.
    pub sender: UserId,
    /// Members that have read it.
    pub read: usize,
    /// Members that have not.
    pub unread: usize,
}

/// Those texts of a profile that changed, as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    pub name: Option<Text>,
    pub introduction: Option<Text>,
    pub notification: Option<Text>,
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
