//! A new permission group.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId};
use crate::new_group::attempts;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::permission::{PermissionGroup, has_permission_groups};
use crate::refusal::{Refusal, TooMany};
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;

/// Makes a permission group in a community.
#[derive(Clone, Debug)]
pub struct AddPermissionGroup {
    pub group: GroupId,
    /// The id the app chose; without one, the server makes it.
    pub id: Option<PermissionGroupId>,
    /// Random bits, for an id that the server makes.
    pub random_bits: u64,
    pub name: Text,
    /// What its members may do in the community, in bits.
    pub permissions: u64,
    /// Whatever the app wants to keep with it.
    pub custom: Text,
    /// Permission groups of one community.
    pub max: usize,
}

impl AddPermissionGroup {
    /// An id that no permission group of the community has.
    fn free_id(&self, snapshot: &GroupSnapshot) -> Option<PermissionGroupId> {
        let is_free =
            |id: &PermissionGroupId| !snapshot.parts.contains_key(&PartKey::PermissionGroup(id.clone()));
        match &self.id {
            Some(id) => Some(id.clone()).filter(is_free),
            None => attempts(self.random_bits).map(PermissionGroupId::generate).find(is_free),
        }
    }
}

impl GroupOperation for AddPermissionGroup {
    type Answer = PermissionGroupId;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let groups = PartRange { limit: self.max, ..PartRange::all(PartFamily::PermissionGroups) };
        let own = self.id.iter().map(|id| PartKey::PermissionGroup(id.clone())).collect();
        Needs { parts: own, ranges: vec![groups], ..Needs::default() }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: GroupSnapshot,
    ) -> Result<Decision<PermissionGroupId>, Refusal> {
        has_permission_groups(&snapshot.group)?;
        let id = self.free_id(&snapshot).ok_or(Refusal::PermissionGroupTaken)?;
        if self.max <= snapshot.parts.len() {
            return Err(Refusal::TooMany(TooMany::PermissionGroups(self.max)));
        }
        let made = PermissionGroup {
            id: id.clone(),
            name: self.name.clone(),
            permissions: self.permissions,
            custom: self.custom.clone(),
            member_count: 0,
            created: context.now,
        };
        let mut changes = Changes::default();
        changes.put(PartKey::PermissionGroup(id.clone()), Part::PermissionGroup(made));
        Ok(Decision::new(changes, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{NOW, decide, group_id, permission_group, permission_group_id, snapshot, text};

    fn add(id: Option<PermissionGroupId>, max: usize) -> AddPermissionGroup {
        AddPermissionGroup {
            group: group_id(GroupType::Community),
            id,
            random_bits: 7,
            name: text("n"),
            permissions: u64::MAX,
            custom: text("c"),
            max,
        }
    }

    #[test]
    fn only_communities_take_one() {
        for kind in GroupType::ALL {
            let decided = decide(&add(None, 2), &snapshot(kind, &[]));
            assert_eq!(decided.is_ok(), kind == GroupType::Community, "{kind:?}");
        }
    }

    #[test]
    fn it_is_as_given_and_empty() {
        let changes = decide(&add(Some(permission_group_id("p")), 1), &snapshot(GroupType::Community, &[]))
            .unwrap()
            .changes;
        let expected = PermissionGroup {
            permissions: u64::MAX,
            custom: text("c"),
            created: NOW,
            ..permission_group("p")
        };
        let key = PartKey::PermissionGroup(permission_group_id("p"));
        assert_eq!(changes.parts, [(key, Some(Part::PermissionGroup(expected)))]);
    }

    #[test]
    fn ids_are_used_once_and_the_number_has_a_bound() {
        let mut snapshot = snapshot(GroupType::Community, &[]);
        let mut put = |id: PermissionGroupId| {
            let part = Part::PermissionGroup(PermissionGroup { id: id.clone(), ..permission_group("p") });
            snapshot.parts.insert(PartKey::PermissionGroup(id), part);
            snapshot.clone()
        };
        let one = put(permission_group_id("p"));
        let taken = decide(&add(Some(permission_group_id("p")), 9), &one).unwrap_err();
        assert_eq!(taken, Refusal::PermissionGroupTaken);
        let first = decide(&add(None, 9), &one).unwrap().answer;
        let two = put(first.clone());
        assert_ne!(decide(&add(None, 9), &two).unwrap().answer, first);
        let full = decide(&add(None, 2), &two).unwrap_err();
        assert_eq!(full, Refusal::TooMany(TooMany::PermissionGroups(2)));
    }
}
