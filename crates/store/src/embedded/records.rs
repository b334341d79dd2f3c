//! The values of the embedded store: a version byte, then the fields in postcard's encoding.
//!
//! A later version adds a variant and keeps reading the older ones.

mod origin;
mod outbox;

pub(super) use origin::{decode_origin, encode_origin};
pub(super) use outbox::{DeadRow, Due, LaneRow, decode_dead, decode_lane, encode_dead, encode_lane};

use crate::messages::{self, Details};
use crate::parts::{LogRecord, PartRecord};
use crate::transfer::{Place, Progress};
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{Message, MessageLog, MessageState, Priority, ReadMark};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::store::JoinedChat;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Types of groups, by [`GroupType::code`].
pub(super) const GROUP_TYPES: usize = 5;

/// Version of every record written today.
const VERSION: u8 = 1;

/// A value that cannot be decoded: the directory is damaged or was written by another program.
#[derive(Debug, thiserror::Error)]
#[error("a stored {0} cannot be read")]
pub(super) struct Damaged(pub(super) &'static str);

impl From<Damaged> for StoreError {
    fn from(damaged: Damaged) -> Self {
        Self::failed("reading", &damaged)
    }
}

pub(super) fn encode<R: Serialize>(record: &R) -> Vec<u8> {
    // Most groups fit, so the buffer does not grow step by step.
    let mut value = Vec::with_capacity(256);
    value.push(VERSION);
    // Writing plain data to memory has no way to fail.
    postcard::to_extend(record, value).unwrap_or_default()
}

pub(super) fn decode<'bytes, R: Deserialize<'bytes>>(
    bytes: &'bytes [u8],
    what: &'static str,
) -> Result<R, Damaged> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| Damaged(what)),
        _ => Err(Damaged(what)),
    }
}

/// A group with its owner's membership, which has no row of its own: every import writes both, and the owner of
/// a group is read with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupRow {
    pub(super) group: Group,
    /// Its account is `group.owner`. Absent where there is no owner, and in groups that keep no members.
    pub(super) owner: Option<Member>,
}

impl GroupRow {
    pub(super) fn is_owned_by(&self, account: &UserId) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.account == *account)
    }
}

#[derive(Serialize, Deserialize)]
struct GroupRecord<'text> {
    kind: u8,
    name: &'text str,
    introduction: &'text str,
    notification: &'text str,
    face_url: &'text str,
    fields: Vec<(&'text str, &'text str)>,
    max_members: u32,
    join_option: u8,
    owner: Option<&'text str>,
    /// Absent in groups that keep no members.
    #[serde(borrow)]
    owner_member: Option<MemberRecord<'text>>,
    support_topic: bool,
    invite_option: u8,
    mute_all: bool,
    created: u64,
    info_seq: u32,
    info_changed: u64,
    log: LogRecord,
    history_before_join: bool,
    permissions_enabled: bool,
    default_permissions: u64,
    active: bool,
    member_count: u32,
    list_position: u64,
}

pub(super) fn encode_group(row: &GroupRow) -> Vec<u8> {
    let group = &row.group;
    let profile = &group.profile;
    let value = encode(&GroupRecord {
        kind: group.kind.code(),
        name: profile.name.as_str(),
        introduction: profile.introduction.as_str(),
        notification: profile.notification.as_str(),
        face_url: profile.face_url.as_str(),
        fields: pairs(&profile.fields),
        max_members: profile.max_members,
        join_option: profile.join_option.code(),
        owner: group.owner.as_ref().map(UserId::as_str),
        owner_member: row.owner.as_ref().map(member_record),
        support_topic: group.support_topic,
        invite_option: group.invite_option.code(),
        mute_all: group.mute_all,
        created: group.created.0,
        info_seq: group.info_seq,
        info_changed: group.info_changed.0,
        log: LogRecord::from(&group.log),
        history_before_join: group.history_before_join,
        permissions_enabled: group.permissions_enabled,
        default_permissions: group.default_permissions,
        active: group.active,
        member_count: group.member_count,
        list_position: group.list_position,
    });
    match group.log.listed {
        None => value,
        // As above.
        Some(listed) => postcard::to_extend(&listed.0, value).unwrap_or_default(),
    }
}

