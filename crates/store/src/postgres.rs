//! The PostgreSQL store: any number of servers over one database, no state of record in a server.
//!
//! Each operation is one transaction. Whatever a rule decides on stays true until its result is kept, because writers
//! take the locks of `locks` first. Concurrent imports share transactions (`batcher`).

#[macro_use]
mod columns;

mod batcher;
mod bulk;
mod call_rates;
mod change_group;
mod changes;
mod connect;
mod database;
mod distribute;
mod expiry;
mod failure;
mod import_groups;
mod import_members;
mod layout;
mod list_positions;
mod listener;
mod locks;
mod migrations;
mod nodes;
mod notify;
mod outbox;
mod people;
mod reach;
mod reads;
mod rows;
mod settings;
mod snapshots;
mod spread;
mod staging;
mod statements;
mod survey;
mod tables;
mod texts;
mod transfer;
mod undo;
mod unite;
mod values;
mod whole_groups;

pub use connect::AuthoritiesError;
pub use distribute::{DistributeError, Distributed, SHARDS_DEFAULT, distribute};
pub use settings::{CONNECTIONS_DEFAULT, CONNECTIONS_MIN, Settings, SettingsProblem};
pub use transfer::PostgresTransfer;

use crate::transfer::Undelivered;
use crate::{StoreMetrics, refusable};
use async_trait::async_trait;
use batcher::{Batcher, PATIENCE, Pace};
use change_group::ChangeGroup;
use database::{Database, Work};
use failure::Failure;
use import_groups::ImportGroups;
use import_members::ImportMembers;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::member::Role;
use landfall_domain::message::Message;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::operation::DynOperation;
use landfall_domain::people::operation::DynPeopleOperation;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::{
    GroupPage, GroupRange, Health, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store,
    WhichMessages,
};
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use layout::Layout;
use list_positions::ListPositions;
use listener::Listener;
use nodes::Nodes;
use staging::Staging;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Transactions of one kind that batched imports use at the same time, at most: as many as this machine has
/// processors, within these bounds. More of them make smaller batches; with fewer, processors wait for syncs.
const IMPORT_WORKERS: RangeInclusive<usize> = 4..=8;

fn import_workers() -> usize {
    let processors = std::thread::available_parallelism().map_or(*IMPORT_WORKERS.start(), NonZeroUsize::get);
    processors.clamp(*IMPORT_WORKERS.start(), *IMPORT_WORKERS.end())
}

/// A change that another server over the same database made, or a change of the subscription itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteChange {
    /// The account was kicked: its signatures from before are no longer valid.
    Kicked(AppId, UserId),
    /// The subscription was lost. Changes may have been missed, and are missed until [`Self::Connected`]: nothing that is
    /// remembered can be trusted.
    Disconnected,
    /// From now on all changes arrive; whatever was remembered before is still void.
    Connected,
    /// A packet of [`Postgres::notify_servers`], from another server or this one.
    Packet(String),
}

/// Longest packet of [`Postgres::notify_servers`], in bytes. PostgreSQL takes 7,999.
pub const PACKET_BYTES_MAX: usize = 7_900;

/// Called with the changes that other servers and this one make. Must not block.
pub type OnRemoteChange = Arc<dyn Fn(RemoteChange) + Send + Sync>;

/// Why the store cannot be opened. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached, or refused.
    #[error("cannot use the database; see that it runs, and that the address, user and password are right")]
    Database(#[from] tokio_postgres::Error),
    /// It does not answer.
    #[error("the database did not answer within {} s; see that it runs and that the address is right", .0.as_secs())]
    Slow(Duration),
    /// The authorities that vouch for the database cannot be used.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// Written by a newer program.
    #[error(
        "the tables of the database have version {found}, this program knows up to {}; start the newer program that wrote them",
        migrations::VERSION
    )]
    Newer {
        /// Their version.
        found: usize,
    },
    /// An old PostgreSQL.
    #[error("PostgreSQL {0} is too old; 14 or newer is needed")]
    TooOld(String),
    /// A database in another encoding.
    #[error("the database is encoded in {0}; make one with ENCODING 'UTF8'")]
    Encoding(String),
    /// A node of a Citus cluster that does not hold its locks.
    #[error(
        "the address is that of a worker of a Citus cluster; name the coordinator, which holds the locks"
    )]
    Worker,
    /// It is the target of a copy that is not finished.
    #[error(
        "the database holds an unfinished copy of {0}; run `landfall store copy` from there again to finish it"
    )]
    Unfinished(String),
    /// The source of a copy holds nothing.
    #[error("the database holds no tables of this program")]
    Empty,
    /// The outbox of the source of a copy is not empty.
    #[error("the database cannot be copied: {0}")]
    Undelivered(Undelivered),
    /// Servers use a database that is to be copied.
    #[error("servers use the database; stop them before it is copied")]
    Served,
    /// `store copy` is at work.
    #[error("the database is being copied; wait until `landfall store copy` has ended")]
    BeingCopied,
}

