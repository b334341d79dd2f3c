//! Rows cached as they are read: those of accounts, their profiles, the numbers of one-to-one conversations and groups, which
//! calls read by the hundred. Finding one in the engine takes many times as long.
//!
//! A row is used only where nothing was written to it between the moment it was read and the moment that a reader sees. A
//! moment is a sequence number of the engine.

use super::keys;
use fjall::Slice;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory for rows, about, in bytes.
const BYTES_MAX: u64 = 32 << 20;
/// Rows expected in it.
const ROWS: usize = 100_000;
/// Sets of keys. A write to one row also invalidates the rows that share its set.
const SETS: usize = 1 << 17;

/// The moment of a write that is not visible yet.
const WRITING: u64 = u64::MAX;

pub(super) struct RowCache {
    rows: Cache<Vec<u8>, Entry, Bytes>,
    /// For each set, the moment from which on its last write is visible.
    written: Box<[AtomicU64]>,
}

#[derive(Clone)]
struct Entry {
    read_at: u64,
    /// `None`: there was no such row.
    value: Option<Slice>,
}

impl RowCache {
    pub(super) fn new() -> Self {
        Self {
            rows: Cache::with_weighter(ROWS, BYTES_MAX, Bytes),
            written: (0..SETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// A row as it is at `moment`; nothing when that must be read.
    pub(super) fn get(&self, key: &[u8], moment: u64) -> Option<Option<Slice>> {
        let Entry { read_at, value } = self.rows.get(key)?;
        let written = self.written[set(key)].load(Ordering::Acquire);
        (written <= read_at && written <= moment).then_some(value)
    }

    /// Caches a row that was read at `moment`. That a group is absent is not cached: loads bring groups in beside the batches.
    pub(super) fn insert(&self, key: &[u8], moment: u64, value: Option<&[u8]>) {
        if value.is_none() && keys::is_group(key) {
            return;
        }
        if self.written[set(key)].load(Ordering::Acquire) <= moment {
            // Copied: the engine's own slice would keep a whole block.
            let value = value.map(Slice::from);
            self.rows.insert(key.to_vec(), Entry { read_at: moment, value });
        }
    }

    /// Begins to write rows, with cached ones among them. Until that is [done](Writing::done), none of these is used.
    pub(super) fn begin_writing<'key>(&self, keys: impl Iterator<Item = &'key Vec<u8>>) -> Writing<'_> {
        let sets: Vec<usize> = keys.filter(|key| keys::is_cached(key)).map(|key| set(key)).collect();
        let writing = Writing { written: &self.written, sets };
        writing.set(WRITING);
        writing
    }
}

/// Rows that are being written.
#[must_use]
pub(super) struct Writing<'cache> {
    written: &'cache [AtomicU64],
    sets: Vec<usize>,
}

impl Writing<'_> {
    /// The writes are visible from `moment` on.
    pub(super) fn done(self, moment: u64) {
        self.set(moment);
    }

    fn set(&self, moment: u64) {
        for set in &self.sets {
            self.written[*set].store(moment, Ordering::Release);
        }
    }
}

/// Keys begin with a hash of what they are about.
fn set(key: &[u8]) -> usize {
    keys::scatter_of(key) as usize % SETS
}

/// The size of a row with its places in the cache, about.
#[derive(Clone)]
struct Bytes;

impl Weighter<Vec<u8>, Entry> for Bytes {
    fn weight(&self, key: &Vec<u8>, kept: &Entry) -> u64 {
        (key.len() + kept.value.as_ref().map_or(0, |value| value.len()) + 150) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite;
    use landfall_domain::ids::{AppId, UserId};

    #[test]
    fn a_row_is_used_only_at_moments_between_two_writes() {
        let cache = RowCache::new();
        let key = keys::account(AppId(1), &UserId::parse("ann").unwrap());
        let value = |moment| cache.get(&key, moment).map(|value| value.map(|value| value.to_vec()));
        assert_eq!(value(5), None);

        cache.insert(&key, 5, Some(b"one"));
        assert_eq!((value(4), value(9)), (Some(Some(b"one".to_vec())), Some(Some(b"one".to_vec()))));

        let writing = cache.begin_writing([&key].into_iter());
        assert_eq!(value(9), None);
        cache.insert(&key, 9, Some(b"one"));
        writing.done(10);
        // Read before the write, or for somebody who does not see the write.
        cache.insert(&key, 9, Some(b"one"));
        assert_eq!((value(9), value(10)), (None, None));
        cache.insert(&key, 11, None);
        assert_eq!((value(9), value(10), value(12)), (None, Some(None), Some(None)));

        // A member of a group is not cached, and that a group is absent is not, either.
        let group = suite::group_id("g");
        let member = keys::member(AppId(1), &group, &UserId::parse("ann").unwrap());
        cache.begin_writing([&member].into_iter()).done(20);
        assert_eq!(value(12), Some(None));
        let group = keys::group(AppId(1), &group);
        cache.insert(&group, 12, None);
        assert_eq!(cache.get(&group, 12), None);
        cache.insert(&group, 12, Some(b"g"));
        assert!(cache.get(&group, 12).is_some());
    }
}
