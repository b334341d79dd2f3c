//! Groups, members and accounts as rows. Parts and messages are in `history`, facts and messages between accounts in
//! `people`, the outbox in `outbox`.

mod history;
mod outbox;
mod people;

pub(super) use history::{DAYS, DayLists, MESSAGES, MessageLists, NameRange, PARTS, PartLists, part_name};
pub(super) use outbox::{DEAD_NOTES, DeadLetterLists, EntryLists, LaneLists, NOTES, lengthen_lanes};
pub(super) use people::{
    DIRECT_DAYS, DIRECT_MESSAGES, DirectDayLists, DirectLists, FACTS, FactLists, FactNames, fact_name,
};

use super::columns::{Column, Lists, Parameters, Reader, Record, RowWise, Table, TableColumn, Writes};
use super::failure::Failure;
use super::values::Bits;
use landfall_domain::account::Account;
use landfall_domain::fields::CustomField;
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{MessageLog, ReadMark};
use landfall_domain::origin::{JobId, Origin, Provenance, Seal};
use landfall_domain::store::JoinedChat;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

table! {
    GROUPS: GroupLists in "groups" {
        group_id: GroupId [key],
        kind: GroupType [fixed],
        name: Text,
        introduction: Text,
        notification: Text,
        face_url: Text,
        fields: Vec<CustomField>,
        max_members: u32,
        join_option: JoinOption,
        owner: Option<UserId>,
        support_topic: bool [fixed],
        invite_option: InviteOption,
        mute_all: bool,
        created: Timestamp,
        info_seq: u32,
        info_changed: Timestamp,
        next_message_seq: u32,
        last_message: Timestamp,
        read_by_all: u32,
        cleared: u32,
        first_kept: u32,
        listed: Option<Timestamp>,
        history_before_join: bool,
        permissions_enabled: bool,
        default_permissions: Bits,
        active: bool,
        member_count: u32,
        list_position: u64 [fixed],
    }
    Group {
        id: group_id,
        kind,
        profile: Profile { name, introduction, notification, face_url, fields, max_members, join_option },
        owner,
        support_topic,
        invite_option,
        mute_all,
        created,
        info_seq,
        info_changed,
        log: MessageLog { next_seq: next_message_seq, last_message, read_by_all, cleared, first_kept, listed },
        history_before_join,
        permissions_enabled,
        default_permissions,
        active,
        member_count,
        list_position,
    }
}

table! {
    MEMBERS: MemberLists in "members" of group_id: GroupId {
        account: UserId [key],
        role: Role,
        joined: Timestamp,
        read_seq: u32,
        read_made_at: u32,
        receive_option: ReceiveOption,
        muted_until: Timestamp,
        last_message: Timestamp,
        name_card: String,
        fields: Vec<CustomField>,
    }
    Member {
        account,
        role,
        joined,
        read: ReadMark { seq: read_seq, made_at: read_made_at },
        receive_option,
        muted_until,
        last_message,
        name_card,
        fields,
    }
}

table! {
    /// The groups of an account: members seen from the other side.
    MEMBERSHIPS: MembershipLists in "memberships" of account: UserId {
        group_id: GroupId [key],
        kind: GroupType [fixed],
        support_topic: bool [fixed],
    }
}

impl<'row> MembershipLists<'row> {
    fn push(&mut self, account: &'row UserId, group: &'row Group) {
        self.account.push(account.as_str());
        self.group_id.push(group.id.as_str());
        self.kind.push(GroupType::write(&group.kind));
        self.support_topic.push(group.support_topic);
    }
}

impl Record for JoinedChat {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let (group, created) = (reader.next::<GroupId>()?, reader.next::<Timestamp>()?);
        let (next_seq, last_message) = (reader.next::<u32>()?, reader.next::<Timestamp>()?);
        let listed = reader.next::<Option<Timestamp>>()?;
        let log = MessageLog { next_seq, last_message, listed, ..MessageLog::default() };
        let (last_seq, last_listed) = (log.last_seq(), log.last_listed());
        Ok(Self { group, created, last_seq, last_listed, quiet: listed.is_some() })
    }
}

/// New members, seen from the group and from the account.
pub(super) struct NewMembers<'row> {
    pub(super) members: MemberLists<'row>,
    pub(super) memberships: MembershipLists<'row>,
}

impl<'row> NewMembers<'row> {
    pub(super) fn with_capacity(app: AppId, rows: usize) -> Self {
        Self {
            members: MemberLists::with_capacity(app, rows),
            memberships: MembershipLists::with_capacity(app, rows),
        }
    }

    pub(super) fn push(&mut self, group: &'row Group, member: &'row Member) {
        self.members.push(&group.id, member);
        self.memberships.push(&member.account, group);
    }
}

