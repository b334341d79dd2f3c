//! Whole groups: bringing them in, uniting them with what is there, and taking them out.

use super::database::Work as _;
use super::{Postgres, undo, unite};
use crate::refusable;
use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use landfall_domain::bulk::{
    AtOnce, BroughtGroup, BulkStore, GroupLoad, StageRefusal, UndoOutcome, WholeGroupOutcome,
};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::staged::WholeMessage;
use landfall_domain::unite::{OnDifference, UnionOutcome};
use landfall_domain::whole_group::WholeGroup;

#[async_trait]
impl BulkStore for Postgres {
    async fn begin_load(&self, context: Context) -> Result<Box<dyn GroupLoad + '_>, StoreError> {
        Ok(Box::new(AtOnce::new(self, context)))
    }

    async fn import_whole_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        self.staging.import(context, groups).await
    }

    async fn stage_messages(
        &self,
        context: Context,
        job: JobId,
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<(), OperationError<StageRefusal>> {
        refusable(self.staging.stage(context.app, job, &group, messages).await)
    }

    async fn discard_staged(&self, context: Context, job: JobId, group: GroupId) -> Result<(), StoreError> {
        self.staging.discard(context.app, job, &group).await
    }

    async fn unite_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
        on: OnDifference,
    ) -> Result<Vec<UnionOutcome>, StoreError> {
        unite::unite_groups(&self.database, context, groups, on).await
    }

    async fn brought_groups(
        &self,
        app: AppId,
        groups: Vec<GroupId>,
    ) -> Result<Vec<Option<BroughtGroup>>, StoreError> {
        self.read(undo::BroughtGroups { app, groups }).await
    }

    async fn accounts_after(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.read(undo::AccountsAfter { app, after, limit }).await
    }

    async fn groups_of_job(
        &self,
        app: AppId,
        job: JobId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupId>, StoreError> {
        self.read(undo::GroupsOfJob { app, job, after, limit }).await
    }

    async fn undo_groups(
        &self,
        context: Context,
        job: JobId,
        groups: Vec<GroupId>,
        force: bool,
    ) -> Result<Vec<UndoOutcome>, StoreError> {
        let undo = |group| {
            let (database, work) =
                (self.database.clone(), undo::UndoGroup { app: context.app, job, group, force });
            async move {
                let done = database.perform(&work).await;
                done.map_err(|failure| failure.while_doing(undo::UndoGroup::DOING))
            }
        };
        stream::iter(groups).map(undo).buffered(undo::AT_ONCE).try_collect().await
    }
}
