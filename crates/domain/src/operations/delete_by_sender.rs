//! Recalling what one account lately wrote.

use super::{recall, topic_part};
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::{Content, Conversation, Recall};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};

/// So many of the newest messages are looked through. [doc]
pub const NEWEST_MESSAGES: usize = 1_000;

/// Recalls the messages of one sender among the [`NEWEST_MESSAGES`] of a conversation.
#[derive(Clone, Debug)]
pub struct DeleteBySender {
    pub group: GroupId,
    pub conversation: Conversation,
    /// The sender of the messages.
    pub sender: UserId,
    /// Who recalls them.
    pub operator: UserId,
}

impl GroupOperation for DeleteBySender {
    /// The answer is empty: it does not reveal whether the account wrote anything.
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        // Where no messages are kept nothing happens, and it is no error. [doc]
        let newest = group.kind.can().history.then(|| MessageRange::Newest {
            conversation: self.conversation.clone(),
            up_to: u32::MAX,
            limit: NEWEST_MESSAGES,
        });
        Needs {
            parts: topic_part(&self.conversation),
            messages: newest.into_iter().collect(),
            ..Needs::default()
        }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        snapshot.log(&self.conversation)?;
        let messages = snapshot.messages.remove(&self.conversation).unwrap_or_default();
        let mut changes = Changes::default();
        let by = Recall { operator: self.operator.clone(), reason: Box::default() };
        messages
            .into_values()
            .filter(|message| message.sender == self.sender && matches!(message.content, Content::Sent(_)))
            .for_each(|message| recall(&self.conversation, message, &by, &mut changes));
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::message::MessageState;
    use crate::message::{Tip, TipKind};
    use crate::sample::{context, decide, group_id, sent, snapshot, user};

    fn operation(kind: GroupType, sender: &str) -> DeleteBySender {
        let (group, conversation) = (group_id(kind), Conversation::Group);
        DeleteBySender { group, conversation, sender: user(sender), operator: user("dan") }
    }

    #[test]
    fn only_what_the_sender_wrote_is_recalled() {
        let mut snapshot = snapshot(GroupType::Public, &[]);
        let mut tip = sent(4, "ann");
        tip.content =
            Content::Tip(Tip { kind: TipKind::ProfileChanged, accounts: Vec::new(), changes: Vec::new() });
        let gone = sent(3, "ann").without_content(MessageState::Recalled);
        let messages = [sent(1, "ann"), sent(2, "bob"), gone, tip, sent(5, "ann")];
        let messages = messages.into_iter().map(|message| (message.seq, message)).collect();
        snapshot.messages.insert(Conversation::Group, messages);
        for (sender, numbers) in [("ann", vec![1, 5]), ("bob", vec![2]), ("cy", vec![])] {
            let changes = decide(&operation(GroupType::Public, sender), &snapshot).unwrap().changes;
            let recalled: Vec<u32> =
                changes.updated_messages.iter().map(|(_, message)| message.seq).collect();
            assert_eq!(recalled, numbers, "{sender}");
            assert!(
                changes.updated_messages.iter().all(|(_, message)| message.state == MessageState::Recalled)
            );
        }
    }

    #[test]
    fn nothing_is_looked_for_where_no_messages_are_kept() {
        for kind in GroupType::ALL {
            let needs = operation(kind, "ann").needs(&context(), &snapshot(kind, &[]).group);
            assert_eq!(needs.messages.is_empty(), kind == GroupType::AvChatRoom, "{kind:?}");
        }
    }
}
