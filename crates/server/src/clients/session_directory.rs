//! The connected clients of one app, by account.

use super::frame::Frame;
use super::session::{CloseReason, Session};
use crate::counts::AppCounts;
use crate::lock::lock;
use crate::platform::Platform;
use landfall_domain::ids::{GroupId, UserId};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Devices of one account that may be connected at the same time; the one that has been longest gives way. [choice]
const DEVICES_MAX: usize = 10;

pub(super) struct SessionDirectory {
    accounts: Mutex<BTreeMap<UserId, Vec<Arc<Session>>>>,
    /// How many sessions there are, so that a change in an app without clients costs no look-up.
    count: AtomicUsize,
    /// Of what is handed to them.
    counts: Arc<AppCounts>,
}

impl SessionDirectory {
    pub(super) fn new(counts: Arc<AppCounts>) -> Self {
        Self { accounts: Mutex::default(), count: AtomicUsize::new(0), counts }
    }

    /// Adds a session, which from then on receives what is sent to its account. Returns the number of sessions, and the
    /// platform of the device that had to make room.
    pub(super) fn add(&self, session: &Arc<Session>) -> (usize, Option<Platform>) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut accounts = lock(&self.accounts);
        let devices = accounts.entry(session.account.clone()).or_default();
        // A session that is being closed is still listed; it counts until its connection has ended.
        let staying = devices.iter().filter(|device| device.close_reason().is_none()).count();
        let first = devices.iter().find(|device| device.close_reason().is_none() && DEVICES_MAX <= staying);
        let replaced = first.map(|device| {
            device.close(CloseReason::Replaced);
            device.platform
        });
        devices.push(Arc::clone(session));
        (count, replaced)
    }

    pub(super) fn remove(&self, session: &Session) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        let mut accounts = lock(&self.accounts);
        if let Some(devices) = accounts.get_mut(&session.account) {
            devices.retain(|device| device.id != session.id);
            if devices.is_empty() {
                accounts.remove(&session.account);
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// How many accounts are connected.
    pub(super) fn accounts_count(&self) -> usize {
        lock(&self.accounts).len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        lock(&self.accounts).values().flatten().cloned().collect()
    }

    /// The accounts that are connected.
    pub(super) fn accounts(&self) -> Vec<UserId> {
        lock(&self.accounts).keys().cloned().collect()
    }

    pub(super) fn of_account(&self, account: &UserId) -> Vec<Arc<Session>> {
        lock(&self.accounts).get(account).cloned().unwrap_or_default()
    }

    pub(super) fn platforms(&self, account: &UserId) -> Vec<Platform> {
        self.of_account(account).iter().map(|session| session.platform).collect()
    }

    /// Records that the membership of `accounts` in `group` may have changed; returns those that are connected.
    pub(super) fn note_membership_change(&self, accounts: &[String], group: &GroupId) -> Vec<UserId> {
        let connected = lock(&self.accounts);
        let changed = accounts.iter().filter_map(|name| connected.get_key_value(&UserId::parse(name)?));
        changed
            .map(|(account, sessions)| {
                sessions.iter().for_each(|session| session.note_membership_change(group));
                account.clone()
            })
            .collect()
    }

    /// Sends a frame to all devices of these accounts.
    pub(super) fn send(&self, frame: &Arc<Frame>, accounts: &[String]) {
        let mut devices = 0;
        for account in accounts.iter().filter_map(|name| UserId::parse(name)) {
            let sessions = self.of_account(&account);
            sessions.iter().for_each(|session| session.push(frame));
            devices += sessions.len();
        }
        if frame.direct.is_some() {
            self.counts.handed_direct(u64::try_from(devices).unwrap_or(u64::MAX));
        }
    }

    /// Closes all connections of an account.
    pub(super) fn close(&self, account: &UserId, reason: CloseReason) {
        self.of_account(account).iter().for_each(|session| session.close(reason));
    }

    pub(super) fn close_all(&self, reason: CloseReason) {
        lock(&self.accounts).values().flatten().for_each(|session| session.close(reason));
    }
}
