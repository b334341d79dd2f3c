//! Groups and members for tests of rules.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::group::{Group, GroupType, Profile};
use crate::ids::{AppId, GroupId, PermissionGroupId, TopicId, UserId};
use crate::member::{Member, Role};
use crate::message::{Body, Content, Message, MessageLog, MessageState, Priority};
use crate::new_group::{CreatedGroup, IdChoice, NewGroup, NewGroupRefusal, NewMember, new_group, new_member};
use crate::operation::{Decision, GroupImport, GroupOperation, Imported};
use crate::part::{Part, PartKey};
use crate::permission::PermissionGroup;
use crate::refusal::Refusal;
use crate::snapshot::GroupSnapshot;
use crate::text::Text;
use crate::time::Timestamp;
use crate::topic::Topic;

/// The time of all calls.
pub(crate) const NOW: Timestamp = Timestamp(2_000);
/// When all groups were made.
pub(crate) const CREATED: Timestamp = Timestamp(1_000);

pub(crate) fn context() -> Context {
    Context { app: AppId(1), now: NOW, unknown: UnknownAccounts::Refuse }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

pub(crate) fn member(name: &str) -> NewMember {
    NewMember::new(user(name))
}

/// A group with three places.
pub(crate) fn group(kind: GroupType, owner: Option<&str>, members: Vec<NewMember>) -> NewGroup {
    let plain = NewGroup::new(IdChoice::Generated(7), kind, text("n"), CREATED);
    let profile = Profile { max_members: 3, ..plain.profile };
    NewGroup { profile, owner: owner.map(user), members, ..plain }
}

/// The group that becomes of it; accounts whose names start with "known" exist.
pub(crate) fn create(new: NewGroup, unknown: UnknownAccounts) -> Result<CreatedGroup, NewGroupRefusal> {
    let id = new.id.candidate(new.kind, 0).unwrap();
    let known = |account: &UserId| Ok::<_, std::convert::Infallible>(account.as_str().starts_with("known"));
    let Ok(result) = new_group(new, id, 1, unknown, NOW, known);
    result
}

/// A group of this type that `known1` owns, and in which `members` are, with what an operation would be shown of it.
pub(crate) fn snapshot(kind: GroupType, members: &[(&str, Role)]) -> GroupSnapshot {
    let made = create(group(kind, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap();
    let mut snapshot = GroupSnapshot::of(Group { member_count: 1, ..made.group });
    snapshot.group.member_count = u32::try_from(made.members.len() + members.len()).unwrap();
    for member in made.members {
        snapshot.members.insert(member.account.clone(), member);
    }
    for (name, role) in members {
        let member: Member = new_member(kind, user(name), *role, NOW);
        snapshot.members.insert(member.account.clone(), member);
    }
    snapshot.accounts = snapshot.members.keys().cloned().collect();
    snapshot
}

/// What `operation` decides on `snapshot`.
pub(crate) fn decide<O: GroupOperation>(
    operation: &O,
    snapshot: &GroupSnapshot,
) -> Result<Decision<O::Answer>, Refusal> {
    operation.decide(&context(), snapshot.clone())
}

/// What an import decides on `snapshot`.
pub(crate) fn decide_import<I: GroupImport>(
    operation: &I,
    snapshot: &GroupSnapshot,
) -> Result<Imported<I::Answer>, Refusal> {
    operation.decide(&context(), snapshot.clone())
}

/// The id of all groups.
pub(crate) fn group_id(kind: GroupType) -> GroupId {
    IdChoice::Generated(7).candidate(kind, 0).unwrap()
}

/// A community with these topics.
pub(crate) fn community(topics: &[&str]) -> GroupSnapshot {
    let mut snapshot = snapshot(GroupType::Community, &[]);
    snapshot.group.support_topic = true;
    for name in topics {
        snapshot.parts.insert(PartKey::Topic(topic_id(name)), Part::Topic(topic(name)));
    }
    snapshot
}

/// The id of a topic of the community.
pub(crate) fn topic_id(name: &str) -> TopicId {
    let group = group_id(GroupType::Community);
    TopicId::parse(&format!("{group}@TOPIC#_{name}"), &group).unwrap()
}

pub(crate) fn topic(name: &str) -> Topic {
    Topic {
        id: topic_id(name),
        name: text("n"),
        introduction: Text::default(),
        notification: Text::default(),
        face_url: Text::default(),
        custom: Text::default(),
        created: CREATED,
        mute_all: false,
        log: MessageLog::default(),
    }
}

/// A community with a permission group and these topics.
pub(crate) fn permitted(group: &str, topics: &[&str]) -> GroupSnapshot {
    let mut snapshot = community(topics);
    let part = Part::PermissionGroup(permission_group(group));
    snapshot.parts.insert(PartKey::PermissionGroup(permission_group_id(group)), part);
    snapshot
}

pub(crate) fn permission_group_id(name: &str) -> PermissionGroupId {
    PermissionGroupId::parse_custom(&format!("@PMG#_{name}")).unwrap()
}

pub(crate) fn permission_group(name: &str) -> PermissionGroup {
    PermissionGroup {
        id: permission_group_id(name),
        name: text("n"),
        permissions: 7,
        custom: Text::default(),
        member_count: 0,
        created: CREATED,
    }
}

/// A message that asks for receipts and takes extensions.
pub(crate) fn sent(seq: u32, sender: &str) -> Message {
    let body = Body { elements: "[]".into(), receipt: true, extensible: true, ..Body::default() };
    Message {
        seq,
        sent: NOW,
        sender: user(sender),
        random: 0,
        priority: Priority::Normal,
        state: MessageState::Kept,
        content: Content::Sent(body),
    }
}
