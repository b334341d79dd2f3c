//! Adding members to a group.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::{Event, Joining};
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::{Member, Role};
use crate::message::{Tip, TipKind};
use crate::new_group::new_member;
use crate::operation::{Decision, GroupOperation};
use crate::part::PartKey;
use crate::refusal::Refusal;
use crate::several::Several;
use crate::snapshot::{GroupSnapshot, Needs};
use std::collections::BTreeSet;

/// Accounts to be added to a group. They join at once: the caller has the rights of an owner, so neither the
/// group's invite option nor the account's consent is asked for.
#[derive(Clone, Debug)]
pub struct AddMembers {
    pub group: GroupId,
    pub operator: UserId,
    /// The accounts; an account that appears twice counts as a member already the second time.
    pub accounts: Vec<UserId>,
    /// Whether no tip and no notice is made.
    pub silent: bool,
    /// How they come in, as tips and events say it.
    pub how: Joining,
}

/// What became of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Not added: it was never imported, or it is banned.
    Failed,
    /// Not added: there was no place left.
    NoPlace,
    Joined,
    /// Was a member already and is unchanged.
    AlreadyMember,
    /// Not added yet: it waits for a decision.
    Waits,
}

/// Whether the whole call is answered with "the group is full". As for an import, a listed account that needs no seat makes
/// it a success. [choice]
#[must_use]
pub fn nobody_fits(outcomes: &[Added]) -> bool {
    outcomes.contains(&Added::NoPlace)
        && outcomes.iter().all(|outcome| matches!(outcome, Added::Failed | Added::NoPlace))
}

