//! Following: an account follows another, whether or not the other follows it.
//!
//! Both keep the same row of what they are to each other, each as it sees it. How many follow an account is kept, because they
//! may be millions; whom it follows has a bound, and is counted.

use super::Subject;
use super::changes::PeopleChanges;
use super::fact::{Fact, FactKey};
use super::friends::own;
use super::snapshot::PeopleSnapshot;
use crate::ids::UserId;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What another account is to the one that keeps the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tie {
    /// Each follows the other.
    Mutual,
    /// The account follows the other, which does not follow it.
    Followed,
    /// The other follows the account, which does not follow it.
    Follower,
}

impl Tie {
    /// In the order of their names.
    pub const ALL: [Self; 3] = [Self::Mutual, Self::Followed, Self::Follower];
}

/// Since when two accounts follow each other, as one of them sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// Since when the account follows the other; `None` when it does not.
    pub followed: Option<Timestamp>,
    /// Since when the other follows the account; `None` when it does not.
    pub follower: Option<Timestamp>,
}

impl Follow {
    /// `None` when neither follows the other.
    #[must_use]
    pub fn tie(&self) -> Option<Tie> {
        match (self.followed, self.follower) {
            (Some(_), Some(_)) => Some(Tie::Mutual),
            (Some(_), None) => Some(Tie::Followed),
            (None, Some(_)) => Some(Tie::Follower),
            (None, None) => None,
        }
    }

    /// The same as the other account sees it.
    #[must_use]
    fn turned(self) -> Self {
        Self { followed: self.follower, follower: self.followed }
    }
}

/// Why nothing is done about one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowProblem {
    /// There is no such account.
    NoSuchAccount,
    /// Nobody follows itself.
    Itself,
    /// The account follows as many as allowed.
    TooManyFollowed,
}

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
pub(super) struct Follows<'a> {
    account: &'a UserId,
    found: &'a PeopleSnapshot,
    changed: BTreeMap<UserId, Follow>,
}

impl<'a> Follows<'a> {
    pub(super) fn of(account: &'a UserId, found: &'a PeopleSnapshot) -> Self {
        Self { account, found, changed: BTreeMap::new() }
    }

    pub(super) fn with(&self, other: &UserId) -> Follow {
        self.changed.get(other).copied().unwrap_or_else(|| follow(self.found, self.account, other))
    }

    pub(super) fn set(&mut self, other: &UserId, follow: Follow) {
        self.changed.insert(other.clone(), follow);
    }

    /// What has changed, with both accounts.
    pub(super) fn into_changes(self) -> PeopleChanges {
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
