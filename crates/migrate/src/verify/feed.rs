//! The records of a file in order, group by group: read on a thread of its own, a little ahead of the comparison.

use crate::format::Record;
use crate::ordered::{Entry, Ordered};
use crate::rules::{Checker, ServerLimits, Verdict};
use std::io;
use std::path::Path;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Records of one group that are read ahead.
const RECORDS_AHEAD: usize = 256;

/// One group of the file.
pub(super) struct GroupFeed {
    pub id: String,
    /// Group, topics, members, messages, reads, in this order.
    pub records: mpsc::Receiver<Entry>,
}

/// All groups of a file.
pub(super) struct Feed {
    pub groups: mpsc::Receiver<GroupFeed>,
    /// Lines and records that were left out, once all groups were handed out.
    pub end: JoinHandle<io::Result<u64>>,
}

/// Begins to read. Records that a server with these limits does not take are left out.
pub(super) fn feed(file: &Path, spill_directory: &Path, limits: ServerLimits) -> Feed {
    let (groups, receiver) = mpsc::channel(1);
    let (file, spill_directory) = (file.to_owned(), spill_directory.to_owned());
    let end = tokio::task::spawn_blocking(move || {
        let mut left_out = 0;
        let entries = Ordered::read(&file, &spill_directory, |_, _| {
            left_out += 1;
            Ok(())
        })?;
        let mut checker = Checker::new(limits);
        let mut output = Output { groups, current: None };
        for entry in entries {
            let entry = entry?;
            if checker.check(&entry) != Verdict::Fine {
                left_out += 1;
            } else if !output.hand_out(entry) {
                break;
            }
        }
        Ok(left_out)
    });
    Feed { groups: receiver, end }
}

struct Output {
    groups: mpsc::Sender<GroupFeed>,
    /// Takes the records of the current group; `None` once nobody wants more of it.
    current: Option<mpsc::Sender<Entry>>,
}

impl Output {
    /// `false` when nobody wants any more groups.
    fn hand_out(&mut self, entry: Entry) -> bool {
        if let Record::Group(group) = &entry.record {
            let (sender, records) = mpsc::channel(RECORDS_AHEAD);
            self.current = Some(sender);
            if self.groups.blocking_send(GroupFeed { id: group.group_id.clone(), records }).is_err() {
                return false;
            }
        }
        if entry.record.group_id().is_some()
            && let Some(current) = &self.current
            && current.blocking_send(entry).is_err()
        {
            self.current = None;
        }
        true
    }
}
