//! The engine below the store, and the slot through which the committer and the readers share it.

use super::clean_stop::CleanStop;
use super::damage::Damage;
use super::engine_error::EngineError;
use super::format::{self, FOLDER, OpenError};
use super::group_cache::GroupCache;
use super::journal::Stamp;
use super::merges::{self, Merges};
use super::outbox::lanes::Lanes;
use super::row_cache::RowCache;
use super::{engine_folder, keys};
use crate::unpoisoned::unpoisoned;
use fjall::{AbstractTree as _, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use landfall_domain::error::StoreError;
use landfall_domain::store::Health;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// Memory for blocks read from disk, bytes.
const BLOCK_CACHE_BYTES: u64 = 48 << 20;
/// Rows not yet in a table file, bytes; also bounds what a restart replays.
const MEMTABLE_BYTES: u64 = 64 << 20;
/// Journals kept for replay, bytes.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;
/// Threads that write and merge table files.
const WORKERS: usize = 2;
/// Memtables waiting to be written, and table files waiting to be merged, that delay a commit. Both lie below the numbers
/// at which the engine itself delays a commit: it would do so indefinitely once its threads have failed.
const SEALED_MEMTABLES_MAX: usize = 3;
const UNMERGED_RUNS_MAX: usize = 28;
/// Table files waiting to be merged that delay a load.
const RUNS_OF_LOADS_MAX: usize = UNMERGED_RUNS_MAX - 8;
/// How often to check whether they are fewer.
const ROOM_CHECK: Duration = Duration::from_millis(5);

/// An open engine.
pub(super) struct Engine {
    pub(super) database: Database,
    /// All families share one keyspace: one memtable to bound, one journal watermark.
    pub(super) data: Keyspace,
    pub(super) groups: GroupCache,
    pub(super) rows: RowCache,
    pub(super) lanes: Lanes,
    pub(super) damage: Arc<Damage>,
    merges: Option<Merges>,
    dir: PathBuf,
    /// Number of the last batch that was written.
    number: AtomicU64,
    /// Whether a batch could not be written: the end of the journal is then unknown.
    failed: AtomicBool,
}

fn open_database(dir: &Path) -> Result<(Database, Keyspace), OpenError> {
    let open = || {
        let database = Database::builder(dir.join(FOLDER))
            .cache_size(BLOCK_CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(WORKERS)
            .manual_journal_persist(true)
            .open()?;
        format::keep_private(&dir.join(FOLDER));
        let options = || {
            let mut options = KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
            options.compaction_strategy = merges::left_alone();
            options
        };
        let data = database.keyspace("data", options)?;
        Ok((database, data))
    };
    // The engine panics at some kinds of damage.
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(fjall::Error::Locked)) => Err(OpenError::Locked(dir.to_owned())),
        Ok(Err(cause)) => Err(engine_folder::unopened(dir, &dir.join(FOLDER), cause)),
        Err(_) => Err(engine_folder::unopened(dir, &dir.join(FOLDER), fjall::Error::Unrecoverable)),
    }
}

/// An error when the last batch of the engine is not the one that was found before it was opened.
fn compare(dir: &Path, data: &Keyspace, number: u64) -> Result<(), OpenError> {
    // A stamp that cannot be read lies in a damaged block. Calls that need the rows of that block fail by themselves.
    let Ok(value) = data.get(keys::STAMP) else { return Ok(()) };
    let found = value.and_then(|value| Stamp::decode(&value)).map_or(0, |stamp| stamp.number);
    if found == number {
        return Ok(());
    }
    let why = format!("it ends with batch {number}, and the engine reads batch {found} as the last");
    Err(OpenError::Damaged { dir: dir.to_owned(), why })
}

impl Engine {
    /// Opens the engine of the data directory `dir`, whose last batch has this number, and starts its threads.
    pub(super) fn open(dir: &Path, number: u64) -> Result<Self, OpenError> {
        let (database, data) = open_database(dir)?;
        compare(dir, &data, number)?;
        let damage = Arc::<Damage>::default();
        let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
        CleanStop::remove(dir).map_err(io_error)?;
        let merges = Merges::start(&database, &data, &damage).map_err(OpenError::Thread)?;
        Ok(Self {
            database,
            data,
            groups: GroupCache::new(),
            rows: RowCache::new(),
            lanes: Lanes::default(),
            damage,
            merges: Some(merges),
            dir: dir.to_owned(),
            number: AtomicU64::new(number),
            failed: AtomicBool::new(false),
        })
    }

    /// The moment that a reader would see now.
    pub(super) fn moment(&self) -> u64 {
        self.database.visible_seqno()
    }

