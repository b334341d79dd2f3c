//! One connection: its requests one after another, and how long each part may take.

mod framing;

use framing::Framing;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Largest head of a request, bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Serves one connection until the client closes it, it is too slow, it has to make room, or `drain` says to end.
pub(crate) async fn serve<S, A, F>(
    stream: S,
    pace: Arc<Pace>,
    limits: PaceLimits,
    mut drain: watch::Receiver<bool>,
    answer: A,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let service = service_fn(|request| {
        pace.work_begins();
        let (answering, pace) = (answer(request), &pace);
        async move {
            let response = answering.await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                pace.hands_over();
            } else {
                pace.work_ends();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let io = TokioIo::new(Paced { stream, pace: Arc::clone(&pace), framing: Framing::default() });
    let mut requests = pin!(
        http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            // A client that has sent everything may close its half and still wants the answer.
            .half_close(true)
            .serve_connection(io, service)
            .with_upgrades()
    );
    let mut check = pin!(tokio::time::sleep(limits.shortest()));
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            ended = &mut requests => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended: {error}");
                }
                return;
            }
            () = &mut check => match pace.due(limits) {
                Due::Now(phase) => {
                    tracing::debug!(?phase, "a connection was closed: too slow in {phase:?}");
                    return;
                }
                Due::At(moment) => check.as_mut().reset(moment),
            },
            () = pace.asked_to_leave() => {
                tracing::debug!("a connection was closed to make room");
                return;
            }
            // An error means that the server is gone, which also ends the connection.
            _ = drain.changed(), if !draining => {
                draining = true;
                requests.as_mut().graceful_shutdown();
            }
        }
    }
}

/// How long each phase of a connection may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaceLimits {
    pub(crate) idle: Duration,
    pub(crate) head: Duration,
    pub(crate) body: Duration,
}

impl PaceLimits {
    fn of(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Idle => Some(self.idle),
            Phase::Head => Some(self.head),
            Phase::Body => Some(self.body),
            Phase::Work => None,
        }
    }

    fn shortest(&self) -> Duration {
        self.idle.min(self.head).min(self.body)
    }
}

/// What a connection is doing. The time of the server's own work is bounded elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing arrives; an answer may still be on its way to the client.
    Idle = 0,
    /// The head of a request arrives.
    Head = 1,
    /// Its body arrives.
    Body = 2,
    /// It is worked on.
    Work = 3,
}

/// Time in steps of [`STEP`], counted by one task, so that watching the pace of a call costs no look at a clock.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU64);

/// One tick.
const STEP: Duration = Duration::from_millis(250);

