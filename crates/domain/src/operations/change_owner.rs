//! A group gets another owner.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::Role;
use crate::message::{Tip, TipField, TipKind};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};

/// Makes a member the owner. The owner before, if there is one, stays as an ordinary member. A member who owns the
/// group already changes nothing.
#[derive(Clone, Debug)]
pub struct ChangeOwner {
    pub group: GroupId,
    /// The member who becomes the owner.
    pub owner: UserId,
    /// The account that the tip names.
    pub operator: UserId,
}

impl GroupOperation for ChangeOwner {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Transfer)]
    }

    fn needs(&self, _context: &Context, group: &Group) -> Needs {
        let members = std::iter::once(&self.owner).chain(&group.owner).cloned().collect();
        Needs { members, ..Needs::default() }
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.operator]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let GroupSnapshot { mut group, mut members, .. } = snapshot;
        if !group.kind.can().members {
            return Err(Refusal::TypeForbids("keep no members, so none can become the owner"));
        }
        let Some(mut new_owner) = members.remove(&self.owner) else {
            return Err(Refusal::NotAMember(self.owner.clone()));
        };
        if new_owner.role == Role::Owner {
            return Ok(Decision::unchanged(()));
        }
        let mut changes = Changes::default();
        if let Some(mut old_owner) = group.owner.as_ref().and_then(|owner| members.remove(owner)) {
            old_owner.role = Role::Member;
            changes.updated_members.push(old_owner);
        }
        new_owner.role = Role::Owner;
        changes.updated_members.push(new_owner);
        let event = Event::OwnerChanged {
            before: group.owner.replace(self.owner.clone()),
            after: self.owner.clone(),
        };
        // The owner is one of the base fields, so this is a change of the profile. [choice]
        group.info_changes(context.now);
        if group.kind.can().tips.profile {
            let tip = Tip {
                kind: TipKind::ProfileChanged,
                accounts: Vec::new(),
                changes: vec![(TipField::Owner, self.owner.as_str().to_owned())],
            };
            changes.add_tip(context, &mut group, &self.operator, tip);
        }
        changes.group = Some(group);
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::message::Content;
    use crate::sample::{NOW, decide, group_id, snapshot, user};

    fn to(kind: GroupType, owner: &str) -> ChangeOwner {
        ChangeOwner { group: group_id(kind), owner: user(owner), operator: user("admin") }
    }

    fn changed_roles(changes: &Changes) -> Vec<(&str, Role)> {
        changes.updated_members.iter().map(|member| (member.account.as_str(), member.role)).collect()
    }

    #[test]
    fn the_owner_before_stays_as_a_member_and_the_history_tells_of_the_new_one() {
        for (kind, role) in [(GroupType::Public, Role::Admin), (GroupType::Private, Role::Member)] {
            let snapshot = snapshot(kind, &[("ivo", role)]);
            let changes = decide(&to(kind, "ivo"), &snapshot).unwrap().changes;
            assert_eq!(changed_roles(&changes), [("known1", Role::Member), ("ivo", Role::Owner)]);
            let group = changes.group.unwrap();
            assert_eq!(group.owner, Some(user("ivo")));
            assert_eq!((group.info_seq, group.info_changed), (1, NOW));
            assert_eq!((group.member_count, group.log.next_seq), (2, 2));
            let [(_, message)] = &changes.new_messages[..] else { panic!("{kind:?} has not one tip") };
            let Content::Tip(tip) = &message.content else { panic!("{kind:?} has another message") };
            assert_eq!(tip.changes, [(TipField::Owner, "ivo".to_owned())]);
            assert_eq!(message.sender, user("admin"));
        }
    }

    #[test]
    fn a_group_without_owner_gets_one() {
        let kind = GroupType::Community;
        let mut snapshot = snapshot(kind, &[("ivo", Role::Member)]);
        snapshot.group.owner = None;
        snapshot.members.remove(&user("known1"));
        let changes = decide(&to(kind, "ivo"), &snapshot).unwrap().changes;
        assert_eq!(changed_roles(&changes), [("ivo", Role::Owner)]);
        assert_eq!(changes.group.unwrap().owner, Some(user("ivo")));
    }

    #[test]
    fn the_owner_stays_the_owner_without_a_change() {
        let changes =
            decide(&to(GroupType::Public, "known1"), &snapshot(GroupType::Public, &[])).unwrap().changes;
        assert!(
            changes.group.is_none() && changes.updated_members.is_empty() && changes.new_messages.is_empty()
        );
    }

    #[test]
    fn strangers_and_groups_without_members_are_refused() {
        let refusal = |kind, owner| decide(&to(kind, owner), &snapshot(kind, &[])).unwrap_err();
        assert_eq!(refusal(GroupType::Public, "ivo"), Refusal::NotAMember(user("ivo")));
        assert!(matches!(refusal(GroupType::AvChatRoom, "known1"), Refusal::TypeForbids(_)));
    }
}
