//! An account that acts for itself: a client's connection calls a command.

use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::GroupSnapshot;
use std::collections::BTreeSet;

/// What a call knows of the client that made it.
#[derive(Clone, Debug)]
pub(crate) struct ActingClient {
    /// Live-stream groups that it has entered.
    pub(crate) entered: BTreeSet<GroupId>,
    /// How long it may recall what it sent, seconds.
    pub(crate) recall_seconds: u64,
}

impl ActingClient {
    /// Whether the account `caller` may read what members of the group read; its membership was requested.
    pub(super) fn check_sees(&self, caller: &UserId, snapshot: &GroupSnapshot) -> Result<(), Refusal> {
        let group = &snapshot.group;
        let is_in = snapshot.members.contains_key(caller)
            || group.owner.as_ref() == Some(caller)
            || (group.kind.can().live && self.entered.contains(&group.id));
        match (is_in, group.kind.can().findable) {
            (true, _) => Ok(()),
            (false, true) => Err(Refusal::NotIn),
            (false, false) => Err(Refusal::NoSuchGroup),
        }
    }
}
