//! Bringing many groups in together: their rows are put in order in memory and become tables of the engine, beside the batches of
//! everybody else.
//!
//! 1. A batch keeps list positions for the load, and a row that says which.
//! 2. Each group's id is kept in memory, so that nobody else makes a group of it, and its rows are collected.
//! 3. The engine takes all rows as finished tables at one moment: readers see all groups, or none.
//! 4. A batch counts the groups and removes that row.
//!
//! After a crash, opening the store finds the row of a load. It counts the groups at those list positions, which are all of the
//! load or none.
//!
//! Nobody else writes rows of these groups before they are there, but for one: an account may be deleted, and its memberships
//! with it. A row notes that, and the last step takes the account out of the groups of the load.

mod table;

use super::committer::Committer;
use super::engine::{Engine, EngineSlot};
use super::keys;
use super::load_notes::{Counts, count, settle};
use super::message_pages::{latest, new_pages, record_days};
use super::records::{self, GroupRow};
use super::rows::Rows as _;
use super::tx::Tx;
use super::whole_groups;
use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::bulk::{GroupLoad, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::staged::Staged;
use landfall_domain::time::Timestamp;
use landfall_domain::whole_group::{CreatedWholeGroup, WholeGroup, WholeGroupRefusal, whole_group};
use std::collections::BTreeSet;
use table::Table;
use tokio::sync::oneshot;

/// Groups of a load, at most.
const GROUPS_MAX: u64 = 50_000;
/// Bytes of rows that make a load full: about two thirds of what is held.
const BYTES_MAX: usize = 28 << 20;
/// Accounts that are remembered to exist.
const KNOWN_MAX: usize = 100_000;
/// Placeholders written in one batch.
const PLACEHOLDERS_PER_BATCH: usize = 2_000;

/// Groups that come in together. When it is dropped before it is finished, nothing of it is there.
pub(super) struct Load<'a> {
    committer: &'a Committer,
    slot: &'a EngineSlot,
    context: Context,
    /// List positions of its groups: from this one to before `end`.
    first: u64,
    end: u64,
    next: u64,
    table: Table,
    groups: Vec<GroupId>,
    /// Groups by their type's code.
    counts: Counts,
    /// When the last of their messages was sent.
    latest: Timestamp,
    known: BTreeSet<UserId>,
    /// Accounts that did not exist when a group named them.
    placeholders: BTreeSet<UserId>,
}

impl<'a> Load<'a> {
    pub(super) async fn begin(
        committer: &'a Committer,
        slot: &'a EngineSlot,
        context: Context,
    ) -> Result<Self, StoreError> {
        let app = context.app;
        let begin = move |tx: &mut Tx<'_>| {
            let counters = tx.counters(app)?;
            let first = counters.last_position + 1;
            counters.last_position += GROUPS_MAX;
            tx.put_row(keys::load(app, first), (first + GROUPS_MAX).to_be_bytes().to_vec());
            tx.existence().begin_load(app, first);
            Ok(first)
        };
        let first = committer.run(begin).await?;
        Ok(Self {
            committer,
            slot,
            context,
            first,
            end: first + GROUPS_MAX,
            next: first,
            table: Table::with_capacity(BYTES_MAX),
            groups: Vec::new(),
            counts: Counts::default(),
            latest: Timestamp::default(),
            known: BTreeSet::new(),
            placeholders: BTreeSet::new(),
        })
    }

    /// Keeps the ids of these groups, and says which are taken: by a group, or by one that is on its way in.
    async fn reserve(&self, ids: Vec<GroupId>) -> Result<Vec<Option<Taken>>, StoreError> {
        let app = self.context.app;
        let reserve = move |tx: &mut Tx<'_>| ids.into_iter().map(|id| reserve(tx, app, id)).collect();
        self.committer.run(reserve).await
    }

    /// Whether an account exists, or is made with this load.
    fn is_known(&mut self, engine: &Engine, account: &UserId) -> Result<bool, StoreError> {
        if self.known.contains(account) || self.placeholders.contains(account) {
            return Ok(true);
        }
        let key = keys::account(self.context.app, account);
        let unreadable = engine.unreadable("looking for an account", super::key_range::only(&key));
        if !engine.data.contains_key(&key).map_err(unreadable)? {
            return Ok(false);
        }
        if KNOWN_MAX <= self.known.len() {
            self.known.clear();
        }
        self.known.insert(account.clone());
        Ok(true)
    }

    /// Collects the rows of a group whose id is kept.
    fn take(&mut self, engine: &Engine, whole: WholeGroup) -> Result<WholeGroupOutcome, StoreError> {
        let context = self.context;
        if self.end <= self.next {
            return Err(StoreError::Failed(format!("a load takes {GROUPS_MAX} groups at most").into()));
        }
        let made = whole_group(whole, Staged::default(), self.next, &context, |account| {
            self.is_known(engine, account)
        })?;
        let CreatedWholeGroup { group, members, parts, messages, placeholders, provenance } = match made {
            Ok(made) => made,
            Err(refusal) => return Ok(WholeGroupOutcome::Refused(refusal)),
        };
        self.next += 1;
        self.counts[usize::from(group.kind.code())] += 1;
        self.placeholders.extend(placeholders);
        let (app, id) = (context.app, group.id.clone());
        self.latest = self.latest.max(latest(&messages));
        for (key, page) in new_pages(app, &id, &messages)? {
            self.table.put(&key, &page);
        }
        record_days(app, &id, None, &messages, |key| self.table.put(&key, &[]));
        whole_groups::rows_beside(app, &id, &parts, &provenance, |key, value| self.table.put(&key, &value));
        let (owner, others): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| member.role == Role::Owner);
        let row = GroupRow { group, owner: owner.into_iter().next() };
        let joined = records::encode_joined(row.group.kind, row.group.support_topic);
        for member in &others {
            self.table.put(&keys::member(app, &id, &member.account), &records::encode_member(member));
        }
        for member in row.owner.iter().chain(&others) {
            self.table.put(&keys::joined(app, &member.account, &id), &joined);
        }
        let listed = records::encode_listed(row.group.kind, &id);
        self.table.put(&keys::list(app, row.group.list_position), &listed);
        self.table.put(&keys::group(app, &id), &records::encode_group(&row));
        Ok(WholeGroupOutcome::Created)
    }

    /// Creates the accounts that the groups name and that still do not exist.
    async fn put_placeholders(&mut self) -> Result<(), StoreError> {
        let context = self.context;
        let all: Vec<UserId> = std::mem::take(&mut self.placeholders).into_iter().collect();
        for some in all.chunks(PLACEHOLDERS_PER_BATCH) {
            let some = some.to_vec();
            let put = move |tx: &mut Tx<'_>| {
                for account in some {
                    if !tx.account_exists(context.app, &account)? {
                        tx.put_account(context.app, &account, &Account::placeholder(context.now));
                    }
                }
                Ok(())
            };
            self.committer.run(put).await?;
        }
        Ok(())
    }

    /// Makes the groups visible. They are not counted yet.
    pub(super) async fn write_table(&mut self) -> Result<(), StoreError> {
        self.put_placeholders().await?;
        self.must_be_alive().await?;
        let (mut table, engine) = (std::mem::take(&mut self.table), self.slot.engine()?);
        table.sort();
        let ((reply, written), latest) = (oneshot::channel(), self.latest);
        // A thread gets the priority of the one that starts it: the committer's, not that of a job. The last step keeps the
        // engine's journal locked, and at a low priority every commit would wait for it to get a processor.
        let start = move |tx: &mut Tx<'_>| {
            tx.existence().messages.skip(latest);
            let write = move || {
                let written = table.write(&engine);
                drop((table, engine));
                drop(reply.send(written));
            };
            let started = std::thread::Builder::new().name("load".to_owned()).spawn(write);
            started.map(drop).map_err(|error| StoreError::failed("starting a thread for a load", &error))
        };
        self.committer.run(start).await?;
        written.await.map_err(|panicked| StoreError::failed("writing the tables of a load", &panicked))?
    }

    /// An error when the store was opened again since the load began.
    async fn must_be_alive(&self) -> Result<(), StoreError> {
        let (app, first) = (self.context.app, self.first);
        let alive = self.committer.run(move |tx| Ok(tx.existence().is_loading(app, first))).await?;
        if alive {
            Ok(())
        } else {
            Err(StoreError::Failed("the store was opened again during a load".into()))
        }
    }
}

