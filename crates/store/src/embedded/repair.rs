//! `landfall store repair`: goes on without the batches of a journal that cannot be read. The journals are kept as they
//! were, in a folder beside.

use super::damage::Damage;
use super::engine::{FOLDER, open_database};
use super::format::{self, CleanStop, OpenError, lock_engine};
use super::guard::stamp;
use super::journal::{self, Batch};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a repair did.
#[derive(Debug)]
pub struct RepairReport {
    /// Batches that are kept.
    pub kept: u64,
    /// Places that could not be read, each with its file, where it lies, and why; what lies there is left out.
    pub left_out: Vec<String>,
    /// Where the journals are, as they were.
    pub originals: PathBuf,
}

/// Repairs the journals of the data directory `dir`. `None` when there is nothing to repair.
///
/// # Errors
/// There is no data directory, another process has it open, it cannot be read or written, or other files than the
/// journals are damaged.
pub fn repair(dir: &Path) -> Result<Option<RepairReport>, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    format::must_exist(dir)?;
    let engine = dir.join(FOLDER);
    let lock = lock_engine(dir)?;
    if journal::survey(&engine).map_err(io_error)?.broken.is_none() {
        return Ok(None);
    }
    let journals = journal::files(&engine).map_err(io_error)?;
    let originals = keep(dir, &journals).map_err(io_error)?;
    CleanStop::remove(dir).map_err(io_error)?;
    let mut repaired = rewrite(&engine, &originals, &journals, None).map_err(io_error)?;
    drop(lock);
    // Only the engine knows which batch its tables end with, and the first one of the journals follows that.
    if let Some((sequence, number)) = repaired.first {
        let before = {
            let (_database, data) = open_database(dir)?;
            let before = stamp(&data, &Damage::default(), sequence);
            before.map_err(|error| OpenError::Damaged { dir: dir.to_owned(), why: error.to_string() })?
        };
        if let Some(before) = before
            && before.number + 1 != number
        {
            let _lock = lock_engine(dir)?;
            repaired = rewrite(&engine, &originals, &journals, Some(before.number + 1)).map_err(io_error)?;
        }
    }
    let Rewritten { kept, left_out, .. } = repaired;
    Ok(Some(RepairReport { kept, left_out, originals }))
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
    /// Sequence number of the engine and number of the first batch that has a number.
    first: Option<(u64, u64)>,
}

/// Writes each journal anew with the batches of its original that can be read, numbered without a gap.
fn rewrite(
    engine: &Path,
    originals: &Path,
    journals: &[PathBuf],
    mut number: Option<u64>,
) -> io::Result<Rewritten> {
    let mut done = Rewritten::default();
    let mut last_sequence = None;
    for journal in journals {
        let original = originals.join(journal.file_name().unwrap_or_default());
        let file = journal::read(&original)?;
        let mut content = Vec::with_capacity(file.len());
        let mut end = 0;
        let mut left_out = |from: usize, to: usize| {
            let why = journal::batch(&file, from).err().unwrap_or("it is no batch");
            let lost = format!("{} bytes at offset {from} of {} ({why})", to - from, journal.display());
            done.left_out.push(lost);
        };
        journal::for_each_whole(&file, |batch: &Batch| {
            if end < batch.place.start {
                left_out(end, batch.place.start);
            }
            end = batch.place.end;
            let least = last_sequence.map_or(0, |last| last + 1);
            let sequence = batch.plausible_sequence(least);
            last_sequence = Some(sequence);
            if let Some((stamp, _)) = &batch.stamp {
                let next = number.unwrap_or(stamp.number);
                done.first.get_or_insert((sequence, next));
                number = Some(next + 1);
            }
            done.kept += 1;
            content.extend(journal::rewritten(&file, batch, sequence, number.map(|next| next - 1)));
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