/// A group's record, and what stands behind it, which programs that do not know it leave unread: the time that lists of
/// conversations show, where that is not the time of the last message.
fn read_group(bytes: &[u8]) -> Result<(GroupRecord<'_>, Option<Timestamp>), Damaged> {
    let damaged = |_| Damaged(GROUP);
    let Some((&VERSION, rest)) = bytes.split_first() else { return Err(Damaged(GROUP)) };
    let (record, rest) = postcard::take_from_bytes(rest).map_err(damaged)?;
    let listed: Option<u64> =
        if rest.is_empty() { None } else { Some(postcard::from_bytes(rest).map_err(damaged)?) };
    Ok((record, listed.map(Timestamp)))
}

/// What lists of conversations show of a group; `None` when nothing was said in it yet.
pub(super) fn decode_chat(id: &GroupId, bytes: &[u8]) -> Result<Option<JoinedChat>, Damaged> {
    let (record, listed) = read_group(bytes)?;
    let log = MessageLog { listed, ..record.log.into() };
    Ok(record.active.then(|| JoinedChat {
        group: id.clone(),
        created: Timestamp(record.created),
        last_seq: log.last_seq(),
        last_listed: log.last_listed(),
        quiet: listed.is_some(),
    }))
}

/// What a group is called where it cannot be read.
const GROUP: &str = "group";

pub(super) fn decode_group(id: GroupId, bytes: &[u8]) -> Result<GroupRow, Damaged> {
    const WHAT: &str = GROUP;
    let (record, listed) = read_group(bytes)?;
    let fields = custom_fields(record.fields, WHAT)?;
    let text = |raw: &str| Text::stored(raw.to_owned());
    let owner = record.owner.map(|name| UserId::parse(name).ok_or(Damaged(WHAT))).transpose()?;
    let owner_member = match (&owner, record.owner_member) {
        (Some(owner), Some(member)) => Some(member_of(owner.as_str().as_bytes(), member)?),
        _ => None,
    };
    let group = Group {
        id,
        kind: GroupType::from_code(record.kind).ok_or(Damaged(WHAT))?,
        profile: Profile {
            name: text(record.name),
            introduction: text(record.introduction),
            notification: text(record.notification),
            face_url: text(record.face_url),
            fields,
            max_members: record.max_members,
            join_option: JoinOption::from_code(record.join_option).ok_or(Damaged(WHAT))?,
        },
        owner,
        support_topic: record.support_topic,
        invite_option: InviteOption::from_code(record.invite_option).ok_or(Damaged(WHAT))?,
        mute_all: record.mute_all,
        created: Timestamp(record.created),
        info_seq: record.info_seq,
        info_changed: Timestamp(record.info_changed),
        log: MessageLog { listed, ..record.log.into() },
        history_before_join: record.history_before_join,
        permissions_enabled: record.permissions_enabled,
        default_permissions: record.default_permissions,
        active: record.active,
        member_count: record.member_count,
        list_position: record.list_position,
    };
    Ok(GroupRow { group, owner: owner_member })
}

#[derive(Serialize, Deserialize)]
struct MemberRecord<'text> {
    role: u8,
    joined: u64,
    read: (u32, u32),
    receive_option: u8,
    muted_until: u64,
    last_message: u64,
    name_card: &'text str,
    fields: Vec<(&'text str, &'text str)>,
}

pub(super) fn encode_member(member: &Member) -> Vec<u8> {
    encode(&member_record(member))
}

fn member_record(member: &Member) -> MemberRecord<'_> {
    MemberRecord {
        role: member.role.code(),
        joined: member.joined.0,
        read: (member.read.seq, member.read.made_at),
        receive_option: member.receive_option.code(),
        muted_until: member.muted_until.0,
        last_message: member.last_message.0,
        name_card: &member.name_card,
        fields: pairs(&member.fields),
    }
}

pub(super) fn decode_member(account: &[u8], bytes: &[u8]) -> Result<Member, Damaged> {
    member_of(account, decode(bytes, "member")?)
}

fn member_of(account: &[u8], record: MemberRecord<'_>) -> Result<Member, Damaged> {
    const WHAT: &str = "member";
    Ok(Member {
        account: std::str::from_utf8(account).ok().and_then(UserId::parse).ok_or(Damaged(WHAT))?,
        role: Role::from_code(record.role).ok_or(Damaged(WHAT))?,
        joined: Timestamp(record.joined),
        read: ReadMark { seq: record.read.0, made_at: record.read.1 },
        receive_option: ReceiveOption::from_code(record.receive_option).ok_or(Damaged(WHAT))?,
        muted_until: Timestamp(record.muted_until),
        last_message: Timestamp(record.last_message),
        name_card: record.name_card.to_owned(),
        fields: custom_fields(record.fields, WHAT)?,
    })
}

