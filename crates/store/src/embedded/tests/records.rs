//! Stored values read back, and those of format 1 stay readable.

use crate::embedded::records::{
    Counters, GroupRow, decode_account, decode_counters, decode_group, decode_listed, decode_member,
    decode_part, encode_account, encode_counters, encode_group, encode_listed, encode_member, encode_part,
    read_page, write_page,
};
use landfall_domain::account::Account;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{
    At, Body, Content, Message, MessageLog, MessageState, Priority, ReadMark, Recall, Tip, TipField, TipKind,
};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use landfall_domain::topic::Topic;
use proptest::prelude::*;
use proptest::sample::select;

fn some_text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(Text::stored)
}

fn some_time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp)
}

fn some_user() -> impl Strategy<Value = UserId> {
    "[ -~]{1,32}".prop_map(|name| UserId::parse(&name).unwrap())
}

fn some_id() -> impl Strategy<Value = GroupId> {
    "[ -~]{1,96}".prop_map(|id| GroupId::parse(&id).unwrap())
}

fn some_field() -> impl Strategy<Value = CustomField> {
    ("[A-Za-z0-9_]{1,16}", some_text())
        .prop_map(|(key, value)| CustomField { key: FieldKey::parse(&key).unwrap(), value })
}

fn some_log() -> impl Strategy<Value = MessageLog> {
    (any::<[u32; 4]>(), some_time()).prop_map(
        |([next_seq, read_by_all, cleared, first_kept], last_message)| MessageLog {
            next_seq,
            last_message,
            read_by_all,
            cleared,
            first_kept,
            listed: None,
        },
    )
}

fn some_profile() -> impl Strategy<Value = Profile> {
    let joins = [JoinOption::FreeAccess, JoinOption::NeedPermission, JoinOption::DisableApply];
    (
        [some_text(), some_text(), some_text(), some_text()],
        prop::collection::vec(some_field(), 0..4),
        any::<u32>(),
        select(joins.to_vec()),
    )
        .prop_map(|([name, introduction, notification, face_url], fields, max_members, join_option)| {
            Profile { name, introduction, notification, face_url, fields, max_members, join_option }
        })
}

fn some_group() -> impl Strategy<Value = GroupRow> {
    let invites = [InviteOption::FreeAccess, InviteOption::NeedPermission, InviteOption::DisableInvite];
    (
        (some_id(), select(GroupType::ALL.to_vec()), some_profile(), prop::option::of(some_member())),
        (any::<bool>(), select(invites.to_vec()), any::<bool>()),
        ([some_time(), some_time()], some_log()),
        (any::<[u32; 2]>(), any::<[u64; 2]>(), any::<[bool; 3]>()),
    )
        .prop_map(
            |((id, kind, profile, owner), (support_topic, invite_option, mute_all), times, numbers)| {
                let ([created, info_changed], log) = times;
                let ([info_seq, member_count], [default_permissions, list_position], flags) = numbers;
                let [history_before_join, permissions_enabled, active] = flags;
                let group = Group {
                    id,
                    kind,
                    profile,
                    owner: owner.as_ref().map(|owner: &Member| owner.account.clone()),
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
                    member_count,
                    list_position,
                };
                GroupRow { group, owner }
            },
        )
}

