use super::*;
use crate::group::GroupType;
use crate::member::Role;
use crate::message::MessageLog;
use crate::permission::PermissionGroup;
use crate::sample::{CREATED, NOW, decide, group_id, snapshot, text, user};
use crate::topic::Topic;

fn delete(kind: GroupType, accounts: &[&str]) -> DeleteMembers {
    DeleteMembers {
        group: group_id(kind),
        operator: user("admin"),
        accounts: accounts.iter().map(|name| user(name)).collect(),
        silent: false,
        quit: false,
        even_owner: false,
        permission_groups: BTreeSet::new(),
    }
}

fn three(kind: GroupType) -> GroupSnapshot {
    snapshot(kind, &[("a", Role::Admin), ("b", Role::Member)])
}

#[test]
fn members_leave_once_and_others_are_passed_over() {
    let decision =
        decide(&delete(GroupType::Public, &["b", "stranger", "b", "a"]), &three(GroupType::Public)).unwrap();
    assert_eq!(decision.answer, Removal::Done);
    assert_eq!(decision.changes.removed_members, [user("b"), user("a")]);
    assert_eq!(decision.changes.group.unwrap().member_count, 1);
    let nobody = decide(&delete(GroupType::Public, &["stranger"]), &three(GroupType::Public)).unwrap();
    assert!(nobody.changes.group.is_none() && nobody.changes.new_messages.is_empty());
}

#[test]
fn the_owner_leaves_only_where_groups_can_be_without() {
    for kind in [GroupType::Public, GroupType::ChatRoom, GroupType::Community] {
        let refused = decide(&delete(kind, &["a", "known1"]), &three(kind)).map(|_| ());
        assert_eq!(refused, Err(Refusal::OwnerStays(user("known1"))), "{kind:?}");
        let even_owner = DeleteMembers { even_owner: true, ..delete(kind, &["a", "known1"]) };
        let group = decide(&even_owner, &three(kind)).unwrap().changes.group.unwrap();
        assert_eq!((group.owner, group.member_count), (None, 1), "{kind:?}");
    }
    let changes =
        decide(&delete(GroupType::Private, &["known1"]), &three(GroupType::Private)).unwrap().changes;
    assert_eq!(changes.removed_members, [user("known1")]);
    assert_eq!(changes.group.unwrap().owner, None);
    let live = decide(&delete(GroupType::AvChatRoom, &["a"]), &snapshot(GroupType::AvChatRoom, &[]));
    assert!(matches!(live, Err(Refusal::Unfitting(_))));
}

#[test]
fn the_tip_names_the_members_that_really_left() {
    let cases = [
        (GroupType::Private, true, false, true),
        (GroupType::Private, false, false, false),
        (GroupType::Public, true, false, true),
        (GroupType::Public, true, true, false),
        (GroupType::ChatRoom, true, false, false),
        (GroupType::Community, true, false, true),
    ];
    for (kind, active, silent, makes_tip) in cases {
        let mut snapshot = three(kind);
        snapshot.group.active = active;
        let operation = DeleteMembers { silent, ..delete(kind, &["stranger", "a"]) };
        let changes = decide(&operation, &snapshot).unwrap().changes;
        let tips: Vec<_> = changes.new_messages.iter().map(|(_, message)| message.content.clone()).collect();
        let tip = Tip { kind: TipKind::Kicked, accounts: vec![user("a")], changes: Vec::new() };
        let expected = makes_tip.then_some(crate::message::Content::Tip(tip));
        assert_eq!(tips, Vec::from_iter(expected), "{kind:?} {active} {silent}");
    }
}

/// A community with topics and a permission group that has `members` members, `a` among them.
fn community(topics: u64, members: u32) -> (GroupSnapshot, PermissionGroupId) {
    let mut snapshot = three(GroupType::Community);
    for number in 0..topics {
        let id = TopicId::generate(&snapshot.group.id, number);
        let topic = Topic {
            id: id.clone(),
            name: text("t"),
            introduction: text(""),
            notification: text(""),
            face_url: text(""),
            custom: text(""),
            created: CREATED,
            mute_all: false,
            log: MessageLog::default(),
        };
        snapshot.parts.insert(PartKey::Topic(id), Part::Topic(topic));
    }
    let id = PermissionGroupId::generate(1);
    let group = PermissionGroup {
        id: id.clone(),
        name: text("p"),
        permissions: 1,
        custom: text(""),
        member_count: members,
        created: CREATED,
    };
    snapshot.parts.insert(PartKey::PermissionGroup(id.clone()), Part::PermissionGroup(group));
    let membership = PartKey::PermissionGroupMember(id.clone(), user("a"));
    snapshot.parts.insert(membership, Part::PermissionGroupMember(NOW));
    (snapshot, id)
}

#[test]
fn topics_and_permission_groups_forget_those_who_left() {
    let (snapshot, id) = community(2, 5);
    let first = delete(GroupType::Community, &["a", "b"]);
    let asked = decide(&first, &snapshot).unwrap();
    let Removal::Rest { accounts, permission_groups } = asked.answer else { panic!("nothing to learn") };
    assert_eq!((&accounts, &permission_groups), (&first.accounts, &BTreeSet::from([id.clone()])));
    assert!(asked.changes.group.is_none() && asked.changes.removed_members.is_empty());

    let second = DeleteMembers { permission_groups, ..first };
    let needs = second.needs(&crate::sample::context(), &snapshot.group);
    assert_eq!(needs.parts.len(), 2);
    let decision = decide(&second, &snapshot).unwrap();
    assert_eq!(decision.answer, Removal::Done);
    let gone = decision.changes.parts.iter().filter(|(_, part)| part.is_none());
    // Two accounts in two topics, and one in the permission group.
    assert_eq!(gone.count(), 5);
    let left_over = decision.changes.parts.iter().find_map(|(_, part)| match part {
        Some(Part::PermissionGroup(group)) => Some(group.member_count),
        _ => None,
    });
    assert_eq!(left_over, Some(4));
}

#[test]
fn an_empty_permission_group_is_nothing_to_learn_of() {
    let (snapshot, _) = community(0, 0);
    let decision = decide(&delete(GroupType::Community, &["b"]), &snapshot).unwrap();
    assert_eq!(decision.answer, Removal::Done);
}

#[test]
fn many_topics_make_several_steps() {
    let (snapshot, id) = community(6_000, 1);
    let operation = DeleteMembers {
        permission_groups: BTreeSet::from([id.clone()]),
        ..delete(GroupType::Community, &["a", "b"])
    };
    let decision = decide(&operation, &snapshot).unwrap();
    assert_eq!(decision.changes.removed_members, [user("a")]);
    let permission_groups = BTreeSet::from([id]);
    assert_eq!(decision.answer, Removal::Rest { accounts: vec![user("b")], permission_groups });
}