fn pairs(fields: &[CustomField]) -> Vec<(&str, &str)> {
    fields.iter().map(|field| (field.key.as_str(), field.value.as_str())).collect()
}

fn custom_fields(pairs: Vec<(&str, &str)>, what: &'static str) -> Result<Vec<CustomField>, Damaged> {
    let field = |(key, value): (&str, &str)| {
        let key = FieldKey::parse(key).ok_or(Damaged(what))?;
        Ok(CustomField { key, value: Text::stored(value.to_owned()) })
    };
    pairs.into_iter().map(field).collect()
}

#[derive(Serialize, Deserialize)]
struct AccountRecord<'text> {
    nick: &'text str,
    face_url: &'text str,
    created: u64,
    placeholder: bool,
    signatures_from: u64,
}

pub(super) fn encode_account(account: &Account) -> Vec<u8> {
    encode(&AccountRecord {
        nick: account.nick.as_str(),
        face_url: account.face_url.as_str(),
        created: account.created.0,
        placeholder: account.placeholder,
        signatures_from: account.signatures_from.0,
    })
}

pub(super) fn decode_account(bytes: &[u8]) -> Result<Account, Damaged> {
    let record: AccountRecord<'_> = decode(bytes, "account")?;
    Ok(Account {
        nick: Text::stored(record.nick.to_owned()),
        face_url: Text::stored(record.face_url.to_owned()),
        created: Timestamp(record.created),
        placeholder: record.placeholder,
        signatures_from: Timestamp(record.signatures_from),
    })
}

pub(super) fn encode_left_behind(from: Timestamp) -> Vec<u8> {
    encode(&from.0)
}

pub(super) fn decode_left_behind(bytes: &[u8]) -> Result<Timestamp, Damaged> {
    decode(bytes, "kick of a deleted account").map(Timestamp)
}

/// Counters of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters {
    /// List position given last.
    pub(super) last_position: u64,
    /// Living groups by [`GroupType::code`].
    pub(super) groups: [u64; GROUP_TYPES],
}

pub(super) fn encode_counters(counters: &Counters) -> Vec<u8> {
    encode(counters)
}

pub(super) fn decode_counters(bytes: &[u8]) -> Result<Counters, Damaged> {
    decode(bytes, "counter")
}

#[derive(Serialize, Deserialize)]
struct ProgressRecord<'text> {
    source: &'text str,
    place: Option<Vec<u8>>,
    rows: u64,
}

pub(super) fn encode_progress(progress: &Progress) -> Vec<u8> {
    let Progress { source, place, rows } = progress;
    encode(&ProgressRecord { source, place: place.as_ref().map(|place| place.0.clone()), rows: *rows })
}

pub(super) fn decode_progress(bytes: &[u8]) -> Result<Progress, Damaged> {
    let ProgressRecord { source, place, rows } = decode(bytes, "progress of a copy")?;
    Ok(Progress { source: source.to_owned(), place: place.map(Place), rows })
}

/// The value of a key of an account's groups: the fields they are filtered by, so that they are counted without reading
/// each group.
pub(super) fn encode_joined(kind: GroupType, support_topic: bool) -> Vec<u8> {
    vec![kind.code(), support_topic.into()]
}

pub(super) fn decode_joined(bytes: &[u8]) -> Result<(GroupType, bool), Damaged> {
    match bytes {
        [kind, support_topic] => {
            Ok((GroupType::from_code(*kind).ok_or(Damaged("membership"))?, *support_topic != 0))
        }
        _ => Err(Damaged("membership")),
    }
}

pub(super) fn encode_part(part: &Part) -> Vec<u8> {
    encode(&PartRecord::from(part))
}

pub(super) fn decode_part(key: &PartKey, bytes: &[u8]) -> Result<Part, Damaged> {
    let record: PartRecord = decode(bytes, "part of a group")?;
    record.part(key).ok_or(Damaged("part of a group"))
}

