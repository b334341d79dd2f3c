//! Batches concurrent imports: all calls that wait while the database works share the next transaction.
//!
//! A call that comes alone starts at once. While one worker is busy, further calls wait for it, because a few large
//! batches cost the database far less than many small ones; another worker starts when many calls are waiting, or when
//! the first takes long. Where the database refuses a batch because of a row, its halves are tried separately, until the
//! call to blame is alone.

use super::failure::Failure;
use crate::StoreMetrics;
use crate::unpoisoned::unpoisoned;
use async_trait::async_trait;
use futures_util::FutureExt as _;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// Calls that may wait; the next is turned away.
pub(super) const QUEUE_MAX: usize = 16_384;
/// When another worker starts while others are busy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Calls that wait, at least.
    pub(super) worth_a_worker: usize,
    /// How long a call waits at most for a busy worker before another starts.
    pub(super) wait: Duration,
}

impl Pace {
    /// Measured with 256 callers on 2 cores: at 64 both cores are busy, at 256 one of them waits half of the time, and
    /// below 64 the database spends more on transactions than on rows.
    pub(super) const TOGETHER: Self = Self { worth_a_worker: 64, wait: Duration::from_millis(20) };
    /// A transaction over several nodes costs as much as a hundred imports of it.
    pub(super) const SPREAD: Self = Self { worth_a_worker: 128, wait: Duration::from_millis(100) };
}

/// Weight at which a batch is full although more calls wait.
const BATCH_WEIGHT_MAX: usize = 4_096;
/// Calls in a batch, at most.
const BATCH_MAX: usize = 512;
/// How long a caller waits. A call that has waited longer is not begun.
pub(super) const PATIENCE: Duration = Duration::from_millis(2_500);

/// How calls of one kind are performed together.
#[async_trait]
pub(super) trait Batch: Send + Sync + 'static {
    type Request: Send + Sync;
    type Reply: Send;
    /// What the batch does, for error messages.
    const DOING: &'static str;

    /// How much of a batch one call makes up: about the rows it writes.
    fn weight(request: &Self::Request) -> usize;

    /// Which of the requests need a node of the database that does not answer.
    async fn out_of_reach(&self, requests: &[Self::Request]) -> Result<Vec<bool>, Failure> {
        Ok(requests.iter().map(|_| false).collect())
    }

    /// Performs all requests, which are of one app, or none of them; one reply for each, in order.
    async fn perform(&self, app: AppId, requests: &[Self::Request]) -> Result<Vec<Self::Reply>, Failure>;
}

/// Hands calls to its workers, which end when this is dropped and no call is waiting.
pub(super) struct Batcher<B: Batch> {
    queue: Arc<Queue<B>>,
}

impl<B: Batch> Batcher<B> {
    /// Starts the workers on the present runtime.
    pub(super) fn start(batch: B, workers: usize, pace: Pace, metrics: &StoreMetrics) -> Self {
        let state = Mutex::new(QueueState { jobs: VecDeque::new(), working: 0, closed: false, pace });
        let queue = Arc::new(Queue { state, arrived: Notify::new() });
        let batch = Arc::new(batch);
        for _ in 0..workers {
            let worker =
                Worker { queue: Arc::clone(&queue), batch: Arc::clone(&batch), metrics: metrics.clone() };
            tokio::spawn(worker.run());
        }
        Self { queue }
    }

    /// Performs `request` together with others that wait.
    pub(super) async fn run(&self, app: AppId, request: B::Request) -> Result<B::Reply, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Job { app, queued: Instant::now(), request, reply })?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Failed("the store has stopped".into())),
            Err(_) => Err(Failure::Slow(PATIENCE).while_doing(B::DOING)),
        }
    }
}

impl<B: Batch> Drop for Batcher<B> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.arrived.notify_waiters();
    }
}

/// Where a caller waits.
type Replier<B> = oneshot::Sender<Result<<B as Batch>::Reply, StoreError>>;

struct Job<B: Batch> {
    app: AppId,
    queued: Instant,
    request: B::Request,
    reply: Replier<B>,
}

struct Queue<B: Batch> {
    state: Mutex<QueueState<B>>,
    arrived: Notify,
}

struct QueueState<B: Batch> {
    jobs: VecDeque<Job<B>>,
    /// Workers that have a batch under way.
    working: usize,
    closed: bool,
    pace: Pace,
}

