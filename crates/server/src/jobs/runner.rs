//! One run of a job: its file is put in order, and its groups are brought in, many with one call of the store.
//!
//! A run always begins at the start of the file. What the job brought in before is found to be there, so a run that was
//! broken off is repeated without harm. A group that another job brought in otherwise is united with what the file has, if
//! nobody has touched it since: so history can go in front of what is there and between it, and nothing is lost.

use super::batches::{self, Batch};
use super::folder::{Folder, Receipts};
use super::loads::{Brought, Loads};
use super::record::{Counts, Kinds, OnChange, Receipt};
use super::work::Work;
use crate::clients::Hub;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::bulk::{BroughtGroup, BulkStore, StageRefusal, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::people::brought::Coming;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::Store;
use landfall_domain::unite::Kept;
use landfall_domain::whole_group::WholeGroup;
use landfall_migrate::ordered::{Entries, Grouped, Ordered};
use landfall_migrate::rules::ServerLimits;
use landfall_migrate::whole::{Assembler, carried_of_both};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use tokio::runtime::Handle;

/// Batches that are made ahead while one is brought in.
const BATCHES_AHEAD: usize = 1;

/// Why a run ends before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// It was told to.
    #[error("stopped")]
    Stopped,
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The file or the folder of the job.
    #[error("the file cannot be read or the disk failed: {0}")]
    Disk(#[from] io::Error),
}

/// What a run works with.
pub(super) struct Run<'a> {
    pub(super) job: JobId,
    pub(super) on_change: OnChange,
    pub(super) context: Context,
    pub(super) limits: ServerLimits,
    pub(super) folder: &'a Folder,
    pub(super) store: &'a dyn Store,
    pub(super) bulk: &'a dyn BulkStore,
    pub(super) hub: Arc<Hub>,
    pub(super) runtime: Handle,
    /// Called now and then; the run ends where it says so.
    pub(super) on_progress: &'a dyn Fn(Counts, bool) -> Result<(), Broken>,
}

/// A run under way.
pub(super) struct Running<'scope, 'env> {
    pub(super) run: &'env Run<'env>,
    pub(super) receipts: Receipts,
    pub(super) counts: Counts,
    loads: Loads<'scope, 'env>,
    /// A large group of which no more is staged: it is there already, or is refused for this reason.
    skipped: Option<(GroupId, Option<String>)>,
    /// The large group that is staged.
    staged: Option<GroupId>,
}

/// Runs a job on the calling thread.
pub(super) fn run(run: &Run<'_>) -> Result<Counts, Broken> {
    (run.on_progress)(Counts::default(), false)?;
    let mut receipts = run.folder.receipts()?;
    let mut counts = Counts::default();
    let (file, directory) = (run.folder.file(), run.folder.path());
    let (records, entries): (u64, Entries) = if let Some(grouped) = Grouped::open(&file, directory)? {
        (grouped.records(), Box::new(grouped))
    } else {
        let ordered = Ordered::read(&file, directory, |fault, _| {
            counts.left_out += 1;
            receipts.add(&batches::of_fault("line", &fault))
        })?;
        (ordered.records(), ordered.entries())
    };
    counts.records_total = records;
    std::thread::scope(|scope| {
        let (sender, parsed) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || batches::parse(entries, &sender));
        let assembler = Assembler::new(parsed.into_iter().flatten(), run.limits.clone(), run.job);
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || batches::assemble(assembler, &sender));
        let loads = Loads::new(run.bulk, run.context, run.runtime.clone(), scope);
        let mut running = Running { run, receipts, counts, skipped: None, staged: None, loads };
        // The batches go when this ends, and with them the threads that make them.
        let done = running.bring_in(&batches);
        if done.is_err()
            && let Some(staged) = running.staged.take()
        {
            run.runtime.block_on(run.bulk.discard_staged(run.context, run.job, staged))?;
        }
        running.receipts.flush()?;
        done.map(|()| running.counts)
    })
}

