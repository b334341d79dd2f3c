//! The pace of calls: how many in a second, and how many at the same time.
//!
//! Calls begin evenly spaced, at 95 % of the rate that the server takes, because the network bunches them. Each call that
//! the server puts off or leaves without an answer halves the rate and the number of calls at the same time, once for all
//! calls that were under way; each that goes well raises both a little. [choice]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

/// Most calls at the same time.
pub(super) const WINDOW_MAX: f64 = 64.0;
const WINDOW_START: f64 = 8.0;
/// Slowest pace, as a part of the full rate.
const SPEED_MIN: f64 = 1.0 / 16.0;
const SPEED_STEP: f64 = 1.0 / 64.0;
const MARGIN: f64 = 0.95;
/// Longest time that a call may begin late and the next ones not.
const TARDINESS_MAX: Duration = Duration::from_millis(20);

pub(super) struct Pacer {
    state: Mutex<State>,
    /// When the next call may begin.
    next: tokio::sync::Mutex<Option<Instant>>,
    left: Notify,
    stopped: watch::Sender<bool>,
}

struct State {
    /// Between two calls at full speed.
    interval: Duration,
    /// Part of the full rate, up to 1.
    speed: f64,
    /// How many calls there may be at the same time.
    window: f64,
    under_way: usize,
    slowed_down: Option<Instant>,
    slow_downs: u64,
    /// Since when no call went well.
    trouble: Option<Instant>,
}

/// A call that is under way. Dropping it ends it.
pub(super) struct Turn<'a> {
    pacer: &'a Pacer,
    began: Instant,
}

impl Pacer {
    pub(super) fn new(calls_per_second: u32) -> Self {
        let state = State {
            interval: interval(calls_per_second),
            speed: 1.0,
            window: WINDOW_START,
            under_way: 0,
            slowed_down: None,
            slow_downs: 0,
            trouble: None,
        };
        let (next, left) = (tokio::sync::Mutex::new(None), Notify::new());
        Self { state: Mutex::new(state), next, left, stopped: watch::Sender::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 0: no limit.
    pub(super) fn set_rate(&self, calls_per_second: u32) {
        self.state().interval = interval(calls_per_second);
    }

    /// How often the pace was halved.
    pub(super) fn slow_downs(&self) -> u64 {
        self.state().slow_downs
    }

    /// How long no call has gone well; zero while they do.
    pub(super) fn trouble(&self) -> Duration {
        self.state().trouble.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits; `false` when everything is to stop.
    pub(super) async fn sleep(&self, time: Duration) -> bool {
        let mut stopped = self.stopped.subscribe();
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => false,
            () = sleep_until(Instant::now() + time) => true,
        }
    }

    /// Waits until a call may begin that counts as `turns` calls; `None` when everything is to stop.
    pub(super) async fn enter(&self, turns: u32) -> Option<Turn<'_>> {
        let mut stopped = self.stopped.subscribe();
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => None,
            turn = self.wait(turns) => Some(turn),
        }
    }

    async fn wait(&self, turns: u32) -> Turn<'_> {
        loop {
            let left = self.left.notified();
            if self.take() {
                break;
            }
            left.await;
        }
        // From here on, dropping it gives the place back.
        let mut turn = Turn { pacer: self, began: Instant::now() };
        // One after the other, so that calls are not bunched when all were held up.
        let mut next = self.next.lock().await;
        let planned = next.unwrap_or(turn.began).max(turn.began);
        sleep_until(planned).await;
        turn.began = Instant::now();
        // Clocks wake a little late, which is made up for; not so when everything was held up.
        let late = TARDINESS_MAX < turn.began - planned;
        let begin = if late { turn.began } else { planned };
        *next = Some(begin + self.state().pause(turns));
        turn
    }

    fn take(&self) -> bool {
        let (taken, more) = {
            let mut state = self.state();
            let taken = state.has_room();
            state.under_way += usize::from(taken);
            (taken, state.has_room())
        };
        if taken && more {
            self.left.notify_one();
        }
        taken
    }
}

