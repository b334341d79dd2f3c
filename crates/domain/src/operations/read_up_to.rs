//! Noting how far a member has read.

use super::topic_part;
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::Member;
use crate::message::{Conversation, MessageLog, ReadMark};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::topic::TopicMember;

/// Marks a conversation as read up to some message. A mark never moves back: the marks of several devices come in any
/// order.
#[derive(Clone, Debug)]
pub struct ReadUpTo {
    pub group: GroupId,
    /// What was read.
    pub conversation: Conversation,
    pub reader: UserId,
    /// The number of the last message read; one that is not yet given counts as the last.
    pub seq: u32,
}

impl ReadUpTo {
    /// The mark afterwards; `None` when it stays.
    fn mark(&self, log: &MessageLog, before: ReadMark) -> Option<ReadMark> {
        let seq = self.seq.min(log.last_seq());
        (log.read_seq(before) < seq).then_some(ReadMark { seq, made_at: log.read_by_all })
    }
}

impl GroupOperation for ReadUpTo {
    /// How many messages the member has not read now.
    type Answer = u32;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::As(self.reader.clone(), Right::Receive, self.conversation.clone())]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let mut parts = topic_part(&self.conversation);
        if let Conversation::Topic(topic) = &self.conversation {
            parts.push(PartKey::TopicMember(topic.clone(), self.reader.clone()));
        }
        Needs { members: vec![self.reader.clone()], parts, ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<u32>, Refusal> {
        snapshot.check_visible_to(&self.reader)?;
        if !snapshot.group.kind.can().unread {
            return Err(Refusal::TypeForbids("do not count what is unread"));
        }
        let member =
            snapshot.members.get(&self.reader).ok_or_else(|| Refusal::NotAMember(self.reader.clone()))?;
        let log = snapshot.log(&self.conversation)?;
        let mut changes = Changes::default();
        let (before, after) = match &self.conversation {
            Conversation::Group => {
                let after = self.mark(log, member.read);
                changes.updated_members.extend(after.map(|read| Member { read, ..member.clone() }));
                (member.read, after)
            }
            Conversation::Topic(topic) => {
                let key = PartKey::TopicMember(topic.clone(), self.reader.clone());
                let known = match snapshot.parts.get(&key) {
                    Some(Part::TopicMember(known)) => known.clone(),
                    Some(_) | None => TopicMember::default(),
                };
                let (before, after) = (known.read, self.mark(log, known.read));
                if let Some(read) = after {
                    changes.put(key, Part::TopicMember(TopicMember { read, ..known }));
                }
                (before, after)
            }
        };
        let event = after.map(|mark| Event::Read {
            account: self.reader.clone(),
            conversation: self.conversation.clone(),
            seq: mark.seq,
        });
        Ok(Decision::new(changes, log.unread(after.unwrap_or(before))).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::sample::{decide, group_id, snapshot, user};

    fn read(kind: GroupType, reader: &str, seq: u32, before: u32) -> Result<(u32, Vec<Event>), Refusal> {
        let mut snapshot = snapshot(kind, &[("ann", Role::Member)]);
        snapshot.group.log.next_seq = 6;
        if let Some(ann) = snapshot.members.get_mut(&user("ann")) {
            ann.read = ReadMark { seq: before, made_at: 0 };
        }
        let conversation = Conversation::Group;
        let operation = ReadUpTo { group: group_id(kind), conversation, reader: user(reader), seq };
        let decision = decide(&operation, &snapshot)?;
        let marks: Vec<_> = decision.changes.updated_members.iter().map(|member| member.read.seq).collect();
        assert_eq!(marks.len(), decision.events.len());
        Ok((decision.answer, decision.events))
    }

    #[test]
    fn a_mark_moves_forward_only_and_not_beyond_the_last_message() {
        for (seq, before, unread, moved_to) in
            [(3, 0, 2, Some(3)), (9, 0, 0, Some(5)), (2, 3, 2, None), (3, 3, 2, None), (0, 0, 5, None)]
        {
            let event = moved_to.map(|seq| Event::Read {
                account: user("ann"),
                conversation: Conversation::Group,
                seq,
            });
            let expected = (unread, event.into_iter().collect());
            assert_eq!(read(GroupType::Public, "ann", seq, before), Ok(expected), "{seq} {before}");
        }
    }

    #[test]
    fn only_members_of_groups_that_count_have_a_mark() {
        assert_eq!(read(GroupType::Public, "bob", 1, 0), Err(Refusal::NotAMember(user("bob"))));
        // Outsiders do not learn that a Private group is there.
        assert_eq!(read(GroupType::Private, "bob", 1, 0), Err(Refusal::NoSuchGroup));
        for kind in GroupType::ALL {
            assert_eq!(read(kind, "ann", 1, 0).is_ok(), kind.can().unread, "{kind:?}");
        }
    }
}
