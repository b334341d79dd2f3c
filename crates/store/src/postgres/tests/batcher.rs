//! How calls wait for workers, with a batch of the test's own that waits for permits.

use super::*;
use crate::postgres::batcher::{Batch, Batcher, Pace, QUEUE_MAX};
use crate::suite::{APP, at_once};
use std::task::{Context as TaskContext, Waker};
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc, oneshot};

const OTHER: AppId = AppId(APP.0 + 1);

/// A batch of this alone panics.
const BREAKS: u32 = 13;

/// Answers numbers with their double; a batch of [`APP`] is not done before it may.
struct Doubling {
    may: Arc<Semaphore>,
    /// Receives every batch that begins.
    begun: mpsc::UnboundedSender<(AppId, Vec<u32>)>,
    /// Dropped with the last worker.
    _alive: oneshot::Sender<()>,
}

#[async_trait]
impl Batch for Doubling {
    type Request = u32;
    type Reply = u32;
    const DOING: &'static str = "doubling";

    fn weight(_: &u32) -> usize {
        1
    }

    async fn perform(&self, app: AppId, requests: &[u32]) -> Result<Vec<u32>, Failure> {
        self.begun.send((app, requests.to_vec())).unwrap();
        assert_ne!(requests, [BREAKS], "a batch broke off, as it was asked to");
        if app == APP {
            self.may.acquire().await.unwrap().forget();
        }
        Ok(requests.iter().map(|request| 2 * request).collect())
    }
}

/// A batcher, and the permits for its batches.
struct Held {
    batcher: Batcher<Doubling>,
    may: Arc<Semaphore>,
    begun: mpsc::UnboundedReceiver<(AppId, Vec<u32>)>,
    ended: oneshot::Receiver<()>,
}

fn held(workers: usize) -> Held {
    let (begin, begun) = mpsc::unbounded_channel();
    let (_alive, ended) = oneshot::channel();
    let may = Arc::new(Semaphore::new(0));
    let batch = Doubling { may: Arc::clone(&may), begun: begin, _alive };
    Held {
        batcher: Batcher::start(batch, workers, Pace::TOGETHER, &StoreMetrics::default()),
        may,
        begun,
        ended,
    }
}

impl Held {
    /// From now on nothing is held back.
    fn let_go(&self) {
        self.may.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// Calls without waiting for the reply.
fn called<Reply>(call: impl Future<Output = Reply>) -> impl Future<Output = Reply> {
    let mut call = Box::pin(call);
    assert!(call.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
    call
}

fn is_busy<Reply>(answer: &Result<Reply, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Busy))
}

#[tokio::test]
async fn waiting_calls_are_batched_in_order_and_by_app() {
    let mut held = held(1);
    let requests = [(APP, 1), (APP, 2), (APP, 3), (OTHER, 4), (OTHER, 5), (APP, 6)];
    let batcher = &held.batcher;
    let first = called(batcher.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    let calls: Vec<_> = requests.map(|(app, request)| called(batcher.run(app, request))).into();
    held.may.add_permits(2);
    assert_eq!(first.await.unwrap(), 0);
    let answers: Vec<_> = in_time(at_once(calls)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [2, 4, 6, 8, 10, 12]);
    for expected in [(APP, vec![1, 2, 3, 6]), (OTHER, vec![4, 5])] {
        assert_eq!(held.begun.recv().await, Some(expected));
    }
}

#[tokio::test]
async fn a_call_that_comes_alone_starts_at_once() {
    let mut held = held(2);
    let stuck = called(held.batcher.run(APP, 1));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![1])));
    // The other worker is free: the call does not wait for more.
    assert_eq!(in_time(held.batcher.run(OTHER, 2)).await.unwrap(), 4);
    assert_eq!(held.begun.recv().await, Some((OTHER, vec![2])));
    held.let_go();
    assert_eq!(in_time(stuck).await.unwrap(), 2);
}

#[tokio::test]
async fn a_full_queue_turns_the_next_away() {
    let mut held = held(1);
    let first = called(held.batcher.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    let waiting: Vec<_> =
        (1..).map(|request| called(held.batcher.run(APP, request))).take(QUEUE_MAX).collect();
    assert!(is_busy(&held.batcher.run(APP, 0).await));
    assert!(is_busy(&held.batcher.run(OTHER, 0).await));
    held.let_go();
    assert_eq!(in_time(first).await.unwrap(), 0);
    // A call that was let in is served, or fails in time.
    let answers = in_time(at_once(waiting)).await;
    assert!(!answers.iter().any(is_busy));
    assert_eq!(answers[0].as_ref().unwrap(), &2);
    assert_eq!(in_time(held.batcher.run(APP, 21)).await.unwrap(), 42);
}

#[tokio::test]
async fn callers_that_go_away_do_not_disturb_the_others() {
    let mut held = held(1);
    let first = called(held.batcher.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    drop(first);
    let mut calls: Vec<_> = (1..8).map(|request| called(held.batcher.run(APP, request))).collect();
    drop(calls.drain(2..5));
    held.let_go();
    let answers: Vec<_> = in_time(at_once(calls)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [2, 4, 12, 14]);
    // A request cannot be taken back.
    assert_eq!(held.begun.recv().await, Some((APP, (1..8).collect())));
}

#[tokio::test]
async fn a_caller_waits_no_longer_than_it_has_patience() {
    let held = held(1);
    let started = Instant::now();
    let slow = held.batcher.run(APP, 1).await.unwrap_err();
    assert!(slow.to_string().contains("did not answer within 2500 ms"), "{slow}");
    let took = started.elapsed();
    assert!(PATIENCE <= took && took < PATIENCE + Duration::from_secs(2), "{took:?}");
    held.let_go();
    assert_eq!(held.batcher.run(APP, 2).await.unwrap(), 4);
}

#[tokio::test]
async fn a_worker_outlives_a_batch_that_panics() {
    let held = held(1);
    let broken = in_time(held.batcher.run(APP, BREAKS)).await.unwrap_err();
    assert!(broken.to_string().contains("the work broke off"), "{broken}");
    held.let_go();
    assert_eq!(in_time(held.batcher.run(APP, 2)).await.unwrap(), 4);
}

#[tokio::test]
async fn workers_end_with_the_store() {
    let Held { batcher, may, ended, begun: _begun } = held(4);
    may.add_permits(1);
    assert_eq!(batcher.run(APP, 1).await.unwrap(), 2);
    drop(batcher);
    in_time(ended).await.unwrap_err();
}