/// The PostgreSQL store.
pub struct Postgres {
    database: Database,
    groups: Batcher<ImportGroups>,
    members: Batcher<ImportMembers>,
    staging: Staging,
    listener: Listener,
    /// The nodes, where there are several.
    nodes: Option<Nodes>,
}

impl Postgres {
    /// Connects to the database, brings its tables up to date, and subscribes to the changes of other servers.
    ///
    /// # Errors
    /// The database cannot be reached, was written by a newer version, or is being copied.
    pub async fn open(
        settings: Settings,
        metrics: StoreMetrics,
        on_change: OnRemoteChange,
    ) -> Result<Self, OpenError> {
        Self::open_as(settings, metrics, on_change, None).await
    }

    /// Takes the rows to be where `layout` says, if it says so.
    async fn open_as(
        settings: Settings,
        metrics: StoreMetrics,
        on_change: OnRemoteChange,
        layout: Option<Layout>,
    ) -> Result<Self, OpenError> {
        let tls = connect::tls(&settings)?;
        let mut client = connect::client(&settings, &tls).await?;
        migrations::run(&mut client).await?;
        let listener = Listener::start(settings.config.clone(), tls.clone(), on_change).await?;
        // From here on no copy begins: the listener holds the lock of a server that serves.
        if let Some(source) = migrations::unfinished_copy(&client).await? {
            return Err(OpenError::Unfinished(source));
        }
        let found = Layout::of(&client).await?;
        let layout = layout.unwrap_or(found);
        drop(client);
        let database = Database::new(&settings, tls, true, layout);
        let nodes = match found {
            Layout::Together => None,
            Layout::Spread => Some(Nodes::watch(database.clone(), metrics.clone()).await),
        };
        let pace = match layout {
            Layout::Together => Pace::TOGETHER,
            Layout::Spread => Pace::SPREAD,
        };
        let positions = Arc::<ListPositions>::default();
        let groups = ImportGroups { database: database.clone(), positions: Arc::clone(&positions) };
        let members = ImportMembers { database: database.clone() };
        Ok(Self {
            groups: Batcher::start(groups, import_workers(), pace, &metrics),
            members: Batcher::start(members, import_workers(), pace, &metrics),
            staging: Staging::new(database.clone(), positions),
            database,
            listener,
            nodes,
        })
    }

    /// Takes `calls` calls of `command` out of what all servers together may make: `per_second` in a second, of
    /// which a second's worth may come at once. False when that is too many at present.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn take_calls(
        &self,
        app: AppId,
        command: &str,
        calls: u32,
        per_second: u32,
    ) -> Result<bool, StoreError> {
        self.read(call_rates::TakeCalls { app, command, calls, per_second }).await
    }

    /// Sends packets, none longer than [`PACKET_BYTES_MAX`], to all servers that listen, this one included: as
    /// [`RemoteChange::Packet`], in their order. All or none of them; where a connection was lost meanwhile, perhaps more
    /// than once.
    ///
    /// # Errors
    /// The database does not answer or refuses: the packets may have been sent or not.
    pub async fn notify_servers(&self, packets: &[String]) -> Result<(), StoreError> {
        self.read(notify::NotifyServers { packets }).await
    }

    async fn make_group(
        &self,
        request: import_groups::Request,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        if request.id().is_some_and(|id| self.staging.has(request.app(), id)) {
            return Err(OperationError::Refused(NewGroupRefusal::IdTaken));
        }
        refusable(self.groups.run(request.app(), request).await)
    }

    /// Removes messages between accounts that were sent before `before`, at most `limit`.
    async fn expire_direct(&self, app: AppId, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let (mut removed, mut after) = (0, None);
        while removed < limit {
            let pairs = self.read(expiry::DaysOfPairs::until(app, before, after)).await?;
            let Some(last) = pairs.last().cloned() else { break };
            for (_, pair) in pairs {
                if limit <= removed {
                    break;
                }
                let limit = limit - removed;
                removed += self.write(expiry::ExpirePair { app, pair, before, limit }).await?;
            }
            after = Some(last);
        }
        Ok(removed)
    }

    async fn read<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        answered::<W>(self.database.perform(&work)).await
    }

    /// Writes to the end, even when the caller goes away or gets a time-out.
    async fn write<W: Work<Output: 'static> + 'static>(&self, work: W) -> Result<W::Output, StoreError> {
        let database = self.database.clone();
        let writing = tokio::spawn(async move { database.perform(&work).await });
        answered::<W>(async { writing.await.unwrap_or(Err(Failure::Panicked)) }).await
    }
}

