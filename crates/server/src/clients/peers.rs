//! The other servers over the same store: those that have clients receive updates, and are queried for connected clients.
//!
//! A server announces every two seconds how many clients it has, and at once when it gets its first. When the other servers
//! thought that it had none, they ask it to catch up: it may have missed updates.

use super::bus::{Bus, BusEvent, ServerId};
use super::hubs::Hubs;
use super::peer_link::{PeerLink, PeerQuery, PeerReply};
use super::people_update::PeopleUpdate;
use super::session::CloseReason;
use super::update::ClientUpdate;
use crate::lock::lock;
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Interval of announcements.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(2);
/// A server that was silent for so long is gone.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Time after a loss in which other servers may have clients that are not known here.
const UNSURE_AFTER_LOSS: Duration = Duration::from_secs(5);
/// Longest wait for the replies of the others.
const REPLIES_MAX_WAIT: Duration = Duration::from_millis(500);
/// Time in which several reports of a loss count as one.
const LOSSES_TOGETHER: Duration = Duration::from_millis(200);
/// Pause before the histories of all groups are checked again, however much is lost.
const CATCH_UP_PAUSE: Duration = Duration::from_secs(1);
/// Accounts in a live-stream group that one server names to another; further ones are only counted at their own server. [choice]
const VISITORS_MAX: usize = 50_000;

/// The messages between servers. Their names on the wire are older than those here, and stay: servers of different
/// versions run side by side during an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum PeerMessage {
    Present {
        clients: usize,
    },
    /// A server that has clients may have missed updates.
    #[serde(rename = "LookAgain")]
    CatchUp,
    /// A group was changed.
    #[serde(rename = "Happened")]
    Update {
        app: u32,
        group: String,
        #[serde(rename = "bulletin")]
        update: ClientUpdate,
    },
    /// People were changed.
    People {
        app: u32,
        update: PeopleUpdate,
    },
    #[serde(rename = "Ended")]
    CloseSessions {
        app: u32,
        account: String,
        #[serde(rename = "why")]
        reason: CloseReason,
    },
    #[serde(rename = "Ask")]
    Query {
        id: u64,
        app: u32,
        #[serde(rename = "question")]
        query: PeerQuery,
    },
    /// To the query with this `id` of the server `to`.
    #[serde(rename = "Answer")]
    Reply {
        id: u64,
        to: String,
        #[serde(rename = "answer")]
        reply: PeerReply,
    },
}

pub(super) struct Peers {
    hubs: Weak<Hubs>,
    bus: OnceLock<Bus>,
    known: Mutex<PeersState>,
    /// Notified when updates were lost, and the histories have to be checked.
    missed: Arc<Notify>,
    tasks: Mutex<Vec<AbortHandle>>,
}

struct PeersState {
    servers: BTreeMap<ServerId, Peer>,
    /// Until when other servers may have clients that are not known here.
    unsure_until: Instant,
    pending: BTreeMap<u64, PendingQuery>,
    /// The number of clients that was announced last.
    announced: usize,
}

struct Peer {
    clients: usize,
    last_seen: Instant,
}

/// A query that other servers have not all replied to.
struct PendingQuery {
    waiting_for: BTreeSet<ServerId>,
    replies: Vec<PeerReply>,
    done: Option<oneshot::Sender<()>>,
}

impl Peers {
    /// Does nothing before [`start`](Self::start).
    pub(super) fn new(hubs: &Arc<Hubs>) -> Arc<Self> {
        let known = PeersState {
            servers: BTreeMap::new(),
            unsure_until: Instant::now() + UNSURE_AFTER_LOSS,
            pending: BTreeMap::new(),
            announced: 0,
        };
        Arc::new(Self {
            hubs: Arc::downgrade(hubs),
            bus: OnceLock::new(),
            known: Mutex::new(known),
            missed: Arc::default(),
            tasks: Mutex::default(),
        })
    }

    /// The callback for a bus.
    pub(super) fn subscription(self: &Arc<Self>) -> super::bus::OnBusEvent {
        let peers = Arc::downgrade(self);
        Arc::new(move |event| {
            if let Some(peers) = peers.upgrade() {
                peers.on_event(event);
            }
        })
    }

    /// Uses this bus from now on.
    pub(super) fn start(self: &Arc<Self>, bus: Bus) {
        // It is started only once.
        drop(self.bus.set(bus));
        let tasks = [
            tokio::spawn(announce_presence(Arc::downgrade(self))).abort_handle(),
            tokio::spawn(catch_up_after_losses(Arc::downgrade(self), Arc::clone(&self.missed)))
                .abort_handle(),
        ];
        lock(&self.tasks).extend(tasks);
    }

