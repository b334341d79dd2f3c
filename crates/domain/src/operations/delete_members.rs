//! Removing members from a group.

use crate::actor::{Action, Actor};
use crate::changes::Changes;
use crate::context::Context;
use crate::error::OperationError;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId, TopicId, UserId};
use crate::message::{Conversation, Tip, TipKind};
use crate::operation::{Decision, GroupOperation, perform};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::store::Store;
use crate::subscribers::Subscribers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows that a removal takes away at once, at most: what a community's topics and permission groups know of a member
/// is a row for each.
const ROWS_PER_STEP: usize = 10_000;

/// Removes members from a group. Accounts that are not members are ignored. [doc]
///
/// The rows of a member in topics and permission groups of a community are removed with the member, so that they are gone
/// when the account comes back. Topics times members can be a great many rows, so a removal may take several steps,
/// each whole by itself; and the members of permission groups can only be asked for by their group, so the groups
/// must be known before. [`Removal::Rest`] names the step that is to follow.
#[derive(Clone, Debug)]
pub struct DeleteMembers {
    pub group: GroupId,
    pub operator: UserId,
    pub accounts: Vec<UserId>,
    /// Whether no tip and no notice is made.
    pub silent: bool,
    /// Whether the one account leaves by itself.
    pub quit: bool,
    /// Whether the owner goes as well where owners may not leave: its account is about to be deleted.
    pub even_owner: bool,
    /// The permission groups of the community that have members, as the previous step reported them; empty at first.
    pub permission_groups: BTreeSet<PermissionGroupId>,
}

/// How far a removal came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// To its end.
    Done,
    /// Not to its end: the same operation is to follow with these values.
    Rest {
        /// Those that are still to be removed.
        accounts: Vec<UserId>,
        /// The permission groups of the community that have members.
        permission_groups: BTreeSet<PermissionGroupId>,
    },
}

impl DeleteMembers {
    /// How many of the accounts one step can take when each has a row in so many `places`.
    fn step(&self, places: usize) -> usize {
        (ROWS_PER_STEP / (1 + places)).max(1).min(self.accounts.len())
    }
}

impl GroupOperation for DeleteMembers {
    type Answer = Removal;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        match self.accounts.first() {
            Some(account) if self.quit => {
                vec![Action::As(account.clone(), Right::Quit, Conversation::Group)]
            }
            Some(_) | None => vec![Action::Over(Right::Remove, Conversation::Group, self.accounts.clone())],
        }
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        if !group.kind.can().topics {
            return Needs { members: self.accounts.clone(), ..Needs::default() };
        }
        let asked = &self.accounts[..self.step(self.permission_groups.len())];
        let memberships = self.permission_groups.iter().flat_map(|id| {
            asked.iter().map(|account| PartKey::PermissionGroupMember(id.clone(), account.clone()))
        });
        Needs {
            members: asked.to_vec(),
            parts: memberships.collect(),
            // Both have a bound: `TopicLimits::count` and `TopicLimits::permission_groups`.
            ranges: [PartFamily::Topics, PartFamily::PermissionGroups].map(PartRange::all).to_vec(),
            ..Needs::default()
        }
    }

    fn tells_of(&self) -> Vec<&UserId> {
        [&self.operator].into_iter().chain(&self.accounts).collect()
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Removal>, Refusal> {
        let GroupSnapshot { mut group, mut members, parts, .. } = snapshot;
        let can = group.kind.can();
        if !can.removal {
            return Err(Refusal::Unfitting("groups of this type have no members to remove".to_owned()));
        }
        if let Some(owner) = group.owner.as_ref().filter(|owner| self.accounts.contains(owner))
            && !can.owner_leaves
            && !self.even_owner
        {
            return Err(if self.quit { Refusal::OwnerQuits } else { Refusal::OwnerStays(owner.clone()) });
        }
        let places = Places::of(&parts);
        if !places.occupied.is_subset(&self.permission_groups) {
            let permission_groups = self.permission_groups.union(&places.occupied).cloned().collect();
            let rest = Removal::Rest { accounts: self.accounts.clone(), permission_groups };
            return Ok(Decision::unchanged(rest));
        }
        let step = self.step(places.topics.len() + self.permission_groups.len());
        let (now, later) = self.accounts.split_at(step);
        let left: Vec<UserId> =
            now.iter().filter(|account| members.remove(*account).is_some()).cloned().collect();
        let answer = if later.is_empty() {
            Removal::Done
        } else {
            Removal::Rest { accounts: later.to_vec(), permission_groups: self.permission_groups.clone() }
        };
        let mut changes = Changes::default();
        if left.is_empty() {
            return Ok(Decision::new(changes, answer));
        }
        places.forget(&left, &parts, &mut changes);
        let event = Event::Removed { accounts: left.clone(), quit: self.quit, silent: self.silent };
        let tip = (!self.silent).then_some(if self.quit { TipKind::Quit } else { TipKind::Kicked });
        leave(context, &mut group, &self.operator, left, tip, &mut changes);
        changes.group = Some(group);
        Ok(Decision::new(changes, answer).with_event(event))
    }
}

