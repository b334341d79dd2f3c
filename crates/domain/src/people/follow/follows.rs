//! What an account and others are to each other, read from a snapshot and changed one after the other.

use super::{Follow, Tie};
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::friends::own;
use crate::people::snapshot::PeopleSnapshot;
use std::collections::BTreeMap;

/// The places where an account may keep what another is to it. One of them holds a fact, or none does.
pub fn places<'a>(account: &'a UserId, other: &'a UserId) -> impl Iterator<Item = (Subject, FactKey)> + 'a {
    Tie::ALL.into_iter().map(|tie| (own(account), FactKey::Follow(tie, other.clone())))
}

/// What two accounts are to each other, as `account` sees it; all [`places`] were requested.
#[must_use]
pub fn follow(found: &PeopleSnapshot, account: &UserId, other: &UserId) -> Follow {
    let facts = places(account, other).filter_map(|(subject, key)| match found.fact(&subject, &key) {
        Some(Fact::Follow(follow)) => Some(*follow),
        Some(_) | None => None,
    });
    facts.last().unwrap_or_default()
}

/// How many accounts follow an account; the count was requested.
#[must_use]
pub fn followers(found: &PeopleSnapshot, account: &UserId) -> u64 {
    match found.fact(&own(account), &FactKey::Followers) {
        Some(Fact::Followers(count)) => *count,
        Some(_) | None => 0,
    }
}

/// What an account and others are to each other while an operation decides about one after the other.
pub(in crate::people) struct Follows<'a> {
    account: &'a UserId,
    found: &'a PeopleSnapshot,
    changed: BTreeMap<UserId, Follow>,
}

impl<'a> Follows<'a> {
    pub(in crate::people) fn of(account: &'a UserId, found: &'a PeopleSnapshot) -> Self {
        Self { account, found, changed: BTreeMap::new() }
    }

    pub(in crate::people) fn with(&self, other: &UserId) -> Follow {
        self.changed.get(other).copied().unwrap_or_else(|| follow(self.found, self.account, other))
    }

    pub(in crate::people) fn set(&mut self, other: &UserId, follow: Follow) {
        self.changed.insert(other.clone(), follow);
    }

    /// What has changed, with both accounts.
    pub(in crate::people) fn into_changes(self) -> PeopleChanges {
        let mut changes = PeopleChanges::default();
        for (other, after) in self.changed {
            let before = follow(self.found, self.account, &other);
            put(&mut changes, self.account, &other, before, after);
            put(&mut changes, &other, self.account, before.turned(), after.turned());
            let count = followers(self.found, &other);
            let count = match (before.followed, after.followed) {
                (None, Some(_)) => count.saturating_add(1),
                (Some(_), None) => count.saturating_sub(1),
                (None, None) | (Some(_), Some(_)) => continue,
            };
            changes.facts.push((
                own(&other),
                FactKey::Followers,
                (count != 0).then_some(Fact::Followers(count)),
            ));
        }
        changes
    }
}

/// Moves what `account` keeps of another to the place where it belongs now.
fn put(changes: &mut PeopleChanges, account: &UserId, other: &UserId, before: Follow, after: Follow) {
    if before == after {
        return;
    }
    if let Some(tie) = before.tie().filter(|tie| Some(*tie) != after.tie()) {
        changes.remove(own(account), FactKey::Follow(tie, other.clone()));
    }
    if let Some(tie) = after.tie() {
        changes.put(own(account), FactKey::Follow(tie, other.clone()), Fact::Follow(after));
    }
}
