//! A job brings messages between two accounts in, and how far they have read. Nobody is notified, and what has no read mark
//! counts as read.
//!
//! A message with the key of one that is there is that one. Read marks count only once, and only while nobody has written
//! behind the messages of the job: what was read since stays read.

use super::conversation::{chat, chat_of, log, log_of, put_unread, unread, unread_of};
use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Body, Content, MessageState};
use crate::origin::JobId;
use crate::people::brought::{self, Brought, BroughtDirect, Coming, Tally, note};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{ChatState, DirectLog, Fact, Unread};
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// A message to bring in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageToBring {
    /// One of the two accounts.
    pub sender: UserId,
    /// What identifies it.
    pub key: MessageKey,
    /// What it says.
    pub body: Body,
}

/// How far one of the two accounts has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkToBring {
    /// The account.
    pub reader: UserId,
    /// The last message that it has read; `None`: none.
    pub last: Option<MessageKey>,
    /// How many messages of the other it has not read.
    pub unread: u32,
}

/// What is brought in of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairToBring {
    /// The accounts.
    pub pair: Pair,
    /// In the order in which they were sent; each key once.
    pub messages: Vec<MessageToBring>,
    /// With the last messages.
    pub marks: Vec<MarkToBring>,
}

/// Brings messages in.
#[derive(Clone, Debug)]
pub struct BringDirect {
    /// The job.
    pub job: JobId,
    /// Whether a message with another content gets the new one.
    pub update: bool,
    /// Pairs, each once.
    pub pairs: Vec<PairToBring>,
}

/// What became of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairBrought {
    /// Messages.
    pub messages: Tally,
    /// Read marks.
    pub marks: Tally,
    /// Why nothing more was brought in.
    pub refused: Option<&'static str>,
}

/// A pair while its messages come.
struct Arriving<'a> {
    of: &'a PairToBring,
    by_key: BTreeMap<MessageKey, &'a DirectMessage>,
    log: DirectLog,
    note: BroughtDirect,
    places: BTreeMap<MessageKey, u32>,
    brought: PairBrought,
}

impl BringDirect {
    fn bring(
        &self,
        changes: &mut PeopleChanges,
        snapshot: &PeopleSnapshot,
        of: &PairToBring,
        unknown: UnknownAccounts,
    ) -> PairBrought {
        let absent = of.pair.accounts().into_iter().filter(|id| !snapshot.accounts.contains_key(*id));
        let absent: BTreeSet<_> = absent.collect();
        if unknown == UnknownAccounts::Refuse && !absent.is_empty() {
            let refused = Some("an account is not imported");
            return PairBrought { refused, ..PairBrought::default() };
        }
        let (log_before, noted) = (log(snapshot, &of.pair), brought::direct(snapshot, self.job, &of.pair));
        // The places of a conversation that went with an account are used again.
        let note_now = if log_before.last_seq() == 0 { BroughtDirect::default() } else { noted.clone() };
        let mut coming = Arriving {
            of,
            by_key: snapshot.messages_of(&of.pair).map(|message| (message.key, message)).collect(),
            log: log_before.clone(),
            note: note_now,
            places: BTreeMap::new(),
            brought: PairBrought::default(),
        };
        for message in &of.messages {
            let became = coming.message(changes, message, self.update);
            coming.brought.messages.count(became);
            if let Coming::Refused(why) = became {
                coming.brought.refused = Some(why);
                break;
            }
        }
        coming.marks(changes, snapshot);
        let Arriving { log, note: now_noted, brought, .. } = coming;
        if log != log_before {
            changes.placeholders.extend(absent.into_iter().cloned());
            let (subject, key) = log_of(&of.pair);
            changes.put(subject, key, Fact::Log(log));
            show(changes, snapshot, &of.pair);
        }
        if now_noted != noted {
            let (subject, key) = note(self.job, Brought::Direct(of.pair.clone()));
            changes.put(subject, key, Fact::BroughtDirect(now_noted));
        }
        brought
    }
}

