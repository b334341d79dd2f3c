//! What is there of a group, as far as a union needs it.

use super::outcome::{BYTES_MAX, Kept, MESSAGES_MAX};
use crate::group::Group;
use crate::ids::{TopicId, UserId};
use crate::member::Member;
use crate::message::{Content, Conversation, Message};
use crate::origin::Provenance;
use crate::time::Timestamp;
use crate::topic::{Topic, TopicMember};
use crate::whole_group::WholeGroup;
use std::collections::BTreeMap;

/// What is there of a group, as far as the union with a file needs it.
#[derive(Clone, Debug)]
pub struct There {
    pub group: Group,
    pub provenance: Provenance,
    /// All of them, the owner too.
    pub members: Vec<Member>,
    pub topics: Vec<Topic>,
    /// The rows of members in topics.
    pub marks: BTreeMap<(TopicId, UserId), TopicMember>,
    /// Of each conversation, in order, those that [`Reach`] names.
    pub messages: BTreeMap<Conversation, Vec<Message>>,
}

/// The messages that a store is to load of a group: in each conversation those sent at these times or later.
#[derive(Clone, Debug)]
pub struct Reach {
    /// When the first message of the file was sent.
    pub from: BTreeMap<Conversation, Timestamp>,
    messages: usize,
    bytes: usize,
}

impl Reach {
    #[must_use]
    pub fn of(whole: &WholeGroup) -> Self {
        let mut from = BTreeMap::new();
        for (place, messages) in &whole.messages {
            if let Some(first) = messages.first() {
                from.entry(place.clone()).or_insert(first.sent);
            }
        }
        Self { from, messages: 0, bytes: 0 }
    }

    /// Counts a message that was loaded.
    ///
    /// # Errors
    /// They are too many.
    pub fn take(&mut self, message: &Message) -> Result<(), Kept> {
        self.messages += 1;
        self.bytes += match &message.content {
            Content::Sent(body) => body.elements.len() + body.custom.len(),
            Content::Tip(_) | Content::Gone(_) => 0,
        };
        let fits = self.messages <= MESSAGES_MAX && self.bytes <= BYTES_MAX;
        if fits { Ok(()) } else { Err(Kept::TooManyMessages) }
    }
}
