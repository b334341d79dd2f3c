//! A job as the server describes it, and what came of one.

use super::command::RECEIPTS;
use crate::fault::{Fault, FaultCode};
use crate::format::Kind;
use crate::import::{self, ImportError, ImportReport, Observer, Phase, Point, Progress};
use crate::server::{Calls, Server};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;

/// What a job has done so far. The names are those of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Counts {
    /// Records of the file that were looked at.
    pub records: u64,
    /// Records in the file; 0 until it was put in order.
    pub records_total: u64,
    pub accounts: u64,
    /// Groups that this job has made or added to.
    pub groups: u64,
    /// Topics, members, messages and read marks that are there by this job.
    pub topics: u64,
    pub members: u64,
    pub messages: u64,
    pub reads: u64,
    /// Groups that had everything of the file.
    pub equal: u64,
    /// Accounts that were there just like this.
    pub equal_accounts: u64,
    /// Of the groups of this job, those that it has added to, or changed.
    pub rewritten: u64,
    /// Records that were there just like this.
    pub unchanged: Kinds,
    /// Records that were there and took over what the file says.
    pub updated: Kinds,
    /// Records that are there with another content, and stay as they are.
    pub differing: Kinds,
    /// Groups that differ from what is there and were left as they are.
    pub kept: u64,
    pub refused: u64,
    /// Records that were left out.
    pub left_out: u64,
    /// Groups that were taken out.
    pub removed: u64,
    /// Friends, and entries of blocklists, that are there by this job.
    pub friends: u64,
    pub blocks: u64,
    /// Profiles, lists of friends, blocklists and conversations that were taken back.
    pub removed_people: u64,
}

/// Records of groups by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Kinds {
    pub topics: u64,
    pub members: u64,
    pub messages: u64,
    pub reads: u64,
    pub friends: u64,
    pub blocks: u64,
}

impl Counts {
    /// As the report of an import counts them: records by kind, where nothing failed. `differs`: groups that differ.
    fn by_kind(&self, differs: u64) -> [(&'static str, import::Counts); 8] {
        let count = |imported, unchanged, updated, skipped| import::Counts {
            imported,
            unchanged,
            updated,
            skipped,
            ..import::Counts::default()
        };
        let Self { unchanged, updated, differing, .. } = self;
        let groups = count(self.groups - self.rewritten, self.equal, self.rewritten, differs);
        [
            ("account", count(self.accounts, self.equal_accounts, 0, 0)),
            ("friend", count(self.friends, unchanged.friends, updated.friends, differing.friends)),
            ("block", count(self.blocks, unchanged.blocks, updated.blocks, differing.blocks)),
            ("group", groups),
            ("topic", count(self.topics, unchanged.topics, updated.topics, differing.topics)),
            ("member", count(self.members, unchanged.members, updated.members, differing.members)),
            ("message", count(self.messages, unchanged.messages, updated.messages, differing.messages)),
            ("read", count(self.reads, unchanged.reads, updated.reads, differing.reads)),
        ]
    }
}

/// A job as the server describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Job {
    pub(super) job_id: String,
    state: String,
    problem: String,
    pub(super) bytes: u64,
    pub(super) counts: Counts,
}

impl Job {
    pub(super) fn is_receiving(&self) -> bool {
        self.state == "receiving"
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state.as_str(), "checking" | "running" | "undoing")
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == "done"
    }

    pub(super) fn is_undone(&self) -> bool {
        self.state == "undone"
    }

    pub(super) fn needs_start(&self) -> bool {
        matches!(self.state.as_str(), "ready" | "paused")
    }

    /// Whether an import can go on with it.
    pub(super) fn can_go_on(&self) -> bool {
        self.is_receiving()
            || self.needs_start()
            || self.is_done()
            || matches!(self.state.as_str(), "checking" | "running")
    }

    pub(super) fn problem(&self) -> String {
        let problem = if self.problem.is_empty() { "no reason is given" } else { &self.problem };
        format!("job {} is {}: {problem}", self.job_id, self.state)
    }

    pub(super) fn progress(&self) -> Progress {
        let phase = if self.counts.records_total == 0 { Phase::Reading } else { Phase::Groups };
        Progress {
            phase,
            done: self.counts.records,
            total: self.counts.records_total,
            faults: self.counts.left_out,
            ..Progress::default()
        }
    }
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct JobOutcome {
    /// Its number, 16 hexadecimal digits.
    pub job: String,
    /// False when it was paused.
    pub finished: bool,
    /// It had brought everything in before.
    pub was_done: bool,
    pub seconds: f64,
    pub over_time: Vec<Point>,
    pub counts: Counts,
}

