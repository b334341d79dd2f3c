//! Merges the engine's tables, on a thread of its own.
//!
//! The engine can do it by itself, but a failed merge is final there: it refuses every write from then on, and fails
//! again at the same table once it is reopened. So merging is switched off in the engine, and this thread
//! runs one merge after the other. A table found to be damaged is no longer merged; the tables above it are
//! merged with each other, so that writes go on.

use super::damage::{Damage, listed};
use super::engine_error::EngineError;
use crate::unpoisoned::unpoisoned;
use fjall::compaction::Leveled;
use fjall::{AbstractTree as _, Database, Keyspace};
use lsm_tree::compaction::{Choice, CompactionStrategy, PullDown};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often to check for new tables.
const TICK: Duration = Duration::from_millis(100);
/// How long to wait after a merge failed for another reason than damage, such as a full disk.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Runs at which the first level is merged; the engine's own number.
const RUNS_TO_MERGE: u8 = 4;
/// The same during loads: their tables are large, and more of them are merged with one reading of the level below.
const RUNS_TO_MERGE_DURING_LOADS: u8 = 14;
/// How long after a load's tables another's are expected.
const LOADS_EXPECTED: Duration = Duration::from_secs(10);

/// The engine's own strategy: it moves tables, which reads none of them, and merges nothing.
pub(super) fn left_alone() -> Arc<dyn CompactionStrategy + Send + Sync> {
    Arc::new(Leveled::default().with_l0_threshold(u8::MAX).with_table_target_size(1 << 50))
}

/// Dropping this ends the thread, after the merge that is running.
pub(super) struct Merges {
    state: Arc<MergeState>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct MergeState {
    stop: AtomicBool,
    /// Why tables are not merged, while they should be.
    failing: Mutex<Option<String>>,
    /// When a load brought tables in last.
    loaded: Mutex<Option<Instant>>,
}

impl MergeState {
    fn expects_loads(&self) -> bool {
        unpoisoned(self.loaded.lock()).is_some_and(|loaded| loaded.elapsed() < LOADS_EXPECTED)
    }

    fn set_failing(&self, why: Option<String>) {
        *unpoisoned(self.failing.lock()) = why;
    }
}

impl Merges {
    pub(super) fn start(database: &Database, data: &Keyspace, damage: &Arc<Damage>) -> std::io::Result<Self> {
        let state = Arc::<MergeState>::default();
        let merger = Merger {
            database: database.clone(),
            data: data.clone(),
            damage: Arc::clone(damage),
            state: Arc::clone(&state),
        };
        let thread = std::thread::Builder::new().name("merges".to_owned()).spawn(move || merger.run())?;
        Ok(Self { state, thread: Some(thread) })
    }

    /// A load brings tables in; more are expected.
    pub(super) fn expect_loads(&self) {
        *unpoisoned(self.state.loaded.lock()) = Some(Instant::now());
    }

    /// Why tables are not merged, while they should be.
    pub(super) fn failing(&self) -> Option<String> {
        unpoisoned(self.state.failing.lock()).clone()
    }
}

impl Drop for Merges {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It catches its panics.
            drop(thread.join());
        }
    }
}

struct Merger {
    database: Database,
    data: Keyspace,
    damage: Arc<Damage>,
    state: Arc<MergeState>,
}

impl Merger {
    fn run(self) {
        let mut settled = None;
        while !self.state.stop.load(Ordering::Relaxed) {
            let version = self.data.tree.current_version().id();
            if settled == Some(version) {
                std::thread::park_timeout(TICK);
                continue;
            }
            // The engine panics at some kinds of damage.
            match catch_unwind(AssertUnwindSafe(|| self.step())) {
                Ok(true) => {}
                // Once no more loads come, there may be something to merge in the same tables.
                Ok(false) if self.state.expects_loads() => std::thread::park_timeout(TICK),
                Ok(false) => settled = Some(version),
                Err(_) => {
                    let why = "the engine gave up merging its tables; restart the server";
                    self.damage.record(why);
                    self.state.set_failing(Some(why.to_owned()));
                    return;
                }
            }
        }
    }

