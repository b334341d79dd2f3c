//! An account that acts for itself: a client's connection calls a command.

use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::part::PartKey;
use landfall_domain::people::fact::{FactFamily, FactKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::refusal::Refusal;
use landfall_domain::rights::Standing;
use landfall_domain::snapshot::GroupSnapshot;
use landfall_domain::time::Timestamp;
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
    /// Whether the account `caller` may read what members of the group read; its membership and
    /// [`parts_of_standing`] were requested.
    pub(super) fn check_sees(
        &self,
        (caller, now): (&UserId, Timestamp),
        snapshot: &GroupSnapshot,
    ) -> Result<(), Refusal> {
        let group = &snapshot.group;
        let standing = snapshot.standing(caller, self.entered.contains(&group.id), now);
        match (standing, group.kind.can().findable) {
            (Standing::Outsider, true) => Err(Refusal::NotIn),
            (Standing::Outsider, false) => Err(Refusal::NoSuchGroup),
            (Standing::Owner | Standing::Admin | Standing::Member, _) => Ok(()),
        }
    }
}

/// The parts by which the standing of the account `caller` is known, besides its membership.
pub(super) fn parts_of_standing(caller: &UserId) -> [PartKey; 2] {
    [PartKey::Ban(caller.clone()), PartKey::LiveAdmin(caller.clone())]
}

/// Removes the messages that the account `caller` does not see; its membership was requested.
pub(super) fn hide_unseen(caller: &UserId, snapshot: &mut GroupSnapshot) {
    let mut messages = std::mem::take(&mut snapshot.messages);
    for (place, numbered) in &mut messages {
        numbered.retain(|_, message| snapshot.shows(place, message, caller));
    }
    snapshot.messages = messages;
}

/// Whether the account `caller` may read these rows about people: its own, those of others about it, and what everybody may
/// see. Commands refuse others by themselves, so this is a last guard.
pub(super) fn may_read(caller: &UserId, needs: &PeopleNeeds) -> bool {
    let of_pair = |pair: &Pair| pair.side(caller).is_some();
    let fact = |(subject, key): &(Subject, FactKey)| match subject {
        Subject::App => true,
        Subject::Pair(pair) => of_pair(pair),
        Subject::Account(account) => account == caller || key.peer() == Some(caller) || is_public(key),
    };
    let family = |subject: &Subject, family: FactFamily| match subject {
        Subject::App => true,
        Subject::Pair(pair) => of_pair(pair),
        Subject::Account(account) => account == caller || matches!(family, FactFamily::Follows(_)),
    };
    needs.facts.iter().all(fact)
        && needs.ranges.iter().all(|range| family(&range.subject, range.family))
        && needs.counts.iter().all(|(subject, counted)| family(subject, *counted))
        && needs.messages.iter().all(|range| of_pair(range.pair()))
}

/// Whether everybody may see it of an account.
fn is_public(key: &FactKey) -> bool {
    matches!(key, FactKey::Portrait | FactKey::Official | FactKey::Followers | FactKey::Mute)
}
