//! How a file is imported.
//!
//! [choice] Servers other than Landfall get one message in a call: they store those that follow a refused one, which then
//! cannot be brought in any more, because a history grows at its end only. More in a call is an option.

use crate::rules::ServerLimits;
use crate::sources::contents::Contents;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What becomes of a record that the server has with another content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// The server keeps what it has.
    #[default]
    Skip,
    /// The server gets what the file has. A new name, notice or role leaves a tip in the history, behind the messages of this
    /// import; messages that are older than it cannot follow in a later one.
    Update,
    /// The record is a fault.
    Fail,
}

/// How a file is imported.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Receipts of what was brought in; made where it is missing.
    pub journal: PathBuf,
    /// Gets the records that were not brought in, each with its fault in `x.fault`. Made only when there are any.
    pub failed: PathBuf,
    /// For what does not fit in memory while records are put in order.
    pub spill_directory: PathBuf,
    /// Where the contents of the files lie that messages refer to.
    pub contents: Arc<Contents>,
    pub on_change: OnChange,
    /// Messages of one call; as many as Landfall takes, and 1 on other servers, when absent. A server stores those that
    /// follow a refused one. Landfall says its limits, so that nothing is sent that it refuses.
    pub messages_per_call: Option<usize>,
    /// Whether a message with a fault is left out, and those behind it are brought in. It cannot be brought in later then.
    pub leave_out_faulty: bool,
    /// What records are checked against; the documented limits, or those of Landfall's mode, when absent.
    pub rules: Option<ServerLimits>,
    /// Groups that are brought in at the same time.
    pub workers: usize,
}

impl ImportOptions {
    /// `SOURCE.journal`, `SOURCE.failed.jsonl` and the contents of files beside the source.
    #[must_use]
    pub fn beside(source: &Path) -> Self {
        let with = |ending: &str| {
            let mut name = source.file_name().map_or_else(OsString::new, OsString::from);
            name.push(ending);
            source.with_file_name(name)
        };
        let directory = source.parent().filter(|directory| !directory.as_os_str().is_empty());
        Self {
            journal: with(".journal"),
            failed: with(".failed.jsonl"),
            spill_directory: directory.unwrap_or(Path::new(".")).to_owned(),
            contents: Arc::new(Contents::beside(source)),
            on_change: OnChange::default(),
            messages_per_call: None,
            leave_out_faulty: false,
            rules: None,
            workers: 64,
        }
    }
}
