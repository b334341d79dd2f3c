//! One run of a job: its file is put in order, and its groups are brought in, many with one call of the store.
//!
//! A run always begins at the start of the file. What the job brought in before is found to be there, so a run that was
//! broken off is repeated without harm. A group that another job brought in otherwise is written anew, if nobody has touched
//! it since and the file has everything of it: so history can go behind what is there, and nothing is lost.

use super::batches::{self, Batch, Work};
use super::covers::{Coverage, coverage};
use super::folder::{Folder, Receipts};
use super::record::{Counts, OnChange, Receipt};
use crate::clients::{Hub, PendingImport};
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::bulk::{BroughtGroup, BulkStore, StageRefusal, UndoOutcome, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::GroupId;
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::Store;
use landfall_domain::whole_group::WholeGroup;
use landfall_migrate::ordered::Ordered;
use landfall_migrate::rules::ServerLimits;
use landfall_migrate::whole::Assembler;
use std::collections::BTreeSet;
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
struct Running<'a> {
    run: &'a Run<'a>,
    receipts: Receipts,
    counts: Counts,
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
    let ordered = Ordered::read(&run.folder.file(), run.folder.path(), |fault, _| {
        counts.left_out += 1;
        receipts.add(&batches::of_fault("line", &fault))
    })?;
    counts.records_total = ordered.records();
    let mut running = Running { run, receipts, counts, skipped: None, staged: None };
    let assembler = Assembler::new(ordered, run.limits.clone(), run.job);
    let done = std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || batches::assemble(assembler, &sender));
        // The batches go when this ends, and with them the thread that makes them.
        running.bring_in(&batches)
    });
    if done.is_err()
        && let Some(staged) = running.staged.take()
    {
        run.runtime.block_on(run.bulk.discard_staged(run.context, run.job, staged))?;
    }
    running.receipts.flush()?;
    done.map(|()| running.counts)
}

fn of_group(id: &GroupId, result: &'static str, info: String) -> Receipt {
    let (record, name) = ("group", id.to_string());
    Receipt { line: 0, record, name, result, code: String::new(), result_info: info }
}

fn messages_of(whole: &WholeGroup) -> u64 {
    let messages: usize = whole.messages.iter().map(|(_, messages)| messages.len()).sum();
    whole.staged + messages as u64
}

