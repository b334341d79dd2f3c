//! Changing what a message between two accounts says.

use super::conversation::pair;
use super::recall_direct::{DirectRefusal, readable};
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Body, BodyTooLong, Content};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Changes what a message says. What is not given stays.
#[derive(Clone, Debug)]
pub struct ModifyDirect {
    /// The account that sent it.
    pub sender: UserId,
    /// The account that it was sent to.
    pub receiver: UserId,
    /// The message.
    pub key: MessageKey,
    /// `MsgBody`.
    pub elements: Option<Box<str>>,
    /// `CloudCustomData`.
    pub custom: Option<Box<str>>,
    /// The most bytes of both.
    pub bytes_max: usize,
}

/// Why a message was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModifyRefusal {
    /// The message cannot be changed.
    Message(DirectRefusal),
    /// It would be too long.
    TooLong(BodyTooLong),
}

impl PeopleOperation for ModifyDirect {
    type Answer = ();
    type Refusal = ModifyRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.sender, &self.receiver))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let messages = vec![DirectRange::Keyed(pair(&self.sender, &self.receiver), vec![self.key])];
        PeopleNeeds { messages, ..PeopleNeeds::default() }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, ModifyRefusal> {
        let pair = pair(&self.sender, &self.receiver);
        let before = readable(&snapshot, &pair, &self.sender, &self.key).map_err(ModifyRefusal::Message)?;
        let Content::Sent(said) = &before.content else {
            return Err(ModifyRefusal::Message(DirectRefusal::NoSuchMessage));
        };
        let body = Body {
            elements: self.elements.clone().unwrap_or_else(|| said.elements.clone()),
            custom: self.custom.clone().unwrap_or_else(|| said.custom.clone()),
            ..said.clone()
        };
        let (got, max) = (body.size(), self.bytes_max);
        if max < got {
            return Err(ModifyRefusal::TooLong(BodyTooLong { got, max }));
        }
        let message = DirectMessage { content: Content::Sent(body), ..before.clone() };
        let mut changes = PeopleChanges::default();
        changes.updated_messages.push((pair.clone(), message.clone()));
        let event = PeopleEvent::DirectModified { pair, message: Box::new(message) };
        Ok(PeopleDecision::new(changes, ()).with_event(event))
    }
}
