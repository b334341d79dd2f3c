//! Random content of a store, as rows that fit each other. Numbers stay below 2^63, the most a database counts to.

use super::Row;
use landfall_domain::account::Account;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId, TopicId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{
    Body, Content, Conversation, Message, MessageLog, MessageState, Priority, ReadMark,
};
use landfall_domain::origin::{JobId, Origin, Provenance, Seal};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::fact::{Chat, ChatState, DirectLog, Fact, FactKey, Mute};
use landfall_domain::people::message::{DirectMessage, MessageKey};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Rows of a few apps that have accounts, groups and members of the same names.
pub(super) fn some_rows() -> impl Strategy<Value = Vec<Row>> {
    let kicks = btree_map(some_name(), (1..=u64::MAX / 4).prop_map(Timestamp), 0..4);
    let pairs = vec((some_name(), some_name(), some_time(), 0_u32..5), 0..4);
    let app = (btree_map(some_name(), some_account(), 0..6), kicks, vec(some_group(), 0..6), pairs);
    btree_map(select(vec![1, 7, u32::MAX]).prop_map(AppId), app, 1..=3).prop_map(|apps| {
        let mut rows = Vec::new();
        for (app, (accounts, kicks, groups, pairs)) in apps {
            rows.extend(accounts.into_iter().map(|(id, account)| Row::Account { app, id, account }));
            rows.extend(kicks.into_iter().map(|(id, from)| Row::Kick { app, id, from }));
            let pairs: BTreeMap<_, _> = pairs
                .into_iter()
                .map(|(one, other, time, messages)| (Pair::of(one, other), (time, messages)))
                .collect();
            rows.extend(pairs.into_iter().flat_map(|(pair, (time, count))| of_pair(app, &pair, time, count)));
            let mute = Fact::Mute(Mute { direct: Timestamp(7), groups: Timestamp(0) });
            rows.push(Row::Fact { app, subject: Subject::App, key: FactKey::Mute, fact: Box::new(mute) });
            let groups: BTreeMap<_, _> = groups
                .into_iter()
                .map(|(group, owner, members)| (group.id.clone(), (group, owner, members)))
                .collect();
            for (number, (_, (group, owner, members))) in groups.into_iter().enumerate() {
                rows.extend(hanging(app, &group, &members));
                rows.extend(of_group(app, number as u64, group, owner, members));
            }
        }
        rows
    })
}

/// The conversation of two accounts, as both see it, with its messages.
fn of_pair(app: AppId, pair: &Pair, time: Timestamp, messages: u32) -> Vec<Row> {
    let mut facts = vec![(
        Subject::Pair(pair.clone()),
        FactKey::Log,
        Fact::Log(DirectLog { next_seq: messages + 1, last_message: time, imported: messages }),
    )];
    let [one, other] = pair.accounts();
    for (account, peer) in BTreeMap::from([(one, other), (other, one)]) {
        let state = ChatState { removed: Some(time), cleared: messages };
        let key = FactKey::Chat(Chat::Direct(peer.clone()));
        facts.push((Subject::Account(account.clone()), key, Fact::Chat(state)));
    }
    let fact = |(subject, key, fact): (Subject, FactKey, Fact)| Row::Fact {
        app,
        subject,
        key,
        fact: Box::new(fact),
    };
    let message = |seq: u32| {
        let body = Body { elements: format!("[{seq}]").into(), custom: "\u{0}".into(), ..Body::default() };
        let message = DirectMessage {
            seq,
            key: MessageKey {
                sent: Timestamp(time.0 / (u64::from(seq) * 90_000)),
                number: seq,
                random: u32::MAX,
            },
            sender: other.clone(),
            state: MessageState::Kept,
            hidden_from_sender: false,
            hidden_from_receiver: seq.is_multiple_of(2),
            read: true,
            quiet: seq.is_multiple_of(3),
            push: if seq.is_multiple_of(2) { "{}".into() } else { Box::default() },
            content: Content::Sent(body),
        };
        Row::Direct { app, pair: pair.clone(), message: Box::new(message) }
    };
    facts.into_iter().map(fact).chain((1..=messages).map(message)).collect()
}

