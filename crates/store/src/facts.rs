//! Facts as a store keeps them: a number for the kind, a name within the kind, and a record.
//!
//! Names of one family begin alike and are in the order of their keys. Ids and accounts are printable ASCII, so the tab
//! between them keeps that order.

use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::origin::JobId;
use landfall_domain::people::archive::{ArchiveKind, Hour};
use landfall_domain::people::brought::Brought;
use landfall_domain::people::console::{ConsoleName, SessionKey};
use landfall_domain::people::counts::Day;
use landfall_domain::people::fact::{Chat, FactFamily, FactKey};
use landfall_domain::people::follow::Tie;
use landfall_domain::people::friends::RequestWay;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use std::cmp::Reverse;

mod console;
mod push;
mod record;
mod values;

pub(crate) use record::FactRecord;

/// The number of a kind of fact and a name, or the beginning of names, within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FactName {
    /// Part of the stored format.
    pub(crate) kind: u8,
    pub(crate) name: String,
}

const PORTRAIT: u8 = 1;
const MUTE: u8 = 2;
const CHAT: u8 = 3;
const LOG: u8 = 4;
const FRIENDS: u8 = 10;
const FRIEND: u8 = 11;
const REQUEST: u8 = 12;
const BLOCKED: u8 = 13;
const UNREAD: u8 = 5;
const FOLDERS: u8 = 20;
const FILED: u8 = 21;
const MARK: u8 = 22;
const PIN: u8 = 23;
const EXTENSIONS: u8 = 24;
const FOLLOW: u8 = 70;
const FOLLOWERS: u8 = 71;
const ATTRIBUTES: u8 = 72;
const TAGS: u8 = 73;
const ATTRIBUTE_NAMES: u8 = 74;
const PUSHED: u8 = 75;
const PUSH: u8 = 76;
const OFFICIAL: u8 = 30;
const SUBSCRIBER: u8 = 31;
const SUBSCRIBED: u8 = 32;
const WORDS: u8 = 33;
const BROUGHT: u8 = 40;
const DAY: u8 = 50;
const ARCHIVE_PROGRESS: u8 = 51;
const ARCHIVE: u8 = 52;
const CONSOLE_USER: u8 = 80;
const CONSOLE_SESSION: u8 = 81;
const AUDIT_BOUNDS: u8 = 82;
const AUDIT: u8 = 83;

/// Begins the names of conversations with accounts.
const DIRECT: char = 'a';
/// Begins the names of conversations in groups.
const GROUP: char = 'g';
/// Digits of a job, which begin the names of what it has brought in. A letter for the kind follows.
const JOB_DIGITS: usize = 16;

fn brought(job: JobId, about: &Brought) -> String {
    let (letter, name) = match about {
        Brought::Profile(account) => ('a', account.to_string()),
        Brought::Friends(account) => ('b', account.to_string()),
        Brought::Blocks(account) => ('d', account.to_string()),
        Brought::Direct(pair) => ('c', pair.to_string()),
    };
    format!("{:016x}{letter}{name}", job.0)
}

fn brought_named(name: &str) -> Option<FactKey> {
    let (job, rest) = name.split_at_checked(JOB_DIGITS)?;
    let job = JobId(u64::from_str_radix(job, 16).ok()?);
    let (letter, name) = rest.split_at_checked(1)?;
    let about = match letter {
        "a" => Brought::Profile(UserId::parse(name)?),
        "b" => Brought::Friends(UserId::parse(name)?),
        "c" => Brought::Direct(Pair::named(name)?),
        "d" => Brought::Blocks(UserId::parse(name)?),
        _ => return None,
    };
    Some(FactKey::Brought(job, about))
}

/// Begins the names of requests to others.
const SENT: char = 's';
/// Begins the names of requests from others.
const RECEIVED: char = 't';

fn way(way: RequestWay) -> char {
    match way {
        RequestWay::Sent => SENT,
        RequestWay::Received => RECEIVED,
    }
}

/// The name of a conversation of an account.
fn chat_name(chat: &Chat) -> String {
    match chat {
        Chat::Direct(peer) => format!("{DIRECT}{peer}"),
        Chat::Group(group) => format!("{GROUP}{group}"),
    }
}

fn chat_named(name: &str) -> Option<Chat> {
    Some(match name.strip_prefix(DIRECT) {
        Some(peer) => Chat::Direct(UserId::parse(peer)?),
        None => Chat::Group(GroupId::parse(name.strip_prefix(GROUP)?)?),
    })
}

/// The key of a message, in a form that keeps the order of keys.
fn key_name(MessageKey { sent, number, random }: &MessageKey) -> String {
    format!("{:020}_{number:010}_{random:010}", sent.0)
}

fn key_named(name: &str) -> Option<MessageKey> {
    let mut numbers = name.split('_');
    let sent = Timestamp(numbers.next()?.parse().ok()?);
    let (number, random) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    numbers.next().is_none().then_some(MessageKey { sent, number, random })
}