    /// An empty batch that is durable once committed.
    pub(super) fn batch(&self, rows: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), rows).durability(Some(PersistMode::SyncData))
    }

    /// The stamp of the next batch.
    pub(super) fn next_stamp(&self) -> Stamp {
        Stamp { number: self.number.load(Ordering::Relaxed) + 1, floor: self.database.seqno() }
    }

    /// Commits a batch that holds `stamp`.
    pub(super) fn commit(&self, batch: OwnedWriteBatch, stamp: Stamp) -> Result<(), StoreError> {
        let written = batch.commit();
        if written.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        written.map_err(failed("writing a batch to the journal"))?;
        self.number.store(stamp.number, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a batch could not be written.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Waits until the engine takes a batch without delay. An error when a damaged table keeps the engine from making
    /// room.
    pub(super) fn wait_for_room(&self) -> Result<(), StoreError> {
        loop {
            if let Err(cause) = self.check_threads() {
                self.failed.store(true, Ordering::Relaxed);
                return Err(failed("waiting for table files to be written")(cause));
            }
            let merging = UNMERGED_RUNS_MAX <= self.data.tree.l0_run_count();
            if merging && let Some(why) = self.merges.as_ref().and_then(Merges::failing) {
                return Err(StoreError::Failed(format!("no more rows fit in: {why}").into()));
            }
            if !merging && self.data.tree.sealed_memtable_count() < SEALED_MEMTABLES_MAX {
                return Ok(());
            }
            std::thread::sleep(ROOM_CHECK);
        }
    }

    /// Takes rows, in the order of their keys and each key once, as tables, which become visible at one moment. While they are
    /// written, batches are committed as ever. No batch may write one of these rows before they are visible.
    pub(super) fn take_tables<'row>(
        &self,
        rows: impl Iterator<Item = (&'row [u8], &'row [u8])>,
    ) -> Result<(), StoreError> {
        let failed = failed("writing tables");
        self.merges.iter().for_each(Merges::expect_loads);
        let mut tables = self.data.start_ingestion().map_err(&failed)?;
        let mut last: Option<&[u8]> = None;
        for (key, value) in rows {
            // The engine panics at a key that does not come behind the last.
            if last.is_some_and(|last| key <= last) {
                return Err(StoreError::Failed("two rows of a load have the same key".into()));
            }
            tables.write(key, value).map_err(&failed)?;
            last = Some(key);
        }
        // A commit must not wait for these tables to be merged.
        while RUNS_OF_LOADS_MAX <= self.data.tree.l0_run_count() {
            if let Some(why) = self.merges.as_ref().and_then(Merges::failing) {
                return Err(StoreError::Failed(format!("no more rows fit in: {why}").into()));
            }
            self.check_threads().map_err(&failed)?;
            std::thread::sleep(ROOM_CHECK);
        }
        tables.finish().map_err(failed)
    }

    /// Turns an error of the engine into the error of a read of these keys.
    pub(super) fn unreadable<'keys>(
        &self,
        doing: &'static str,
        keys: (Bound<&'keys [u8]>, Bound<&'keys [u8]>),
    ) -> impl Fn(fjall::Error) -> StoreError + use<'keys, '_> {
        move |cause| self.damage.explain(&self.data, keys, doing, cause)
    }

    /// Starts writing everything that is only in the journal to table files, until [`is_flushed`](Self::is_flushed).
    pub(super) fn start_flush(&self) -> Result<(), fjall::Error> {
        self.data.rotate_memtable().map(|_| ())
    }

    /// Whether the flush that was started has ended; an error when it failed. The engine's own way to wait would then wait
    /// forever.
    pub(super) fn is_flushed(&self) -> Result<bool, fjall::Error> {
        if self.data.tree.sealed_memtable_count() == 0 {
            return Ok(true);
        }
        self.check_threads().map(|()| false)
    }

    /// An error when one of the engine's threads has failed. The call persists nothing, but a failed engine refuses it.
    fn check_threads(&self) -> Result<(), fjall::Error> {
        self.database.persist(PersistMode::Buffer)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.merges.take());
        let ended = !self.has_failed() && !std::thread::panicking();
        if ended && self.database.persist(PersistMode::SyncAll).is_ok() {
            let stop = CleanStop { number: self.number.load(Ordering::Relaxed) };
            if let Err(error) = stop.write(&self.dir) {
                tracing::warn!(dir = %self.dir.display(), %error, "the embedded store could not record its clean stop, so the next start checks less: {error}");
            }
        }
    }
}

/// Where the committer and the readers find the engine. It is empty while the engine is opened again after a failure.
pub(super) struct EngineSlot {
    pub(super) dir: PathBuf,
    state: RwLock<State>,
}

enum State {
    Open(Arc<Engine>),
    Failed(Arc<str>),
}

impl EngineSlot {
    pub(super) fn new(dir: &Path, engine: Engine) -> Self {
        Self { dir: dir.to_owned(), state: RwLock::new(State::Open(Arc::new(engine))) }
    }

    /// An error says why there is no engine.
    pub(super) fn engine(&self) -> Result<Arc<Engine>, StoreError> {
        match &*unpoisoned(self.state.read()) {
            State::Open(engine) => Ok(Arc::clone(engine)),
            State::Failed(why) => Err(StoreError::Failed(Arc::clone(why))),
        }
    }

    pub(super) fn health(&self) -> Health {
        match &*unpoisoned(self.state.read()) {
            State::Open(engine) => engine.damage.summary().map_or(Health::Ready, Health::Damaged),
            State::Failed(why) => Health::NotReady(why.to_string()),
        }
    }

    /// Empties the slot for new readers.
    pub(super) fn set_failed(&self, why: &str) {
        *unpoisoned(self.state.write()) = State::Failed(why.into());
    }

    pub(super) fn set_open(&self, engine: Arc<Engine>) {
        *unpoisoned(self.state.write()) = State::Open(engine);
    }
}

/// The error of a step, with that of the engine as its cause.
fn failed(doing: &str) -> impl Fn(fjall::Error) -> StoreError {
    move |cause| StoreError::failed(doing, &EngineError::from(cause))
}
