//! The keys of the embedded store: a family byte, three bytes that scatter, the app, then what the family is
//! ordered by.
//!
//! | Family | Key after family, scatter and app | Value |
//! |---|---|---|
//! | `a` account | account | `AccountRecord` |
//! | `b` fact | subject, 0, kind, name | `FactRecord` |
//! | `c` counters | nothing | `CountersRecord` |
//! | `d` message between two accounts | pair, 0, place, 4 bytes | `DirectRecord` |
//! | `e` kick of an account that was deleted since | account | from when on its signatures are valid |
//! | `f` origin of a group | group id | `OriginRecord` |
//! | `g` group | group id, 0 | `GroupRecord`, the owner's membership inside |
//! | `g` member, not the owner | group id, 0, account | `MemberRecord` |
//! | `h` part that hangs on a group | group id, 0, kind, name | `PartRecord` |
//! | `i` messages | group id, 0, topic id or nothing, 0, page, 4 bytes | list of `MessageRecord` |
//! | `j` joined | account, 0, group id | type byte, whether it supports topics |
//! | `k` group that a job made or added to | job, 8 bytes, group id | nothing |
//! | `l` list | list position, 8 bytes | type byte, group id |
//! | `m` lane of the outbox | lane | when it is due, its numbers |
//! | `n` entry of the outbox | lane, 0, number, 8 bytes | the bytes that the server made of it |
//! | `o` fact that names an account | account, 0, and what follows in the fact's own key | nothing |
//! | `p` progress of a copy into this store | nothing, not even an app | `ProgressRecord` |
//! | `q` due lane | due time, 8 bytes, place, 8 bytes, lane | nothing |
//! | `r` message of a pair, the newest first | pair, 0, time, number and random number turned around | its place |
//! | `s` sweep | the removal to finish | nothing |
//! | `t` day with messages | day, 4 bytes, group id, 0, topic id or nothing | nothing |
//! | `u` day with messages of a pair | day, 4 bytes, pair | nothing |
//! | `v` account that was deleted during a load | first list position, 8 bytes, account | nothing |
//! | `w` load that is on its way | first list position, 8 bytes | the list position behind its last |
//! | `x` dead letter | lane, 0, number, 8 bytes | when and why, the entry |
//! | `z` stamp of the last batch | nothing, not even an app | [`Stamp`](super::journal::Stamp) |
//!
//! A group and its members are neighbours, so adding a member to a new group costs little more than the group.
//! Ids and accounts are printable ASCII, so the 0 after them ends them and keeps their order.
//!
//! The scattering bytes are a hash of the group id or account that follows. The engine keeps the first four bytes
//! of a key beside its pointer, so keys that differ there are compared without reading the heap, where a write
//! spends most of its time. Nothing is read across groups or accounts in the order of their names.

mod load;
mod people;

pub(super) use load::{ALL_LOADS, all_load_deleted, load, load_deleted, load_deleted_account, load_first};
pub(super) use people::{
    PeopleKey, all_direct, all_direct_days, all_direct_keys, all_facts, all_naming, direct, direct_day,
    direct_day_of, direct_days, direct_key, fact, fact_of, is_cached, message_key, named_in, naming,
    scatter_of,
};

use super::records::Due;
use crate::parts::{self, PartName};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::outbox::Lane;
use landfall_domain::part::PartKey;
use landfall_domain::time::Timestamp;

const ACCOUNT: u8 = b'a';
const COUNTERS: u8 = b'c';
const LEFT_BEHIND: u8 = b'e';
const ORIGIN: u8 = b'f';
const PART: u8 = b'h';
const MESSAGES: u8 = b'i';
const GROUP: u8 = b'g';
const JOINED: u8 = b'j';
const JOB: u8 = b'k';
const LIST: u8 = b'l';
const LANE: u8 = b'm';
const NOTE: u8 = b'n';
const COPY: u8 = b'p';
const DUE: u8 = b'q';
const SWEEP: u8 = b's';
const DAY: u8 = b't';
const DEAD: u8 = b'x';
const END: u8 = 0;

/// Bytes before the app.
const APP: usize = 4;
/// Bytes of the family, the scatter and the app.
const HEAD: usize = 8;

