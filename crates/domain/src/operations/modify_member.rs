//! Changing what a group knows of one member.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::fields::{CustomField, changed_fields};
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::{Member, ReceiveOption, Role};
use crate::message::{Conversation, Tip, TipField, TipKind};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;
use crate::time::Timestamp;

/// Changes one member. Fields that are not given stay; with none given, nothing changes. [choice]
#[derive(Clone, Debug)]
pub struct ModifyMember {
    pub group: GroupId,
    pub operator: UserId,
    pub account: UserId,
    /// Its role: `Admin` or `Member`.
    pub role: Option<Role>,
    pub receive_option: Option<ReceiveOption>,
    /// Its name within the group.
    pub name_card: Option<Text>,
    /// Custom fields; an empty value takes one away.
    pub fields: Vec<CustomField>,
    /// End of its mute; 0 lifts it.
    pub muted_until: Option<Timestamp>,
}

impl GroupOperation for ModifyMember {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        let of_account = |right| Action::Over(right, Conversation::Group, vec![self.account.clone()]);
        let mut actions = Vec::new();
        if self.role.is_some() {
            actions.push(of_account(Right::SetRole));
        }
        if self.muted_until.is_some() {
            actions.push(of_account(Right::Mute));
        }
        if self.receive_option.is_some() {
            actions.push(Action::As(self.account.clone(), Right::EditSelf, Conversation::Group));
        }
        if self.name_card.is_some() || !self.fields.is_empty() || actions.is_empty() {
            actions.push(Action::EditMember(self.account.clone()));
        }
        actions
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { members: vec![self.account.clone()], ..Needs::default() }
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.operator, &self.account]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let GroupSnapshot { mut group, mut members, .. } = snapshot;
        self.check(&group)?;
        let before =
            members.remove(&self.account).ok_or_else(|| Refusal::NotAMember(self.account.clone()))?;
        let after = self.apply(before.clone())?;
        let mut changes = Changes::default();
        if after == before {
            return Ok(Decision::new(changes, ()));
        }
        if group.kind.can().tips.member_profile {
            let tips = tips(context, &before, &after);
            if !tips.is_empty() {
                tips.into_iter().for_each(|tip| changes.add_tip(context, &mut group, &self.operator, tip));
                changes.group = Some(group);
            }
        }
        let event = Event::MemberChanged {
            account: self.account.clone(),
            role: (after.role != before.role).then_some(after.role),
            name_card: (after.name_card != before.name_card).then(|| after.name_card.clone()),
            receive_option: (after.receive_option != before.receive_option).then_some(after.receive_option),
        };
        let muted = (after.muted_until != before.muted_until)
            .then(|| Event::Muted { accounts: vec![self.account.clone()], until: after.muted_until });
        changes.updated_members.push(after);
        Ok(Decision::new(changes, ()).with_event(event).with_event(muted))
    }
}

impl ModifyMember {
    /// What the type of the group does not have.
    fn check(&self, group: &Group) -> Result<(), Refusal> {
        let can = group.kind.can();
        if !can.members {
            return Err(Refusal::TypeForbids("keep no members"));
        }
        if self.role.is_some() && !can.admins {
            return Err(Refusal::TypeForbids("have no administrators"));
        }
        if self.muted_until.is_some() && !can.mute {
            return Err(Refusal::TypeForbids("cannot mute members"));
        }
        Ok(())
    }

    fn apply(&self, member: Member) -> Result<Member, Refusal> {
        // `Role` has no documented value for the owner; another operation changes the owner. [choice]
        if member.role == Role::Owner && self.role.is_some() {
            return Err(Refusal::Unfitting("Role of the owner cannot be changed".to_owned()));
        }
        let name_card = self.name_card.as_ref().map(|text| text.as_str().to_owned());
        Ok(Member {
            role: self.role.unwrap_or(member.role),
            receive_option: self.receive_option.unwrap_or(member.receive_option),
            name_card: name_card.unwrap_or(member.name_card),
            fields: changed_fields(&member.fields, self.fields.clone()),
            muted_until: self.muted_until.unwrap_or(member.muted_until),
            ..member
        })
    }
}

/// The tips about a change: the role and the mute. [doc]
fn tips(context: &Context, before: &Member, after: &Member) -> Vec<Tip> {
    let mut tips = Vec::new();
    if after.role != before.role {
        let kind = if after.role == Role::Admin { TipKind::AdminSet } else { TipKind::AdminCancelled };
        tips.push(Tip { kind, accounts: vec![after.account.clone()], changes: Vec::new() });
    }
    if after.muted_until != before.muted_until {
        tips.push(mute_tip(context, vec![after.account.clone()], after.muted_until));
    }
    tips
}

