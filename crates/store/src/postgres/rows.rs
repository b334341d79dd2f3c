//! Groups, members and accounts as rows: columns to write, rows to read. Parts and messages are in `history`, lanes and
//! notes in `outbox`.

use super::database::Failure;
use super::texts::{escape, unescape};
use landfall_domain::account::Account;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{MessageLog, ReadMark};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Every row begins with its app.
pub(super) fn app_column(app: AppId) -> i64 {
    i64::from(app.0)
}

/// The app of a row.
pub(super) fn app(row: &Row, column: usize) -> Result<AppId, Failure> {
    Ok(AppId(u32::try_from(row.try_get::<_, i64>(column)?).map_err(|_| Failure::Damaged("app"))?))
}

/// A time as it is kept. The end of time comes sooner in the tables: in 292 billion years.
pub(super) fn time_column(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

pub(super) fn time(row: &Row, column: usize) -> Result<Timestamp, Failure> {
    Ok(Timestamp(number(row, column)?))
}

/// A number that the tables keep in 64 bits with a sign.
pub(super) fn number<N: TryFrom<i64>>(row: &Row, column: usize) -> Result<N, Failure> {
    N::try_from(row.try_get::<_, i64>(column)?).map_err(|_| Failure::Damaged("number"))
}

/// A number as it is kept. None that is counted gets past the end of the tables' numbers.
pub(super) fn number_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that the tables keep in 16 bits.
fn byte(row: &Row, column: usize) -> Result<u8, Failure> {
    u8::try_from(row.try_get::<_, i16>(column)?).map_err(|_| Failure::Damaged("number"))
}

/// How many rows, as a statement takes it.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn text(row: &Row, column: usize) -> Result<Text, Failure> {
    Ok(Text::stored(unescape(row.try_get(column)?)))
}

pub(super) fn user_id(row: &Row, column: usize) -> Result<UserId, Failure> {
    UserId::parse(row.try_get(column)?).ok_or(Failure::Damaged("account name"))
}

pub(super) fn group_id(row: &Row, column: usize) -> Result<GroupId, Failure> {
    GroupId::parse(row.try_get(column)?).ok_or(Failure::Damaged("group id"))
}

pub(super) fn kind_column(kind: GroupType) -> i16 {
    kind.code().into()
}

pub(super) fn role_column(role: Role) -> i16 {
    role.code().into()
}

/// One of a few values by its number.
fn coded<T>(
    row: &Row,
    column: usize,
    from_code: fn(u8) -> Option<T>,
    what: &'static str,
) -> Result<T, Failure> {
    from_code(byte(row, column)?).ok_or(Failure::Damaged(what))
}

pub(super) fn kind(row: &Row, column: usize) -> Result<GroupType, Failure> {
    coded(row, column, GroupType::from_code, "type of group")
}

