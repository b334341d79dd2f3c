//! Events of people, as webhooks and clients receive them. An import has no events: the result of its rule has no field for
//! them.

use super::fact::Chat;
use super::folders::ChatMark;
use super::message::{DirectMessage, MessageKey};
use super::official::OfficialEvent;
use super::portrait::PortraitItem;
use super::{Pair, Subject};
use crate::account::SenderProfile;
use crate::extension::{ExtensionChange, ExtensionOutcome};
use crate::ids::UserId;
use crate::time::Timestamp;

/// A change of people. The account that caused it is part of the call, not of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleEvent {
    /// An account says something else of itself.
    PortraitChanged {
        /// The account.
        account: UserId,
        /// What was set, in the order of the request.
        items: Vec<PortraitItem>,
    },
    /// An account has new friends.
    FriendsAdded {
        /// The account that added them.
        account: UserId,
        /// Accounts, each with one that is among its friends now: two pairs where both have each other.
        pairs: Vec<(UserId, UserId)>,
        /// Whether nobody was asked.
        forced: bool,
    },
    /// Friendships are no more.
    FriendsDeleted {
        /// The account that ended them.
        account: UserId,
        /// Accounts, each with one that is among its friends no longer.
        pairs: Vec<(UserId, UserId)>,
    },
    /// An account has put others on its blocklist.
    Blocked {
        /// The account.
        account: UserId,
        /// The others.
        others: Vec<UserId>,
    },
    /// An account has taken others off its blocklist.
    Unblocked {
        /// The account.
        account: UserId,
        /// The others.
        others: Vec<UserId>,
    },
    /// An account follows others, or no longer does.
    Followed {
        /// The account.
        account: UserId,
        /// The others.
        others: Vec<UserId>,
        /// Whether it follows them now.
        follows: bool,
    },
    /// An account sent a message to another.
    DirectSent {
        /// The conversation.
        pair: Pair,
        /// The message; its place is 0 when it is not kept.
        message: Box<DirectMessage>,
        /// What others see of its sender.
        sender: SenderProfile,
        /// How many messages the receiver has not read of anybody.
        unread: u64,
        /// Whether an import brought it, of which the app's webhook is not notified.
        imported: bool,
    },
    /// A message can no longer be read.
    DirectRecalled {
        /// The conversation.
        pair: Pair,
        /// The message, without its content.
        message: Box<DirectMessage>,
        /// How many messages the receiver has not read of anybody.
        unread: u64,
    },
    /// A message says something else.
    DirectModified {
        /// The conversation.
        pair: Pair,
        /// The message as it is now.
        message: Box<DirectMessage>,
    },
    /// A conversation is pinned to the top of an account's list, or no longer.
    ChatPinned {
        /// The account.
        account: UserId,
        /// The conversation.
        chat: Chat,
        /// Whether it is pinned.
        pinned: bool,
    },
    /// An account has marked conversations, or taken marks away.
    ChatsMarked {
        /// The account.
        account: UserId,
        /// The conversations, as they are marked now.
        marks: Vec<(Chat, ChatMark)>,
    },
    /// Keys and values of a message have changed.
    DirectExtended {
        /// The account that sent the message.
        sender: UserId,
        /// The account that it was sent to.
        receiver: UserId,
        /// The message.
        key: MessageKey,
        /// What was asked for.
        change: ExtensionChange,
        /// What became of each.
        outcomes: Vec<ExtensionOutcome>,
        /// Number of the last change.
        last: u32,
    },
    /// An account has read what another wrote.
    DirectRead {
        /// The account.
        reader: UserId,
        /// The other.
        peer: UserId,
        /// Up to messages of this second.
        until: Timestamp,
        /// The place of the last message of the conversation; 0 where only some were read.
        seq: u32,
        /// How many messages the reader has not read of anybody.
        unread: u64,
        /// How many it has not read of the other.
        unread_of_peer: u32,
    },
    /// An account has confirmed that it has read messages of another.
    DirectConfirmed {
        /// The account.
        reader: UserId,
        /// The other, which sent them.
        peer: UserId,
        /// The messages, in the order of the request.
        keys: Vec<MessageKey>,
    },
    /// Something happened to an official account.
    Official {
        /// The official account.
        account: UserId,
        /// What happened.
        event: OfficialEvent,
    },
}

impl PeopleEvent {
    /// What the event is about: events of one subject are delivered in their order.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::PortraitChanged { account, .. }
            | Self::FriendsAdded { account, .. }
            | Self::FriendsDeleted { account, .. }
            | Self::Blocked { account, .. }
            | Self::Unblocked { account, .. }
            | Self::ChatPinned { account, .. }
            | Self::ChatsMarked { account, .. }
            | Self::Followed { account, .. }
            | Self::Official { account, .. } => Subject::Account(account.clone()),
            Self::DirectSent { pair, .. }
            | Self::DirectRecalled { pair, .. }
            | Self::DirectModified { pair, .. } => Subject::Pair(pair.clone()),
            Self::DirectExtended { sender, receiver, .. } => {
                Subject::Pair(Pair::of(sender.clone(), receiver.clone()))
            }
            Self::DirectRead { reader, peer, .. } | Self::DirectConfirmed { reader, peer, .. } => {
                Subject::Pair(Pair::of(reader.clone(), peer.clone()))
            }
        }
    }
}
