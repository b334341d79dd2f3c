//! Confirming that messages were read.

use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::Conversation;
use crate::operation::{Changes, Decision, GroupOperation, MessageRange, Needs, Refusal, Scene};
use crate::part::{Part, PartKey};
use crate::store::Context;

/// Confirms for one member that it has read messages of a group.
#[derive(Clone, Debug)]
pub struct MarkRead {
    /// The group.
    pub group: GroupId,
    /// Who has read them.
    pub reader: UserId,
    /// Their numbers.
    pub numbers: Vec<u32>,
    /// Groups with more members have no receipts.
    pub members_max: u32,
}

impl MarkRead {
    fn part(&self, number: u32) -> PartKey {
        PartKey::Reader(Conversation::Group, number, self.reader.clone())
    }
}

impl GroupOperation for MarkRead {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs {
            members: vec![self.reader.clone()],
            parts: self.numbers.iter().map(|number| self.part(*number)).collect(),
            messages: vec![MessageRange::Numbered(Conversation::Group, self.numbers.clone())],
            ..Needs::default()
        }
    }

    fn decide(&self, context: &Context, scene: Scene) -> Result<Decision<()>, Refusal> {
        if !scene.group.kind.can().receipts {
            return Err(Refusal::TypeForbids("have no read receipts"));
        }
        if !scene.members.contains_key(&self.reader) {
            return Err(Refusal::NotAMember(self.reader.clone()));
        }
        let mut changes = Changes::default();
        if self.members_max < scene.group.member_count {
            return Ok(Decision::new(changes, ()));
        }
        // Messages that nobody or somebody else is to confirm are passed over, and the first time counts. [choice]
        for message in scene.messages_of(&Conversation::Group) {
            let part = self.part(message.seq);
            if message.is_confirmed_by(&self.reader) && !scene.parts.contains_key(&part) {
                changes.put(part, Part::Reader(context.now));
            }
        }
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::message::{Content, Message, MessageState};
    use crate::sample::{NOW, decide, group_id, scene, sent, user};
    use crate::time::Timestamp;

    fn mark(kind: GroupType, reader: &str, members_max: u32) -> Result<Vec<u32>, Refusal> {
        let mut scene = scene(kind, &[("ann", Role::Member), ("bob", Role::Member)]);
        let change = |seq: u32, how: &dyn Fn(&mut Message)| {
            let mut message = sent(seq, "known1");
            how(&mut message);
            (seq, message)
        };
        let set = |message: &mut Message, receipt: bool, to: &[&str]| {
            if let Content::Sent(body) = &mut message.content {
                body.receipt = receipt;
                body.to = to.iter().map(|name| user(name)).collect();
            }
        };
        let messages = [
            change(1, &|_| ()),
            change(2, &|message| message.sender = user("ann")),
            change(3, &|message| set(message, false, &[])),
            change(4, &|message| set(message, true, &["bob"])),
            change(5, &|message| {
                *message = message.clone().without_content(MessageState::Recalled);
            }),
            change(6, &|_| ()),
        ];
        scene.messages.insert(Conversation::Group, messages.into_iter().collect());
        let earlier = PartKey::Reader(Conversation::Group, 6, user(reader));
        scene.parts.insert(earlier, Part::Reader(Timestamp(1)));
        let operation =
            MarkRead { group: group_id(kind), reader: user(reader), numbers: (1..=7).collect(), members_max };
        let parts = decide(&operation, &scene)?.changes.parts.into_iter();
        let numbers = parts.map(|part| match part {
            (PartKey::Reader(Conversation::Group, number, account), Some(Part::Reader(NOW))) => {
                assert_eq!(account, user(reader));
                number
            }
            other => panic!("{other:?}"),
        });
        Ok(numbers.collect())
    }

    #[test]
    fn those_a_message_asks_confirm_it_once() {
        for (reader, numbers) in [("ann", vec![1]), ("bob", vec![1, 2, 4]), ("known1", vec![2])] {
            assert_eq!(mark(GroupType::Public, reader, 3), Ok(numbers), "{reader}");
        }
        assert_eq!(mark(GroupType::Public, "cy", 3), Err(Refusal::NotAMember(user("cy"))));
    }

    #[test]
    fn large_groups_and_live_ones_have_no_receipts() {
        assert_eq!(mark(GroupType::Public, "ann", 2), Ok(Vec::new()));
        for kind in GroupType::ALL {
            assert_eq!(mark(kind, "ann", 3).is_err(), kind == GroupType::AvChatRoom, "{kind:?}");
        }
    }
}
