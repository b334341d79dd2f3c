//! The receivers of what happens in an app's groups: webhooks and connected clients.

use crate::changes::Changes;
use crate::event::Event;
use crate::group::GroupType;
use crate::ids::GroupId;

/// What an operation did to one group, before it is kept.
#[derive(Clone, Copy, Debug)]
pub struct AppliedChange<'a> {
    /// The group.
    pub group: &'a GroupId,
    /// Its type.
    pub kind: GroupType,
    /// What becomes of it.
    pub changes: &'a Changes,
    /// What others are told of that.
    pub events: &'a [Event],
}

/// What is to be done once a change is kept. It is dropped when the change is not, or when the rule is asked again.
pub type AfterCommit = Box<dyn FnOnce() + Send>;

/// Those who want to be told of what happens to an app's groups.
pub trait Subscribers: Send + Sync {
    /// Whether anybody wants to know who was in a dissolved group of this type, which may take many reads to find out.
    fn wants_former_members(&self, kind: GroupType) -> bool;

    /// What they are to be told of an event; `None` when nobody wants to know.
    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>>;

    /// Sees all of a change, and gives what is to be done about it once it is kept: for those who are told only while
    /// they listen, and who find in the history what they missed.
    fn on_change(&self, _: AppliedChange<'_>) -> Option<AfterCommit> {
        None
    }
}
