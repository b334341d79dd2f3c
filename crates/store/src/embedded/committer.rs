//! The one thread that writes: group commit, and recovery when a write fails.

use super::engine::{Engine, EngineSlot};
use super::existence::Existence;
use super::format::OpenError;
use super::opening;
use super::sweep;
use super::tx::Tx;
use crate::StoreMetrics;
use crate::unpoisoned::unpoisoned;
use landfall_domain::error::StoreError;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// Operations that may wait; one more is refused.
pub(super) const QUEUE_MAX: usize = 16_384;
/// Rows after which a batch is committed although more operations wait.
const BATCH_ROWS_MAX: usize = 20_000;
/// Longest wait of a batch for as many operations as the last one had. Fewer and larger batches cost fewer
/// syncs and wake-ups: measured at 64 callers, the committer's time per operation fell by a quarter. A single caller
/// never waits, and the last of several waits once.
const PATIENCE: Duration = Duration::from_micros(400);
/// How long to wait before the engine is opened again after a failure.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// How often to check whether the engine has written its memory to the disk.
const FLUSH_CHECK: Duration = Duration::from_millis(20);

/// Hands operations to the committer thread. Dropping it lets the thread finish what was accepted.
pub(super) struct Committer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
    /// Closed once the thread has dropped the engine.
    ended: watch::Receiver<()>,
}

impl Committer {
    pub(super) fn start(slot: Arc<EngineSlot>, metrics: StoreMetrics) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let worker = Worker { queue: Arc::clone(&queue), slot, metrics, existence: Existence::unknown() };
        let (running, ended) = watch::channel(());
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
            worker.run();
            drop(running);
        })?;
        Ok(Self { queue, thread: Some(thread), ended })
    }

    /// Takes nothing more, and returns once what was accepted is written and the engine is closed.
    pub(super) async fn close(&self) {
        self.queue.close();
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// Runs `change` in the next batch and returns once that batch is durable.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(false, change).await
    }

    /// Like [`run`](Self::run), in a batch of its own: for changes that look at ranges of rows.
    pub(super) async fn run_alone<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(true, change).await
    }

    /// Runs `change` in a later batch, whose result nobody waits for. It is dropped where the store takes nothing more.
    pub(super) fn run_later(
        &self,
        change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) {
        let (reply, _) = oneshot::channel();
        drop(self.queue.push(Box::new(Operation {
            alone: false,
            change: Some(change),
            result: None,
            reply,
        })));
    }

    async fn submit<T: Send + 'static>(
        &self,
        alone: bool,
        change: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Box::new(Operation { alone, change: Some(change), result: None, reply }))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the committer thread of the embedded store panicked");
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Failed("the store has stopped".into())
}

