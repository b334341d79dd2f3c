//! What accounts try in a group when they act for themselves: each deed as the operation that does it.

use super::model::some_user;
use super::operation::Change;
use super::scripted::{permission_group, topic};
use landfall_domain::actor::Action;
use landfall_domain::attributes::AttributeChange;
use landfall_domain::context::Context;
use landfall_domain::event::Joining;
use landfall_domain::extension::{AskedExtension, ExtensionChange};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::member::{ReceiveOption, Role};
use landfall_domain::message::{Body, Conversation, Priority, Recall};
use landfall_domain::operation::{Decision, GroupOperation};
use landfall_domain::operations::add_members::AddMembers;
use landfall_domain::operations::add_permission_group::AddPermissionGroup;
use landfall_domain::operations::add_topic::{AddTopic, CreateTopic};
use landfall_domain::operations::ban_members::BanMembers;
use landfall_domain::operations::change_attributes::ChangeAttributes;
use landfall_domain::operations::change_counters::{CounterMode, DeleteCounters, UpdateCounters};
use landfall_domain::operations::change_live_admins::ChangeLiveAdmins;
use landfall_domain::operations::change_owner::ChangeOwner;
use landfall_domain::operations::clear_messages::ClearMessages;
use landfall_domain::operations::delete_by_sender::DeleteBySender;
use landfall_domain::operations::delete_members::DeleteMembers;
use landfall_domain::operations::destroy_permission_groups::DestroyPermissionGroups;
use landfall_domain::operations::destroy_topics::DestroyTopics;
use landfall_domain::operations::handle_application::HandleApplication;
use landfall_domain::operations::invite_members::InviteMembers;
use landfall_domain::operations::join_group::JoinGroup;
use landfall_domain::operations::mark_read::MarkRead;
use landfall_domain::operations::modify_group::ModifyGroup;
use landfall_domain::operations::modify_member::ModifyMember;
use landfall_domain::operations::modify_message::ModifyMessage;
use landfall_domain::operations::modify_permission_group::ModifyPermissionGroup;
use landfall_domain::operations::modify_topic::ModifyTopic;
use landfall_domain::operations::mute_members::MuteMembers;
use landfall_domain::operations::permission_group_members::{
    AddPermissionGroupMembers, DeletePermissionGroupMembers, PermissionGroupMembers,
};
use landfall_domain::operations::read_up_to::ReadUpTo;
use landfall_domain::operations::recall_messages::RecallMessages;
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::operations::set_extensions::SetExtensions;
use landfall_domain::operations::set_topic_permissions::{SetTopicPermissions, TopicPermissionChange};
use landfall_domain::operations::unban_members::UnbanMembers;
use landfall_domain::refusal::Refusal;
use landfall_domain::rights::Right;
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;

/// What an account tries. Topics are known by their numbers.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Send(Option<usize>),
    SendAs(UserId),
    EditTexts,
    EditOptions,
    EditBoth,
    EditPermissions,
    EditLimit,
    Join,
    JoinFor(UserId),
    Invite(UserId),
    Decide(UserId, bool),
    Kick(UserId),
    Ban(UserId),
    Unban(UserId),
    Mute(UserId, Option<usize>),
    Role(UserId, Role),
    Name(UserId),
    Receive(UserId),
    Transfer(UserId),
    Quit,
    QuitFor(UserId),
    Dissolve,
    Recall(Option<usize>, Vec<u32>),
    Modify(Option<usize>, u32),
    Attributes,
    Counters,
    DropCounters,
    AddTopic,
    ChangeTopic(usize),
    DropTopic(usize),
    Confirm(UserId, u32),
    Read(UserId),
    Extend(u32),
    /// One of those that only administrators of the app do.
    AppOnly(usize, UserId),
}

/// How many deeds there are that only administrators of the app do.
pub(super) const APP_ONLY: usize = 10;

/// Makes no change of its own: the server dissolves a group after it has asked for this.
#[derive(Clone, Debug)]
struct Dissolve(GroupId);

impl GroupOperation for Dissolve {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.0
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Dissolve)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs::default()
    }

    fn decide(&self, _: &Context, _: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        Ok(Decision::unchanged(()))
    }
}

/// Texts that differ from step to step, so that what is done shows.
fn text(now: Timestamp) -> Text {
    Text::stored(format!("at {}", now.0))
}

