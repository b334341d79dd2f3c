//! Operations on people that cases choose: what they load and write is stated rather than decided.

use super::subscribers::every_event;
use super::{APP, context, decided, user};
use landfall_domain::account::Account;
use landfall_domain::context::Context;
use landfall_domain::ids::UserId;
use landfall_domain::message::{Body, Content, MessageState};
use landfall_domain::people::changes::PeopleChanges;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::people::fact::{Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, FactRange, Mute};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::operation::{
    PeopleDecision, PeopleImport, PeopleImported, PeopleOperation, import_people, perform_people,
};
use landfall_domain::people::portrait::{Portrait, PortraitItem, PortraitTag, PortraitValue};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

#[derive(Clone, Debug)]
pub(crate) enum PeopleAction {
    /// Both have a conversation with each other.
    Chat(UserId, UserId),
    /// The account has a conversation with each of the others, and one message in each.
    Write(UserId, Vec<UserId>),
    /// Messages of the first to the second, sent at these times: each has its place as its number.
    Send(UserId, UserId, Vec<u64>),
    /// The receiver no longer sees the message with this place.
    Hide(UserId, UserId, u32),
    /// Until this time; 0 takes the fact away.
    Mute(UserId, u64),
    /// Sets the own words, with an event.
    Portrait(UserId, String),
    /// Gives the account a nick, and makes the others where they are missing.
    Know(UserId, Vec<UserId>),
    /// Answers the nicks of those it has a conversation with.
    Nicks(UserId),
    Refuse(UserId),
}

#[derive(Clone, Debug)]
pub(crate) struct PeopleScript {
    pub(crate) action: PeopleAction,
}

pub(crate) fn pair(one: &str, other: &str) -> Pair {
    Pair::of(user(one), user(other))
}

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

pub(crate) async fn run(store: &dyn Store, action: PeopleAction) -> Result<String, ()> {
    decided(perform_people(store, context(), PeopleScript { action }, every_event()).await)
}

pub(crate) async fn run_import(store: &dyn Store, action: PeopleAction) -> Result<String, ()> {
    decided(import_people(store, context(), PeopleScript { action }).await)
}

/// The conversations of an account.
pub(crate) async fn chats(store: &dyn Store, name: &str) -> Vec<FactKey> {
    let ranges = vec![FactRange::all(Subject::Account(user(name)), FactFamily::Chats)];
    let found = store.people(APP, PeopleNeeds { ranges, ..PeopleNeeds::default() }).await.unwrap();
    found.facts.into_keys().map(|(_, key)| key).collect()
}

fn own(account: &UserId) -> Subject {
    Subject::Account(account.clone())
}

fn between(one: &UserId, other: &UserId) -> Pair {
    Pair::of(one.clone(), other.clone())
}

fn put_chats(changes: &mut PeopleChanges, one: &UserId, other: &UserId) {
    for (account, peer) in [(one, other), (other, one)] {
        let key = FactKey::Chat(Chat::Direct(peer.clone()));
        changes.put(own(account), key, Fact::Chat(ChatState::default()));
    }
}

