//! What operations on official accounts share: the rows they read.

use crate::account::Account;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactKey};
use crate::people::official::{OfficialAccount, OfficialEvent, OfficialRefusal, Subscription};
use crate::people::snapshot::PeopleSnapshot;

pub(super) fn own(account: &UserId) -> Subject {
    Subject::Account(account.clone())
}

pub(super) fn official_of(account: &UserId) -> (Subject, FactKey) {
    (own(account), FactKey::Official)
}

/// What an official account keeps of a subscriber.
pub(super) fn subscriber_of(official: &UserId, subscriber: &UserId) -> (Subject, FactKey) {
    (own(official), FactKey::Subscriber(subscriber.clone()))
}

/// What a subscriber keeps of an official account.
pub(super) fn subscribed_of(official: &UserId, subscriber: &UserId) -> (Subject, FactKey) {
    (own(subscriber), FactKey::Subscribed(official.clone()))
}

/// An official account that was requested.
pub(super) fn official<'a>(
    snapshot: &'a PeopleSnapshot,
    account: &UserId,
) -> Result<&'a OfficialAccount, OfficialRefusal> {
    match snapshot.fact(&own(account), &FactKey::Official) {
        Some(Fact::Official(official)) => Ok(official),
        _ => Err(OfficialRefusal::NoSuchOfficial),
    }
}

/// The account that an official account is, which was requested.
pub(super) fn account_of<'a>(
    snapshot: &'a PeopleSnapshot,
    account: &UserId,
) -> Result<&'a Account, OfficialRefusal> {
    snapshot.accounts.get(account).ok_or(OfficialRefusal::NoSuchOfficial)
}

/// A subscription that was requested.
pub(super) fn subscription<'a>(
    snapshot: &'a PeopleSnapshot,
    official: &UserId,
    subscriber: &UserId,
) -> Option<&'a Subscription> {
    let (subject, key) = subscriber_of(official, subscriber);
    match snapshot.fact(&subject, &key) {
        Some(Fact::Subscription(subscription)) => Some(subscription),
        _ => None,
    }
}

pub(super) fn event(account: &UserId, event: OfficialEvent) -> PeopleEvent {
    PeopleEvent::Official { account: account.clone(), event }
}
