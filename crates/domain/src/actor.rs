//! Who performs an operation, what the operation does as far as rights go, and whether an account may do it.

use crate::context::Context;
use crate::group::{Group, InviteOption};
use crate::ids::{PermissionGroupId, TopicId, UserId};
use crate::message::{Conversation, Message};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::{Right, Standing, bits_of, outranks};
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};

/// Who performs an operation.
#[derive(Clone, Debug)]
pub enum Actor {
    /// An administrator of the app, for whom the type of the group is the only limit.
    App,
    /// An account, for itself.
    Account(ActingAccount),
}

/// An account that acts for itself.
#[derive(Clone, Debug)]
pub struct ActingAccount {
    pub account: UserId,
    /// Whether its client has entered the group, as live-stream groups are entered.
    pub entered: bool,
    /// How long it may recall what it sent, seconds.
    pub recall_seconds: u64,
    /// The permission groups of the community, as they were shortly before: those of which it is a member count.
    pub permission_groups: Vec<PermissionGroupId>,
}

/// What an operation does in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// What only administrators of the app may do.
    AppOnly,
    /// What all holders of the right may do.
    Use(Right),
    /// The same within a conversation.
    UseIn(Right, Conversation),
    /// What is done to these accounts: they must rank below who does it.
    Over(Right, Conversation, Vec<UserId>),
    /// Something with messages, which must be such as the account sees.
    About(Right, Conversation, Vec<u32>),
    /// A change of what the group knows of an account, which may be the one that acts.
    EditMember(UserId),
    /// What an account can do only for itself, and who does it.
    As(UserId, Right, Conversation),
    /// Bringing accounts in.
    Invite,
    /// Recalling messages.
    Recall(Conversation, Vec<u32>),
}

impl ActingAccount {
    /// Adds what [`check`](Self::check) looks at.
    pub fn add_needs(&self, actions: &[Action], group: &Group, needs: &mut Needs) {
        needs.members.push(self.account.clone());
        if group.kind.can().live {
            needs.parts.push(PartKey::LiveAdmin(self.account.clone()));
            needs.parts.push(PartKey::Ban(self.account.clone()));
        }
        let has_bits = group.kind.can().topics && group.permissions_enabled;
        for action in actions {
            if let Action::Over(_, _, targets) = action {
                needs.members.extend(targets.iter().cloned());
                let live = targets.iter().filter(|_| group.kind.can().live);
                needs.parts.extend(live.cloned().map(PartKey::LiveAdmin));
                let admins = targets.iter().filter(|_| group.kind.can().live);
                needs.parts.extend(admins.cloned().map(PartKey::LiveAdmin));
            }
            if let Action::Recall(place, numbers) | Action::About(_, place, numbers) = action {
                if let Conversation::Topic(topic) = place {
                    needs.parts.push(PartKey::Topic(topic.clone()));
                }
                needs.messages.push(MessageRange::Numbered(place.clone(), numbers.clone()));
            }
        }
        if has_bits {
            for id in &self.permission_groups {
                needs.parts.push(PartKey::PermissionGroup(id.clone()));
                needs.parts.push(PartKey::PermissionGroupMember(id.clone(), self.account.clone()));
            }
            for topic in actions.iter().filter_map(Action::topic) {
                let of = |id: &PermissionGroupId| PartKey::TopicPermission(id.clone(), topic.clone());
                needs.parts.extend(self.permission_groups.iter().map(of));
            }
        }
    }

