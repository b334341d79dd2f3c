//! People in memory.

use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::changes::PeopleChanges;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey};
use landfall_domain::people::message::{DirectMessage, DirectRange};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::{JoinedChat, JoinedChats};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct People {
    facts: BTreeMap<(Subject, FactKey), Fact>,
    messages: BTreeMap<Pair, BTreeMap<u32, DirectMessage>>,
}

/// Whether a fact is of a family.
fn is_of(family: FactFamily, key: &FactKey) -> bool {
    match (family, key) {
        (FactFamily::Chats, FactKey::Chat(_))
        | (FactFamily::Unread, FactKey::Unread(_))
        | (FactFamily::Friends, FactKey::Friend(_))
        | (FactFamily::Filed, FactKey::Filed(_))
        | (FactFamily::Marks, FactKey::Mark(_))
        | (FactFamily::Pins, FactKey::Pin(_))
        | (FactFamily::Subscribers, FactKey::Subscriber(_))
        | (FactFamily::Subscribed, FactKey::Subscribed(_))
        | (FactFamily::Blocklist, FactKey::Blocked(_)) => true,
        (FactFamily::Pushes, FactKey::Push(_)) => true,
        (FactFamily::Requests(way), FactKey::Request(of, _)) => way == *of,
        (FactFamily::Follows(tie), FactKey::Follow(of, _)) => tie == *of,
        (FactFamily::Brought(job), FactKey::Brought(of, _)) => job == *of,
        (FactFamily::Days, FactKey::Day(_)) => true,
        (FactFamily::ConsoleUsers, FactKey::ConsoleUser(_))
        | (FactFamily::ConsoleSessions, FactKey::ConsoleSession(_))
        | (FactFamily::Audit, FactKey::Audit(_)) => true,
        (FactFamily::Archives(kind), FactKey::Archive(of, _)) => kind == *of,
        (_, _) => false,
    }
}

fn names(subject: &Subject, id: &UserId) -> bool {
    match subject {
        Subject::App => false,
        Subject::Account(account) => account == id,
        Subject::Pair(pair) => pair.side(id).is_some(),
    }
}

/// What lists of conversations show of some of these groups.
pub(super) fn joined_chats<'a>(
    joined: impl Iterator<Item = &'a Group>,
    after: Option<&GroupId>,
    limit: usize,
) -> JoinedChats {
    let mut found = JoinedChats::default();
    for (number, group) in joined.filter(|group| after.is_none_or(|after| *after < group.id)).enumerate() {
        if number == limit {
            return found;
        }
        found.last = Some(group.id.clone());
        found.chats.extend(group.active.then(|| JoinedChat::of(group)));
    }
    JoinedChats { last: None, ..found }
}

/// Both together.
pub(super) fn joined(mut first: PeopleSnapshot, then: PeopleSnapshot) -> PeopleSnapshot {
    first.accounts.extend(then.accounts);
    first.facts.extend(then.facts);
    first.counts.extend(then.counts);
    for (pair, messages) in then.messages {
        first.messages.entry(pair).or_default().extend(messages);
    }
    first
}

impl People {
    pub(super) fn load(&self, accounts: &BTreeMap<UserId, Account>, needs: PeopleNeeds) -> PeopleSnapshot {
        let mut found = PeopleSnapshot::default();
        for id in needs.accounts {
            found.accounts.extend(accounts.get(&id).cloned().map(|account| (id, account)));
        }
        for place in needs.facts {
            found.facts.extend(self.facts.get(&place).cloned().map(|fact| (place, fact)));
        }
        for range in needs.ranges {
            let of_family = self.of_family(&range.subject, range.family);
            let following =
                of_family.filter(|((_, key), _)| range.after.as_ref().is_none_or(|after| after < key));
            found
                .facts
                .extend(following.take(range.limit).map(|(place, fact)| (place.clone(), fact.clone())));
        }
        for (subject, family) in needs.counts {
            let count = self.of_family(&subject, family).count();
            found.counts.insert((subject, family), count as u64);
        }
        for range in needs.messages {
            let messages = self.messages_in(&range);
            if !messages.is_empty() {
                let of_pair = found.messages.entry(range.pair().clone()).or_default();
                of_pair.extend(messages.into_iter().map(|message| (message.seq, message.clone())));
            }
        }
        found
    }

    fn of_family(
        &self,
        subject: &Subject,
        family: FactFamily,
    ) -> impl Iterator<Item = (&(Subject, FactKey), &Fact)> {
        self.facts.iter().filter(move |((of, key), _)| of == subject && is_of(family, key))
    }

    fn messages_in(&self, range: &DirectRange) -> Vec<&DirectMessage> {
        let mut all: Vec<_> =
            self.messages.get(range.pair()).into_iter().flat_map(BTreeMap::values).collect();
        match range {
            DirectRange::Numbered(_, numbers) => all.retain(|message| numbers.contains(&message.seq)),
            DirectRange::After { seq, limit, .. } => {
                all.retain(|message| *seq < message.seq);
                all.truncate(*limit);
            }
            DirectRange::Keyed(_, keys) => all.retain(|message| keys.contains(&message.key)),
            DirectRange::Between { from, to, limit, .. } => {
                all.retain(|message| *from <= message.key && message.key < *to);
                all.sort_by_key(|message| message.key);
                all.reverse();
                all.truncate(*limit);
            }
            DirectRange::Repeated { number, random, since, .. } => all.retain(|message| {
                (message.key.number, message.key.random) == (*number, *random) && *since <= message.key.sent
            }),
        }
        all
    }

    pub(super) fn write(&mut self, changes: PeopleChanges) {
        for (pair, message) in &changes.removed_messages {
            self.messages.get_mut(pair).and_then(|messages| messages.remove(&message.seq));
        }
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(self.facts.insert((subject, key), fact)),
                None => drop(self.facts.remove(&(subject, key))),
            }
        }
        for (pair, message) in changes.new_messages.into_iter().chain(changes.updated_messages) {
            self.messages.entry(pair).or_default().insert(message.seq, message);
        }
    }

    /// Forgets all that is about an account, or names it.
    pub(super) fn forget(&mut self, id: &UserId) {
        let own = Subject::Account(id.clone());
        let counted = self.facts.keys().filter(|(subject, _)| *subject == own).filter_map(|(_, key)| {
            let (peer, count) = key.counted_in()?;
            Some((Subject::Account(peer.clone()), count))
        });
        for place in counted.collect::<Vec<_>>() {
            if let Some(less) = self.facts.remove(&place).and_then(|count| count.less(1)) {
                self.facts.insert(place, less);
            }
        }
        self.facts.retain(|(subject, key), _| !names(subject, id) && key.peer() != Some(id));
        self.messages.retain(|pair, _| pair.side(id).is_none());
    }

    pub(super) fn expire(&mut self, before: Timestamp) -> usize {
        let mut removed = 0;
        for messages in self.messages.values_mut() {
            let all = messages.len();
            messages.retain(|_, message| before <= message.key.sent);
            removed += all - messages.len();
        }
        self.facts.retain(|(_, key), _| !matches!(key, FactKey::Extensions(of) if of.sent < before));
        removed
    }
}