fn message(seq: u32, sent: u64, sender: &UserId) -> DirectMessage {
    let body = Body { elements: format!("[{seq}]").into(), custom: "\u{0}".into(), ..Body::default() };
    DirectMessage {
        seq,
        key: MessageKey { sent: Timestamp(sent), number: seq, random: seq },
        sender: sender.clone(),
        state: MessageState::Kept,
        hidden_from_sender: seq.is_multiple_of(2),
        hidden_from_receiver: false,
        read: seq.is_multiple_of(3),
        quiet: !seq.is_multiple_of(2),
        push: if seq.is_multiple_of(5) { r#"{"Title":"t"}"#.into() } else { Box::default() },
        content: Content::Sent(body),
    }
}

/// Puts messages at the end of a conversation.
fn send(changes: &mut PeopleChanges, snapshot: &PeopleSnapshot, from: &UserId, to: &UserId, times: &[u64]) {
    let pair = between(from, to);
    let log = match snapshot.fact(&Subject::Pair(pair.clone()), &FactKey::Log) {
        Some(Fact::Log(log)) => log.clone(),
        _ => DirectLog::default(),
    };
    let mut next_seq = log.next_seq;
    for sent in times {
        changes.new_messages.push((pair.clone(), message(next_seq, *sent, from)));
        next_seq += 1;
    }
    let last_message = times.iter().copied().max().map_or(log.last_message, Timestamp);
    changes.put(Subject::Pair(pair), FactKey::Log, Fact::Log(DirectLog { next_seq, last_message, ..log }));
    put_chats(changes, from, to);
}

impl PeopleScript {
    fn of(&self) -> Vec<Subject> {
        match &self.action {
            PeopleAction::Chat(one, other)
            | PeopleAction::Send(one, other, _)
            | PeopleAction::Hide(one, other, _) => vec![Subject::Pair(between(one, other))],
            PeopleAction::Write(account, others) => {
                others.iter().map(|other| Subject::Pair(between(account, other))).collect()
            }
            PeopleAction::Mute(account, _)
            | PeopleAction::Portrait(account, _)
            | PeopleAction::Know(account, _)
            | PeopleAction::Nicks(account)
            | PeopleAction::Refuse(account) => vec![own(account)],
        }
    }

    fn loads(&self) -> PeopleNeeds {
        match &self.action {
            PeopleAction::Send(one, other, _) => PeopleNeeds {
                facts: vec![(Subject::Pair(between(one, other)), FactKey::Log)],
                ..PeopleNeeds::default()
            },
            PeopleAction::Hide(one, other, seq) => PeopleNeeds {
                messages: vec![DirectRange::Numbered(between(one, other), vec![*seq])],
                ..PeopleNeeds::default()
            },
            PeopleAction::Nicks(account) => PeopleNeeds {
                ranges: vec![FactRange::all(own(account), FactFamily::Chats)],
                ..PeopleNeeds::default()
            },
            PeopleAction::Know(account, _) => {
                PeopleNeeds { accounts: vec![account.clone()], ..PeopleNeeds::default() }
            }
            PeopleAction::Chat(..)
            | PeopleAction::Write(..)
            | PeopleAction::Mute(..)
            | PeopleAction::Portrait(..)
            | PeopleAction::Refuse(_) => PeopleNeeds::default(),
        }
    }

    fn then_loads(&self, found: &PeopleSnapshot) -> PeopleNeeds {
        if !matches!(self.action, PeopleAction::Nicks(_)) {
            return PeopleNeeds::default();
        }
        let peers = found.facts.keys().filter_map(|(_, key)| key.peer().cloned());
        PeopleNeeds { accounts: peers.collect(), ..PeopleNeeds::default() }
    }

    fn run(&self, context: &Context, snapshot: &PeopleSnapshot) -> Result<PeopleDecision<String>, ()> {
        let mut changes = PeopleChanges::default();
        let mut answer = String::new();
        match &self.action {
            PeopleAction::Refuse(_) => return Err(()),
            PeopleAction::Chat(one, other) => put_chats(&mut changes, one, other),
            PeopleAction::Write(account, others) => {
                for other in others {
                    send(&mut changes, snapshot, account, other, &[1]);
                }
            }
            PeopleAction::Send(one, other, times) => send(&mut changes, snapshot, one, other, times),
            PeopleAction::Hide(one, other, _) => {
                let pair = between(one, other);
                for message in snapshot.messages_of(&pair) {
                    let hidden = DirectMessage { hidden_from_receiver: true, ..message.clone() };
                    changes.updated_messages.push((pair.clone(), hidden));
                }
                answer = format!("{:?}", changes.updated_messages);
            }
            PeopleAction::Mute(account, 0) => changes.remove(own(account), FactKey::Mute),
            PeopleAction::Mute(account, until) => {
                let until = Timestamp(*until);
                changes.put(own(account), FactKey::Mute, Fact::Mute(Mute { direct: until, groups: until }));
            }
            PeopleAction::Portrait(account, words) => {
                let (tag, value) = (PortraitTag::SelfSignature, PortraitValue::Text(text(words)));
                let portrait = Portrait([(tag.clone(), value.clone())].into());
                changes.put(own(account), FactKey::Portrait, Fact::Portrait(portrait));
                let items = vec![PortraitItem { tag, value }];
                let event = PeopleEvent::PortraitChanged { account: account.clone(), items };
                return Ok(PeopleDecision::new(changes, answer).with_event(event));
            }
            PeopleAction::Know(account, others) => {
                let before = snapshot.accounts.get(account).cloned();
                let before = before.unwrap_or_else(|| Account::placeholder(context.now));
                changes.accounts.push((account.clone(), Account { nick: text("named"), ..before }));
                changes.placeholders.clone_from(others);
            }
            PeopleAction::Nicks(_) => {
                answer = snapshot.accounts.values().map(|account| account.nick.as_str()).collect();
            }
        }
        Ok(PeopleDecision::new(changes, answer))
    }
}

impl PeopleOperation for PeopleScript {
    type Answer = String;
    type Refusal = ();

    fn subjects(&self) -> Vec<Subject> {
        self.of()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        self.loads()
    }

    fn then_needs(&self, _: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        self.then_loads(found)
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<String>, ()> {
        self.run(context, &snapshot)
    }
}

impl PeopleImport for PeopleScript {
    type Answer = String;
    type Refusal = ();

    fn subjects(&self) -> Vec<Subject> {
        self.of()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        self.loads()
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<String>, ()> {
        let PeopleDecision { changes, answer, events: _ } = self.run(context, &snapshot)?;
        Ok(PeopleImported { changes, answer })
    }
}
