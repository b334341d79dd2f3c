//! The pace of a connection: which phase it is in, since when, and whether it can make room for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long each phase of a connection may last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaceLimits {
    pub(crate) idle: Duration,
    pub(crate) head: Duration,
    pub(crate) body: Duration,
}

impl PaceLimits {
    fn of(&self, phase: ConnectionPhase) -> Option<Duration> {
        match phase {
            ConnectionPhase::Idle => Some(self.idle),
            ConnectionPhase::Head => Some(self.head),
            ConnectionPhase::Body => Some(self.body),
            ConnectionPhase::Work => None,
        }
    }

    pub(crate) fn shortest(&self) -> Duration {
        self.idle.min(self.head).min(self.body)
    }
}

/// The phase that a connection is in. The time of the server's own work is limited elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionPhase {
    /// Nothing arrives; an answer may still be on its way to the client.
    Idle = 0,
    /// The head of a request arrives.
    Head = 1,
    /// Its body arrives.
    Body = 2,
    /// The server works on the request.
    Work = 3,
}

/// Time in units of [`TICK`], counted by one task, so that no connection has to read a clock.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU64);

const TICK: Duration = Duration::from_millis(250);

impl Ticks {
    /// Counts for as long as the server runs.
    pub(crate) async fn count(self: Arc<Self>) {
        let mut interval = tokio::time::interval(TICK);
        loop {
            interval.tick().await;
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The pace of one connection.
///
/// One timer per connection checks it now and then, late by at most the shortest limit.
#[derive(Debug)]
pub(crate) struct Pace {
    ticks: Arc<Ticks>,
    /// The tick at which the phase began, times 4, plus the phase.
    state: AtomicU64,
    /// Whether the connection is a WebSocket now, whose bytes are not requests.
    upgraded: AtomicBool,
    /// Whether the client does not read what is written.
    blocked: AtomicBool,
    /// Whether a call on it had a valid signature.
    authenticated: AtomicBool,
    /// Whether a head that has arrived gives the length of its body twice.
    framed_twice: AtomicBool,
    /// Whether the connection was asked to make room.
    close_is_requested: AtomicBool,
    close: Notify,
}

/// The order in which connections are closed to make room: the smallest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CloseOrder {
    /// No call on it had a valid signature, and it waits for its client.
    Unauthenticated,
    /// It is idle between signed calls.
    Idle {
        /// The tick at which it became idle.
        since: u64,
    },
}

pub(crate) enum Deadline {
    Passed(ConnectionPhase),
    CheckAt(Instant),
}

impl Pace {
    /// The pace of a connection on which nothing has arrived yet.
    pub(crate) fn new(ticks: Arc<Ticks>) -> Self {
        let pace = Self {
            ticks,
            state: AtomicU64::new(0),
            upgraded: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            authenticated: AtomicBool::new(false),
            framed_twice: AtomicBool::new(false),
            close_is_requested: AtomicBool::new(false),
            close: Notify::new(),
        };
        pace.enter(ConnectionPhase::Idle);
        pace
    }

    fn enter(&self, phase: ConnectionPhase) {
        let now = self.ticks.0.load(Ordering::Relaxed);
        self.state.store((now << 2) | phase as u64, Ordering::Relaxed);
    }

    fn phase(&self) -> ConnectionPhase {
        match self.state.load(Ordering::Relaxed) & 3 {
            0 => ConnectionPhase::Idle,
            1 => ConnectionPhase::Head,
            2 => ConnectionPhase::Body,
            _ => ConnectionPhase::Work,
        }
    }

    pub(crate) fn work_begins(&self) {
        self.enter(ConnectionPhase::Work);
    }

    /// From now on the connection waits for its client.
    pub(crate) fn work_ends(&self) {
        self.enter(ConnectionPhase::Idle);
    }

    pub(crate) fn body_begins(&self) {
        self.enter(ConnectionPhase::Body);
    }

    pub(crate) fn body_ends(&self) {
        self.enter(ConnectionPhase::Work);
    }

    pub(crate) fn set_upgraded(&self) {
        self.upgraded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Relaxed)
    }

    /// Bytes of a request have arrived. `framed_twice`: a head has given the length of its body twice.
    pub(crate) fn request_arrives(&self, framed_twice: bool) {
        if self.phase() == ConnectionPhase::Idle {
            self.enter(ConnectionPhase::Head);
        }
        self.framed_twice.store(framed_twice, Ordering::Relaxed);
    }

    /// Records whether the client fails to read what is written.
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    /// Records that a call had a valid signature, of any account.
    pub(crate) fn set_authenticated(&self) {
        self.authenticated.store(true, Ordering::Relaxed);
    }

    /// Whether the current request gives the length of its body twice.
    pub(crate) fn is_framed_twice(&self) -> bool {
        self.framed_twice.load(Ordering::Relaxed)
    }

    /// Its place in the order of closing; `None` while it is busy, or was asked already.
    pub(crate) fn close_order(&self) -> Option<CloseOrder> {
        if self.close_is_requested.load(Ordering::Relaxed) { None } else { self.order_now() }
    }

    fn order_now(&self) -> Option<CloseOrder> {
        let phase = self.phase();
        if !self.authenticated.load(Ordering::Relaxed) {
            return (phase != ConnectionPhase::Work).then_some(CloseOrder::Unauthenticated);
        }
        let is_at_rest = phase == ConnectionPhase::Idle && !self.blocked.load(Ordering::Relaxed);
        is_at_rest.then(|| CloseOrder::Idle { since: self.state.load(Ordering::Relaxed) >> 2 })
    }

    /// Asks the connection to close, if it can still make room when it notices.
    pub(crate) fn request_close(&self) {
        self.close_is_requested.store(true, Ordering::Relaxed);
        self.close.notify_one();
    }

    /// Completes when the connection is to be closed to make room for another.
    pub(crate) async fn close_requested(&self) {
        loop {
            self.close.notified().await;
            if self.order_now().is_some() {
                return;
            }
            self.close_is_requested.store(false, Ordering::Relaxed);
        }
    }

    pub(crate) fn deadline(&self, limits: PaceLimits) -> Deadline {
        let phase = self.phase();
        let since = self.state.load(Ordering::Relaxed) >> 2;
        let passed = self.ticks.0.load(Ordering::Relaxed).saturating_sub(since);
        let passed = TICK.saturating_mul(u32::try_from(passed).unwrap_or(u32::MAX));
        let now = Instant::now();
        match limits.of(phase).map(|limit| limit.saturating_sub(passed)) {
            Some(Duration::ZERO) => Deadline::Passed(phase),
            Some(left) => Deadline::CheckAt(now + left.min(limits.shortest())),
            None => Deadline::CheckAt(now + limits.shortest()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_connections_make_room_and_unsigned_ones_first() {
        let ticks = Arc::<Ticks>::default();
        let stranger = Pace::new(Arc::clone(&ticks));
        assert_eq!(stranger.close_order(), Some(CloseOrder::Unauthenticated));
        stranger.enter(ConnectionPhase::Head);
        assert_eq!(stranger.close_order(), Some(CloseOrder::Unauthenticated), "a head that never ends");
        stranger.work_begins();
        assert_eq!(stranger.close_order(), None, "its signature is being checked");
        stranger.body_begins();
        assert_eq!(stranger.close_order(), Some(CloseOrder::Unauthenticated), "a body that is discarded");

        let caller = Pace::new(Arc::clone(&ticks));
        caller.set_authenticated();
        for busy in [ConnectionPhase::Head, ConnectionPhase::Body, ConnectionPhase::Work] {
            caller.enter(busy);
            assert_eq!(caller.close_order(), None, "{busy:?}");
        }
        ticks.0.fetch_add(7, Ordering::Relaxed);
        caller.work_ends();
        assert_eq!(caller.close_order(), Some(CloseOrder::Idle { since: 7 }));
        caller.blocked.store(true, Ordering::Relaxed);
        assert_eq!(caller.close_order(), None, "its answer is on its way");
        assert!(CloseOrder::Unauthenticated < CloseOrder::Idle { since: 0 });
    }
}