/// What a group has.
fn kinds(whole: &WholeGroup) -> Kinds {
    let messages: usize = whole.messages.iter().map(|(_, messages)| messages.len()).sum();
    let reads: usize = whole.members.iter().map(|member| member.reads.len()).sum();
    let [topics, members, messages, reads] =
        [whole.topics.len(), whole.members.len(), messages, reads].map(|count| count as u64);
    Kinds { topics, members, messages: whole.staged + messages, reads, ..Kinds::default() }
}

pub(super) fn of_group(id: &GroupId, result: &'static str, info: String) -> Receipt {
    let (record, name) = ("group", id.to_string());
    Receipt { line: 0, record, name, result, code: String::new(), result_info: info }
}

impl Running<'_, '_> {
    fn bring_in(&mut self, batches: &Receiver<io::Result<Batch>>) -> Result<(), Broken> {
        for batch in batches {
            let Batch { work, left_out, records } = batch?;
            for receipt in &left_out {
                self.counts.left_out += 1;
                self.receipts.add(receipt)?;
            }
            self.counts.records = records;
            match work {
                Work::Accounts(accounts, profiles) => self.accounts(accounts, profiles)?,
                Work::Friends(friends) => self.friends(friends)?,
                Work::Blocks(blocks) => self.blocks(blocks)?,
                Work::Direct(pairs) => self.direct(pairs)?,
                Work::Messages(group, messages) => self.stage(group, messages)?,
                Work::Groups(groups) => self.bring_in_groups(groups)?,
                Work::Nothing => (self.run.on_progress)(self.counts, true)?,
            }
        }
        for brought in self.loads.finish_all()? {
            self.settle(brought)?;
        }
        self.receipts.flush()?;
        (self.run.on_progress)(self.counts, true)
    }

    fn accounts(
        &mut self,
        accounts: Vec<AccountImport>,
        profiles: Vec<(UserId, Vec<PortraitItem>)>,
    ) -> Result<(), Broken> {
        let Run { context, store, ref runtime, .. } = *self.run;
        let ids: Vec<_> = accounts.iter().map(|account| account.id.clone()).collect();
        let there = runtime.block_on(store.accounts(context.app, ids.clone()))?;
        let is_equal = |(import, there): &(&AccountImport, Option<Account>)| {
            there
                .as_ref()
                .is_some_and(|there| Account::imported(Some(there.clone()), import, context.now) == *there)
        };
        let equal = accounts.iter().zip(there).map(|pair| is_equal(&pair));
        let mut equal: BTreeMap<_, _> = ids.into_iter().zip(equal).collect();
        runtime.block_on(store.import_accounts(context, accounts))?;
        for (account, coming) in self.profiles(profiles)? {
            let is_new = matches!(coming, Coming::Added | Coming::Updated);
            equal.entry(account).and_modify(|equal| *equal &= !is_new);
        }
        let is_equal = equal.values().filter(|equal| **equal).count() as u64;
        self.counts.equal_accounts += is_equal;
        self.counts.accounts += equal.len() as u64 - is_equal;
        (self.run.on_progress)(self.counts, true)
    }

