//! `landfall store check`: compares every file of a stopped store with its checksums. It changes nothing.

use super::clean_stop::CleanStop;
use super::engine_folder;
use super::format::{self, FOLDER, OpenError};
use super::guard::{self, Inspection, Verdict};
use super::tables;
use std::fs;
use std::path::Path;

#[derive(Debug, Default)]
pub struct CheckReport {
    pub tables: usize,
    /// Size of those tables, in bytes.
    pub table_bytes: u64,
    /// Readable batches in the journals.
    pub batches: u64,
    /// Damaged files, each with the place and the kind of damage.
    pub damaged: Vec<String>,
    pub journal: Option<JournalFault>,
}

/// Damage to the journals.
#[derive(Debug)]
pub enum JournalFault {
    /// The newest has the torn end that a crash leaves. The next start cuts it off, with a line in the log. As far as can be
    /// known, it was never acknowledged.
    Torn(String),
    /// Batches that were acknowledged are missing or cannot be read.
    Damaged(String),
}

/// Checks the data directory `dir`. `progress` receives the number of table files read and of all table files.
///
/// # Errors
/// There is no data directory, another process has it open, or it cannot be read.
pub fn check(dir: &Path, mut progress: impl FnMut(usize, usize)) -> Result<CheckReport, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    format::must_exist(dir)?;
    format::check(dir)?;
    let engine = dir.join(FOLDER);
    let mut report = CheckReport::default();
    if !engine.try_exists().map_err(io_error)? {
        if CleanStop::read(dir).map_err(io_error)?.is_some() {
            report.damaged.push(format!("the folder {} is missing", engine.display()));
        }
        return Ok(report);
    }
    // Without the file no process has the store open. None is created here.
    let locked = engine.join("lock").try_exists().map_err(io_error)?;
    let _lock = if locked { Some(engine_folder::lock(dir)?) } else { None };
    if !engine_folder::is_made(dir).map_err(io_error)?
        && !engine_folder::holds_data(&engine).map_err(io_error)?
    {
        return Ok(report);
    }
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
    match guard::inspect(dir) {
        Ok(Inspection { survey, verdict, .. }) => {
            report.batches = survey.batches;
            report.journal = match verdict {
                Verdict::Intact => None,
                Verdict::Torn => survey.broken.map(|broken| JournalFault::Torn(broken.to_string())),
                Verdict::Damaged(what) => Some(JournalFault::Damaged(what)),
            };
        }
        // The file is already reported, unless it is another one.
        Err(OpenError::Damaged { why, .. }) if report.damaged.is_empty() => report.damaged.push(why),
        Err(OpenError::Damaged { .. }) => {}
        Err(other) => return Err(other),
    }
    Ok(report)
}
