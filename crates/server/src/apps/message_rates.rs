//! How many messages a group takes in a second. Each server process counts by itself, for the groups that were
//! sent to recently.
//!
//! A message counts against those of its own priority and of all lower ones. Nothing is dropped below the limit;
//! above it low messages are dropped first, and a high one only when too many high ones come. [choice]

use super::group_rates::GroupRates;
use landfall_domain::ids::GroupId;
use landfall_domain::message::Priority;

/// Limits the messages sent to each group of one app, by their priority.
#[derive(Default)]
pub struct MessageRates([GroupRates; Priority::ALL.len()]);

impl MessageRates {
    /// Counts one message; false when it is to be dropped. `per_second` is the limit, of which a second's worth may
    /// come at once, and is the same in every call; 0 is no limit.
    pub fn admit(&self, group: &GroupId, priority: Priority, per_second: u32) -> bool {
        let counting = Priority::ALL.iter().zip(&self.0).filter(|(counted, _)| priority <= **counted);
        let mut rates = counting.map(|(_, rates)| rates);
        let admitted = rates.next().is_some_and(|own| own.admit(group, per_second));
        if admitted {
            for lower in rates {
                // Lower priorities that have no room left lose nothing.
                lower.admit(group, per_second);
            }
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn group(id: &str) -> GroupId {
        GroupId::parse(id).unwrap()
    }

    #[test]
    fn a_group_takes_a_second_s_worth_and_no_more() {
        const PER_SECOND: u32 = 5;
        let rates = MessageRates::default();
        let begun = Instant::now();
        let admitted = (0..100).filter(|_| rates.admit(&group("g1"), Priority::Normal, PER_SECOND)).count();
        let most = f64::from(PER_SECOND) * (1.0 + begun.elapsed().as_secs_f64());
        assert!(5 <= admitted && f64::from(u32::try_from(admitted).unwrap()) <= most, "{admitted}");
        assert!(rates.admit(&group("g2"), Priority::Normal, PER_SECOND), "groups are counted by themselves");
    }

    #[test]
    fn low_messages_are_dropped_first() {
        let rates = MessageRates::default();
        let group = group("g1");
        for priority in Priority::ALL.into_iter().rev() {
            assert!(rates.admit(&group, priority, 1), "{priority:?} has not been sent before");
        }
    }

    #[test]
    fn a_message_counts_against_lower_ones() {
        let rates = MessageRates::default();
        for (number, lower) in Priority::ALL.into_iter().enumerate().skip(1) {
            let group = group(&format!("g{number}"));
            let begun = Instant::now();
            assert!(rates.admit(&group, Priority::High, 1));
            let admitted = rates.admit(&group, lower, 1);
            assert!(!admitted || 1.0 <= begun.elapsed().as_secs_f64(), "{lower:?} came in the same second");
        }
    }

    #[test]
    fn without_a_limit_everything_is_admitted() {
        let rates = MessageRates::default();
        assert!((0..1_000).all(|_| rates.admit(&group("g1"), Priority::Lowest, 0)));
    }
}
