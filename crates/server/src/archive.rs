//! What the archive of messages and the command that hands it out share.

use crate::lock::lock;
use landfall_domain::ids::AppId;
use landfall_domain::people::archive::{ArchiveKind, Hour};
use std::collections::BTreeSet;
use std::sync::Mutex;
use tokio::sync::Notify;

/// Hours that are asked for and not made yet. Those beyond are made when they are asked for again.
const ASKED_MAX: usize = 256;

/// Hours that somebody has asked for.
#[derive(Default)]
pub(crate) struct Asked {
    hours: Mutex<BTreeSet<(AppId, ArchiveKind, Hour)>>,
    wake: Notify,
}

impl Asked {
    /// Has the files of an hour made soon.
    pub(crate) fn add(&self, app: AppId, kind: ArchiveKind, hour: Hour) {
        let mut hours = lock(&self.hours);
        if hours.len() < ASKED_MAX && hours.insert((app, kind, hour)) {
            self.wake.notify_one();
        }
    }

    /// Waits until hours were added.
    pub(crate) async fn added(&self) {
        self.wake.notified().await;
    }

    pub(crate) fn take(&self) -> Option<(AppId, ArchiveKind, Hour)> {
        lock(&self.hours).pop_first()
    }
}

/// The name of the kind in calls and files. [doc]
pub(crate) fn word(kind: ArchiveKind) -> &'static str {
    match kind {
        ArchiveKind::Direct => "C2C",
        ArchiveKind::Group => "Group",
    }
}

/// What a file is called: the first of an hour, or a later one.
pub(crate) fn file_name(app: AppId, kind: ArchiveKind, hour: Hour, number: usize) -> String {
    let kind = word(kind);
    if number == 0 {
        format!("{app}_{kind}_{hour}.gz")
    } else {
        format!("{app}_{kind}_{hour}_{}.gz", number + 1)
    }
}