    fn stage(
        &mut self,
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<(), Broken> {
        if self.skipped.as_ref().is_some_and(|(skipped, _)| *skipped == group) {
            return Ok(());
        }
        let Run { job, context, bulk, .. } = *self.run;
        if self.staged.as_ref() != Some(&group) {
            // What a run that was broken off has left.
            self.run.runtime.block_on(bulk.discard_staged(context, job, group.clone()))?;
        }
        match self.run.runtime.block_on(bulk.stage_messages(context, job, group.clone(), messages)) {
            Ok(()) => self.staged = Some(group),
            Err(OperationError::Refused(StageRefusal::AlreadyThere)) => self.skipped = Some((group, None)),
            Err(OperationError::Refused(refusal)) => {
                self.run.runtime.block_on(bulk.discard_staged(context, job, group.clone()))?;
                self.staged = None;
                self.skipped = Some((group, Some(refusal.to_string())));
            }
            Err(OperationError::Store(error)) => return Err(error.into()),
        }
        (self.run.on_progress)(self.counts, true)
    }

    fn bring_in_groups(&mut self, groups: Vec<WholeGroup>) -> Result<(), Broken> {
        let Run { context, bulk, ref runtime, .. } = *self.run;
        let ids = groups.iter().map(WholeGroup::id).collect();
        let there = runtime.block_on(bulk.brought_groups(context.app, ids))?;
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (whole, there) in groups.into_iter().zip(there) {
            let skipped = self.skipped.take_if(|(skipped, _)| *skipped == whole.id());
            match there {
                None => match skipped {
                    Some((id, Some(reason))) => {
                        self.counts.refused += 1;
                        self.receipts.add(&of_group(&id, "refused", reason))?;
                    }
                    Some((_, None)) | None => new.push(whole),
                },
                Some(there) => changed.extend(self.compare(whole, there)?),
            }
        }
        if !new.is_empty() {
            self.import(new)?;
        }
        self.unite(changed)?;
        (self.staged, self.skipped) = (None, None);
        self.receipts.flush()?;
        (self.run.on_progress)(self.counts, true)
    }

    /// The group, if it is to be united with the one that is there.
    fn compare(&mut self, mut whole: WholeGroup, there: BroughtGroup) -> Result<Option<WholeGroup>, Broken> {
        let (id, job) = (whole.id(), self.run.job);
        let BroughtGroup { provenance, touched } = there;
        if provenance.origin.digest == whole.origin.digest {
            let result = if provenance.origin.job == job {
                self.counts.count_group(kinds(&whole));
                "created"
            } else if provenance.added.contains(&job) {
                self.counts.count_group(kinds(&whole));
                self.counts.rewritten += 1;
                "rewritten"
            } else {
                self.counts.equal += 1;
                self.counts.unchanged += kinds(&whole);
                "equal"
            };
            self.receipts.add(&of_group(&id, result, String::new()))?;
            return Ok(None);
        }
        let why = if touched {
            Kept::Touched.to_string()
        } else if 0 < whole.staged {
            "the group differs, and the file has too many messages of it to put them between those that are there"
                .to_owned()
        } else {
            whole.origin.carried = carried_of_both(
                (&provenance.origin.src, &provenance.origin.carried),
                (&whole.origin.src, &whole.origin.carried),
            );
            return Ok(Some(whole));
        };
        self.counts.kept += 1;
        self.receipts.add(&of_group(&id, "kept", why))?;
        Ok(None)
    }

    fn import(&mut self, groups: Vec<WholeGroup>) -> Result<(), Broken> {
        let asked: Vec<Brought> = groups
            .iter()
            .map(|whole| {
                let members = whole.members.iter().map(|member| &member.account);
                let recheck = self.run.hub.before_import(whole.new.owner.iter().chain(members));
                Brought { id: whole.id(), recheck, has: kinds(whole) }
            })
            .collect();
        let outcomes = self.loads.add(groups)?;
        let mut created = Vec::new();
        for (outcome, brought) in outcomes.into_iter().zip(asked) {
            let receipt = match outcome {
                WholeGroupOutcome::Created => {
                    created.push(brought);
                    continue;
                }
                WholeGroupOutcome::AlreadyThere(_) => {
                    self.counts.kept += 1;
                    let why = "a group of this id is there that no job brought in".to_owned();
                    of_group(&brought.id, "kept", why)
                }
                WholeGroupOutcome::Refused(refusal) => {
                    self.counts.refused += 1;
                    of_group(&brought.id, "refused", refusal.to_string())
                }
            };
            self.receipts.add(&receipt)?;
        }
        for brought in self.loads.created(created)? {
            self.settle(brought)?;
        }
        Ok(())
    }

    /// Counts a group that is there now.
    fn settle(&mut self, brought: Brought) -> Result<(), Broken> {
        let Brought { id, recheck, has } = brought;
        self.run.hub.after_import(&id, recheck);
        self.run.hub.imported();
        self.counts.count_group(has);
        Ok(self.receipts.add(&of_group(&id, "created", String::new()))?)
    }
}
