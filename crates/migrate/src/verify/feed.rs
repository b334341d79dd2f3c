//! The records of a file in order, group by group: read on a thread of its own, a little ahead of the comparison.

use crate::format::Record;
use crate::ordered::Ordered;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Records of one group that are read ahead.
const RECORDS_AHEAD: usize = 256;

/// One group of the file.
pub(super) struct GroupFeed {
    pub id: String,
    /// Group, topics, members, messages, reads, in this order.
    pub records: mpsc::Receiver<Record>,
}

/// All groups of a file.
pub(super) struct Feed {
    pub groups: mpsc::Receiver<GroupFeed>,
    /// Lines and records that were left out, once all groups were handed out.
    pub end: JoinHandle<io::Result<u64>>,
}

/// Begins to read.
pub(super) fn feed(file: &Path, spill_directory: &Path) -> Feed {
    let (sender, groups) = mpsc::channel(1);
    let (file, spill_directory) = (file.to_owned(), spill_directory.to_owned());
    let end = tokio::task::spawn_blocking(move || read(&file, &spill_directory, &sender));
    Feed { groups, end }
}

fn read(file: &Path, spill_directory: &PathBuf, groups: &mpsc::Sender<GroupFeed>) -> io::Result<u64> {
    let mut left_out = 0;
    let records = Ordered::read(file, spill_directory, |_, _| {
        left_out += 1;
        Ok(())
    })?;
    // The group that records are handed out for; `None` once nobody wants more of it.
    let mut current: Option<(String, Option<mpsc::Sender<Record>>)> = None;
    for entry in records {
        let record = entry?.record;
        let Some(id) = record.group_id() else { continue };
        let is_new = current.as_ref().is_none_or(|(current, _)| current != id);
        if is_new {
            let id = id.to_owned();
            let wanted = if matches!(record, Record::Group(_)) {
                let (sender, records) = mpsc::channel(RECORDS_AHEAD);
                if groups.blocking_send(GroupFeed { id: id.clone(), records }).is_err() {
                    return Ok(left_out);
                }
                Some(sender)
            } else {
                None
            };
            current = Some((id, wanted));
        } else if matches!(record, Record::Group(_)) {
            left_out += 1;
            continue;
        }
        match current.as_mut() {
            Some((_, wanted @ Some(_))) => {
                let closed = wanted.as_ref().is_some_and(|sender| sender.blocking_send(record).is_err());
                if closed {
                    *wanted = None;
                }
            }
            Some((_, None)) | None => left_out += 1,
        }
    }
    Ok(left_out)
}
