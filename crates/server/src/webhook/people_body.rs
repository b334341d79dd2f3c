//! The bodies of events about people: their names and fields, in the documented order.
//!
//! [choice] A friendship that goes both ways is two pairs, one for each account that has the other among its friends.

use super::body::Body;
use crate::event_rows::{PairRow, portrait_rows};
use landfall_domain::ids::UserId;
use landfall_domain::people::event::PeopleEvent;
use serde_json::value::RawValue;

/// The documented name of an event.
pub(super) fn command(event: &PeopleEvent) -> &'static str {
    match event {
        PeopleEvent::PortraitChanged { .. } => "Profile.CallbackPortraitSet",
        PeopleEvent::FriendsAdded { .. } => "Sns.CallbackFriendAdd",
        PeopleEvent::FriendsDeleted { .. } => "Sns.CallbackFriendDelete",
        PeopleEvent::Blocked { .. } => "Sns.CallbackBlackListAdd",
        PeopleEvent::Unblocked { .. } => "Sns.CallbackBlackListDelete",
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
        PeopleEvent::FriendsAdded { account, pairs, forced } => {
            let rows = pairs.iter().map(|(from, to)| PairRow::of(from, to).added_by(account));
            body.with("PairList", &rows.collect::<Vec<_>>())
                .with("ClientCmd", &"friend_add")
                .with("Admin_Account", &operator.as_str())
                .with("ForceFlag", &u8::from(*forced))
        }
        PeopleEvent::FriendsDeleted { pairs, .. } => {
            let rows = pairs.iter().map(|(from, to)| PairRow::of(from, to));
            body.with("PairList", &rows.collect::<Vec<_>>())
        }
        PeopleEvent::Blocked { account, others } | PeopleEvent::Unblocked { account, others } => {
            let rows = others.iter().map(|other| PairRow::of(account, other));
            body.with("PairList", &rows.collect::<Vec<_>>())
        }
    }
    .end(millis)
}
