//! Banning accounts from a group.

use super::delete_members::leave;
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::{Conversation, TipKind};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::several::Several;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::time::Timestamp;

/// Removes accounts from the group and keeps them out until some time. Accounts that are not members are banned as well; accounts
/// that were never imported are ignored as long as another one is known. [choice]
#[derive(Clone, Debug)]
pub struct BanMembers {
    pub group: GroupId,
    pub operator: UserId,
    pub accounts: Vec<UserId>,
    /// End of the ban.
    pub until: Timestamp,
}

impl GroupOperation for BanMembers {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Over(Right::Ban, Conversation::Group, self.accounts.clone())]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { members: self.accounts.clone(), accounts: self.accounts.clone(), ..Needs::default() }
    }

    /// The owner is banned in no type of group, not even where it may leave. [choice]
    fn tells_of(&self) -> Vec<&UserId> {
        [&self.operator].into_iter().chain(&self.accounts).collect()
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let GroupSnapshot { mut group, members, accounts, .. } = snapshot;
        if !group.kind.can().ban {
            return Err(Refusal::TypeForbids("cannot ban accounts"));
        }
        if let Some(owner) = group.owner.as_ref().filter(|owner| self.accounts.contains(owner)) {
            return Err(Refusal::OwnerStays(owner.clone()));
        }
        if let Some(all) = Several::of(&self.accounts)
            && accounts.is_empty()
        {
            return Err(Refusal::NoSuchAccount(all));
        }
        let mut changes = Changes::default();
        let event = Event::Banned(accounts.iter().cloned().collect());
        for account in accounts {
            changes.put(PartKey::Ban(account), Part::Ban(self.until));
        }
        let left: Vec<UserId> =
            members.into_keys().filter(|account| self.accounts.contains(account)).collect();
        if !left.is_empty() {
            leave(context, &mut group, &self.operator, left, Some(TipKind::Kicked), &mut changes);
            changes.group = Some(group);
        }
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::sample::{NOW, decide, group_id, snapshot, user};
    use std::collections::BTreeSet;

    const UNTIL: Timestamp = Timestamp(NOW.0 + 60);

    fn ban(kind: GroupType, accounts: &[&str]) -> BanMembers {
        BanMembers {
            group: group_id(kind),
            operator: user("admin"),
            accounts: accounts.iter().map(|name| user(name)).collect(),
            until: UNTIL,
        }
    }

    /// What is loaded of a group with `known1` as owner and `known2` in it; names that start with "known" exist.
    fn outcome(operation: &BanMembers, kind: GroupType) -> Result<Changes, Refusal> {
        let members: &[(&str, Role)] = if kind.can().members { &[("known2", Role::Member)] } else { &[] };
        let mut snapshot = snapshot(kind, members);
        snapshot.members.retain(|account, _| operation.accounts.contains(account));
        snapshot.accounts =
            operation.accounts.iter().filter(|id| id.as_str().starts_with("known")).cloned().collect();
        decide(operation, &snapshot).map(|decision| decision.changes)
    }

    #[test]
    fn members_leave_and_all_who_are_known_stay_out() {
        let names = ["known3", "stranger", "known2", "known2"];
        for (kind, tips) in [(GroupType::Private, 1), (GroupType::Public, 1), (GroupType::ChatRoom, 0)] {
            let changes = outcome(&ban(kind, &names), kind).unwrap();
            assert_eq!(changes.removed_members, [user("known2")]);
            let banned: BTreeSet<_> = changes.parts.iter().map(|(key, _)| key.clone()).collect();
            assert_eq!(banned, BTreeSet::from(["known2", "known3"].map(user).map(PartKey::Ban)));
            assert!(changes.parts.iter().all(|(_, part)| *part == Some(Part::Ban(UNTIL))));
            assert_eq!(
                (changes.new_messages.len(), changes.group.unwrap().member_count),
                (tips, 1),
                "{kind:?}"
            );
        }
        let live = outcome(&ban(GroupType::AvChatRoom, &["known3"]), GroupType::AvChatRoom).unwrap();
        assert!(live.group.is_none() && live.removed_members.is_empty() && live.parts.len() == 1);
    }

    #[test]
    fn refusals() {
        let cases = [
            (GroupType::Community, "known2", Refusal::TypeForbids("cannot ban accounts")),
            (GroupType::Public, "known1", Refusal::OwnerStays(user("known1"))),
            (GroupType::Private, "known1", Refusal::OwnerStays(user("known1"))),
            (GroupType::AvChatRoom, "known1", Refusal::OwnerStays(user("known1"))),
            (GroupType::Public, "stranger", Refusal::NoSuchAccount(Several::of(["stranger"]).unwrap())),
        ];
        for (kind, name, expected) in cases {
            assert_eq!(outcome(&ban(kind, &[name]), kind).map(|_| ()), Err(expected), "{kind:?} {name}");
        }
    }
}
