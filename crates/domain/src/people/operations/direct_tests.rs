//! The rules of one-to-one messages, on people that keep what they change.

use super::confirm_messages::ConfirmMessages;
use super::delete_chat::DeleteChat;
use super::hide_messages::HideMessages;
use super::import_direct::{ImportDirect, ImportDirectRefusal, ImportLiveDirect};
use super::modify_direct::{ModifyDirect, ModifyRefusal};
use super::read_direct::{ReadDirect, ReadRefusal};
use super::recall_direct::{DirectRefusal, RecallDirect};
use super::send_direct::{SendDirect, SendRefusal, SenderCopy, SentDirect};
use crate::account::{Account, UnknownAccounts};
use crate::context::Context;
use crate::message::{Body, BodyTooLong, Content, MessageState, Recall};
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Chat, ChatState, DirectLog, Fact, FactKey};
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleImport, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use crate::sample::{NOW, context, user};
use crate::time::Timestamp;

/// Ann, Bob and Cy, and all that is kept of them.
struct People(PeopleSnapshot);

fn pair(one: &str, other: &str) -> Pair {
    Pair::of(user(one), user(other))
}

fn is_in(range: &DirectRange, message: &DirectMessage) -> bool {
    match range {
        DirectRange::Numbered(_, numbers) => numbers.contains(&message.seq),
        DirectRange::After { seq, .. } => *seq < message.seq,
        DirectRange::Keyed(_, keys) => keys.contains(&message.key),
        DirectRange::Between { from, to, .. } => (*from..*to).contains(&message.key),
        DirectRange::Repeated { number, random, since, .. } => {
            (message.key.number, message.key.random) == (*number, *random) && *since <= message.key.sent
        }
    }
}

impl People {
    fn new() -> Self {
        let accounts = ["ann", "bob", "cy"].map(|name| (user(name), Account::placeholder(NOW)));
        Self(PeopleSnapshot { accounts: accounts.into(), ..PeopleSnapshot::default() })
    }

    /// Everybody knows all facts there are, and the messages that are asked for.
    fn load(&self, needs: &PeopleNeeds) -> PeopleSnapshot {
        let mut found = PeopleSnapshot { messages: <_>::default(), ..self.0.clone() };
        for range in &needs.messages {
            let of_pair = found.messages.entry(range.pair().clone()).or_default();
            let all = self.0.messages_of(range.pair()).filter(|message| is_in(range, message));
            of_pair.extend(all.map(|message| (message.seq, message.clone())));
        }
        found
    }

    fn write(&mut self, changes: PeopleChanges) {
        for account in changes.placeholders {
            self.0.accounts.insert(account, Account::placeholder(NOW));
        }
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(self.0.facts.insert((subject, key), fact)),
                None => drop(self.0.facts.remove(&(subject, key))),
            }
        }
        for (pair, message) in changes.new_messages.into_iter().chain(changes.updated_messages) {
            self.0.messages.entry(pair).or_default().insert(message.seq, message);
        }
    }

    fn at<O: PeopleOperation>(
        &mut self,
        now: u64,
        operation: &O,
    ) -> Result<(O::Answer, Vec<PeopleEvent>), O::Refusal> {
        let context = Context { now: Timestamp(now), ..context() };
        let mut needs = operation.needs(&context);
        let then = operation.then_needs(&context, &self.load(&needs));
        needs.messages.extend(then.messages);
        let decision = operation.decide(&context, self.load(&needs))?;
        self.write(decision.changes);
        Ok((decision.answer, decision.events))
    }

    fn perform<O: PeopleOperation>(&mut self, operation: &O) -> Result<(O::Answer, usize), O::Refusal> {
        self.at(NOW.0, operation).map(|(answer, events)| (answer, events.len()))
    }

    fn import(&mut self, import: &ImportDirect, unknown: UnknownAccounts) -> Result<(), ImportDirectRefusal> {
        let context = Context { unknown, ..context() };
        let imported = import.decide(&context, self.load(&PeopleImport::needs(import, &context)))?;
        self.write(imported.changes);
        Ok(())
    }

    fn unread(&self, account: &str, peer: &str) -> u32 {
        let key = FactKey::Unread(user(peer));
        match self.0.fact(&Subject::Account(user(account)), &key) {
            Some(Fact::Unread(unread)) => unread.count,
            Some(_) | None => 0,
        }
    }

    fn chat(&self, account: &str, peer: &str) -> Option<ChatState> {
        match self.0.fact(&Subject::Account(user(account)), &FactKey::Chat(Chat::Direct(user(peer)))) {
            Some(Fact::Chat(state)) => Some(state.clone()),
            Some(_) | None => None,
        }
    }

    fn messages(&self, one: &str, other: &str) -> Vec<DirectMessage> {
        self.0.messages_of(&pair(one, other)).cloned().collect()
    }
}

