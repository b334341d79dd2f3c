//! How much one client may ask of the store.

use tokio::time::Instant;

/// Requests that may come at once: a client that comes back asks for each of its conversations. [choice]
const AT_ONCE: f64 = 1_000.0;
/// Requests in a second after that.
const PER_SECOND: f64 = 50.0;

/// What is left to one client.
pub(super) struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, at: now }
    }

    /// Takes one request; false when there is none left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.left = AT_ONCE.min(self.left + passed * PER_SECOND);
        self.at = now;
        let may = 1.0 <= self.left;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn much_may_be_asked_at_once_and_then_so_much_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let mut taken = |at| (0..2_000).filter(|_| allowance.take(at)).count();
        assert_eq!(taken(start), 1_000);
        assert_eq!(taken(start + Duration::from_secs(2)), 100);
        assert_eq!(taken(start + Duration::from_secs(3_600)), 1_000);
    }
}
