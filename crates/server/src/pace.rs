//! How fast a connection goes: the phase it is in, since when, and whether it can make room for another.

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
    fn of(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Idle => Some(self.idle),
            Phase::Head => Some(self.head),
            Phase::Body => Some(self.body),
            Phase::Work => None,
        }
    }

    pub(crate) fn shortest(&self) -> Duration {
        self.idle.min(self.head).min(self.body)
    }
}

/// What a connection is doing. The time of the server's own work is bounded elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
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

pub(crate) enum Due {
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

    pub(crate) fn hands_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Relaxed)
    }

    /// Bytes of a request have arrived; `framed_twice`: its head says twice how long its body is.
    pub(crate) fn request_arrives(&self, framed_twice: bool) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
        self.twice_framed.store(framed_twice, Ordering::Relaxed);
    }

    /// Whether the client takes what is written to it.
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
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

    pub(crate) fn due(&self, limits: PaceLimits) -> Due {
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
