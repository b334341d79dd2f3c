//! Looks for damage before the engine opens its folder, because the engine takes some kinds of damage for the traces
//! of a crash and removes what it cannot read.
//!
//! A torn end of the last journal is what a crash leaves. It was never acknowledged: it is cut off, with a line in the
//! log. Anything else that is wrong refuses the directory and changes nothing in it.

use super::damage::{Damage, only};
use super::engine::FOLDER;
use super::format::{CleanStop, OpenError, lock_engine};
use super::journal::{self, Stamp, Survey};
use super::{keys, tables};
use fjall::{AbstractTree as _, Keyspace};
use landfall_domain::store::StoreError;
use std::fs::File;
use std::io;
use std::path::Path;

/// What was found before the engine was opened, to be compared with what it then has.
pub(super) struct Looked {
    survey: Survey,
    clean: Option<CleanStop>,
}

/// Looks at the directory `dir`, whose engine is not open.
pub(super) fn look(dir: &Path) -> Result<Looked, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let engine = dir.join(FOLDER);
    if !engine.try_exists().map_err(io_error)? {
        return Ok(Looked { survey: Survey::default(), clean: None });
    }
    let _lock = lock_engine(dir)?;
    tables::check_lists(&engine)
        .map_err(io_error)?
        .map_err(|file| refusal(dir, format!("{file}; {RESTORE}")))?;
    let survey = journal::survey(&engine).map_err(io_error)?;
    let clean = CleanStop::read(dir).map_err(io_error)?;
    if let Some(broken) = &survey.broken {
        // After a clean stop there is no torn end: what cannot be read was acknowledged.
        let complete = clean.is_none_or(|clean| survey.last == Some(clean.number));
        if !broken.is_torn_end() || !complete {
            return Err(refusal(
                dir,
                format!(
                    "{broken}; nothing was changed. Restore the directory from a backup, or go on without that batch \
                     with `landfall store repair`"
                ),
            ));
        }
        cut(broken, survey.last).map_err(io_error)?;
    }
    Ok(Looked { survey, clean })
}

const RESTORE: &str = "restore it, or the whole directory, from a backup";

fn refusal(dir: &Path, why: String) -> OpenError {
    OpenError::Damaged { dir: dir.to_owned(), why }
}

/// Cuts off the torn end of a journal.
fn cut(broken: &journal::Break, last: Option<u64>) -> io::Result<()> {
    let journal::Break { file, offset, bytes, why, .. } = broken;
    let cut = File::options().write(true).open(file)?;
    cut.set_len(*offset as u64)?;
    cut.sync_all()?;
    tracing::warn!(
        file = %file.display(), offset, bytes, last_batch = last, why,
        "cut {bytes} bytes off the end of the journal {} at offset {offset}, a batch that was being written when the \
         server was killed or the machine stopped ({why}); nobody was told that it was kept. The last batch is {}",
        file.display(),
        last.map_or_else(|| "one without a number".to_owned(), |number| number.to_string()),
    );
    Ok(())
}

impl Looked {
    /// Compares what the engine has once it is open; the number of the last batch.
    pub(super) fn compare(&self, dir: &Path, data: &Keyspace, damage: &Damage) -> Result<u64, OpenError> {
        let refused = |why: String| Err(refusal(dir, format!("{why}; {RESTORE}")));
        let expected = self.survey.last.or(self.clean.map(|clean| clean.number));
        let kept = match (stamp(data, damage, u64::MAX), expected) {
            (Ok(stamp), _) => stamp.map_or(0, |stamp| stamp.number),
            // Its block is damaged, which is no reason to keep everything else back: the number is known.
            (Err(_), Some(expected)) => expected,
            (Err(error), None) => return refused(error.to_string()),
        };
        if let Some((sequence, number)) = self.survey.first {
            let before = stamp(data, damage, sequence).map(|stamp| stamp.map(|stamp| stamp.number));
            let follows = match &before {
                Ok(Some(before)) => before + 1 == number,
                // The first batch there ever was, or one that tables hold already.
                Ok(None) => {
                    number == 1
                        || data.tree.get_highest_persisted_seqno().is_some_and(|newest| sequence <= newest)
                }
                Err(_) => true,
            };
            if !follows {
                return refused(format!(
                    "the oldest journal begins with batch {number}, and the tables end with batch {}: a journal is \
                     missing",
                    before.ok().flatten().unwrap_or(0)
                ));
            }
        }
        if let Some(expected) = expected
            && expected != kept
        {
            return refused(format!(
                "it should end with batch {expected}, and ends with batch {kept}: a file is missing or was replaced"
            ));
        }
        Ok(kept)
    }
}

/// The newest stamp below a sequence number of the engine.
pub(super) fn stamp(data: &Keyspace, damage: &Damage, below: u64) -> Result<Option<Stamp>, StoreError> {
    let reading = "reading the number of the last batch";
    let value = data.tree.get(keys::STAMP, below);
    let value = value.map_err(|cause| damage.explain(data, only(&keys::STAMP), reading, cause.into()))?;
    match value {
        Some(value) => Stamp::decode(&value)
            .map(Some)
            .ok_or_else(|| StoreError::Failed("the number of the last batch cannot be read".into())),
        None => Ok(None),
    }
}
