//! The operations of the domain on one group, with values chosen at random from few, so that they meet.

use super::model::{some_text, some_user};
use super::operation::Change;
use super::scripted::{permission_group, topic};
use super::user;
use landfall_domain::attributes::AttributeChange;
use landfall_domain::event::Joining;
use landfall_domain::extension::{AskedExtension, ExtensionChange};
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{GroupType, InviteOption, JoinOption};
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::member::{ReceiveOption, Role};
use landfall_domain::message::{Body, BodyTooLong, Conversation, Priority, Recall};
use landfall_domain::operation::GroupOperation;
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
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
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
use landfall_domain::operations::recall_messages::RecallMessages;
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::operations::set_extensions::SetExtensions;
use landfall_domain::operations::set_topic_permissions::{SetTopicPermissions, TopicPermissionChange};
use landfall_domain::operations::set_unread::SetUnread;
use landfall_domain::operations::unban_members::UnbanMembers;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;

fn change<O>(values: impl Strategy<Value = O> + 'static) -> BoxedStrategy<Change>
where
    O: GroupOperation<Answer: Debug> + Clone + Debug,
{
    values.prop_map(Change::new).boxed()
}

/// Any operation on `group`.
pub(super) fn some_change(group: GroupId) -> impl Strategy<Value = Change> {
    prop_oneof![
        5 => members(&group),
        3 => profile(&group),
        8 => messages(&group),
        2 => values(&group),
        3 => topics(&group),
        3 => permission_groups(&group),
    ]
}

fn some_users() -> impl Strategy<Value = Vec<UserId>> {
    vec(some_user(), 1..4)
}

fn operator() -> UserId {
    user("admin")
}

/// Some are over before others are looked at.
fn some_end() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(Timestamp(0)), (1_000_u64..1_400).prop_map(Timestamp)]
}

fn some_name() -> impl Strategy<Value = Option<Text>> {
    option::of("[ab]{1,2}".prop_map(Text::stored))
}

fn new_text() -> impl Strategy<Value = Option<Text>> {
    option::of(some_text())
}

fn some_fields() -> impl Strategy<Value = Vec<CustomField>> {
    let field = some_text().prop_map(|value| CustomField { key: FieldKey::parse("k").unwrap(), value });
    vec(field, 0..2)
}

fn some_topic(group: &GroupId) -> impl Strategy<Value = TopicId> + use<> {
    let group = group.clone();
    (0_usize..2).prop_map(move |number| topic(&group, number))
}

fn some_place(group: &GroupId) -> impl Strategy<Value = Conversation> + use<> {
    option::weighted(0.4, some_topic(group)).prop_map(Conversation::of)
}

fn members(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let add = (some_users(), any::<bool>()).prop_map(move |(accounts, silent)| AddMembers {
        group: id.clone(),
        operator: operator(),
        accounts,
        silent,
        how: Joining::Invited,
    });
    let id = group.clone();
    let known = prop_oneof![1 => Just(None), 3 => Just(Some(permission_group()))];
    let flags = (any::<bool>(), any::<bool>());
    let delete = (some_users(), flags, known).prop_map(move |(accounts, (silent, even_owner), known)| {
        let permission_groups = known.into_iter().collect();
        DeleteMembers {
            group: id.clone(),
            operator: operator(),
            accounts,
            silent,
            quit: false,
            even_owner,
            permission_groups,
        }
    });
    let id = group.clone();
    let ban = (some_users(), some_end()).prop_map(move |(accounts, until)| BanMembers {
        group: id.clone(),
        operator: operator(),
        accounts,
        until,
    });
    let id = group.clone();
    let unban = some_users().prop_map(move |accounts| UnbanMembers { group: id.clone(), accounts });
    let id = group.clone();
    let mute = (some_users(), some_end(), option::of(some_topic(group))).prop_map(
        move |(accounts, until, topic)| MuteMembers {
            group: id.clone(),
            operator: operator(),
            accounts,
            until,
            topic,
        },
    );
    let id = group.clone();
    let role = option::of(select(vec![Role::Admin, Role::Member]));
    let option = option::of(select(ReceiveOption::ALL.to_vec()));
    let modify = (some_user(), role, option, new_text(), some_fields(), option::of(some_end())).prop_map(
        move |(account, role, receive_option, name_card, fields, muted_until)| ModifyMember {
            group: id.clone(),
            operator: operator(),
            account,
            role,
            receive_option,
            name_card,
            fields,
            muted_until,
        },
    );
    prop_oneof![4 => change(add), 2 => change(delete), 2 => change(ban), 1 => change(unban), 1 => change(mute),
        1 => change(modify)]
    .boxed()
}

