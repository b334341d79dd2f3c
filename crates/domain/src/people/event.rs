//! Events of people, as webhooks and clients receive them. An import has no events: the result of its rule has no field for
//! them.

use super::Subject;
use super::portrait::PortraitItem;
use crate::ids::UserId;

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
        /// Who has whom among its friends now: two pairs where both have each other.
        pairs: Vec<(UserId, UserId)>,
        /// Whether nobody was asked.
        forced: bool,
    },
    /// Friendships are no more.
    FriendsDeleted {
        /// The account that ended them.
        account: UserId,
        /// Who has whom among its friends no longer.
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
            | Self::Unblocked { account, .. } => Subject::Account(account.clone()),
        }
    }
}
