//! Bringing messages into a group or its topics, silently: they make no tip, and the time of a member's last message does not change.

use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::{Body, BodyTooLong, Content, Conversation, Message, MessageLog, MessageState, Priority};
use crate::new_group::{TimeProblem, check_time};
use crate::operation::{GroupImport, Imported};
use crate::part::PartKey;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Imports messages, in the order in which they were sent.
#[derive(Clone, Debug)]
pub struct ImportMessages {
    pub group: GroupId,
    pub messages: Vec<ImportedMessage>,
    /// Whether the members' lists of conversations show that there are new messages.
    pub listed: bool,
}

/// A message as another system had it.
#[derive(Clone, Debug)]
pub struct ImportedMessage {
    /// Where in the group.
    pub conversation: Conversation,
    /// The sender; it need neither exist nor be a member, since people leave and their messages stay. [choice]
    pub sender: UserId,
    pub sent: Timestamp,
    /// Detects repeats; 0 when not given: then the same message twice is two messages. [choice]
    pub random: u32,
    /// What it says, unless that is too long.
    pub body: Result<Body, BodyTooLong>,
}

/// What became of one imported message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageOutcome {
    /// It is in the history, from now on or since an earlier call.
    Imported { seq: u32, sent: Timestamp },
    /// It is not stored, for this reason.
    Refused(MessageRefusal),
}

/// Why one message is not imported. The texts name members of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    #[error("SendTime {0}")]
    SendTime(TimeProblem),
    /// A history only grows at its end.
    #[error("SendTime {} is before that of the newest message, {}", sent.0, newest.0)]
    BeforeNewest { sent: Timestamp, newest: Timestamp },
    #[error(transparent)]
    TooLong(BodyTooLong),
    #[error("the topic does not exist")]
    NoSuchTopic,
}

impl GroupImport for ImportMessages {
    /// One outcome for each message, in order.
    type Answer = Vec<MessageOutcome>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        let mut needs = Needs::default();
        if !group.kind.can().import {
            return needs;
        }
        let mut asked: BTreeMap<&Conversation, (Timestamp, Vec<u32>)> = BTreeMap::new();
        for message in &self.messages {
            let (since, random) =
                asked.entry(&message.conversation).or_insert((Timestamp(u64::MAX), Vec::new()));
            if message.random != 0 {
                random.push(message.random);
                let earliest = message.sent.0.saturating_sub(Message::DUPLICATE_SECONDS);
                *since = Timestamp(earliest).min(*since);
            }
        }
        for (conversation, (since, random)) in asked {
            let may_repeat = match conversation {
                Conversation::Group => since <= group.log.last_message,
                Conversation::Topic(id) => {
                    needs.parts.push(PartKey::Topic(id.clone()));
                    true
                }
            };
            if may_repeat && !random.is_empty() {
                needs.messages.push(MessageRange::Random {
                    conversation: conversation.clone(),
                    random,
                    since,
                });
            }
        }
        needs
    }

    /// A message is looked up before its time is checked: a repeat is then not mistaken for a message that comes too late,
    /// and a call whose answer was lost can be repeated.
    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Imported<Self::Answer>, Refusal> {
        if !snapshot.group.kind.can().import {
            return Err(Refusal::TypeForbids("do not accept imported messages"));
        }
        let mut logs: BTreeMap<&Conversation, (MessageLog, bool)> = BTreeMap::new();
        let mut changes = Changes::default();
        let mut outcomes = Vec::with_capacity(self.messages.len());
        for message in &self.messages {
            let conversation = &message.conversation;
            if !logs.contains_key(conversation) {
                let Ok(log) = snapshot.log(conversation) else {
                    outcomes.push(MessageOutcome::Refused(MessageRefusal::NoSuchTopic));
                    continue;
                };
                logs.insert(conversation, (log.clone(), false));
            }
            let Some((log, has_grown)) = logs.get_mut(conversation) else { continue };
            let body = match &message.body {
                Ok(body) => body,
                Err(problem) => {
                    outcomes.push(MessageOutcome::Refused(MessageRefusal::TooLong(*problem)));
                    continue;
                }
            };
            outcomes.push(if let Some(first) = message.earlier(body, &snapshot, &changes) {
                MessageOutcome::Imported { seq: first.seq, sent: first.sent }
            } else if let Err(refusal) = message.check_time(&snapshot.group, log, context.now) {
                MessageOutcome::Refused(refusal)
            } else {
                let seq = log.take_seq(message.sent).ok_or(Refusal::NoNumbersLeft)?;
                *has_grown = true;
                changes.new_messages.push((conversation.clone(), message.kept(seq, body)));
                MessageOutcome::Imported { seq, sent: message.sent }
            });
        }
        for (conversation, (mut log, has_grown)) in logs {
            if has_grown {
                log.read_everything();
                if !self.listed && *conversation == Conversation::Group {
                    log.listed = Some(snapshot.group.log.last_listed());
                }
                changes.put_log(&snapshot, conversation, log)?;
            }
        }
        // A group that brings its history along is no new one: its members see it. [choice]
        if !snapshot.group.active && !changes.new_messages.is_empty() {
            changes.group.get_or_insert_with(|| snapshot.group.clone()).active = true;
        }
        Ok(Imported { changes, answer: outcomes })
    }
}

impl ImportedMessage {
    /// The message that this one repeats, of an earlier call or of this one.
    fn earlier<'a>(
        &self,
        body: &Body,
        snapshot: &'a GroupSnapshot,
        changes: &'a Changes,
    ) -> Option<&'a Message> {
        if self.random == 0 {
            return None;
        }
        let stored = snapshot.messages.get(&self.conversation).into_iter().flat_map(BTreeMap::values);
        let new = changes.new_messages.iter().filter(|(conversation, _)| *conversation == self.conversation);
        stored
            .chain(new.map(|(_, message)| message))
            .find(|earlier| earlier.is_repeated_by(&self.sender, self.random, self.sent, body))
    }

    /// Whether it can come next in the conversation of `log`.
    fn check_time(&self, group: &Group, log: &MessageLog, now: Timestamp) -> Result<(), MessageRefusal> {
        let (sent, newest) = (self.sent, log.last_message);
        check_time(sent, group.created, now).map_err(MessageRefusal::SendTime)?;
        if sent < newest {
            return Err(MessageRefusal::BeforeNewest { sent, newest });
        }
        Ok(())
    }

    fn kept(&self, seq: u32, body: &Body) -> Message {
        Message {
            seq,
            sent: self.sent,
            sender: self.sender.clone(),
            random: self.random,
            priority: Priority::Normal,
            state: MessageState::Kept,
            content: Content::Sent(body.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
