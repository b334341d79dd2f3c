//! What servers over one store tell each other of clients.

use super::session::CloseReason;
use super::update::ClientUpdate;
use crate::platform::Platform;
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a server wants to know of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerQuery {
    /// Which devices of these accounts are connected there.
    Devices(Vec<String>),
    /// Who is there in a live-stream group.
    Visitors(String),
}

/// What another server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerReply {
    /// The devices of each account that has any.
    Devices(BTreeMap<String, Vec<Platform>>),
    /// Who is there, and since which second.
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

/// Carries to other servers what their clients are to hear, and asks them.
#[async_trait]
pub(super) trait PeerLink: Send + Sync {
    /// Whether any may have clients.
    fn have_clients(&self) -> bool;

    /// Something happened in a group. Must not block.
    fn publish(&self, app: AppId, group: &GroupId, update: &ClientUpdate);

    /// The connections of an account are to end. Must not block.
    fn close_sessions(&self, app: AppId, account: &UserId, reason: CloseReason);

    /// So many clients are connected here now. Must not block.
    fn client_count_changed(&self, clients: usize);

    /// What the others answer within a short time; one that is gone says nothing.
    async fn query(&self, app: AppId, question: PeerQuery) -> Vec<PeerReply>;
}

/// For a server that shares its store with no other.
pub(super) struct NoPeers;

#[async_trait]
impl PeerLink for NoPeers {
    fn have_clients(&self) -> bool {
        false
    }

    fn publish(&self, _: AppId, _: &GroupId, _: &ClientUpdate) {}

    fn close_sessions(&self, _: AppId, _: &UserId, _: CloseReason) {}

    fn client_count_changed(&self, _: usize) {}

    async fn query(&self, _: AppId, _: PeerQuery) -> Vec<PeerReply> {
        Vec::new()
    }
}