impl Ticks {
    /// Counts for as long as the server runs.
    pub(crate) async fn count(self: Arc<Self>) {
        let mut step = tokio::time::interval(STEP);
        loop {
            step.tick().await;
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The phase of a connection and since when, in one number.
///
/// One timer a connection looks now and then; it comes late by at most the shortest limit.
#[derive(Debug)]
pub(crate) struct Pace {
    ticks: Arc<Ticks>,
    /// The tick at which the phase began, times 4, plus the phase.
    state: AtomicU64,
    /// Whether it is a WebSocket now, whose bytes are no heads.
    handed_over: AtomicBool,
    /// Whether the client does not take what is written.
    blocked: AtomicBool,
    /// Whether somebody signed a call on it.
    proved: AtomicBool,
    /// Whether the head that has arrived says twice how long its body is.
    twice_framed: AtomicBool,
    /// Whether it is to make room.
    asked: AtomicBool,
    leave: Notify,
}

/// Which connections make room before others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Nobody has signed anything on it, and it waits for its client.
    Stranger,
    /// It is at rest between calls that were signed.
    Caller {
        /// The tick since when it is.
        idle_since: u64,
    },
}

enum Due {
    Now(Phase),
    At(Instant),
}

impl Pace {
    /// Nothing has arrived yet.
    pub(crate) fn new(ticks: Arc<Ticks>) -> Self {
        let pace = Self {
            ticks,
            state: AtomicU64::new(0),
            handed_over: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            proved: AtomicBool::new(false),
            twice_framed: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            leave: Notify::new(),
        };
        pace.enter(Phase::Idle);
        pace
    }

    fn enter(&self, phase: Phase) {
        let now = self.ticks.0.load(Ordering::Relaxed);
        self.state.store((now << 2) | phase as u64, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        match self.state.load(Ordering::Relaxed) & 3 {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Body,
            _ => Phase::Work,
        }
    }

    pub(crate) fn work_begins(&self) {
        self.enter(Phase::Work);
    }

    /// What is left to do waits for the client alone.
    pub(crate) fn work_ends(&self) {
        self.enter(Phase::Idle);
    }

    pub(crate) fn body_begins(&self) {
        self.enter(Phase::Body);
    }

    pub(crate) fn body_ends(&self) {
        self.enter(Phase::Work);
    }

    fn hands_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    /// A call on it was signed, by whomever.
    pub(crate) fn proves_who_calls(&self) {
        self.proved.store(true, Ordering::Relaxed);
    }

    /// Whether the request at hand says twice how long its body is.
    pub(crate) fn is_framed_twice(&self) -> bool {
        self.twice_framed.load(Ordering::Relaxed)
    }

    /// How soon it is to make room: the smallest goes first. `None` while it is worked on, or is asked already.
    pub(crate) fn rank(&self) -> Option<Rank> {
        if self.asked.load(Ordering::Relaxed) { None } else { self.can_make_room() }
    }

    fn can_make_room(&self) -> Option<Rank> {
        let phase = self.phase();
        if !self.proved.load(Ordering::Relaxed) {
            return (phase != Phase::Work).then_some(Rank::Stranger);
        }
        let is_at_rest = phase == Phase::Idle && !self.blocked.load(Ordering::Relaxed);
        is_at_rest.then(|| Rank::Caller { idle_since: self.state.load(Ordering::Relaxed) >> 2 })
    }

    /// Asks it to make room, if it still can when it hears of it.
    pub(crate) fn ask_to_leave(&self) {
        self.asked.store(true, Ordering::Relaxed);
        self.leave.notify_one();
    }

    /// Is done when the connection is to be closed to make room for another.
    pub(crate) async fn asked_to_leave(&self) {
        loop {
            self.leave.notified().await;
            if self.can_make_room().is_some() {
                return;
            }
            self.asked.store(false, Ordering::Relaxed);
        }
    }

    fn due(&self, limits: PaceLimits) -> Due {
        let phase = self.phase();
        let since = self.state.load(Ordering::Relaxed) >> 2;
        let passed = self.ticks.0.load(Ordering::Relaxed).saturating_sub(since);
        let passed = STEP.saturating_mul(u32::try_from(passed).unwrap_or(u32::MAX));
        let now = Instant::now();
        match limits.of(phase).map(|limit| limit.saturating_sub(passed)) {
            Some(Duration::ZERO) => Due::Now(phase),
            Some(left) => Due::At(now + left.min(limits.shortest())),
            None => Due::At(now + limits.shortest()),
        }
    }
}

/// A stream that tells its [`Pace`] when bytes arrive, and when none can be written.
struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    framing: Framing,
}

impl<S> Paced<S> {
    /// Takes in what has arrived.
    fn heard(&mut self, bytes: &[u8]) {
        if self.pace.handed_over.load(Ordering::Relaxed) {
            return;
        }
        if self.pace.phase() == Phase::Idle {
            self.pace.enter(Phase::Head);
        }
        let twice = self.framing.read(bytes);
        self.pace.twice_framed.store(twice, Ordering::Relaxed);
    }

    fn noting<T>(&self, written: Poll<T>) -> Poll<T> {
        self.pace.blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let arrived = buffer.filled().get(before..).unwrap_or_default();
        if !arrived.is_empty() {
            self.heard(arrived);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noting(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.noting(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_its_client_makes_room_and_strangers_do_so_first() {
        let ticks = Arc::<Ticks>::default();
        let stranger = Pace::new(Arc::clone(&ticks));
        assert_eq!(stranger.rank(), Some(Rank::Stranger));
        stranger.enter(Phase::Head);
        assert_eq!(stranger.rank(), Some(Rank::Stranger), "a head that does not get whole");
        stranger.work_begins();
        assert_eq!(stranger.rank(), None, "its signature is being looked at");
        stranger.body_begins();
        assert_eq!(stranger.rank(), Some(Rank::Stranger), "a body that is thrown away");

        let caller = Pace::new(Arc::clone(&ticks));
        caller.proves_who_calls();
        for busy in [Phase::Head, Phase::Body, Phase::Work] {
            caller.enter(busy);
            assert_eq!(caller.rank(), None, "{busy:?}");
        }
        ticks.0.fetch_add(7, Ordering::Relaxed);
        caller.work_ends();
        assert_eq!(caller.rank(), Some(Rank::Caller { idle_since: 7 }));
        caller.blocked.store(true, Ordering::Relaxed);
        assert_eq!(caller.rank(), None, "its answer is on its way");
        assert!(Rank::Stranger < Rank::Caller { idle_since: 0 });
    }
}
