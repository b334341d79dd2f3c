//! Concurrent single calls travel together: what waits while the database works becomes one transaction.
//!
//! A call that comes alone leaves at once. While one lane works, what comes meanwhile waits for it, because a few large
//! batches cost the database far less than many small ones; another lane sets out when many are waiting, or when the
//! first takes long. Where the database refuses a batch because of a row, its halves are tried by themselves, until the
//! one call that is to blame is alone.

use super::database::Failure;
use crate::StoreMetrics;
use async_trait::async_trait;
use futures_util::FutureExt as _;
use landfall_domain::ids::AppId;
use landfall_domain::store::StoreError;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// Operations that may wait; one more is turned away.
pub(super) const QUEUE_MAX: usize = 16_384;
/// Operations that make another lane set out while others work. Measured with 256 callers on 2 cores: at 64 both cores
/// are busy, at 256 one of them waits half of the time, and below 64 the database spends more on transactions than on
/// rows.
const WORTH_A_LANE: usize = 64;
/// How long an operation waits at most for a lane that works before another sets out.
const WAIT_FOR_LANE: Duration = Duration::from_millis(20);
/// Weight after which a batch is full although more operations wait.
const BATCH_WEIGHT_MAX: usize = 4_096;
/// Operations in a batch, at most.
const BATCH_MAX: usize = 512;
/// What has waited longer than its caller is not begun any more.
pub(super) const PATIENCE: Duration = Duration::from_millis(2_500);

/// What operations of one kind do together.
#[async_trait]
pub(super) trait Batch: Send + Sync + 'static {
    /// One operation.
    type Ask: Send + Sync;
    /// What its caller gets.
    type Answer: Send;
    /// What is being done, for messages.
    const DOING: &'static str;

    /// How much of a batch one operation makes up: about the rows it writes.
    fn weight(ask: &Self::Ask) -> usize;

    /// Does everything asked for in one app, all or nothing; one answer for each, in order.
    async fn perform(&self, app: AppId, asks: &[Self::Ask]) -> Result<Vec<Self::Answer>, Failure>;
}

/// Hands operations to the lanes, which end when this is dropped and nothing is waiting.
pub(super) struct Lanes<B: Batch> {
    queue: Arc<Queue<B>>,
}

impl<B: Batch> Lanes<B> {
    /// Starts `lanes` lanes on the present runtime.
    pub(super) fn start(batch: B, lanes: usize, metrics: &StoreMetrics) -> Self {
        let state = Mutex::new(Waiting { jobs: VecDeque::new(), working: 0, closed: false });
        let queue = Arc::new(Queue { state, arrived: Notify::new() });
        let batch = Arc::new(batch);
        for _ in 0..lanes {
            let lane =
                Lane { queue: Arc::clone(&queue), batch: Arc::clone(&batch), metrics: metrics.clone() };
            tokio::spawn(lane.run());
        }
        Self { queue }
    }

    /// Does `ask` together with what else is waiting.
    pub(super) async fn run(&self, app: AppId, ask: B::Ask) -> Result<B::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Job { app, asked: Instant::now(), ask, reply })?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Failed("the store has stopped".into())),
            Err(_) => Err(Failure::Slow(PATIENCE).while_doing(B::DOING)),
        }
    }
}

impl<B: Batch> Drop for Lanes<B> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.arrived.notify_waiters();
    }
}

struct Job<B: Batch> {
    app: AppId,
    asked: Instant,
    ask: B::Ask,
    reply: oneshot::Sender<Result<B::Answer, StoreError>>,
}

struct Queue<B: Batch> {
    state: Mutex<Waiting<B>>,
    arrived: Notify,
}

struct Waiting<B: Batch> {
    jobs: VecDeque<Job<B>>,
    /// Lanes that have a batch under way.
    working: usize,
    closed: bool,
}