/// Where the extensions of messages that were sent before a time end, among the facts about a pair.
pub(crate) fn extensions_before(end: Timestamp) -> FactName {
    FactName { kind: EXTENSIONS, name: key_name(&MessageKey::first_of(end)) }
}

/// The beginning of the names of the extensions of messages.
pub(crate) fn all_extensions() -> FactName {
    FactName { kind: EXTENSIONS, name: String::new() }
}

/// Begins the names of accounts that are this to another.
fn tie(tie: Tie) -> char {
    match tie {
        Tie::Mutual => 'b',
        Tie::Followed => 'f',
        Tie::Follower => 't',
    }
}

fn archive(kind: ArchiveKind) -> char {
    match kind {
        ArchiveKind::Direct => DIRECT,
        ArchiveKind::Group => GROUP,
    }
}

/// The name of a fact.
pub(crate) fn name(key: &FactKey) -> FactName {
    let named = |kind, name: String| FactName { kind, name };
    match key {
        FactKey::Portrait => named(PORTRAIT, String::new()),
        FactKey::Mute => named(MUTE, String::new()),
        FactKey::Chat(chat) => named(CHAT, chat_name(chat)),
        FactKey::Log => named(LOG, String::new()),
        FactKey::Friends => named(FRIENDS, String::new()),
        FactKey::Friend(id) => named(FRIEND, id.to_string()),
        FactKey::Request(of, id) => named(REQUEST, format!("{}{id}", way(*of))),
        FactKey::Blocked(id) => named(BLOCKED, id.to_string()),
        FactKey::Unread(peer) => named(UNREAD, peer.to_string()),
        FactKey::Folders => named(FOLDERS, String::new()),
        FactKey::Filed(chat) => named(FILED, chat_name(chat)),
        FactKey::Mark(chat) => named(MARK, chat_name(chat)),
        FactKey::Pin(chat) => named(PIN, chat_name(chat)),
        FactKey::Extensions(key) => named(EXTENSIONS, key_name(key)),
        FactKey::Follow(of, id) => named(FOLLOW, format!("{}{id}", tie(*of))),
        FactKey::Followers => named(FOLLOWERS, String::new()),
        FactKey::Attributes => named(ATTRIBUTES, String::new()),
        FactKey::Tags => named(TAGS, String::new()),
        FactKey::AttributeNames => named(ATTRIBUTE_NAMES, String::new()),
        FactKey::Pushed => named(PUSHED, String::new()),
        FactKey::Push(number) => named(PUSH, format!("{number:08x}")),
        FactKey::Official => named(OFFICIAL, String::new()),
        FactKey::Subscriber(id) => named(SUBSCRIBER, id.to_string()),
        FactKey::Subscribed(id) => named(SUBSCRIBED, id.to_string()),
        FactKey::Words => named(WORDS, String::new()),
        FactKey::Brought(job, about) => named(BROUGHT, brought(*job, about)),
        FactKey::Day(Day(day)) => named(DAY, format!("{day:010}")),
        FactKey::ArchiveProgress => named(ARCHIVE_PROGRESS, String::new()),
        FactKey::Archive(kind, Hour(hour)) => named(ARCHIVE, format!("{}{hour:010}", archive(*kind))),
        FactKey::ConsoleUser(user) => named(CONSOLE_USER, user.to_string()),
        FactKey::ConsoleSession(key) => named(CONSOLE_SESSION, key.to_string()),
        FactKey::AuditBounds => named(AUDIT_BOUNDS, String::new()),
        // The newest comes first.
        FactKey::Audit(Reverse(number)) => named(AUDIT, format!("{:016x}", u64::MAX - number)),
    }
}

/// Whether stores may cache facts of this kind: those that are read by the hundred, and written to seldom or once by many
/// readers.
pub(crate) fn is_cached(kind: u8) -> bool {
    kind == PORTRAIT || kind == LOG
}

/// The beginning of the names of a family, which consist of printable ASCII and, inside them, tabs. Every name with this
/// beginning is of the family.
pub(crate) fn family(family: FactFamily) -> FactName {
    let named = |kind, name: &str| FactName { kind, name: name.to_owned() };
    match family {
        FactFamily::Chats => named(CHAT, ""),
        FactFamily::Friends => named(FRIEND, ""),
        FactFamily::Requests(of) => FactName { kind: REQUEST, name: way(of).into() },
        FactFamily::Blocklist => named(BLOCKED, ""),
        FactFamily::Unread => named(UNREAD, ""),
        FactFamily::Filed => named(FILED, ""),
        FactFamily::Marks => named(MARK, ""),
        FactFamily::Pins => named(PIN, ""),
        FactFamily::Follows(of) => FactName { kind: FOLLOW, name: tie(of).into() },
        FactFamily::Pushes => named(PUSH, ""),
        FactFamily::Subscribers => named(SUBSCRIBER, ""),
        FactFamily::Subscribed => named(SUBSCRIBED, ""),
        FactFamily::Brought(job) => named(BROUGHT, &format!("{:016x}", job.0)),
        FactFamily::Days => named(DAY, ""),
        FactFamily::Archives(kind) => FactName { kind: ARCHIVE, name: archive(kind).into() },
        FactFamily::ConsoleUsers => named(CONSOLE_USER, ""),
        FactFamily::ConsoleSessions => named(CONSOLE_SESSION, ""),
        FactFamily::Audit => named(AUDIT, ""),
    }
}

