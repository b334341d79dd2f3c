//! The receivers of what happens in an app, to its groups and people: webhooks and connected clients.

use crate::account::SenderProfiles;
use crate::changes::Changes;
use crate::event::Event;
use crate::group::GroupType;
use crate::ids::GroupId;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;

/// The effect of an operation on one group, before it is committed.
#[derive(Clone, Copy, Debug)]
pub struct AppliedChange<'a> {
    pub group: &'a GroupId,
    pub kind: GroupType,
    /// The changes of the group.
    pub changes: &'a Changes,
    /// The events of the change.
    pub events: &'a [Event],
    /// What others see of those whom a message or tip names, as far as that is shown.
    pub seen: &'a SenderProfiles,
}

/// The effect of an operation on people, before it is committed.
#[derive(Clone, Copy, Debug)]
pub struct AppliedPeopleChange<'a> {
    pub changes: &'a PeopleChanges,
    /// The events of the change.
    pub events: &'a [PeopleEvent],
}

/// Work to do once a change is committed. It is dropped when the change is not committed, or when the rule runs again.
pub type AfterCommit = Box<dyn FnOnce() + Send>;

/// The receivers of the events of an app.
pub trait Subscribers: Send + Sync {
    /// Whether a subscriber wants the former members of a dissolved group of this type; reading them may take many reads.
    fn wants_former_members(&self, kind: GroupType) -> bool;

    /// The outbox entry of an event; `None` when no subscriber wants it.
    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>>;

    /// The outbox entry of an event of people; `None` when no subscriber wants it.
    fn people_entry(&self, event: PeopleEvent) -> Option<Vec<u8>>;

    /// Whether somebody is shown more than the names of accounts.
    fn show_accounts(&self) -> bool {
        false
    }

    /// Sees a change before it is committed, and returns the work to do after the commit: for clients, which receive events only
    /// while they are connected and read from the history what they missed.
    fn on_change(&self, _: AppliedChange<'_>) -> Option<AfterCommit> {
        None
    }

    /// The same, of a change of people.
    fn on_people_change(&self, _: AppliedPeopleChange<'_>) -> Option<AfterCommit> {
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

    fn people_entry(&self, _: PeopleEvent) -> Option<Vec<u8>> {
        None
    }
}
