//! The hubs of all apps.

use super::hub::Hub;
use super::peer_link::{NoPeers, PeerLink};
use crate::files::signing::FileSigners;
use crate::lock;
use landfall_domain::ids::AppId;
use landfall_domain::store::Store;
use landfall_domain::time::Clock;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

pub(super) struct Hubs {
    hubs: RwLock<BTreeMap<AppId, Arc<Hub>>>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    files: Arc<FileSigners>,
    /// Set before the first hub is made; without it, this server has no peers.
    peers: OnceLock<Arc<dyn PeerLink>>,
}

impl Hubs {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, files: Arc<FileSigners>) -> Self {
        Self { hubs: RwLock::default(), store, clock, files, peers: OnceLock::new() }
    }

    /// Links all hubs to other servers. To be called once, before any hub is made.
    pub(super) fn link(&self, peers: Arc<dyn PeerLink>) {
        drop(self.peers.set(peers));
    }

    /// The hub of an app, which is made if need be.
    pub(super) fn get(&self, app: AppId) -> Arc<Hub> {
        if let Some(hub) = self.existing(app) {
            return hub;
        }
        let mut hubs = lock::write(&self.hubs);
        let hub = || {
            let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
            let peers = self.peers.get().map_or_else(|| Arc::new(NoPeers) as Arc<dyn PeerLink>, Arc::clone);
            Arc::new(Hub::new(app, store, clock, self.files.of(app), peers))
        };
        Arc::clone(hubs.entry(app).or_insert_with(hub))
    }

    pub(super) fn existing(&self, app: AppId) -> Option<Arc<Hub>> {
        lock::read(&self.hubs).get(&app).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Hub>> {
        lock::read(&self.hubs).values().cloned().collect()
    }

    /// How many clients are connected here.
    pub(super) fn count(&self) -> usize {
        self.all().iter().map(|hub| hub.count()).sum()
    }
}