/// FNV-1a of a name, folded to three bytes; part of the stored format.
fn scatter(name: &[u8]) -> [u8; 3] {
    let hash =
        name.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let [high, rest @ ..] = hash.to_be_bytes();
    [rest[0] ^ high, rest[1], rest[2]]
}

/// A key whose first part scatters it.
fn scattered(family: u8, app: AppId, parts: &[&[u8]]) -> Vec<u8> {
    key(family, scatter(parts.first().copied().unwrap_or_default()), app, parts)
}

/// A key that lies beside the others of its family and app.
fn ordered(family: u8, app: AppId, parts: &[&[u8]]) -> Vec<u8> {
    key(family, [0; 3], app, parts)
}

fn key(family: u8, scatter: [u8; 3], app: AppId, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(HEAD + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(family);
    key.extend_from_slice(&scatter);
    key.extend_from_slice(&app.0.to_be_bytes());
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(super) fn account(app: AppId, account: &UserId) -> Vec<u8> {
    scattered(ACCOUNT, app, &[account.as_str().as_bytes()])
}

/// Start of the keys of all accounts of all apps; [`account_of`] and [`app`] read the rest.
pub(super) fn all_accounts() -> Vec<u8> {
    vec![ACCOUNT]
}

/// The account in its key.
pub(super) fn account_of(key: &[u8]) -> Option<UserId> {
    UserId::parse(std::str::from_utf8(key.get(HEAD..)?).ok()?)
}

/// What is left of accounts of this name that were deleted.
pub(super) fn left_behind(app: AppId, account: &UserId) -> Vec<u8> {
    scattered(LEFT_BEHIND, app, &[account.as_str().as_bytes()])
}

pub(super) fn counters(app: AppId) -> Vec<u8> {
    ordered(COUNTERS, app, &[])
}

pub(super) fn group(app: AppId, group: &GroupId) -> Vec<u8> {
    scattered(GROUP, app, &[group.as_str().as_bytes(), &[END]])
}

pub(super) fn member(app: AppId, group: &GroupId, account: &UserId) -> Vec<u8> {
    scattered(GROUP, app, &[group.as_str().as_bytes(), &[END], account.as_str().as_bytes()])
}

/// A [`member`] with the group's own key in it.
pub(super) struct MemberKey {
    bytes: Vec<u8>,
    /// Length of the group's key.
    group: usize,
}

impl MemberKey {
    pub(super) fn new(app: AppId, group: &GroupId, account: &UserId) -> Self {
        let bytes = member(app, group, account);
        let group = bytes.len() - account.as_str().len();
        Self { bytes, group }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn group(&self) -> &[u8] {
        &self.bytes[..self.group]
    }
}

/// Keys of groups and members: from the first to before the last.
pub(super) fn groups() -> std::ops::Range<Vec<u8>> {
    vec![GROUP]..vec![GROUP + 1]
}

/// Whether one of those is a group's: an account does not end in 0.
pub(super) fn is_group(key: &[u8]) -> bool {
    key.last() == Some(&END)
}

/// The account in a member's key; empty for the key of the group itself.
pub(super) fn member_account<'key>(key: &'key [u8], group: &GroupId) -> &'key [u8] {
    key.get(HEAD + group.as_str().len() + 1..).unwrap_or_default()
}

pub(super) fn joined(app: AppId, account: &UserId, group: &GroupId) -> Vec<u8> {
    scattered(JOINED, app, &[account.as_str().as_bytes(), &[END], group.as_str().as_bytes()])
}

/// Start of the keys of all groups an account is in; [`joined_group`] reads the rest.
pub(super) fn all_joined(app: AppId, account: &UserId) -> Vec<u8> {
    scattered(JOINED, app, &[account.as_str().as_bytes(), &[END]])
}

/// The group in a key below [`all_joined`].
pub(super) fn joined_group<'key>(key: &'key [u8], account: &UserId) -> &'key [u8] {
    key.get(HEAD + account.as_str().len() + 1..).unwrap_or_default()
}

/// All parts of one kind whose names begin with a family's, or one part.
pub(super) fn part(app: AppId, group: &GroupId, PartName { kind, name }: &PartName) -> Vec<u8> {
    scattered(PART, app, &[group.as_str().as_bytes(), &[END, *kind], name.as_bytes()])
}

