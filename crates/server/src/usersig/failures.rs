//! Limits how many UserSigs of one address may be refused, so that they cannot be guessed any faster.

use crate::allowance::Allowance;
use crate::lock::lock;
use crate::network::Network;
use quick_cache::sync::Cache;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Refusals of one address that may come at once, and in a minute after that. Then no signature is verified until the
/// next is due; the documentation says "after a minute". [choice]
const AT_ONCE: f64 = 60.0;
const PER_SECOND: f64 = AT_ONCE / 60.0;

/// Addresses that are remembered. An address that is forgotten starts anew.
const NETWORKS_MAX: usize = 10_000;

/// How many refusals each address has left.
pub(crate) struct Failures(Cache<Network, Arc<Mutex<Allowance>>>);

impl Default for Failures {
    fn default() -> Self {
        Self(Cache::new(NETWORKS_MAX))
    }
}

impl Failures {
    /// Whether a signature from there may be verified; `None`, an exempt address, always may.
    pub(crate) fn may_try(&self, network: Option<Network>) -> bool {
        self.may_try_at(network, Instant::now())
    }

    /// Counts a refused signature.
    pub(crate) fn count(&self, network: Option<Network>) {
        self.count_at(network, Instant::now());
    }

    fn may_try_at(&self, network: Option<Network>, now: Instant) -> bool {
        let Some(allowance) = network.and_then(|network| self.0.get(&network)) else { return true };
        lock(&allowance).has_one(now)
    }

    fn count_at(&self, network: Option<Network>, now: Instant) {
        let Some(network) = network else { return };
        let new = || Ok::<_, Infallible>(Arc::new(Mutex::new(Allowance::new(AT_ONCE, PER_SECOND, now))));
        let Ok(allowance) = self.0.get_or_insert_with(&network, new);
        lock(&allowance).take(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Exempt, parse};
    use std::time::Duration;

    fn network(address: &str) -> Option<Network> {
        Exempt::new(vec![parse("127.0.0.0/8").unwrap()]).counted(address.parse().unwrap())
    }

    /// Tries until no attempt is left, at most a thousand times.
    fn tries(failures: &Failures, address: &str, now: Instant) -> usize {
        let tried = (0..1_000).take_while(|_| {
            let may_try = failures.may_try_at(network(address), now);
            failures.count_at(network(address), now);
            may_try
        });
        tried.count()
    }

    #[test]
    fn an_address_has_sixty_at_once_and_then_one_a_second() {
        let (failures, start) = (Failures::default(), Instant::now());
        assert_eq!(tries(&failures, "192.0.2.1", start), 60);
        assert_eq!(tries(&failures, "192.0.2.1", start + Duration::from_secs(7)), 7);
        assert_eq!(tries(&failures, "192.0.2.1", start + Duration::from_secs(3_600)), 60);
        assert_eq!(tries(&failures, "192.0.2.2", start), 60, "other addresses have their own");
    }

    #[test]
    fn an_exempt_address_may_always_try() {
        assert_eq!(tries(&Failures::default(), "127.0.0.1", Instant::now()), 1_000);
    }

    #[test]
    fn the_addresses_remembered_have_a_bound() {
        let (failures, now) = (Failures::default(), Instant::now());
        for number in 0..u32::try_from(2 * NETWORKS_MAX).unwrap() {
            let address = std::net::Ipv4Addr::from(0xC000_0000 + number).to_string();
            failures.count_at(network(&address), now);
        }
        assert!(failures.0.len() <= NETWORKS_MAX);
    }
}
