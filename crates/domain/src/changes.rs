//! What an operation writes: the same for every store.

use crate::context::Context;
use crate::group::Group;
use crate::ids::{TopicId, UserId};
use crate::member::Member;
use crate::message::{Content, Conversation, Message, MessageLog, MessageState, Priority, Tip};
use crate::part::{Part, PartFamily, PartKey};
use crate::refusal::Refusal;
use crate::snapshot::GroupSnapshot;
use crate::topic::Topic;

/// The changes that an operation makes. Everything it does not name stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The group after the change, its member count included; `None` when the group itself does not change.
    pub group: Option<Group>,
    /// New members. None of them is the owner.
    pub added_members: Vec<Member>,
    /// Existing members after the change; the owner may be among them.
    pub updated_members: Vec<Member>,
    /// Accounts that are no longer members.
    pub removed_members: Vec<UserId>,
    /// Accounts that were never imported and are created as placeholders.
    pub placeholders: Vec<UserId>,
    /// Parts after the change; `None` removes the part.
    pub parts: Vec<(PartKey, Option<Part>)>,
    /// New messages, in ascending order within each conversation.
    pub new_messages: Vec<(Conversation, Message)>,
    /// Existing messages after the change.
    pub updated_messages: Vec<(Conversation, Message)>,
    /// Families whose parts are all removed. No entry of `parts` belongs to one of them.
    pub removed_families: Vec<PartFamily>,
    /// Topics whose messages are all removed, with their readers and extensions.
    pub cleared_topics: Vec<TopicId>,
}

impl Changes {
    /// Changes only the group itself.
    #[must_use]
    pub fn of(group: Group) -> Self {
        Self { group: Some(group), ..Self::default() }
    }

    /// Sets a part.
    pub fn put(&mut self, key: PartKey, part: Part) {
        self.parts.push((key, Some(part)));
    }

    /// Removes a part.
    pub fn remove(&mut self, key: PartKey) {
        self.parts.push((key, None));
    }

    /// Sets the message log of a conversation of the group in `snapshot`.
    ///
    /// # Errors
    /// The topic does not exist.
    pub fn put_log(
        &mut self,
        snapshot: &GroupSnapshot,
        conversation: &Conversation,
        log: MessageLog,
    ) -> Result<(), Refusal> {
        match conversation {
            Conversation::Group => self.group.get_or_insert_with(|| snapshot.group.clone()).log = log,
            Conversation::Topic(id) => {
                let topic = Topic { log, ..snapshot.topic(id)?.clone() };
                self.put(PartKey::Topic(id.clone()), Part::Topic(topic));
            }
        }
        Ok(())
    }

    /// Adds a tip to the history of `group`, unless the group has used up its message numbers. The caller has checked
    /// that groups of this type keep such tips.
    pub fn add_tip(&mut self, context: &Context, group: &mut Group, operator: &UserId, tip: Tip) {
        if let Some(seq) = group.log.take_seq(context.now) {
            let message = Message {
                seq,
                sent: context.now,
                sender: operator.clone(),
                random: 0,
                priority: Priority::Normal,
                state: MessageState::Kept,
                content: Content::Tip(tip),
            };
            self.new_messages.push((Conversation::Group, message));
        }
    }
}
