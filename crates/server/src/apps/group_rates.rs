//! How often something may be done to one group. Each server process counts by itself, for the groups it was done
//! to recently.

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use landfall_domain::ids::GroupId;
use quick_cache::sync::Cache;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Groups of one app that are remembered. A group that is forgotten starts anew: a limit protects the server and is no
/// promise to anybody. [choice]
const GROUPS_MAX: usize = 10_000;

/// Limits how often something is done to each group of one app.
pub struct GroupRates(Cache<GroupId, Arc<DefaultDirectRateLimiter>>);

impl Default for GroupRates {
    fn default() -> Self {
        Self(Cache::new(GROUPS_MAX))
    }
}

impl GroupRates {
    /// Counts once for a group, which need not exist; false when that exceeds the limit. `per_second` is the limit, of
    /// which a second's worth may come at once, and is the same in every call; 0 is no limit.
    pub fn admit(&self, group: &GroupId, per_second: u32) -> bool {
        let Some(per_second) = NonZeroU32::new(per_second) else { return true };
        let new = || Arc::new(RateLimiter::direct(Quota::per_second(per_second)));
        let Ok(rate) = self.0.get_or_insert_with(group, || Ok::<_, Infallible>(new()));
        rate.check().is_ok()
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
    fn a_second_s_worth_comes_at_once_and_then_the_rate_holds() {
        const PER_SECOND: u32 = 5;
        let rates = GroupRates::default();
        let begun = Instant::now();
        let admitted = (0..100).filter(|_| rates.admit(&group("a"), PER_SECOND)).count();
        let most = f64::from(PER_SECOND) * (1.0 + begun.elapsed().as_secs_f64());
        assert!(5 <= admitted && f64::from(u32::try_from(admitted).unwrap()) <= most, "{admitted}");
        assert!(rates.admit(&group("b"), PER_SECOND), "groups are counted by themselves");
    }

    #[test]
    fn without_a_limit_everything_is_admitted() {
        let rates = GroupRates::default();
        assert!((0..1_000).all(|_| rates.admit(&group("a"), 0)));
    }

    #[test]
    fn the_groups_remembered_have_a_bound() {
        let rates = GroupRates::default();
        for number in 0..2 * GROUPS_MAX {
            assert!(rates.admit(&group(&number.to_string()), 1), "{number}");
        }
        assert!(rates.0.len() <= GROUPS_MAX);
    }
}