fn profile(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let owner =
        some_user().prop_map(move |owner| ChangeOwner { group: id.clone(), owner, operator: operator() });
    let id = group.clone();
    let texts = (some_name(), new_text(), new_text(), new_text(), some_fields());
    let joins = option::of(select(vec![JoinOption::FreeAccess, JoinOption::DisableApply]));
    let invites = option::of(select(vec![InviteOption::FreeAccess, InviteOption::DisableInvite]));
    let flags = [option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>())];
    let numbers = (option::of(1_u32..8), option::of(any::<u64>()));
    let modify = (select(GroupType::ALL.to_vec()), texts, joins, invites, flags, numbers).prop_map(
        move |(kind, texts, join_option, invite_option, flags, numbers)| {
            let (name, introduction, notification, face_url, fields) = texts;
            let [mute_all, history_before_join, permissions_enabled] = flags;
            let (max_members, default_permissions) = numbers;
            ModifyGroup {
                group: id.clone(),
                kind,
                operator: operator(),
                name,
                introduction,
                notification,
                face_url,
                max_members,
                join_option,
                invite_option,
                mute_all,
                history_before_join,
                permissions_enabled,
                default_permissions,
                fields,
            }
        },
    );
    let id = group.clone();
    let admins = (btree_set(some_user(), 1..3), any::<bool>()).prop_map(move |(accounts, appoint)| {
        ChangeLiveAdmins { group: id.clone(), accounts, appoint, max: 2 }
    });
    prop_oneof![2 => change(owner), 4 => change(modify), 1 => change(admins)].boxed()
}

fn some_body() -> impl Strategy<Value = Body> {
    let flags = [any::<bool>(), any::<bool>(), any::<bool>()];
    (select(vec!["[1]", "[\"\\u0000\"]"]), some_text(), flags, vec(some_user(), 0..2)).prop_map(
        |(elements, custom, [receipt, extensible, no_unread], to)| Body {
            elements: elements.into(),
            custom: custom.as_str().into(),
            receipt,
            extensible,
            no_unread,
            to,
            ..Body::default()
        },
    )
}

fn messages(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let priority = select(Priority::ALL.to_vec());
    let sender = (some_user(), prop::bool::weighted(0.3));
    let flags = (prop::bool::weighted(0.1), any::<bool>());
    let send = (some_place(group), sender, 0_u32..3, priority, some_body(), flags).prop_map(
        move |(conversation, (sender, by_administrator), random, priority, body, (online_only, not_last))| {
            SendMessage {
                group: id.clone(),
                conversation,
                sender,
                by_administrator,
                random,
                priority,
                body,
                online_only,
                not_last,
            }
        },
    );
    let id = group.clone();
    let one =
        (some_place(group), some_user(), 1_000_u64..1_300, 0_u32..3, option::weighted(0.9, some_body()));
    let one = one.prop_map(|(conversation, sender, sent, random, body)| ImportedMessage {
        conversation,
        sender,
        sent: Timestamp(sent),
        random,
        body: body.ok_or(BodyTooLong { got: 9, max: 8 }),
    });
    let import = vec(one, 1..5).prop_map(move |mut messages| {
        messages.sort_by_key(|message| message.sent);
        let listed = messages.len() % 2 == 0;
        ImportMessages { group: id.clone(), messages, listed }
    });
    prop_oneof![4 => change(send), 2 => import.prop_map(Change::import), 5 => history(group), 3 => receipts(group)].boxed()
}

fn history(group: &GroupId) -> BoxedStrategy<Change> {
    let numbers = || vec(1_u32..12, 1..4);
    let id = group.clone();
    let unread = (some_user(), 0_u32..4).prop_map(move |(member, unread)| SetUnread {
        group: id.clone(),
        member,
        unread,
    });
    let id = group.clone();
    let why = "[a-b]{0,2}".prop_map(Box::from);
    let recall = (some_place(group), numbers(), some_user(), why).prop_map(
        move |(conversation, numbers, operator, reason)| RecallMessages {
            group: id.clone(),
            conversation,
            numbers,
            recall: Recall { operator, reason },
        },
    );
    let id = group.clone();
    let by_sender = (some_place(group), some_user()).prop_map(move |(conversation, sender)| DeleteBySender {
        group: id.clone(),
        conversation,
        operator: sender.clone(),
        sender,
    });
    let id = group.clone();
    let clear = option::of(1_u32..12).prop_map(move |up_to| ClearMessages { group: id.clone(), up_to });
    let id = group.clone();
    let new = option::of(some_text().prop_map(|text| Box::from(text.as_str())));
    let modify = (some_place(group), 1_u32..12, option::of(Just("[2]".into())), new, 4_usize..100).prop_map(
        move |(conversation, seq, elements, custom, bytes_max)| ModifyMessage {
            group: id.clone(),
            conversation,
            seq,
            elements,
            custom,
            bytes_max,
        },
    );
    prop_oneof![
        unread.prop_map(Change::import),
        change(recall),
        change(by_sender),
        change(clear),
        change(modify)
    ]
    .boxed()
}

