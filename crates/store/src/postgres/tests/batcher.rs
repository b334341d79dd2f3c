//! How operations wait for lanes: with work of the test's own, that goes on when it is told to.

use super::*;
use crate::postgres::batcher::{Batch, Lanes, QUEUE_MAX};
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
    /// Hears of every batch that begins.
    begun: mpsc::UnboundedSender<(AppId, Vec<u32>)>,
    /// Gone with the last lane.
    _alive: oneshot::Sender<()>,
}

#[async_trait]
impl Batch for Doubling {
    type Ask = u32;
    type Answer = u32;
    const DOING: &'static str = "doubling";

    fn weight(_: &u32) -> usize {
        1
    }

    async fn perform(&self, app: AppId, asks: &[u32]) -> Result<Vec<u32>, Failure> {
        self.begun.send((app, asks.to_vec())).unwrap();
        assert_ne!(asks, [BREAKS], "a batch broke off, as it was asked to");
        if app == APP {
            self.may.acquire().await.unwrap().forget();
        }
        Ok(asks.iter().map(|ask| 2 * ask).collect())
    }
}

/// Lanes, and the test's hold on them.
struct Held {
    lanes: Lanes<Doubling>,
    may: Arc<Semaphore>,
    begun: mpsc::UnboundedReceiver<(AppId, Vec<u32>)>,
    ended: oneshot::Receiver<()>,
}

fn held(lanes: usize) -> Held {
    let (begin, begun) = mpsc::unbounded_channel();
    let (_alive, ended) = oneshot::channel();
    let may = Arc::new(Semaphore::new(0));
    let batch = Doubling { may: Arc::clone(&may), begun: begin, _alive };
    Held { lanes: Lanes::start(batch, lanes, &StoreMetrics::default()), may, begun, ended }
}

impl Held {
    /// From now on nothing is held back.
    fn let_go(&self) {
        self.may.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// Asks without waiting for the answer.
fn asked<Answer>(call: impl Future<Output = Answer>) -> impl Future<Output = Answer> {
    let mut call = Box::pin(call);
    assert!(call.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending());
    call
}

fn is_busy<Answer>(answer: &Result<Answer, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Busy))
}

#[tokio::test]
async fn what_waits_travels_together_in_order_and_by_app() {
    let mut held = held(1);
    let asks = [(APP, 1), (APP, 2), (APP, 3), (OTHER, 4), (OTHER, 5), (APP, 6)];
    let lanes = &held.lanes;
    let first = asked(lanes.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    let calls: Vec<_> = asks.map(|(app, ask)| asked(lanes.run(app, ask))).into();
    held.may.add_permits(2);
    assert_eq!(first.await.unwrap(), 0);
    let answers: Vec<_> = in_time(at_once(calls)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [2, 4, 6, 8, 10, 12]);
    for expected in [(APP, vec![1, 2, 3, 6]), (OTHER, vec![4, 5])] {
        assert_eq!(held.begun.recv().await, Some(expected));
    }
}

#[tokio::test]
async fn a_call_that_comes_alone_leaves_at_once() {
    let mut held = held(2);
    let stuck = asked(held.lanes.run(APP, 1));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![1])));
    // The other lane is free: nothing has to come along.
    assert_eq!(in_time(held.lanes.run(OTHER, 2)).await.unwrap(), 4);
    assert_eq!(held.begun.recv().await, Some((OTHER, vec![2])));
    held.let_go();
    assert_eq!(in_time(stuck).await.unwrap(), 2);
}

#[tokio::test]
async fn a_full_queue_turns_the_next_away() {
    let mut held = held(1);
    let first = asked(held.lanes.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    let waiting: Vec<_> = (1..).map(|ask| asked(held.lanes.run(APP, ask))).take(QUEUE_MAX).collect();
    assert!(is_busy(&held.lanes.run(APP, 0).await));
    assert!(is_busy(&held.lanes.run(OTHER, 0).await));
    held.let_go();
    assert_eq!(in_time(first).await.unwrap(), 0);
    // Whoever was let in is served, or told in time that it was not.
    let answers = in_time(at_once(waiting)).await;
    assert!(!answers.iter().any(is_busy));
    assert_eq!(answers[0].as_ref().unwrap(), &2);
    assert_eq!(in_time(held.lanes.run(APP, 21)).await.unwrap(), 42);
}

#[tokio::test]
async fn callers_that_go_away_hurt_nobody() {
    let mut held = held(1);
    let first = asked(held.lanes.run(APP, 0));
    assert_eq!(in_time(held.begun.recv()).await, Some((APP, vec![0])));
    drop(first);
    let mut calls: Vec<_> = (1..8).map(|ask| asked(held.lanes.run(APP, ask))).collect();
    drop(calls.drain(2..5));
    held.let_go();
    let answers: Vec<_> = in_time(at_once(calls)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [2, 4, 12, 14]);
    // Nobody can take back what was asked for.
    assert_eq!(held.begun.recv().await, Some((APP, (1..8).collect())));
}

#[tokio::test]
async fn a_caller_waits_no_longer_than_it_has_patience() {
    let held = held(1);
    let started = Instant::now();
    let slow = held.lanes.run(APP, 1).await.unwrap_err();
    assert!(slow.to_string().contains("did not answer within 2500 ms"), "{slow}");
    let took = started.elapsed();
    assert!(PATIENCE <= took && took < PATIENCE + Duration::from_secs(2), "{took:?}");
    held.let_go();
    assert_eq!(held.lanes.run(APP, 2).await.unwrap(), 4);
}

#[tokio::test]
async fn a_lane_outlives_a_batch_that_panics() {
    let held = held(1);
    let broken = in_time(held.lanes.run(APP, BREAKS)).await.unwrap_err();
    assert!(broken.to_string().contains("the work broke off"), "{broken}");
    held.let_go();
    assert_eq!(in_time(held.lanes.run(APP, 2)).await.unwrap(), 4);
}

#[tokio::test]
async fn lanes_end_with_the_store() {
    let Held { lanes, may, ended, begun: _begun } = held(4);
    may.add_permits(1);
    assert_eq!(lanes.run(APP, 1).await.unwrap(), 2);
    drop(lanes);
    in_time(ended).await.unwrap_err();
}
