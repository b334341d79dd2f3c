//! What official accounts send, on its way to the subscribers that are connected here.
//!
//! No list of subscribers is read: of the connected accounts the store says which of them subscribe.

use super::direct_frames as direct;
use super::frame::Frame;
use super::outgoing_frame::names;
use super::session_directory::SessionDirectory;
use crate::lock::lock;
use crate::logging::ErrorLogLimiter;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use std::collections::VecDeque;
use std::mem::replace;
use std::sync::{Arc, Mutex};

/// Frames that wait; beyond them clients get a notice that something is missing, and catch up.
const WAITING_MAX: usize = 1_000;
/// Accounts that the store is asked about at once.
const ASKED_AT_ONCE: usize = 1_000;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(UserId, Arc<Frame>)>,
    /// Whether a task works on it.
    is_busy: bool,
}

/// The broadcasts of one app, one after the other.
pub(super) struct Broadcasts {
    app: AppId,
    store: Arc<dyn Store>,
    sessions: Arc<SessionDirectory>,
    error_log: ErrorLogLimiter,
    queue: Mutex<Queue>,
}

impl Broadcasts {
    pub(super) fn new(app: AppId, store: Arc<dyn Store>, sessions: Arc<SessionDirectory>) -> Arc<Self> {
        let (error_log, queue) = (ErrorLogLimiter::default(), Mutex::default());
        Arc::new(Self { app, store, sessions, error_log, queue })
    }

    /// Sends a frame to the connected subscribers of an official account.
    pub(super) fn add(self: &Arc<Self>, official: UserId, frame: Frame) {
        let mut queue = lock(&self.queue);
        if WAITING_MAX <= queue.waiting.len() {
            drop(queue);
            self.report_loss();
            return;
        }
        queue.waiting.push_back((official, Arc::new(frame)));
        if !replace(&mut queue.is_busy, true) {
            tokio::spawn(Arc::clone(self).work());
        }
    }

    fn next(&self) -> Option<(UserId, Arc<Frame>)> {
        let mut queue = lock(&self.queue);
        let next = queue.waiting.pop_front();
        queue.is_busy = next.is_some();
        next
    }

    async fn work(self: Arc<Self>) {
        while let Some((official, frame)) = self.next() {
            if let Err(error) = self.deliver(&official, &frame).await {
                self.error_log.log(|suppressed| {
                    tracing::error!(%error, suppressed, "subscribers cannot be looked up for a message: {error}");
                });
                self.report_loss();
            }
        }
    }

    async fn deliver(&self, official: &UserId, frame: &Arc<Frame>) -> Result<(), StoreError> {
        for accounts in self.sessions.accounts().chunks(ASKED_AT_ONCE) {
            let subject = Subject::Account(official.clone());
            let place = |account: &UserId| (subject.clone(), FactKey::Subscriber(account.clone()));
            let facts = accounts.iter().map(place).collect();
            let found = self.store.people(self.app, PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
            let subscribers: Vec<UserId> =
                found.facts.into_keys().filter_map(|(_, key)| key.peer().cloned()).collect();
            self.sessions.send(frame, &names(&subscribers));
        }
        Ok(())
    }

    fn report_loss(&self) {
        let missed = Arc::new(Frame::without_number(direct::missed()));
        self.sessions.all().iter().for_each(|session| session.push(&missed));
    }
}