fn body(words: &str) -> Body {
    Body { elements: format!("[{words:?}]").into(), ..Body::default() }
}

fn send(sender: &str, receivers: &[&str], number: u32) -> SendDirect {
    SendDirect {
        sender: user(sender),
        by_administrator: false,
        receivers: receivers.iter().map(|name| user(name)).collect(),
        number,
        random: number,
        body: body("m"),
        push: Box::default(),
        copy: SenderCopy::History,
        online_only: false,
        not_last: false,
        counts_unread: true,
    }
}

fn key(number: u32) -> MessageKey {
    MessageKey { sent: NOW, number, random: number }
}

fn sent(people: &mut People, operation: &SendDirect) -> (SentDirect, usize) {
    people.perform(operation).unwrap()
}

#[test]
fn a_message_that_is_sent_again_within_two_minutes_is_the_first() {
    let mut people = People::new();
    let first = sent(&mut people, &send("ann", &["bob"], 1));
    assert_eq!(first, (SentDirect { key: key(1), unknown: Vec::new() }, 1));
    assert_eq!(people.unread("bob", "ann"), 1);
    let mut again = |now: u64, operation: &SendDirect| {
        let (answer, events) = people.at(now, operation).unwrap();
        (answer.key.sent.0, events.len())
    };
    assert_eq!(again(NOW.0 + 120, &send("ann", &["bob"], 1)), (NOW.0, 0));
    assert_eq!(again(NOW.0 + 121, &send("ann", &["bob"], 1)), (NOW.0 + 121, 1));
    let other = SendDirect { body: body("other"), ..send("ann", &["bob"], 1) };
    assert_eq!(again(NOW.0 + 1, &other), (NOW.0 + 1, 1), "it says something else");
    assert_eq!(again(NOW.0 + 2, &send("bob", &["ann"], 1)), (NOW.0 + 2, 1), "another has sent it");
    let places: Vec<u32> = people.messages("ann", "bob").iter().map(|message| message.seq).collect();
    assert_eq!((places, people.unread("bob", "ann"), people.unread("ann", "bob")), (vec![1, 2, 3, 4], 3, 1));
}

#[test]
fn a_message_reaches_those_who_exist_and_fails_when_nobody_does() {
    let mut people = People::new();
    let (answer, events) = sent(&mut people, &send("ann", &["bob", "dan", "cy"], 1));
    assert_eq!((answer.unknown, events), (vec![user("dan")], 2));
    assert_eq!((people.messages("ann", "bob").len(), people.messages("ann", "dan").len()), (1, 0));
    assert_eq!(people.perform(&send("ann", &["dan"], 2)), Err(SendRefusal::NoSuchReceiver));
    assert_eq!(people.perform(&send("dan", &["ann"], 2)), Err(SendRefusal::NoSuchSender));
    let by_administrator = SendDirect { by_administrator: true, ..send("dan", &["ann"], 2) };
    let fleeting = SendDirect { online_only: true, ..by_administrator.clone() };
    sent(&mut people, &fleeting);
    assert!(!people.0.accounts.contains_key(&user("dan")), "nothing is kept");
    assert!(people.messages("ann", "dan").is_empty());
    sent(&mut people, &by_administrator);
    assert!(people.0.accounts.contains_key(&user("dan")), "its conversations go with its account");
}

