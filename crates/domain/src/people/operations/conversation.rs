//! What operations on one-to-one conversations share: the rows they read, and the arrival of a message.

use crate::ids::UserId;
use crate::message::{Body, Content, MessageState};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, FactRange, Unread};
use crate::people::message::{DirectMessage, MessageKey};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use crate::time::Timestamp;

/// The most accounts whose unread messages one sum counts.
const COUNTED_MAX: usize = 1_000;

pub(super) fn pair(one: &UserId, other: &UserId) -> Pair {
    Pair::of(one.clone(), other.clone())
}

fn chat_key(peer: &UserId) -> FactKey {
    FactKey::Chat(Chat::Direct(peer.clone()))
}

/// A conversation as `account` sees it.
pub(super) fn chat_of(account: &UserId, peer: &UserId) -> (Subject, FactKey) {
    (Subject::Account(account.clone()), chat_key(peer))
}

/// What `account` has not read of `peer`.
pub(super) fn unread_of(account: &UserId, peer: &UserId) -> (Subject, FactKey) {
    (Subject::Account(account.clone()), FactKey::Unread(peer.clone()))
}

pub(super) fn log_of(pair: &Pair) -> (Subject, FactKey) {
    (Subject::Pair(pair.clone()), FactKey::Log)
}

pub(super) fn log(snapshot: &PeopleSnapshot, pair: &Pair) -> DirectLog {
    let (subject, key) = log_of(pair);
    match snapshot.fact(&subject, &key) {
        Some(Fact::Log(log)) => log.clone(),
        _ => DirectLog::default(),
    }
}

/// `None` when the account has no such conversation.
pub(super) fn chat(snapshot: &PeopleSnapshot, account: &UserId, peer: &UserId) -> Option<ChatState> {
    let (subject, key) = chat_of(account, peer);
    match snapshot.fact(&subject, &key) {
        Some(Fact::Chat(state)) => Some(state.clone()),
        _ => None,
    }
}

/// `None` when the account has read everything.
pub(super) fn unread(snapshot: &PeopleSnapshot, account: &UserId, peer: &UserId) -> Option<Unread> {
    let (subject, key) = unread_of(account, peer);
    match snapshot.fact(&subject, &key) {
        Some(Fact::Unread(unread)) => Some(*unread),
        _ => None,
    }
}

/// All that an account has not read.
pub(super) fn all_unread(account: &UserId) -> FactRange {
    FactRange {
        subject: Subject::Account(account.clone()),
        family: FactFamily::Unread,
        after: None,
        limit: COUNTED_MAX,
    }
}

/// How many messages an account has not read, of all others but `peer`, and `of_peer` of that one.
pub(super) fn unread_sum(
    snapshot: &PeopleSnapshot,
    account: &UserId,
    peer: &UserId,
    of_peer: Option<Unread>,
) -> u64 {
    let own = Subject::Account(account.clone());
    let others = snapshot.facts.iter().filter_map(|((subject, key), fact)| match (key, fact) {
        (FactKey::Unread(of), Fact::Unread(unread)) if *subject == own && of != peer => Some(unread.count),
        _ => None,
    });
    others.chain(of_peer.map(|unread| unread.count)).map(u64::from).sum()
}

/// Sets or removes what an account has not read of another.
pub(super) fn put_unread(
    changes: &mut PeopleChanges,
    account: &UserId,
    peer: &UserId,
    unread: Option<Unread>,
) {
    let (subject, key) = unread_of(account, peer);
    changes.facts.push((subject, key, unread.map(Fact::Unread)));
}

/// A message that no longer counts as unread, of which `before` are, if it is one of these.
pub(super) fn without(before: Option<Unread>, message: &DirectMessage, receiver: &UserId) -> Option<Unread> {
    let before = before?;
    let counts = before.after < message.seq && message.counts_for(receiver);
    let count = before.count.saturating_sub(u32::from(counts));
    (count != 0).then_some(Unread { count, ..before })
}

/// A message that arrives.
#[derive(Clone, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) sender: &'a UserId,
    pub(super) receiver: &'a UserId,
    pub(super) key: MessageKey,
    pub(super) body: &'a Body,
    pub(super) push: &'a str,
    pub(super) quiet: bool,
    pub(super) hidden_from_sender: bool,
    /// Whether the time of the last message stays as it is.
    pub(super) not_last: bool,
    /// Whether it comes silently, read already.
    pub(super) silent: bool,
}

impl Arrival<'_> {
    pub(super) fn message(&self, seq: u32) -> DirectMessage {
        DirectMessage {
            seq,
            key: self.key,
            sender: self.sender.clone(),
            state: MessageState::Kept,
            hidden_from_sender: self.hidden_from_sender,
            hidden_from_receiver: false,
            read: false,
            quiet: self.quiet,
            push: self.push.into(),
            content: Content::Sent(self.body.clone()),
        }
    }

    /// The rows that [`add`](Self::add) reads.
    pub(super) fn needs(needs: &mut PeopleNeeds, sender: &UserId, receiver: &UserId) {
        needs.accounts.push(receiver.clone());
        needs.facts.extend([
            log_of(&pair(sender, receiver)),
            chat_of(sender, receiver),
            chat_of(receiver, sender),
            unread_of(receiver, sender),
        ]);
    }

    /// Adds it to its conversation. Returns the message, and what the receiver has not read of the sender; `None` when all
    /// places are used up.
    pub(super) fn add(
        &self,
        changes: &mut PeopleChanges,
        snapshot: &PeopleSnapshot,
        now: Timestamp,
    ) -> Option<(DirectMessage, Option<Unread>)> {
        let Self { sender, receiver, .. } = *self;
        let pair = pair(sender, receiver);
        let mut log = log(snapshot, &pair);
        let seq = log.take_seq()?;
        let message = self.message(seq);
        if !self.not_last {
            log.last_message = log.last_message.max(self.key.sent);
        }
        if self.silent {
            log.imported = seq;
        }
        let (subject, key) = log_of(&pair);
        changes.put(subject, key, Fact::Log(log));
        self.show(changes, snapshot, receiver, sender, None);
        if sender != receiver {
            self.show(changes, snapshot, sender, receiver, self.hidden_from_sender.then_some(now));
        }
        let before = unread(snapshot, receiver, sender);
        let after =
            if self.silent || !message.counts_for(receiver) { before } else { Some(more(before, seq)) };
        if before != after {
            put_unread(changes, receiver, sender, after);
        }
        changes.new_messages.push((pair, message.clone()));
        Some((message, after))
    }

    /// Puts the conversation on the list of `account`, unless the message does not touch it; one that is new begins with
    /// `removed`.
    fn show(
        &self,
        changes: &mut PeopleChanges,
        snapshot: &PeopleSnapshot,
        account: &UserId,
        peer: &UserId,
        removed: Option<Timestamp>,
    ) {
        let before = chat(snapshot, account, peer);
        let after = match &before {
            None => ChatState { removed, ..ChatState::default() },
            Some(state) if removed.is_none() && !self.not_last => {
                ChatState { removed: None, ..state.clone() }
            }
            Some(_) => return,
        };
        if before.as_ref() != Some(&after) {
            let (subject, key) = chat_of(account, peer);
            changes.put(subject, key, Fact::Chat(after));
        }
    }
}

fn more(before: Option<Unread>, seq: u32) -> Unread {
    match before {
        None => Unread { count: 1, after: seq.saturating_sub(1) },
        Some(unread) => Unread { count: unread.count.saturating_add(1), ..unread },
    }
}