/// Start of the keys of all parts of a group.
pub(super) fn all_parts(app: AppId, group: &GroupId) -> Vec<u8> {
    scattered(PART, app, &[group.as_str().as_bytes(), &[END]])
}

/// The part in a key below [`all_parts`].
pub(super) fn part_key(key: &[u8], group: &GroupId) -> Option<PartKey> {
    let (kind, name) = key.get(HEAD + group.as_str().len() + 1..)?.split_first()?;
    parts::key(*kind, std::str::from_utf8(name).ok()?)
}

/// A page of messages.
pub(super) fn page(app: AppId, group: &GroupId, topic: &str, page: u32) -> Vec<u8> {
    let mut key = conversation(app, group, topic);
    key.extend_from_slice(&page.to_be_bytes());
    key
}

/// Start of the keys of all messages of one conversation.
pub(super) fn conversation(app: AppId, group: &GroupId, topic: &str) -> Vec<u8> {
    scattered(MESSAGES, app, &[group.as_str().as_bytes(), &[END], topic.as_bytes(), &[END]])
}

/// Start of the keys of all messages of a group and its topics.
pub(super) fn all_messages(app: AppId, group: &GroupId) -> Vec<u8> {
    scattered(MESSAGES, app, &[group.as_str().as_bytes(), &[END]])
}

/// The page in a key below [`conversation`].
pub(super) fn page_of(key: &[u8]) -> Option<u32> {
    key.last_chunk().copied().map(u32::from_be_bytes)
}

/// Records that a conversation has messages of a day.
pub(super) fn day(app: AppId, day: u32, group: &GroupId, topic: &str) -> Vec<u8> {
    ordered(DAY, app, &[&day.to_be_bytes(), group.as_str().as_bytes(), &[END], topic.as_bytes()])
}

/// Start of the keys of all days of an app.
pub(super) fn all_days(app: AppId) -> Vec<u8> {
    ordered(DAY, app, &[])
}

/// Start of the keys of one day of an app.
pub(super) fn days(app: AppId, day: u32) -> Vec<u8> {
    ordered(DAY, app, &[&day.to_be_bytes()])
}

/// Day, group and topic of a key below [`all_days`].
pub(super) fn day_of(key: &[u8]) -> Option<(u32, GroupId, &str)> {
    let (day, names) = key.get(HEAD..)?.split_first_chunk()?;
    let (group, topic) = std::str::from_utf8(names).ok()?.split_once(char::from(END))?;
    Some((u32::from_be_bytes(*day), GroupId::parse(group)?, topic))
}

/// The key that follows all keys that begin with `start`, whose last byte is not the largest.
pub(super) fn after_all(mut start: Vec<u8>) -> Vec<u8> {
    if let Some(last) = start.last_mut() {
        *last = last.saturating_add(1);
    }
    start
}

/// Where a group came from.
pub(super) fn origin(app: AppId, group: &GroupId) -> Vec<u8> {
    scattered(ORIGIN, app, &[group.as_str().as_bytes()])
}

/// Records that a job made a group or added to it.
pub(super) fn of_job(app: AppId, job: JobId, group: &GroupId) -> Vec<u8> {
    ordered(JOB, app, &[&job.0.to_be_bytes(), group.as_str().as_bytes()])
}

/// The keys of all groups of a job, or of those after a group: from the first, exclusive, to before the last.
pub(super) fn all_of_job(app: AppId, job: JobId, after: Option<&GroupId>) -> (Vec<u8>, Vec<u8>) {
    let after = after.map_or("", GroupId::as_str);
    // An id is printable ASCII.
    let end = ordered(JOB, app, &[&job.0.to_be_bytes(), b"\x7f"]);
    (ordered(JOB, app, &[&job.0.to_be_bytes(), after.as_bytes()]), end)
}

/// The group in a key between those of [`all_of_job`].
pub(super) fn group_of_job(key: &[u8]) -> Option<GroupId> {
    GroupId::parse(std::str::from_utf8(key.get(HEAD + 8..)?).ok()?)
}

