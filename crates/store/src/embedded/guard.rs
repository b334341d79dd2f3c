//! Searches for damage before the engine opens its folder, because the engine takes some kinds of damage for traces of a
//! crash and removes what it cannot read.
//!
//! A crash leaves a torn end of the newest journal: a batch that was still being written, so no caller was answered. Damage
//! to the last acknowledged batch looks the same. The two differ only after a clean stop, which records the number of the
//! last batch. A torn end is cut off, with a line in the log. Any other damage refuses the directory and changes nothing
//! in it.

use super::clean_stop::CleanStop;
use super::engine_folder;
use super::format::{FOLDER, OpenError};
use super::journal::{self, Break, Stamp, Survey};
use super::keys;
use super::tables::{self, ListedTable};
use lsm_tree::{Cache, Checksum, Table, UserKey};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

const RESTORE: &str = "restore it, or the whole directory, from a backup";

/// The state of an engine's folder.
pub(super) struct Inspection {
    pub(super) survey: Survey,
    pub(super) tables: Persisted,
    /// The last clean stop, when nothing was written since.
    clean: Option<CleanStop>,
    pub(super) verdict: Verdict,
}

impl Inspection {
    /// The number of the last batch, 0 when there is none.
    fn last(&self) -> u64 {
        let Self { survey, tables, clean, .. } = self;
        match tables.number {
            Some(number) => survey.last().max(number),
            // The stamp in the tables is damaged. The journals or a clean stop name the number.
            None if survey.numbered.is_empty() => clean.map_or(0, |clean| clean.number),
            None => survey.last(),
        }
    }
}

/// The newest batch in the tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Persisted {
    /// The engine's sequence number of the newest batch in tables.
    pub(super) sequence: Option<u64>,
    /// The number of that batch, 0 when it has none. `None` when the stamp lies in a damaged block.
    pub(super) number: Option<u64>,
}

/// Whether an engine may open the folder.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Yes.
    Intact,
    /// Yes, once the torn end of the newest journal is cut off.
    Torn,
    /// No: batches are missing or cannot be read. A repair continues without them.
    Damaged(String),
}

/// Inspects the directory `dir`, whose engine is locked and not open. Changes nothing.
pub(super) fn inspect(dir: &Path) -> Result<Inspection, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let engine = dir.join(FOLDER);
    let lists = engine_folder::check(&engine).map_err(io_error)?;
    lists.map_err(|file| refusal(dir, format!("{file}; {RESTORE}")))?;
    let survey = journal::survey(&engine).map_err(io_error)?;
    let written = 0 < survey.batches || survey.broken.is_some();
    let tables = match persisted(dir, &engine)? {
        Some(persisted) => persisted,
        None if written => {
            let missing = engine.join("keyspaces/1/current");
            return Err(refusal(
                dir,
                format!("the file {} is missing, and there are data; {RESTORE}", missing.display()),
            ));
        }
        None => Persisted { sequence: None, number: Some(0) },
    };
    let clean = CleanStop::read(dir).map_err(io_error)?;
    let verdict = judge(&survey, tables, clean);
    Ok(Inspection { survey, tables, clean, verdict })
}

fn judge(survey: &Survey, tables: Persisted, clean: Option<CleanStop>) -> Verdict {
    if survey.files == 0 {
        return Verdict::Damaged("there is no journal, and the engine always has one".to_owned());
    }
    let torn = match &survey.broken {
        Some(broken) if !broken.is_torn_end() => return Verdict::Damaged(broken.to_string()),
        Some(_) => true,
        None => false,
    };
    let Persisted { sequence, number: Some(kept) } = tables else {
        // The block of the stamp is damaged, which is no reason to refuse everything else.
        return if torn { Verdict::Torn } else { Verdict::Intact };
    };
    let unflushed = survey.numbered.iter().find(|(batch, _)| sequence.is_none_or(|newest| newest < *batch));
    if let Some((_, first)) = unflushed
        && *first != kept + 1
    {
        return Verdict::Damaged(format!(
            "the tables end with batch {kept}, and the journals go on with batch {first}: a file is missing"
        ));
    }
    let last = survey.numbered.last().map_or(0, |(_, number)| *number).max(kept);
    match clean {
        // A clean stop leaves no torn end: whatever is missing was acknowledged.
        Some(clean) if clean.number != last => Verdict::Damaged(format!(
            "the store was stopped with batch {} as its last, and ends with batch {last}: what lay behind it is \
             missing or cannot be read{}",
            clean.number,
            survey.broken.as_ref().map_or_else(String::new, |broken| format!("; {broken}"))
        )),
        Some(_) | None if torn => Verdict::Torn,
        Some(_) | None => Verdict::Intact,
    }
}

