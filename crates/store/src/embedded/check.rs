//! `landfall store check`: reads every file of a stopped store against its checksums. It changes nothing.

use super::engine::FOLDER;
use super::format::{self, OpenError, lock_engine};
use super::{journal, tables};
use std::fs;
use std::path::Path;

/// What a check found.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// Table files that were read.
    pub tables: usize,
    /// Bytes of those.
    pub table_bytes: u64,
    /// Batches in the journals that can be read.
    pub batches: u64,
    /// Damaged files, each with the place and what is wrong there.
    pub damaged: Vec<String>,
    /// Where a journal cannot be read any further.
    pub journal: Option<JournalEnd>,
}

/// A place in a journal behind which nothing can be read in order.
#[derive(Debug)]
pub enum JournalEnd {
    /// The torn end that a crash leaves. The next start cuts it off, with a line in the log; nobody was told that it
    /// was kept.
    Torn(String),
    /// Damage: batches that were acknowledged lie there or behind it.
    Damaged(String),
}

/// Checks the data directory `dir`. `progress` is shown how many table files were read, and how many there are.
///
/// # Errors
/// There is no data directory, another process has it open, or it cannot be read.
pub fn check(dir: &Path, mut progress: impl FnMut(usize, usize)) -> Result<CheckReport, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    format::must_exist(dir)?;
    let engine = dir.join(FOLDER);
    let mut report = CheckReport::default();
    if !engine.try_exists().map_err(io_error)? {
        return Ok(report);
    }
    let _lock = lock_engine(dir)?;
    match tables::all(&engine).map_err(io_error)? {
        Err(list) => report.damaged.push(list.to_string()),
        Ok(listed) => {
            for (done, table) in listed.iter().enumerate() {
                progress(done, listed.len());
                report.tables += 1;
                report.table_bytes += fs::metadata(&table.path).map_or(0, |file| file.len());
                let damaged = tables::check(table).map_err(io_error)?;
                report.damaged.extend(damaged.map(|file| file.to_string()));
            }
            progress(listed.len(), listed.len());
        }
    }
    let survey = journal::survey(&engine).map_err(io_error)?;
    report.batches = survey.batches;
    report.journal = survey.broken.map(|broken| {
        if broken.is_torn_end() {
            JournalEnd::Torn(broken.to_string())
        } else {
            JournalEnd::Damaged(broken.to_string())
        }
    });
    Ok(report)
}
