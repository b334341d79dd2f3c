//! `landfall store check` and `landfall store repair`: checks whether the files of a stopped store are whole, and repairs
//! journals that are not.

use crate::config::StoreUrl;
use landfall_store::embedded::{self, CheckReport, JournalFault, OpenError};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The reason why a store was not checked or repaired.
#[derive(Debug, thiserror::Error)]
pub enum StoreCheckError {
    #[error(
        "the store is a database; PostgreSQL checks its own files, see pg_amcheck and data checksums in its manual"
    )]
    Database,
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The report lists the damage.
    #[error("the store is damaged")]
    Damaged,
}

/// The report of a check.
#[derive(Debug)]
pub struct Checked {
    /// Lines for standard output.
    pub text: String,
    /// False when something is damaged.
    pub whole: bool,
}

/// Checks the store at `url`, which no server may use. Prints its progress to standard error.
///
/// # Errors
/// The store is a database, is in use, or cannot be read.
pub fn check(url: &StoreUrl) -> Result<Checked, StoreCheckError> {
    let directory = directory(url)?;
    let terminal = io::stderr().is_terminal();
    let mut shown = Instant::now();
    let report = embedded::check(&directory, |done, all| {
        if terminal && (PROGRESS_EVERY <= shown.elapsed() || done == all) {
            shown = Instant::now();
            let end = if done == all { "\n" } else { "" };
            // Without standard error the progress is not shown.
            drop(write!(io::stderr(), "\rtable files: {done} of {all}{end}"));
        }
    })?;
    Ok(Checked { whole: is_whole(&report), text: words(&report) })
}

/// How often the line on a terminal is updated.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

fn is_whole(report: &CheckReport) -> bool {
    report.damaged.is_empty() && !matches!(report.journal, Some(JournalFault::Damaged(_)))
}

fn words(report: &CheckReport) -> String {
    let CheckReport { tables, table_bytes, batches, damaged, journal } = report;
    let mut text =
        format!("read {tables} table files ({table_bytes} bytes) and {batches} batches in the journals\n");
    for file in damaged {
        text.push_str(&format!("damaged: {file}\n"));
    }
    match journal {
        Some(JournalFault::Damaged(what)) => text.push_str(&format!("damaged: {what}\n")),
        Some(JournalFault::Torn(what)) => text.push_str(&format!(
            "not damaged: {what}. A crash leaves such an end; it was never acknowledged, and the next start cuts it off\n"
        )),
        None => {}
    }
    if !damaged.is_empty() {
        text.push_str(
            "A table file never changes once it is written: restore the file of the same name from any backup that has \
             it, and check again. Where none has it, restore the whole directory\n",
        );
    }
    if matches!(journal, Some(JournalFault::Damaged(_))) {
        text.push_str(
            "Restore the whole directory from a backup, or go on without the batch that cannot be read: landfall store \
             repair\n",
        );
    }
    text.push_str(if is_whole(report) { "nothing is damaged\n" } else { "" });
    text
}

/// Repairs the journals of the store at `url`, which no server may use. Returns a report.
///
/// # Errors
/// The store is a database, is in use, cannot be read or written, or has damaged table files.
pub fn repair(url: &StoreUrl) -> Result<String, StoreCheckError> {
    let directory = directory(url)?;
    let Some(report) = embedded::repair(&directory)? else {
        return Ok("the journals are whole; nothing was changed\n".to_owned());
    };
    let mut text: String = report.left_out.iter().map(|place| format!("left out: {place}\n")).collect();
    text.push_str(&format!(
        "kept {} batches. The journals are kept as they were in {}; delete that folder when you no longer need it. \
         Whatever the dropped batches wrote is lost: groups, members or messages, and counts can be off by them\n",
        report.kept,
        report.originals.display()
    ));
    Ok(text)
}

fn directory(url: &StoreUrl) -> Result<PathBuf, StoreCheckError> {
    match url {
        StoreUrl::Embedded(directory) => Ok(directory.clone()),
        StoreUrl::Postgres(_) => Err(StoreCheckError::Database),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(damaged: &[&str], journal: Option<JournalFault>) -> CheckReport {
        let damaged = damaged.iter().map(|file| (*file).to_owned()).collect();
        CheckReport { tables: 2, table_bytes: 900, batches: 7, damaged, journal }
    }

    #[test]
    fn a_report_says_what_is_damaged_and_what_to_do() {
        let whole = report(&[], None);
        assert!(is_whole(&whole) && words(&whole).ends_with("nothing is damaged\n"), "{}", words(&whole));
        let torn = report(&[], Some(JournalFault::Torn("the end".to_owned())));
        assert!(is_whole(&torn) && words(&torn).contains("not damaged: the end"), "{}", words(&torn));
        let table = report(&["the file 3"], None);
        assert!(!is_whole(&table) && words(&table).contains("damaged: the file 3\n"), "{}", words(&table));
        assert!(words(&table).contains("from any backup") && !words(&table).contains("repair"));
        let journal = report(&[], Some(JournalFault::Damaged("the batch 4".to_owned())));
        assert!(
            !is_whole(&journal) && words(&journal).contains("landfall store repair"),
            "{}",
            words(&journal)
        );
    }
}
