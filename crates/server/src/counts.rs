//! What happens in an app, counted in memory until [`counting`](crate::counting) adds it to the store.

mod tally;

pub(crate) use tally::Tally;

use crate::lock::lock;
use landfall_domain::ids::UserId;
use landfall_domain::people::counts::{Day, DayCounts, Sum, Who};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What happened in one app since its counts were added to the store.
#[derive(Default)]
pub(crate) struct AppCounts {
    days: Mutex<BTreeMap<Day, DayCounts>>,
    /// Messages that were handed to connected devices.
    direct_down: AtomicU64,
    group_down: AtomicU64,
    /// Whether the numbers of accounts and groups may have changed.
    totals_changed: AtomicBool,
}

impl AppCounts {
    /// Adds what a change has brought about.
    pub(crate) fn add(&self, tally: &Tally, now: Timestamp) {
        tally.add_to(lock(&self.days).entry(Day::of(now)).or_default());
    }

    /// Adds one to a sum.
    pub(crate) fn one(&self, sum: Sum, now: Timestamp) {
        lock(&self.days).entry(Day::of(now)).or_default().add(sum, 1);
    }

    /// A client of `account` is connected; `online` accounts are, to this server.
    pub(crate) fn login(&self, account: &UserId, online: usize, now: Timestamp) {
        let mut days = lock(&self.days);
        let day = days.entry(Day::of(now)).or_default();
        day.add(Sum::Logins, 1);
        day.note(Who::LoggedIn, account.as_str());
        day.note(Who::Active, account.as_str());
        day.online_max = day.online_max.max(u64::try_from(online).unwrap_or(u64::MAX));
    }

    /// A message between accounts was handed to this many devices.
    pub(crate) fn handed_direct(&self, devices: u64) {
        self.direct_down.fetch_add(devices, Ordering::Relaxed);
    }

    /// A message to a group was handed to this many devices.
    pub(crate) fn handed_group(&self, devices: u64) {
        self.group_down.fetch_add(devices, Ordering::Relaxed);
    }

    /// Accounts or groups may have come or gone.
    pub(crate) fn totals_change(&self) {
        self.totals_changed.store(true, Ordering::Relaxed);
    }

    /// Whether that was said since the last time.
    pub(crate) fn take_totals_change(&self) -> bool {
        self.totals_changed.swap(false, Ordering::Relaxed)
    }

    /// Takes what was counted.
    pub(crate) fn take(&self, now: Timestamp) -> BTreeMap<Day, DayCounts> {
        for (sum, handed) in [(Sum::DirectDown, &self.direct_down), (Sum::GroupDown, &self.group_down)] {
            let handed = handed.swap(0, Ordering::Relaxed);
            if 0 < handed {
                lock(&self.days).entry(Day::of(now)).or_default().add(sum, handed);
            }
        }
        std::mem::take(&mut lock(&self.days))
    }

    /// Puts back what could not be added to the store.
    pub(crate) fn put_back(&self, day: Day, counts: &DayCounts, now: Timestamp) {
        lock(&self.days).entry(day).or_default().merge(counts, now);
    }
}

#[cfg(test)]
mod tests;
