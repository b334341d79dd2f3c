//! The receivers of what happens in an app's groups: webhooks and connected clients.

use crate::changes::Changes;
use crate::event::Event;
use crate::group::GroupType;
use crate::ids::GroupId;

/// The effect of an operation on one group, before it is committed.
#[derive(Clone, Copy, Debug)]
pub struct AppliedChange<'a> {
    pub group: &'a GroupId,
    pub kind: GroupType,
    /// The changes of the group.
    pub changes: &'a Changes,
    /// The events of the change.
    pub events: &'a [Event],
}

/// Work to do once a change is committed. It is dropped when the change is not committed, or when the rule runs again.
pub type AfterCommit = Box<dyn FnOnce() + Send>;

/// The receivers of events of an app's groups.
pub trait Subscribers: Send + Sync {
    /// Whether a subscriber wants the former members of a dissolved group of this type; reading them may take many reads.
    fn wants_former_members(&self, kind: GroupType) -> bool;

    /// The outbox entry of an event; `None` when no subscriber wants it.
    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>>;

    /// Sees a change before it is committed, and returns the work to do after the commit: for clients, which receive events only
    /// while they are connected and read from the history what they missed.
    fn on_change(&self, _: AppliedChange<'_>) -> Option<AfterCommit> {
        None
    }
}

/// No subscribers.
impl Subscribers for () {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }
}
