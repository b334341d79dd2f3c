//! Removes permission groups. Their members stay in the community.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{PartFamily, PartKey};
use crate::permission::has_permission_groups;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Removes permission groups with their members and what they may do in topics.
#[derive(Clone, Debug)]
pub struct DestroyPermissionGroups {
    pub group: GroupId,
    pub ids: Vec<PermissionGroupId>,
}

impl GroupOperation for DestroyPermissionGroups {
    /// For each permission group, in order: whether it was there.
    type Answer = Vec<bool>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let parts = self.ids.iter().map(|id| PartKey::PermissionGroup(id.clone())).collect();
        Needs { parts, ..Needs::default() }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<Vec<bool>>, Refusal> {
        has_permission_groups(&snapshot.group)?;
        let mut changes = Changes::default();
        let mut answer = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            let key = PartKey::PermissionGroup(id.clone());
            // A permission group named twice no longer exists the second time.
            let there = snapshot.parts.remove(&key).is_some();
            answer.push(there);
            if there {
                changes.remove(key);
                changes.removed_families.push(PartFamily::TopicPermissions(id.clone()));
                changes.removed_families.push(PartFamily::PermissionGroupMembers(id.clone()));
            }
        }
        Ok(Decision::new(changes, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{decide, group_id, permission_group_id, permitted};

    #[test]
    fn each_goes_once_with_its_members_and_permissions() {
        let operation = DestroyPermissionGroups {
            group: group_id(GroupType::Community),
            ids: ["p", "never", "p"].map(permission_group_id).to_vec(),
        };
        let Decision { changes, answer, .. } = decide(&operation, &permitted("p", &[])).unwrap();
        assert_eq!(answer, [true, false, false]);
        let id = || permission_group_id("p");
        assert_eq!(changes.parts, [(PartKey::PermissionGroup(id()), None)]);
        let families = [PartFamily::TopicPermissions(id()), PartFamily::PermissionGroupMembers(id())];
        assert_eq!(changes.removed_families, families);
    }
}
