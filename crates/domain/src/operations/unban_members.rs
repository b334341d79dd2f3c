//! Lifting bans.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::operation::{Decision, GroupOperation};
use crate::part::PartKey;
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};

/// Lets accounts join the group again. Accounts that are not banned are ignored. [choice]
#[derive(Clone, Debug)]
pub struct UnbanMembers {
    pub group: GroupId,
    pub accounts: Vec<UserId>,
}

impl GroupOperation for UnbanMembers {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Ban)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { parts: self.accounts.iter().cloned().map(PartKey::Ban).collect(), ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        if !snapshot.group.kind.can().ban {
            return Err(Refusal::TypeForbids("cannot ban accounts"));
        }
        let mut changes = Changes::default();
        let mut unbanned = Vec::new();
        for ban in snapshot.parts.into_keys() {
            if let PartKey::Ban(account) = &ban
                && self.accounts.contains(account)
            {
                unbanned.push(account.clone());
                changes.remove(ban);
            }
        }
        let event = (!unbanned.is_empty()).then_some(Event::Unbanned(unbanned));
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::part::Part;
    use crate::sample::{NOW, decide, group_id, snapshot, user};

    #[test]
    fn bans_that_are_there_go() {
        let unban = |kind| UnbanMembers { group: group_id(kind), accounts: ["a", "b"].map(user).to_vec() };
        let mut banned = snapshot(GroupType::Public, &[]);
        let ban = PartKey::Ban(user("a"));
        banned.parts.insert(ban.clone(), Part::Ban(NOW));
        // What the check of rights has read stays.
        banned.parts.insert(PartKey::LiveAdmin(user("acting")), Part::LiveAdmin(NOW));
        banned.parts.insert(PartKey::Ban(user("acting")), Part::Ban(NOW));
        let changes = decide(&unban(GroupType::Public), &banned).unwrap().changes;
        assert_eq!(changes.parts, [(ban, None)]);
        let community = decide(&unban(GroupType::Community), &snapshot(GroupType::Community, &[]));
        assert!(matches!(community, Err(Refusal::TypeForbids(_))));
    }
}