/// An operation with its type erased.
trait Job: Send {
    fn alone(&self) -> bool;
    /// False when the operation failed.
    fn apply(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers the caller: with its own result, or with the failure of its batch.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Operation<T, F> {
    alone: bool,
    change: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send> Job for Operation<T, F> {
    fn alone(&self) -> bool {
        self.alone
    }

    fn apply(&mut self, tx: &mut Tx<'_>) -> bool {
        self.result = self.change.take().map(|change| change(tx));
        matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        // Its own failure says more than that of its batch.
        let result = match (result, committed) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(result)), Ok(())) => Ok(result),
            (None, Ok(())) => Err(stopped()),
        };
        // The caller may be gone; the work is done all the same.
        drop(reply.send(result));
    }
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
    /// Number of jobs that wakes the committer; 0 while it is awake.
    wake_at: usize,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        unpoisoned(self.state.lock())
    }

    fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(stopped());
        }
        if QUEUE_MAX <= waiting.jobs.len() {
            return Err(StoreError::Busy);
        }
        waiting.jobs.push_back(job);
        // Waking costs a system call, so it is done once a batch at most.
        if waiting.wake_at != 0 && waiting.wake_at <= waiting.jobs.len() {
            waiting.wake_at = 0;
            drop(waiting);
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// All waiting jobs; blocks while there are none. `None` when closed and empty.
    ///
    /// When fewer than `expected` wait, it waits up to [`PATIENCE`] for more.
    fn take(&self, expected: usize) -> Option<VecDeque<Box<dyn Job>>> {
        let mut waiting = self.lock();
        while waiting.jobs.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting.wake_at = 1;
            waiting = unpoisoned(self.arrived.wait(waiting));
        }
        if waiting.jobs.len() < expected && !waiting.closed {
            waiting.wake_at = expected;
            let waited = self.arrived.wait_timeout(waiting, PATIENCE);
            waiting = unpoisoned(waited).0;
            waiting.wake_at = 0;
        }
        Some(std::mem::take(&mut waiting.jobs))
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Fails everything that arrives during `time`; true when closed meanwhile.
    fn refuse_for(&self, time: Duration, why: &StoreError) -> bool {
        let until = Instant::now() + time;
        loop {
            let mut waiting = self.lock();
            let jobs = std::mem::take(&mut waiting.jobs);
            let closed = waiting.closed;
            drop(waiting);
            for job in jobs {
                job.finish(Err(why.clone()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if closed || left.is_zero() {
                return closed;
            }
            let mut waiting = self.lock();
            if waiting.jobs.is_empty() && !waiting.closed {
                waiting.wake_at = 1;
                drop(self.arrived.wait_timeout(waiting, left));
            }
        }
    }
}

struct Worker {
    queue: Arc<Queue>,
    slot: Arc<EngineSlot>,
    metrics: StoreMetrics,
    existence: Existence,
}

impl Worker {
    fn run(self) {
        if let Ok(engine) = self.slot.engine() {
            self.existence.start_loading(&engine);
        }
        let mut last = 0;
        while let Some(jobs) = self.queue.take(last) {
            last = jobs.len();
            self.existence.finish_loading();
            let worked = match self.slot.engine() {
                Ok(engine) => self.work(&engine, jobs),
                Err(error) => {
                    jobs.into_iter().for_each(|job| job.finish(Err(error.clone())));
                    Err(error)
                }
            };
            if let Err(error) = worked
                && !self.recover(&error)
            {
                return;
            }
        }
    }

    /// Applies `jobs` in order, in as few batches as possible. After a failed write all that is left fails too.
    fn work(&self, engine: &Engine, jobs: VecDeque<Box<dyn Job>>) -> Result<(), StoreError> {
        let mut failed = None;
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            let mut tx = Tx::new(engine, &self.existence);
            let mut applied = Vec::with_capacity(jobs.len());
            let mut spoilt = false;
            while let Some(mut job) = jobs.next_if(|job| applied.is_empty() || !job.alone()) {
                if failed.is_none() {
                    tx.begin_operation();
                    // Its writes before the failure cannot always be separated from those of the others.
                    spoilt = !job.apply(&mut tx) && !tx.undo_operation();
                }
                let full = spoilt || job.alone() || tx.leaves_sweeps() || BATCH_ROWS_MAX <= tx.rows();
                applied.push(job);
                if full {
                    break;
                }
            }
            let outcome = match &failed {
                Some(error) => Err(StoreError::clone(error)),
                None if spoilt => Err(StoreError::Failed("an operation of the same batch failed".into())),
                // Unless the engine failed, only this batch was refused: damaged tables left no room.
                None => self.commit(tx, applied.len()).inspect_err(|error| {
                    self.existence.forget_members();
                    failed = engine.has_failed().then(|| error.clone());
                }),
            };
            applied.into_iter().for_each(|job| job.finish(outcome.clone()));
        }
        failed.map_or(Ok(()), Err)
    }

    fn commit(&self, tx: Tx<'_>, operations: usize) -> Result<(), StoreError> {
        let engine = tx.engine();
        let started = Instant::now();
        let sweeps = tx.commit()?;
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
        self.metrics.batch_size.observe(operations as f64);
        sweeps.iter().try_for_each(|sweep| sweep::finish_or_record(engine, &self.existence, sweep))
    }

    /// After a failed write it is unknown what reached the disk. So the engine is closed and opened again from the disk until
    /// that works; meanwhile every write is refused. False when the store was closed.
    fn recover(&self, error: &StoreError) -> bool {
        self.metrics.failures.inc();
        self.existence.forget();
        tracing::error!(%error, dir = %self.slot.dir.display(), "the embedded store cannot write; opening it again");
        let still_read = self.slot.engine().map_or_else(|_| Weak::new(), |engine| Arc::downgrade(&engine));
        self.slot.set_failed(&format!("the store cannot write: {error}"));
        loop {
            if self.queue.refuse_for(REOPEN_AFTER, error) {
                return false;
            }
            if 0 < still_read.strong_count() {
                continue;
            }
            match self.reopen(error) {
                Ok(Some(engine)) => {
                    let engine = Arc::new(engine);
                    self.existence.start_loading(&engine);
                    self.slot.set_open(engine);
                    tracing::info!("the embedded store writes again");
                    return true;
                }
                Ok(None) => return false,
                Err(still) => {
                    tracing::error!(error = %still, "the embedded store still cannot write; check the disk: {still}");
                    self.slot.set_failed(&format!("the store cannot write: {error}; {still}"));
                }
            }
        }
    }

    /// Opens the engine and makes sure that the disk takes writes; `None` when the store was closed meanwhile.
    fn reopen(&self, error: &StoreError) -> Result<Option<Engine>, OpenError> {
        let unwritable = |_| OpenError::Unwritable(self.slot.dir.clone());
        let engine = opening::open(&self.slot.dir)?;
        // The tail of the journal may be in memory only: written again as a table, it is on the disk.
        engine.start_flush().map_err(unwritable)?;
        while !engine.is_flushed().map_err(unwritable)? {
            if self.queue.refuse_for(FLUSH_CHECK, error) {
                return Ok(None);
            }
        }
        Ok(Some(engine))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Also when the thread panics: no caller may wait for a committer that is gone.
        let error = stopped();
        self.slot.set_failed("the store has stopped");
        self.queue.close();
        self.queue.refuse_for(Duration::ZERO, &error);
    }
}
