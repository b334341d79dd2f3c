//! Recalling messages: the place of each stays, its content goes.

use super::{recall, topic_part};
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::GroupId;
use crate::message::{Content, Conversation, MessageState, Recall};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};

/// Recalls messages of one conversation.
#[derive(Clone, Debug)]
pub struct RecallMessages {
    pub group: GroupId,
    pub conversation: Conversation,
    pub numbers: Vec<u32>,
    /// Who recalls them, and why.
    pub recall: Recall,
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecallOutcome {
    /// It is recalled.
    Recalled,
    /// There is no such message.
    Missing,
    /// It is a message of the system's own, or its content was deleted.
    NotRecallable,
    /// Groups of this type keep no messages.
    TypeForbids,
}

impl GroupOperation for RecallMessages {
    /// One for each number, in order.
    type Answer = Vec<RecallOutcome>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Recall(self.conversation.clone(), self.numbers.clone())]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs {
            parts: topic_part(&self.conversation),
            messages: vec![MessageRange::Numbered(self.conversation.clone(), self.numbers.clone())],
            ..Needs::default()
        }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<Self::Answer>, Refusal> {
        snapshot.log(&self.conversation)?;
        if !snapshot.group.kind.can().history {
            return Ok(Decision::unchanged(vec![RecallOutcome::TypeForbids; self.numbers.len()]));
        }
        let mut changes = Changes::default();
        let mut messages = snapshot.messages.remove(&self.conversation).unwrap_or_default();
        let mut outcome = |number: &u32| {
            let Some(message) = messages.get_mut(number) else { return RecallOutcome::Missing };
            match (&message.content, message.state) {
                // The caller of a repeated call gets what it asked for. [choice]
                (_, MessageState::Recalled) => RecallOutcome::Recalled,
                (Content::Sent(_), MessageState::Kept) => {
                    let gone = message.clone().recalled(self.recall.clone());
                    recall(&self.conversation, std::mem::replace(message, gone), &self.recall, &mut changes);
                    RecallOutcome::Recalled
                }
                (Content::Sent(_) | Content::Tip(_) | Content::Gone(_), _) => RecallOutcome::NotRecallable,
            }
        };
        let answer = self.numbers.iter().map(&mut outcome).collect();
        let numbers: Vec<_> = changes.updated_messages.iter().map(|(_, message)| message.seq).collect();
        let event = (!numbers.is_empty())
            .then(|| Event::Recalled { conversation: self.conversation.clone(), numbers });
        Ok(Decision::new(changes, answer).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::ids::TopicId;
    use crate::message::{Tip, TipKind};
    use crate::part::PartFamily;
    use crate::sample::{decide, group_id, sent, snapshot, user};

    fn by_dan() -> Recall {
        Recall { operator: user("dan"), reason: "rude".into() }
    }

    fn recall(kind: GroupType, numbers: &[u32]) -> Result<(Vec<u32>, Vec<RecallOutcome>), Refusal> {
        let mut snapshot = snapshot(kind, &[]);
        let mut messages: Vec<_> = (1..=4).map(|seq| sent(seq, "known1")).collect();
        messages[1] = sent(2, "known1").without_content(MessageState::Recalled);
        messages[2] = sent(3, "known1").without_content(MessageState::Deleted);
        messages[3].content =
            Content::Tip(Tip { kind: TipKind::Invited, accounts: Vec::new(), changes: Vec::new() });
        let messages = messages.into_iter().map(|message| (message.seq, message)).collect();
        snapshot.messages.insert(Conversation::Group, messages);
        let operation = RecallMessages {
            group: group_id(kind),
            conversation: Conversation::Group,
            numbers: numbers.to_vec(),
            recall: by_dan(),
        };
        let Decision { changes, answer, .. } = decide(&operation, &snapshot)?;
        // With their receipts and extensions, except those already removed.
        let dropped: Vec<_> = changes
            .updated_messages
            .iter()
            .flat_map(|(place, message)| {
                [
                    PartFamily::Readers(place.clone(), message.seq),
                    PartFamily::Extensions(place.clone(), message.seq),
                ]
            })
            .collect();
        assert_eq!(changes.removed_families, dropped);
        let recalled = changes.updated_messages.into_iter().map(|(_, message)| {
            let gone = Content::Gone(Some(by_dan()));
            assert_eq!((message.content, message.state), (gone, MessageState::Recalled));
            message.seq
        });
        Ok((recalled.collect(), answer))
    }

    #[test]
    fn each_message_has_its_own_outcome() {
        use RecallOutcome::{Missing, NotRecallable, Recalled, TypeForbids};
        let all = [1, 2, 3, 4, 5, 0, 1];
        let outcomes = vec![Recalled, Recalled, NotRecallable, NotRecallable, Missing, Missing, Recalled];
        for kind in [GroupType::Private, GroupType::Public, GroupType::ChatRoom, GroupType::Community] {
            assert_eq!(recall(kind, &all), Ok((vec![1], outcomes.clone())), "{kind:?}");
        }
        assert_eq!(recall(GroupType::AvChatRoom, &[1, 5]), Ok((Vec::new(), vec![TypeForbids; 2])));
    }

    #[test]
    fn a_topic_must_be_there() {
        let group = group_id(GroupType::Community);
        let topic = TopicId::generate(&group, 1);
        let conversation = Conversation::Topic(topic);
        let operation = RecallMessages { group, conversation, numbers: vec![1], recall: by_dan() };
        let refused = decide(&operation, &snapshot(GroupType::Community, &[])).unwrap_err();
        assert_eq!(refused, Refusal::NoSuchTopic);
    }
}