/// The rows of one group, the count, the owner and the place made to fit.
fn of_group(
    app: AppId,
    number: u64,
    mut group: Group,
    owner: Option<UserId>,
    mut members: BTreeMap<UserId, Member>,
) -> Vec<Row> {
    let owner =
        owner.and_then(|owner| members.remove(&owner)).map(|owner| Member { role: Role::Owner, ..owner });
    group.owner = owner.as_ref().map(|owner| owner.account.clone());
    group.member_count = u32::try_from(members.len() + usize::from(owner.is_some())).unwrap();
    group.list_position = group.list_position / 100 * 100 + number + 1;
    let id = group.id.clone();
    let member = |member| Row::Member { app, group: id.clone(), member };
    let origin = group.active.then(|| Row::Origin {
        app,
        group: id.clone(),
        provenance: Box::new(provenance(&group)),
    });
    std::iter::once(Row::Group { app, group: Box::new(group), owner })
        .chain(origin)
        .chain(members.into_values().map(member))
        .collect()
}

/// An origin made of whatever a group has.
fn provenance(group: &Group) -> Provenance {
    let origin = Origin {
        job: JobId(u64::MAX - u64::from(group.info_seq)),
        src: group.profile.name.as_str().to_owned(),
        key: group.profile.face_url.as_str().to_owned(),
        digest: group.id.to_string(),
        carried: group.profile.introduction.as_str().as_bytes().to_vec(),
    };
    let added = (0..u64::from(group.info_seq % 3)).map(JobId).collect();
    Provenance { origin, brought: group.created, seal: Seal(u64::MAX - group.default_permissions), added }
}

/// A ban for each member, and messages of each in the group or in a topic.
fn hanging(app: AppId, group: &Group, members: &BTreeMap<UserId, Member>) -> Vec<Row> {
    let mut rows = Vec::new();
    let topic = TopicId::stored(&format!("{}@TOPIC#_t", group.id)).unwrap();
    for (place, (account, member)) in members.iter().enumerate() {
        let group = group.id.clone();
        let key = PartKey::Ban(account.clone());
        rows.push(Row::Part { app, group: group.clone(), key, part: Box::new(Part::Ban(member.joined)) });
        let conversation = Conversation::of((place % 2 == 1).then(|| topic.clone()));
        // Few are many: more than any store keeps in one piece.
        let messages = if member.read.seq % 17 == 0 { 25 } else { member.read.seq % 4 };
        for number in 0..messages {
            // Some of them follow each other, and some do not.
            let seq = 1_000 * u32::try_from(place).unwrap() + 1 + number + number / 7;
            let body = Body {
                elements: format!("[{number}]").into(),
                custom: member.name_card.as_str().into(),
                ..Body::default()
            };
            let message = Message {
                seq,
                sent: Timestamp(member.joined.0 / 86_400_000 + u64::from(number) * 40_000),
                sender: account.clone(),
                random: number,
                priority: Priority::High,
                state: MessageState::Kept,
                content: Content::Sent(body),
            };
            let (group, conversation) = (group.clone(), conversation.clone());
            rows.push(Row::Message { app, group, conversation, message: Box::new(message) });
        }
    }
    rows
}

fn some_text() -> impl Strategy<Value = Text> {
    prop_oneof![Just(String::new()), any::<String>(), Just("\u{0}\u{1}\u{7f}\u{0}".to_owned())]
        .prop_map(Text::stored)
}

fn some_number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..=u64::MAX / 4]
}

fn some_time() -> impl Strategy<Value = Timestamp> {
    some_number().prop_map(Timestamp)
}

/// Names that are each other's beginnings, and any others.
fn some_name() -> impl Strategy<Value = UserId> {
    prop_oneof![select(vec!["a", "a ", "aa", "~"]).prop_map(str::to_owned), "[ -~]{1,32}"]
        .prop_map(|name| UserId::parse(&name).unwrap())
}