pub(super) fn list(app: AppId, position: u64) -> Vec<u8> {
    ordered(LIST, app, &[&position.to_be_bytes()])
}

/// Starts of the keys of all apps' counters, memberships by account, lists, lanes of the outbox, and dead letters.
pub(super) const ALL_COUNTERS: [u8; 1] = [COUNTERS];
pub(super) const ALL_JOINED: [u8; 1] = [JOINED];
pub(super) const ALL_LISTED: [u8; 1] = [LIST];
pub(super) const ALL_LANES: [u8; 1] = [LANE];
pub(super) const ALL_DEAD: [u8; 1] = [DEAD];

/// The key of the progress of a copy.
pub(super) const PROGRESS: [u8; 1] = [COPY];
/// The one row that each batch writes.
pub(super) const STAMP: [u8; 1] = *b"z";

/// The app in a key of any family.
pub(super) fn app(key: &[u8]) -> Option<AppId> {
    key.get(APP..HEAD).and_then(|app| app.try_into().ok()).map(|app| AppId(u32::from_be_bytes(app)))
}

/// The position in a key of the list.
pub(super) fn list_position(key: &[u8]) -> Option<u64> {
    key.get(HEAD..).and_then(|rest| rest.try_into().ok()).map(u64::from_be_bytes)
}

/// The keys of accounts, facts, messages between accounts, kicks, origins, groups, members, parts and messages of groups, with
/// [counters](is_counters) between them: from the first to before the last.
pub(super) const ROWS: std::ops::Range<[u8; 1]> = [ACCOUNT]..[MESSAGES + 1];

pub(super) fn is_counters(key: &[u8]) -> bool {
    key.first() == Some(&COUNTERS)
}

pub(super) fn is_messages(key: &[u8]) -> bool {
    key.first() == Some(&MESSAGES)
}

/// What the key of a row that is no index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowKey {
    Account(AppId, UserId),
    LeftBehind(AppId, UserId),
    Origin(AppId, GroupId),
    Group(AppId, GroupId),
    /// Not the owner.
    Member(AppId, GroupId, UserId),
    Part(AppId, GroupId, PartKey),
    /// A page of messages.
    Messages(AppId, GroupId, Conversation, u32),
    /// A fact, or a message between two accounts.
    People(PeopleKey),
}

impl RowKey {
    pub(super) fn parse(key: &[u8]) -> Option<Self> {
        let owner = app(key)?;
        let name = |bytes| std::str::from_utf8(bytes).ok();
        let rest = key.get(HEAD..)?;
        let family = *key.first()?;
        if [people::FACT, people::DIRECT].contains(&family) {
            return PeopleKey::parse(key).map(Self::People);
        }
        if family == ACCOUNT {
            return Some(Self::Account(owner, UserId::parse(name(rest)?)?));
        }
        if family == LEFT_BEHIND {
            return Some(Self::LeftBehind(owner, UserId::parse(name(rest)?)?));
        }
        if family == ORIGIN {
            return Some(Self::Origin(owner, GroupId::parse(name(rest)?)?));
        }
        let end = rest.iter().position(|byte| *byte == END)?;
        let group = GroupId::parse(name(rest.get(..end)?)?)?;
        let below = rest.get(end + 1..)?;
        match family {
            GROUP if below.is_empty() => Some(Self::Group(owner, group)),
            GROUP => Some(Self::Member(owner, group, UserId::parse(name(below)?)?)),
            PART => {
                let part = part_key(key, &group)?;
                Some(Self::Part(owner, group, part))
            }
            MESSAGES => {
                let (topic, page) = below.split_last_chunk()?;
                let topic = name(topic.strip_suffix(&[END])?)?;
                let page = u32::from_be_bytes(*page);
                Some(Self::Messages(owner, group, parts::conversation(topic)?, page))
            }
            _ => None,
        }
    }
}

/// A lane of the outbox.
pub(super) fn lane(app: AppId, lane: &Lane) -> Vec<u8> {
    ordered(LANE, app, &[lane.name().as_bytes()])
}

/// An entry of a lane.
pub(super) fn note(app: AppId, lane: &Lane, number: u64) -> Vec<u8> {
    ordered(NOTE, app, &[lane.name().as_bytes(), &[END], &number.to_be_bytes()])
}

