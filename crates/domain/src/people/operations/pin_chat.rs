//! Pinning a conversation to the top of the list of an account.
//!
//! [choice] A conversation that is pinned already stays so, and so does one that is not; neither causes an event.

use super::conversation::chat_of;
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Chat, Fact, FactFamily, FactKey, Pin};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Pins a conversation, or ends that.
#[derive(Clone, Debug)]
pub struct PinChat {
    /// The account whose list it is.
    pub account: UserId,
    /// The conversation. The account is in the group, if it is one.
    pub chat: Chat,
    /// Whether it is pinned from now on.
    pub pinned: bool,
    /// How many conversations an account may pin.
    pub count_max: usize,
}

/// Why a conversation was not pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinRefusal {
    /// The two accounts have no conversation.
    NoSuchChat,
    /// The account would have pinned more than allowed.
    TooMany,
}

impl PinChat {
    fn own(&self) -> Subject {
        Subject::Account(self.account.clone())
    }
}

impl PeopleOperation for PinChat {
    type Answer = ();
    type Refusal = PinRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![self.own()]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut facts = vec![(self.own(), FactKey::Pin(self.chat.clone()))];
        if let Chat::Direct(peer) = &self.chat {
            facts.push(chat_of(&self.account, peer));
        }
        PeopleNeeds { facts, counts: vec![(self.own(), FactFamily::Pins)], ..PeopleNeeds::default() }
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, PinRefusal> {
        let key = FactKey::Pin(self.chat.clone());
        if snapshot.fact(&self.own(), &key).is_some() == self.pinned {
            return Ok(PeopleDecision::unchanged(()));
        }
        let mut changes = PeopleChanges::default();
        if self.pinned {
            if matches!(self.chat, Chat::Direct(_))
                && snapshot.fact(&self.own(), &FactKey::Chat(self.chat.clone())).is_none()
            {
                return Err(PinRefusal::NoSuchChat);
            }
            let count = snapshot.counts.get(&(self.own(), FactFamily::Pins)).copied().unwrap_or_default();
            if u64::try_from(self.count_max).is_ok_and(|max| max <= count) {
                return Err(PinRefusal::TooMany);
            }
            changes.put(self.own(), key, Fact::Pin(Pin { since: context.now }));
        } else {
            changes.remove(self.own(), key);
        }
        let event = PeopleEvent::ChatPinned {
            account: self.account.clone(),
            chat: self.chat.clone(),
            pinned: self.pinned,
        };
        Ok(PeopleDecision::new(changes, ()).with_event(event))
    }
}
