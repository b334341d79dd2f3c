//! How many accounts are in live-stream groups, as counted a short time ago: to count, every server is asked for names.
//!
//! [choice] Clients are answered numbers that are up to 10 seconds old, as documented; administrators the exact ones.

use crate::lock::lock;
use landfall_domain::ids::GroupId;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How old a number may be, seconds.
const AGE_MAX: u64 = 10;
/// Groups whose numbers are kept.
const GROUPS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct OnlineCounts(Mutex<BTreeMap<GroupId, (Timestamp, usize)>>);

impl OnlineCounts {
    /// The number, unless it is too old. One caller then counts anew, and the others go on with the old one.
    pub(super) fn recent(&self, group: &GroupId, now: Timestamp) -> Option<usize> {
        let mut counts = lock(&self.0);
        let (counted, count) = counts.get_mut(group)?;
        if now.0.saturating_sub(counted.0) < AGE_MAX {
            return Some(*count);
        }
        *counted = now;
        None
    }

    pub(super) fn learn(&self, group: &GroupId, count: usize, now: Timestamp) {
        let mut counts = lock(&self.0);
        if GROUPS_MAX <= counts.len() {
            counts.retain(|_, (counted, _)| now.0.saturating_sub(counted.0) < AGE_MAX);
        }
        if counts.len() < GROUPS_MAX || counts.contains_key(group) {
            counts.insert(group.clone(), (now, count));
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
        counts.learn(&group, 7, Timestamp(100));
        assert_eq!(counts.recent(&group, Timestamp(109)), Some(7));
        assert_eq!(counts.recent(&group, Timestamp(110)), None);
        assert_eq!(counts.recent(&group, Timestamp(110)), Some(7));
        counts.learn(&group, 8, Timestamp(111));
        assert_eq!(counts.recent(&group, Timestamp(120)), Some(8));
    }

    #[test]
    fn numbers_of_a_bounded_number_of_groups_are_kept() {
        let counts = OnlineCounts::default();
        let group = |number: usize| GroupId::parse(&format!("g{number}")).unwrap();
        for number in 0..=GROUPS_MAX {
            counts.learn(&group(number), number, Timestamp(100));
        }
        assert_eq!(lock(&counts.0).len(), GROUPS_MAX);
        counts.learn(&group(GROUPS_MAX), 1, Timestamp(200));
        assert_eq!(lock(&counts.0).len(), 1);
    }
}
