//! The embedded store: one process, one data directory, the `fjall` engine.
//!
//! All writes go through one committer thread. It takes the waiting operations, applies them in order, and makes them
//! durable with one sync per batch (group commit). A caller is answered only after that sync. Readers see a batch when
//! it is durable, never before.

mod change_group;
mod changes;
mod check;
mod clean_stop;
mod committer;
mod damage;
mod engine;
mod engine_error;
mod engine_folder;
mod existence;
mod expiry;
mod filter;
mod format;
mod group_cache;
mod guard;
mod import_groups;
mod import_members;
mod journal;
mod key_range;
mod keys;
mod load;
mod load_notes;
mod merges;
mod message_pages;
mod opening;
mod outbox;
mod people;
mod people_records;
mod raise;
mod reads;
mod recent;
mod records;
mod repair;
mod row_cache;
mod rows;
mod snapshots;
mod survey;
mod sweep;
mod tables;
mod transfer;
mod tx;
mod undo;
mod unite;
mod whole_groups;

use crate::{StoreMetrics, refusable};
use async_trait::async_trait;
pub use check::{CheckReport, JournalFault, check};
use committer::Committer;
use engine::EngineSlot;
pub use format::{OpenError, exists, something_else};
use group_cache::Lookup;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::bulk::{
    BroughtGroup, BulkStore, GroupLoad, StageRefusal, UndoOutcome, WholeGroupOutcome,
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
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::{
    GroupPage, GroupRange, Health, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store,
    WhichMessages,
};
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use landfall_domain::unite::{OnDifference, UnionOutcome};
use landfall_domain::whole_group::WholeGroup;
pub use repair::{RepairReport, repair};
use rows::Rows as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
pub use transfer::EmbeddedTransfer;
use tx::Tx;

/// The embedded store. Dropping it waits for the writes already accepted.
pub struct Embedded {
    committer: Committer,
    slot: Arc<EngineSlot>,
}

impl Embedded {
    /// Opens the data directory `dir`, or creates it. Finishes the work that a crash interrupted.
    ///
    /// # Errors
    /// Another process has it open, it was written by a newer version, a copy into it is unfinished, or it cannot
    /// be read.
    pub fn open(dir: &Path, metrics: StoreMetrics) -> Result<Self, OpenError> {
        let engine = opening::open(dir)?;
        transfer::refuse_unfinished(dir, &engine)?;
        let slot = Arc::new(EngineSlot::new(dir, engine));
        let committer = Committer::start(Arc::clone(&slot), metrics).map_err(OpenError::Thread)?;
        Ok(Self { committer, slot })
    }

    /// A short read runs on the caller's thread; others leave the async threads.
    async fn read<T: Send + 'static>(
        &self,
        short: bool,
        read: impl FnOnce(&reads::View) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let view = reads::View::new(&self.slot)?;
        if short {
            return read(&view);
        }
        tokio::task::spawn_blocking(move || read(&view))
            .await
            .map_err(|panicked| StoreError::failed("a read broke off", &panicked))?
    }

    /// Reads on the caller's thread, unless it turns out not to be short: then it begins again beside the async threads.
    async fn read_short_first<T: Send + 'static>(
        &self,
        read: impl Fn(&reads::View) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let view = reads::View::of_rows(&self.slot, SHORT_READ_ROWS)?;
        let found = read(&view);
        if view.has_broken_off() {
            drop(view);
            return self.read(false, read).await;
        }
        found
    }
}

/// Most rows of a short read: a few point reads, most of them from memory.
const SHORT_READ_ROWS: usize = 64;

/// Whether loading these parts of a group counts as a short read.
fn is_short(needs: &Needs) -> bool {
    let Needs { members, accounts, profiles, parts, ranges, messages } = needs;
    let messages = messages.iter().map(|range| match range {
        MessageRange::Numbered(_, numbers) => numbers.len(),
        MessageRange::Newest { limit, .. } => *limit,
        MessageRange::Random { .. } => usize::MAX,
    });
    let ranges = ranges.iter().map(|range| range.limit);
    let named = members.len() + accounts.len() + profiles.len() + parts.len();
    ranges.chain(messages).fold(named, usize::saturating_add) <= SHORT_READ_ROWS
}

