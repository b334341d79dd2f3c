//! Remembers valid signatures, so that a repeated one is not inflated, parsed and hashed again.

use super::{TEXT_BYTES_MAX, Verified};
use crate::lock::lock;
use landfall_domain::limits::USER_ID_BYTES_MAX;
use landfall_domain::time::Timestamp;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Mutex;

/// How many signatures of usual length (about 200 bytes) are remembered.
const SIGNATURES_MAX: usize = 10_000;

/// The memory of one signature beside its text and name: key, value and its share of the tables, in bytes.
const OVERHEAD_BYTES: usize = 200;

/// Bound on texts, names and overhead together, in bytes. Long signatures leave room for fewer.
const CACHE_BYTES_MAX: usize = SIGNATURES_MAX * (OVERHEAD_BYTES + 200 + USER_ID_BYTES_MAX);

/// Valid signatures of one app and one secret key.
///
/// It holds about 10,000 signatures of usual length and never more than about 4.3 MB; the least used ones make
/// room. A new key needs a new cache: signatures of the old key are then forgotten by construction.
///
/// Every kick must be reported to [`invalidate`](Self::invalidate), including those by another server over the same
/// store. While reports may be missed, it must be [suspended](Self::suspend): it then remembers nothing,
/// so that every signature is checked, and the last kick read from the store.
///
/// Texts are compared byte by byte only when a randomly seeded 64-bit hash of text and name already agrees, so
/// the time of a lookup does not reveal how much of a guessed text is right.
pub struct SignatureCache {
    entries: Cache<Key, Verified, Weight>,
    /// Locked while inserting and while removing, so that neither happens in the middle of the other.
    kicks: Mutex<Kicks>,
}

/// The kicks that were reported.
struct Kicks {
    /// Counts the reports, and every time that some may have been missed.
    count: u64,
    /// Whether all kicks are reported.
    complete: bool,
}

/// The count of kicks before a signature was checked, `None` while reports may be missed; see
/// [`SignatureCache::ticket`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Ticket(Option<u64>);

impl SignatureCache {
    /// An empty cache, not suspended.
    #[must_use]
    pub fn new() -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(SIGNATURES_MAX)
            .weight_capacity(CACHE_BYTES_MAX as u64)
            .build()
            .expect("both capacities are given");
        let entries =
            Cache::with_options(options, Weight, DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self { entries, kicks: Mutex::new(Kicks { count: 0, complete: true }) }
    }

    /// The remembered result for `text` and `identifier`, if it is still valid at `now`. Does not allocate.
    #[must_use]
    pub fn get(&self, identifier: &str, text: &str, now: Timestamp) -> Option<Verified> {
        self.entries.get(&Lookup { identifier, text }).filter(|verified| now <= verified.last_valid)
    }

    /// Must be taken before a signature is verified and the last kick read from the store, and passed to
    /// [`remember`](Self::remember) afterwards.
    pub fn ticket(&self) -> Ticket {
        let kicks = lock(&self.kicks);
        Ticket(kicks.complete.then_some(kicks.count))
    }

    /// Remembers that `text` is valid for `identifier`, unless an account was kicked since `ticket` was taken, or
    /// may have been without a report: the answer of the store may then be older than the kick.
    pub fn remember(&self, ticket: Ticket, identifier: &str, text: &str, verified: Verified) {
        // Longer texts are not names of accounts or not signatures, and not worth the memory.
        if USER_ID_BYTES_MAX < identifier.len() || TEXT_BYTES_MAX < text.len() {
            return;
        }
        let kicks = lock(&self.kicks);
        if ticket.0 == Some(kicks.count) {
            self.entries.insert(Key { identifier: identifier.into(), text: text.into() }, verified);
        }
    }

