//! Groups cached as they are read: a call that reads fifty spends most of its time finding and decoding them.
//!
//! A cached group is used only if nothing was written to it since it was read. Writers count that: see [`GroupCache`].

use landfall_domain::group::Group;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory for groups, about, in bytes.
const BYTES_MAX: u64 = 32 << 20;
/// Groups expected in it.
const GROUPS: usize = 50_000;
/// Counters. A write to one group also invalidates the groups that share its counter.
const COUNTERS: usize = 1 << 14;

/// Groups by their keys, and a counter for each of many sets of keys. The counter is odd while groups of its set are
/// written, and a new even number afterwards. A group is cached with the counter from before its read, and is valid
/// while the counter stays the same.
pub(super) struct GroupCache {
    groups: Cache<Vec<u8>, Entry, Bytes>,
    counters: Box<[AtomicU64]>,
}

#[derive(Clone)]
struct Entry {
    counter: u64,
    group: Arc<Group>,
}

/// The result of a look-up.
pub(super) enum Lookup {
    /// The group, as it is now.
    Hit(Arc<Group>),
    /// It must be read, from a view that is made after this.
    Miss(Miss),
}

/// A group that is to be read.
pub(super) struct Miss {
    key: Vec<u8>,
    counter: u64,
}

impl GroupCache {
    pub(super) fn new() -> Self {
        Self {
            groups: Cache::with_weighter(GROUPS, BYTES_MAX, Bytes),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(super) fn get(&self, key: Vec<u8>) -> Lookup {
        let kept = self.groups.get(&key);
        let counter = self.counters[place(&key)].load(Ordering::Acquire);
        match kept {
            Some(kept) if kept.counter == counter => Lookup::Hit(kept.group),
            Some(_) | None => Lookup::Miss(Miss { key, counter }),
        }
    }

    /// Caches a group that was read after a miss.
    pub(super) fn insert(&self, missing: Miss, group: &Arc<Group>) {
        if missing.counter.is_multiple_of(2) {
            self.groups.insert(missing.key, Entry { counter: missing.counter, group: Arc::clone(group) });
        }
    }

    /// Begins to write rows, with groups under these keys among them. Until that is [done](Writing::done), none of these
    /// groups is cached.
    pub(super) fn begin_writing<'key>(&self, keys: impl Iterator<Item = &'key Vec<u8>>) -> Writing<'_> {
        let places: BTreeSet<usize> = keys.map(|key| place(key)).collect();
        let writing = Writing { counters: &self.counters, places };
        writing.count();
        writing
    }
}

/// Groups that are being written.
#[must_use]
pub(super) struct Writing<'cache> {
    counters: &'cache [AtomicU64],
    places: BTreeSet<usize>,
}

impl Writing<'_> {
    /// The writes are visible to every view made from now on.
    pub(super) fn done(self) {
        self.count();
    }

    fn count(&self) {
        for place in &self.places {
            self.counters[*place].fetch_add(1, Ordering::AcqRel);
        }
    }
}

fn place(key: &[u8]) -> usize {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    // Smaller than the number of counters, so it fits.
    (hasher.finish() % COUNTERS as u64) as usize
}

/// The size of a group, about.
#[derive(Clone)]
struct Bytes;

impl Weighter<Vec<u8>, Entry> for Bytes {
    fn weight(&self, key: &Vec<u8>, kept: &Entry) -> u64 {
        let profile = &kept.group.profile;
        let fields: usize = profile.fields.iter().map(|field| 64 + field.value.as_str().len()).sum();
        let texts = [&profile.name, &profile.introduction, &profile.notification, &profile.face_url];
        let texts: usize = texts.map(|text| text.as_str().len()).iter().sum();
        (key.len() * 2 + size_of::<Group>() + 256 + texts + fields) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::keys;
    use crate::suite;
    use landfall_domain::account::UnknownAccounts;
    use landfall_domain::ids::AppId;
    use landfall_domain::new_group::new_group;
    use landfall_domain::time::Timestamp;

    fn missing(found: Lookup) -> Miss {
        match found {
            Lookup::Miss(missing) => missing,
            Lookup::Hit(group) => panic!("{group:?} is cached"),
        }
    }

    #[test]
    fn a_group_is_cached_until_it_is_written_to() {
        let cache = GroupCache::new();
        let id = suite::group_id("g");
        let key = keys::group(AppId(1), &id);
        let known = |_: &_| Ok::<_, ()>(true);
        let created = new_group(suite::group("g"), id, 1, UnknownAccounts::Create, Timestamp(1), known);
        let group = Arc::new(created.unwrap().unwrap().group);
        let begin_writing = || cache.begin_writing([&key].into_iter());

        cache.insert(missing(cache.get(key.clone())), &group);
        assert!(matches!(cache.get(key.clone()), Lookup::Hit(kept) if kept == group));

        begin_writing().done();
        let before = missing(cache.get(key.clone()));
        let writing = begin_writing();
        let meanwhile = missing(cache.get(key.clone()));
        cache.insert(meanwhile, &group);
        missing(cache.get(key.clone()));
        writing.done();
        // This one was read before the group was written.
        cache.insert(before, &group);
        missing(cache.get(key.clone()));

        cache.insert(missing(cache.get(key.clone())), &group);
        drop(begin_writing());
        cache.insert(missing(cache.get(key.clone())), &group);
        missing(cache.get(key));
    }
}
