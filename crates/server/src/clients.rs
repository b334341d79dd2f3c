//! Connected clients: who is connected, and what each is sent. `docs/gateway.md` describes what goes over the wire.

mod account_rates;
mod broadcasts;
mod bus;
mod client;
mod client_subscribers;
mod collected_frames;
mod connection;
mod delivery_progress;
mod direct;
mod direct_frames;
mod frame;
pub(crate) mod handshake;
mod hub;
mod hubs;
mod notice;
mod official_frames;
mod online_counts;
mod outgoing_frame;
#[cfg(test)]
mod page;
mod peer_link;
mod peers;
mod people_frame;
mod people_update;
mod position_frame;
mod positions;
mod ready;
mod receipt_frames;
pub(crate) mod requests;
mod rest_queue;
mod room;
mod room_queue;
mod rooms;
mod senders;
mod session;
mod session_directory;
mod throttled_stream;
mod update;

pub(crate) use collected_frames::CollectedFrames;
pub use hub::Hub;
pub(crate) use hub::PendingImport;
pub(crate) use notice::{Notice, NoticeKind};
pub(crate) use requests::command_names;
pub(crate) use session::CloseReason;
pub(crate) use update::ClientUpdate;

use crate::config::EventsConfig;
use crate::files::signing::FileSigners;
use bus::{Bus, BusError, NotifyRelay};
use hubs::Hubs;
use landfall_domain::ids::AppId;
use landfall_domain::store::Store;
use landfall_domain::time::Clock;
use landfall_store::postgres::{Postgres, RemoteChange};
use peers::Peers;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The commands of the API that clients may call, by their paths: those of REST, and those that only clients have.
pub fn client_commands() -> impl Iterator<Item = &'static str> {
    requests::rest_paths()
}

/// The requests that only the gateway has.
pub fn client_requests() -> impl Iterator<Item = &'static str> {
    requests::own_names()
}

/// All of both, one on each line.
#[must_use]
pub fn client_list() -> String {
    client_commands().chain(client_requests()).map(|name| format!("{name}\n")).collect()
}

/// The clients of all apps.
pub(crate) struct Clients {
    hubs: Arc<Hubs>,
    peers: Option<Arc<Peers>>,
    sessions: AtomicU64,
    stopping: AtomicBool,
    slots: Semaphore,
    slots_max: usize,
}

/// Passes on to the clients what a PostgreSQL store receives from other servers. Made before both.
#[derive(Default)]
pub(crate) struct StoreRelay {
    bus: NotifyRelay,
    hubs: OnceLock<Weak<Hubs>>,
}

impl StoreRelay {
    pub(crate) fn pass_on(&self, change: &RemoteChange) {
        self.bus.pass_on(change);
        let hubs = || self.hubs.get().and_then(Weak::upgrade);
        if let RemoteChange::Kicked(app, account) = change
            && let Some(hub) = hubs().and_then(|hubs| hubs.existing(*app))
        {
            hub.close_sessions(account, CloseReason::Kicked);
        }
    }
}

impl Clients {
    /// For a server that shares its store with no other. At most `connections_max` clients may be connected.
    pub(crate) fn alone(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        files: Arc<FileSigners>,
        connections_max: usize,
    ) -> Self {
        Self {
            hubs: Arc::new(Hubs::new(store, clock, files)),
            peers: None,
            sessions: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
            slots: Semaphore::new(connections_max),
            slots_max: connections_max,
        }
    }

    /// For one of several servers over a database.
    ///
    /// # Errors
    /// The bus between the servers cannot be reached.
    pub(crate) async fn of_several(
        store: Arc<Postgres>,
        relay: &StoreRelay,
        config: &EventsConfig,
        clock: Arc<dyn Clock>,
        files: Arc<FileSigners>,
        connections_max: usize,
    ) -> Result<Self, BusError> {
        let mut clients = Self::alone(Arc::clone(&store) as _, clock, files, connections_max);
        let peers = Peers::new(&clients.hubs);
        let bus = match &config.nats {
            Some(nats) => Bus::over_nats(nats, peers.subscription()).await?,
            None => Bus::over_postgres(store, &relay.bus, peers.subscription()),
        };
        // It is set only here.
        drop(relay.hubs.set(Arc::downgrade(&clients.hubs)));
        peers.start(bus);
        clients.hubs.link(Arc::clone(&peers) as _);
        clients.peers = Some(peers);
        Ok(clients)
    }

    /// The clients of one app.
    pub(crate) fn hub(&self, app: AppId) -> Arc<Hub> {
        self.hubs.get(app)
    }

    fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Closes all connections because the server stops, and waits at most `time` until they have ended.
    pub(crate) async fn end(&self, time: Duration) {
        self.stopping.store(true, Ordering::SeqCst);
        self.hubs.all().iter().for_each(|hub| hub.close_all(CloseReason::Stopping));
        let all = u32::try_from(self.slots_max).unwrap_or(u32::MAX);
        if tokio::time::timeout(time, self.slots.acquire_many(all)).await.is_err() {
            tracing::warn!("stopping although clients are still connected after {} seconds", time.as_secs());
        }
        if let Some(peers) = &self.peers {
            peers.end().await;
        }
    }
}
