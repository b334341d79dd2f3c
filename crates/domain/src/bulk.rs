//! What a store does for jobs that bring whole groups in, and take them out again. Both happen silently: nothing here takes
//! subscribers.

#![warn(missing_docs)]

use crate::context::Context;
use crate::error::{OperationError, StoreError};
use crate::ids::{AppId, GroupId, UserId};
use crate::message::Conversation;
use crate::origin::{JobId, Provenance};
use crate::staged::{BadMessage, WholeMessage};
use crate::unite::{OnDifference, UnionOutcome};
use crate::whole_group::{WholeGroup, WholeGroupRefusal};
use async_trait::async_trait;

/// A group that a job brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtGroup {
    /// Where it came from.
    pub provenance: Provenance,
    /// Whether somebody has [touched](crate::origin::Seal) it since.
    pub touched: bool,
}

/// What became of one whole group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WholeGroupOutcome {
    /// It is there now, with everything in it.
    Created,
    /// A group of this id is there, and stays as it is; `None` where no job brought it in.
    AlreadyThere(Option<Box<BroughtGroup>>),
    /// Nothing of it is there.
    Refused(WholeGroupRefusal),
}

/// Why messages are not staged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageRefusal {
    /// A group of this id is there.
    #[error("the group is there already")]
    AlreadyThere,
    /// Another job brings a group of this id in.
    #[error("the group is being imported by another job")]
    BeingImported,
    /// The messages do not fit behind those that were staged.
    #[error(transparent)]
    Message(#[from] BadMessage),
}

/// What became of one group that was to be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoOutcome {
    /// It is gone, with everything in it.
    Removed,
    /// Somebody has [touched](crate::origin::Seal) it since, and it stays.
    Touched,
    /// Other jobs have added to it since, and it stays until they are undone.
    AddedTo,
    /// Another job made it. It stays with what this job has added, and no longer counts as of this job.
    MadeByAnother,
    /// There is no such group, or it did not come with this job.
    NotOfJob,
}

/// Whole groups that come in together, silently. When it is dropped before it is finished, none of them is there.
#[async_trait]
pub trait GroupLoad: Send {
    /// Takes groups, with one outcome for each, in order. Those that are [`Created`](WholeGroupOutcome::Created) may be there
    /// at once, and are there when the load is finished. After an error the load is of no more use.
    async fn add(&mut self, groups: Vec<WholeGroup>) -> Result<Vec<WholeGroupOutcome>, StoreError>;

    /// Whether it should be finished before it takes more.
    fn is_full(&self) -> bool;

    /// Makes its groups visible, each whole. When this fails, all of them may be there or none.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// A load of a store that brings groups in as they come.
pub struct AtOnce<'a> {
    store: &'a dyn BulkStore,
    context: Context,
}

impl<'a> AtOnce<'a> {
    /// Begins one.
    #[must_use]
    pub fn new(store: &'a dyn BulkStore, context: Context) -> Self {
        Self { store, context }
    }
}

#[async_trait]
impl GroupLoad for AtOnce<'_> {
    async fn add(&mut self, groups: Vec<WholeGroup>) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        self.store.import_whole_groups(self.context, groups).await
    }

    fn is_full(&self) -> bool {
        true
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Brings whole groups in and takes them out.
#[async_trait]
pub trait BulkStore: Send + Sync {
    /// Begins to bring many groups in together: the fastest way for more than a few.
    async fn begin_load(&self, context: Context) -> Result<Box<dyn GroupLoad + '_>, StoreError>;

    /// Brings groups in, silently, with one outcome for each, in order. Each becomes visible whole or not at all, its
    /// staged messages included. When this fails, some groups may be there and others not; a repeat finds those that are.
    async fn import_whole_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError>;

    /// Writes messages of a group that is to be brought in later, in the order in which they were sent: for a group with
    /// more than one call may hold. Nobody sees them until [`import_whole_groups`](Self::import_whole_groups) brings the
    /// group in for the same job, and no other group of this id can be made meanwhile. They are gone when the store is
    /// closed before.
    async fn stage_messages(
        &self,
        context: Context,
        job: JobId,
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<(), OperationError<StageRefusal>>;

    /// Removes messages that a job staged for a group, if there are any.
    async fn discard_staged(&self, context: Context, job: JobId, group: GroupId) -> Result<(), StoreError>;

    /// Unites groups that jobs brought in with what a file has of them: see [`unite`](crate::unite::unite). Silently, and
    /// each at one moment, or not at all: of a group that was touched meanwhile nothing changes. One outcome for each, in order.
    async fn unite_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
        on: OnDifference,
    ) -> Result<Vec<UnionOutcome>, StoreError>;

    /// Where each of these groups came from; `None` for one that is not there, or that no job brought in.
    async fn brought_groups(
        &self,
        app: AppId,
        groups: Vec<GroupId>,
    ) -> Result<Vec<Option<BroughtGroup>>, StoreError>;

    /// Accounts that are there, behind `after`, at most `limit`, in an order that each store has for itself.
    async fn accounts_after(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Groups that a job brought in or added to and that are there, in the order of their ids: those after `after`, at most `limit`.
    async fn groups_of_job(
        &self,
        app: AppId,
        job: JobId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupId>, StoreError>;

    /// Removes those of these groups that `job` made and that nobody has touched or added to since, silently; with `force`
    /// the others that it made too. One outcome for each, in order.
    async fn undo_groups(
        &self,
        context: Context,
        job: JobId,
        groups: Vec<GroupId>,
        force: bool,
    ) -> Result<Vec<UndoOutcome>, StoreError>;
}
