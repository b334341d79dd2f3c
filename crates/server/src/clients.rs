//! Connected clients: who is there, and what they are told. See `docs/gateway.md` for what goes over the wire.

mod bus;
mod client;
mod connection;
mod frame;
pub(crate) mod handshake;
mod hub;
mod notice;
mod outgoing_frame;
mod peer_link;
mod peers;
mod positions;
mod request;
mod room;
mod session;
mod throttled_stream;
mod update;

pub use hub::Hub;
pub(crate) use notice::{Notice, NoticeKind};
pub(crate) use session::CloseReason;
pub(crate) use update::ClientUpdate;

use crate::config::EventsConfig;
use bus::{Bus, BusError, NotifyRelay};
use landfall_domain::ids::AppId;
use landfall_domain::store::Store;
use landfall_domain::time::Clock;
use landfall_store::postgres::{Postgres, RemoteChange};
use peer_link::{NoPeers, PeerLink};
use peers::Peers;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The clients of all apps.
pub(crate) struct Clients {
    hubs: Arc<Hubs>,
    peers: Option<Arc<Peers>>,
    sessions: AtomicU64,
    /// Whether the server stops.
    ending: AtomicBool,
    places: Semaphore,
    places_max: usize,
}

/// The hubs of all apps.
pub(crate) struct Hubs {
    hubs: RwLock<BTreeMap<AppId, Arc<Hub>>>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    others: OnceLock<Arc<dyn PeerLink>>,
}

impl Hubs {
    fn get(&self, app: AppId) -> Arc<Hub> {
        if let Some(hub) = self.known(app) {
            return hub;
        }
        let mut hubs = self.hubs.write().unwrap_or_else(PoisonError::into_inner);
        let hub = || {
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            let others = self.others.get().map_or_else(|| Arc::new(NoPeers) as Arc<dyn PeerLink>, Arc::clone);
            Arc::new(Hub::new(app, store, clock, others))
        };
        Arc::clone(hubs.entry(app).or_insert_with(hub))
    }

    /// That of an app, where somebody has asked for it.
    fn known(&self, app: AppId) -> Option<Arc<Hub>> {
        self.hubs.read().unwrap_or_else(PoisonError::into_inner).get(&app).cloned()
    }

    fn all(&self) -> Vec<Arc<Hub>> {
        self.hubs.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// How many clients are connected here.
    fn count(&self) -> usize {
        self.all().iter().map(|hub| hub.count()).sum()
    }
}

/// Hands what a PostgreSQL store wants_messages to the clients. Made before both.
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
            && let Some(hub) = hubs().and_then(|hubs| hubs.known(*app))
        {
            hub.close_sessions(account, CloseReason::Kicked);
        }
    }
}

impl Clients {
    /// Of a server that is alone: nobody is connected yet, and at most `connections_max` may be.
    pub(crate) fn alone(store: Arc<dyn Store>, clock: Arc<dyn Clock>, connections_max: usize) -> Self {
        let (hubs, others) = (RwLock::default(), OnceLock::new());
        Self {
            hubs: Arc::new(Hubs { hubs, store, clock, others }),
            peers: None,
            sessions: AtomicU64::new(1),
            ending: AtomicBool::new(false),
            places: Semaphore::new(connections_max),
            places_max: connections_max,
        }
    }

    /// Of one of several servers over a database.
    ///
    /// # Errors
    /// What is to carry events between them cannot be reached.
    pub(crate) async fn of_several(
        store: Arc<Postgres>,
        relay: &StoreRelay,
        config: &EventsConfig,
        clock: Arc<dyn Clock>,
        connections_max: usize,
    ) -> Result<Self, BusError> {
        let mut clients = Self::alone(Arc::clone(&store) as _, clock, connections_max);
        let peers = Peers::new(&clients.hubs);
        let bus = match &config.nats {
            Some(nats) => Bus::over_nats(nats, peers.subscription()).await?,
            None => Bus::over_postgres(store, &relay.bus, peers.subscription()),
        };
        // Nobody sets it twice.
        drop(relay.hubs.set(Arc::downgrade(&clients.hubs)));
        peers.start(bus);
        // Nobody has asked for a hub yet.
        drop(clients.hubs.others.set(Arc::clone(&peers) as _));
        clients.peers = Some(peers);
        Ok(clients)
    }

    /// Those of one app.
    pub(crate) fn hub(&self, app: AppId) -> Arc<Hub> {
        self.hubs.get(app)
    }

    fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Tells all clients that the server stops, and waits until they have gone, for this long at most.
    pub(crate) async fn end(&self, time: Duration) {
        self.ending.store(true, Ordering::SeqCst);
        self.hubs.all().iter().for_each(|hub| hub.close_all(CloseReason::Stopping));
        let all = u32::try_from(self.places_max).unwrap_or(u32::MAX);
        if tokio::time::timeout(time, self.places.acquire_many(all)).await.is_err() {
            tracing::warn!("stopping although clients are still connected after {} seconds", time.as_secs());
        }
        if let Some(peers) = &self.peers {
            peers.end().await;
        }
    }
}
