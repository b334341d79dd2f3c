//! What is known of a job, as it is answered and as it lies on the disk.

use landfall_domain::origin::JobId;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Where a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Its file arrives.
    #[default]
    Receiving,
    /// Its file is complete.
    Ready,
    /// Its file is put in order.
    Checking,
    /// Its groups are brought in.
    Running,
    /// It was told to pause, or the store failed; it can be resumed.
    Paused,
    Done,
    /// What it brought in is taken out.
    Undoing,
    Undone,
    /// It was told to stop for good. What it brought in stays until it is undone.
    Cancelled,
    /// Its file cannot be read.
    Failed,
}

impl State {
    /// Whether its file is of no more use.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Undone | Self::Cancelled)
    }

    /// Whether it has work to do by itself.
    pub(crate) fn is_busy(self) -> bool {
        matches!(self, Self::Checking | Self::Running | Self::Undoing)
    }
}

/// What a job has done. A job that is resumed counts from the start again: what it brought in before counts as brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Counts {
    /// Records of the file that were looked at.
    pub(crate) records: u64,
    /// Records in the file; 0 until it was put in order.
    pub(crate) records_total: u64,
    pub(crate) accounts: u64,
    /// Groups that this job has made or added to.
    pub(crate) groups: u64,
    /// Topics, members, messages and read marks that are there by this job.
    pub(crate) topics: u64,
    pub(crate) members: u64,
    pub(crate) messages: u64,
    pub(crate) reads: u64,
    /// Groups that have everything of the file already.
    pub(crate) equal: u64,
    /// Accounts that were there just like this; `accounts` does not count them.
    pub(crate) equal_accounts: u64,
    /// Of the groups of this job, those that it has added to, or changed.
    pub(crate) rewritten: u64,
    /// Records that were there just like this.
    pub(crate) unchanged: Kinds,
    /// Records that were there and took over what the file says.
    pub(crate) updated: Kinds,
    /// Records that are there with another content, and stay as they are.
    pub(crate) differing: Kinds,
    /// Groups that differ from what is there and were left as they are.
    pub(crate) kept: u64,
    /// Groups that were refused.
    pub(crate) refused: u64,
    /// Records that were left out.
    pub(crate) left_out: u64,
    /// Groups that were taken out.
    pub(crate) removed: u64,
    /// Friends, and entries of blocklists, that are there by this job.
    pub(crate) friends: u64,
    pub(crate) blocks: u64,
    /// Profiles, lists of friends, blocklists and conversations of which everything was taken back.
    pub(crate) removed_people: u64,
}

impl Counts {
    /// Counts a group that is there by this job.
    pub(crate) fn count_group(
        &mut self,
        Kinds { topics, members, messages, reads, friends: _, blocks: _ }: Kinds,
    ) {
        self.groups += 1;
        self.topics += topics;
        self.members += members;
        self.messages += messages;
        self.reads += reads;
    }
}

/// Records by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Kinds {
    pub(crate) topics: u64,
    pub(crate) members: u64,
    pub(crate) messages: u64,
    pub(crate) reads: u64,
    /// Of accounts.
    pub(crate) friends: u64,
    pub(crate) blocks: u64,
}

impl Kinds {
    pub(crate) fn of([topics, members, messages, reads]: [u64; 4]) -> Self {
        Self { topics, members, messages, reads, ..Self::default() }
    }
}

impl AddAssign for Kinds {
    fn add_assign(&mut self, Self { topics, members, messages, reads, friends, blocks }: Self) {
        self.friends += friends;
        self.blocks += blocks;
        self.topics += topics;
        self.members += members;
        self.messages += messages;
        self.reads += reads;
    }
}

/// What becomes of records that the server has with another content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnChange {
    /// The server keeps what it has.
    #[default]
    Skip,
    /// The server takes over what the file has.
    Update,
    /// As `Skip`; whoever made the job looks at the groups that differ.
    Fail,
}

impl OnChange {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "skip" => Some(Self::Skip),
            "update" => Some(Self::Update),
            "fail" => Some(Self::Fail),
            _ => None,
        }
    }
}

/// A job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct JobRecord {
    /// 16 hexadecimal digits.
    pub(crate) job_id: String,
    /// What its maker calls it.
    pub(crate) name: String,
    pub(crate) on_change: OnChange,
    pub(crate) state: State,
    /// Why it is paused or failed; empty otherwise.
    pub(crate) problem: String,
    /// Unix seconds.
    pub(crate) create_time: u64,
    /// When the present run began, Unix seconds.
    pub(crate) start_time: u64,
    /// When the last run ended, Unix seconds.
    pub(crate) end_time: u64,
    /// Bytes of its file that have arrived.
    pub(crate) bytes: u64,
    /// Whether what is taken out may have been touched.
    pub(crate) force: bool,
    pub(crate) counts: Counts,
}

/// A job as it is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobAnswer {
    #[serde(flatten)]
    record: JobRecord,
    /// Of the present run, or the last one; 0 before the first.
    records_per_second: u64,
}

impl JobAnswer {
    pub(crate) fn of(record: JobRecord, now: Timestamp) -> Self {
        let end = if record.end_time == 0 { now.0 } else { record.end_time };
        let seconds = end.saturating_sub(record.start_time).max(1);
        Self { records_per_second: record.counts.records / seconds, record }
    }
}

/// The name of a job.
pub(crate) fn name_of(job: JobId) -> String {
    format!("{:016x}", job.0)
}

/// The job with this name.
pub(crate) fn job_named(name: &str) -> Option<JobId> {
    let number = u64::from_str_radix(name, 16).ok()?;
    (name_of(JobId(number)) == name).then_some(JobId(number))
}

/// What became of one record or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Receipt {
    /// Line of the file; 0 where there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) line: u64,
    /// Kind of the record.
    pub(crate) record: &'static str,
    pub(crate) name: String,
    /// `created`, `equal`, `rewritten`, `differs`, `kept`, `refused`, `left_out`, `removed`, `touched`, `added_to` or
    /// `made_by_another`.
    pub(crate) result: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) result_info: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
