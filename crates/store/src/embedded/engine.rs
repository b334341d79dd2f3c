//! The engine below the store, and what is shared between the committer and the readers.

use super::format;
pub(super) use super::format::OpenError;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use landfall_domain::store::{Health, StoreError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

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

/// An open engine.
pub(super) struct Engine {
    pub(super) database: Database,
    /// All families share one keyspace: one memtable to bound, one journal watermark.
    pub(super) data: Keyspace,
}

/// Opens the engine of the data directory `dir`.
pub(super) fn open(dir: &Path) -> Result<Engine, OpenError> {
    format::check(dir)?;
    let engine_error = |cause| {
        if matches!(cause, fjall::Error::Locked) {
            OpenError::Locked(dir.to_owned())
        } else {
            OpenError::Engine { dir: dir.to_owned(), cause }
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
    let data = database.keyspace("data", options).map_err(engine_error)?;
    let engine = Engine { database, data };
    super::sweep::finish_all(&engine)
        .map_err(|why| OpenError::Damaged { dir: dir.to_owned(), why: why.to_string() })?;
    Ok(engine)
}

impl Engine {
    /// An empty batch that is durable once committed.
    pub(super) fn batch(&self, rows: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), rows).durability(Some(PersistMode::SyncData))
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

    pub(super) fn set_open(&self, engine: Engine) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Open(Arc::new(engine));
    }
}

/// The chain of an engine error.
pub(super) fn failed(doing: &str) -> impl Fn(fjall::Error) -> StoreError {
    move |cause| StoreError::failed(doing, &cause)
}
