//! Moving everything from one store into another: what a store does for it, the copy, and the comparison.
//!
//! A copy reads pages of rows in the source's own order and writes each together with how far the copy has come,
//! in one step that is durable as a whole. So a page is written exactly once, however often the copy is killed, and
//! the same copy started again goes on after the last page. Until both stores were compared and found equal, the
//! target is marked as unfinished and does not open for a server.

#![warn(missing_docs)]

mod compare;
mod copy;
mod digest;
#[cfg(test)]
pub(crate) mod tests;

pub use compare::{AppTally, Comparison, Difference, Rows};
pub use copy::{CopyError, Outcome, Phase, Step, copy};

use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::store::StoreError;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

/// One thing a store keeps, whole. Indexes and counters follow from the rows, so each store makes its own: the list
/// of groups, its totals and the last place given in it from the groups; the groups of an account from the members;
/// the days on which a conversation has messages from the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// An account.
    Account {
        /// Its app.
        app: AppId,
        /// Its name.
        id: UserId,
        /// What is known of it.
        account: Account,
    },
    /// What was left behind by accounts that were kicked and then deleted.
    Kick {
        /// Their app.
        app: AppId,
        /// Their name.
        id: UserId,
        /// Signatures made before this are not valid.
        from: Timestamp,
    },
    /// A group with its owner's membership. Comes before the rows of its other members.
    Group {
        /// Its app.
        app: AppId,
        /// The group, its member count and its place in the list included.
        group: Box<Group>,
        /// The membership of `group.owner`; there exactly when the group has an owner.
        owner: Option<Member>,
    },
    /// The membership of somebody who does not own the group.
    Member {
        /// The app of the group.
        app: AppId,
        /// The group.
        group: GroupId,
        /// The membership.
        member: Member,
    },
    /// What hangs on a group.
    Part {
        /// The app of the group.
        app: AppId,
        /// The group.
        group: GroupId,
        /// Where it hangs.
        key: PartKey,
        /// What it is.
        part: Box<Part>,
    },
    /// A message. Those of one conversation come in the order of their numbers.
    Message {
        /// The app of the group.
        app: AppId,
        /// The group.
        group: GroupId,
        /// The conversation within the group.
        conversation: Conversation,
        /// The message.
        message: Box<Message>,
    },
}

/// A place between two rows, in the order its store reads them. Only that store can tell what it says.
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
    /// The place after them.
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

/// What an app's indexes and counters say: the part of a store that a copy does not read but makes anew.
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

/// What is in the outbox of a store that was to be copied. A copy does not take it along, and nobody else would tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a copy would leave behind what it has still to tell (lanes with undelivered notes: {lanes}, dead notes: {dead}); \
     start the server on it until they are delivered, and send the dead ones again or drop them"
)]
pub struct Undelivered {
    /// Lanes with notes, of all apps.
    pub lanes: u64,
    /// Notes that were given up, of all apps.
    pub dead: u64,
}

impl Undelivered {
    /// Nothing, when that is what is there.
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A store as the source or the target of a copy. Nobody else changes it meanwhile.
#[async_trait]
pub trait Transfer: Send + Sync {
    /// Names the store towards people and towards a target that recognises its source: the address, always in the
    /// same form, without user, password and options.
    fn name(&self) -> &str;

    /// The rows after `after`, from the start for `None`; `None` when nothing follows. Every row comes once, and
    /// any place that was once returned can be read on from, also by a later process.
    async fn read(&self, after: Option<&Place>, size: PageSize) -> Result<Option<Page>, StoreError>;

    /// How many rows there are to be read. Shown to people only, so an estimate will do.
    async fn rows(&self) -> Result<u64, StoreError>;

    /// What indexes and counters say, for every app that has any.
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