#[test]
fn a_conversation_without_places_takes_no_message() {
    let mut people = People::new();
    let full = DirectLog { next_seq: u32::MAX, ..DirectLog::default() };
    people.0.facts.insert((Subject::Pair(pair("ann", "bob")), FactKey::Log), Fact::Log(full));
    assert_eq!(people.perform(&send("ann", &["bob"], 1)), Err(SendRefusal::Full));
    let import = ImportDirect { sender: user("bob"), receiver: user("ann"), key: key(9), body: body("old") };
    assert_eq!(people.import(&import, UnknownAccounts::Refuse), Err(ImportDirectRefusal::Full));
    let fleeting = SendDirect { online_only: true, ..send("ann", &["bob"], 1) };
    assert_eq!(sent(&mut people, &fleeting).1, 1, "it needs no place");
}

#[test]
fn the_sender_decides_what_it_gets_itself() {
    let mut people = People::new();
    for (number, copy) in [(1, SenderCopy::History), (2, SenderCopy::Live), (3, SenderCopy::None)] {
        sent(&mut people, &SendDirect { copy, ..send("ann", &["bob"], number) });
    }
    let shown = |message: &DirectMessage| (message.quiet, message.is_hidden_from(&user("ann"), 0));
    let found: Vec<_> = people.messages("ann", "bob").iter().map(shown).collect();
    assert_eq!(found, [(true, false), (false, false), (true, true)]);
    assert!(people.messages("ann", "bob").iter().all(|message| !message.is_hidden_from(&user("bob"), 0)));
}

#[test]
fn a_recalled_message_keeps_its_place_and_no_longer_counts() {
    let mut people = People::new();
    sent(&mut people, &send("ann", &["bob"], 1));
    sent(&mut people, &send("ann", &["bob"], 2));
    let recall = |sender: &str, receiver: &str, number| RecallDirect {
        sender: user(sender),
        receiver: user(receiver),
        key: key(number),
        operator: user("dan"),
    };
    assert_eq!(people.perform(&recall("bob", "ann", 1)), Err(DirectRefusal::NoSuchMessage));
    assert_eq!(people.perform(&recall("ann", "bob", 3)), Err(DirectRefusal::NoSuchMessage));
    assert_eq!(people.perform(&recall("ann", "bob", 1)), Ok(((), 1)));
    assert_eq!(people.perform(&recall("ann", "bob", 1)), Err(DirectRefusal::Recalled));
    let [first, second] = &people.messages("ann", "bob")[..] else { panic!("both have their places") };
    let by_dan = Recall { operator: user("dan"), reason: Box::default() };
    assert_eq!((first.state, &first.content), (MessageState::Recalled, &Content::Gone(Some(by_dan))));
    assert_eq!((second.state, people.unread("bob", "ann")), (MessageState::Kept, 1));
}

#[test]
fn what_is_not_given_stays_when_a_message_changes() {
    let mut people = People::new();
    let said = Body { custom: "c".into(), ..body("m") };
    sent(&mut people, &SendDirect { body: said.clone(), ..send("ann", &["bob"], 1) });
    let modify = ModifyDirect {
        sender: user("ann"),
        receiver: user("bob"),
        key: key(1),
        elements: Some("[]".into()),
        custom: None,
        bytes_max: 3,
    };
    assert_eq!(people.perform(&modify), Ok(((), 1)));
    let content = |people: &People| people.messages("ann", "bob")[0].content.clone();
    let expected = Body { elements: "[]".into(), ..said };
    assert_eq!(content(&people), Content::Sent(expected.clone()));
    let longer = ModifyDirect { custom: Some("cccc".into()), elements: None, ..modify.clone() };
    let refused = ModifyRefusal::TooLong(BodyTooLong { got: 4, max: 3 });
    assert_eq!(people.perform(&longer), Err(refused));
    assert_eq!(content(&people), Content::Sent(expected));
    let by_another = ModifyDirect { sender: user("bob"), receiver: user("ann"), ..modify.clone() };
    let missing = ModifyRefusal::Message(DirectRefusal::NoSuchMessage);
    assert_eq!(people.perform(&by_another), Err(missing));
    let (sender, receiver, operator) = (user("ann"), user("bob"), user("ann"));
    people.perform(&RecallDirect { sender, receiver, key: key(1), operator }).unwrap();
    let recalled = ModifyRefusal::Message(DirectRefusal::Recalled);
    assert_eq!(people.perform(&modify), Err(recalled));
}