/// What became of one record or group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct JobReceipt {
    pub(super) line: u64,
    record: String,
    pub(super) name: String,
    pub(super) result: String,
    code: String,
    result_info: String,
}

impl JobReceipt {
    /// A record whose group has no record in the file.
    fn is_orphan(&self) -> bool {
        self.code == FaultCode::NoSuchGroup.as_str()
    }

    pub(super) fn fault(&self) -> Fault {
        let code = FaultCode::ALL.iter().find(|code| code.as_str() == self.code);
        let code = code.copied().unwrap_or(FaultCode::Refused);
        let fault = Fault::new(self.line, code, self.result_info.clone());
        match Kind::ALL.into_iter().find(|kind| kind.as_str() == self.record) {
            Some(kind) => fault.of(kind, self.name.clone()),
            None => fault,
        }
    }
}

/// Reads the receipts of a job, page by page.
pub(super) async fn receipts(
    server: &Server,
    job: &str,
    mut take: impl FnMut(JobReceipt) -> io::Result<()>,
) -> Result<(), ImportError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Page {
        receipt_list: Vec<JobReceipt>,
        next: u64,
    }
    let mut next = 0;
    loop {
        let reply = server.ask(RECEIPTS, &json!({ "JobId": job, "Next": next })).await?;
        let page: Page = serde_json::from_value(reply).map_err(io::Error::other)?;
        let is_last = page.receipt_list.is_empty();
        page.receipt_list.into_iter().try_for_each(&mut take)?;
        if is_last || page.next == next {
            return Ok(());
        }
        next = page.next;
    }
}

impl JobOutcome {
    /// The report of the import. `on_rest` gets the ids of groups that are left to single calls, in order: those that were kept
    /// as they were and, with `differs_fails`, those in which something differs. `on_orphan` gets the lines of records whose group
    /// the file does not have.
    ///
    /// # Errors
    /// The server did not answer for too long.
    pub async fn report(
        &self,
        server: &Server,
        observer: &dyn Observer,
        differs_fails: bool,
        mut on_rest: impl FnMut(&str),
        mut on_failed: impl FnMut(&Fault),
        mut on_orphan: impl FnMut(u64),
    ) -> Result<ImportReport, ImportError> {
        let mut faults: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut failed: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut last_rewritten, mut differs, mut differing_accounts) = (String::new(), 0, 0);
        receipts(server, &self.job, |receipt| {
            match receipt.result.as_str() {
                "kept" => on_rest(&receipt.name),
                "differs" if differs_fails => on_rest(&receipt.name),
                "differs" if receipt.record != "group" => {
                    differing_accounts += u64::from(receipt.record == "account");
                }
                "rewritten" => last_rewritten.clone_from(&receipt.name),
                // A group that was rewritten is counted as such.
                "differs" if receipt.name != last_rewritten => differs += 1,
                // The server may have the group.
                "left_out" if receipt.is_orphan() => on_orphan(receipt.line),
                "left_out" | "refused" => {
                    let fault = receipt.fault();
                    *faults.entry(fault.code).or_default() += 1;
                    *failed.entry(fault.record.unwrap_or("line")).or_default() += 1;
                    observer.fault(&fault);
                    on_failed(&fault);
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
        let mut records: BTreeMap<_, import::Counts> = self.counts.by_kind(differs).into();
        if let Some(accounts) = records.get_mut("account") {
            // Nick and picture are taken over, other fields are not.
            let differing = accounts.unchanged.min(differing_accounts);
            accounts.unchanged -= differing;
            accounts.skipped += differing;
        }
        for (kind, counts) in &mut records {
            counts.failed = failed.get(kind).copied().unwrap_or_default();
            if self.was_done {
                counts.unchanged +=
                    std::mem::take(&mut counts.imported) + std::mem::take(&mut counts.updated);
            }
        }
        let needed = |kind: &str, counts: &import::Counts| {
            !matches!(kind, "topic" | "read" | "friend" | "block") || *counts != import::Counts::default()
        };
        records.retain(|kind, counts| needed(kind, counts));
        Ok(ImportReport {
            finished: self.finished,
            job: Some(self.job.clone()),
            records,
            faults,
            seconds: self.seconds,
            over_time: self.over_time.clone(),
            calls: Calls::clone(&server.calls()),
            ..ImportReport::default()
        })
    }
}