/// Custom fields in their order, as JSON: `[["key", "value"], …]`.
fn fields_column(fields: &[CustomField]) -> String {
    if fields.is_empty() {
        return "[]".to_owned();
    }
    let pairs: Vec<(&str, Cow<'_, str>)> =
        fields.iter().map(|field| (field.key.as_str(), escape(field.value.as_str()))).collect();
    // Strings can always be written as JSON.
    serde_json::to_string(&pairs).unwrap_or_default()
}

fn fields(json: &str) -> Result<Vec<CustomField>, Failure> {
    if json == "[]" {
        return Ok(Vec::new());
    }
    let damaged = || Failure::Damaged("custom field");
    let pairs: Vec<(String, String)> = serde_json::from_str(json).map_err(|_| damaged())?;
    let field = |(key, value): (String, String)| {
        let key = FieldKey::parse(&key).ok_or_else(damaged)?;
        Ok(CustomField { key, value: Text::stored(unescape(value)) })
    };
    pairs.into_iter().map(field).collect()
}

/// Columns of `group_columns!`.
pub(super) const GROUP_COLUMNS: usize = 27;

/// A group from the columns of `group_columns!`, the first of which is `at`.
pub(super) fn group(row: &Row, at: usize) -> Result<Group, Failure> {
    let owner: Option<&str> = row.try_get(at + 9)?;
    Ok(Group {
        id: group_id(row, at)?,
        kind: kind(row, at + 1)?,
        profile: Profile {
            name: text(row, at + 2)?,
            introduction: text(row, at + 3)?,
            notification: text(row, at + 4)?,
            face_url: text(row, at + 5)?,
            fields: fields(row.try_get(at + 6)?)?,
            max_members: number(row, at + 7)?,
            join_option: coded(row, at + 8, JoinOption::from_code, "join option")?,
        },
        owner: match owner {
            Some(name) => Some(UserId::parse(name).ok_or(Failure::Damaged("account name"))?),
            None => None,
        },
        support_topic: row.try_get(at + 10)?,
        invite_option: coded(row, at + 11, InviteOption::from_code, "invite option")?,
        mute_all: row.try_get(at + 12)?,
        created: time(row, at + 13)?,
        info_seq: number(row, at + 14)?,
        info_changed: time(row, at + 15)?,
        log: MessageLog {
            next_seq: number(row, at + 16)?,
            last_message: time(row, at + 17)?,
            read_by_all: number(row, at + 18)?,
            cleared: number(row, at + 19)?,
            first_kept: number(row, at + 20)?,
        },
        history_before_join: row.try_get(at + 21)?,
        permissions_enabled: row.try_get(at + 22)?,
        default_permissions: row.try_get::<_, i64>(at + 23)?.cast_unsigned(),
        active: row.try_get(at + 24)?,
        member_count: number(row, at + 25)?,
        list_position: number(row, at + 26)?,
    })
}

/// A member from the columns of `member_columns!`, the first of which is `at`.
pub(super) fn member(row: &Row, at: usize) -> Result<Member, Failure> {
    Ok(Member {
        account: user_id(row, at)?,
        role: coded(row, at + 1, Role::from_code, "role")?,
        joined: time(row, at + 2)?,
        read: ReadMark { seq: number(row, at + 3)?, made_at: number(row, at + 4)? },
        receive_option: coded(row, at + 5, ReceiveOption::from_code, "receive option")?,
        muted_until: time(row, at + 6)?,
        last_message: time(row, at + 7)?,
        name_card: unescape(row.try_get(at + 8)?),
        fields: fields(row.try_get(at + 9)?)?,
    })
}

/// An account from the columns of `account_columns!`, the first of which is `at`, with its name.
pub(super) fn account(row: &Row, at: usize) -> Result<(UserId, Account), Failure> {
    let account = Account {
        nick: text(row, at + 1)?,
        face_url: text(row, at + 2)?,
        created: time(row, at + 3)?,
        placeholder: row.try_get(at + 4)?,
        signatures_from: time(row, at + 5)?,
    };
    Ok((user_id(row, at)?, account))
}

/// The parameters of one statement: the app, then a list for each column.
pub(super) type Parameters<'list> = Vec<&'list (dyn ToSql + Sync)>;

/// Lists of columns of rows.
pub(super) trait Columns: Sync {
    fn is_empty(&self) -> bool;

    fn parameters(&self) -> Parameters<'_>;
}

/// Lists of columns that rows are added to one by one.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(in crate::postgres) struct $name<'row> {
            app: i64,
            $($column: Vec<$type>,)+
        }

        impl<'row> $name<'row> {
            pub(in crate::postgres) fn with_capacity(app: AppId, rows: usize) -> Self {
                Self { app: app_column(app), $($column: Vec::with_capacity(rows),)+ }
            }

        }

        impl Columns for $name<'_> {
            fn is_empty(&self) -> bool {
                true $(&& self.$column.is_empty())+
            }

            fn parameters(&self) -> Parameters<'_> {
                vec![&self.app, $(&self.$column,)+]
            }
        }
    };
}

mod history;
mod outbox;

pub(super) use history::{
    DayColumns, MessageColumns, NameRange, PartColumns, message, part, part_name, place,
};
pub(super) use outbox::{DeadColumns, LaneColumns, NoteColumns, dead_note, lane, lane_state, note};

columns! {
    /// Of `INSERT_GROUPS` and `PUT_GROUPS`.
    GroupColumns {
        group_id: &'row str,
        kind: i16,
        name: Cow<'row, str>,
        introduction: Cow<'row, str>,
        notification: Cow<'row, str>,
        face_url: Cow<'row, str>,
        fields: String,
        max_members: i64,
        join_option: i16,
        owner: Option<&'row str>,
        support_topic: bool,
        invite_option: i16,
        mute_all: bool,
        created: i64,
        info_seq: i64,
        info_changed: i64,
        next_message_seq: i64,
        last_message: i64,
        read_by_all: i64,
        cleared: i64,
        first_kept: i64,
        history_before_join: bool,
        permissions_enabled: bool,
        default_permissions: i64,
        active: bool,
        member_count: i64,
        list_position: i64,
    }
}

impl<'row> GroupColumns<'row> {
    pub(super) fn push(&mut self, group: &'row Group) {
        let profile = &group.profile;
        self.group_id.push(group.id.as_str());
        self.kind.push(kind_column(group.kind));
        self.name.push(escape(profile.name.as_str()));
        self.introduction.push(escape(profile.introduction.as_str()));
        self.notification.push(escape(profile.notification.as_str()));
        self.face_url.push(escape(profile.face_url.as_str()));
        self.fields.push(fields_column(&profile.fields));
        self.max_members.push(profile.max_members.into());
        self.join_option.push(profile.join_option.code().into());
        self.owner.push(group.owner.as_ref().map(UserId::as_str));
        self.support_topic.push(group.support_topic);
        self.invite_option.push(group.invite_option.code().into());
        self.mute_all.push(group.mute_all);
        self.created.push(time_column(group.created));
        self.info_seq.push(group.info_seq.into());
        self.info_changed.push(time_column(group.info_changed));
        self.next_message_seq.push(group.log.next_seq.into());
        self.last_message.push(time_column(group.log.last_message));
        self.read_by_all.push(group.log.read_by_all.into());
        self.cleared.push(group.log.cleared.into());
        self.first_kept.push(group.log.first_kept.into());
        self.history_before_join.push(group.history_before_join);
        self.permissions_enabled.push(group.permissions_enabled);
        self.default_permissions.push(group.default_permissions.cast_signed());
        self.active.push(group.active);
        self.member_count.push(group.member_count.into());
        self.list_position.push(group.list_position.cast_signed());
    }
}