/// The tip about a mute until `muted_until`.
pub(super) fn mute_tip(context: &Context, accounts: Vec<UserId>, muted_until: Timestamp) -> Tip {
    let seconds = match muted_until {
        Timestamp::FOR_EVER => Timestamp::FOR_EVER.0,
        Timestamp(end) => end.saturating_sub(context.now.0),
    };
    let changes = vec![(TipField::MuteSeconds, seconds.to_string())];
    Tip { kind: TipKind::MemberChanged, accounts, changes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FieldKey;
    use crate::group::GroupType;
    use crate::message::Content;
    use crate::sample::{NOW, decide, group_id, snapshot, text, user};

    fn nothing(kind: GroupType, name: &str) -> ModifyMember {
        ModifyMember {
            group: group_id(kind),
            operator: user("admin"),
            account: user(name),
            role: None,
            receive_option: None,
            name_card: None,
            fields: Vec::new(),
            muted_until: None,
        }
    }

    fn outcome(operation: &ModifyMember, kind: GroupType) -> Result<Changes, Refusal> {
        let snapshot = snapshot(kind, &[("a", Role::Admin), ("b", Role::Member)]);
        decide(operation, &snapshot).map(|decision| decision.changes)
    }

    fn kinds_of_tips(changes: &Changes) -> Vec<TipKind> {
        let tips = changes.new_messages.iter().filter_map(|(_, message)| match &message.content {
            Content::Tip(tip) => Some(tip.kind),
            Content::Sent(_) | Content::Gone(_) => None,
        });
        tips.collect()
    }

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let field = |value| CustomField { key: FieldKey::parse("Team").unwrap(), value: text(value) };
        let operation = ModifyMember {
            receive_option: Some(ReceiveOption::Discard),
            name_card: Some(text("Captain")),
            fields: vec![field("ops")],
            ..nothing(GroupType::Public, "b")
        };
        let changes = outcome(&operation, GroupType::Public).unwrap();
        let [member] = &changes.updated_members[..] else { panic!("{changes:?}") };
        assert_eq!((member.receive_option, &*member.name_card), (ReceiveOption::Discard, "Captain"));
        assert_eq!(
            (member.role, member.joined, &member.fields[..]),
            (Role::Member, NOW, &[field("ops")][..])
        );
        assert!(changes.new_messages.is_empty() && changes.group.is_none());
        let unchanged = outcome(&nothing(GroupType::Public, "b"), GroupType::Public).unwrap();
        assert!(unchanged.updated_members.is_empty());
    }

    #[test]
    fn role_and_mute_leave_a_tip_where_the_type_keeps_tips() {
        use TipKind::{AdminCancelled, AdminSet, MemberChanged};
        let end = Timestamp(NOW.0 + 60);
        let check = |name: &str, role: Option<Role>, muted_until: Option<Timestamp>, tips: &[TipKind]| {
            for kind in [GroupType::Public, GroupType::Community] {
                let operation = ModifyMember { role, muted_until, ..nothing(kind, name) };
                let changes = outcome(&operation, kind).unwrap();
                assert_eq!(kinds_of_tips(&changes), tips, "{kind:?} {name} {role:?} {muted_until:?}");
            }
            let quiet = ModifyMember { role, muted_until, ..nothing(GroupType::ChatRoom, name) };
            assert!(outcome(&quiet, GroupType::ChatRoom).unwrap().new_messages.is_empty());
        };
        check("b", Some(Role::Admin), None, &[AdminSet]);
        check("a", Some(Role::Member), None, &[AdminCancelled]);
        check("a", Some(Role::Admin), None, &[]);
        check("b", None, Some(end), &[MemberChanged]);
        check("b", None, Some(Timestamp(0)), &[]);
        check("b", Some(Role::Admin), Some(end), &[AdminSet, MemberChanged]);
    }

    #[test]
    fn each_type_refuses_what_it_does_not_have() {
        let role = |kind, name| ModifyMember { role: Some(Role::Member), ..nothing(kind, name) };
        let mute = |kind| ModifyMember { muted_until: Some(NOW), ..nothing(kind, "b") };
        let refusal = |operation: ModifyMember, kind| outcome(&operation, kind).map(|_| ());
        let private = GroupType::Private;
        assert!(matches!(refusal(role(private, "b"), private), Err(Refusal::TypeForbids(_))));
        assert!(matches!(refusal(mute(private), private), Err(Refusal::TypeForbids(_))));
        let live = GroupType::AvChatRoom;
        assert!(matches!(refusal(nothing(live, "b"), live), Err(Refusal::TypeForbids(_))));
        let public = GroupType::Public;
        assert!(matches!(refusal(role(public, "known1"), public), Err(Refusal::Unfitting(_))));
        assert_eq!(refusal(nothing(public, "c"), public), Err(Refusal::NotAMember(user("c"))));
    }
}