impl Running<'_> {
    fn bring_in(&mut self, batches: &Receiver<io::Result<Batch>>) -> Result<(), Broken> {
        for batch in batches {
            let Batch { work, left_out, records } = batch?;
            for receipt in &left_out {
                self.counts.left_out += 1;
                self.receipts.add(receipt)?;
            }
            self.counts.records = records;
            match work {
                Work::Accounts(accounts) => self.accounts(accounts)?,
                Work::Messages(group, messages) => self.stage(group, messages)?,
                Work::Groups(groups) => self.bring_in_groups(groups)?,
            }
        }
        Ok(())
    }

    fn accounts(&mut self, accounts: Vec<AccountImport>) -> Result<(), Broken> {
        let Run { context, store, ref runtime, .. } = *self.run;
        let ids = accounts.iter().map(|account| account.id.clone()).collect();
        let there = runtime.block_on(store.accounts(context.app, ids))?;
        let is_equal = |(import, there): &(&AccountImport, Option<Account>)| {
            there
                .as_ref()
                .is_some_and(|there| Account::imported(Some(there.clone()), import, context.now) == *there)
        };
        let equal = accounts.iter().zip(there).filter(is_equal).count() as u64;
        self.counts.equal_accounts += equal;
        self.counts.accounts += accounts.len() as u64 - equal;
        runtime.block_on(store.import_accounts(context, accounts))?;
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
        let mut new = Vec::new();
        let mut rewritten = BTreeSet::new();
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
                Some(there) => {
                    if let Some(whole) = self.compare(whole, &there)? {
                        rewritten.insert(whole.id());
                        new.push(whole);
                    }
                }
            }
        }
        if !new.is_empty() {
            self.import(new, &rewritten)?;
        }
        (self.staged, self.skipped) = (None, None);
        self.receipts.flush()?;
        (self.run.on_progress)(self.counts, true)
    }

    /// The group, if it is to take the place of the one that is there, which is then gone.
    fn compare(&mut self, whole: WholeGroup, there: &BroughtGroup) -> Result<Option<WholeGroup>, Broken> {
        let id = whole.id();
        let Run { job, context, bulk, ref runtime, .. } = *self.run;
        let origin = &there.provenance.origin;
        if origin.digest == whole.origin.digest {
            if origin.job == job {
                self.count(&whole);
            } else {
                self.counts.equal += 1;
                self.counts.equal_members += whole.members.len() as u64;
                self.counts.equal_messages += messages_of(&whole);
            }
            let result = if origin.job == job { "created" } else { "equal" };
            self.receipts.add(&of_group(&id, result, String::new()))?;
            return Ok(None);
        }
        let why = if there.touched {
            "the group differs, and was touched since it was brought in".to_owned()
        } else if 0 < whole.staged {
            "the group differs, and is too large to be written anew".to_owned()
        } else {
            match runtime.block_on(coverage(self.run.store, context.app, &whole))? {
                Coverage::Less(what) => format!("the group has {what} that the file does not have"),
                Coverage::Changed(what) if self.run.on_change != OnChange::Update => {
                    format!("{what} of the group differs")
                }
                Coverage::All | Coverage::Changed(_) => {
                    let undone = bulk.undo_groups(context, origin.job, vec![id.clone()], false);
                    if runtime.block_on(undone)? == [UndoOutcome::Removed] {
                        return Ok(Some(whole));
                    }
                    "the group differs, and was touched meanwhile".to_owned()
                }
            }
        };
        self.counts.kept += 1;
        self.receipts.add(&of_group(&id, "kept", why))?;
        Ok(None)
    }

    fn count(&mut self, whole: &WholeGroup) {
        self.counts.groups += 1;
        self.counts.members += whole.members.len() as u64;
        self.counts.messages += messages_of(whole);
    }

    fn import(&mut self, groups: Vec<WholeGroup>, rewritten: &BTreeSet<GroupId>) -> Result<(), Broken> {
        let hub = Arc::clone(&self.run.hub);
        let before = self.counts;
        let mut counted = Vec::with_capacity(groups.len());
        let mut rechecks: Vec<(GroupId, PendingImport)> = Vec::with_capacity(groups.len());
        for whole in &groups {
            let members = whole.members.iter().map(|member| &member.account);
            rechecks.push((whole.id(), hub.before_import(whole.new.owner.iter().chain(members))));
            self.counts = before;
            self.count(whole);
            let own = self.counts;
            counted.push((own.members - before.members, own.messages - before.messages));
        }
        self.counts = before;
        let imported = self.run.bulk.import_whole_groups(self.run.context, groups);
        let outcomes = self.run.runtime.block_on(imported)?;
        for ((outcome, (id, recheck)), (members, messages)) in outcomes.into_iter().zip(rechecks).zip(counted)
        {
            let receipt = match outcome {
                WholeGroupOutcome::Created => {
                    hub.after_import(&id, recheck);
                    self.counts.groups += 1;
                    self.counts.members += members;
                    self.counts.messages += messages;
                    let again = rewritten.contains(&id);
                    self.counts.rewritten += u64::from(again);
                    of_group(&id, if again { "rewritten" } else { "created" }, String::new())
                }
                WholeGroupOutcome::AlreadyThere(_) => {
                    self.counts.kept += 1;
                    of_group(&id, "kept", "a group of this id is there that no job brought in".to_owned())
                }
                WholeGroupOutcome::Refused(refusal) => {
                    self.counts.refused += 1;
                    of_group(&id, "refused", refusal.to_string())
                }
            };
            self.receipts.add(&receipt)?;
        }
        Ok(())
    }
}
