//! What accounts are to each other while an operation decides about one after the other: each sees what became of those
//! before it.

use super::{Blocked, Friend, FriendProblem, Friends, FriendsRefusal, RequestWay};
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::snapshot::PeopleSnapshot;
use crate::text::Text;
use std::collections::BTreeMap;

/// The facts that were found, and those that changed since.
pub(in crate::people) struct Ties<'a> {
    found: &'a PeopleSnapshot,
    changed: BTreeMap<(Subject, FactKey), Option<Fact>>,
    /// By how much families have grown; less than 0 when they shrank.
    grown: BTreeMap<(Subject, FactFamily), i64>,
}

/// The account as a subject.
pub(in crate::people) fn own(account: &UserId) -> Subject {
    Subject::Account(account.clone())
}

/// The places of a kind of fact that an account and each of `others` have about each other.
pub(in crate::people) fn both_ways<'a>(
    account: &'a UserId,
    others: impl IntoIterator<Item = &'a UserId> + 'a,
    key: fn(UserId) -> FactKey,
) -> impl Iterator<Item = (Subject, FactKey)> + 'a {
    let of_two = move |other: &UserId| {
        [(own(account), key(other.clone())), (own(other), key(account.clone()))].into_iter()
    };
    others.into_iter().flat_map(of_two)
}

/// The family that is counted with a fact of this key.
fn family(key: &FactKey) -> Option<FactFamily> {
    match key {
        FactKey::Friend(_) => Some(FactFamily::Friends),
        FactKey::Request(way, _) => Some(FactFamily::Requests(*way)),
        FactKey::Blocked(_) => Some(FactFamily::Blocklist),
        FactKey::Portrait
        | FactKey::Mute
        | FactKey::Chat(_)
        | FactKey::Unread(_)
        | FactKey::Log
        | FactKey::Friends
        | FactKey::Folders
        | FactKey::Filed(_)
        | FactKey::Mark(_)
        | FactKey::Pin(_)
        | FactKey::Extensions(_)
        | FactKey::Follow(..)
        | FactKey::Followers
        | FactKey::Attributes
        | FactKey::Tags
        | FactKey::AttributeNames
        | FactKey::Pushed
        | FactKey::Push(_)
        | FactKey::Official
        | FactKey::Subscriber(_)
        | FactKey::Subscribed(_)
        | FactKey::Words
        | FactKey::Brought(..)
        | FactKey::Day(_)
        | FactKey::ArchiveProgress
        | FactKey::Archive(..)
        | FactKey::ConsoleUser(_)
        | FactKey::ConsoleSession(_)
        | FactKey::AuditBounds
        | FactKey::Audit(_) => None,
    }
}

impl<'a> Ties<'a> {
    pub(in crate::people) fn of(found: &'a PeopleSnapshot) -> Self {
        Self { found, changed: BTreeMap::new(), grown: BTreeMap::new() }
    }

    /// That the account whose friends they are exists.
    pub(in crate::people) fn known(&self, account: &UserId) -> Result<(), FriendsRefusal> {
        let is_known = self.found.accounts.contains_key(account);
        is_known.then_some(()).ok_or(FriendsRefusal::NoSuchAccount)
    }

    /// What has changed.
    pub(in crate::people) fn into_changes(self) -> PeopleChanges {
        let facts = self.changed.into_iter();
        let facts = facts.filter(|(place, fact)| fact.as_ref() != self.found.facts.get(place));
        PeopleChanges {
            facts: facts.map(|((subject, key), fact)| (subject, key, fact)).collect(),
            ..PeopleChanges::default()
        }
    }

    pub(in crate::people) fn fact(&self, account: &UserId, key: &FactKey) -> Option<&Fact> {
        let place = (own(account), key.clone());
        match self.changed.get(&place) {
            Some(changed) => changed.as_ref(),
            None => self.found.facts.get(&place),
        }
    }

    fn set(&mut self, account: &UserId, key: FactKey, fact: Option<Fact>) {
        let growth = i64::from(fact.is_some()) - i64::from(self.fact(account, &key).is_some());
        if let Some(family) = family(&key) {
            *self.grown.entry((own(account), family)).or_default() += growth;
        }
        self.changed.insert((own(account), key), fact);
    }

    /// Whether a family that was counted has `max` facts or more.
    pub(in crate::people) fn is_full(&self, account: &UserId, family: FactFamily, max: usize) -> bool {
        let place = (own(account), family);
        let counted = self.found.counts.get(&place).copied().unwrap_or(0);
        let grown = self.grown.get(&place).copied().unwrap_or(0);
        u64::try_from(max).unwrap_or(u64::MAX) <= counted.saturating_add_signed(grown)
    }

    /// That the account exists, and is another.
    pub(in crate::people) fn other(&self, account: &UserId, other: &UserId) -> Result<(), FriendProblem> {
        match self.found.accounts.contains_key(other) {
            _ if account == other => Err(FriendProblem::Itself),
            false => Err(FriendProblem::NoSuchAccount),
            true => Ok(()),
        }
    }

    /// What the account has besides its friends.
    pub(in crate::people) fn head(&self, account: &UserId) -> Friends {
        match self.fact(account, &FactKey::Friends) {
            Some(Fact::Friends(friends)) => friends.clone(),
            Some(_) | None => Friends::default(),
        }
    }

