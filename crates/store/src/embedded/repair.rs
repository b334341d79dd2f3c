//! `landfall store repair`: drops the batches of the journals that cannot be read. The original journals are kept in a
//! folder beside.

use super::clean_stop::CleanStop;
use super::engine_folder;
use super::format::{self, FOLDER, OpenError};
use super::guard::{self, Inspection, Persisted, Verdict};
use super::journal::{self, Batch, Order};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct RepairReport {
    /// Number of batches that are kept.
    pub kept: u64,
    /// Places that could not be read and are left out, each with its file, offset and reason.
    pub left_out: Vec<String>,
    /// Folder of the original journals.
    pub originals: PathBuf,
}

/// Repairs the journals of the data directory `dir`; `None` when nothing needs repair.
///
/// # Errors
/// There is no data directory, another process has it open, it cannot be read or written, or other files than the
/// journals are damaged.
pub fn repair(dir: &Path) -> Result<Option<RepairReport>, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    format::must_exist(dir)?;
    format::check(dir)?;
    let engine = dir.join(FOLDER);
    let _lock = engine_folder::lock(dir)?;
    let Inspection { tables, verdict: Verdict::Damaged(_), .. } = guard::inspect(dir)? else {
        return Ok(None);
    };
    let journals = journal::files(&engine).map_err(io_error)?;
    let originals = keep(dir, &journals).map_err(io_error)?;
    CleanStop::remove(dir).map_err(io_error)?;
    if journals.is_empty() {
        // Without any journal the engine ignores its tables.
        File::create(engine.join("0.jnl")).and_then(|journal| journal.sync_all()).map_err(io_error)?;
    }
    let Rewritten { kept, left_out } = rewrite(&engine, &originals, &journals, tables).map_err(io_error)?;
    match guard::inspect(dir)?.verdict {
        Verdict::Intact => Ok(Some(RepairReport { kept, left_out, originals })),
        Verdict::Torn => Err(unrepaired(dir, "a journal still has a torn end")),
        Verdict::Damaged(what) => Err(unrepaired(dir, &what)),
    }
}

fn unrepaired(dir: &Path, what: &str) -> OpenError {
    OpenError::Damaged { dir: dir.to_owned(), why: format!("it could not be repaired: {what}") }
}

/// Copies the journals into a new folder of the data directory.
fn keep(dir: &Path, journals: &[PathBuf]) -> io::Result<PathBuf> {
    let mut number = 1;
    let folder = loop {
        let folder = dir.join(format!("damaged-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => break folder,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    };
    for journal in journals {
        if let Some(name) = journal.file_name() {
            let copy = folder.join(name);
            fs::copy(journal, &copy)?;
            File::open(&copy)?.sync_all()?;
        }
    }
    File::open(&folder)?.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok(folder)
}

#[derive(Default)]
struct Rewritten {
    kept: u64,
    left_out: Vec<String>,
}

/// Writes each journal again, with the batches of its original that are readable and not yet in tables, numbered without a
/// gap after the last one in tables.
fn rewrite(
    engine: &Path,
    originals: &Path,
    journals: &[PathBuf],
    tables: Persisted,
) -> io::Result<Rewritten> {
    let mut done = Rewritten::default();
    let mut order = Order::default();
    let mut last_sequence = None;
    let mut next = tables.number.map(|number| number + 1);
    for journal in journals {
        let original = originals.join(journal.file_name().unwrap_or_default());
        let file = journal::read(&original)?;
        let mut content = Vec::with_capacity(file.len());
        let mut end = 0;
        let mut left_out = |from: usize, to: usize| {
            let why = journal::batch(&file, from).err().unwrap_or("it cannot follow the batch before");
            let lost = format!("{} bytes at offset {from} of {} ({why})", to - from, journal.display());
            done.left_out.push(lost);
        };
        order = journal::for_each_later(&file, 0, order, |batch: &Batch| {
            if end < batch.place.start {
                left_out(end, batch.place.start);
            }
            end = batch.place.end;
            let sequence = batch.plausible_sequence(last_sequence.map_or(0, |last| last + 1));
            last_sequence = Some(sequence);
            done.kept += 1;
            if tables.sequence.is_some_and(|newest| sequence <= newest) {
                return;
            }
            let number = batch.stamp.as_ref().map(|(stamp, _)| next.unwrap_or(stamp.number));
            next = number.map(|number| number + 1).or(next);
            content.extend(journal::rewritten(&file, batch, sequence, number));
        });
        if end < file.len() {
            left_out(end, file.len());
        }
        let beside = journal.with_extension("new");
        let mut written = File::create(&beside)?;
        written.write_all(&content)?;
        written.sync_all()?;
        fs::rename(&beside, journal)?;
    }
    File::open(engine)?.sync_all()?;
    Ok(done)
}