    /// Runs one merge; false when there is nothing to do until there are new tables.
    fn step(&self) -> bool {
        let version = self.data.tree.current_version();
        let runs = if self.state.expects_loads() { RUNS_TO_MERGE_DURING_LOADS } else { RUNS_TO_MERGE };
        let strategy = Arc::new(Leveled::default().with_l0_threshold(runs));
        // The choice that the engine makes when it merges by itself; nothing else merges meanwhile.
        let choice = strategy.choose(&version, self.data.tree.tree_config(), &Default::default());
        let (mut strategy, mut merged): (Arc<dyn CompactionStrategy>, Vec<u64>) = match choice {
            Choice::DoNothing => return false,
            Choice::Move(_) | Choice::Drop(_) => (strategy, Vec::new()),
            Choice::Merge(input) => (strategy, input.table_ids.into_iter().collect()),
        };
        if merged.iter().any(|id| self.damage.holds(*id)) {
            let levels: Vec<_> = version
                .iter_levels()
                .map(|level| Level {
                    runs: level.run_count(),
                    damaged: level.list_ids().into_iter().any(|id| self.damage.holds(id)),
                })
                .collect();
            let Some(into) = above_damage(&levels) else {
                self.state.set_failing(self.damage.summary());
                return false;
            };
            strategy = Arc::new(PullDown(0, into));
            let read = [0, usize::from(into)].into_iter().filter_map(|level| version.level(level));
            merged = read.flat_map(|level| level.list_ids()).collect();
        }
        let tables: Vec<_> =
            version.iter_tables().filter(|table| merged.contains(&table.id())).map(listed).collect();
        drop(version);
        let removable = self.database.supervisor.snapshot_tracker.get_seqno_safe_to_gc();
        match self.data.tree.compact(strategy, removable) {
            Ok(()) => self.state.set_failing(None),
            Err(error) => {
                if self.damage.search(&tables).is_none() {
                    let error = EngineError::from(fjall::Error::from(error));
                    tracing::error!(%error, "the embedded store could not merge its tables, trying again: {error}");
                    self.state.set_failing(Some(format!("tables cannot be merged: {error}")));
                    std::thread::park_timeout(AGAIN_AFTER);
                }
            }
        }
        true
    }
}

/// A level of the tree, newest first.
struct Level {
    runs: usize,
    damaged: bool,
}

/// The level that the first one can be merged into without reading a damaged table, where the usual merge would read
/// one. None when there is nothing to gain yet, or no such level.
fn above_damage(levels: &[Level]) -> Option<u8> {
    let (first, deeper) = levels.split_first()?;
    if first.runs < usize::from(RUNS_TO_MERGE) || first.damaged {
        return None;
    }
    let filled = 1 + deeper.iter().position(|level| 0 < level.runs).unwrap_or(deeper.len());
    let into = if levels.get(filled).is_none_or(|level| level.damaged) { filled - 1 } else { filled };
    u8::try_from(into).ok().filter(|into| 0 < *into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn into(levels: [(usize, bool); 7]) -> Option<u8> {
        let levels = levels.map(|(runs, damaged)| Level { runs, damaged });
        above_damage(&levels)
    }

    #[test]
    fn new_tables_are_merged_above_a_damaged_one() {
        const NONE: (usize, bool) = (0, false);
        const SOUND: (usize, bool) = (1, false);
        const DAMAGED: (usize, bool) = (1, true);
        const NEW: (usize, bool) = (4, false);
        assert_eq!(into([NEW, NONE, NONE, NONE, NONE, NONE, DAMAGED]), Some(5));
        assert_eq!(into([NEW, NONE, NONE, NONE, NONE, SOUND, DAMAGED]), Some(5));
        assert_eq!(into([NEW, NONE, NONE, NONE, NONE, DAMAGED, DAMAGED]), Some(4));
        assert_eq!(into([NEW, NONE, NONE, NONE, NONE, NONE, NONE]), Some(6));
        assert_eq!(into([NEW, SOUND, DAMAGED, NONE, NONE, NONE, NONE]), Some(1));
        assert_eq!(into([NEW, DAMAGED, NONE, NONE, NONE, NONE, NONE]), None, "no level is free above it");
        assert_eq!(into([(3, false), NONE, NONE, NONE, NONE, NONE, DAMAGED]), None, "too few to be worth it");
        assert_eq!(
            into([(4, true), NONE, NONE, NONE, NONE, NONE, NONE]),
            None,
            "a new table is damaged itself"
        );
    }
}
