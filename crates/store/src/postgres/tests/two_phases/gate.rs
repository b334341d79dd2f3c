//! What stands between the other nodes and a worker, and can stop a transaction at a point.

use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where a transaction is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// The worker has prepared, and its answer is not there yet.
    Prepared,
    /// It is decided, and the worker does not know yet.
    Committing,
}

/// What a gate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Waiting(Point),
    /// Something is held.
    Holding,
}

/// A port in front of a worker's.
pub(super) struct Gate {
    pub(super) port: u16,
    state: Arc<watch::Sender<State>>,
}

impl Gate {
    pub(super) async fn before(worker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::Sender::new(State::Open));
        tokio::spawn(accept(listener, worker, Arc::clone(&state)));
        Self { port, state }
    }

    /// Holds the next transaction that comes to `point`.
    pub(super) fn hold(&self, point: Point) {
        self.state.send_replace(State::Waiting(point));
    }

    /// A transaction is held.
    pub(super) async fn reached(&self) {
        self.state.subscribe().wait_for(|state| *state == State::Holding).await.unwrap();
    }

    /// Holds nothing any more.
    pub(super) fn open(&self) {
        self.state.send_replace(State::Open);
    }
}

async fn accept(listener: TcpListener, worker: u16, state: Arc<watch::Sender<State>>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let Ok(far) = TcpStream::connect(("127.0.0.1", worker)).await else { continue };
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        let prepares = watch::Sender::new(false);
        let answers = Direction { state: Arc::clone(&state), prepares: prepares.subscribe() };
        tokio::spawn(answers.carry_back(from_far, to_near));
        tokio::spawn(carry_there(from_near, to_far, Arc::clone(&state), prepares));
    }
}

/// Waits if the gate waits for `point`.
async fn pass(state: &watch::Sender<State>, point: Point) {
    let held = state.send_if_modified(|state| {
        let holds = *state == State::Waiting(point);
        if holds {
            *state = State::Holding;
        }
        holds
    });
    if held {
        drop(state.subscribe().wait_for(|state| *state == State::Open).await);
    }
}

/// Carries what is sent to the worker.
async fn carry_there(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: Arc<watch::Sender<State>>,
    prepares: watch::Sender<bool>,
) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let said = |words: &[u8]| chunk[..length].windows(words.len()).any(|window| window == words);
        if said(b"COMMIT PREPARED") {
            pass(&state, Point::Committing).await;
        }
        prepares.send_replace(said(b"PREPARE TRANSACTION"));
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}

/// Carries the answers of the worker.
struct Direction {
    state: Arc<watch::Sender<State>>,
    prepares: watch::Receiver<bool>,
}

impl Direction {
    async fn carry_back(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut chunk = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            if *self.prepares.borrow() {
                pass(&self.state, Point::Prepared).await;
            }
            if to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    }
}