/// Removes members, in as many steps as it takes.
///
/// # Errors
/// A step was refused, or the store failed; those of earlier steps are removed.
pub async fn delete_members(
    store: &dyn Store,
    context: Context,
    actor: Actor,
    mut operation: DeleteMembers,
    subscribers: Arc<dyn Subscribers>,
) -> Result<(), OperationError<Refusal>> {
    // Each step removes a member, or finds a permission group that it did not know of.
    while let Removal::Rest { accounts, permission_groups } =
        perform(store, context, actor.clone(), operation.clone(), Arc::clone(&subscribers)).await?
    {
        operation.accounts = accounts;
        operation.permission_groups = permission_groups;
    }
    Ok(())
}

/// Removes members: their rows, the member count, the owner if it is among them, and the tip.
pub(super) fn leave(
    context: &Context,
    group: &mut Group,
    operator: &UserId,
    left: Vec<UserId>,
    tip: Option<TipKind>,
    changes: &mut Changes,
) {
    group.member_count = group.member_count.saturating_sub(u32::try_from(left.len()).unwrap_or(u32::MAX));
    group.owner = group.owner.take().filter(|owner| !left.contains(owner));
    if let Some(kind) = tip
        && group.kind.can().tips.members
        && group.active
    {
        let tip = Tip { kind, accounts: left.clone(), changes: Vec::new() };
        changes.add_tip(context, group, operator, tip);
    }
    changes.removed_members = left;
}

/// Where a community keeps rows of its members.
struct Places<'parts> {
    topics: Vec<&'parts TopicId>,
    /// The permission groups that have members.
    occupied: BTreeSet<PermissionGroupId>,
}

impl<'parts> Places<'parts> {
    fn of(parts: &'parts BTreeMap<PartKey, Part>) -> Self {
        let mut places = Self { topics: Vec::new(), occupied: BTreeSet::new() };
        for part in parts.values() {
            if let Part::Topic(topic) = part {
                places.topics.push(&topic.id);
            } else if let Part::PermissionGroup(group) = part
                && group.member_count != 0
            {
                places.occupied.insert(group.id.clone());
            }
        }
        places
    }

    /// Removes the rows of former members. Most members have no row in a topic; a look-up would cost as much as the removal.
    fn forget(&self, left: &[UserId], parts: &BTreeMap<PartKey, Part>, changes: &mut Changes) {
        for topic in &self.topics {
            for account in left {
                changes.remove(PartKey::TopicMember((*topic).clone(), account.clone()));
            }
        }
        for id in &self.occupied {
            let key = PartKey::PermissionGroup(id.clone());
            let Some(Part::PermissionGroup(before)) = parts.get(&key) else { continue };
            let mut group = before.clone();
            let were_in =
                left.iter().map(|account| PartKey::PermissionGroupMember(id.clone(), account.clone()));
            for membership in were_in.filter(|key| parts.contains_key(key)) {
                group.member_count = group.member_count.saturating_sub(1);
                changes.remove(membership);
            }
            if group == *before {
                continue;
            }
            changes.put(key, Part::PermissionGroup(group));
        }
    }
}

#[cfg(test)]
mod tests;
