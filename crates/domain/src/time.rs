//! Time as the API counts it: whole seconds since 1970, UTC.

use std::time::UNIX_EPOCH;

/// A moment in whole Unix seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

/// Where "now" comes from. Handed in, so that tests choose the time.
pub trait Clock: Send + Sync {
    /// The present second.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
        let since_epoch = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 can only be a machine without a battery: 0 keeps the server answering.
        Timestamp(since_epoch.map_or(0, |elapsed| elapsed.as_secs()))
    }
}