impl GroupOperation for AddMembers {
    /// One outcome for each account, in order.
    type Answer = Vec<Added>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        let bans = self.accounts.iter().filter(|_| group.kind.can().ban).cloned().map(PartKey::Ban);
        Needs {
            members: self.accounts.clone(),
            accounts: self.accounts.clone(),
            parts: bans.collect(),
            ..Needs::default()
        }
    }

    fn tells_of(&self) -> Vec<&UserId> {
        [&self.operator].into_iter().chain(&self.accounts).collect()
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Vec<Added>>, Refusal> {
        let is_banned = |account: &&UserId| snapshot.bans(account, context.now);
        let banned: BTreeSet<_> = self.accounts.iter().filter(is_banned).collect();
        let GroupSnapshot { mut group, members, accounts, parts, .. } = snapshot;
        if !group.kind.can().members {
            return Err(Refusal::TypeForbids("keep no members"));
        }
        if let Some(all) = Several::of(&self.accounts)
            && accounts.is_empty()
        {
            return Err(Refusal::NoSuchAccount(all));
        }
        let mut changes = Changes::default();
        let mut outcomes = Vec::with_capacity(self.accounts.len());
        let mut room = group.profile.max_members.saturating_sub(group.member_count);
        let mut joined: Vec<UserId> = Vec::new();
        let mut seen = BTreeSet::new();
        for account in &self.accounts {
            let ban = PartKey::Ban(account.clone());
            let outcome = if members.contains_key(account) || seen.contains(account) {
                Added::AlreadyMember
            } else if banned.contains(account) || !accounts.contains(account) {
                Added::Failed
            } else if room == 0 {
                Added::NoPlace
            } else {
                room -= 1;
                seen.insert(account);
                joined.push(account.clone());
                if parts.contains_key(&ban) {
                    changes.remove(ban);
                }
                Added::Joined
            };
            outcomes.push(outcome);
        }
        let turned_away = outcomes.contains(&Added::NoPlace).then_some(Event::Full);
        if joined.is_empty() {
            return Ok(Decision::unchanged(outcomes).with_event(turned_away));
        }
        group.member_count += u32::try_from(joined.len()).unwrap_or(u32::MAX);
        let is_full = (group.profile.max_members <= group.member_count).then_some(Event::Full);
        let event = Event::Joined { accounts: joined.clone(), how: self.how, silent: self.silent };
        if group.kind.can().tips.members && group.active && !self.silent {
            let kind = if self.how == Joining::Invited { TipKind::Invited } else { TipKind::Joined };
            let tip = Tip { kind, accounts: joined.clone(), changes: Vec::new() };
            changes.add_tip(context, &mut group, &self.operator, tip);
        }
        // Newcomers have nothing unread, the tip about them included. [choice]
        let read = group.log.mark_unread(0);
        changes.added_members = joined
            .into_iter()
            .map(|account| Member { read, ..new_member(group.kind, account, Role::Member, context.now) })
            .collect();
        changes.group = Some(group);
        Ok(Decision::new(changes, outcomes).with_event(event).with_event(is_full.or(turned_away)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::part::Part;
    use crate::sample::{NOW, decide, group_id, snapshot, user};
    use crate::time::Timestamp;

    fn add(kind: GroupType, accounts: &[&str]) -> AddMembers {
        AddMembers {
            group: group_id(kind),
            operator: user("admin"),
            accounts: accounts.iter().map(|name| user(name)).collect(),
            silent: false,
            how: Joining::Invited,
        }
    }

    /// A group of three places with `known1` and `known2` in it; accounts whose names start with "known" exist.
    fn asked_about(kind: GroupType, operation: &AddMembers) -> GroupSnapshot {
        let mut snapshot = snapshot(kind, &[("known2", Role::Member)]);
        snapshot.accounts =
            operation.accounts.iter().filter(|id| id.as_str().starts_with("known")).cloned().collect();
        snapshot
    }

    #[test]
    fn each_account_has_its_own_outcome() {
        use Added::{AlreadyMember, Failed, Joined, NoPlace};
        let outcomes = |accounts: &[&str]| {
            let operation = add(GroupType::Public, accounts);
            decide(&operation, &asked_about(GroupType::Public, &operation)).map(|decision| decision.answer)
        };
        let cases: [(&[&str], &[Added]); 6] = [
            (&["known3"], &[Joined]),
            (&["known3", "known3"], &[Joined, AlreadyMember]),
            (&["stranger", "known2", "known3"], &[Failed, AlreadyMember, Joined]),
            (&["known3", "known4"], &[Joined, NoPlace]),
            (&["known1", "stranger"], &[AlreadyMember, Failed]),
            (&["known2"], &[AlreadyMember]),
        ];
        for (accounts, expected) in cases {
            assert_eq!(outcomes(accounts), Ok(expected.to_vec()), "{accounts:?}");
        }
        let strangers = Several::of(["stranger", "other"]).unwrap();
        assert_eq!(outcomes(&["stranger", "other"]), Err(Refusal::NoSuchAccount(strangers)));
    }

    #[test]
    fn a_full_group_says_so_and_the_call_fails_only_when_nobody_has_a_place() {
        let full = |accounts: &[&str]| {
            let operation = add(GroupType::Public, accounts);
            let mut snapshot = asked_about(GroupType::Public, &operation);
            snapshot.group.member_count = 3;
            let decision = decide(&operation, &snapshot).unwrap();
            assert_eq!(decision.events, [Event::Full]);
            decision.answer
        };
        let nobody = full(&["known3", "stranger"]);
        assert_eq!((nobody_fits(&nobody), nobody), (true, vec![Added::NoPlace, Added::Failed]));
        let somebody = full(&["known3", "known1"]);
        assert_eq!((nobody_fits(&somebody), somebody), (false, vec![Added::NoPlace, Added::AlreadyMember]));
        assert!(!nobody_fits(&[]) && !nobody_fits(&[Added::Failed]));
    }

    #[test]
    fn events_name_new_members_and_the_last_seat() {
        let events = |accounts: &[&str], places| {
            let operation = add(GroupType::Public, accounts);
            let mut snapshot = asked_about(GroupType::Public, &operation);
            snapshot.group.profile.max_members = places;
            decide(&operation, &snapshot).unwrap().events
        };
        let joined =
            || Event::Joined { accounts: vec![user("known3")], how: Joining::Invited, silent: false };
        assert_eq!(events(&["known3", "known2", "stranger"], 4), [joined()]);
        assert_eq!(events(&["known3"], 3), [joined(), Event::Full]);
        assert_eq!(events(&["known3", "known4"], 3), [joined(), Event::Full]);
        assert_eq!(events(&["known2"], 3), []);
    }

    #[test]
    fn a_ban_keeps_out_until_it_ends_and_is_forgotten_then() {
        let operation = add(GroupType::Public, &["known3"]);
        for (until, expected) in [(NOW.0 + 1, Added::Failed), (NOW.0, Added::Joined)] {
            let mut snapshot = asked_about(GroupType::Public, &operation);
            let ban = PartKey::Ban(user("known3"));
            snapshot.parts.insert(ban.clone(), Part::Ban(Timestamp(until)));
            let decision = decide(&operation, &snapshot).unwrap();
            assert_eq!(decision.answer, [expected]);
            let forgotten = decision.changes.parts == [(ban, None)];
            assert_eq!(forgotten, expected == Added::Joined);
        }
    }

    #[test]
    fn a_tip_is_left_where_the_type_keeps_tips() {
        let cases = [
            (GroupType::Private, true, false, 1),
            (GroupType::Private, false, false, 0),
            (GroupType::Public, true, false, 1),
            (GroupType::Public, true, true, 0),
            (GroupType::ChatRoom, true, false, 0),
            (GroupType::Community, true, false, 1),
        ];
        for (kind, active, silent, tips) in cases {
            let operation = AddMembers { silent, ..add(kind, &["known3"]) };
            let mut snapshot = asked_about(kind, &operation);
            snapshot.group.active = active;
            snapshot.group.log.next_seq = 5;
            let changes = decide(&operation, &snapshot).unwrap().changes;
            assert_eq!(changes.new_messages.len(), tips, "{kind:?} {active} {silent}");
            let group = changes.group.unwrap();
            assert_eq!((group.member_count, group.log.unread(changes.added_members[0].read)), (3, 0));
            assert_eq!(changes.added_members[0].joined, NOW);
        }
        let live = add(GroupType::AvChatRoom, &["known3"]);
        assert!(matches!(decide(&live, &snapshot(GroupType::AvChatRoom, &[])), Err(Refusal::TypeForbids(_))));
    }
}
