//! Moving everything from one store into another: what a store does for it, the copy, and the comparison.
//!
//! A copy reads pages of rows in the source's own order and writes each together with how far the copy has come,
//! in one step that is durable as a whole. So a page is written exactly once, however often the copy is killed, and
//! the same copy started again goes on after the last page. Until both stores were compared and found equal, the
//! target is marked as unfinished and does not open for a server.

mod compare;
mod copy;
mod digest;
#[cfg(test)]
pub(crate) mod tests;

pub use compare::{AppTally, Comparison, Difference, Rows};
pub use copy::{CopyError, Outcome, Phase, Step, copy};

use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::origin::Provenance;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

/// One row of a store, whole. Indexes and counters follow from the rows, so each store makes its own: the list
/// of groups, its totals and the last place given in it from the groups; the groups of a job from the origins; those of an
/// account from the members;
/// the days on which a conversation has messages from the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    Account {
        app: AppId,
        id: UserId,
        account: Account,
    },
    /// The kick of an account that was deleted since.
    Kick {
        app: AppId,
        id: UserId,
        /// Signatures made before this are not valid.
        from: Timestamp,
    },
    /// Where a group came from that a job brought in.
    Origin {
        app: AppId,
        group: GroupId,
        provenance: Box<Provenance>,
    },
    /// A group with its owner's membership. Comes before the rows of its other members.
    Group {
        app: AppId,
        /// The group, its member count and its place in the list included.
        group: Box<Group>,
        /// The membership of `group.owner`; there exactly when the group has an owner.
        owner: Option<Member>,
    },
    /// A membership other than the owner's.
    Member {
        app: AppId,
        group: GroupId,
        member: Member,
    },
    Fact {
        app: AppId,
        subject: Subject,
        key: FactKey,
        fact: Box<Fact>,
    },
    /// A message between two accounts.
    Direct {
        app: AppId,
        pair: Pair,
        message: Box<DirectMessage>,
    },
    Part {
        app: AppId,
        group: GroupId,
        key: PartKey,
        part: Box<Part>,
    },
    /// A message. The messages of one conversation come in the order of their numbers.
    Message {
        app: AppId,
        group: GroupId,
        conversation: Conversation,
        message: Box<Message>,
    },
}

/// A place between two rows, in the order its store reads them. Only that store can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub Vec<u8>);

/// Bounds of a page. A page ends where one of them is reached; what a store keeps in one piece is not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// Rows, at least 1.
    pub rows: usize,
    /// Bytes the rows take, about.
    pub bytes: usize,
}

impl PageSize {
    /// Large enough that a sync for each page costs little, small enough that a few pages fit any memory.
    pub const DEFAULT: Self = Self { rows: 5_000, bytes: 2 << 20 };
}

/// Rows that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rows; fewer than asked for, or none, does not mean that no page follows.
    pub rows: Vec<Row>,
    /// The place after the rows.
    pub place: Place,
}

/// How far a copy has come. The target keeps it until the copy is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The [name](Transfer::name) of the source.
    pub source: String,
    /// The place in the source up to which rows are written; `None` before the first page.
    pub place: Option<Place>,
    /// Rows written so far.
    pub rows: u64,
}

/// The figures of an app's indexes and counters: the part of a store that a copy does not read but makes anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Totals that the list of groups answers, in the order of `GroupType::ALL`.
    pub totals: [u64; 5],
    /// Groups that the list names.
    pub listed: u64,
    /// Place of the last group in the list; 0 when it is empty.
    pub last_position: u64,
    /// Memberships that are found from the account's side, those of owners included.
    pub joined: u64,
}

/// The contents of the outbox of a store that was to be copied. A copy does not take them along, and they would never be
/// delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a copy would leave its outbox behind (lanes with undelivered entries: {lanes}, dead letters: {dead}); start the \
     server on it until they are delivered, and send the dead letters again or drop them"
)]
pub struct Undelivered {
    /// Lanes with entries, of all apps.
    pub lanes: u64,
    /// Dead letters, of all apps.
    pub dead: u64,
}

impl Undelivered {
    /// `None` if there is nothing to deliver.
    pub(crate) fn of(lanes: u64, dead: u64) -> Option<Self> {
        (0 < lanes + dead).then_some(Self { lanes, dead })
    }
}

/// Why a copy into a store cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The store holds something, and it is no unfinished copy.
    #[error("already holds data")]
    Occupied,
    /// The store holds the unfinished copy of the source with this name.
    #[error("holds the unfinished copy of {0}")]
    OtherSource(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store as the source or the target of a copy. Nothing else changes it meanwhile.
#[async_trait]
pub trait Transfer: Send + Sync {
    /// The name that people see, and by which a target recognises its source: the address, always in the same form,
    /// without user, password and options.
    fn name(&self) -> &str;

    /// The rows after `after`, from the start for `None`; `None` when nothing follows. Every row comes once, and
    /// any place that was once returned can be read on from, also by a later process.
    async fn read(&self, after: Option<&Place>, size: PageSize) -> Result<Option<Page>, StoreError>;

    /// How many rows there are to be read. Shown to people only, so an estimate will do.
    async fn rows(&self) -> Result<u64, StoreError>;

    /// The figures of indexes and counters, for every app that has any.
    async fn indexed(&self) -> Result<BTreeMap<AppId, Indexed>, StoreError>;

    /// Marks the store as the unfinished copy of `source`, or finds that it is, and says how far that has come.
    ///
    /// # Errors
    /// The store is neither empty nor the unfinished copy of `source`. Nothing was changed.
    async fn begin(&self, source: &str) -> Result<Progress, BeginError>;

    /// Writes `rows`, their place in every index and counter, and `progress`: all of it or nothing, durable when
    /// this is done. The rows are none the store has. Only called after [`begin`](Self::begin).
    async fn write(&self, rows: Vec<Row>, progress: &Progress) -> Result<(), StoreError>;

    /// Takes the mark away: from now on a server may open the store.
    async fn finish(&self) -> Result<(), StoreError>;
}
