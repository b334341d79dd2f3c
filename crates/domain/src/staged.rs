//! Messages of a group that is on its way in: they get their numbers before the group is there.

use crate::ids::UserId;
use crate::message::{Body, Content, Conversation, Message, MessageLog, MessageState, Priority};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// A message of a group that arrives whole. Its sender need neither exist nor be a member, as with imported messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeMessage {
    pub sender: UserId,
    /// From when the group was made to now, and not before the message in front of it.
    pub sent: Timestamp,
    /// Detects repeats of later calls; 0 when not given.
    pub random: u32,
    pub priority: Priority,
    pub body: Body,
}

/// The numbers that messages of a group have taken so far.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    logs: BTreeMap<Conversation, (MessageLog, Timestamp)>,
}

/// Why the messages of a group are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// Its place among the messages of its conversation, counted from 1.
    #[error("message {0} of a conversation was sent before the one in front of it")]
    OutOfOrder(u32),
    #[error("a message was sent before the group was made")]
    TooEarly,
    #[error("a message was sent in the future")]
    TooLate,
    #[error("a conversation has more messages than there are numbers")]
    TooMany,
}

impl Staged {
    /// How many messages have a number.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.logs.values().map(|(log, _)| u64::from(log.last_seq())).sum()
    }

    /// Gives messages the next numbers of their conversations.
    ///
    /// # Errors
    /// One of them does not fit behind the others. Nothing has changed.
    pub fn number(
        &mut self,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<Vec<(Conversation, Message)>, BadMessage> {
        let mut logs = self.logs.clone();
        let mut numbered = Vec::with_capacity(messages.iter().map(|(_, messages)| messages.len()).sum());
        for (place, messages) in messages {
            let Some(first) = messages.first() else { continue };
            let (log, _) = logs.entry(place.clone()).or_insert_with(|| (MessageLog::default(), first.sent));
            for WholeMessage { sender, sent, random, priority, body } in messages {
                if sent < log.last_message {
                    return Err(BadMessage::OutOfOrder(log.next_seq));
                }
                let seq = log.take_seq(sent).ok_or(BadMessage::TooMany)?;
                let content = Content::Sent(body);
                let state = MessageState::Kept;
                numbered
                    .push((place.clone(), Message { seq, sent, sender, random, priority, state, content }));
            }
        }
        self.logs = logs;
        Ok(numbered)
    }

    /// The numbers of each conversation once all messages are there: all of them are read, as after every import.
    pub(crate) fn finished(
        self,
        made: Timestamp,
        now: Timestamp,
    ) -> Result<BTreeMap<Conversation, MessageLog>, BadMessage> {
        let finish = |(place, (mut log, first)): (_, (MessageLog, Timestamp))| {
            if first < made {
                return Err(BadMessage::TooEarly);
            }
            if now < log.last_message {
                return Err(BadMessage::TooLate);
            }
            log.read_everything();
            Ok((place, log))
        };
        self.logs.into_iter().map(finish).collect()
    }
}
