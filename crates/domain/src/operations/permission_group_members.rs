//! Members of a permission group. A member that leaves the community leaves its permission groups too.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId, UserId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::permission::{PermissionGroup, has_permission_groups};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Puts members of a community into a permission group, each for itself.
#[derive(Clone, Debug)]
pub struct AddPermissionGroupMembers(pub PermissionGroupMembers);

/// Takes accounts out of a permission group. Those that are not in it do not matter.
#[derive(Clone, Debug)]
pub struct DeletePermissionGroupMembers(pub PermissionGroupMembers);

/// A permission group and accounts.
#[derive(Clone, Debug)]
pub struct PermissionGroupMembers {
    pub group: GroupId,
    pub permission_group: PermissionGroupId,
    pub accounts: Vec<UserId>,
}

/// What became of an account that was to be put into a permission group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermittedOutcome {
    /// It is in it now.
    Added,
    /// It was in it.
    AlreadyIn,
    /// It is no member of the community.
    NotAMember,
}

impl PermissionGroupMembers {
    fn key(&self, account: &UserId) -> PartKey {
        PartKey::PermissionGroupMember(self.permission_group.clone(), account.clone())
    }

    fn parts(&self) -> Vec<PartKey> {
        let own = PartKey::PermissionGroup(self.permission_group.clone());
        self.accounts.iter().map(|account| self.key(account)).chain([own]).collect()
    }

    /// The permission group with `count` members.
    fn counted(&self, changes: &mut Changes, before: PermissionGroup, count: u32) {
        if count != before.member_count {
            let after = PermissionGroup { member_count: count, ..before };
            changes
                .put(PartKey::PermissionGroup(self.permission_group.clone()), Part::PermissionGroup(after));
        }
    }
}

impl GroupOperation for AddPermissionGroupMembers {
    /// One for each account, in order.
    type Answer = Vec<PermittedOutcome>;

    fn group(&self) -> &GroupId {
        &self.0.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { members: self.0.accounts.clone(), parts: self.0.parts(), ..Needs::default() }
    }

    fn decide(
        &self,
        context: &Context,
        mut snapshot: GroupSnapshot,
    ) -> Result<Decision<Self::Answer>, Refusal> {
        has_permission_groups(&snapshot.group)?;
        let before = snapshot.permission_group(&self.0.permission_group)?.clone();
        let mut count = before.member_count;
        let mut changes = Changes::default();
        let mut answer = Vec::with_capacity(self.0.accounts.len());
        for account in &self.0.accounts {
            let key = self.0.key(account);
            answer.push(if !snapshot.members.contains_key(account) {
                PermittedOutcome::NotAMember
            } else if snapshot.parts.contains_key(&key) {
                PermittedOutcome::AlreadyIn
            } else {
                let part = Part::PermissionGroupMember(context.now);
                snapshot.parts.insert(key.clone(), part.clone());
                changes.put(key, part);
                count = count.saturating_add(1);
                PermittedOutcome::Added
            });
        }
        self.0.counted(&mut changes, before, count);
        Ok(Decision::new(changes, answer))
    }
}

impl GroupOperation for DeletePermissionGroupMembers {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.0.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { parts: self.0.parts(), ..Needs::default() }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        has_permission_groups(&snapshot.group)?;
        let before = snapshot.permission_group(&self.0.permission_group)?.clone();
        let mut count = before.member_count;
        let mut changes = Changes::default();
        for account in &self.0.accounts {
            let key = self.0.key(account);
            if snapshot.parts.remove(&key).is_some() {
                changes.remove(key);
                count = count.saturating_sub(1);
            }
        }
        self.0.counted(&mut changes, before, count);
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::sample::{NOW, decide, group_id, permission_group, permission_group_id, snapshot, user};

    fn of(accounts: &[&str]) -> PermissionGroupMembers {
        PermissionGroupMembers {
            group: group_id(GroupType::Community),
            permission_group: permission_group_id("p"),
            accounts: accounts.iter().map(|name| user(name)).collect(),
        }
    }

    fn key(name: &str) -> PartKey {
        PartKey::PermissionGroupMember(permission_group_id("p"), user(name))
    }

    fn counted(member_count: u32) -> (PartKey, Option<Part>) {
        let group = PermissionGroup { member_count, ..permission_group("p") };
        (PartKey::PermissionGroup(permission_group_id("p")), Some(Part::PermissionGroup(group)))
    }

    /// `inside` is in the permission group, `outside` in the community only.
    fn with_one_inside() -> GroupSnapshot {
        let mut snapshot =
            snapshot(GroupType::Community, &[("inside", Role::Member), ("outside", Role::Member)]);
        let (group, part) = counted(1);
        snapshot.parts.extend(part.map(|part| (group, part)));
        snapshot.parts.insert(key("inside"), Part::PermissionGroupMember(NOW));
        snapshot
    }

    #[test]
    fn members_come_in_once() {
        let names = ["inside", "outside", "outside", "stranger"];
        let operation = AddPermissionGroupMembers(of(&names));
        let Decision { changes, answer, .. } = decide(&operation, &with_one_inside()).unwrap();
        use PermittedOutcome::{Added, AlreadyIn, NotAMember};
        assert_eq!(answer, [AlreadyIn, Added, AlreadyIn, NotAMember]);
        let joined = (key("outside"), Some(Part::PermissionGroupMember(NOW)));
        assert_eq!(changes.parts, [joined, counted(2)]);
    }

    #[test]
    fn those_inside_go_out_once() {
        let operation = DeletePermissionGroupMembers(of(&["inside", "inside", "outside", "stranger"]));
        let changes = decide(&operation, &with_one_inside()).unwrap().changes;
        assert_eq!(changes.parts, [(key("inside"), None), counted(0)]);
        let operation = DeletePermissionGroupMembers(of(&["outside"]));
        assert!(decide(&operation, &with_one_inside()).unwrap().changes.parts.is_empty());
    }
}
