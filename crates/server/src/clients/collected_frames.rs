//! The subscribers of a change that goes to very many accounts, of which few are connected: only frames of these travel to
//! other servers.

use super::hub::Hub;
use super::people_update::PeopleUpdate;
use crate::lock::lock;
use landfall_domain::event::Event;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::subscribers::{AfterCommit, AppliedPeopleChange, Subscribers};
use std::sync::{Arc, Mutex};

/// Keeps the frames of a change until they are sent. No webhook is notified.
pub(crate) struct CollectedFrames {
    hub: Arc<Hub>,
    operator: UserId,
    update: Mutex<PeopleUpdate>,
}

impl CollectedFrames {
    pub(crate) fn new(hub: Arc<Hub>, operator: UserId) -> Self {
        Self { hub, operator, update: Mutex::default() }
    }

    /// Sends the frames of a change that was committed to those accounts that are connected. One that connects after the
    /// commit reads what it missed.
    pub(crate) async fn send(&self) {
        let update = std::mem::take(&mut *lock(&self.update));
        self.hub.send_to_connected(update).await;
    }
}

impl Subscribers for CollectedFrames {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }

    fn people_entry(&self, _: PeopleEvent) -> Option<Vec<u8>> {
        None
    }

    fn on_people_change(&self, change: AppliedPeopleChange<'_>) -> Option<AfterCommit> {
        *lock(&self.update) = PeopleUpdate::of(change, &self.operator);
        None
    }
}