    /// Whether the account may do all of this.
    ///
    /// # Errors
    /// It may not.
    pub fn check(
        &self,
        context: &Context,
        snapshot: &GroupSnapshot,
        actions: &[Action],
    ) -> Result<(), Refusal> {
        let standing = snapshot.standing(&self.account, self.entered, context.now);
        let group = &snapshot.group;
        if standing == Standing::Outsider && !group.kind.can().findable {
            return Err(Refusal::NoSuchGroup);
        }
        for action in actions {
            self.check_one(context, snapshot, standing, action)?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        context: &Context,
        snapshot: &GroupSnapshot,
        standing: Standing,
        action: &Action,
    ) -> Result<(), Refusal> {
        let whole = &Conversation::Group;
        match action {
            Action::AppOnly => Err(Refusal::AppOnly),
            Action::Use(right) => self.check_right(*right, whole, standing, snapshot),
            Action::UseIn(right, place) => self.check_right(*right, place, standing, snapshot),
            Action::Over(right, place, targets) => {
                self.check_right(*right, place, standing, snapshot)?;
                self.check_targets(standing, snapshot, targets)
            }
            Action::About(right, place, numbers) => {
                self.check_right(*right, place, standing, snapshot)?;
                let messages = snapshot.messages.get(place);
                let mut named = numbers.iter().filter_map(|number| messages?.get(number));
                let sees_all = named.all(|message| snapshot.shows(place, message, &self.account));
                if sees_all { Ok(()) } else { Err(Refusal::NoSuchMessage) }
            }
            Action::EditMember(target) if *target == self.account => {
                self.check_right(Right::EditSelf, whole, standing, snapshot)
            }
            Action::EditMember(target) => {
                self.check_right(Right::EditMember, whole, standing, snapshot)?;
                self.check_targets(standing, snapshot, std::slice::from_ref(target))
            }
            Action::As(account, right, place) if *account == self.account => {
                self.check_right(*right, place, standing, snapshot)
            }
            Action::As(..) => Err(Refusal::NotOneself),
            Action::Invite => {
                self.check_right(Right::Invite, whole, standing, snapshot)?;
                match snapshot.group.invite_option {
                    InviteOption::DisableInvite => Err(Refusal::GroupForbids("does not let members invite")),
                    InviteOption::FreeAccess | InviteOption::NeedPermission => Ok(()),
                }
            }
            Action::Recall(place, numbers) => {
                let messages = snapshot.messages.get(place);
                let named = numbers.iter().filter_map(|number| messages?.get(number));
                let (own, others): (Vec<&Message>, Vec<_>) =
                    named.partition(|message| message.sender == self.account);
                // The right to recall messages of others includes own ones, at any time. [choice]
                let leads = self.check_right(Right::RecallOthers, place, standing, snapshot);
                if !others.is_empty() || own.is_empty() {
                    return leads;
                }
                self.check_right(Right::RecallOwn, place, standing, snapshot)?;
                let since = context.now.0.saturating_sub(self.recall_seconds);
                let is_late = own.iter().any(|message| message.sent.0 < since);
                if is_late && leads.is_err() { Err(Refusal::RecallOver(self.recall_seconds)) } else { Ok(()) }
            }
        }
    }

    fn check_right(
        &self,
        right: Right,
        place: &Conversation,
        standing: Standing,
        snapshot: &GroupSnapshot,
    ) -> Result<(), Refusal> {
        let group = &snapshot.group;
        let holders = right.holders(group.kind);
        let refused = Refusal::NotPermitted { holders, right };
        let by_bits = group.kind.can().topics && group.permissions_enabled && standing != Standing::Owner;
        let may = match bits_of(right, place).filter(|_| by_bits && standing != Standing::Outsider) {
            Some((of_group, of_topic)) => {
                let (group_bits, topic_bits) = self.bits(place, snapshot);
                of_group & group_bits != 0 || of_topic & topic_bits != 0
            }
            None => holders.include(standing),
        };
        match (may, right, standing) {
            (true, ..) => Ok(()),
            (false, Right::Quit, Standing::Owner) => Err(Refusal::OwnerQuits),
            (false, Right::Join, Standing::Owner | Standing::Admin | Standing::Member) => {
                Err(Refusal::AlreadyAMember)
            }
            (false, _, Standing::Outsider) if !matches!(right, Right::Join) => Err(Refusal::NotIn),
            (false, ..) => Err(refused),
        }
    }

    /// What the permission groups of the account let it do in the community, and in the topic.
    fn bits(&self, place: &Conversation, snapshot: &GroupSnapshot) -> (u64, u64) {
        let is_member = |id: &&PermissionGroupId| {
            let key = PartKey::PermissionGroupMember((*id).clone(), self.account.clone());
            snapshot.parts.contains_key(&key)
        };
        let mut mine = self.permission_groups.iter().filter(is_member).peekable();
        if mine.peek().is_none() {
            return (snapshot.group.default_permissions, 0);
        }
        let mut bits = (0, 0);
        for id in mine {
            bits.0 |= snapshot.permission_group(id).map_or(0, |group| group.permissions);
            if let Conversation::Topic(topic) = place
                && let Some(Part::TopicPermission(of_topic)) =
                    snapshot.parts.get(&PartKey::TopicPermission(id.clone(), topic.clone()))
            {
                bits.1 |= of_topic;
            }
        }
        bits
    }

    fn check_targets(
        &self,
        standing: Standing,
        snapshot: &GroupSnapshot,
        targets: &[UserId],
    ) -> Result<(), Refusal> {
        let group = &snapshot.group;
        for target in targets {
            if *target == self.account {
                return Err(Refusal::Oneself);
            }
            let of_target = match snapshot.members.get(target) {
                _ if group.owner.as_ref() == Some(target) => Standing::Owner,
                Some(member) => member.role.into(),
                None if snapshot.parts.contains_key(&PartKey::LiveAdmin(target.clone())) => Standing::Admin,
                None => Standing::Outsider,
            };
            // Whom permission groups gave the right has it over ordinary members. [choice]
            let by_bits = group.permissions_enabled && matches!(of_target, Standing::Member);
            if !outranks(standing, of_target) && !by_bits {
                return Err(Refusal::Outranked(target.clone()));
            }
        }
        Ok(())
    }
}

impl Action {
    /// The topic in which it is done.
    fn topic(&self) -> Option<&TopicId> {
        match self {
            Self::UseIn(_, Conversation::Topic(topic))
            | Self::Over(_, Conversation::Topic(topic), _)
            | Self::As(_, _, Conversation::Topic(topic))
            | Self::About(_, Conversation::Topic(topic), _)
            | Self::Recall(Conversation::Topic(topic), _) => Some(topic),
            Self::UseIn(_, Conversation::Group)
            | Self::Over(_, Conversation::Group, _)
            | Self::About(_, Conversation::Group, _)
            | Self::Recall(Conversation::Group, _)
            | Self::AppOnly
            | Self::Use(_)
            | Self::EditMember(_)
            | Self::As(_, _, Conversation::Group)
            | Self::Invite => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{NOW, context, snapshot, user};
    use crate::time::Timestamp;

    fn acting(account: &str) -> ActingAccount {
        ActingAccount {
            account: user(account),
            entered: true,
            recall_seconds: 120,
            permission_groups: vec![],
        }
    }

    fn live() -> GroupSnapshot {
        let mut live = snapshot(GroupType::AvChatRoom, &[]);
        for admin in ["a", "b"] {
            live.parts.insert(PartKey::LiveAdmin(user(admin)), Part::LiveAdmin(NOW));
        }
        live
    }

    #[test]
    fn administrators_of_a_live_group_are_of_one_rank() {
        let ban = |who: &str, whom: &str| {
            let ban = Action::Over(Right::Ban, Conversation::Group, vec![user(whom)]);
            acting(who).check(&context(), &live(), &[ban])
        };
        assert_eq!(ban("a", "visitor"), Ok(()));
        assert_eq!(ban("a", "b"), Err(Refusal::Outranked(user("b"))));
        assert_eq!(ban("visitor", "other").map_err(|_| ()), Err(()));
        let mut needs = Needs::default();
        let targets = Action::Over(Right::Ban, Conversation::Group, vec![user("b")]);
        acting("a").add_needs(&[targets], &live().group, &mut needs);
        assert!(needs.parts.contains(&PartKey::LiveAdmin(user("b"))));
    }

    #[test]
    fn a_banned_administrator_of_a_live_group_is_outside_until_the_ban_ends() {
        let mut live = live();
        let mut standing = |until| {
            live.parts.insert(PartKey::Ban(user("a")), Part::Ban(until));
            live.standing(&user("a"), false, NOW)
        };
        assert_eq!(standing(Timestamp(NOW.0 + 1)), Standing::Outsider);
        assert_eq!(standing(NOW), Standing::Admin);
    }
}
