//! The profile and the settings of a group change.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::{Event, ProfileChange};
use crate::fields::{CustomField, changed_fields};
use crate::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use crate::ids::{GroupId, UserId};
use crate::message::{Tip, TipField, TipKind};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;

/// Changes the given fields; the others stay. A field that the type does not have is ignored. [choice]
#[derive(Clone, Debug)]
pub struct ModifyGroup {
    pub group: GroupId,
    /// The type for which the values were checked: a group that took the id since then is not the one that was meant.
    pub kind: GroupType,
    /// The account that the tip names.
    pub operator: UserId,
    pub name: Option<Text>,
    pub introduction: Option<Text>,
    pub notification: Option<Text>,
    pub face_url: Option<Text>,
    /// Largest number of members. When there are more, all stay.
    pub max_members: Option<u32>,
    pub join_option: Option<JoinOption>,
    pub invite_option: Option<InviteOption>,
    /// Whether only owner and administrators may speak.
    pub mute_all: Option<bool>,
    /// Whether newcomers see what was said before they came.
    pub history_before_join: Option<bool>,
    /// Whether permission groups decide what members may do.
    pub permissions_enabled: Option<bool>,
    /// What members in no permission group may do, in bits.
    pub default_permissions: Option<u64>,
    /// Custom fields to set, or to take away where the value is empty.
    pub fields: Vec<CustomField>,
}

impl GroupOperation for ModifyGroup {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        let Self { max_members, join_option, invite_option, mute_all, history_before_join, fields, .. } =
            self;
        let Self { permissions_enabled, default_permissions, .. } = self;
        let texts = [&self.name, &self.introduction, &self.notification, &self.face_url];
        let mut actions = Vec::new();
        if join_option.is_some() || invite_option.is_some() || mute_all.is_some() || !fields.is_empty() {
            actions.push(Action::Use(Right::EditOptions));
        }
        if permissions_enabled.is_some() || default_permissions.is_some() {
            actions.push(Action::Use(Right::EditPermissions));
        }
        if max_members.is_some() || history_before_join.is_some() {
            actions.push(Action::AppOnly);
        }
        if actions.is_empty() || texts.into_iter().any(Option::is_some) {
            actions.push(Action::Use(Right::EditTexts));
        }
        actions
    }

    fn needs(&self, _context: &Context, _group: &Group) -> Needs {
        Needs::default()
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.operator]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let before = snapshot.group;
        if before.kind != self.kind {
            return Err(Refusal::NoSuchGroup);
        }
        let mut group = before.clone();
        let news = self.set_texts(&mut group);
        self.set_options(&mut group);
        if group == before {
            return Ok(Decision::unchanged(())); // So that a repeated call changes nothing. [choice]
        }
        group.info_changes(context.now);
        let change = ProfileChange::between(texts(&before), texts(&group));
        let mut changes = Changes::default();
        if !news.is_empty() && group.kind.can().tips.profile {
            let tip = Tip { kind: TipKind::ProfileChanged, accounts: Vec::new(), changes: news };
            changes.add_tip(context, &mut group, &self.operator, tip);
        }
        changes.group = Some(group);
        Ok(Decision::new(changes, ()).with_event(change.map(Event::ProfileChanged)))
    }
}

impl ModifyGroup {
    /// Sets the texts; those of them that are new now.
    fn set_texts(&self, group: &mut Group) -> Vec<(TipField, String)> {
        let profile = &mut group.profile;
        let mut news = Vec::new();
        for (field, place, given) in [
            (TipField::Name, &mut profile.name, &self.name),
            (TipField::Introduction, &mut profile.introduction, &self.introduction),
            (TipField::Notification, &mut profile.notification, &self.notification),
            (TipField::FaceUrl, &mut profile.face_url, &self.face_url),
        ] {
            if let Some(text) = given.as_ref().filter(|text| *text != place) {
                news.push((field, text.as_str().to_owned()));
                *place = text.clone();
            }
        }
        news
    }

    fn set_options(&self, group: &mut Group) {
        let can = group.kind.can();
        let topics = group.support_topic;
        set(&mut group.profile.max_members, self.max_members, can.members);
        set(&mut group.profile.join_option, self.join_option, group.kind != GroupType::Community);
        set(&mut group.invite_option, self.invite_option, can.members);
        set(&mut group.mute_all, self.mute_all, true);
        set(&mut group.history_before_join, self.history_before_join, can.history_before_join.is_some());
        set(&mut group.permissions_enabled, self.permissions_enabled, topics);
        set(&mut group.default_permissions, self.default_permissions, topics);
        group.profile.fields = changed_fields(&group.profile.fields, self.fields.clone());
    }
}

fn texts(group: &Group) -> [&Text; 4] {
    let Profile { name, introduction, notification, face_url, .. } = &group.profile;
    [name, introduction, notification, face_url]
}