/// Puts the conversation on the lists of both.
fn show(changes: &mut PeopleChanges, snapshot: &PeopleSnapshot, pair: &Pair) {
    let [lower, upper] = pair.accounts();
    let sides = BTreeSet::from([(lower, upper), (upper, lower)]);
    for (account, peer) in sides {
        let before = chat(snapshot, account, peer);
        let after = ChatState { removed: None, ..before.clone().unwrap_or_default() };
        if before.as_ref() != Some(&after) {
            let (subject, key) = chat_of(account, peer);
            changes.put(subject, key, Fact::Chat(after));
        }
    }
}

impl Arriving<'_> {
    fn message(&mut self, changes: &mut PeopleChanges, message: &MessageToBring, update: bool) -> Coming {
        let MessageToBring { sender, key, body } = message;
        if self.places.contains_key(key) {
            return Coming::Unchanged;
        }
        if let Some(there) = self.by_key.get(key) {
            self.places.insert(*key, there.seq);
            let is_same = there.sender == *sender && there.content == Content::Sent(body.clone());
            return match (is_same, self.note.has(there.seq)) {
                (true, true) => Coming::Added,
                (true, false) => Coming::Unchanged,
                (false, _) if update && there.state == MessageState::Kept && there.sender == *sender => {
                    let content = Content::Sent(body.clone());
                    let changed = DirectMessage { content, ..(*there).clone() };
                    changes.updated_messages.push((self.of.pair.clone(), changed));
                    Coming::Updated
                }
                (false, _) => Coming::Differs,
            };
        }
        let Some(seq) = self.log.take_seq() else {
            return Coming::Refused("the conversation has all messages it can have");
        };
        self.log.last_message = self.log.last_message.max(key.sent);
        self.log.imported = seq;
        self.note.add(seq);
        self.places.insert(*key, seq);
        let new = DirectMessage {
            seq,
            key: *key,
            sender: sender.clone(),
            state: MessageState::Kept,
            hidden_from_sender: false,
            hidden_from_receiver: false,
            read: false,
            quiet: false,
            push: "".into(),
            content: Content::Sent(body.clone()),
        };
        changes.new_messages.push((self.of.pair.clone(), new));
        Coming::Added
    }

    fn marks(&mut self, changes: &mut PeopleChanges, snapshot: &PeopleSnapshot) {
        if self.of.marks.is_empty() {
            return;
        }
        let is_last = self.note.extent().is_some_and(|(_, last)| last == self.log.last_seq());
        let counts = is_last && !self.note.marked;
        let first = self.note.extent().map_or(0, |(first, _)| first.saturating_sub(1));
        for MarkToBring { reader, last, unread: count } in &self.of.marks {
            let Some(peer) = self.of.pair.other(reader) else { continue };
            let before = unread(snapshot, reader, peer);
            let place = match last {
                None => Some(first),
                Some(key) => self.places.get(key).copied().or_else(|| Some(self.by_key.get(key)?.seq)),
            };
            let after = place.filter(|_| *count != 0).map(|after| Unread { count: *count, after });
            let became = match (counts, before == after) {
                (true, _) => Coming::Added,
                (false, true) if self.note.marked => Coming::Added,
                (false, true) => Coming::Unchanged,
                // Somebody has read or written since.
                (false, false) => Coming::Unchanged,
            };
            self.brought.marks.count(became);
            if counts && before != after {
                put_unread(changes, reader, peer, after);
            }
        }
        self.note.marked |= counts;
    }
}

