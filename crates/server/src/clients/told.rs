//! What servers over one store tell each other of clients.

use super::bulletin::Bulletin;
use super::session::{Platform, Why};
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a server wants to know of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Question {
    /// Which devices of these accounts are connected there.
    Devices(Vec<String>),
    /// Who is there in a live-stream group.
    Visitors(String),
}

/// What another server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The devices of each account that has any.
    Devices(BTreeMap<String, Vec<Platform>>),
    /// Who is there, and since which second.
    Visitors(BTreeMap<String, u64>),
}

impl Answer {
    pub(super) fn devices(self) -> Option<BTreeMap<String, Vec<Platform>>> {
        if let Self::Devices(devices) = self { Some(devices) } else { None }
    }

    pub(super) fn visitors(self) -> Option<BTreeMap<String, u64>> {
        if let Self::Visitors(visitors) = self { Some(visitors) } else { None }
    }
}

/// Carries to other servers what their clients are to hear, and asks them.
#[async_trait]
pub(super) trait Told: Send + Sync {
    /// Whether any may have clients.
    fn are_listening(&self) -> bool;

    /// Something happened in a group. Must not block.
    fn tell(&self, app: AppId, group: &GroupId, bulletin: &Bulletin);

    /// The connections of an account are to end. Must not block.
    fn tell_ended(&self, app: AppId, account: &UserId, why: Why);

    /// So many clients are connected here now. Must not block.
    fn has_clients(&self, clients: usize);

    /// What the others answer within a short time; one that is gone says nothing.
    async fn ask(&self, app: AppId, question: Question) -> Vec<Answer>;
}

/// For a server that shares its store with no other.
pub(super) struct Alone;

#[async_trait]
impl Told for Alone {
    fn are_listening(&self) -> bool {
        false
    }

    fn tell(&self, _: AppId, _: &GroupId, _: &Bulletin) {}

    fn tell_ended(&self, _: AppId, _: &UserId, _: Why) {}

    fn has_clients(&self, _: usize) {}

    async fn ask(&self, _: AppId, _: Question) -> Vec<Answer> {
        Vec::new()
    }
}