    /// Changes it. `change` also gets what it was before the operation, whose numbers have a next one.
    pub(in crate::people) fn change_head(
        &mut self,
        account: &UserId,
        change: impl FnOnce(&mut Friends, &Friends),
    ) {
        let before = match self.found.fact(&own(account), &FactKey::Friends) {
            Some(Fact::Friends(friends)) => friends.clone(),
            Some(_) | None => Friends::default(),
        };
        let mut head = self.head(account);
        change(&mut head, &before);
        self.set(account, FactKey::Friends, Some(Fact::Friends(head)));
    }

    /// Counts changes of friends, of custom fields and of lists, as far as there are any.
    fn count(&mut self, account: &UserId, standard: bool, custom: bool, listed: bool) {
        self.change_head(account, |head, before| {
            let next = |number: &mut u32, before: u32, is_changed: bool| {
                if is_changed {
                    *number = before.wrapping_add(1);
                }
            };
            next(&mut head.standard, before.standard, standard);
            next(&mut head.custom, before.custom, custom);
            next(&mut head.listed, before.listed, listed);
        });
    }

    pub(in crate::people) fn friend(&self, account: &UserId, friend: &UserId) -> Option<&Friend> {
        match self.fact(account, &FactKey::Friend(friend.clone())) {
            Some(Fact::Friend(friend)) => Some(friend),
            Some(_) | None => None,
        }
    }

    pub(in crate::people) fn has_friend(&self, account: &UserId, friend: &UserId) -> bool {
        self.friend(account, friend).is_some()
    }

    /// Makes lists where they are missing. False when there would be more than `max`, and then makes none.
    pub(in crate::people) fn make_lists(&mut self, account: &UserId, lists: &[Text], max: usize) -> bool {
        let mut head = self.head(account);
        let before = head.lists.len();
        for list in lists {
            if !head.lists.contains(list) {
                head.lists.push(list.clone());
            }
        }
        let has_grown = before < head.lists.len();
        if has_grown && max < head.lists.len() {
            return false;
        }
        if has_grown {
            self.change_head(account, |of, _| of.lists = head.lists);
            self.count(account, false, false, true);
        }
        true
    }

    /// Writes what an account keeps of a friend, whose lists exist.
    pub(in crate::people) fn put_friend(&mut self, account: &UserId, id: &UserId, friend: Friend) {
        let before = self.friend(account, id).cloned();
        let standard = |of: &Friend| Friend { custom: BTreeMap::new(), ..of.clone() };
        let is_other = before.as_ref().is_none_or(|before| standard(before) != standard(&friend));
        let before = before.unwrap_or_default();
        let (custom, listed) = (before.custom != friend.custom, before.lists != friend.lists);
        self.set(account, FactKey::Friend(id.clone()), Some(Fact::Friend(friend)));
        self.count(account, is_other, custom, listed);
    }

    /// Whether there was such a friend.
    pub(in crate::people) fn remove_friend(&mut self, account: &UserId, friend: &UserId) -> bool {
        let Some(before) = self.friend(account, friend) else { return false };
        let (custom, listed) = (!before.custom.is_empty(), !before.lists.is_empty());
        self.set(account, FactKey::Friend(friend.clone()), None);
        self.count(account, true, custom, listed);
        true
    }

    pub(in crate::people) fn blocked(&self, account: &UserId, other: &UserId) -> Option<Blocked> {
        match self.fact(account, &FactKey::Blocked(other.clone())) {
            Some(Fact::Blocked(blocked)) => Some(*blocked),
            _ => None,
        }
    }

    pub(in crate::people) fn has_blocked(&self, account: &UserId, other: &UserId) -> bool {
        self.fact(account, &FactKey::Blocked(other.clone())).is_some()
    }

    /// Puts an account on a blocklist, or takes it off.
    pub(in crate::people) fn block(&mut self, account: &UserId, other: &UserId, blocked: Option<Blocked>) {
        self.set(account, FactKey::Blocked(other.clone()), blocked.map(Fact::Blocked));
        self.change_head(account, |head, before| head.blocked = before.blocked.wrapping_add(1));
    }

    /// What an account asked another for.
    pub(in crate::people) fn request(&self, from: &UserId, to: &UserId) -> Option<&Friend> {
        match self.fact(from, &FactKey::Request(RequestWay::Sent, to.clone())) {
            Some(Fact::Friend(friend)) => Some(friend),
            Some(_) | None => None,
        }
    }

    /// Keeps a request with both. The other does not see what the account will call it, and in which list.
    pub(in crate::people) fn ask(&mut self, from: &UserId, to: &UserId, wish: &Friend) {
        let seen = Friend { remark: Text::default(), lists: Vec::new(), ..wish.clone() };
        self.set(from, FactKey::Request(RequestWay::Sent, to.clone()), Some(Fact::Friend(wish.clone())));
        self.set(to, FactKey::Request(RequestWay::Received, from.clone()), Some(Fact::Friend(seen)));
    }

    /// Ends a request, if there is one.
    pub(in crate::people) fn end_request(&mut self, from: &UserId, to: &UserId) {
        if self.request(from, to).is_some() {
            self.set(from, FactKey::Request(RequestWay::Sent, to.clone()), None);
            self.set(to, FactKey::Request(RequestWay::Received, from.clone()), None);
        }
    }
}
