//! The suite and the model against two servers over one database that take turns.

use super::*;
use landfall_domain::event::Subscribers;
use landfall_domain::operation::{DynOperation, GroupSnapshot, Needs};
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, Outbox, OutboxEntry, Settlement,
};
use landfall_domain::store::{JoinedPage, JoinedWindow};
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which server imports the groups of an app.
#[derive(Clone, Copy, PartialEq)]
enum Imports {
    /// Each in turn.
    ByTurns,
    /// Always the same one of an app: its groups then stand in the list in the order they came.
    ByApp,
}

/// Two servers, of which each call goes to the other one than the call before.
struct Alternating {
    servers: [Postgres; 2],
    imports: Imports,
    calls: AtomicUsize,
}

impl Alternating {
    fn next(&self) -> &Postgres {
        &self.servers[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }

    fn importing(&self, app: AppId) -> &Postgres {
        match self.imports {
            Imports::ByTurns => self.next(),
            Imports::ByApp => &self.servers[app.0 as usize % 2],
        }
    }
}

async fn alternating(imports: Imports) -> (Alternating, FreshDatabase) {
    let (servers, database) = two().await;
    (Alternating { servers, imports, calls: AtomicUsize::new(0) }, database)
}

#[async_trait]
impl Store for Alternating {
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.importing(context.app).import_group(context, import).await
    }

    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.importing(context.app).create_group(context, new, subscribers).await
    }

    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError> {
        self.next().change_group(context, operation).await
    }

    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>> {
        self.next().snapshot(app, group, needs).await
    }

    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.next().joined_groups(app, account, window).await
    }

    async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.next().expire_messages(app, before, limit).await
    }

    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        self.next().import_members(context, group, members).await
    }

    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        self.next().groups(app, ids).await
    }

    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>> {
        self.next().members(app, group, roles, window).await
    }

    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        self.next().list_groups(app, kind, from, limit).await
    }

    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>> {
        self.next().destroy_group(context, group, subscribers).await
    }

    async fn import_accounts(
        &self,
        context: Context,
        accounts: Vec<AccountImport>,
    ) -> Result<(), StoreError> {
        self.next().import_accounts(context, accounts).await
    }

    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        self.next().accounts(app, ids).await
    }

    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError> {
        self.next().signatures_from(app, account).await
    }

    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError> {
        self.next().delete_accounts(context, ids).await
    }

    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>> {
        self.next().kick(context, account).await
    }

    fn health(&self) -> Health {
        self.next().health()
    }

    async fn close(&self) {
        self.next().close().await;
    }
}

#[async_trait]
impl Outbox for Alternating {
    async fn enqueue(&self, context: Context, lane: Lane, note: OutboxEntry) -> Result<(), StoreError> {
        self.next().enqueue(context, lane, note).await
    }

    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError> {
        self.next().claim_lanes(app, claim).await
    }

    async fn settle_lane(&self, context: Context, settled: Settlement) -> Result<(), StoreError> {
        self.next().settle_lane(context, settled).await
    }

    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.next().dead_letters(app, after, limit).await
    }

    async fn take_dead_letters(
        &self,
        context: Context,
        places: Vec<DeadLetterKey>,
        fate: Fate,
    ) -> Result<usize, StoreError> {
        self.next().take_dead_letters(context, places, fate).await
    }
}

mod suite {
    use super::*;

    async fn two() -> (Alternating, FreshDatabase) {
        alternating(Imports::ByTurns).await
    }

    // What calls of several servers could spoil for each other, and one case of everything else.
    store_suite! { super::two =>
        accounts {
            deleting_removes_memberships_and_ownership,
            a_kick_outlives_later_imports,
        }
        groups {
            a_group_reads_back_with_every_field,
            of_many_imports_of_one_id_exactly_one_succeeds,
            destroying_leaves_nothing_and_frees_the_id,
        }
        members {
            each_member_gets_its_own_outcome,
            two_callers_cannot_both_take_the_last_seat,
            many_callers_never_overfill_a_group,
            one_account_joins_once_however_many_import_it,
        }
        concurrency {
            many_groups_of_one_unknown_owner_make_one_account,
            imports_and_dissolutions_of_one_id_alternate,
            members_of_a_group_being_dissolved_do_not_stay,
            no_membership_outlives_its_account,
            no_group_is_owned_by_an_account_that_is_gone,
            what_calls_say_about_one_account_adds_up,
            of_many_who_remove_the_same_one_did,
            callers_that_name_the_same_in_other_orders_are_all_served,
        }
        outbox {
            what_happens_is_told_in_its_order,
            refusals_and_imports_tell_nothing,
            a_lane_is_delivered_by_one_until_its_time_is_over,
            a_lane_that_failed_waits_in_its_order_and_others_do_not,
            a_lane_with_a_backlog_does_not_starve_the_others,
            dead_notes_are_listed_sent_again_and_dropped,
            of_many_who_deliver_each_note_is_told_once_in_order,
        }
        faulty {
            a_migration_that_repeats_what_failed_ends_like_one_without_failures,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_and_two_servers_answer_like_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = crate::embedded::Embedded::open(dir.path(), StoreMetrics::default()).unwrap();
    let (postgres, _alive) = fresh().await;
    let (servers, _both_alive) = alternating(Imports::ByApp).await;
    crate::suite::model::agree(&[&embedded, &postgres, &servers], 1).await;
}
