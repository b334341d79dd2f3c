//! A store that hands every call to another one.

use async_trait::async_trait;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::bulk::{
    AtOnce, BroughtGroup, BulkStore, GroupLoad, StageRefusal, UndoOutcome, WholeGroupOutcome,
};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::member::Role;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::operation::DynOperation;
use landfall_domain::origin::JobId;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, Outbox, OutboxEntry, Settlement,
};
use landfall_domain::people::operation::DynPeopleOperation;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::{
    GroupPage, GroupRange, Health, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store,
    WhichMessages,
};
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use landfall_domain::unite::{OnDifference, UnionOutcome};
use landfall_domain::whole_group::WholeGroup;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

/// Decides which store takes a call, and whether a call that writes fails.
#[async_trait]
pub(crate) trait Route: Send + Sync {
    type Store: Store + ?Sized;

    /// The store that takes the next call.
    fn store(&self) -> &Self::Store;

    /// The store that makes the next group of an app.
    fn store_for_new_group(&self, _: AppId) -> &Self::Store {
        self.store()
    }

    /// Does the work of a call that writes.
    async fn write<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        work.await
    }
}

pub(crate) struct Forwarding<R>(pub(crate) R);

#[async_trait]
impl<R: Route> Store for Forwarding<R> {
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.0.write(self.0.store_for_new_group(context.app).import_group(context, import)).await
    }

    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.0.write(self.0.store_for_new_group(context.app).create_group(context, new, subscribers)).await
    }

    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError> {
        self.0.write(self.0.store().change_group(context, operation)).await
    }

    async fn change_people(
        &self,
        context: Context,
        operation: Arc<dyn DynPeopleOperation>,
    ) -> Result<(), StoreError> {
        self.0.write(self.0.store().change_people(context, operation)).await
    }

    async fn people(&self, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
        self.0.store().people(app, needs).await
    }

    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>> {
        self.0.store().snapshot(app, group, needs).await
    }

    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.0.store().joined_groups(app, account, window).await
    }

    async fn joined_chats(
        &self,
        app: AppId,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        self.0.store().joined_chats(app, account, after, limit).await
    }

    async fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError> {
        self.0.store().messages_of_groups(app, ranges, which).await
    }

    async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.0.write(self.0.store().expire_messages(app, before, limit)).await
    }

    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        self.0.write(self.0.store().import_members(context, group, members)).await
    }

    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        self.0.store().groups(app, ids).await
    }

    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>> {
        self.0.store().members(app, group, roles, window).await
    }

    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        self.0.store().list_groups(app, kind, from, limit).await
    }

    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>> {
        self.0.write(self.0.store().destroy_group(context, group, subscribers)).await
    }

    async fn import_accounts(
        &self,
        context: Context,
        accounts: Vec<AccountImport>,
    ) -> Result<(), StoreError> {
        self.0.write(self.0.store().import_accounts(context, accounts)).await
    }

    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        self.0.store().accounts(app, ids).await
    }

    async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.0.store().list_accounts(app, after, limit).await
    }

    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError> {
        self.0.store().signatures_from(app, account).await
    }

    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError> {
        self.0.write(self.0.store().delete_accounts(context, ids)).await
    }

    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>> {
        self.0.write(self.0.store().kick(context, account)).await
    }

    fn health(&self) -> Health {
        self.0.store().health()
    }

    async fn close(&self) {
        self.0.store().close().await;
    }
}

#[async_trait]
impl<R: Route<Store: Outbox>> Outbox for Forwarding<R> {
    async fn enqueue(&self, context: Context, lane: Lane, entry: OutboxEntry) -> Result<(), StoreError> {
        self.0.store().enqueue(context, lane, entry).await
    }

    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError> {
        self.0.store().claim_lanes(app, claim).await
    }

    async fn settle_lane(&self, context: Context, settled: Settlement) -> Result<(), StoreError> {
        self.0.store().settle_lane(context, settled).await
    }

    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.0.store().dead_letters(app, after, limit).await
    }

    async fn take_dead_letters(
        &self,
        context: Context,
        places: Vec<DeadLetterKey>,
        fate: Fate,
    ) -> Result<usize, StoreError> {
        self.0.store().take_dead_letters(context, places, fate).await
    }
}

#[async_trait]
impl<R: Route<Store: BulkStore>> BulkStore for Forwarding<R> {
    async fn begin_load(&self, context: Context) -> Result<Box<dyn GroupLoad + '_>, StoreError> {
        Ok(Box::new(AtOnce::new(self, context)))
    }

    async fn import_whole_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        self.0.store().import_whole_groups(context, groups).await
    }

    async fn stage_messages(
        &self,
        context: Context,
        job: JobId,
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<(), OperationError<StageRefusal>> {
        self.0.store().stage_messages(context, job, group, messages).await
    }

    async fn discard_staged(&self, context: Context, job: JobId, group: GroupId) -> Result<(), StoreError> {
        self.0.store().discard_staged(context, job, group).await
    }

    async fn unite_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
        on: OnDifference,
    ) -> Result<Vec<UnionOutcome>, StoreError> {
        self.0.store().unite_groups(context, groups, on).await
    }

    async fn brought_groups(
        &self,
        app: AppId,
        groups: Vec<GroupId>,
    ) -> Result<Vec<Option<BroughtGroup>>, StoreError> {
        self.0.store().brought_groups(app, groups).await
    }

    async fn groups_of_job(
        &self,
        app: AppId,
        job: JobId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupId>, StoreError> {
        self.0.store().groups_of_job(app, job, after, limit).await
    }

    async fn undo_groups(
        &self,
        context: Context,
        job: JobId,
        groups: Vec<GroupId>,
        force: bool,
    ) -> Result<Vec<UndoOutcome>, StoreError> {
        self.0.store().undo_groups(context, job, groups, force).await
    }
}
