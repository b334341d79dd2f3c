//! Time as the API counts it: whole seconds since 1970, UTC.

use std::time::{Duration, UNIX_EPOCH};

/// A moment in whole Unix seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The last moment that 32 bits hold. A mute or ban that long has no end. [doc]
    pub const FOR_EVER: Self = Self(u32::MAX as u64);

    /// The moment `seconds` from now, [`FOR_EVER`](Self::FOR_EVER) at most: clients read times into 32 bits. [choice]
    #[must_use]
    pub fn plus(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds.into())).min(Self::FOR_EVER)
    }
}

/// The source of the present time. Passed in, so that tests choose the time.
pub trait Clock: Send + Sync {
    /// The present time in seconds.
    fn now(&self) -> Timestamp;

    /// Milliseconds since 1970.
    fn millis(&self) -> u64;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(since_epoch().as_secs())
    }

    fn millis(&self) -> u64 {
        u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
    }
}

fn since_epoch() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 can only be a machine without a battery: 0 keeps the server answering.
    since_epoch.unwrap_or_default()
}