/// Checks the directory `dir` before its engine is opened, and cuts off a torn end. Returns the number of the last batch.
pub(super) fn check(dir: &Path) -> Result<u64, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    if !dir.join(FOLDER).try_exists().map_err(io_error)? {
        return match CleanStop::read(dir).map_err(io_error)? {
            None => Ok(0),
            Some(_) => Err(refusal(dir, format!("its folder `{FOLDER}` is missing; {RESTORE}"))),
        };
    }
    let _lock = engine_folder::lock(dir)?;
    if !engine_folder::is_made(dir).map_err(io_error)? {
        return Ok(0);
    }
    let inspection = inspect(dir)?;
    match (&inspection.verdict, &inspection.survey.broken) {
        (Verdict::Damaged(what), _) => {
            return Err(refusal(
                dir,
                format!(
                    "{what}. Nothing was changed. Restore the directory from a backup, or continue without the damaged part \
                     with `landfall store repair`"
                ),
            ));
        }
        (Verdict::Torn, Some(broken)) => cut(broken, inspection.survey.last()).map_err(io_error)?,
        (Verdict::Torn | Verdict::Intact, _) => {}
    }
    Ok(inspection.last())
}

fn refusal(dir: &Path, why: String) -> OpenError {
    OpenError::Damaged { dir: dir.to_owned(), why }
}

/// Cuts off the torn end of a journal.
fn cut(broken: &Break, last: u64) -> io::Result<()> {
    let Break { file, offset, bytes, why, .. } = broken;
    let journal = File::options().write(true).open(file)?;
    journal.set_len(*offset as u64)?;
    journal.sync_all()?;
    tracing::warn!(
        file = %file.display(), offset, bytes, last_batch = last, why,
        "cut {bytes} bytes off the end of the journal {} at offset {offset}, a batch that was being written when the \
         server was killed or the machine stopped ({why}); as far as can be known it was never acknowledged. The last batch \
         of the journals is {last}",
        file.display(),
    );
    Ok(())
}

/// Reads the newest batch from the tables alone; `None` when their tree was not created yet. The engine is not asked: it
/// would remove every table that the list does not name.
fn persisted(dir: &Path, engine: &Path) -> Result<Option<Persisted>, OpenError> {
    let listed = tables::rows(engine).map_err(|cause| OpenError::Io { dir: dir.to_owned(), cause })?;
    let Some(listed) = listed.map_err(|file| refusal(dir, format!("{file}; {RESTORE}")))? else {
        return Ok(None);
    };
    // The engine panics at some kinds of damage.
    match catch_unwind(AssertUnwindSafe(|| newest(listed))) {
        Ok(Ok(persisted)) => Ok(Some(persisted)),
        Ok(Err(cause)) => Err(engine_folder::unopened(dir, engine, fjall::Error::from(cause))),
        Err(_) => Err(engine_folder::unopened(dir, engine, fjall::Error::Unrecoverable)),
    }
}

fn newest(listed: Vec<ListedTable>) -> lsm_tree::Result<Persisted> {
    let cache = Arc::new(Cache::with_capacity_bytes(0));
    let (mut sequence, mut stamp, mut damaged) = (None, (0, 0), false);
    for ListedTable { path, checksum, sequence: added } in listed {
        let checksum = Checksum::from_raw(checksum);
        let table = Table::recover(path, checksum, added, 0, Arc::clone(&cache), None, false, false)?;
        sequence = sequence.max(Some(table.get_highest_seqno()));
        let key = UserKey::from(keys::STAMP);
        for row in table.range(key.clone()..=key) {
            match row.map(|row| (row.key.seqno, Stamp::decode(&row.value))) {
                Ok((at, Some(found))) => stamp = stamp.max((at, found.number)),
                // Its block is damaged. The engine would read it again and again.
                Ok((_, None)) | Err(_) => {
                    damaged = true;
                    break;
                }
            }
        }
    }
    Ok(Persisted { sequence, number: (!damaged).then_some(stamp.1) })
}
