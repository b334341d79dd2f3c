//! Looks for damage before the engine opens its folder, because the engine takes some kinds of damage for the traces
//! of a crash and removes what it cannot read.
//!
//! A torn end of the newest journal is what a crash leaves. It was never acknowledged: it is cut off, with a line in the
//! log. Anything else that is wrong refuses the directory and changes nothing in it.

use super::engine::FOLDER;
use super::format::{CleanStop, OpenError, lock_engine};
use super::journal::{self, Break, Stamp, Survey};
use super::{keys, tables};
use fjall::AbstractTree as _;
use lsm_tree::{Config, SequenceNumberCounter};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The tree of the only keyspace in the engine's folder.
const TREE: &str = "keyspaces/1";
const RESTORE: &str = "restore it, or the whole directory, from a backup";

/// What lies in an engine's folder.
pub(super) struct Inspection {
    pub(super) survey: Survey,
    pub(super) tables: Persisted,
    pub(super) verdict: Verdict,
}

/// How far the tables are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Persisted {
    /// The engine's sequence number of the newest batch in tables.
    pub(super) sequence: Option<u64>,
    /// The number of that batch, 0 when it has none. `None` when it lies in a damaged block.
    pub(super) number: Option<u64>,
}

/// Whether an engine may open the folder.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may.
    Whole,
    /// It may, once the torn end of the newest journal is cut off.
    Torn,
    /// Batches are missing or cannot be read; a repair goes on without them.
    Damaged(String),
}

/// Looks at the directory `dir`, whose engine is not open and is locked. Changes nothing.
pub(super) fn inspect(dir: &Path) -> Result<Inspection, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let engine = dir.join(FOLDER);
    let lists = tables::check_lists(&engine).map_err(io_error)?;
    lists.map_err(|file| refusal(dir, format!("{file}; {RESTORE}")))?;
    let tables = persisted(dir, &engine)?;
    let survey = journal::survey(&engine).map_err(io_error)?;
    let clean = CleanStop::read(dir).map_err(io_error)?;
    let verdict = judge(&survey, tables, clean);
    Ok(Inspection { survey, tables, verdict })
}

fn judge(survey: &Survey, tables: Persisted, clean: Option<CleanStop>) -> Verdict {
    let torn = match &survey.broken {
        Some(broken) if !broken.is_torn_end() => return Verdict::Damaged(broken.to_string()),
        Some(_) => true,
        None => false,
    };
    let Persisted { sequence, number: Some(kept) } = tables else {
        // Its block is damaged, which is no reason to keep everything else back.
        return if torn { Verdict::Torn } else { Verdict::Whole };
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
        // After an ordered stop there is no torn end: what is missing was acknowledged.
        Some(clean) if clean.number != last => Verdict::Damaged(format!(
            "the store was stopped with batch {} as its last, and ends with batch {last}: what lay behind it is \
             missing or cannot be read{}",
            clean.number,
            survey.broken.as_ref().map_or_else(String::new, |broken| format!("; {broken}"))
        )),
        Some(_) | None if torn => Verdict::Torn,
        Some(_) | None => Verdict::Whole,
    }
}

/// Looks at the directory `dir` before its engine is opened, and cuts a torn end off; the number of the last batch.
pub(super) fn look(dir: &Path) -> Result<u64, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    if !dir.join(FOLDER).try_exists().map_err(io_error)? {
        return Ok(0);
    }
    let _lock = lock_engine(dir)?;
    let Inspection { survey, tables, verdict } = inspect(dir)?;
    match (verdict, &survey.broken) {
        (Verdict::Damaged(what), _) => Err(refusal(
            dir,
            format!(
                "{what}. Nothing was changed. Restore the directory from a backup, or go on without what is missing with \
                 `landfall store repair`"
            ),
        )),
        (Verdict::Torn, Some(broken)) => {
            cut(broken, survey.last()).map_err(io_error)?;
            Ok(survey.last().max(tables.number.unwrap_or(0)))
        }
        (Verdict::Torn | Verdict::Whole, _) => Ok(survey.last().max(tables.number.unwrap_or(0))),
    }
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
         server was killed or the machine stopped ({why}); it was never acknowledged. The last batch of the journals is \
         {last}",
        file.display(),
    );
    Ok(())
}

/// Reads from the tables alone how far they are. The engine does not have them open.
fn persisted(dir: &Path, engine: &Path) -> Result<Persisted, OpenError> {
    let tree = engine.join(TREE);
    // A tree whose making broke off has no tables yet.
    let made = tree.join("current").try_exists();
    if !made.map_err(|cause| OpenError::Io { dir: dir.to_owned(), cause })? {
        return Ok(Persisted { sequence: None, number: Some(0) });
    }
    let read = || {
        let numbers = SequenceNumberCounter::default;
        let tree = Config::new(&tree, numbers(), numbers()).open()?;
        let number = match tree.get(keys::STAMP, u64::MAX) {
            Ok(Some(value)) => Stamp::decode(&value).map(|stamp| stamp.number),
            Ok(None) => Some(0),
            Err(_) => None,
        };
        Ok::<_, lsm_tree::Error>(Persisted { sequence: tree.get_highest_persisted_seqno(), number })
    };
    // The engine panics at some kinds of damage.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(persisted)) => Ok(persisted),
        Ok(Err(cause)) => Err(tables::unopened(dir, engine, fjall::Error::from(cause))),
        Err(_) => Err(tables::unopened(dir, engine, fjall::Error::Unrecoverable)),
    }
}