impl PeopleImport for BringDirect {
    /// What became of each pair, in order.
    type Answer = Vec<PairBrought>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        self.pairs.iter().map(|of| Subject::Pair(of.pair.clone())).chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds::default();
        let mut accounts = BTreeSet::new();
        for PairToBring { pair, messages, marks } in &self.pairs {
            let [lower, upper] = pair.accounts();
            accounts.extend([lower, upper]);
            let sides = [
                chat_of(lower, upper),
                chat_of(upper, lower),
                unread_of(lower, upper),
                unread_of(upper, lower),
            ];
            needs.facts.extend(sides);
            needs.facts.extend([log_of(pair), note(self.job, Brought::Direct(pair.clone()))]);
            let marked = marks.iter().filter_map(|mark| mark.last);
            let keys: BTreeSet<_> = messages.iter().map(|message| message.key).chain(marked).collect();
            needs.messages.push(DirectRange::Keyed(pair.clone(), keys.into_iter().collect()));
        }
        needs.accounts = accounts.into_iter().cloned().collect();
        needs
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, Infallible> {
        let mut changes = PeopleChanges::default();
        let pairs = self.pairs.iter();
        let answer = pairs.map(|of| self.bring(&mut changes, &snapshot, of, context.unknown)).collect();
        changes.placeholders.sort();
        changes.placeholders.dedup();
        Ok(PeopleImported { changes, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::fact::FactKey;
    use crate::sample::{NOW, context, user};
    use crate::time::Timestamp;

    fn key(number: u32) -> MessageKey {
        MessageKey { sent: Timestamp(100), number, random: 1 }
    }

    fn message(number: u32, says: &str) -> MessageToBring {
        let body = Body { elements: says.into(), ..Body::default() };
        MessageToBring { sender: user("ann"), key: key(number), body }
    }

    fn bring(messages: Vec<MessageToBring>, marks: Vec<MarkToBring>) -> BringDirect {
        let pair = Pair::of(user("ann"), user("ben"));
        BringDirect { job: JobId(7), update: false, pairs: vec![PairToBring { pair, messages, marks }] }
    }

    fn empty() -> PeopleSnapshot {
        let mut snapshot = PeopleSnapshot::default();
        for name in ["ann", "ben"] {
            snapshot.accounts.insert(user(name), crate::account::Account::placeholder(NOW));
        }
        snapshot
    }

    /// What is there after the changes.
    fn after(mut snapshot: PeopleSnapshot, changes: PeopleChanges) -> PeopleSnapshot {
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => snapshot.facts.insert((subject, key), fact),
                None => snapshot.facts.remove(&(subject, key)),
            };
        }
        for (pair, message) in changes.new_messages {
            snapshot.messages.entry(pair).or_default().insert(message.seq, message);
        }
        snapshot
    }

    #[test]
    fn messages_come_once_and_marks_count_once() {
        let mark = MarkToBring { reader: user("ben"), last: Some(key(1)), unread: 1 };
        let operation = bring(vec![message(1, "a"), message(2, "b")], vec![mark]);
        let Ok(first) = operation.decide(&context(), empty());
        assert_eq!((first.answer[0].messages.added, first.answer[0].marks.added), (2, 1));
        let there = after(empty(), first.changes);
        let unread = there.facts.get(&unread_of(&user("ben"), &user("ann")));
        assert_eq!(unread, Some(&Fact::Unread(Unread { count: 1, after: 1 })));
        assert_eq!(there.facts.keys().filter(|(_, key)| matches!(key, FactKey::Chat(_))).count(), 2);
        let mut read = there.clone();
        read.facts.remove(&unread_of(&user("ben"), &user("ann")));
        let Ok(again) = operation.decide(&context(), read);
        assert_eq!(again.answer[0].messages.added, 2);
        assert!(again.changes.facts.is_empty() && again.changes.new_messages.is_empty());
        let other =
            BringDirect { job: JobId(8), ..bring(vec![message(2, "c"), message(3, "d")], Vec::new()) };
        let Ok(other) = other.decide(&context(), there);
        let tally = other.answer[0].messages;
        assert_eq!((tally.added, tally.differing), (1, 1));
        assert_eq!(other.changes.new_messages[0].1.seq, 3);
    }

    #[test]
    fn accounts_that_are_not_there_are_refused_or_made() {
        let operation = bring(vec![message(1, "a")], Vec::new());
        let Ok(refused) = operation.decide(&context(), PeopleSnapshot::default());
        assert!(refused.answer[0].refused.is_some() && refused.changes.facts.is_empty());
        let context = Context { unknown: UnknownAccounts::Create, ..context() };
        let Ok(made) = operation.decide(&context, PeopleSnapshot::default());
        assert_eq!(made.changes.placeholders, [user("ann"), user("ben")]);
    }
}