impl State {
    fn has_room(&self) -> bool {
        u32::try_from(self.under_way).is_ok_and(|under_way| f64::from(under_way) + 1.0 <= self.window)
    }

    fn pause(&self, turns: u32) -> Duration {
        self.interval.mul_f64(f64::from(turns) / self.speed)
    }

    fn slow_down(&mut self, began: Instant) {
        self.trouble.get_or_insert(began);
        if self.slowed_down.is_some_and(|at| began <= at) {
            return; // It was under way already.
        }
        self.slowed_down = Some(Instant::now());
        self.slow_downs += 1;
        self.window = (self.window / 2.0).max(1.0);
        self.speed = (self.speed / 2.0).max(SPEED_MIN);
    }

    fn speed_up(&mut self) {
        self.trouble = None;
        self.window = (self.window + 1.0 / self.window).min(WINDOW_MAX);
        self.speed = (self.speed + SPEED_STEP).min(1.0);
    }
}

impl Turn<'_> {
    /// Ends the call. `slow`: the server could not take it, or gave no answer.
    pub(super) fn done(self, slow: bool) {
        let mut state = self.pacer.state();
        if slow {
            state.slow_down(self.began);
        } else {
            state.speed_up();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pacer.state();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        self.pacer.left.notify_one();
    }
}

fn interval(calls_per_second: u32) -> Duration {
    if calls_per_second == 0 {
        return Duration::ZERO;
    }
    Duration::from_secs_f64(1.0 / (f64::from(calls_per_second) * MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_calls_than_told() {
        let pacer = Pacer::new(200);
        let start = Instant::now();
        let calls = (0..1_000).map(async |_| {
            let turn = pacer.enter(1).await.unwrap();
            let began = start.elapsed();
            tokio::time::sleep(Duration::from_millis(7)).await;
            turn.done(false);
            began
        });
        let mut began = join_all(calls).await;
        began.sort_unstable();
        for (number, time) in began.iter().enumerate() {
            let within =
                began.iter().skip(number).take_while(|other| **other < *time + Duration::from_secs(1));
            assert!(within.count() <= 200);
        }
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_costly_call_takes_the_turns_of_several() {
        let pacer = Pacer::new(200);
        let start = Instant::now();
        for _ in 0..101 {
            pacer.enter(2).await.unwrap().done(false);
        }
        assert!(Duration::from_secs(1) <= start.elapsed());
    }

    /// Most calls at the same time, when each lasts a moment and the first `slow` ones are not taken.
    async fn most_at_the_same_time(pacer: &Pacer, calls: usize, slow: bool) -> usize {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        tokio::time::advance(Duration::from_millis(1)).await;
        let calls = (0..calls).map(async |_| {
            let turn = pacer.enter(1).await.unwrap();
            most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
            under_way.fetch_sub(1, Ordering::Relaxed);
            turn.done(slow);
        });
        join_all(calls).await;
        most.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_halves_the_calls_at_the_same_time_and_success_brings_them_back() {
        let pacer = Pacer::new(0);
        assert_eq!(most_at_the_same_time(&pacer, 8, false).await, 8);
        // One round of calls under way counts once.
        most_at_the_same_time(&pacer, 8, true).await;
        assert_eq!(pacer.slow_downs(), 1);
        assert_eq!(most_at_the_same_time(&pacer, 4, true).await, 4);
        assert_eq!(pacer.slow_downs(), 2);
        assert_eq!(most_at_the_same_time(&pacer, 4, false).await, 2);
        assert_eq!(most_at_the_same_time(&pacer, 10_000, false).await, 64);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_gives_its_place_back_and_a_stop_ends_all_waits() {
        let pacer = Pacer::new(1);
        for _ in 0..20 {
            drop(pacer.enter(0).await.unwrap());
        }
        let first = pacer.enter(1).await;
        let waits = async { (pacer.enter(1).await.is_none(), pacer.sleep(Duration::from_secs(9)).await) };
        let (waited, ()) = tokio::join!(waits, async { pacer.stop() });
        assert_eq!(waited, (true, false));
        assert!(first.is_some() && pacer.enter(1).await.is_none());
    }
}