columns! {
    /// Of `INSERT_MEMBERS` and `PUT_MEMBERS`.
    MemberColumns {
        group_id: &'row str,
        account: &'row str,
        role: i16,
        joined: i64,
        read_seq: i64,
        read_made_at: i64,
        receive_option: i16,
        muted_until: i64,
        last_message: i64,
        name_card: Cow<'row, str>,
        fields: String,
    }
}

impl<'row> MemberColumns<'row> {
    pub(super) fn push(&mut self, group: &'row GroupId, member: &'row Member) {
        self.group_id.push(group.as_str());
        self.account.push(member.account.as_str());
        self.role.push(role_column(member.role));
        self.joined.push(time_column(member.joined));
        self.read_seq.push(member.read.seq.into());
        self.read_made_at.push(member.read.made_at.into());
        self.receive_option.push(member.receive_option.code().into());
        self.muted_until.push(time_column(member.muted_until));
        self.last_message.push(time_column(member.last_message));
        self.name_card.push(escape(&member.name_card));
        self.fields.push(fields_column(&member.fields));
    }
}

columns! {
    /// Of `INSERT_MEMBERSHIPS`.
    MembershipColumns {
        account: &'row str,
        group_id: &'row str,
        kind: i16,
        support_topic: bool,
    }
}

impl<'row> MembershipColumns<'row> {
    fn push(&mut self, account: &'row UserId, group: &'row Group) {
        self.account.push(account.as_str());
        self.group_id.push(group.id.as_str());
        self.kind.push(kind_column(group.kind));
        self.support_topic.push(group.support_topic);
    }
}

/// New members, seen from the group and from the account.
pub(super) struct NewMembers<'row> {
    pub(super) members: MemberColumns<'row>,
    pub(super) memberships: MembershipColumns<'row>,
}

impl<'row> NewMembers<'row> {
    pub(super) fn with_capacity(app: AppId, rows: usize) -> Self {
        Self {
            members: MemberColumns::with_capacity(app, rows),
            memberships: MembershipColumns::with_capacity(app, rows),
        }
    }

    pub(super) fn push(&mut self, group: &'row Group, member: &'row Member) {
        self.members.push(&group.id, member);
        self.memberships.push(&member.account, group);
    }
}

columns! {
    /// Of `INSERT_PLACEHOLDERS`.
    PlaceholderColumns {
        account: &'row str,
        created: i64,
    }
}

impl<'row> PlaceholderColumns<'row> {
    pub(super) fn push(&mut self, account: &'row str, now: Timestamp) {
        self.account.push(account);
        self.created.push(time_column(now));
    }
}

columns! {
    /// Of `PUT_ACCOUNTS`.
    AccountColumns {
        account: &'row str,
        nick: Cow<'row, str>,
        face_url: Cow<'row, str>,
        created: i64,
        placeholder: bool,
        signatures_from: i64,
    }
}

impl<'row> AccountColumns<'row> {
    pub(super) fn push(&mut self, name: &'row UserId, account: &'row Account) {
        self.account.push(name.as_str());
        self.nick.push(escape(account.nick.as_str()));
        self.face_url.push(escape(account.face_url.as_str()));
        self.created.push(time_column(account.created));
        self.placeholder.push(account.placeholder);
        self.signatures_from.push(time_column(account.signatures_from));
    }
}

columns! {
    /// Of `PUT_KICKS`.
    KickColumns {
        account: &'row str,
        signatures_from: i64,
    }
}

impl<'row> KickColumns<'row> {
    pub(super) fn push(&mut self, account: &'row UserId, from: Timestamp) {
        self.account.push(account.as_str());
        self.signatures_from.push(time_column(from));
    }
}

/// Of `COUNT_GROUPS`.
pub(super) struct CountColumns {
    app: i64,
    kinds: Vec<i16>,
    changes: Vec<i64>,
}

impl CountColumns {
    /// How many groups of each type came or, below 0, went.
    pub(super) fn of(app: AppId, changes: impl IntoIterator<Item = (GroupType, i64)>) -> Self {
        let mut sums = BTreeMap::new();
        for (kind, change) in changes {
            *sums.entry(kind_column(kind)).or_insert(0) += change;
        }
        let (kinds, changes) = sums.into_iter().unzip();
        Self { app: app_column(app), kinds, changes }
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        vec![&self.app, &self.kinds, &self.changes]
    }
}
