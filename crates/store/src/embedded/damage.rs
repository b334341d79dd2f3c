//! The known damage of an open engine. Everything that the damage does not touch goes on working.

use super::engine_error::EngineError;
use super::tables::{self, DamagedFile, ListedTable};
use crate::unpoisoned::unpoisoned;
use fjall::{AbstractTree as _, Keyspace};
use landfall_domain::error::StoreError;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a table counts as sound after it was read completely, so that reads that keep failing for another reason do
/// not read it each time.
const SOUND_FOR: Duration = Duration::from_secs(60);

/// The damage found since the engine was opened.
#[derive(Default)]
pub(super) struct Damage {
    /// Whether there is any, for the hot path.
    any: AtomicBool,
    known: Mutex<KnownDamage>,
}

#[derive(Default)]
struct KnownDamage {
    /// By the number of the table.
    tables: BTreeMap<u64, DamagedFile>,
    sound: BTreeMap<u64, Instant>,
    /// Damage that no checksum shows: a removal found a row that cannot be decoded.
    other: Option<String>,
}

impl Damage {
    fn lock(&self) -> MutexGuard<'_, KnownDamage> {
        unpoisoned(self.known.lock())
    }

    /// Whether anything is damaged.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// One line for operators, if anything is damaged.
    pub(super) fn summary(&self) -> Option<String> {
        if !self.any() {
            return None;
        }
        let known = self.lock();
        let first = known.tables.values().next().map(ToString::to_string).or_else(|| known.other.clone())?;
        let more = match known.tables.len() {
            0 | 1 => String::new(),
            files => format!("; {} more files are damaged", files - 1),
        };
        Some(format!("{first}{more}; run `landfall store check` and restore what it names"))
    }

    /// Records damage that no checksum shows.
    pub(super) fn record(&self, what: &str) {
        tracing::error!("the embedded store is damaged: {what}; run `landfall store check`");
        self.lock().other.get_or_insert_with(|| what.to_owned());
        self.any.store(true, Ordering::Relaxed);
    }

    /// Whether a table is known to be damaged.
    pub(super) fn holds(&self, table: u64) -> bool {
        self.any() && self.lock().tables.contains_key(&table)
    }

    /// The error of a read of `keys` that failed: where the damage lies, if it is damage.
    pub(super) fn explain(
        &self,
        data: &Keyspace,
        keys: (Bound<&[u8]>, Bound<&[u8]>),
        doing: &str,
        cause: fjall::Error,
    ) -> StoreError {
        let version = data.tree.current_version();
        let touched =
            version.iter_tables().filter(|table| table.metadata.key_range.overlaps_with_bounds(&keys));
        let candidates: Vec<_> = touched.map(listed).collect();
        match self.known(&candidates).or_else(|| self.search(&candidates)) {
            Some(file) => StoreError::Failed(format!("{doing}: {file}").into()),
            None => StoreError::failed(doing, &EngineError::from(cause)),
        }
    }

    fn known(&self, tables: &[(u64, ListedTable)]) -> Option<DamagedFile> {
        let known = self.lock();
        tables.iter().find_map(|(id, _)| known.tables.get(id)).cloned()
    }

    /// Reads these tables completely, but for those that are known to be damaged or were read recently; returns the first that
    /// is damaged.
    pub(super) fn search(&self, tables: &[(u64, ListedTable)]) -> Option<DamagedFile> {
        let mut first = None;
        for (id, table) in tables {
            let known = self.lock();
            if let Some(file) = known.tables.get(id) {
                // Another thread may have found it just now.
                first.get_or_insert_with(|| file.clone());
                continue;
            }
            if known.sound.get(id).is_some_and(|when| when.elapsed() < SOUND_FOR) {
                continue;
            }
            // Reading takes a while, and other threads only need the known damage.
            drop(known);
            match tables::check(table) {
                Ok(None) => {
                    self.lock().sound.insert(*id, Instant::now());
                }
                Ok(Some(file)) => {
                    tracing::error!(
                        file = %file.path.display(), offset = file.places.first().map(|place| place.start),
                        "{file}; calls that need it answer 10002, all others are served, and it is no longer merged; run `landfall store check`"
                    );
                    self.any.store(true, Ordering::Relaxed);
                    first.get_or_insert_with(|| file.clone());
                    self.lock().tables.insert(*id, file);
                }
                Err(error) => {
                    tracing::warn!(file = %table.path.display(), %error, "a table file cannot be checked: {error}");
                }
            }
        }
        first
    }
}

/// A table of the engine, with its number.
pub(super) fn listed(table: &lsm_tree::Table) -> (u64, ListedTable) {
    (
        table.id(),
        ListedTable {
            path: table.path.to_path_buf(),
            checksum: table.checksum().into_u128(),
            sequence: table.global_seqno(),
        },
    )
}
