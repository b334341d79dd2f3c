//! The subscribers of a change that a client makes: the other clients, and no webhook.

use super::hub::Hub;
use landfall_domain::event::Event;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::subscribers::{AfterCommit, AppliedChange, AppliedPeopleChange, Subscribers};
use landfall_domain::time::Timestamp;
use std::sync::Arc;

pub(super) struct ClientSubscribers {
    pub(super) hub: Arc<Hub>,
    pub(super) operator: UserId,
    pub(super) now: Timestamp,
}

impl Subscribers for ClientSubscribers {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }

    fn people_entry(&self, _: PeopleEvent) -> Option<Vec<u8>> {
        None
    }

    fn show_accounts(&self) -> bool {
        self.hub.any_client_connected()
    }

    fn on_change(&self, change: AppliedChange<'_>) -> Option<AfterCommit> {
        self.hub.on_change(change, &self.operator, self.now)
    }

    fn on_people_change(&self, change: AppliedPeopleChange<'_>) -> Option<AfterCommit> {
        self.hub.on_people_change(change, &self.operator)
    }
}
