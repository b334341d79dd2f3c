//! The other servers over the same store: what happens is told to those that have clients, and they are asked who is there.
//!
//! A server says every two seconds how many clients it has, and at once when it gets its first. One that others took to
//! have none, and that has some, is told to look at its histories again: it may not have been told everything.

use super::Hubs;
use super::bulletin::Bulletin;
use super::bus::{Bus, Heard, ServerId};
use super::session::Why;
use super::told::{Answer, Question, Told};
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How often a server says that it is there.
const PRESENT_EVERY: Duration = Duration::from_secs(2);
/// Not heard for so long, a server is taken to be gone.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// After events may have been missed, others may know something of clients that is not known here.
const UNSURE: Duration = Duration::from_secs(5);
/// Longest wait for the answers of the others.
const ANSWERS_MAX: Duration = Duration::from_millis(500);
/// A loss is often noticed several times; the histories are looked at once.
const LOSSES_TOGETHER: Duration = Duration::from_millis(200);
/// Between two looks at all histories, however much is lost.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Who is in a live-stream group, as one server tells another: more are only counted at their own server. [choice]
const VISITORS_MAX: usize = 50_000;

/// What servers tell each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Line {
    /// So many clients are connected here.
    Present { clients: usize },
    /// Who has clients may have missed something.
    LookAgain,
    /// Something happened in a group.
    AppliedChange { app: u32, group: String, bulletin: Bulletin },
    /// The connections of an account end.
    Ended { app: u32, account: String, why: Why },
    /// Who can answer this?
    Ask { id: u64, app: u32, question: Question },
    /// An answer.
    Answer { id: u64, to: String, answer: Answer },
}

/// The other servers.
pub(super) struct Peers {
    hubs: Weak<Hubs>,
    bus: OnceLock<Bus>,
    known: Mutex<Known>,
    /// Woken when histories are to be looked at again.
    missed: Arc<Notify>,
    tasks: Mutex<Vec<AbortHandle>>,
}

struct Known {
    servers: BTreeMap<ServerId, Peer>,
    /// Until when others may have clients of which is not known here.
    unsure_until: Instant,
    asked: BTreeMap<u64, Asked>,
    /// How many clients the others were last told of.
    told: usize,
}

struct Peer {
    clients: usize,
    heard: Instant,
}

/// A question that others are to answer.
struct Asked {
    left: BTreeSet<ServerId>,
    answers: Vec<Answer>,
    done: Option<oneshot::Sender<()>>,
}

impl Peers {
    /// Nobody is known yet. It begins with [`start`](Self::start).
    pub(super) fn new(hubs: &Arc<Hubs>) -> Arc<Self> {
        let known = Known {
            servers: BTreeMap::new(),
            unsure_until: Instant::now() + UNSURE,
            asked: BTreeMap::new(),
            told: 0,
        };
        Arc::new(Self {
            hubs: Arc::downgrade(hubs),
            bus: OnceLock::new(),
            known: Mutex::new(known),
            missed: Arc::default(),
            tasks: Mutex::default(),
        })
    }

    /// What a bus calls with what it hears.
    pub(super) fn ears(self: &Arc<Self>) -> super::bus::Hear {
        let peers = Arc::downgrade(self);
        Arc::new(move |heard| {
            if let Some(peers) = peers.upgrade() {
                peers.hear(heard);
            }
        })
    }

    /// Tells and asks by this bus from now on.
    pub(super) fn start(self: &Arc<Self>, bus: Bus) {
        // Nobody starts it twice.
        drop(self.bus.set(bus));
        let tasks = [
            tokio::spawn(be_present(Arc::downgrade(self))).abort_handle(),
            tokio::spawn(look_again(Arc::downgrade(self), Arc::clone(&self.missed))).abort_handle(),
        ];
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
    }

