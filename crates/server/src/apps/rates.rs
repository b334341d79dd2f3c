//! How often an app may call a command. Each server process counts by itself, or all processes over one database count
//! together.
//!
//! Processes that count together do not ask the database at every call. A process leases calls from it, as many as it
//! could use in the last second or so and at most a twentieth of what is allowed in a second, and drops those that are left
//! after a second. A refusal holds until the requested calls have accrued again. All processes together let through what
//! one would have, or less: dropped calls are lost. Only for a moment can it be more, by one lease of each process,
//! when calls that were leased before are made together with those that have accrued since.

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long leased calls can be used.
const LEASE_TIME: Duration = Duration::from_secs(1);

/// The largest lease is what is allowed in a second, divided by this.
const LEASES_PER_SECOND: u32 = 20;

/// How long a call waits for the calls before it, and then again for the database, to be counted.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(500);

/// How long the database is not asked again when it did not answer.
const ALONE_TIME: Duration = Duration::from_secs(1);

/// The name that unknown commands are counted under. No command has it.
const UNKNOWN: &str = "unknown";

/// A count of calls that all servers over one database share.
#[async_trait]
pub trait SharedCalls: Send + Sync {
    /// Takes `calls` calls of `command` out of what all servers together may make: `per_second` in a second, of
    /// which a second's worth may come at once. False when that exceeds the limit at present.
    async fn take(
        &self,
        app: AppId,
        command: &str,
        calls: u32,
        per_second: NonZeroU32,
    ) -> Result<bool, StoreError>;
}

/// Limits the calls of one app: a rate for each command of the table, and one for all unknown commands.
pub struct Rates {
    /// Calls of a command that has the common frequency, in a second.
    pub per_second: NonZeroU32,
    commands: Vec<Rate>,
    unknown: Rate,
}

impl Rates {
    /// At most `per_second` calls of each of `commands`, in the order of their table, divided by the number of the command. With
    /// `shared`, all servers count together; without, each counts by itself.
    #[must_use]
    pub fn new(
        app: AppId,
        per_second: NonZeroU32,
        commands: impl Iterator<Item = (&'static str, u32)>,
        shared: Option<&Arc<dyn SharedCalls>>,
    ) -> Self {
        let part =
            |divisor: u32| NonZeroU32::new(per_second.get() / divisor.max(1)).unwrap_or(NonZeroU32::MIN);
        let rate = |command, per_second| Rate {
            alone: RateLimiter::direct(Quota::per_second(per_second)),
            per_second,
            calls: AtomicU32::new(0),
            shared: shared.map(|calls| SharedRate::new(Arc::clone(calls), app, command, per_second)),
        };
        Self {
            per_second,
            commands: commands.map(|(name, divisor)| rate(name, part(divisor))).collect(),
            unknown: rate(UNKNOWN, per_second),
        }
    }

    /// The calls of each command since the last time, in the order of the table, and how many it may be called in a second.
    pub fn take_calls(&self) -> impl Iterator<Item = (u32, u32)> {
        self.commands.iter().map(|rate| (rate.calls.swap(0, Ordering::Relaxed), rate.per_second.get()))
    }

    /// Counts one call of a command, by its index in the table; false when the call exceeds the limit.
    ///
    /// A second's worth of calls may come at once; after that they are let through at the rate of the limit.
    ///
    /// While the database does not answer, this process counts alone. A limit protects the servers and
    /// is no promise to anybody: calls must not fail, or wait for long, because of it. Whether the database works
    /// is for the call itself to find out. [choice]
    pub async fn admit(&self, command: Option<usize>) -> bool {
        let rate = command.and_then(|index| self.commands.get(index)).unwrap_or(&self.unknown);
        rate.calls.fetch_add(1, Ordering::Relaxed);
        let counted = match &rate.shared {
            Some(shared) => shared.admit().await,
            None => None,
        };
        counted.unwrap_or_else(|| rate.alone.check().is_ok())
    }
}

/// The calls of one command.
struct Rate {
    per_second: NonZeroU32,
    /// Calls since they were taken last, those over the limit too.
    calls: AtomicU32,
    /// Counted by this process alone.
    alone: DefaultDirectRateLimiter,
    /// Counted by all servers together, if `limits.shared` is on.
    shared: Option<SharedRate>,
}

/// The calls of one command that all servers count together.
struct SharedRate {
    calls: Arc<dyn SharedCalls>,
    app: AppId,
    command: &'static str,
    per_second: NonZeroU32,
    lease: Mutex<Lease>,
}

/// The last answer of the database.
struct Lease {
    state: LeaseState,
    /// The number of calls that were requested.
    calls: u32,
    /// When the answer is no longer valid.
    until: Instant,
}

enum LeaseState {
    /// This many of the calls are left.
    Granted(u32),
    /// The request exceeded the limit.
    Refused,
    /// There was no answer in time.
    Unavailable,
}

impl Lease {
    /// Whether the database must be asked again.
    fn is_over(&self, now: Instant) -> bool {
        matches!(self.state, LeaseState::Granted(0)) || self.until <= now
    }

