//! Sending a message of an official account to all its subscribers: one row, whatever their number.

use super::conversation::{log, log_of};
use super::official::{event, official, official_of};
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Body, Content, Message, MessageState};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::official::{BroadcastKey, OfficialEvent, OfficialRefusal, broadcasts};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;

/// Messages of the last minutes among which a repeat is looked for.
const REPEATS_MAX: usize = 100;

/// Sends a message.
#[derive(Clone, Debug)]
pub struct SendOfficial {
    /// The official account.
    pub official: UserId,
    /// Chosen by the sender: the same number and content within five minutes is the same message. [doc]
    pub random: u32,
    /// What it says.
    pub body: Body,
    /// `OfflinePushInfo`; empty when none.
    pub push: Box<str>,
    /// Whether only connected subscribers get it: it is not kept.
    pub online_only: bool,
    /// Whether it leaves the time of the last message as it is.
    pub not_last: bool,
}

impl SendOfficial {
    fn is_repeated(&self, first: &DirectMessage) -> bool {
        let same = |own: &Body| own.elements == self.body.elements && own.custom == self.body.custom;
        first.key.random == self.random && matches!(&first.content, Content::Sent(own) if same(own))
    }
}

impl PeopleOperation for SendOfficial {
    /// What identifies the message: it was sent now, or by an earlier call.
    type Answer = BroadcastKey;
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(broadcasts(&self.official))]
    }

    fn needs(&self, context: &Context) -> PeopleNeeds {
        let pair = broadcasts(&self.official);
        let since = Timestamp(context.now.0.saturating_sub(Message::DUPLICATE_SECONDS));
        let recent = DirectRange::Between {
            pair: pair.clone(),
            from: MessageKey::first_of(since),
            to: MessageKey::first_of(Timestamp(context.now.0.saturating_add(1))),
            limit: REPEATS_MAX,
        };
        PeopleNeeds {
            facts: vec![official_of(&self.official), log_of(&pair)],
            messages: if self.online_only { Vec::new() } else { vec![recent] },
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<BroadcastKey>, OfficialRefusal> {
        official(&snapshot, &self.official)?;
        let pair = broadcasts(&self.official);
        if let Some(first) = snapshot.messages_of(&pair).find(|message| self.is_repeated(message)) {
            return Ok(PeopleDecision::unchanged(BroadcastKey::of(first)));
        }
        let mut changes = PeopleChanges::default();
        let mut seq = 0;
        if !self.online_only {
            let mut log = log(&snapshot, &pair);
            seq = log.take_seq().ok_or(OfficialRefusal::NoNumbersLeft)?;
            if !self.not_last {
                log.last_message = log.last_message.max(context.now);
            }
            changes.put(Subject::Pair(pair.clone()), FactKey::Log, Fact::Log(log));
        }
        let message = DirectMessage {
            seq,
            key: MessageKey { sent: context.now, number: seq, random: self.random },
            sender: self.official.clone(),
            state: MessageState::Kept,
            hidden_from_sender: false,
            hidden_from_receiver: false,
            read: false,
            quiet: false,
            push: self.push.clone(),
            content: Content::Sent(self.body.clone()),
        };
        let answer = BroadcastKey::of(&message);
        if seq != 0 {
            changes.new_messages.push((pair, message.clone()));
        }
        let sent = event(&self.official, OfficialEvent::Sent(Box::new(message)));
        Ok(PeopleDecision::new(changes, answer).with_event(sent))
    }
}
