//! The link between servers over one store, as the hubs use it.

use super::people_update::PeopleUpdate;
use super::session::CloseReason;
use super::update::ClientUpdate;
use crate::platform::Platform;
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerQuery {
    /// The connected devices of these accounts.
    Devices(Vec<String>),
    /// The accounts in this live-stream group.
    Visitors(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerReply {
    /// The devices of each account that has any.
    Devices(BTreeMap<String, Vec<Platform>>),
    /// The accounts, and since which second each is there.
    Visitors(BTreeMap<String, u64>),
}

impl PeerReply {
    pub(super) fn devices(self) -> Option<BTreeMap<String, Vec<Platform>>> {
        if let Self::Devices(devices) = self { Some(devices) } else { None }
    }

    pub(super) fn visitors(self) -> Option<BTreeMap<String, u64>> {
        if let Self::Visitors(visitors) = self { Some(visitors) } else { None }
    }
}

/// Carries updates and queries to other servers. Only a query may block.
#[async_trait]
pub(super) trait PeerLink: Send + Sync {
    /// Whether another server may have clients.
    fn have_clients(&self) -> bool;

    fn publish(&self, app: AppId, group: &GroupId, update: &ClientUpdate);

    fn publish_people(&self, app: AppId, update: &PeopleUpdate);

    fn close_sessions(&self, app: AppId, account: &UserId, reason: CloseReason);

    fn client_count_changed(&self, clients: usize);

    /// The replies that arrive within a short time; a server that is gone sends none.
    async fn query(&self, app: AppId, query: PeerQuery) -> Vec<PeerReply>;
}

/// For a server that shares its store with no other.
pub(super) struct NoPeers;

#[async_trait]
impl PeerLink for NoPeers {
    fn have_clients(&self) -> bool {
        false
    }

    fn publish(&self, _: AppId, _: &GroupId, _: &ClientUpdate) {}

    fn publish_people(&self, _: AppId, _: &PeopleUpdate) {}

    fn close_sessions(&self, _: AppId, _: &UserId, _: CloseReason) {}

    fn client_count_changed(&self, _: usize) {}

    async fn query(&self, _: AppId, _: PeerQuery) -> Vec<PeerReply> {
        Vec::new()
    }
}