    /// How many calls to request after this lease: more when it was used up early, what was used when it was not,
    /// so that few leased calls are wasted.
    fn next_calls(&self, now: Instant, max: u32) -> u32 {
        let calls = match self.state {
            LeaseState::Granted(0) if now < self.until => self.calls.saturating_mul(2),
            LeaseState::Granted(left) => self.calls.saturating_sub(left),
            LeaseState::Refused => self.calls,
            LeaseState::Unavailable => 1,
        };
        calls.clamp(1, max)
    }
}

impl SharedRate {
    fn new(calls: Arc<dyn SharedCalls>, app: AppId, command: &'static str, per_second: NonZeroU32) -> Self {
        let lease = Lease { state: LeaseState::Granted(0), calls: 1, until: Instant::now() };
        Self { calls, app, command, per_second, lease: Mutex::new(lease) }
    }

    /// Counts one call; false when the call exceeds the limit, `None` when it could not be counted.
    async fn admit(&self) -> Option<bool> {
        // Locked while the database is asked: calls that come meanwhile share its answer.
        let mut lease = timeout(ANSWER_TIME_MAX, self.lease.lock()).await.ok()?;
        if lease.is_over(Instant::now()) {
            *lease = self.ask(&lease).await;
        }
        match &mut lease.state {
            LeaseState::Granted(left) => {
                // Not 0: a lease without calls left is over, and a new one has at least one call.
                *left = left.saturating_sub(1);
                Some(true)
            }
            LeaseState::Refused => Some(false),
            LeaseState::Unavailable => None,
        }
    }

    async fn ask(&self, before: &Lease) -> Lease {
        let Self { app, command, per_second, .. } = *self;
        let asked = Instant::now();
        let max = per_second.get() / LEASES_PER_SECOND;
        let calls = before.next_calls(asked, max.max(1));
        let taken = timeout(ANSWER_TIME_MAX, self.calls.take(app, command, calls, per_second)).await;
        let was_counted = !matches!(before.state, LeaseState::Unavailable);
        let why = match taken {
            Ok(Ok(granted)) => {
                if !was_counted {
                    tracing::info!(%app, command, "call frequency: {command} of app {app} is counted across processes again");
                }
                let (state, until) = if granted {
                    (LeaseState::Granted(calls), asked + LEASE_TIME)
                } else {
                    (
                        LeaseState::Refused,
                        Instant::now() + Duration::from_secs(calls.into()) / per_second.get(),
                    )
                };
                return Lease { state, calls, until };
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer in {} ms", ANSWER_TIME_MAX.as_millis()),
        };
        if was_counted {
            tracing::warn!(%app, command, cause = why, "call frequency: {command} of app {app} is counted per process until the database answers: {why}");
        }
        Lease { state: LeaseState::Unavailable, calls: 1, until: Instant::now() + ALONE_TIME }
    }
}

#[cfg(test)]
mod tests;