#[test]
fn receipts_are_for_messages_of_the_other_and_all_or_none() {
    let mut people = People::new();
    for number in 1..=2 {
        sent(&mut people, &send("ann", &["bob"], number));
    }
    sent(&mut people, &send("bob", &["ann"], 3));
    let confirm = |numbers: &[u32]| ConfirmMessages {
        reader: user("bob"),
        peer: user("ann"),
        keys: numbers.iter().map(|number| key(*number)).collect(),
    };
    assert_eq!(people.perform(&confirm(&[1, 3])), Err(DirectRefusal::NoSuchMessage), "3 is bob's own");
    let read = |people: &People| -> Vec<bool> {
        people.messages("ann", "bob").iter().map(|message| message.read).collect()
    };
    assert_eq!(read(&people), [false; 3]);
    assert_eq!(people.perform(&confirm(&[1, 1])), Ok(((), 1)));
    assert_eq!(people.perform(&confirm(&[1])), Ok(((), 0)), "it was confirmed before");
    assert_eq!(people.perform(&confirm(&[2, 1])), Ok(((), 1)));
    assert_eq!(read(&people), [true, true, false]);
}

#[test]
fn an_account_hides_messages_from_itself_alone() {
    let mut people = People::new();
    sent(&mut people, &send("ann", &["bob"], 1));
    sent(&mut people, &send("bob", &["ann"], 2));
    let hide = |account: &str, peer: &str, numbers: &[u32]| HideMessages {
        account: user(account),
        peer: user(peer),
        keys: numbers.iter().map(|number| key(*number)).collect(),
    };
    people.perform(&hide("bob", "ann", &[1, 2, 7])).unwrap();
    let hidden = |people: &People, account: &str| -> Vec<bool> {
        let account = user(account);
        people.messages("ann", "bob").iter().map(|message| message.is_hidden_from(&account, 0)).collect()
    };
    assert_eq!((hidden(&people, "bob"), hidden(&people, "ann")), (vec![true, true], vec![false, false]));
    assert_eq!((people.unread("bob", "ann"), people.unread("ann", "bob")), (0, 1));
}

