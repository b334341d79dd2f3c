//! The end of a claim, and what it makes of the lane. Both stores call [`Settlement::settle`] and write what it says.

use super::Lane;
use crate::time::Timestamp;
use std::ops::Range;

/// How the delivery of a claimed lane ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The token of the claim.
    pub token: u64,
    /// The claimed lane.
    pub lane: Lane,
    /// The last entry that was delivered; `None` if none was.
    pub delivered: Option<u64>,
    /// What becomes of the entry that follows.
    pub next: Next,
}

/// What becomes of the first entry that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is delivered when the lane is claimed again, after all lanes that are due by now.
    Continue,
    /// It failed and is tried again later.
    Retry {
        /// How often it has failed.
        failures: u32,
        /// The lane is due again at this time.
        at: Timestamp,
    },
    /// It becomes a dead letter, and its lane continues.
    DeadLetter {
        /// Why it was given up, for an operator.
        reason: String,
    },
}

/// A lane before its claim is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// The token of the claim that holds the lane.
    pub claim: Option<u64>,
    /// How often its first entry has failed.
    pub failures: u32,
    /// The numbers of its entries.
    pub entries: Range<u64>,
}

/// What a store writes when it settles a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledLane<'reason> {
    /// The entries that leave the lane: those delivered, and the one that becomes a dead letter.
    pub removed: Range<u64>,
    /// The entry that becomes a dead letter, and why.
    pub dead_letter: Option<(u64, &'reason str)>,
    /// The lane that is left, which no claim holds; `None` if it has no more entries and is removed.
    pub waiting: Option<WaitingLane>,
}

/// A lane that waits to be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingLane {
    /// It is not claimed before. Lanes are claimed in the order of these times.
    pub due: Timestamp,
    /// How often its first entry has failed.
    pub failures: u32,
    /// The numbers of its entries.
    pub entries: Range<u64>,
}

impl Settlement {
    /// What becomes of the lane at the time `now`; `None` if the claim no longer holds it, and nothing happens.
    ///
    /// A lane with entries left is due `now` rather than when it was due before: else a lane with a long backlog would be
    /// claimed again and again before all others.
    #[must_use]
    pub fn settle(&self, lane: &LaneState, now: Timestamp) -> Option<SettledLane<'_>> {
        if lane.claim != Some(self.token) {
            return None;
        }
        let Range { start, end } = lane.entries;
        let delivered_up_to = self.delivered.map_or(start, |last| last.saturating_add(1));
        let mut first = delivered_up_to.min(end).max(start);
        let mut failures = if start < first { 0 } else { lane.failures };
        let mut due = now;
        let mut dead_letter = None;
        match &self.next {
            Next::Continue => {}
            Next::Retry { failures: counted, at } => (failures, due) = (*counted, *at),
            Next::DeadLetter { reason } if first < end => {
                dead_letter = Some((first, reason.as_str()));
                (first, failures) = (first + 1, 0);
            }
            Next::DeadLetter { .. } => {}
        }
        let waiting = (first < end).then_some(WaitingLane { due, failures, entries: first..end });
        Some(SettledLane { removed: start..first, dead_letter, waiting })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(50);

    fn settlement(delivered: Option<u64>, next: Next) -> Settlement {
        Settlement { token: 1, lane: Lane::App, delivered, next }
    }

    /// A lane with the entries 3, 4 and 5.
    fn lane() -> LaneState {
        LaneState { claim: Some(1), failures: 2, entries: 3..6 }
    }

    fn waiting(due: Timestamp, failures: u32, entries: Range<u64>) -> Option<WaitingLane> {
        Some(WaitingLane { due, failures, entries })
    }

    #[test]
    fn a_claim_that_was_lost_settles_nothing() {
        let settlement = settlement(Some(4), Next::Continue);
        for claim in [None, Some(2)] {
            assert_eq!(settlement.settle(&LaneState { claim, ..lane() }, NOW), None);
        }
    }

    #[test]
    fn delivered_entries_go_and_the_lane_is_due_after_those_that_wait() {
        let cases = [
            (None, 3..3, waiting(NOW, 2, 3..6)),
            // Delivered under an earlier claim.
            (Some(2), 3..3, waiting(NOW, 2, 3..6)),
            (Some(4), 3..5, waiting(NOW, 0, 5..6)),
            (Some(5), 3..6, None),
            (Some(u64::MAX), 3..6, None),
        ];
        for (delivered, removed, waiting) in cases {
            let expected = SettledLane { removed, dead_letter: None, waiting };
            assert_eq!(settlement(delivered, Next::Continue).settle(&lane(), NOW), Some(expected));
        }
    }

    #[test]
    fn an_entry_that_failed_is_retried_or_becomes_a_dead_letter() {
        let at = Timestamp(60);
        let retry = settlement(Some(3), Next::Retry { failures: 7, at });
        let expected = SettledLane { removed: 3..4, dead_letter: None, waiting: waiting(at, 7, 4..6) };
        assert_eq!(retry.settle(&lane(), NOW), Some(expected));
        let dead = |delivered| settlement(delivered, Next::DeadLetter { reason: "no".to_owned() });
        for (delivered, number) in [(None, 3), (Some(3), 4), (Some(4), 5)] {
            let left = number + 1..6;
            let waiting = waiting(NOW, 0, left.clone()).filter(|_| !left.is_empty());
            let expected = SettledLane { removed: 3..number + 1, dead_letter: Some((number, "no")), waiting };
            assert_eq!(dead(delivered).settle(&lane(), NOW), Some(expected));
        }
        let all = dead(Some(5));
        let expected = SettledLane { removed: 3..6, dead_letter: None, waiting: None };
        assert_eq!(all.settle(&lane(), NOW), Some(expected), "nothing is left to become a dead letter");
    }
}