    /// Announces that this server has no clients any longer, and ends the bus.
    pub(super) async fn end(&self) {
        self.send(&PeerMessage::Present { clients: 0 });
        if let Some(bus) = self.bus.get() {
            bus.end().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, PeersState> {
        lock(&self.known)
    }

    fn send(&self, line: &PeerMessage) {
        if let Some(bus) = self.bus.get() {
            // Texts, numbers and lists of them always serialize.
            bus.publish(serde_json::to_string(line).unwrap_or_default());
        }
    }

    fn on_event(self: &Arc<Self>, event: BusEvent) {
        match event {
            BusEvent::Missed => {
                self.lock().unsure_until = Instant::now() + UNSURE_AFTER_LOSS;
                self.missed.notify_one();
            }
            BusEvent::Line { from, line } => match serde_json::from_str(&line) {
                Ok(line) => self.receive(from, line),
                // A newer server may send messages that this one does not know.
                Err(error) => {
                    tracing::warn!(%error, "an unknown message of another server is ignored; does it run another version? {error}")
                }
            },
        }
    }

    fn receive(self: &Arc<Self>, from: ServerId, line: PeerMessage) {
        let Some(hubs) = self.hubs.upgrade() else { return };
        match line {
            PeerMessage::Present { clients } => self.note_presence(&hubs, from, clients),
            PeerMessage::CatchUp => self.missed.notify_one(),
            PeerMessage::Update { app, group, update } => {
                if let (Some(hub), Some(group)) = (hubs.existing(AppId(app)), GroupId::parse(&group)) {
                    hub.apply(&group, update);
                }
            }
            PeerMessage::People { app, update } => {
                if let Some(hub) = hubs.existing(AppId(app)) {
                    hub.apply_people(update);
                }
            }
            PeerMessage::CloseSessions { app, account, reason } => {
                if let (Some(hub), Some(account)) = (hubs.existing(AppId(app)), UserId::parse(&account)) {
                    hub.close_sessions(&account, reason);
                }
            }
            PeerMessage::Query { id, app, query } => {
                let peers = Arc::clone(self);
                tokio::spawn(async move {
                    let reply = reply_to(&hubs, AppId(app), query).await;
                    peers.send(&PeerMessage::Reply { id, to: from.to_string(), reply });
                });
            }
            PeerMessage::Reply { id, to, reply } => {
                if self.bus.get().is_some_and(|bus| to == bus.me.to_string()) {
                    self.add_reply(from, id, reply);
                }
            }
        }
    }

    fn note_presence(&self, hubs: &Hubs, from: ServerId, clients: usize) {
        let last_seen = Instant::now();
        let before = self.lock().servers.insert(from, Peer { clients, last_seen });
        let had_none = before.as_ref().is_none_or(|peer| peer.clients == 0);
        if before.is_none() {
            self.send(&PeerMessage::Present { clients: hubs.count() });
        }
        if had_none && clients != 0 {
            self.send(&PeerMessage::CatchUp);
        }
    }

    fn add_reply(&self, from: ServerId, id: u64, reply: PeerReply) {
        let mut known = self.lock();
        let Some(pending) = known.pending.get_mut(&id) else { return };
        if pending.waiting_for.remove(&from) {
            pending.replies.push(reply);
        }
        if pending.waiting_for.is_empty()
            && let Some(done) = pending.done.take()
        {
            // Fails where the call has ended.
            done.send(()).unwrap_or_default();
        }
    }

    /// Announces the number of clients, and forgets servers that are gone.
    fn announce(&self, clients: usize) {
        {
            let mut known = self.lock();
            let now = Instant::now();
            known.servers.retain(|_, peer| now.duration_since(peer.last_seen) < SILENCE_MAX);
            known.announced = clients;
        }
        self.send(&PeerMessage::Present { clients });
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        lock(&self.tasks).iter().for_each(AbortHandle::abort);
    }
}

async fn announce_presence(peers: Weak<Peers>) {
    let mut times = tokio::time::interval(ANNOUNCE_EVERY);
    loop {
        times.tick().await;
        let Some(peers) = peers.upgrade() else { return };
        let Some(hubs) = peers.hubs.upgrade() else { return };
        peers.announce(hubs.count());
    }
}

async fn catch_up_after_losses(peers: Weak<Peers>, missed: Arc<Notify>) {
    loop {
        missed.notified().await;
        tokio::time::sleep(LOSSES_TOGETHER).await;
        let Some(hubs) = peers.upgrade().and_then(|peers| peers.hubs.upgrade()) else { return };
        for hub in hubs.all() {
            hub.catch_up().await;
        }
        drop(hubs);
        tokio::time::sleep(CATCH_UP_PAUSE).await;
    }
}

#[async_trait]
impl PeerLink for Peers {
    fn have_clients(&self) -> bool {
        let known = self.lock();
        Instant::now() < known.unsure_until || known.servers.values().any(|peer| peer.clients != 0)
    }

    fn publish(&self, app: AppId, group: &GroupId, update: &ClientUpdate) {
        if self.have_clients() {
            let (group, update) = (group.as_str().to_owned(), update.clone());
            self.send(&PeerMessage::Update { app: app.0, group, update });
        }
    }

    fn publish_people(&self, app: AppId, update: &PeopleUpdate) {
        if self.have_clients() {
            self.send(&PeerMessage::People { app: app.0, update: update.clone() });
        }
    }

    fn close_sessions(&self, app: AppId, account: &UserId, reason: CloseReason) {
        self.send(&PeerMessage::CloseSessions { app: app.0, account: account.as_str().to_owned(), reason });
    }

    fn client_count_changed(&self, clients: usize) {
        if self.lock().announced == 0 {
            self.announce(clients);
        }
    }

    async fn query(&self, app: AppId, query: PeerQuery) -> Vec<PeerReply> {
        let id = fastrand::u64(..);
        let answered = {
            let mut known = self.lock();
            let servers = known.servers.iter().filter(|(_, peer)| peer.clients != 0);
            let waiting_for: BTreeSet<_> = servers.map(|(server, _)| *server).collect();
            if waiting_for.is_empty() {
                return Vec::new();
            }
            let (done, answered) = oneshot::channel();
            known.pending.insert(id, PendingQuery { waiting_for, replies: Vec::new(), done: Some(done) });
            answered
        };
        self.send(&PeerMessage::Query { id, app: app.0, query });
        if tokio::time::timeout(REPLIES_MAX_WAIT, answered).await.is_err() {
            tracing::warn!(
                "another server did not reply in time; the clients connected to it are left out of the answer"
            );
        }
        self.lock().pending.remove(&id).map(|pending| pending.replies).unwrap_or_default()
    }
}

/// The reply of this server to a query of another.
async fn reply_to(hubs: &Hubs, app: AppId, query: PeerQuery) -> PeerReply {
    let hub = hubs.existing(app);
    match query {
        PeerQuery::Devices(names) => {
            let accounts = names.iter().filter_map(|name| UserId::parse(name));
            let devices = accounts.filter_map(|account| {
                let devices = hub.as_ref()?.devices_here(&account);
                (!devices.is_empty()).then(|| (account.as_str().to_owned(), devices))
            });
            PeerReply::Devices(devices.collect())
        }
        PeerQuery::Visitors(group) => {
            let visitors = match (hub, GroupId::parse(&group)) {
                (Some(hub), Some(group)) => hub.visitors_here(&group).await,
                (None, _) | (_, None) => BTreeMap::new(),
            };
            let visitors = visitors.into_iter().take(VISITORS_MAX);
            PeerReply::Visitors(visitors.map(|(account, since)| (account.to_string(), since.0)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::outgoing_frame::OutgoingFrame;

    #[test]
    fn messages_keep_the_names_that_servers_of_other_versions_know() {
        let frame = OutgoingFrame::to_accounts("{}".to_owned(), &[UserId::parse("ann").unwrap()]);
        let stored = OutgoingFrame { is_message: true, seq: 3, ..OutgoingFrame::to_group("{}".to_owned()) };
        let update = ClientUpdate {
            membership_changed: vec!["ann".to_owned()],
            frames: vec![frame, stored],
            dissolved: true,
        };
        let (group, account) = ("g".to_owned(), "ann".to_owned());
        let query = PeerQuery::Devices(vec![account.clone()]);
        let reply = PeerReply::Visitors(BTreeMap::from([(account.clone(), 5)]));
        for (message, expected) in [
            (PeerMessage::Present { clients: 3 }, r#"{"Present":{"clients":3}}"#),
            (PeerMessage::CatchUp, r#""LookAgain""#),
            (
                PeerMessage::Update { app: 7, group, update },
                r#"{"Happened":{"app":7,"group":"g","bulletin":{"moved":["ann"],"items":[{"text":"{}","anywhere":true,"to":["ann"]},{"text":"{}","is_message":true,"seq":3}],"dissolved":true}}}"#,
            ),
            (
                PeerMessage::CloseSessions { app: 7, account, reason: CloseReason::Kicked },
                r#"{"Ended":{"app":7,"account":"ann","why":"Kicked"}}"#,
            ),
            (
                PeerMessage::Query { id: 1, app: 7, query },
                r#"{"Ask":{"id":1,"app":7,"question":{"Devices":["ann"]}}}"#,
            ),
            (
                PeerMessage::Reply { id: 1, to: "x".to_owned(), reply },
                r#"{"Answer":{"id":1,"to":"x","answer":{"Visitors":{"ann":5}}}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&message).unwrap(), expected);
            assert_eq!(serde_json::from_str::<PeerMessage>(expected).unwrap(), message);
        }
    }
}