fn some_account() -> impl Strategy<Value = Account> {
    (some_text(), some_text(), some_time(), any::<bool>(), some_time()).prop_map(
        |(nick, face_url, created, placeholder, signatures_from)| Account {
            nick,
            face_url,
            created,
            placeholder,
            signatures_from,
        },
    )
}

/// Its members by name, and perhaps the one among them who owns it.
fn some_group() -> impl Strategy<Value = (Group, Option<UserId>, BTreeMap<UserId, Member>)> {
    let id = prop_oneof![select(vec!["g", "g ", "gg"]).prop_map(str::to_owned), "[ -~]{1,96}"];
    let invites = [InviteOption::FreeAccess, InviteOption::NeedPermission, InviteOption::DisableInvite];
    let numbers = ([some_time(), some_time()], some_log(), any::<u32>(), [some_number(), some_number()]);
    let flags = (any::<[bool; 5]>(), select(invites.to_vec()));
    let members = (vec(some_member(), 0..12), any::<bool>());
    (id, select(GroupType::ALL.to_vec()), some_profile(), flags, numbers, members).prop_map(
        |(
            id,
            kind,
            profile,
            (flags, invite_option),
            ([created, info_changed], log, info_seq, [default_permissions, list_position]),
            (members, owned),
        )| {
            let [support_topic, mute_all, history_before_join, permissions_enabled, active] = flags;
            let group = Group {
                id: GroupId::parse(&id).unwrap(),
                kind,
                profile,
                owner: None,
                support_topic,
                invite_option,
                mute_all,
                created,
                info_seq,
                info_changed,
                log,
                history_before_join,
                permissions_enabled,
                default_permissions,
                active,
                member_count: 0,
                list_position,
            };
            let owner = members.first().filter(|_| owned).map(|member| member.account.clone());
            (group, owner, members.into_iter().map(|member| (member.account.clone(), member)).collect())
        },
    )
}

fn some_log() -> impl Strategy<Value = MessageLog> {
    let numbers = [1..=u32::MAX, 0..=u32::MAX, 0..=u32::MAX, 1..=u32::MAX];
    (numbers, some_time()).prop_map(|([next_seq, read_by_all, cleared, first_kept], last_message)| {
        MessageLog { next_seq, last_message, read_by_all, cleared, first_kept, listed: None }
    })
}

fn some_field() -> impl Strategy<Value = CustomField> {
    ("[A-Za-z0-9_]{1,16}", some_text())
        .prop_map(|(key, value)| CustomField { key: FieldKey::parse(&key).unwrap(), value })
}

fn some_profile() -> impl Strategy<Value = Profile> {
    let joins = [JoinOption::FreeAccess, JoinOption::NeedPermission, JoinOption::DisableApply];
    let texts = [some_text(), some_text(), some_text(), some_text()];
    let field = |(key, value): (String, Text)| CustomField { key: FieldKey::parse(&key).unwrap(), value };
    let fields = btree_map("[A-Za-z0-9_]{1,16}", some_text(), 0..4)
        .prop_map(move |fields| fields.into_iter().map(field).collect::<Vec<_>>())
        .prop_shuffle();
    (texts, fields, any::<u32>(), select(joins.to_vec())).prop_map(
        |([name, introduction, notification, face_url], fields, max_members, join_option)| Profile {
            name,
            introduction,
            notification,
            face_url,
            fields,
            max_members,
            join_option,
        },
    )
}

fn some_member() -> impl Strategy<Value = Member> {
    let role = select(vec![Role::Admin, Role::Member]);
    let times = [some_time(), some_time(), some_time()];
    let texts = (some_text(), vec(some_field(), 0..3));
    (some_name(), role, any::<[u32; 2]>(), select(ReceiveOption::ALL.to_vec()), times, texts).prop_map(
        |(account, role, [seq, made_at], receive_option, times, (name_card, fields))| {
            let [joined, muted_until, last_message] = times;
            Member {
                account,
                role,
                joined,
                read: ReadMark { seq, made_at },
                receive_option,
                muted_until,
                last_message,
                name_card: name_card.as_str().to_owned(),
                fields,
            }
        },
    )
}
