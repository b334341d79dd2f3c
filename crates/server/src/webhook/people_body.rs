//! The bodies of events about people: their names and fields, in the documented order.

use super::body::Body;
use crate::event_rows::portrait_rows;
use landfall_domain::ids::UserId;
use landfall_domain::people::event::PeopleEvent;
use serde_json::value::RawValue;

/// The documented name of an event.
pub(super) fn command(event: &PeopleEvent) -> &'static str {
    match event {
        PeopleEvent::PortraitChanged { .. } => "Profile.CallbackPortraitSet",
    }
}

/// The body of an event that `operator` caused, `millis` milliseconds after 1970.
pub(super) fn of(event: &PeopleEvent, operator: &UserId, millis: u64) -> Option<Box<RawValue>> {
    let body = Body::new(command(event));
    match event {
        PeopleEvent::PortraitChanged { account, items } => body
            .with("From_Account", &account.as_str())
            .with("Operator_Account", &operator.as_str())
            .with("ProfileItem", &portrait_rows(items)),
    }
    .end(millis)
}
