//! What is still to be told: notes that were written with the change they are about, in the order of the changes.
//!
//! Notes lie in lanes, one for each group. A lane is delivered in order, by one process at a time, and each note at least
//! once; lanes do not wait for each other. A note that nobody takes goes to the dead ones, and its lane goes on.

mod settlement;

pub use settlement::{LaneState, Next, SettledLane, Settlement, WaitingLane};

use crate::event::{Event, Subscribers};
use crate::group::{Group, GroupType};
use crate::ids::{AppId, GroupId, UserId};
use crate::new_group::CreatedGroup;
use crate::store::{Context, StoreError};
use crate::time::Timestamp;
use async_trait::async_trait;

/// What somebody is to be told, as the bytes that the server made of it. Only operations that may tell something make
/// one: [`perform`](crate::operation::perform), the making and the dissolving of a group, and
/// [`Outbox::tell`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutboxEntry(Vec<u8>);

impl OutboxEntry {
    /// The note of an event that changed nothing in the store.
    #[must_use]
    pub fn without_change(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// One that was kept.
    #[must_use]
    pub fn stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The notes of events of one group.
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

/// The notes of a group that was made.
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

/// The notes of a group that was dissolved, and had these members.
#[must_use]
pub fn entries_of_destroyed(
    subscribers: &dyn Subscribers,
    group: &Group,
    members: Vec<UserId>,
) -> Vec<OutboxEntry> {
    let event = Event::Destroyed { owner: group.owner.clone(), name: group.profile.name.clone(), members };
    entries(subscribers, &group.id, group.kind, vec![event])
}

/// With what the names of lanes about accounts begin: nothing that is in a group id.
const ACCOUNT: char = '\t';

/// The name of the lane of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountLane(String);

/// Notes that are delivered in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Those about the app as a whole.
    App,
    /// Those about a group.
    Group(GroupId),
    /// Those about an account.
    Account(AccountLane),
}

impl Lane {
    /// Its name among the lanes of the app.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::App => "",
            Self::Group(group) => group.as_str(),
            Self::Account(AccountLane(name)) => name,
        }
    }

    /// The lane of an account.
    #[must_use]
    pub fn account(account: &UserId) -> Self {
        Self::Account(AccountLane(format!("{ACCOUNT}{account}")))
    }

    /// The lane with this name; `None` when there is no such.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix(ACCOUNT) {
            Some(account) => UserId::parse(account).as_ref().map(Self::account),
            None if name.is_empty() => Some(Self::App),
            None => GroupId::parse(name).map(Self::Group),
        }
    }
}

/// Which lanes somebody wants to deliver.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// A number that no other claim has, such as a random one.
    pub token: u64,
    /// The time: lanes that are to be tried again later are left out.
    pub now: Timestamp,
    /// Until when nobody else gets them.
    pub until: Timestamp,
    /// How many lanes at most.
    pub lanes: usize,
    /// How many notes of each at most.
    pub entries: usize,
}

/// A lane that is being delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedLane {
    /// The lane.
    pub lane: Lane,
    /// How often its first note failed.
    pub failures: u32,
    /// Its first notes, in order, with their numbers in the lane.
    pub entries: Vec<(u64, OutboxEntry)>,
}

/// What becomes of dead notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They are put at the end of their lanes.
    Resend,
    /// They are forgotten.
    Drop,
}

/// A note that was not delivered, and is not tried again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it is.
    pub key: DeadLetterKey,
    /// When it was given up.
    pub given_up: Timestamp,
    /// Why.
    pub reason: String,
    /// The note.
    pub entry: OutboxEntry,
}

/// The place of a dead note; they are listed in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLetterKey {
    /// Its lane.
    pub lane: Lane,
    /// Its number among the dead ones of the lane.
    pub number: u64,
}

/// The outbox of a store.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts a note into the outbox, about something that changed nothing else.
    async fn enqueue(&self, context: Context, lane: Lane, entry: OutboxEntry) -> Result<(), StoreError>;

    /// Lanes of an app that have notes and are due, each given to one caller at a time. A claim ends with
    /// [`settle_lane`](Self::settle_lane), or when its time is over.
    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError>;

    /// Takes the end of a claim.
    async fn settle_lane(&self, context: Context, settled: Settlement) -> Result<(), StoreError>;

    /// Dead notes of an app that come after a place, at most `limit`.
    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// Takes these notes from the dead ones; how many of them were there.
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
    fn lanes_are_known_by_their_names() {
        let (group, account) = (GroupId::parse("ann").unwrap(), UserId::parse("ann").unwrap());
        for lane in [Lane::App, Lane::Group(group), Lane::account(&account)] {
            assert_eq!(Lane::named(lane.name()), Some(lane));
        }
        assert_eq!(Lane::named("\t"), None);
    }
}