#[test]
fn messages_are_read_up_to_a_time_or_all() {
    let mut people = People::new();
    for number in 1..=4 {
        people.at(NOW.0 + u64::from(number), &send("ann", &["bob"], number)).unwrap();
    }
    people.at(NOW.0 + 5, &send("cy", &["bob"], 9)).unwrap();
    let read = |until: Option<u64>| ReadDirect {
        reader: user("bob"),
        peer: user("ann"),
        until: until.map(Timestamp),
    };
    let mut left = |until: Option<u64>| {
        let (left, events) = people.at(NOW.0 + 10, &read(until)).unwrap();
        let [PeopleEvent::DirectRead { unread, unread_of_peer, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((u64::from(left) + 1, left), (*unread, *unread_of_peer), "one of cy is left");
        left
    };
    assert_eq!([left(Some(NOW.0)), left(Some(NOW.0 + 2)), left(Some(NOW.0 + 3))], [4, 2, 1]);
    assert_eq!([left(Some(NOW.0 + 1)), left(None), left(None)], [1, 0, 0]);
    let nobody = ReadDirect { reader: user("dan"), ..read(None) };
    assert_eq!(people.perform(&nobody), Err(ReadRefusal::NoSuchReader));
    let of_nobody = ReadDirect { peer: user("dan"), ..read(None) };
    assert_eq!(people.perform(&of_nobody), Err(ReadRefusal::NoSuchPeer));
}

#[test]
fn an_import_brings_each_message_once_and_counts_it_as_read() {
    let mut people = People::new();
    let import = |sender: &str, receiver: &str, number| ImportDirect {
        sender: user(sender),
        receiver: user(receiver),
        key: MessageKey { sent: Timestamp(5), ..key(number) },
        body: body("old"),
    };
    people.import(&import("ann", "bob", 1), UnknownAccounts::Refuse).unwrap();
    // With the same numbers and time, in whichever direction, it is the first.
    people.import(&import("ann", "bob", 1), UnknownAccounts::Refuse).unwrap();
    people.import(&import("bob", "ann", 1), UnknownAccounts::Refuse).unwrap();
    assert_eq!((people.messages("ann", "bob").len(), people.unread("bob", "ann")), (1, 0));
    assert_eq!(people.perform(&ImportLiveDirect(import("ann", "bob", 2))), Ok(((), 1)));
    assert_eq!(people.perform(&ImportLiveDirect(import("ann", "bob", 2))), Ok(((), 0)));
    assert_eq!((people.messages("ann", "bob").len(), people.unread("bob", "ann")), (2, 1));
    let unknown = [
        ("dan", "ann", ImportDirectRefusal::NoSuchSender),
        ("ann", "dan", ImportDirectRefusal::NoSuchReceiver),
    ];
    for (sender, receiver, refusal) in unknown {
        let import = import(sender, receiver, 3);
        assert_eq!(people.import(&import, UnknownAccounts::Refuse), Err(refusal));
    }
    people.import(&import("dan", "ann", 3), UnknownAccounts::Create).unwrap();
    assert!(people.0.accounts.contains_key(&user("dan")));
}

#[test]
fn a_deleted_conversation_comes_back_with_the_next_message() {
    let mut people = People::new();
    let delete =
        |clear| DeleteChat { account: user("bob"), chat: Chat::Direct(user("ann")), clear, last_seq: 0 };
    people.perform(&delete(true)).unwrap();
    assert_eq!(people.chat("bob", "ann"), None, "nothing was ever said");
    sent(&mut people, &send("ann", &["bob"], 1));
    people.perform(&delete(false)).unwrap();
    let state = people.chat("bob", "ann").unwrap();
    assert_eq!((state.removed, state.cleared, people.unread("bob", "ann")), (Some(NOW), 0, 0));
    people.perform(&delete(true)).unwrap();
    assert_eq!(people.chat("bob", "ann").unwrap().cleared, 1);
    assert_eq!(people.chat("ann", "bob").unwrap().removed, None, "the other keeps it");
    sent(&mut people, &send("ann", &["bob"], 2));
    let state = people.chat("bob", "ann").unwrap();
    assert_eq!((state.removed, state.cleared, people.unread("bob", "ann")), (None, 1, 1));
    let hidden: Vec<bool> = people
        .messages("ann", "bob")
        .iter()
        .map(|message| message.is_hidden_from(&user("bob"), state.cleared))
        .collect();
    assert_eq!(hidden, [true, false]);
}

#[test]
fn a_message_has_the_same_id_whoever_names_it() {
    let id = |sender: &str, number| key(number).id(&user(sender));
    let parts: Vec<u64> = id("ann", 7).split('-').map(|number| number.parse().unwrap()).collect();
    let [account, time, random] = parts[..] else { panic!("{parts:?}") };
    assert!((1 << 57..1 << 58).contains(&account));
    assert_eq!((time, random), (NOW.0, 7));
    assert_eq!(id("ann", 7), id("ann", 7));
    assert_ne!(id("ann", 7), id("bob", 7));
}