table! {
    ACCOUNTS: AccountLists in "accounts" of account: UserId {
        nick: Text,
        face_url: Text,
        created: Timestamp,
        placeholder: bool,
        signatures_from: Timestamp,
    }
    Account { nick, face_url, created, placeholder, signatures_from }
}

table! {
    /// Where groups came from that jobs brought in.
    ORIGINS: OriginLists in "origins" of group_id: GroupId {
        job: Bits,
        src: String,
        src_key: String,
        digest: String,
        carried: Vec<u8>,
        brought: Timestamp,
        seal: Bits,
        added: Vec<JobId>,
    }
    Provenance {
        origin: Origin { job: JobId(job), src, key: src_key, digest, carried },
        brought,
        seal: Seal(seal),
        added,
    }
}

lists! {
    /// Of `INSERT_PLACEHOLDERS`.
    PlaceholderLists {
        account: UserId,
        created: Timestamp,
    }
}

/// Makes accounts that are not there.
pub(super) fn insert_placeholders() -> Writes {
    let head = "INSERT INTO landfall.accounts \
        (sdk_app_id, account, nick, face_url, created, placeholder, signatures_from)";
    let tail = " ON CONFLICT (sdk_app_id, account) DO NOTHING";
    Writes {
        lists: format!(
            "{head} SELECT $1::bigint, account, '', '', created, true, 0 \
            FROM unnest($2::text[], $3::bigint[]) AS new (account, created){tail}"
        ),
        rows: RowWise {
            head: head.to_owned(),
            row: "?::text, '', '', ?::bigint, true, 0".to_owned(),
            tail: tail.to_owned(),
            copy: None,
        },
    }
}

impl<'row> AccountLists<'row> {
    /// Accounts that are only named, each like `blank`.
    pub(super) fn named(named: &PlaceholderLists<'row>, blank: &'row Account) -> Self {
        let rows = named.account.len();
        Self {
            app: named.app,
            account: named.account.clone(),
            nick: (0..rows).map(|_| Text::write(&blank.nick)).collect(),
            face_url: (0..rows).map(|_| Text::write(&blank.face_url)).collect(),
            created: named.created.clone(),
            placeholder: (0..rows).map(|_| bool::write(&blank.placeholder)).collect(),
            signatures_from: (0..rows).map(|_| Timestamp::write(&blank.signatures_from)).collect(),
        }
    }
}

impl<'row> PlaceholderLists<'row> {
    pub(super) fn push(&mut self, account: &'row UserId, now: Timestamp) {
        self.account.push(account.as_str());
        self.created.push(Timestamp::write(&now));
    }

    pub(super) fn names(&self) -> Vec<&'row str> {
        self.account.clone()
    }

    /// Without the accounts of these names.
    pub(super) fn without(self, names: &BTreeSet<&str>) -> Self {
        let rows = self.account.into_iter().zip(self.created);
        let (account, created) = rows.filter(|(account, _)| !names.contains(account)).unzip();
        Self { app: self.app, account, created }
    }
}

table! {
    /// What deleted accounts leave behind that were kicked.
    KICKS: KickLists in "kicks" of account: UserId {
        signatures_from: Timestamp,
    }
}

impl<'row> KickLists<'row> {
    pub(super) fn push(&mut self, account: &'row UserId, from: Timestamp) {
        self.account.push(account.as_str());
        self.signatures_from.push(Timestamp::write(&from));
    }
}

lists! {
    /// Of `COUNT_GROUPS`.
    CountLists {
        kind: GroupType,
        change: i64,
    }
}

/// Adds to the numbers of groups.
pub(super) fn count_groups() -> Writes {
    let head = "INSERT INTO landfall.group_counts AS counts (sdk_app_id, kind, part, groups)";
    let tail = " ON CONFLICT (sdk_app_id, kind, part) DO UPDATE SET groups = counts.groups + excluded.groups";
    Writes {
        lists: format!(
            "{head} SELECT $1::bigint, kind, pg_backend_pid() % 64, groups \
            FROM unnest($2::smallint[], $3::bigint[]) AS more (kind, groups){tail}"
        ),
        rows: RowWise {
            head: head.to_owned(),
            row: "?::smallint, pg_backend_pid() % 64, ?::bigint".to_owned(),
            tail: tail.to_owned(),
            copy: None,
        },
    }
}

impl CountLists<'_> {
    /// How many groups of each type came or, below 0, went.
    pub(super) fn of(app: AppId, changes: impl IntoIterator<Item = (GroupType, i64)>) -> Self {
        let mut sums = BTreeMap::new();
        for (kind, change) in changes {
            *sums.entry(kind).or_insert(0) += change;
        }
        let mut lists = Self::with_capacity(app, sums.len());
        for (kind, change) in sums {
            lists.kind.push(GroupType::write(&kind));
            lists.change.push(change);
        }
        lists
    }
}