impl<B: Batch> Queue<B> {
    fn lock(&self) -> MutexGuard<'_, Waiting<B>> {
        // Jobs are added and taken in single steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job<B>) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if QUEUE_MAX <= waiting.jobs.len() {
            return Err(StoreError::Busy);
        }
        waiting.jobs.push_back(job);
        // The first wakes a lane, which waits for the moment to set out; one that has ended its work looks by itself.
        let wake = waiting.jobs.len() == 1 || waiting.jobs.len() == WORTH_A_LANE;
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// A batch, when it is time for one; it is [under way](UnderWay). `None` when closed and empty.
    async fn take(&self) -> Option<Vec<Job<B>>> {
        loop {
            let arrived = self.arrived.notified();
            let wait = {
                let mut waiting = self.lock();
                match waiting.time_to_set_out() {
                    Some(wait) if wait.is_zero() || waiting.closed => {
                        let batch = waiting.take_batch();
                        waiting.working += 1;
                        if !waiting.jobs.is_empty() {
                            // Of another app, or too many: for another lane.
                            self.arrived.notify_one();
                        }
                        return Some(batch);
                    }
                    None if waiting.closed => return None,
                    wait => wait,
                }
            };
            match wait {
                // Whether it is woken or it is time: it looks again.
                Some(wait) => drop(tokio::time::timeout(wait, arrived).await),
                None => arrived.await,
            }
        }
    }
}

/// A batch that was taken. Counts as ended when this is dropped, by a panic too.
struct UnderWay<'queue, B: Batch>(&'queue Queue<B>);

impl<B: Batch> Drop for UnderWay<'_, B> {
    fn drop(&mut self) {
        self.0.lock().working -= 1;
    }
}

impl<B: Batch> Waiting<B> {
    /// How long what waits goes on waiting for a lane that works; `None` when nothing waits.
    fn time_to_set_out(&self) -> Option<Duration> {
        let oldest = self.jobs.front()?;
        Some(if self.working == 0 || WORTH_A_LANE <= self.jobs.len() {
            Duration::ZERO
        } else {
            WAIT_FOR_LANE.saturating_sub(oldest.asked.elapsed())
        })
    }

    /// What waits in the app of the first that waits, as much as fits a batch; the others keep their order.
    fn take_batch(&mut self) -> Vec<Job<B>> {
        let Some(app) = self.jobs.front().map(|job| job.app) else { return Vec::new() };
        let mut batch = Vec::with_capacity(self.jobs.len().min(BATCH_MAX));
        let mut weight = 0;
        let mut left = VecDeque::new();
        while let Some(job) = self.jobs.pop_front() {
            let full = batch.len() == BATCH_MAX || (!batch.is_empty() && BATCH_WEIGHT_MAX <= weight);
            if full || job.app != app {
                left.push_back(job);
                if full {
                    break;
                }
            } else {
                weight += B::weight(&job.ask);
                batch.push(job);
            }
        }
        left.append(&mut self.jobs);
        self.jobs = left;
        batch
    }
}

struct Lane<B: Batch> {
    queue: Arc<Queue<B>>,
    batch: Arc<B>,
    metrics: StoreMetrics,
}

impl<B: Batch> Lane<B> {
    async fn run(self) {
        while let Some(jobs) = self.queue.take().await {
            let _under_way = UnderWay(&self.queue);
            let wanted = jobs.into_iter().filter(|job| job.asked.elapsed() < PATIENCE);
            let (mut asks, mut replies) = (Vec::new(), Vec::new());
            let mut app = None;
            for job in wanted {
                app = Some(job.app);
                asks.push(job.ask);
                replies.push(job.reply);
            }
            if let Some(app) = app {
                self.settle(app, &asks, replies).await;
            }
        }
    }

    /// Answers every caller.
    async fn settle(
        &self,
        app: AppId,
        asks: &[B::Ask],
        mut replies: Vec<oneshot::Sender<Result<B::Answer, StoreError>>>,
    ) {
        let started = Instant::now();
        // A lane outlives whatever happens to a batch.
        let performed = AssertUnwindSafe(self.batch.perform(app, asks)).catch_unwind().await;
        let error = match performed.unwrap_or(Err(Failure::Panicked)) {
            Ok(answers) => {
                self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
                self.metrics.batch_size.observe(asks.len() as f64);
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller that went away does not want its answer; the work is done all the same.
                    drop(reply.send(Ok(answer)));
                }
                return;
            }
            Err(failure) if failure.blames_a_row() && 1 < asks.len() => {
                let later = replies.split_off(asks.len() / 2);
                let (first, second) = asks.split_at(asks.len() / 2);
                Box::pin(self.settle(app, first, replies)).await;
                return Box::pin(self.settle(app, second, later)).await;
            }
            Err(failure) => failure.while_doing(B::DOING),
        };
        self.metrics.failures.inc();
        for reply in replies {
            drop(reply.send(Err(error.clone())));
        }
    }
}
