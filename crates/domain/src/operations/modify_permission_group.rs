//! Changes a permission group.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::permission::{PermissionGroup, has_permission_groups};
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;

/// Changes a permission group; what is not given stays as it is.
#[derive(Clone, Debug)]
pub struct ModifyPermissionGroup {
    pub group: GroupId,
    pub id: PermissionGroupId,
    pub name: Option<Text>,
    /// What its members may do in the community, in bits.
    pub permissions: Option<u64>,
    /// Whatever the app wants to keep with it.
    pub custom: Option<Text>,
}

impl GroupOperation for ModifyPermissionGroup {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { parts: vec![PartKey::PermissionGroup(self.id.clone())], ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        has_permission_groups(&snapshot.group)?;
        let before = snapshot.permission_group(&self.id)?;
        let after = PermissionGroup {
            id: before.id.clone(),
            name: self.name.as_ref().unwrap_or(&before.name).clone(),
            permissions: self.permissions.unwrap_or(before.permissions),
            custom: self.custom.as_ref().unwrap_or(&before.custom).clone(),
            member_count: before.member_count,
            created: before.created,
        };
        if after == *before {
            return Ok(Decision::unchanged(()));
        }
        let mut changes = Changes::default();
        changes.put(PartKey::PermissionGroup(self.id.clone()), Part::PermissionGroup(after));
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{decide, group_id, permission_group, permission_group_id, permitted, text};

    fn nothing(name: &str) -> ModifyPermissionGroup {
        ModifyPermissionGroup {
            group: group_id(GroupType::Community),
            id: permission_group_id(name),
            name: None,
            permissions: None,
            custom: None,
        }
    }

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let cases = [
            (
                ModifyPermissionGroup { name: Some(text("new")), ..nothing("p") },
                PermissionGroup { name: text("new"), ..permission_group("p") },
            ),
            (
                ModifyPermissionGroup { permissions: Some(0), ..nothing("p") },
                PermissionGroup { permissions: 0, ..permission_group("p") },
            ),
            (
                ModifyPermissionGroup { custom: Some(text("new")), ..nothing("p") },
                PermissionGroup { custom: text("new"), ..permission_group("p") },
            ),
        ];
        for (operation, expected) in cases {
            let changes = decide(&operation, &permitted("p", &[])).unwrap().changes;
            let key = PartKey::PermissionGroup(permission_group_id("p"));
            assert_eq!(changes.parts, [(key, Some(Part::PermissionGroup(expected)))]);
        }
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        assert!(decide(&nothing("p"), &permitted("p", &[])).unwrap().changes.parts.is_empty());
        let missing = decide(&nothing("q"), &permitted("p", &[])).unwrap_err();
        assert_eq!(missing, Refusal::NoSuchPermissionGroup);
    }
}