/// Records that a lane is due from a time on.
pub(super) fn due(app: AppId, due: Due, lane: &Lane) -> Vec<u8> {
    let name = lane.name().as_bytes();
    ordered(DUE, app, &[&due.at.0.to_be_bytes(), &due.order.to_be_bytes(), name])
}

/// Start of the keys of all due lanes of an app.
pub(super) fn all_due(app: AppId) -> Vec<u8> {
    ordered(DUE, app, &[])
}

/// The key that follows those of lanes due at `now` or before.
pub(super) fn due_after(app: AppId, now: Timestamp) -> Vec<u8> {
    ordered(DUE, app, &[&now.0.saturating_add(1).to_be_bytes()])
}

/// The lane in a key of [`due`].
pub(super) fn due_lane(key: &[u8]) -> &[u8] {
    key.get(HEAD + 16..).unwrap_or_default()
}

/// The lane with this name.
pub(super) fn lane_in(name: &[u8]) -> Option<Lane> {
    Lane::named(std::str::from_utf8(name).ok()?)
}

/// A dead letter.
pub(super) fn dead(app: AppId, lane: &Lane, number: u64) -> Vec<u8> {
    ordered(DEAD, app, &[lane.name().as_bytes(), &[END], &number.to_be_bytes()])
}

/// Start of the keys of all dead letters of a lane.
pub(super) fn dead_of(app: AppId, lane: &Lane) -> Vec<u8> {
    ordered(DEAD, app, &[lane.name().as_bytes(), &[END]])
}

/// Start of the keys of all dead letters of an app.
pub(super) fn all_dead(app: AppId) -> Vec<u8> {
    ordered(DEAD, app, &[])
}

/// Lane and number in a key of [`dead`].
pub(super) fn dead_place(key: &[u8]) -> Option<(&[u8], u64)> {
    let (lane, number) = key.get(HEAD..)?.split_last_chunk()?;
    Some((lane.strip_suffix(&[END])?, u64::from_be_bytes(*number)))
}

/// A removal whose head is gone and whose rest is still to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sweep {
    /// The members of a dissolved group.
    Group(AppId, GroupId),
    /// The memberships of a deleted account, the facts about it and those that name it, and its conversations.
    Account(AppId, UserId),
    /// Parts of a group: those whose full key begins with this.
    Parts(AppId, GroupId, Vec<u8>),
    /// The messages of a topic.
    Messages(AppId, GroupId, String),
}

/// Start of the keys of all sweeps.
pub(super) const ALL_SWEEPS: [u8; 1] = [SWEEP];

impl Sweep {
    pub(super) fn key(&self) -> Vec<u8> {
        match self {
            Self::Group(app, group) => ordered(SWEEP, *app, &[b"g", group.as_str().as_bytes()]),
            Self::Account(app, account) => ordered(SWEEP, *app, &[b"a", account.as_str().as_bytes()]),
            Self::Parts(app, group, start) => {
                ordered(SWEEP, *app, &[b"h", group.as_str().as_bytes(), &[END], start])
            }
            Self::Messages(app, group, topic) => {
                ordered(SWEEP, *app, &[b"m", group.as_str().as_bytes(), &[END], topic.as_bytes()])
            }
        }
    }

    pub(super) fn parse(key: &[u8]) -> Option<Self> {
        let owner = app(key)?;
        let rest = key.get(HEAD + 1..)?;
        let name = |bytes| std::str::from_utf8(bytes).ok();
        let in_group = || {
            let end = rest.iter().position(|byte| *byte == END)?;
            Some((GroupId::parse(name(rest.get(..end)?)?)?, rest.get(end + 1..)?))
        };
        match key.get(HEAD)? {
            b'g' => Some(Self::Group(owner, GroupId::parse(name(rest)?)?)),
            b'a' => Some(Self::Account(owner, UserId::parse(name(rest)?)?)),
            b'h' => {
                let (group, start) = in_group()?;
                Some(Self::Parts(owner, group, start.to_vec()))
            }
            b'm' => {
                let (group, topic) = in_group()?;
                Some(Self::Messages(owner, group, name(topic)?.to_owned()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