#[async_trait]
impl Store for Embedded {
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        refusable(self.committer.run(move |tx| import_groups::import_group(tx, context, import)).await)
    }

    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        let change = move |tx: &mut Tx<'_>| import_groups::create_group(tx, context, new, &*subscribers);
        refusable(self.committer.run(change).await)
    }

    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError> {
        self.committer.run(move |tx| change_group::change(tx, context, &*operation)).await
    }

    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>> {
        let snapshot =
            self.read(is_short(&needs), move |view| view.group_snapshot(app, &group, needs)).await?;
        snapshot.ok_or(OperationError::Refused(NoSuchGroup))
    }

    async fn change_people(
        &self,
        context: Context,
        operation: Arc<dyn DynPeopleOperation>,
    ) -> Result<(), StoreError> {
        self.committer.run(move |tx| people::change(tx, context, &*operation)).await
    }

    async fn people(&self, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
        self.read_short_first(move |view| people::read(view, app, needs.clone())).await
    }

    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.read(false, move |view| view.joined_groups(app, &account, &window)).await
    }

    async fn joined_chats(
        &self,
        app: AppId,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        self.read_short_first(move |view| view.joined_chats(app, &account, after.as_ref(), limit)).await
    }

    async fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError> {
        self.read(false, move |view| view.messages_of_groups(app, ranges, which)).await
    }

    async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        for direct in [false, true] {
            let mut next = None;
            loop {
                let after = next.take();
                let expire = if direct { expiry::expire_direct } else { expiry::expire };
                let step = self.committer.run(move |tx| expire(tx, app, before, after, limit)).await?;
                if 0 < step.removed {
                    return Ok(step.removed);
                }
                if step.next.is_none() {
                    break;
                }
                next = step.next;
            }
        }
        Ok(0)
    }

    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        refusable(
            self.committer.run(move |tx| import_members::import_members(tx, context, &group, &members)).await,
        )
    }

    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        let cache = &self.slot.engine()?.groups;
        let mut missing = Vec::new();
        let look = |(place, id)| match cache.get(keys::group(app, &id)) {
            Lookup::Hit(group) => Some(group),
            Lookup::Miss(of) => {
                missing.push((place, id, of));
                None
            }
        };
        let mut found: Vec<_> = ids.into_iter().enumerate().map(look).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let short = missing.len() <= SHORT_READ_ROWS;
        self.read(short, move |view| {
            for (place, id, missing) in missing {
                found[place] = view.group(app, &id, missing)?;
            }
            Ok(found)
        })
        .await
    }

    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>> {
        let page = self.read(false, move |view| view.members(app, group, &roles, &window)).await?;
        page.ok_or(OperationError::Refused(NoSuchGroup))
    }

    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        self.read(false, move |view| view.list_groups(app, kind, from, limit)).await
    }

    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>> {
        let change = move |tx: &mut Tx<'_>| changes::destroy_group(tx, context, &group, &*subscribers);
        refusable(self.committer.run_alone(change).await)
    }

    async fn import_accounts(
        &self,
        context: Context,
        accounts: Vec<AccountImport>,
    ) -> Result<(), StoreError> {
        self.committer.run(move |tx| changes::import_accounts(tx, context, &accounts)).await
    }

    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        let short = ids.len() <= SHORT_READ_ROWS;
        self.read(short, move |view| ids.iter().map(|id| view.account(app, id)).collect()).await
    }

    async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.read(false, move |view| view.list_accounts(app, after.as_ref(), limit)).await
    }

    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError> {
        self.read(true, move |view| view.signatures_from(app, &account)).await
    }

    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError> {
        self.committer.run_alone(move |tx| changes::delete_accounts(tx, context, &ids)).await
    }

    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>> {
        refusable(self.committer.run(move |tx| changes::kick(tx, context, &account)).await)
    }

    fn health(&self) -> Health {
        self.slot.health()
    }

    async fn close(&self) {
        self.committer.close().await;
    }
}

#[async_trait]
impl Outbox for Embedded {
    async fn enqueue(&self, context: Context, lane: Lane, entry: OutboxEntry) -> Result<(), StoreError> {
        self.committer.run(move |tx| outbox::append(tx, context, &lane, vec![entry])).await
    }

    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError> {
        let lanes = self.committer.run(move |tx| outbox::claim(tx, app, claim)).await?;
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        self.read(false, move |view| {
            let claimed = lanes.into_iter().map(|lane| outbox::claimed(view, app, lane, &claim));
            Ok(claimed.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
        .await
    }

    async fn settle_lane(&self, context: Context, settled: Settlement) -> Result<(), StoreError> {
        self.committer.run(move |tx| outbox::settle(tx, context, &settled)).await
    }

    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(false, move |view| outbox::dead(view, app, after.as_ref(), limit)).await
    }

    async fn take_dead_letters(
        &self,
        context: Context,
        places: Vec<DeadLetterKey>,
        fate: Fate,
    ) -> Result<usize, StoreError> {
        self.committer.run(move |tx| outbox::take_dead(tx, context, &places, fate)).await
    }
}

#[async_trait]
impl BulkStore for Embedded {
    async fn begin_load(&self, context: Context) -> Result<Box<dyn GroupLoad + '_>, StoreError> {
        Ok(Box::new(load::Load::begin(&self.committer, &self.slot, context).await?))
    }

    async fn import_whole_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        whole_groups::import(&self.committer, context, groups).await
    }

    async fn stage_messages(
        &self,
        context: Context,
        job: JobId,
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<(), OperationError<StageRefusal>> {
        refusable(whole_groups::stage(&self.committer, context.app, job, &group, messages).await)
    }

    async fn discard_staged(&self, context: Context, job: JobId, group: GroupId) -> Result<(), StoreError> {
        self.committer.run_alone(move |tx| whole_groups::discard_staged(tx, context.app, job, &group)).await
    }

    async fn unite_groups(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
        on: OnDifference,
    ) -> Result<Vec<UnionOutcome>, StoreError> {
        unite::unite_groups(&self.committer, context, groups, on).await
    }

    async fn brought_groups(
        &self,
        app: AppId,
        groups: Vec<GroupId>,
    ) -> Result<Vec<Option<BroughtGroup>>, StoreError> {
        self.read(false, move |view| groups.iter().map(|id| whole_groups::brought(view, app, id)).collect())
            .await
    }

    async fn groups_of_job(
        &self,
        app: AppId,
        job: JobId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupId>, StoreError> {
        self.read(false, move |view| undo::groups_of_job(view, app, job, after.as_ref(), limit)).await
    }

    async fn undo_groups(
        &self,
        context: Context,
        job: JobId,
        groups: Vec<GroupId>,
        force: bool,
    ) -> Result<Vec<UndoOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(groups.len());
        for some in groups.chunks(undo::GROUPS_PER_STEP) {
            let some = some.to_vec();
            let undo = move |tx: &mut Tx<'_>| undo::undo_groups(tx, context.app, job, &some, force);
            outcomes.append(&mut self.committer.run_alone(undo).await?);
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests;