fn some_member() -> impl Strategy<Value = Member> {
    (
        some_user(),
        select(vec![Role::Owner, Role::Admin, Role::Member]),
        any::<[u32; 2]>(),
        select(ReceiveOption::ALL.to_vec()),
        [some_time(), some_time(), some_time()],
        (any::<String>(), prop::collection::vec(some_field(), 0..3)),
    )
        .prop_map(|(account, role, [seq, made_at], receive_option, times, (name_card, fields))| {
            let [joined, muted_until, last_message] = times;
            let read = ReadMark { seq, made_at };
            Member {
                account,
                role,
                joined,
                read,
                receive_option,
                muted_until,
                last_message,
                name_card,
                fields,
            }
        })
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

proptest! {
    #[test]
    fn groups_read_back(row in some_group()) {
        prop_assert_eq!(decode_group(row.group.id.clone(), &encode_group(&row)).unwrap(), row);
    }

    #[test]
    fn members_read_back(member in some_member()) {
        let bytes = encode_member(&member);
        prop_assert_eq!(decode_member(member.account.as_str().as_bytes(), &bytes).unwrap(), member);
    }

    #[test]
    fn accounts_read_back(account in some_account()) {
        prop_assert_eq!(decode_account(&encode_account(&account)).unwrap(), account);
    }

    #[test]
    fn counters_and_list_entries_read_back(last_position: u64, groups: [u64; 5], id in some_id()) {
        let counters = Counters { last_position, groups };
        prop_assert_eq!(decode_counters(&encode_counters(&counters)).unwrap(), counters);
        for kind in GroupType::ALL {
            prop_assert_eq!(decode_listed(&encode_listed(kind, &id)).unwrap(), (kind, id.clone()));
        }
    }

    #[test]
    fn a_cut_record_is_no_record(row in some_group(), member in some_member(), cut: prop::sample::Index) {
        let bytes = encode_group(&row);
        prop_assert!(decode_group(row.group.id.clone(), &bytes[..cut.index(bytes.len())]).is_err());
        let bytes = encode_member(&member);
        let cut = cut.index(bytes.len());
        prop_assert!(decode_member(member.account.as_str().as_bytes(), &bytes[..cut]).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let id = GroupId::parse("g").unwrap();
        // A value decoded from random bytes must at least be one that can be written.
        if let Ok(row) = decode_group(id.clone(), &bytes) {
            prop_assert_eq!(decode_group(id, &encode_group(&row)).unwrap(), row);
        }
        if let Ok(member) = decode_member(b"ann", &bytes) {
            prop_assert_eq!(decode_member(b"ann", &encode_member(&member)).unwrap(), member);
        }
        if let Ok((kind, id)) = decode_listed(&bytes) {
            prop_assert_eq!(encode_listed(kind, &id), bytes);
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A group, a member, an account and counters in which no field has its default.
fn samples() -> (GroupRow, Member, Account, Counters) {
    let text = |content: &str| Text::stored(content.to_owned());
    let group = Group {
        id: GroupId::parse("@TGS#_forum").unwrap(),
        kind: GroupType::Community,
        profile: Profile {
            name: text("Forum"),
            introduction: text("für alle"),
            notification: text("notice"),
            face_url: text("https://example.com/f"),
            fields: vec![CustomField {
                key: FieldKey::parse("Room").unwrap(),
                value: text("7\u{0}\u{1f4da}"),
            }],
            max_members: 100_000,
            join_option: JoinOption::DisableApply,
        },
        owner: UserId::parse("ann"),
        support_topic: true,
        invite_option: InviteOption::DisableInvite,
        mute_all: true,
        created: Timestamp(1_600_000_000),
        info_seq: 3,
        info_changed: Timestamp(1_700_000_000),
        log: MessageLog {
            next_seq: 300,
            last_message: Timestamp(1_700_000_001),
            read_by_all: 200,
            cleared: 100,
            first_kept: 50,
            listed: None,
        },
        history_before_join: true,
        permissions_enabled: true,
        default_permissions: 1 << 40,
        active: true,
        member_count: 2,
        list_position: 1_000_000,
    };
    let member = Member {
        account: UserId::parse("ann").unwrap(),
        role: Role::Admin,
        joined: Timestamp(1_600_000_001),
        read: ReadMark { seq: 299, made_at: 200 },
        receive_option: ReceiveOption::AcceptNotNotifyExceptAt,
        muted_until: Timestamp(1_800_000_000),
        last_message: Timestamp(1_700_000_001),
        name_card: "Änn".to_owned(),
        fields: vec![CustomField { key: FieldKey::parse("Team").unwrap(), value: text("ops") }],
    };
    let account = Account {
        nick: text("Ann"),
        face_url: text("https://example.com/a"),
        created: Timestamp(1_600_000_000),
        placeholder: true,
        signatures_from: Timestamp(1_700_000_002),
    };
    let row = GroupRow { group, owner: Some(Member { role: Role::Owner, ..member.clone() }) };
    (row, member, account, Counters { last_position: 1_000_000, groups: [1, 2, 300, 0, 70_000] })
}

/// A part with a value in every field, and messages of each kind that share a row.
fn hanging() -> (PartKey, Part, Vec<Message>) {
    let group = GroupId::parse("@TGS#_forum").unwrap();
    let text = |content: &str| Text::stored(content.to_owned());
    let topic = TopicId::parse("@TGS#_forum@TOPIC#_t", &group).unwrap();
    let part = Topic {
        id: topic.clone(),
        name: text("Topic"),
        introduction: text("i"),
        notification: text("n"),
        face_url: text("f"),
        custom: text("c\u{0}"),
        created: Timestamp(1_600_000_000),
        mute_all: true,
        log: MessageLog {
            next_seq: 300,
            last_message: Timestamp(1_700_000_001),
            read_by_all: 200,
            cleared: 100,
            first_kept: 50,
            listed: None,
        },
    };
    let ann = UserId::parse("ann").unwrap();
    let message = |seq, content| Message {
        seq,
        sent: Timestamp(1_600_000_002),
        sender: ann.clone(),
        random: 7,
        priority: Priority::Low,
        state: MessageState::Kept,
        content,
    };
    let sent = Body {
        elements: "[{}]".into(),
        custom: "x".into(),
        receipt: true,
        extensible: true,
        no_unread: true,
        at: At { everybody: true, accounts: vec![ann.clone()] },
        to: vec![ann.clone()],
    };
    let tip = Tip {
        kind: TipKind::ProfileChanged,
        accounts: vec![ann.clone()],
        changes: vec![(TipField::Notification, "new".to_owned())],
    };
    let plain = Body { elements: "[]".into(), ..Body::default() };
    let messages = vec![
        message(41, Content::Sent(sent)),
        message(42, Content::Tip(tip)),
        message(43, Content::Sent(plain)),
        message(44, Content::Gone(None)).without_content(MessageState::Recalled),
    ];
    (PartKey::Topic(topic), Part::Topic(part), messages)
}

/// The values of the first release. They may change only together with a new version byte, and these must then stay
/// readable.
const GROUP_1: &str = concat!(
    "010405466f72756d0966c3bc7220616c6c65066e6f746963651568747470733a2f2f6578616d706c652e636f6d2f6601",
    "04526f6f6d063700f09f939aa08d06020103616e6e010081a0f8fa05ab02c8010380a4a7da0681e2cfaa0604c3846e6e",
    "01045465616d036f707301020180a0f8fa050380e2cfaa06ac0281e2cfaa06c801643201018080808080200102c0843d",
);
const MEMBER_1: &str = "010181a0f8fa05ab02c8010380a4a7da0681e2cfaa0604c3846e6e01045465616d036f7073";
const ACCOUNT_1: &str = "0103416e6e1568747470733a2f2f6578616d706c652e636f6d2f6180a0f8fa050182e2cfaa06";
const COUNTERS_1: &str = "01c0843d0102ac0200f0a204";
const TOPIC_1: &str = "010205546f7069630169016e016602630080a0f8fa0501ac0281e2cfaa06c8016432";
const MESSAGES_1: &str = concat!(
    "01040882a0f8fa0503616e6e070300045b7b7d5d017801010101010103616e6e0103616e6e00000982a0f8fa0503616e",
    "6e07030000000100000000000001070103616e6e0102036e65770a82a0f8fa0503616e6e070300025b5d00000b82a0f8",
    "fa0503616e6e070302000000",
);
const LISTED_1: &str = "0440544753235f666f72756d";

#[test]
fn format_1_stays_readable() {
    let (row, member, account, counters) = samples();
    assert_eq!(decode_group(row.group.id.clone(), &bytes(GROUP_1)).unwrap(), row);
    assert_eq!(decode_member(b"ann", &bytes(MEMBER_1)).unwrap(), member);
    assert_eq!(decode_account(&bytes(ACCOUNT_1)).unwrap(), account);
    assert_eq!(decode_counters(&bytes(COUNTERS_1)).unwrap(), counters);
    assert_eq!(decode_listed(&bytes(LISTED_1)).unwrap(), (row.group.kind, row.group.id));
    let (key, part, messages) = hanging();
    assert_eq!(decode_part(&key, &bytes(TOPIC_1)).unwrap(), part);
    assert_eq!(read_page(2, &bytes(MESSAGES_1)).unwrap(), messages);
}

#[test]
fn format_1_is_what_is_written() {
    let (row, member, account, counters) = samples();
    assert_eq!(hex(&encode_group(&row)), GROUP_1);
    assert_eq!(hex(&encode_member(&member)), MEMBER_1);
    assert_eq!(hex(&encode_account(&account)), ACCOUNT_1);
    assert_eq!(hex(&encode_counters(&counters)), COUNTERS_1);
    assert_eq!(hex(&encode_listed(row.group.kind, &row.group.id)), LISTED_1);
    let (_, part, messages) = hanging();
    assert_eq!(hex(&encode_part(&part)), TOPIC_1);
    assert_eq!(hex(&write_page(None, &messages).unwrap()), MESSAGES_1);
}

#[test]
fn who_recalled_a_message_and_why_is_read_again() {
    let (_, _, messages) = hanging();
    let by = |reason: &str| Recall { operator: UserId::parse("bob").unwrap(), reason: reason.into() };
    let recalled = messages.into_iter().zip(["", "rude", "\u{0}"]);
    let recalled: Vec<_> = recalled.map(|(message, reason)| message.recalled(by(reason))).collect();
    assert_eq!(read_page(2, &write_page(None, &recalled).unwrap()).unwrap(), recalled);
}
