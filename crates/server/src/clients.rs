//! Connected clients: who is there, and what they are told. See `docs/gateway.md` for what goes over the wire.

mod bulletin;
mod bus;
mod client;
mod dialog;
mod frame;
pub(crate) mod handshake;
mod hub;
mod notice;
mod positions;
mod request;
mod room;
mod session;
mod told;

pub(crate) use bulletin::Bulletin;
pub use hub::Hub;
pub(crate) use notice::{Notice, NoticeKind};
pub(crate) use session::{Platform, Why};

use landfall_domain::ids::AppId;
use landfall_domain::store::Store;
use landfall_domain::time::Clock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use told::{Alone, Told};

/// The clients of all apps.
pub(crate) struct Clients {
    hubs: RwLock<BTreeMap<AppId, Arc<Hub>>>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    others: Arc<dyn Told>,
    sessions: AtomicU64,
    places: Semaphore,
    places_max: usize,
}

impl Clients {
    /// Nobody is connected yet; at most `connections_max` may be.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, connections_max: usize) -> Self {
        Self {
            hubs: RwLock::default(),
            store,
            clock,
            others: Arc::new(Alone),
            sessions: AtomicU64::new(1),
            places: Semaphore::new(connections_max),
            places_max: connections_max,
        }
    }

    /// Those of one app.
    pub(crate) fn hub(&self, app: AppId) -> Arc<Hub> {
        if let Some(hub) = self.hubs.read().unwrap_or_else(PoisonError::into_inner).get(&app) {
            return Arc::clone(hub);
        }
        let mut hubs = self.hubs.write().unwrap_or_else(PoisonError::into_inner);
        let hub = || {
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            Arc::new(Hub::new(app, store, clock, Arc::clone(&self.others)))
        };
        Arc::clone(hubs.entry(app).or_insert_with(hub))
    }

    fn all(&self) -> Vec<Arc<Hub>> {
        self.hubs.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells all clients that the server stops, and waits until they have gone, for this long at most.
    pub(crate) async fn end(&self, time: Duration) {
        self.all().iter().for_each(|hub| hub.end_all(Why::Stopping));
        let all = u32::try_from(self.places_max).unwrap_or(u32::MAX);
        if tokio::time::timeout(time, self.places.acquire_many(all)).await.is_err() {
            tracing::warn!("stopping although clients are still connected after {} seconds", time.as_secs());
        }
        self.places.close();
    }
}
