//! Setting how many messages a member has not read.

use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::Member;
use crate::operation::{GroupImport, Imported};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Sets the unread count of one member.
#[derive(Clone, Debug)]
pub struct SetUnread {
    pub group: GroupId,
    pub member: UserId,
    /// How many messages it has not read; more than there are counts as all.
    pub unread: u32,
}

impl GroupImport for SetUnread {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        let members = if group.kind.can().unread { vec![self.member.clone()] } else { Vec::new() };
        Needs { members, ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Imported<()>, Refusal> {
        // Types without unread counts take the call and do nothing. [doc]
        if !snapshot.group.kind.can().unread {
            return Ok(Imported { changes: Changes::default(), answer: () });
        }
        let member =
            snapshot.members.get(&self.member).ok_or_else(|| Refusal::NotAMember(self.member.clone()))?;
        let member = Member { read: snapshot.group.log.mark_unread(self.unread), ..member.clone() };
        Ok(Imported { changes: Changes { updated_members: vec![member], ..Changes::default() }, answer: () })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::sample::{decide_import, group_id, snapshot, user};

    #[test]
    fn the_count_is_cut_and_types_without_counts_do_nothing() {
        for (kind, member, unread, expected) in [
            (GroupType::Public, "a", 0, Ok(Some(0))),
            (GroupType::Public, "a", 4, Ok(Some(4))),
            (GroupType::Public, "known1", 9, Ok(Some(4))),
            (GroupType::Private, "b", 1, Err(Refusal::NotAMember(user("b")))),
            (GroupType::Community, "a", u32::MAX, Ok(Some(4))),
            (GroupType::ChatRoom, "a", 1, Ok(None)),
            (GroupType::ChatRoom, "b", 1, Ok(None)),
            (GroupType::AvChatRoom, "b", 1, Ok(None)),
        ] {
            let mut snapshot = snapshot(kind, &[("a", Role::Member)]);
            snapshot.group.log.next_seq = 5;
            let operation = SetUnread { group: group_id(kind), member: user(member), unread };
            let decided = decide_import(&operation, &snapshot).map(|imported| {
                assert!(imported.changes.group.is_none());
                imported.changes.updated_members.first().map(|member| snapshot.group.log.unread(member.read))
            });
            assert_eq!(decided, expected, "{kind:?} {member} {unread}");
        }
    }
}