/// The beginning of the names of an account's conversations with other accounts.
pub(crate) fn direct_chats() -> FactName {
    FactName { kind: CHAT, name: DIRECT.into() }
}

/// The key of a name; `None` when it is not a name.
pub(crate) fn key(kind: u8, name: &str) -> Option<FactKey> {
    let alone = |key| name.is_empty().then_some(key);
    match kind {
        PORTRAIT => alone(FactKey::Portrait),
        MUTE => alone(FactKey::Mute),
        CHAT => chat_named(name).map(FactKey::Chat),
        LOG => alone(FactKey::Log),
        FRIENDS => alone(FactKey::Friends),
        FRIEND => Some(FactKey::Friend(UserId::parse(name)?)),
        REQUEST => Some(match name.strip_prefix(SENT) {
            Some(id) => FactKey::Request(RequestWay::Sent, UserId::parse(id)?),
            None => FactKey::Request(RequestWay::Received, UserId::parse(name.strip_prefix(RECEIVED)?)?),
        }),
        BLOCKED => Some(FactKey::Blocked(UserId::parse(name)?)),
        UNREAD => Some(FactKey::Unread(UserId::parse(name)?)),
        FOLDERS => alone(FactKey::Folders),
        FILED => chat_named(name).map(FactKey::Filed),
        MARK => chat_named(name).map(FactKey::Mark),
        PIN => chat_named(name).map(FactKey::Pin),
        EXTENSIONS => key_named(name).map(FactKey::Extensions),
        FOLLOW => {
            let of = |of: &Tie| Some(FactKey::Follow(*of, UserId::parse(name.strip_prefix(tie(*of))?)?));
            Tie::ALL.iter().find_map(of)
        }
        FOLLOWERS => alone(FactKey::Followers),
        ATTRIBUTES => alone(FactKey::Attributes),
        TAGS => alone(FactKey::Tags),
        ATTRIBUTE_NAMES => alone(FactKey::AttributeNames),
        PUSHED => alone(FactKey::Pushed),
        PUSH => Some(FactKey::Push(u32::from_str_radix(name, 16).ok()?)),
        OFFICIAL => alone(FactKey::Official),
        SUBSCRIBER => Some(FactKey::Subscriber(UserId::parse(name)?)),
        SUBSCRIBED => Some(FactKey::Subscribed(UserId::parse(name)?)),
        WORDS => alone(FactKey::Words),
        BROUGHT => brought_named(name),
        DAY => Some(FactKey::Day(Day(name.parse().ok()?))),
        ARCHIVE_PROGRESS => alone(FactKey::ArchiveProgress),
        ARCHIVE => Some(match name.strip_prefix(DIRECT) {
            Some(hour) => FactKey::Archive(ArchiveKind::Direct, Hour(hour.parse().ok()?)),
            None => FactKey::Archive(ArchiveKind::Group, Hour(name.strip_prefix(GROUP)?.parse().ok()?)),
        }),
        CONSOLE_USER => ConsoleName::parse(name).map(FactKey::ConsoleUser),
        CONSOLE_SESSION => SessionKey::named(name).map(FactKey::ConsoleSession),
        AUDIT_BOUNDS => alone(FactKey::AuditBounds),
        AUDIT => Some(FactKey::Audit(Reverse(u64::MAX - u64::from_str_radix(name, 16).ok()?))),
        _ => None,
    }
}

/// The pair of whose conversation an account has this fact.
pub(crate) fn pair_of(account: &UserId, key: &FactKey) -> Option<Subject> {
    match key {
        FactKey::Chat(Chat::Direct(peer)) | FactKey::Unread(peer) => {
            Some(Subject::Pair(Pair::of(account.clone(), peer.clone())))
        }
        FactKey::Portrait
        | FactKey::Mute
        | FactKey::Chat(Chat::Group(_))
        | FactKey::Log
        | FactKey::Friends
        | FactKey::Friend(_)
        | FactKey::Request(..)
        | FactKey::Blocked(_)
        | FactKey::Folders
        | FactKey::Filed(_)
        | FactKey::Mark(_)
        | FactKey::Pin(_)
        | FactKey::Extensions(_)
        | FactKey::Follow(..)
        | FactKey::Followers
        | FactKey::Attributes
        | FactKey::Tags
        | FactKey::AttributeNames
        | FactKey::Pushed
        | FactKey::Push(_)
        | FactKey::Official
        | FactKey::Subscriber(_)
        | FactKey::Subscribed(_)
        | FactKey::Words
        | FactKey::Brought(..)
        | FactKey::Day(_)
        | FactKey::ArchiveProgress
        | FactKey::Archive(..)
        | FactKey::ConsoleUser(_)
        | FactKey::ConsoleSession(_)
        | FactKey::AuditBounds
        | FactKey::Audit(_) => None,
    }
}