impl<B: Batch> Queue<B> {
    fn lock(&self) -> MutexGuard<'_, QueueState<B>> {
        // Every change of the queue is one step.
        unpoisoned(self.state.lock())
    }

    fn push(&self, job: Job<B>) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if QUEUE_MAX <= waiting.jobs.len() {
            return Err(StoreError::Busy);
        }
        waiting.jobs.push_back(job);
        // The first wakes a worker, which waits for the moment to start; a worker that has finished checks by itself.
        let wake = waiting.jobs.len() == 1 || waiting.jobs.len() == waiting.pace.worth_a_worker;
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// The next batch, once it is time to start one; it counts as [running](RunningBatch). `None` when closed and empty.
    async fn take(&self) -> Option<Vec<Job<B>>> {
        loop {
            let arrived = self.arrived.notified();
            let wait = {
                let mut waiting = self.lock();
                match waiting.time_to_start() {
                    Some(wait) if wait.is_zero() || waiting.closed => {
                        let batch = waiting.take_batch();
                        waiting.working += 1;
                        if !waiting.jobs.is_empty() {
                            // Of another app, or too many: for another worker.
                            self.arrived.notify_one();
                        }
                        return Some(batch);
                    }
                    None if waiting.closed => return None,
                    wait => wait,
                }
            };
            match wait {
                // Woken or timed out, it checks again.
                Some(wait) => drop(tokio::time::timeout(wait, arrived).await),
                None => arrived.await,
            }
        }
    }
}

/// A batch under way, which ends when this is dropped, by a panic too.
struct RunningBatch<'queue, B: Batch>(&'queue Queue<B>);

impl<B: Batch> Drop for RunningBatch<'_, B> {
    fn drop(&mut self) {
        self.0.lock().working -= 1;
    }
}

impl<B: Batch> QueueState<B> {
    /// How long the waiting calls go on waiting for a busy worker; `None` when none waits.
    fn time_to_start(&self) -> Option<Duration> {
        let oldest = self.jobs.front()?;
        Some(if self.working == 0 || self.pace.worth_a_worker <= self.jobs.len() {
            Duration::ZERO
        } else {
            self.pace.wait.saturating_sub(oldest.queued.elapsed())
        })
    }

    /// The calls of the first one's app, as many as fit a batch; the others keep their order.
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
                weight += B::weight(&job.request);
                batch.push(job);
            }
        }
        left.append(&mut self.jobs);
        self.jobs = left;
        batch
    }
}

struct Worker<B: Batch> {
    queue: Arc<Queue<B>>,
    batch: Arc<B>,
    metrics: StoreMetrics,
}

impl<B: Batch> Worker<B> {
    async fn run(self) {
        while let Some(jobs) = self.queue.take().await {
            let _running = RunningBatch(&self.queue);
            let wanted = jobs.into_iter().filter(|job| job.queued.elapsed() < PATIENCE);
            let (mut requests, mut replies) = (Vec::new(), Vec::new());
            let mut app = None;
            for job in wanted {
                app = Some(job.app);
                requests.push(job.request);
                replies.push(job.reply);
            }
            if let Some(app) = app {
                let (requests, replies) = self.within_reach(requests, replies).await;
                if !requests.is_empty() {
                    self.perform(app, &requests, replies).await;
                }
            }
        }
    }

    /// Answers the callers that cannot be served now, so that the others need not wait for them.
    async fn within_reach(
        &self,
        requests: Vec<B::Request>,
        replies: Vec<Replier<B>>,
    ) -> (Vec<B::Request>, Vec<Replier<B>>) {
        // Where that cannot be known, the batch finds out.
        let Ok(away) = self.batch.out_of_reach(&requests).await else { return (requests, replies) };
        let mut within = (Vec::with_capacity(requests.len()), Vec::with_capacity(requests.len()));
        for ((request, reply), away) in requests.into_iter().zip(replies).zip(away) {
            if away {
                self.metrics.failures.inc();
                drop(reply.send(Err(Failure::Away.while_doing(B::DOING))));
            } else {
                within.0.push(request);
                within.1.push(reply);
            }
        }
        within
    }

    /// Performs a batch and answers every caller.
    async fn perform(&self, app: AppId, requests: &[B::Request], mut replies: Vec<Replier<B>>) {
        let started = Instant::now();
        // A worker outlives whatever happens to a batch.
        let performed = AssertUnwindSafe(self.batch.perform(app, requests)).catch_unwind().await;
        let error = match performed.unwrap_or(Err(Failure::Panicked)) {
            Ok(answers) => {
                self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
                self.metrics.batch_size.observe(requests.len() as f64);
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller that went away does not want its reply; the work is done all the same.
                    drop(reply.send(Ok(answer)));
                }
                return;
            }
            Err(failure) if failure.blames_a_row() && 1 < requests.len() => {
                let later = replies.split_off(requests.len() / 2);
                let (first, second) = requests.split_at(requests.len() / 2);
                Box::pin(self.perform(app, first, replies)).await;
                return Box::pin(self.perform(app, second, later)).await;
            }
            Err(failure) => failure.while_doing(B::DOING),
        };
        self.metrics.failures.inc();
        for reply in replies {
            drop(reply.send(Err(error.clone())));
        }
    }
}
