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

/// What an operation changes. What is not named stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The group as it is afterwards, its member count included, when it changed.
    pub group: Option<Group>,
    /// New members. None of them is the owner.
    pub added_members: Vec<Member>,
    /// Members as they are afterwards; they were members before, and the group's owner may be among them.
    pub updated_members: Vec<Member>,
    /// Members that are none afterwards.
    pub removed_members: Vec<UserId>,
    /// Accounts to make because nobody imported them.
    pub placeholders: Vec<UserId>,
    /// Parts as they are afterwards; `None` where there is none.
    pub parts: Vec<(PartKey, Option<Part>)>,
    /// New messages, in ascending order within each conversation.
    pub new_messages: Vec<(Conversation, Message)>,
    /// Messages as they are afterwards; they were there before.
    pub updated_messages: Vec<(Conversation, Message)>,
    /// Families whose parts all go. None of `parts` is of them.
    pub removed_families: Vec<PartFamily>,
    /// Topics whose messages all go, with their readers and extensions.
    pub cleared_topics: Vec<TopicId>,
}

impl Changes {
    /// Puts `group` as it is afterwards.
    #[must_use]
    pub fn of(group: Group) -> Self {
        Self { group: Some(group), ..Self::default() }
    }

    /// Sets a part.
    pub fn put(&mut self, key: PartKey, part: Part) {
        self.parts.push((key, Some(part)));
    }

    /// Takes a part away.
    pub fn remove(&mut self, key: PartKey) {
        self.parts.push((key, None));
    }

    /// Sets the numbers of a conversation of the group that `snapshot` shows.
    ///
    /// # Errors
    /// There is no such topic.
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

    /// Tells in the history of `group` what happened, where there is a number left for it. The caller has looked
    /// whether groups of this type keep such tips.
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
