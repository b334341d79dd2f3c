//! Limits how often somebody may try to sign in, so that passwords cannot be guessed.
//!
//! [choice] Sign-ins to the console: an address may fail 10 times at once and then every 6 seconds, a name 20 times at once
//! and then every 3 seconds.

use crate::allowance::Allowance;
use crate::lock::lock;
use crate::network::Network;
use quick_cache::sync::Cache;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

const OF_ADDRESS: f64 = 10.0;
const OF_ADDRESS_PER_SECOND: f64 = 1.0 / 6.0;
const OF_NAME: f64 = 20.0;
const OF_NAME_PER_SECOND: f64 = 1.0 / 3.0;

/// Addresses, and names, that are remembered. One that is forgotten starts anew.
const REMEMBERED_MAX: usize = 10_000;

/// How many attempts each address and each name has left.
pub(crate) struct Attempts {
    addresses: Cache<Network, Arc<Mutex<Allowance>>>,
    names: Cache<String, Arc<Mutex<Allowance>>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { addresses: Cache::new(REMEMBERED_MAX), names: Cache::new(REMEMBERED_MAX) }
    }
}

/// An attempt that was counted.
pub(crate) struct Attempt(Vec<Arc<Mutex<Allowance>>>);

impl Attempt {
    /// It succeeded, so it does not count.
    pub(crate) fn succeeded(self) {
        let now = Instant::now();
        self.0.iter().for_each(|allowance| lock(allowance).spend(-1.0, now));
    }
}

fn allowance<Key: Eq + Hash + Clone>(
    cache: &Cache<Key, Arc<Mutex<Allowance>>>,
    key: &Key,
    new: impl FnOnce() -> Allowance,
) -> Arc<Mutex<Allowance>> {
    let Ok(allowance) = cache.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::new(Mutex::new(new()))));
    allowance
}

impl Attempts {
    /// Counts an attempt; `None` when there were too many. `network` is `None` for an exempt address.
    pub(crate) fn begin(&self, network: Option<Network>, name: &str) -> Option<Attempt> {
        self.begin_at(network, name, Instant::now())
    }

    fn begin_at(&self, network: Option<Network>, name: &str, now: Instant) -> Option<Attempt> {
        let mut taken = Vec::new();
        if let Some(network) = network {
            let new = || Allowance::new(OF_ADDRESS, OF_ADDRESS_PER_SECOND, now);
            taken.push(allowance(&self.addresses, &network, new));
        }
        // A name that is too long is nobody's.
        let name: String = name.chars().take(64).collect();
        taken.push(allowance(&self.names, &name, || Allowance::new(OF_NAME, OF_NAME_PER_SECOND, now)));
        taken.iter().all(|allowance| lock(allowance).take(now)).then_some(Attempt(taken))
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

    fn failures(attempts: &Attempts, address: &str, name: &str, now: Instant) -> usize {
        (0..100).take_while(|_| attempts.begin_at(network(address), name, now).is_some()).count()
    }

    #[test]
    fn an_address_and_a_name_have_so_many_failures() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        assert_eq!(failures(&attempts, "192.0.2.1", "root", now), 10);
        assert_eq!(failures(&attempts, "192.0.2.1", "other", now), 0, "the address has none left");
        assert_eq!(failures(&attempts, "192.0.2.2", "root", now), 10, "the name has ten left");
        assert_eq!(failures(&attempts, "127.0.0.1", "root", now), 0, "an exempt address has no name's more");
        assert_eq!(failures(&attempts, "127.0.0.1", "admin", now), 20);
        let later = now + Duration::from_secs(12);
        assert_eq!(failures(&attempts, "192.0.2.1", "third", later), 2);
        assert_eq!(failures(&attempts, "127.0.0.1", "root", later), 4);
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let attempts = Attempts::default();
        for _ in 0..100 {
            attempts.begin(network("192.0.2.1"), "root").unwrap().succeeded();
        }
    }
}