    /// Tells what waits, and that this server is gone.
    pub(super) async fn end(&self) {
        self.tell_line(&Line::Present { clients: 0 });
        if let Some(bus) = self.bus.get() {
            bus.end().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_line(&self, line: &Line) {
        if let Some(bus) = self.bus.get() {
            // Texts, numbers and lists of them always serialize.
            bus.tell(serde_json::to_string(line).unwrap_or_default());
        }
    }

    fn hear(self: &Arc<Self>, heard: Heard) {
        match heard {
            Heard::Missed => {
                self.lock().unsure_until = Instant::now() + UNSURE;
                self.missed.notify_one();
            }
            Heard::Line { from, line } => match serde_json::from_str(&line) {
                Ok(line) => self.take(from, line),
                // A newer server may tell what this one does not know.
                Err(error) => tracing::warn!(%error, "another server told something unknown: {error}"),
            },
        }
    }

    fn take(self: &Arc<Self>, from: ServerId, line: Line) {
        let Some(hubs) = self.hubs.upgrade() else { return };
        match line {
            Line::Present { clients } => self.is_present(&hubs, from, clients),
            Line::LookAgain => self.missed.notify_one(),
            Line::AppliedChange { app, group, bulletin } => {
                if let (Some(hub), Some(group)) = (hubs.known(AppId(app)), GroupId::parse(&group)) {
                    hub.take(&group, bulletin);
                }
            }
            Line::Ended { app, account, why } => {
                if let (Some(hub), Some(account)) = (hubs.known(AppId(app)), UserId::parse(&account)) {
                    hub.end(&account, why);
                }
            }
            Line::Ask { id, app, question } => {
                let peers = Arc::clone(self);
                tokio::spawn(async move {
                    let answer = hubs.answer(AppId(app), question).await;
                    peers.tell_line(&Line::Answer { id, to: from.to_string(), answer });
                });
            }
            Line::Answer { id, to, answer } => {
                if self.bus.get().is_some_and(|bus| to == bus.me.to_string()) {
                    self.is_answered(from, id, answer);
                }
            }
        }
    }

    fn is_present(&self, hubs: &Hubs, from: ServerId, clients: usize) {
        let heard = Instant::now();
        let before = self.lock().servers.insert(from, Peer { clients, heard });
        let had_none = before.as_ref().is_none_or(|peer| peer.clients == 0);
        if before.is_none() {
            self.tell_line(&Line::Present { clients: hubs.count() });
        }
        if had_none && clients != 0 {
            self.tell_line(&Line::LookAgain);
        }
    }

    fn is_answered(&self, from: ServerId, id: u64, answer: Answer) {
        let mut known = self.lock();
        let Some(asked) = known.asked.get_mut(&id) else { return };
        if asked.left.remove(&from) {
            asked.answers.push(answer);
        }
        if asked.left.is_empty()
            && let Some(done) = asked.done.take()
        {
            // Fails where the call has ended.
            done.send(()).unwrap_or_default();
        }
    }

    /// Says how many clients there are, and forgets servers that are gone.
    fn present(&self, clients: usize) {
        {
            let mut known = self.lock();
            let now = Instant::now();
            known.servers.retain(|_, peer| now.duration_since(peer.heard) < SILENCE_MAX);
            known.told = clients;
        }
        self.tell_line(&Line::Present { clients });
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(AbortHandle::abort);
    }
}

async fn be_present(peers: Weak<Peers>) {
    let mut times = tokio::time::interval(PRESENT_EVERY);
    loop {
        times.tick().await;
        let Some(peers) = peers.upgrade() else { return };
        let Some(hubs) = peers.hubs.upgrade() else { return };
        peers.present(hubs.count());
    }
}

async fn look_again(peers: Weak<Peers>, missed: Arc<Notify>) {
    loop {
        missed.notified().await;
        tokio::time::sleep(LOSSES_TOGETHER).await;
        let Some(hubs) = peers.upgrade().and_then(|peers| peers.hubs.upgrade()) else { return };
        for hub in hubs.all() {
            hub.catch_up().await;
        }
        drop(hubs);
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

#[async_trait]
impl Told for Peers {
    fn are_listening(&self) -> bool {
        let known = self.lock();
        Instant::now() < known.unsure_until || known.servers.values().any(|peer| peer.clients != 0)
    }

    fn tell(&self, app: AppId, group: &GroupId, bulletin: &Bulletin) {
        if self.are_listening() {
            let (group, bulletin) = (group.as_str().to_owned(), bulletin.clone());
            self.tell_line(&Line::AppliedChange { app: app.0, group, bulletin });
        }
    }

    fn tell_ended(&self, app: AppId, account: &UserId, why: Why) {
        self.tell_line(&Line::Ended { app: app.0, account: account.as_str().to_owned(), why });
    }

    fn has_clients(&self, clients: usize) {
        if self.lock().told == 0 {
            self.present(clients);
        }
    }

    async fn ask(&self, app: AppId, question: Question) -> Vec<Answer> {
        let id = fastrand::u64(..);
        let answered = {
            let mut known = self.lock();
            let servers = known.servers.iter().filter(|(_, peer)| peer.clients != 0);
            let left: BTreeSet<_> = servers.map(|(server, _)| *server).collect();
            if left.is_empty() {
                return Vec::new();
            }
            let (done, answered) = oneshot::channel();
            known.asked.insert(id, Asked { left, answers: Vec::new(), done: Some(done) });
            answered
        };
        self.tell_line(&Line::Ask { id, app: app.0, question });
        if tokio::time::timeout(ANSWERS_MAX, answered).await.is_err() {
            tracing::warn!("another server did not say in time who is connected to it");
        }
        self.lock().asked.remove(&id).map(|asked| asked.answers).unwrap_or_default()
    }
}

impl Hubs {
    /// What this server says to a question of another.
    async fn answer(&self, app: AppId, question: Question) -> Answer {
        let hub = self.known(app);
        match question {
            Question::Devices(names) => {
                let accounts = names.iter().filter_map(|name| UserId::parse(name));
                let devices = accounts.filter_map(|account| {
                    let devices = hub.as_ref()?.devices_here(&account);
                    (!devices.is_empty()).then(|| (account.as_str().to_owned(), devices))
                });
                Answer::Devices(devices.collect())
            }
            Question::Visitors(group) => {
                let visitors = match (hub, GroupId::parse(&group)) {
                    (Some(hub), Some(group)) => hub.visitors_here(&group).await,
                    (None, _) | (_, None) => BTreeMap::new(),
                };
                let visitors = visitors.into_iter().take(VISITORS_MAX);
                Answer::Visitors(visitors.map(|(account, since)| (account.to_string(), since.0)).collect())
            }
        }
    }
}
