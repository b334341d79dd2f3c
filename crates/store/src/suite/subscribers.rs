//! Subscribers for the cases.

use landfall_domain::event::Event;
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::subscribers::Subscribers;
use std::sync::Arc;

/// Subscribers of one case.
pub(crate) struct TestSubscribers {
    /// Whether they want the former members of a dissolved group.
    pub(crate) former_members: bool,
    /// The outbox entry of an event.
    pub(crate) entry: fn(&GroupId, GroupType, Event) -> Option<String>,
}

impl Subscribers for TestSubscribers {
    fn wants_former_members(&self, _: GroupType) -> bool {
        self.former_members
    }

    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>> {
        (self.entry)(group, kind, event).map(String::into_bytes)
    }

    fn people_entry(&self, event: PeopleEvent) -> Option<Vec<u8>> {
        Some(format!("{event:?}").into_bytes())
    }
}

/// Subscribers to nothing.
pub(crate) fn no_subscribers() -> Arc<dyn Subscribers> {
    Arc::new(())
}

/// Subscribers to every event, as text.
pub(crate) fn every_event() -> Arc<dyn Subscribers> {
    let entry = |group: &GroupId, kind, event| {
        let what = if let Event::Created { owner, members, .. } = event {
            format!("created {owner:?} {members:?}")
        } else if let Event::Destroyed { owner, members, .. } = event {
            format!("destroyed {owner:?} {members:?}")
        } else if let Event::Joined { accounts: members, .. } = event {
            format!("joined {members:?}")
        } else {
            format!("{event:?}")
        };
        Some(format!("{group} {kind:?}: {what}"))
    };
    Arc::new(TestSubscribers { former_members: true, entry })
}
