//! The engine below the store, and what is shared between the committer and the readers.

use super::engine_error::EngineError;
use super::format;
pub(super) use super::format::OpenError;
use super::group_cache::GroupCache;
use super::outbox::Lanes;
use fjall::{AbstractTree as _, Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use landfall_domain::store::{Health, StoreError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Folder of the engine within the data directory.
pub(super) const FOLDER: &str = "engine";

/// Memory for blocks read from disk, bytes.
const BLOCK_CACHE_BYTES: u64 = 48 << 20;
/// Rows not yet in a table file, bytes; also bounds what a restart replays.
const MEMTABLE_BYTES: u64 = 64 << 20;
/// Journals kept for replay, bytes.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;
/// Threads that write and merge table files.
const WORKERS: usize = 2;
/// Memtables waiting to be written, and table files waiting to be merged, that hold up a commit. Both lie below
/// the numbers at which the engine holds up a commit itself: it would do so for ever when its threads have failed.
const SEALED_MEMTABLES_MAX: usize = 3;
const UNMERGED_RUNS_MAX: usize = 28;
/// How often to look whether they are fewer.
const ROOM_CHECK: Duration = Duration::from_millis(5);

/// An open engine.
pub(super) struct Engine {
    pub(super) database: Database,
    /// All families share one keyspace: one memtable to bound, one journal watermark.
    pub(super) data: Keyspace,
    pub(super) groups: GroupCache,
    pub(super) lanes: Lanes,
}

/// Opens the engine of the data directory `dir`.
pub(super) fn open(dir: &Path) -> Result<Engine, OpenError> {
    format::check(dir)?;
    format::clear_unfinished(dir)?;
    let engine_error = |cause| {
        if matches!(cause, fjall::Error::Locked) {
            OpenError::Locked(dir.to_owned())
        } else {
            OpenError::Engine { dir: dir.to_owned(), cause: EngineError::from(cause) }
        }
    };
    let database = Database::builder(dir.join(FOLDER))
        .cache_size(BLOCK_CACHE_BYTES)
        .max_journaling_size(JOURNAL_BYTES_MAX)
        .worker_threads(WORKERS)
        .manual_journal_persist(true)
        .open()
        .map_err(engine_error)?;
    let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
    format::keep_private(&dir.join(FOLDER));
    let data = database.keyspace("data", options).map_err(engine_error)?;
    let engine = Engine { database, data, groups: GroupCache::new(), lanes: Lanes::default() };
    super::sweep::finish_all(&engine)
        .map_err(|why| OpenError::Damaged { dir: dir.to_owned(), why: why.to_string() })?;
    Ok(engine)
}

impl Engine {
    /// An empty batch that is durable once committed.
    pub(super) fn batch(&self, rows: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), rows).durability(Some(PersistMode::SyncData))
    }

    /// Waits until the engine takes a batch without waiting.
    pub(super) fn wait_for_room(&self) -> Result<(), StoreError> {
        let full = || {
            SEALED_MEMTABLES_MAX <= self.data.tree.sealed_memtable_count()
                || UNMERGED_RUNS_MAX <= self.data.tree.l0_run_count()
        };
        while full() {
            self.check_threads().map_err(failed("waiting for table files to be written"))?;
            std::thread::sleep(ROOM_CHECK);
        }
        Ok(())
    }

    /// Starts writing everything that is only in the journal to table files; [`is_flushed`](Self::is_flushed) tells
    /// when that is done.
    pub(super) fn start_flush(&self) -> Result<(), fjall::Error> {
        self.data.rotate_memtable().map(|_| ())
    }

    /// Whether the flush that was started has ended; an error when it failed. The engine's own way to wait for it
    /// would wait for ever then.
    pub(super) fn is_flushed(&self) -> Result<bool, fjall::Error> {
        if self.data.tree.sealed_memtable_count() == 0 {
            return Ok(true);
        }
        self.check_threads().map(|()| false)
    }

    /// An error when one of the engine's threads has failed: this persists nothing, and is refused then.
    fn check_threads(&self) -> Result<(), fjall::Error> {
        self.database.persist(PersistMode::Buffer)
    }
}

/// What the committer and the readers share. The engine is absent while it is opened again after a failure.
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    state: RwLock<State>,
}

enum State {
    Open(Arc<Engine>),
    Failed(Arc<str>),
}

impl Shared {
    pub(super) fn new(dir: &Path, engine: Engine) -> Self {
        Self { dir: dir.to_owned(), state: RwLock::new(State::Open(Arc::new(engine))) }
    }

    /// The engine, or why there is none.
    pub(super) fn engine(&self) -> Result<Arc<Engine>, StoreError> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(engine) => Ok(Arc::clone(engine)),
            State::Failed(why) => Err(StoreError::Failed(Arc::clone(why))),
        }
    }

    pub(super) fn health(&self) -> Health {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_) => Health::Ready,
            State::Failed(why) => Health::NotReady(why.to_string()),
        }
    }

    /// Takes the engine away from new readers.
    pub(super) fn set_failed(&self, why: &str) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Failed(why.into());
    }

    pub(super) fn set_open(&self, engine: Arc<Engine>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Open(engine);
    }
}

/// The chain of an engine error.
pub(super) fn failed(doing: &str) -> impl Fn(fjall::Error) -> StoreError {
    move |cause| StoreError::failed(doing, &EngineError::from(cause))
}