#[derive(Serialize, Deserialize)]
struct MessageRecord<'text> {
    /// Place in the page, from 0 on.
    place: u8,
    sent: u64,
    sender: &'text str,
    random: u32,
    priority: u8,
    state: u8,
    elements: &'text str,
    custom: &'text str,
    details: Option<Details>,
}

/// Messages of a conversation that share a row: so many with numbers that follow each other. A page of history is
/// two or three rows then, found without a search, and a message that is sent writes little more than itself.
pub(super) const MESSAGES_PER_PAGE: u32 = 16;

/// The page of a number, and the place in it.
pub(super) fn page_of(seq: u32) -> (u32, u8) {
    let index = seq.saturating_sub(1);
    // A remainder of 16 fits.
    (index / MESSAGES_PER_PAGE, (index % MESSAGES_PER_PAGE) as u8)
}

/// The page as it was, with `messages` added or in place of those with their numbers.
pub(super) fn write_page<'a>(
    before: Option<&[u8]>,
    messages: impl IntoIterator<Item = &'a Message>,
) -> Result<Vec<u8>, Damaged> {
    let mut records: Vec<MessageRecord<'_>> = match before {
        Some(bytes) => decode(bytes, "message")?,
        None => Vec::new(),
    };
    for message in messages {
        let (elements, custom) = messages::texts(&message.content);
        let record = MessageRecord {
            place: page_of(message.seq).1,
            sent: message.sent.0,
            sender: message.sender.as_str(),
            random: message.random,
            priority: message.priority.number(),
            state: message.state.code(),
            elements,
            custom,
            details: Details::of(&message.content),
        };
        match records.binary_search_by_key(&record.place, |there| there.place) {
            Ok(index) => records[index] = record,
            Err(index) => records.insert(index, record),
        }
    }
    Ok(encode(&records))
}

/// The messages of a page, in the order of their numbers.
pub(super) fn read_page(page: u32, bytes: &[u8]) -> Result<Vec<Message>, Damaged> {
    read_page_if(page, bytes, |_, _| true)
}

/// Those messages of a page that are `wanted` by when they were sent and their random number. The others cost little.
pub(super) fn read_page_if(
    page: u32,
    bytes: &[u8],
    mut wanted: impl FnMut(Timestamp, u32) -> bool,
) -> Result<Vec<Message>, Damaged> {
    const WHAT: &str = "message";
    let records: Vec<MessageRecord<'_>> = decode(bytes, WHAT)?;
    let message = |record: MessageRecord<'_>| {
        let seq = page.checked_mul(MESSAGES_PER_PAGE)?.checked_add(u32::from(record.place) + 1)?;
        Some(Message {
            seq,
            sent: Timestamp(record.sent),
            sender: UserId::parse(record.sender)?,
            random: record.random,
            priority: Priority::from_number(record.priority)?,
            state: MessageState::from_code(record.state)?,
            content: record.details.unwrap_or_default().content(record.elements, record.custom)?,
        })
    };
    records
        .into_iter()
        .filter(|record| wanted(Timestamp(record.sent), record.random))
        .map(|record| message(record).ok_or(Damaged(WHAT)))
        .collect()
}

/// When the first message of a page was sent.
pub(super) fn first_sent(bytes: &[u8]) -> Result<Option<Timestamp>, Damaged> {
    let records: Vec<MessageRecord<'_>> = decode(bytes, "message")?;
    Ok(records.first().map(|record| Timestamp(record.sent)))
}

/// How many messages a row holds.
pub(super) fn count_messages(bytes: &[u8]) -> Result<u64, Damaged> {
    // A list begins with its length.
    decode(bytes, "message")
}

/// The value of a list key: type and id, so that a filtered page reads the list alone.
pub(super) fn encode_listed(kind: GroupType, id: &GroupId) -> Vec<u8> {
    let mut value = Vec::with_capacity(1 + id.as_str().len());
    value.push(kind.code());
    value.extend_from_slice(id.as_str().as_bytes());
    value
}

pub(super) fn decode_listed(bytes: &[u8]) -> Result<(GroupType, GroupId), Damaged> {
    let damaged = || Damaged("list entry");
    let (kind, id) = bytes.split_first().ok_or_else(damaged)?;
    let id = std::str::from_utf8(id).ok().and_then(GroupId::parse).ok_or_else(damaged)?;
    Ok((GroupType::from_code(*kind).ok_or_else(damaged)?, id))
}
