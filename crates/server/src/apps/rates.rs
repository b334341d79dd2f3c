//! How often an app may call a command: counted by each server process by itself, or by all over one database
//! together.
//!
//! Those that count together do not ask the database at every call. A process leases calls from it, as many as it
//! could use in the last second or so and at most a twentieth of what is allowed in one, and drops what a second has
//! left over. A refusal holds until what was asked for has accrued again. All processes together let through what
//! one would have, or less: what is dropped is lost. Only for a moment can it be more, by one lease of each process,
//! when calls that were leased before are made together with those that have accrued since.

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use landfall_domain::ids::AppId;
use landfall_domain::store::StoreError;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long leased calls may wait to be made.
const LEASE_TIME: Duration = Duration::from_secs(1);

/// The largest lease is what is allowed in a second, divided by this.
const LEASES_PER_SECOND: u32 = 20;

/// How long a call waits for those before it, and then for the database, to be counted.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(500);

/// How long the database is left alone when it did not count.
const ALONE_TIME: Duration = Duration::from_secs(1);

/// What unknown commands are counted as: no command is called so.
const UNKNOWN: &str = "unknown";

/// Counts calls where all servers over one database see it.
#[async_trait]
pub trait SharedCalls: Send + Sync {
    /// Takes `calls` calls of `command` out of what all servers together may make: `per_second` in a second, of
    /// which a second's worth may come at once. False when that is too many at present.
    async fn take(
        &self,
        app: AppId,
        command: &str,
        calls: u32,
        per_second: NonZeroU32,
    ) -> Result<bool, StoreError>;
}

/// What bounds the calls of one app: a rate for each command of the table, and one for all unknown commands.
pub struct Rates {
    commands: Vec<Rate>,
    unknown: Rate,
}

impl Rates {
    /// At most `per_second` calls of each of `commands`, in the order of their table; half of it for those with `true`. With
    /// `shared`, all servers count together; without, each counts by itself.
    #[must_use]
    pub fn new(
        app: AppId,
        per_second: NonZeroU32,
        commands: impl Iterator<Item = (&'static str, bool)>,
        shared: Option<&Arc<dyn SharedCalls>>,
    ) -> Self {
        let half = NonZeroU32::new(per_second.get() / 2).unwrap_or(NonZeroU32::MIN);
        let rate = |command, per_second| Rate {
            alone: RateLimiter::direct(Quota::per_second(per_second)),
            shared: shared.map(|calls| SharedRate::new(Arc::clone(calls), app, command, per_second)),
        };
        Self {
            commands: commands
                .map(|(name, halved)| rate(name, if halved { half } else { per_second }))
                .collect(),
            unknown: rate(UNKNOWN, per_second),
        }
    }

    /// Counts one call of a command, by its index in the table; false when it is one too many.
    ///
    /// A second's worth of calls may come at once; after that they are let through at the rate of the limit.
    ///
    /// When the database does not count, this process counts alone until it does. A limit protects the servers and
    /// is no promise to anybody: calls must not fail, or wait for long, because of it. Whether the database can do
    /// what a call asks for, the call finds out itself. [choice]
    pub async fn admit(&self, command: Option<usize>) -> bool {
        let rate = command.and_then(|index| self.commands.get(index)).unwrap_or(&self.unknown);
        let counted = match &rate.shared {
            Some(shared) => shared.admit().await,
            None => None,
        };
        counted.unwrap_or_else(|| rate.alone.check().is_ok())
    }
}

/// The calls of one command.
struct Rate {
    /// What this process counts alone.
    alone: DefaultDirectRateLimiter,
    /// What all servers count together, if they do.
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

/// What the database said last.
struct Lease {
    state: LeaseState,
    /// The calls it was asked for.
    calls: u32,
    /// When the answer holds no longer.
    until: Instant,
}

enum LeaseState {
    /// So many of the calls are not made yet.
    Granted(u32),
    /// That was too many.
    Refused,
    /// Nothing in time.
    Unavailable,
}

impl Lease {
    /// Whether the database must be asked again.
    fn is_over(&self, now: Instant) -> bool {
        matches!(self.state, LeaseState::Granted(0)) || self.until <= now
    }

    /// How many calls to ask for after this lease: more when it was used up early, what was used when it was not,
    /// so that little is leased in vain.
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

    /// Counts one call; false when it is one too many, `None` when it could not be counted.
    async fn admit(&self) -> Option<bool> {
        // Held while the database is asked: those who come meanwhile share its answer.
        let mut lease = timeout(ANSWER_TIME_MAX, self.lease.lock()).await.ok()?;
        if lease.is_over(Instant::now()) {
            *lease = self.ask(&lease).await;
        }
        match &mut lease.state {
            LeaseState::Granted(left) => {
                // Not 0: a lease without calls left is over, and a new one has at least one.
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
                    tracing::info!(%app, command, "calls of {command} are counted across processes again");
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
            tracing::warn!(%app, command, cause = why, "calls of {command} are counted per process for now: {why}");
        }
        Lease { state: LeaseState::Unavailable, calls: 1, until: Instant::now() + ALONE_TIME }
    }
}

#[cfg(test)]
mod tests;