fn add(group: &GroupId, operator: &UserId, account: &UserId) -> AddMembers {
    AddMembers {
        group: group.clone(),
        operator: operator.clone(),
        accounts: vec![account.clone()],
        silent: false,
        how: Joining::Invited,
    }
}

fn delete(group: &GroupId, operator: &UserId, account: &UserId, quit: bool) -> Change {
    Change::new(DeleteMembers {
        group: group.clone(),
        operator: operator.clone(),
        accounts: vec![account.clone()],
        silent: false,
        quit,
        even_owner: false,
        permission_groups: [permission_group()].into(),
    })
}

fn modify_group(group: &GroupId, kind: GroupType, operator: &UserId) -> ModifyGroup {
    ModifyGroup {
        group: group.clone(),
        kind,
        operator: operator.clone(),
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

fn modify_member(group: &GroupId, operator: &UserId, account: &UserId) -> ModifyMember {
    ModifyMember {
        group: group.clone(),
        operator: operator.clone(),
        account: account.clone(),
        role: None,
        receive_option: None,
        name_card: None,
        fields: Vec::new(),
        muted_until: None,
    }
}

fn new_topic(group: &GroupId, now: Timestamp) -> CreateTopic {
    CreateTopic(AddTopic {
        group: group.clone(),
        id: Some(topic(group, 1)),
        random_bits: 1,
        name: text(now),
        introduction: Text::default(),
        notification: Text::default(),
        face_url: Text::default(),
        custom: Text::default(),
        created: now,
        max: 100,
    })
}

fn send(group: &GroupId, number: Option<usize>, sender: &UserId, now: Timestamp) -> SendMessage {
    SendMessage {
        group: group.clone(),
        conversation: place(group, number),
        sender: sender.clone(),
        by_administrator: false,
        random: u32::try_from(now.0).unwrap(),
        priority: Priority::Normal,
        body: Body { elements: "[1]".into(), receipt: true, extensible: true, ..Body::default() },
        online_only: false,
        not_last: false,
    }
}

pub(super) fn place(group: &GroupId, number: Option<usize>) -> Conversation {
    Conversation::of(number.map(|number| topic(group, number)))
}

impl Deed {
    /// As `account` does it in `group`.
    pub(super) fn change(
        &self,
        group: &GroupId,
        kind: GroupType,
        account: &UserId,
        now: Timestamp,
    ) -> Change {
        let profile = || modify_group(group, kind, account);
        let member = |target: &UserId| modify_member(group, account, target);
        let mute_all = Some(now.0.is_multiple_of(4));
        match self {
            Self::Send(number) => Change::new(send(group, *number, account, now)),
            Self::SendAs(other) => Change::new(send(group, None, other, now)),
            Self::EditTexts => Change::new(ModifyGroup { name: Some(text(now)), ..profile() }),
            Self::EditOptions => Change::new(ModifyGroup { mute_all, ..profile() }),
            Self::EditBoth => {
                Change::new(ModifyGroup { notification: Some(text(now)), mute_all, ..profile() })
            }
            Self::EditPermissions => {
                Change::new(ModifyGroup { default_permissions: Some(now.0), ..profile() })
            }
            Self::EditLimit => Change::new(ModifyGroup { max_members: Some(9), ..profile() }),
            Self::Join => join(group, account),
            Self::JoinFor(other) => join(group, other),
            Self::Invite(target) => Change::new(InviteMembers(add(group, account, target))),
            Self::Decide(target, agree) => decide(group, account, target, *agree),
            Self::Kick(target) => delete(group, account, target, false),
            Self::Quit => delete(group, account, account, true),
            Self::QuitFor(other) => delete(group, account, other, true),
            Self::Dissolve => Change::new(Dissolve(group.clone())),
            Self::Ban(target) => ban(group, account, target, now),
            Self::Unban(target) => {
                Change::new(UnbanMembers { group: group.clone(), accounts: vec![target.clone()] })
            }
            Self::Mute(target, number) => mute(group, account, target, *number, now),
            Self::Role(target, role) => Change::new(ModifyMember { role: Some(*role), ..member(target) }),
            Self::Name(target) => Change::new(ModifyMember { name_card: Some(text(now)), ..member(target) }),
            Self::Receive(target) => {
                let receive_option = Some(ReceiveOption::Discard);
                Change::new(ModifyMember { receive_option, ..member(target) })
            }
            Self::Transfer(owner) => Change::new(ChangeOwner {
                group: group.clone(),
                owner: owner.clone(),
                operator: account.clone(),
            }),
            Self::Recall(number, numbers) => recall(group, account, *number, numbers),
            Self::Modify(number, seq) => modify(group, *number, *seq, now),
            Self::Attributes => attributes(group, now),
            Self::Counters => counters(group),
            Self::DropCounters => Change::new(DeleteCounters { group: group.clone(), keys: None }),
            Self::AddTopic => Change::new(new_topic(group, now)),
            Self::ChangeTopic(number) => change_topic(group, *number, now),
            Self::DropTopic(number) => {
                Change::new(DestroyTopics { group: group.clone(), topics: vec![topic(group, *number)] })
            }
            Self::Confirm(reader, seq) => confirm(group, reader, *seq),
            Self::Read(reader) => read(group, reader),
            Self::Extend(seq) => extend(group, *seq, now),
            Self::AppOnly(number, target) => app_only(number % APP_ONLY, group, account, target),
        }
    }
}

fn decide(group: &GroupId, operator: &UserId, account: &UserId, agree: bool) -> Change {
    let (group, text) = (group.clone(), "well".to_owned());
    Change::new(HandleApplication {
        group,
        operator: operator.clone(),
        account: account.clone(),
        agree,
        text,
    })
}

fn ban(group: &GroupId, operator: &UserId, target: &UserId, now: Timestamp) -> Change {
    let until = Timestamp(now.0 + 100);
    let (group, accounts) = (group.clone(), vec![target.clone()]);
    Change::new(BanMembers { group, operator: operator.clone(), accounts, until })
}

fn mute(
    group: &GroupId,
    operator: &UserId,
    target: &UserId,
    number: Option<usize>,
    now: Timestamp,
) -> Change {
    let (until, topic) = (Timestamp(now.0 + 100), number.map(|number| topic(group, number)));
    let (group, accounts) = (group.clone(), vec![target.clone()]);
    Change::new(MuteMembers { group, operator: operator.clone(), accounts, until, topic })
}

fn recall(group: &GroupId, operator: &UserId, number: Option<usize>, numbers: &[u32]) -> Change {
    let (group, conversation) = (group.clone(), place(group, number));
    let recall = Recall { operator: operator.clone(), reason: Box::default() };
    Change::new(RecallMessages { group, conversation, numbers: numbers.to_vec(), recall })
}

fn modify(group: &GroupId, number: Option<usize>, seq: u32, now: Timestamp) -> Change {
    let (group, conversation) = (group.clone(), place(group, number));
    let elements = Some(format!("[{}]", now.0).into());
    Change::new(ModifyMessage { group, conversation, seq, elements, custom: None, bytes_max: 1_000 })
}

fn confirm(group: &GroupId, reader: &UserId, seq: u32) -> Change {
    Change::new(MarkRead {
        group: group.clone(),
        reader: reader.clone(),
        numbers: vec![seq],
        members_max: 100,
        counted: vec![reader.clone()],
    })
}

fn read(group: &GroupId, reader: &UserId) -> Change {
    let (group, reader) = (group.clone(), reader.clone());
    Change::new(ReadUpTo { group, conversation: Conversation::Group, reader, seq: u32::MAX })
}

fn extend(group: &GroupId, seq: u32, now: Timestamp) -> Change {
    let asked = AskedExtension { key: "k".to_owned(), value: now.0.to_string(), seq: None };
    let change = ExtensionChange::Set(vec![asked]);
    Change::new(SetExtensions { group: group.clone(), seq, change, count_max: 20 })
}

fn attributes(group: &GroupId, now: Timestamp) -> Change {
    let change = AttributeChange::Add([("a".to_owned(), now.0.to_string())].into());
    Change::new(ChangeAttributes { group: group.clone(), change, limits: Limits::FAITHFUL.values })
}

fn counters(group: &GroupId) -> Change {
    let (mode, by) = (CounterMode::Increase, vec![("c".to_owned(), 1)]);
    Change::new(UpdateCounters { group: group.clone(), mode, by, limits: Limits::FAITHFUL.values })
}

fn change_topic(group: &GroupId, number: usize, now: Timestamp) -> Change {
    Change::new(ModifyTopic {
        group: group.clone(),
        topic: topic(group, number),
        name: Some(text(now)),
        introduction: None,
        notification: None,
        face_url: None,
        custom: None,
        mute_all: None,
    })
}

fn join(group: &GroupId, account: &UserId) -> Change {
    let (group, account) = (group.clone(), account.clone());
    Change::new(JoinGroup { group, account, text: "please".to_owned() })
}

/// What the REST API has for administrators of the app, and members for nobody.
fn app_only(number: usize, group: &GroupId, account: &UserId, target: &UserId) -> Change {
    let (group_id, id) = (group.clone(), permission_group());
    let named = PermissionGroupMembers {
        group: group.clone(),
        permission_group: id.clone(),
        accounts: vec![target.clone()],
    };
    match number {
        0 => Change::new(add(group, account, target)),
        1 => Change::new(ClearMessages { group: group_id, up_to: None }),
        2 => Change::new(DeleteBySender {
            group: group_id,
            conversation: Conversation::Group,
            sender: target.clone(),
            operator: account.clone(),
        }),
        3 => Change::new(ChangeLiveAdmins {
            group: group_id,
            accounts: [target.clone()].into(),
            appoint: true,
            max: 9,
        }),
        4 => Change::new(AddPermissionGroup {
            group: group_id,
            id: None,
            random_bits: 1,
            name: Text::default(),
            permissions: u64::MAX,
            custom: Text::default(),
            max: 9,
        }),
        5 => Change::new(ModifyPermissionGroup {
            group: group_id,
            id,
            name: None,
            permissions: Some(u64::MAX),
            custom: None,
        }),
        6 => Change::new(DestroyPermissionGroups { group: group_id, ids: vec![id] }),
        7 => Change::new(AddPermissionGroupMembers(named)),
        8 => Change::new(DeletePermissionGroupMembers(named)),
        _ => Change::new(SetTopicPermissions {
            group: group_id,
            permission_group: id,
            topics: vec![(topic(group, 0), TopicPermissionChange::Add(u64::MAX))],
        }),
    }
}

/// Any deed, mostly with values that fit.
pub(super) fn some_deed() -> impl Strategy<Value = Deed> {
    let who = some_user;
    let number = || prop::option::weighted(0.3, 0_usize..2);
    let seq = || 1_u32..14;
    let role = prop_oneof![Just(Role::Admin), Just(Role::Member)];
    let first = prop_oneof![
        6 => number().prop_map(Deed::Send),
        1 => who().prop_map(Deed::SendAs),
        2 => Just(Deed::EditTexts),
        2 => Just(Deed::EditOptions),
        1 => Just(Deed::EditBoth),
        1 => Just(Deed::EditPermissions),
        1 => Just(Deed::EditLimit),
        5 => Just(Deed::Join),
        1 => who().prop_map(Deed::JoinFor),
        4 => who().prop_map(Deed::Invite),
        3 => (who(), any::<bool>()).prop_map(|(target, agree)| Deed::Decide(target, agree)),
        3 => who().prop_map(Deed::Kick),
        2 => who().prop_map(Deed::Ban),
        1 => who().prop_map(Deed::Unban),
        3 => (who(), number()).prop_map(|(target, number)| Deed::Mute(target, number)),
        3 => (who(), role).prop_map(|(target, role)| Deed::Role(target, role)),
        2 => who().prop_map(Deed::Name),
        1 => who().prop_map(Deed::Receive),
    ];
    let then = prop_oneof![
        1 => who().prop_map(Deed::Transfer),
        2 => Just(Deed::Quit),
        1 => who().prop_map(Deed::QuitFor),
        1 => Just(Deed::Dissolve),
        6 => (number(), prop::collection::vec(seq(), 1..3))
            .prop_map(|(number, numbers)| Deed::Recall(number, numbers)),
        3 => (number(), seq()).prop_map(|(number, seq)| Deed::Modify(number, seq)),
        1 => Just(Deed::Attributes),
        1 => Just(Deed::Counters),
        1 => Just(Deed::DropCounters),
        2 => Just(Deed::AddTopic),
        1 => (0_usize..2).prop_map(Deed::ChangeTopic),
        1 => (0_usize..2).prop_map(Deed::DropTopic),
        3 => (who(), seq()).prop_map(|(reader, seq)| Deed::Confirm(reader, seq)),
        2 => who().prop_map(Deed::Read),
        2 => seq().prop_map(Deed::Extend),
        2 => (0..APP_ONLY, who()).prop_map(|(number, target)| Deed::AppOnly(number, target)),
    ];
    prop_oneof![first, then]
}
