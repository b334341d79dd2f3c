//! The outbox: entries that are written with the change they are about, and delivered afterwards.
//!
//! Entries lie in lanes, one for each group. A lane is delivered in the order of the changes, by one process at a time,
//! and each entry at least once; lanes do not wait for each other. An entry that is never accepted becomes a dead letter,
//! and its lane goes on.

#![warn(missing_docs)]

mod settlement;

pub use settlement::{LaneState, Next, SettledLane, Settlement, WaitingLane};

use crate::context::Context;
use crate::error::StoreError;
use crate::event::Event;
use crate::group::{Group, GroupType};
use crate::ids::{AppId, GroupId, UserId};
use crate::new_group::CreatedGroup;
use crate::people::event::PeopleEvent;
use crate::people::{Pair, Subject};
use crate::subscribers::Subscribers;
use crate::time::Timestamp;
use async_trait::async_trait;

/// An event for subscribers, as bytes that only the server understands. Only operations that may have subscribers make
/// entries: [`perform`](crate::operation::perform), [`perform_people`](crate::people::operation::perform_people), the creation and the dissolving of a group, and
/// [`Outbox::enqueue`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxEntry(Vec<u8>);

impl OutboxEntry {
    /// The entry of an event that changed nothing in the store.
    #[must_use]
    pub fn without_change(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// An entry that a store has kept.
    #[must_use]
    pub fn stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes that [`Subscribers`] made.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The entries of events of one group.
pub(crate) fn entries(
    subscribers: &dyn Subscribers,
    group: &GroupId,
    kind: GroupType,
    events: Vec<Event>,
) -> Vec<OutboxEntry> {
    events
        .into_iter()
        .filter_map(|event| subscribers.outbox_entry(group, kind, event))
        .map(OutboxEntry)
        .collect()
}

/// The entries of events of people, each with the lane of what it is about.
pub(crate) fn entries_of_people(
    subscribers: &dyn Subscribers,
    events: Vec<PeopleEvent>,
) -> Vec<(Lane, OutboxEntry)> {
    let entry = |event: PeopleEvent| {
        let lane = Lane::of(&event.subject());
        subscribers.people_entry(event).map(|bytes| (lane, OutboxEntry(bytes)))
    };
    events.into_iter().filter_map(entry).collect()
}

/// The entries of a group that was created.
#[must_use]
pub fn entries_of_created(subscribers: &dyn Subscribers, created: &CreatedGroup) -> Vec<OutboxEntry> {
    let CreatedGroup { group, members, .. } = created;
    let others =
        members.iter().map(|member| &member.account).filter(|account| Some(*account) != group.owner.as_ref());
    let event = Event::Created {
        owner: group.owner.clone(),
        name: group.profile.name.clone(),
        members: others.cloned().collect(),
        fields: group.profile.fields.clone(),
    };
    entries(subscribers, &group.id, group.kind, vec![event])
}

/// The entries of a group that was dissolved and had these members.
#[must_use]
pub fn entries_of_destroyed(
    subscribers: &dyn Subscribers,
    group: &Group,
    members: Vec<UserId>,
) -> Vec<OutboxEntry> {
    let event = Event::Destroyed { owner: group.owner.clone(), name: group.profile.name.clone(), members };
    entries(subscribers, &group.id, group.kind, vec![event])
}

/// Begins the names of lanes about accounts and pairs of them. No group id contains it.
const PEOPLE: char = '\t';

/// The name of the lane of an account, or of a pair of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeopleLane(String);

/// Entries that are delivered in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Entries about the app as a whole.
    App,
    /// Entries about a group, also after it was dissolved.
    Group(GroupId),
    /// Entries about an account, in any group or none, or about a pair of accounts.
    People(PeopleLane),
}

impl Lane {
    /// The name of the lane, unique in the app.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::App => "",
            Self::Group(group) => group.as_str(),
            Self::People(PeopleLane(name)) => name,
        }
    }

    /// The lane of an account, whose name no group has.
    #[must_use]
    pub fn account(account: &UserId) -> Self {
        Self::People(PeopleLane(format!("{PEOPLE}{account}")))
    }

    /// The lane of a pair of accounts.
    #[must_use]
    pub fn pair(pair: &Pair) -> Self {
        Self::People(PeopleLane(format!("{PEOPLE}{pair}")))
    }

    /// The lane of what events are about.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::App => Self::App,
            Subject::Account(account) => Self::account(account),
            Subject::Pair(pair) => Self::pair(pair),
        }
    }

    /// The lane with this name; `None` if no lane can have it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix(PEOPLE) {
            Some("") => None,
            Some(people) => Subject::named(people).as_ref().map(Self::of),
            None if name.is_empty() => Some(Self::App),
            None => GroupId::parse(name).map(Self::Group),
        }
    }
}

/// A request for lanes to deliver.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Unique among claims, such as a random number.
    pub token: u64,
    /// Lanes that are due later are left out.
    pub now: Timestamp,
    /// Until then no other claim gets the lanes.
    pub until: Timestamp,
    /// Lanes at most.
    pub lanes: usize,
    /// Entries of each lane at most.
    pub entries: usize,
}

/// A lane that is being delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedLane {
    /// The claim holds it alone.
    pub lane: Lane,
    /// How often its first entry has failed.
    pub failures: u32,
    /// Its first entries, in order, with their numbers in the lane.
    pub entries: Vec<(u64, OutboxEntry)>,
}

/// What becomes of dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They are appended to their lanes.
    Resend,
    /// They are removed for good.
    Drop,
}

/// An entry that was not delivered, and is not tried again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it is listed.
    pub key: DeadLetterKey,
    /// When it was given up.
    pub given_up: Timestamp,
    /// Why it was given up, for an operator.
    pub reason: String,
    /// The undelivered entry.
    pub entry: OutboxEntry,
}

/// Identifies a dead letter. Dead letters are listed in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLetterKey {
    /// The lane that the entry was in.
    pub lane: Lane,
    /// Its number among the dead letters of the lane.
    pub number: u64,
}

/// The outbox of a store.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Appends an entry about an event that changed nothing in the store.
    async fn enqueue(&self, context: Context, lane: Lane, entry: OutboxEntry) -> Result<(), StoreError>;

    /// Lanes of an app that have entries and are due, those that have been due longest first, each given to one caller at
    /// a time. A claim ends with [`settle_lane`](Self::settle_lane), or when its time is over.
    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError>;

    /// Ends a claim, as [`Settlement::settle`] decides.
    async fn settle_lane(&self, context: Context, settlement: Settlement) -> Result<(), StoreError>;

    /// Dead letters of an app that follow `after`, at most `limit`.
    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// Resends or drops dead letters; how many of them existed.
    async fn take_dead_letters(
        &self,
        context: Context,
        keys: Vec<DeadLetterKey>,
        fate: Fate,
    ) -> Result<usize, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_found_by_their_names() {
        let (group, account) = (GroupId::parse("ann").unwrap(), UserId::parse("ann").unwrap());
        let pair = Lane::pair(&Pair::of(UserId::parse("bob").unwrap(), account.clone()));
        for lane in [Lane::App, Lane::Group(group), Lane::account(&account), pair] {
            assert_eq!(Lane::named(lane.name()), Some(lane));
        }
        assert_eq!(Lane::named("\t"), None);
    }
}