    /// Forgets every signature of `identifier`, including those whose check is still under way.
    ///
    /// Must be called after the kick is in the store. Scans the whole cache.
    pub fn invalidate(&self, identifier: &str) {
        let mut kicks = lock(&self.kicks);
        kicks.count = kicks.count.wrapping_add(1);
        self.entries.retain(|key, _| *key.identifier != *identifier);
    }

    /// Forgets every signature and remembers none until [`resume`](Self::resume), because kicks may be missed.
    pub fn suspend(&self) {
        self.forget_all(false);
    }

    /// Remembers signatures whose check begins from now on: all kicks are reported again.
    pub fn resume(&self) {
        self.forget_all(true);
    }

    fn forget_all(&self, complete: bool) {
        let mut kicks = lock(&self.kicks);
        *kicks = Kicks { count: kicks.count.wrapping_add(1), complete };
        self.entries.clear();
    }
}

impl Default for SignatureCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SignatureCache {
    /// Prints only the size: the texts are passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCache").field("signatures", &self.entries.len()).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    identifier: Box<str>,
    text: Box<str>,
}

/// A borrowed key.
#[derive(Hash)]
struct Lookup<'a> {
    identifier: &'a str,
    text: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Lookup { identifier: &self.identifier, text: &self.text }.hash(state);
    }
}

impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.identifier == *key.identifier && *self.text == *key.text
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Verified> for Weight {
    fn weight(&self, key: &Key, _: &Verified) -> u64 {
        (OVERHEAD_BYTES + key.identifier.len() + key.text.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const GOOD: Verified = Verified { made: Timestamp(100), last_valid: Timestamp(200) };
    const NOW: Timestamp = Timestamp(150);

    fn remembering(pairs: &[(&str, &str)]) -> SignatureCache {
        let cache = SignatureCache::new();
        for (identifier, text) in pairs {
            cache.remember(cache.ticket(), identifier, text, GOOD);
        }
        cache
    }

    #[test]
    fn a_signature_is_remembered_for_its_own_account_only() {
        let cache = remembering(&[("ann", "sig-a")]);
        assert_eq!(cache.get("ann", "sig-a", NOW), Some(GOOD));
        for (identifier, text) in [("bob", "sig-a"), ("Ann", "sig-a"), ("ann", "sig-b"), ("annsig", "-a")] {
            assert_eq!(cache.get(identifier, text, NOW), None, "{identifier} {text}");
        }
    }

    #[test]
    fn the_last_second_counts_and_the_next_does_not() {
        let cache = remembering(&[("ann", "sig-a")]);
        assert_eq!(cache.get("ann", "sig-a", Timestamp(200)), Some(GOOD));
        assert_eq!(cache.get("ann", "sig-a", Timestamp(201)), None);
    }

    #[test]
    fn a_kick_forgets_every_signature_of_that_account_and_no_other() {
        let cache = remembering(&[("ann", "sig-1"), ("ann", "sig-2"), ("bob", "sig-3")]);
        cache.invalidate("ann");
        assert_eq!(cache.get("ann", "sig-1", NOW), None);
        assert_eq!(cache.get("ann", "sig-2", NOW), None);
        assert_eq!(cache.get("bob", "sig-3", NOW), Some(GOOD));
    }

    #[test]
    fn a_check_begun_before_a_kick_is_not_remembered_after_it() {
        let cache = SignatureCache::new();
        let before = cache.ticket();
        cache.invalidate("ann");
        cache.remember(before, "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), None);

        cache.remember(cache.ticket(), "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), Some(GOOD));
    }

    #[test]
    fn nothing_is_remembered_while_kicks_may_be_missed() {
        let cache = remembering(&[("ann", "sig-a")]);
        cache.suspend();
        assert_eq!(cache.get("ann", "sig-a", NOW), None);
        cache.remember(cache.ticket(), "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), None);
        // One report does not mean that all kicks are reported again.
        cache.invalidate("bob");
        cache.remember(cache.ticket(), "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), None);

        cache.resume();
        assert_eq!(cache.get("ann", "sig-a", NOW), None);
        cache.remember(cache.ticket(), "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), Some(GOOD));
        // A resume counts also without a suspension before it.
        cache.resume();
        assert_eq!(cache.get("ann", "sig-a", NOW), None);
    }

    #[test]
    fn a_check_begun_while_suspended_is_not_remembered_after_it() {
        let cache = SignatureCache::new();
        let before_suspension = cache.ticket();
        cache.suspend();
        cache.remember(before_suspension, "ann", "sig-a", GOOD);
        let while_suspended = cache.ticket();
        cache.resume();
        for ticket in [before_suspension, while_suspended] {
            cache.remember(ticket, "ann", "sig-a", GOOD);
            assert_eq!(cache.get("ann", "sig-a", NOW), None, "{ticket:?}");
        }
        cache.remember(cache.ticket(), "ann", "sig-a", GOOD);
        assert_eq!(cache.get("ann", "sig-a", NOW), Some(GOOD));
    }

    /// Kicks again and again while signatures are checked on other threads. `kick` is given the "store", which holds
    /// the second of the last kick: each invalidates what was made before it.
    fn race_kicks_against_checks(kick: impl Fn(&SignatureCache, &AtomicU64, u64) + Sync) {
        let cache = SignatureCache::new();
        let rounds = 2_000_u64;
        let last_kick = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for made in 0..rounds {
                        let ticket = cache.ticket();
                        if last_kick.load(Ordering::SeqCst) <= made {
                            let verified =
                                Verified { made: Timestamp(made), last_valid: Timestamp(u64::MAX) };
                            cache.remember(ticket, "ann", "sig-a", verified);
                        }
                    }
                });
            }
            scope.spawn(|| {
                for second in 1..=rounds {
                    kick(&cache, &last_kick, second);
                    let left = cache.get("ann", "sig-a", NOW);
                    assert!(
                        left.is_none_or(|verified| second <= verified.made.0),
                        "{left:?} outlived kick {second}"
                    );
                }
            });
        });
        assert_eq!(cache.get("ann", "sig-a", NOW), None, "every signature is older than the last kick");
    }

    #[test]
    fn kicks_and_checks_on_many_threads_never_leave_an_old_signature() {
        race_kicks_against_checks(|cache, last_kick, second| {
            last_kick.store(second, Ordering::SeqCst);
            cache.invalidate("ann");
        });
    }

    #[test]
    fn kicks_that_are_not_reported_never_leave_an_old_signature() {
        race_kicks_against_checks(|cache, last_kick, second| {
            cache.suspend();
            last_kick.store(second, Ordering::SeqCst);
            assert_eq!(cache.get("ann", "sig-a", NOW), None, "remembered while suspended");
            cache.resume();
        });
    }

    #[test]
    fn memory_is_bounded_and_giants_are_not_kept() {
        let cache = SignatureCache::new();
        for number in 0..3 * SIGNATURES_MAX {
            cache.remember(cache.ticket(), "ann", &format!("{number:0>200}"), GOOD);
        }
        assert!(cache.entries.weight() <= CACHE_BYTES_MAX as u64, "{}", cache.entries.weight());
        assert!(SIGNATURES_MAX / 2 < cache.entries.len(), "{}", cache.entries.len());

        let (name, text) = ("n".repeat(USER_ID_BYTES_MAX + 1), "t".repeat(TEXT_BYTES_MAX + 1));
        cache.remember(cache.ticket(), &name, "sig-a", GOOD);
        cache.remember(cache.ticket(), "ann", &text, GOOD);
        assert_eq!(cache.get(&name, "sig-a", NOW), None);
        assert_eq!(cache.get("ann", &text, NOW), None);
    }

    #[test]
    fn printing_the_cache_shows_no_signature() {
        let cache = remembering(&[("ann", "sig-a")]);
        assert_eq!(format!("{cache:?}"), "SignatureCache { signatures: 1, .. }");
    }
}
