//! Sending a message to one account or to several, each in a conversation of its own.

use super::conversation::{Arrival, all_unread, pair, unread_sum};
use crate::account::Account;
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Body, Content};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::official::broadcaster;
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;

/// Seconds within which the same message is a repeat. [doc]
const REPEAT_SECONDS: u64 = 120;

/// What the sender itself gets of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SenderCopy {
    /// Its history has it; its connected devices do not get it.
    #[default]
    History,
    /// Its history has it, and its connected devices get it.
    Live,
    /// Nothing.
    None,
}

/// Sends a message.
#[derive(Clone, Debug)]
pub struct SendDirect {
    /// The sender. It must exist.
    pub sender: UserId,
    /// Whether the sender is an administrator of the app, which exists everywhere.
    pub by_administrator: bool,
    /// The receivers, each once.
    pub receivers: Vec<UserId>,
    /// `MsgSeq`.
    pub number: u32,
    /// `MsgRandom`.
    pub random: u32,
    /// What it says.
    pub body: Body,
    /// `OfflinePushInfo`; empty when none.
    pub push: Box<str>,
    /// What the sender gets of it.
    pub copy: SenderCopy,
    /// Whether only connected devices get it: it is not kept.
    pub online_only: bool,
    /// Whether it leaves the time of the last message as it is.
    pub not_last: bool,
    /// Whether the event says how much the receiver has not read.
    pub counts_unread: bool,
}

/// A message that was sent, now or by an earlier call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentDirect {
    /// What identifies it.
    pub key: MessageKey,
    /// The receivers that do not exist, in the order of the request.
    pub unknown: Vec<UserId>,
}

/// Why no message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRefusal {
    /// The sender does not exist.
    NoSuchSender,
    /// No receiver exists.
    NoSuchReceiver,
    /// A conversation has as many messages as it can have.
    Full,
}

impl PeopleOperation for SendDirect {
    type Answer = SentDirect;
    type Refusal = SendRefusal;

    fn subjects(&self) -> Vec<Subject> {
        self.receivers.iter().map(|receiver| Subject::Pair(pair(&self.sender, receiver))).collect()
    }

    fn needs(&self, context: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds { accounts: vec![self.sender.clone()], ..PeopleNeeds::default() };
        for receiver in &self.receivers {
            Arrival::needs(&mut needs, &self.sender, receiver);
            needs.messages.push(DirectRange::Repeated {
                pair: pair(&self.sender, receiver),
                number: self.number,
                random: self.random,
                since: Timestamp(context.now.0.saturating_sub(REPEAT_SECONDS)),
            });
            if self.counts_unread {
                needs.ranges.push(all_unread(receiver));
            }
        }
        needs
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<SentDirect>, SendRefusal> {
        let mut decision = Decision::new(self, context);
        decision.check_sender(&snapshot)?;
        for receiver in &self.receivers {
            // What an official account says to itself goes to its subscribers, by an operation of its own.
            let is_broadcast = broadcaster(&pair(&self.sender, receiver)).is_some();
            if snapshot.accounts.contains_key(receiver) && !is_broadcast {
                decision.send(receiver, &snapshot)?;
            } else {
                decision.answer.unknown.push(receiver.clone());
            }
        }
        if decision.answer.unknown.len() == self.receivers.len() {
            return Err(SendRefusal::NoSuchReceiver);
        }
        let Decision { changes, answer, events, .. } = decision;
        Ok(PeopleDecision { changes, answer, events })
    }
}

struct Decision<'a> {
    operation: &'a SendDirect,
    now: Timestamp,
    changes: PeopleChanges,
    answer: SentDirect,
    events: Vec<PeopleEvent>,
}

impl<'a> Decision<'a> {
    fn new(operation: &'a SendDirect, context: &Context) -> Self {
        let now = context.now;
        let key = MessageKey { sent: now, number: operation.number, random: operation.random };
        let answer = SentDirect { key, unknown: Vec::new() };
        Self { operation, now, changes: PeopleChanges::default(), answer, events: Vec::new() }
    }

    fn check_sender(&mut self, snapshot: &PeopleSnapshot) -> Result<(), SendRefusal> {
        let SendDirect { sender, by_administrator, online_only, .. } = self.operation;
        match (snapshot.accounts.contains_key(sender), by_administrator) {
            (true, _) => {}
            (false, false) => return Err(SendRefusal::NoSuchSender),
            // Its conversations go with its account, so it must have one.
            (false, true) if !online_only => self.changes.placeholders.push(sender.clone()),
            (false, true) => {}
        }
        Ok(())
    }

    fn send(&mut self, receiver: &UserId, snapshot: &PeopleSnapshot) -> Result<(), SendRefusal> {
        let SendDirect { sender, body, push, copy, not_last, .. } = self.operation;
        let pair = pair(sender, receiver);
        let key = MessageKey { sent: self.now, ..self.answer.key };
        let same = |message: &&DirectMessage| message.key == key || self.is_repeated(message);
        if !self.operation.online_only
            && let Some(first) = snapshot.messages_of(&pair).find(same)
        {
            self.answer.key = first.key;
            return Ok(());
        }
        let arrival = Arrival {
            sender,
            receiver,
            key,
            body,
            push,
            quiet: *copy != SenderCopy::Live,
            hidden_from_sender: *copy == SenderCopy::None,
            not_last: *not_last,
            silent: false,
        };
        let (message, unread) = if self.operation.online_only {
            (arrival.message(0), super::conversation::unread(snapshot, receiver, sender))
        } else {
            arrival.add(&mut self.changes, snapshot, self.now).ok_or(SendRefusal::Full)?
        };
        let unread = unread_sum(snapshot, receiver, sender, unread);
        let message = Box::new(message);
        let sender = snapshot.accounts.get(sender).map(Account::as_sender).unwrap_or_default();
        self.events.push(PeopleEvent::DirectSent { pair, message, sender, unread, imported: false });
        Ok(())
    }

    /// Whether a message of the last two minutes, with the same numbers, is the same.
    fn is_repeated(&self, first: &DirectMessage) -> bool {
        let SendDirect { sender, body, .. } = self.operation;
        let same = |own: &Body| own.elements == body.elements && own.custom == body.custom;
        first.sender == *sender && matches!(&first.content, Content::Sent(own) if same(own))
    }
}