/// Sets what is given where the group has such a thing.
fn set<T>(place: &mut T, given: Option<T>, has_it: bool) {
    if let Some(value) = given.filter(|_| has_it) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FieldKey;
    use crate::message::Content;
    use crate::sample::{CREATED, NOW, decide, group_id, snapshot, text, user};

    /// A call that gives nothing.
    fn modify(kind: GroupType) -> ModifyGroup {
        ModifyGroup {
            group: group_id(kind),
            kind,
            operator: user("admin"),
            name: None,
            introduction: None,
            notification: None,
            face_url: None,
            max_members: None,
            join_option: None,
            invite_option: None,
            mute_all: None,
            history_before_join: None,
            permissions_enabled: None,
            default_permissions: None,
            fields: Vec::new(),
        }
    }

    fn field(key: &str, value: &str) -> CustomField {
        CustomField { key: FieldKey::parse(key).unwrap(), value: text(value) }
    }

    /// A call that gives every option a value that no new group has.
    fn every_option(kind: GroupType) -> ModifyGroup {
        let can = kind.can();
        ModifyGroup {
            max_members: Some(17),
            join_option: Some(if kind == GroupType::Private {
                JoinOption::NeedPermission
            } else {
                JoinOption::DisableApply
            }),
            invite_option: Some(InviteOption::NeedPermission),
            mute_all: Some(true),
            history_before_join: Some(!can.history_before_join.unwrap_or_default()),
            permissions_enabled: Some(true),
            default_permissions: Some(3),
            fields: vec![field("A", "1")],
            ..modify(kind)
        }
    }

    #[test]
    fn texts_and_settings_are_rights_of_their_own() {
        let rights = |operation: ModifyGroup| format!("{:?}", operation.actions());
        let plain = modify(GroupType::ChatRoom);
        assert_eq!(rights(plain.clone()), "[Use(EditTexts)]");
        let muting = ModifyGroup { mute_all: Some(true), ..plain };
        assert_eq!(rights(muting.clone()), "[Use(EditOptions)]");
        assert_eq!(
            rights(ModifyGroup { name: Some(text("n")), ..muting }),
            "[Use(EditOptions), Use(EditTexts)]"
        );
    }

    #[test]
    fn changed_texts_leave_a_tip_where_the_type_keeps_tips() {
        for kind in GroupType::ALL {
            let operation = ModifyGroup {
                name: Some(text("n")),
                notification: Some(text("room 5")),
                face_url: Some(text("u")),
                mute_all: Some(true),
                ..modify(kind)
            };
            let changes = decide(&operation, &snapshot(kind, &[])).unwrap().changes;
            let group = changes.group.unwrap();
            assert_eq!((group.info_seq, group.info_changed), (1, NOW));
            assert_eq!((group.profile.notification, group.profile.face_url), (text("room 5"), text("u")));
            let tips: Vec<_> = changes
                .new_messages
                .iter()
                .map(|(_, message)| match &message.content {
                    Content::Tip(tip) => tip.changes.clone(),
                    Content::Sent(_) | Content::Gone(_) => panic!("{kind:?} has another message"),
                })
                .collect();
            let news =
                vec![(TipField::Notification, "room 5".to_owned()), (TipField::FaceUrl, "u".to_owned())];
            let kept = kind.can().tips.profile;
            assert_eq!(tips, if kept { vec![news] } else { Vec::new() }, "{kind:?}");
            assert_eq!(group.log.next_seq, if kept { 2 } else { 1 });
        }
    }

    #[test]
    fn options_change_where_the_type_has_them_and_leave_no_tip() {
        for kind in GroupType::ALL {
            let can = kind.can();
            for topics in [false, true] {
                let mut snapshot = snapshot(kind, &[]);
                snapshot.group.support_topic = topics;
                let before = snapshot.group.clone();
                let changes = decide(&every_option(kind), &snapshot).unwrap().changes;
                let after = changes.group.unwrap();
                let changed = [
                    after.profile.max_members != before.profile.max_members,
                    after.profile.join_option != before.profile.join_option,
                    after.invite_option != before.invite_option,
                    after.mute_all,
                    after.history_before_join != before.history_before_join,
                    after.permissions_enabled,
                    after.default_permissions == 3,
                    after.profile.fields == [field("A", "1")],
                ];
                let expected = [
                    can.members,
                    kind != GroupType::Community,
                    can.members,
                    true,
                    can.history_before_join.is_some(),
                    topics,
                    topics,
                    true,
                ];
                assert_eq!(changed, expected, "{kind:?} with topics {topics}");
                assert!(changes.new_messages.is_empty());
            }
        }
    }

    #[test]
    fn what_is_so_already_changes_nothing() {
        let kind = GroupType::Public;
        for operation in [
            modify(kind),
            ModifyGroup { name: Some(text("n")), introduction: Some(text("")), ..modify(kind) },
            ModifyGroup { mute_all: Some(false), fields: vec![field("A", "")], ..modify(kind) },
        ] {
            let changes = decide(&operation, &snapshot(kind, &[])).unwrap().changes;
            assert!(changes.group.is_none() && changes.new_messages.is_empty(), "{operation:?}");
        }
        let mut snapshot = snapshot(kind, &[]);
        let once = decide(&every_option(kind), &snapshot).unwrap().changes.group.unwrap();
        assert_ne!(once.info_changed, CREATED);
        snapshot.group = once;
        assert!(decide(&every_option(kind), &snapshot).unwrap().changes.group.is_none());
    }

    #[test]
    fn an_empty_value_takes_a_custom_field_away() {
        let mut snapshot = snapshot(GroupType::Public, &[]);
        snapshot.group.profile.fields = vec![field("A", "1"), field("B", "2")];
        let operation =
            ModifyGroup { fields: vec![field("A", ""), field("C", "3")], ..modify(GroupType::Public) };
        let after = decide(&operation, &snapshot).unwrap().changes.group.unwrap();
        assert_eq!(after.profile.fields, [field("B", "2"), field("C", "3")]);
    }

    #[test]
    fn a_group_of_another_type_is_another_group() {
        let operation = ModifyGroup { name: Some(text("x")), ..modify(GroupType::Public) };
        let refusal = decide(&operation, &snapshot(GroupType::ChatRoom, &[])).unwrap_err();
        assert_eq!(refusal, Refusal::NoSuchGroup);
    }
}
