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
}

impl PeopleEvent {
    /// What the event is about: events of one subject are delivered in their order.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::PortraitChanged { account, .. } => Subject::Account(account.clone()),
        }
    }
}