/// Waits for an answer as long as a caller waits.
async fn answered<W: Work>(
    done: impl Future<Output = Result<W::Output, Failure>>,
) -> Result<W::Output, StoreError> {
    let done = tokio::time::timeout(PATIENCE, done).await;
    done.unwrap_or(Err(Failure::Slow(PATIENCE))).map_err(|failure| failure.while_doing(W::DOING))
}

#[async_trait]
impl Store for Postgres {
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.make_group(import_groups::Request::import(context, import)).await
    }

    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        self.make_group(import_groups::Request::create(context, new, subscribers)).await
    }

    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError> {
        let work = ChangeGroup::<false> { context, operation: Arc::clone(&operation) };
        if !self.write(work).await? {
            self.write(ChangeGroup::<true> { context, operation }).await?;
        }
        Ok(())
    }

    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>> {
        let snapshot = self.read(snapshots::LoadSnapshot { app, group, needs }).await?;
        snapshot.ok_or(OperationError::Refused(NoSuchGroup))
    }

    async fn change_people(
        &self,
        context: Context,
        operation: Arc<dyn DynPeopleOperation>,
    ) -> Result<(), StoreError> {
        self.write(people::ChangePeople { context, operation }).await
    }

    async fn people(&self, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
        self.read(people::LoadPeople { app, needs }).await
    }

    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        refusable(self.members.run(context.app, import_members::Request { context, group, members }).await)
    }

    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        self.read(reads::Groups { app, ids }).await
    }

    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>> {
        let page = self.read(reads::Members { app, group, roles, window }).await?;
        page.ok_or(OperationError::Refused(NoSuchGroup))
    }

    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        self.read(reads::ListGroups { app, kind, from, limit }).await
    }

    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.read(reads::JoinedGroups { app, account, window }).await
    }

    async fn joined_chats(
        &self,
        app: AppId,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        self.read(reads::ReadJoinedChats { app, account, after, limit }).await
    }

    async fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError> {
        self.read(reads::MessagesOfGroups { app, ranges, which }).await
    }

    async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let (mut removed, mut after) = (0, None);
        loop {
            let days = self.read(expiry::DaysOfGroups::until(app, before, after)).await?;
            let Some(last) = days.last().cloned() else {
                return Ok(removed + self.expire_direct(app, before, limit - removed).await?);
            };
            for day in days {
                if limit <= removed {
                    return Ok(removed);
                }
                let limit = limit - removed;
                removed += self.write(expiry::Expire { app, day, before, limit }).await?;
            }
            after = Some(last);
        }
    }

    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>> {
        refusable(self.write(changes::DestroyGroup { context, group, subscribers }).await)
    }

    async fn import_accounts(
        &self,
        context: Context,
        accounts: Vec<AccountImport>,
    ) -> Result<(), StoreError> {
        self.write(changes::ImportAccounts { context, accounts }).await
    }

    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        self.read(reads::Accounts { app, ids }).await
    }

    async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.read(reads::ListAccounts { app, after, limit }).await
    }

    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError> {
        self.read(reads::SignaturesFrom { app, account }).await
    }

    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError> {
        self.write(changes::DeleteAccounts { app: context.app, ids }).await
    }

    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>> {
        refusable(self.write(changes::Kick { context, account }).await)
    }

    fn health(&self) -> Health {
        match (self.listener.health(), &self.nodes) {
            (Health::Ready, Some(nodes)) => nodes.health(),
            (health, _) => health,
        }
    }

    async fn close(&self) {}
}

#[cfg(test)]
mod tests;
