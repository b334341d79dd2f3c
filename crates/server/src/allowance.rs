//! An allowance: so much may be used at once, and then so much a second.

use tokio::time::{Duration, Instant};

/// The amount that is left.
#[derive(Debug)]
pub(crate) struct Allowance {
    at_once: f64,
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Allowance {
    /// A whole allowance. Both numbers are above 0.
    pub(crate) fn new(at_once: f64, per_second: f64, now: Instant) -> Self {
        Self { at_once, per_second, left: at_once, at: now }
    }

    /// Whether one more may be used.
    pub(crate) fn has_one(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64();
        self.left = self.at_once.min(self.left + passed * self.per_second);
        self.at = now;
        1.0 <= self.left
    }

    /// Uses one; false when none is left.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let has_one = self.has_one(now);
        if has_one {
            self.left -= 1.0;
        }
        has_one
    }

    /// Uses this many, which may exceed what is left.
    pub(crate) fn spend(&mut self, count: f64, now: Instant) {
        self.has_one(now);
        self.left -= count;
    }

    /// When one more may be used; `None`: now.
    pub(crate) fn waits_until(&mut self, now: Instant) -> Option<Instant> {
        (!self.has_one(now)).then(|| now + Duration::from_secs_f64((1.0 - self.left) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_may_be_used_at_once_and_then_so_much_a_second() {
        let start = Instant::now();
        let mut allowance = Allowance::new(1_000.0, 50.0, start);
        let mut taken = |at| (0..2_000).filter(|_| allowance.take(at)).count();
        assert_eq!(taken(start), 1_000);
        assert_eq!(taken(start + Duration::from_secs(2)), 100);
        assert_eq!(taken(start + Duration::from_secs(3_600)), 1_000);
    }

    #[test]
    fn an_overdraft_has_to_be_waited_for() {
        let start = Instant::now();
        let mut allowance = Allowance::new(10.0, 5.0, start);
        allowance.spend(9.0, start);
        assert_eq!(allowance.waits_until(start), None);
        allowance.spend(10.0, start);
        // Nine too many, and the next one.
        let free = allowance.waits_until(start).unwrap();
        assert_eq!(free, start + Duration::from_secs(2));
        assert_eq!(allowance.waits_until(free), None);
    }
}
