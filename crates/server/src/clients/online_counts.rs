//! How many accounts are in live-stream groups, as counted a short time ago: to count, every server is asked for names.
//!
//! [choice] Clients are answered numbers that are up to 10 seconds old, as documented, but for accounts that
//! have come or gone at their server since; administrators the exact ones.

use crate::lock::lock;
use landfall_domain::ids::GroupId;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How old a number may be, seconds.
const AGE_MAX: u64 = 10;
/// Groups whose numbers are kept.
const GROUPS_MAX: usize = 10_000;

#[derive(Debug)]
struct Counted {
    /// When counting began last.
    at: Timestamp,
    /// `None` until somebody has counted.
    count: Option<usize>,
    /// Accounts that have come at this server since then, less those that have gone.
    moved: isize,
}

impl Counted {
    fn now(&self) -> Option<usize> {
        self.count.map(|count| count.saturating_add_signed(self.moved))
    }
}

#[derive(Debug, Default)]
pub(super) struct OnlineCounts(Mutex<BTreeMap<GroupId, Counted>>);

impl OnlineCounts {
    /// The number, unless it is too old. One caller then counts anew, and the others go on with the old one.
    pub(super) fn recent(&self, group: &GroupId, now: Timestamp) -> Option<usize> {
        let mut counts = lock(&self.0);
        if GROUPS_MAX <= counts.len() && !counts.contains_key(group) {
            counts.retain(|_, counted| now.0.saturating_sub(counted.at.0) < AGE_MAX);
        }
        if counts.len() < GROUPS_MAX {
            counts.entry(group.clone()).or_insert(Counted { at: now, count: None, moved: 0 });
        }
        let counted = counts.get_mut(group)?;
        if now.0.saturating_sub(counted.at.0) < AGE_MAX {
            return counted.now();
        }
        *counted = Counted { at: now, count: counted.now(), moved: 0 };
        None
    }

    /// Takes what was counted since [`recent`](Self::recent) had no number.
    pub(super) fn learn(&self, group: &GroupId, count: usize) {
        if let Some(counted) = lock(&self.0).get_mut(group) {
            counted.count = Some(count);
        }
    }

    /// An account came at this server (1), or has gone (-1).
    pub(super) fn moved(&self, group: &GroupId, by: isize) {
        if let Some(counted) = lock(&self.0).get_mut(group) {
            counted.moved = counted.moved.saturating_add(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_counts_again_after_ten_seconds() {
        let (counts, group) = (OnlineCounts::default(), GroupId::parse("live").unwrap());
        assert_eq!(counts.recent(&group, Timestamp(100)), None);
        counts.learn(&group, 7);
        assert_eq!(counts.recent(&group, Timestamp(109)), Some(7));
        assert_eq!(counts.recent(&group, Timestamp(110)), None);
        assert_eq!(counts.recent(&group, Timestamp(110)), Some(7));
        counts.learn(&group, 8);
        assert_eq!(counts.recent(&group, Timestamp(119)), Some(8));
    }

    #[test]
    fn who_comes_or_goes_counts_at_once() {
        let (counts, group) = (OnlineCounts::default(), GroupId::parse("live").unwrap());
        // Before anybody has asked, there is no number to change.
        counts.moved(&group, 1);
        assert_eq!(counts.recent(&group, Timestamp(100)), None);
        // Also who comes while another counts.
        counts.moved(&group, 1);
        counts.learn(&group, 0);
        assert_eq!(counts.recent(&group, Timestamp(101)), Some(1));
        counts.moved(&group, 1);
        assert_eq!(counts.recent(&group, Timestamp(101)), Some(2));
        assert_eq!(counts.recent(&group, Timestamp(110)), None);
        counts.moved(&group, -1);
        assert_eq!(counts.recent(&group, Timestamp(111)), Some(1));
        counts.learn(&group, 5);
        assert_eq!(counts.recent(&group, Timestamp(112)), Some(4));
    }

    #[test]
    fn numbers_of_a_bounded_number_of_groups_are_kept() {
        let counts = OnlineCounts::default();
        let group = |number: usize| GroupId::parse(&format!("g{number}")).unwrap();
        for number in 0..=GROUPS_MAX {
            assert_eq!(counts.recent(&group(number), Timestamp(100)), None);
        }
        assert_eq!(lock(&counts.0).len(), GROUPS_MAX);
        assert_eq!(counts.recent(&group(GROUPS_MAX), Timestamp(200)), None);
        assert_eq!(lock(&counts.0).len(), 1);
    }
}