fn receipts(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let read = (some_user(), vec(1_u32..4, 1..4), 2_u32..9, vec(some_user(), 0..4)).prop_map(
        move |(reader, numbers, members_max, counted)| MarkRead {
            group: id.clone(),
            reader,
            numbers,
            members_max,
            counted,
        },
    );
    let id = group.clone();
    let extension = ("[kl]", some_text(), option::of(0_u32..4))
        .prop_map(|(key, value, seq)| AskedExtension { key, value: value.as_str().to_owned(), seq });
    let extensions = vec(extension, 1..4);
    let change_to = (0_u8..5, extensions).prop_map(|(which, asked)| match which {
        0 => ExtensionChange::Clear,
        1 => ExtensionChange::Delete(asked),
        _ => ExtensionChange::Set(asked),
    });
    let extend = (1_u32..4, change_to).prop_map(move |(seq, change)| SetExtensions {
        group: id.clone(),
        seq,
        change,
        count_max: 2,
    });
    prop_oneof![change(read), change(extend)].boxed()
}

fn values(group: &GroupId) -> BoxedStrategy<Change> {
    let limits = Limits::FAITHFUL.values;
    let id = group.clone();
    let pairs = || btree_map("[a-c]", "[xy\u{0}]{0,2}", 1..3);
    let attributes = prop_oneof![
        pairs().prop_map(AttributeChange::Add),
        pairs().prop_map(AttributeChange::Replace),
        btree_set("[a-c]", 1..2).prop_map(AttributeChange::Delete),
        Just(AttributeChange::Clear),
    ];
    let attributes =
        attributes.prop_map(move |change| ChangeAttributes { group: id.clone(), change, limits });
    let id = group.clone();
    let modes = vec![CounterMode::Set, CounterMode::Increase, CounterMode::Decrease];
    let by = btree_map("[a-c]", prop_oneof![Just(i64::MAX), -3_i64..3], 1..3);
    let update = (select(modes), by).prop_map(move |(mode, by)| UpdateCounters {
        group: id.clone(),
        mode,
        by: by.into_iter().collect(),
        limits,
    });
    let id = group.clone();
    let delete =
        option::of(vec("[a-c]", 1..3)).prop_map(move |keys| DeleteCounters { group: id.clone(), keys });
    prop_oneof![2 => change(attributes), 2 => change(update), 1 => change(delete)].boxed()
}

fn topics(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let own = option::weighted(0.8, some_topic(group));
    let texts = || (new_text(), new_text(), new_text(), new_text());
    let add = (own, texts(), 1_000_u64..1_100).prop_map(move |(own, texts, created)| {
        let (introduction, notification, face_url, custom) = texts;
        CreateTopic(AddTopic {
            group: id.clone(),
            id: own,
            random_bits: 1,
            name: Text::stored("t".to_owned()),
            introduction: introduction.unwrap_or_default(),
            notification: notification.unwrap_or_default(),
            face_url: face_url.unwrap_or_default(),
            custom: custom.unwrap_or_default(),
            created: Timestamp(created),
            max: 3,
        })
    });
    let id = group.clone();
    let modify = (some_topic(group), some_name(), texts(), option::of(any::<bool>())).prop_map(
        move |(topic, name, (introduction, notification, face_url, custom), mute_all)| ModifyTopic {
            group: id.clone(),
            topic,
            name,
            introduction,
            notification,
            face_url,
            custom,
            mute_all,
        },
    );
    let id = group.clone();
    let destroy =
        vec(some_topic(group), 1..3).prop_map(move |topics| DestroyTopics { group: id.clone(), topics });
    prop_oneof![3 => change(add), 1 => change(modify), 1 => change(destroy)].boxed()
}

fn permission_groups(group: &GroupId) -> BoxedStrategy<Change> {
    let id = group.clone();
    let own = option::weighted(0.8, Just(permission_group()));
    let add =
        (own, new_text(), any::<u64>()).prop_map(move |(own, custom, permissions)| AddPermissionGroup {
            group: id.clone(),
            id: own,
            random_bits: 1,
            name: Text::stored("p".to_owned()),
            permissions,
            custom: custom.unwrap_or_default(),
            max: 2,
        });
    let id = group.clone();
    let modify =
        (some_name(), option::of(any::<u64>()), new_text()).prop_map(move |(name, permissions, custom)| {
            ModifyPermissionGroup { group: id.clone(), id: permission_group(), name, permissions, custom }
        });
    let id = group.clone();
    let destroy = Just(DestroyPermissionGroups { group: id.clone(), ids: vec![permission_group()] });
    let named = move |accounts| PermissionGroupMembers {
        group: id.clone(),
        permission_group: permission_group(),
        accounts,
    };
    let enter = some_users().prop_map(named.clone()).prop_map(AddPermissionGroupMembers);
    let leave = some_users().prop_map(named).prop_map(DeletePermissionGroupMembers);
    let id = group.clone();
    let bits = prop_oneof![
        2 => any::<u64>().prop_map(TopicPermissionChange::Add),
        1 => any::<u64>().prop_map(TopicPermissionChange::Set),
        1 => Just(TopicPermissionChange::Delete),
    ];
    let topics = vec((some_topic(group), bits), 1..3).prop_map(move |topics| SetTopicPermissions {
        group: id.clone(),
        permission_group: permission_group(),
        topics,
    });
    prop_oneof![3 => change(add), 1 => change(modify), 1 => change(destroy), 3 => change(enter),
        1 => change(leave), 2 => change(topics)]
    .boxed()
}