#[async_trait]
impl GroupLoad for Load<'_> {
    async fn add(&mut self, groups: Vec<WholeGroup>) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        let mut outcomes: Vec<Option<WholeGroupOutcome>> = groups.iter().map(|_| None).collect();
        // Of a large group messages are staged, or will be.
        let is_large = |whole: &WholeGroup| 0 < whole.staged || whole_groups::is_large(whole);
        let (large, small): (Vec<_>, Vec<_>) =
            groups.into_iter().enumerate().partition(|(_, whole)| is_large(whole));
        let taken = self.reserve(small.iter().map(|(_, whole)| whole.id()).collect()).await?;
        let engine = self.slot.engine()?;
        for ((place, whole), taken) in small.into_iter().zip(taken) {
            outcomes[place] = Some(match taken {
                Some(Taken::There(there)) => WholeGroupOutcome::AlreadyThere(there),
                Some(Taken::OnItsWay) => WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported),
                None => {
                    self.groups.push(whole.id());
                    self.take(&engine, whole)?
                }
            });
        }
        drop(engine);
        for (place, whole) in large {
            let outcome = whole_groups::import(self.committer, self.context, vec![whole]).await?;
            outcomes[place] = outcome.into_iter().next();
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn is_full(&self) -> bool {
        // Each call may add as many groups as the server takes at once.
        BYTES_MAX <= self.table.bytes() || self.end - self.next < GROUPS_MAX / 8
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        self.write_table().await?;
        let (app, first) = (self.context.app, self.first);
        // They stay here too: where this fails, the end of the load frees them.
        let (groups, counts) = (self.groups.clone(), self.counts);
        let settle = move |tx: &mut Tx<'_>| {
            for id in &groups {
                tx.existence().add_known(&keys::group(app, id));
            }
            settle(tx, app, first, &counts)?;
            tx.existence().end_load(app, first, groups);
            Ok(())
        };
        self.committer.run(settle).await
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        let (app, first, groups) = (self.context.app, self.first, std::mem::take(&mut self.groups));
        self.committer.run_later(move |tx| {
            if tx.existence().is_loading(app, first) {
                let counts = count(tx, app, first)?;
                settle(tx, app, first, &counts)?;
                tx.existence().end_load(app, first, groups);
            }
            Ok(())
        });
    }
}

/// Why an id cannot be kept for a load.
enum Taken {
    There(Option<Box<landfall_domain::bulk::BroughtGroup>>),
    OnItsWay,
}

fn reserve(tx: &mut Tx<'_>, app: AppId, id: GroupId) -> Result<Option<Taken>, StoreError> {
    if tx.existence().is_reserved(app, &id) || tx.staged(app, &id).is_some() {
        return Ok(Some(Taken::OnItsWay));
    }
    if tx.group_exists(app, &id)? {
        return Ok(Some(Taken::There(whole_groups::brought(tx, app, &id)?.map(Box::new))));
    }
    tx.existence().reserve(app, id);
    Ok(None)
}
