//! What an import did, while it runs and at its end.

use crate::fault::Fault;
use crate::server::Calls;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an import is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The file is read and put in order.
    #[default]
    Reading,
    /// Its faults are looked for.
    Checking,
    /// The file is sent to the server; `done` and `total` are bytes.
    Sending,
    Accounts,
    Groups,
}

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Progress {
    pub phase: Phase,
    /// Records that are done, whatever became of them.
    pub done: u64,
    /// Records of the file; while it is read, those that were found so far.
    pub total: u64,
    /// Records in a second, of the last seconds.
    pub rate: f64,
    pub faults: u64,
    /// How often the server was too busy.
    pub slow_downs: u64,
    /// How long the server has not taken a call by now; zero while it takes them.
    pub waiting: Duration,
}

/// Is told how an import goes on. Calls are frequent and must return at once.
pub trait Observer: Send + Sync {
    /// A few times in a second.
    fn progress(&self, _progress: &Progress) {}

    /// A record that was not brought in.
    fn fault(&self, _fault: &Fault) {}
}

/// Nobody looks on.
impl Observer for () {}

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The server has them now.
    pub imported: u64,
    /// The server had them already.
    pub unchanged: u64,
    /// The server had them with another content, and has this one now.
    pub updated: u64,
    /// The server has them with another content, and keeps it; or, of files, no message refers to them, or messages keep the address that the record has.
    pub skipped: u64,
    pub failed: u64,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImportReport {
    /// Whether the whole file was gone through; `false` when the import was stopped.
    pub finished: bool,
    /// By kind of record: `account`, `group`, `topic`, `member`, `message`, `read`, `file`.
    pub records: BTreeMap<&'static str, Counts>,
    /// How many faults have which code.
    pub faults: BTreeMap<&'static str, u64>,
    /// Conversations whose history stopped at a message.
    pub stopped_histories: u64,
    /// The job on the server that brought the file in, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    pub seconds: f64,
    /// Seconds that calls of each kind took, added up over calls at the same time.
    pub seconds_by_kind: BTreeMap<&'static str, f64>,
    /// Records that were done by then, at most 240 points, evenly spaced.
    pub over_time: Vec<Point>,
    /// Groups by their number of messages in the file: up to 0, 9, 99, 999, …
    pub groups_by_size: Vec<Size>,
    pub calls: Calls,
}

impl ImportReport {
    /// Adds what another import did right after this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.finished &= other.finished;
        for (kind, more) in other.records {
            let counts = self.records.entry(kind).or_default();
            counts.imported += more.imported;
            counts.unchanged += more.unchanged;
            counts.updated += more.updated;
            counts.skipped += more.skipped;
            counts.failed += more.failed;
        }
        for (code, more) in other.faults {
            *self.faults.entry(code).or_default() += more;
        }
        let done = self.over_time.last().copied().unwrap_or_default();
        self.over_time.extend(other.over_time.into_iter().map(|point| Point {
            seconds: self.seconds + point.seconds,
            records: done.records + point.records,
            faults: done.faults + point.faults,
        }));
        self.stopped_histories += other.stopped_histories;
        self.seconds += other.seconds;
        self.calls = other.calls;
    }
}

/// A point of a plot over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// Since the start.
    pub seconds: f64,
    pub records: u64,
    pub faults: u64,
}

/// Groups of a size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Most messages that such a group has.
    pub messages_up_to: u64,
    pub groups: u64,
}
