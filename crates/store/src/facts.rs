//! Facts as a store keeps them: a number for the kind, a name within the kind, and a record.
//!
//! Names of one family begin alike and are in the order of their keys. Ids and accounts are printable ASCII, so the tab
//! between them keeps that order.

use landfall_domain::fields::FieldKey;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use landfall_domain::people::counts::{Day, DayCounts, Distinct, Online, Totals};
use landfall_domain::people::fact::{Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, Mute, Unread};
use landfall_domain::people::friends::{Blocked, Friend, Friends, RequestWay};
use landfall_domain::people::portrait::{Portrait, PortraitTag, PortraitValue};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

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
const DAY: u8 = 30;
const ARCHIVE_PROGRESS: u8 = 31;
const ARCHIVE: u8 = 32;

/// Begins the names of conversations with accounts.
const DIRECT: char = 'a';
/// Begins the names of conversations in groups.
const GROUP: char = 'g';
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
        FactKey::Chat(Chat::Direct(peer)) => named(CHAT, format!("{DIRECT}{peer}")),
        FactKey::Chat(Chat::Group(group)) => named(CHAT, format!("{GROUP}{group}")),
        FactKey::Log => named(LOG, String::new()),
        FactKey::Friends => named(FRIENDS, String::new()),
        FactKey::Friend(id) => named(FRIEND, id.to_string()),
        FactKey::Request(of, id) => named(REQUEST, format!("{}{id}", way(*of))),
        FactKey::Blocked(id) => named(BLOCKED, id.to_string()),
        FactKey::Unread(peer) => named(UNREAD, peer.to_string()),
        FactKey::Day(Day(day)) => named(DAY, format!("{day:010}")),
        FactKey::ArchiveProgress => named(ARCHIVE_PROGRESS, String::new()),
        FactKey::Archive(kind, Hour(hour)) => named(ARCHIVE, format!("{}{hour:010}", archive(*kind))),
    }
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
        FactFamily::Days => named(DAY, ""),
        FactFamily::Archives(kind) => FactName { kind: ARCHIVE, name: archive(kind).into() },
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
        CHAT => Some(FactKey::Chat(match name.strip_prefix(DIRECT) {
            Some(peer) => Chat::Direct(UserId::parse(peer)?),
            None => Chat::Group(GroupId::parse(name.strip_prefix(GROUP)?)?),
        })),
        LOG => alone(FactKey::Log),
        FRIENDS => alone(FactKey::Friends),
        FRIEND => Some(FactKey::Friend(UserId::parse(name)?)),
        REQUEST => Some(match name.strip_prefix(SENT) {
            Some(id) => FactKey::Request(RequestWay::Sent, UserId::parse(id)?),
            None => FactKey::Request(RequestWay::Received, UserId::parse(name.strip_prefix(RECEIVED)?)?),
        }),
        BLOCKED => Some(FactKey::Blocked(UserId::parse(name)?)),
        UNREAD => Some(FactKey::Unread(UserId::parse(name)?)),
        DAY => Some(FactKey::Day(Day(name.parse().ok()?))),
        ARCHIVE_PROGRESS => alone(FactKey::ArchiveProgress),
        ARCHIVE => Some(match name.strip_prefix(DIRECT) {
            Some(hour) => FactKey::Archive(ArchiveKind::Direct, Hour(hour.parse().ok()?)),
            None => FactKey::Archive(ArchiveKind::Group, Hour(name.strip_prefix(GROUP)?.parse().ok()?)),
        }),
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
        | FactKey::Day(_)
        | FactKey::ArchiveProgress
        | FactKey::Archive(..) => None,
    }
}

/// A fact in its stored form.
#[derive(Serialize, Deserialize)]
pub(crate) enum FactRecord {
    /// Tags and values.
    Portrait(Vec<(String, ValueRecord)>),
    Mute {
        direct: u64,
        groups: u64,
    },
    Chat {
        pinned: Option<u64>,
        removed: Option<u64>,
        cleared: u32,
    },
    Log {
        next_seq: u32,
        last_message: u64,
        imported: u32,
    },
    Unread {
        count: u32,
        after: u32,
    },
    Friends {
        lists: Vec<String>,
        standard: u32,
        custom: u32,
        listed: u32,
        blocked: u32,
    },
    Friend(FriendRecord),
    Blocked {
        since: u64,
    },
    Day(Box<DayRecord>),
    ArchiveProgress {
        next: u32,
        claimed_until: u64,
    },
    /// The id, the bytes and the MD5 of the content, and both of the compressed content.
    Archive(Vec<(String, u64, String, u64, String)>),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DayRecord {
    sums: Vec<u64>,
    distinct: Vec<Vec<u64>>,
    /// A server, its clients, and when it said so.
    online: Vec<(u64, u64, u64)>,
    online_max: u64,
    /// Accounts, new ones, groups.
    totals: Option<(u64, u64, u64)>,
}

impl From<&DayCounts> for DayRecord {
    fn from(day: &DayCounts) -> Self {
        Self {
            sums: day.sums().to_vec(),
            distinct: day.distinct().iter().map(|names| names.hashes().collect()).collect(),
            online: day.online.iter().map(|of| (of.server, of.accounts, of.at.0)).collect(),
            online_max: day.online_max,
            totals: day.totals.map(|of| (of.accounts, of.new_accounts, of.groups)),
        }
    }
}

impl From<DayRecord> for DayCounts {
    fn from(record: DayRecord) -> Self {
        let distinct = record.distinct.into_iter().map(Distinct::from_hashes);
        let mut day = Self::stored(&record.sums, distinct);
        let online = |(server, accounts, at)| Online { server, accounts, at: Timestamp(at) };
        day.online = record.online.into_iter().map(online).collect();
        day.online_max = record.online_max;
        let totals = |(accounts, new_accounts, groups)| Totals { accounts, new_accounts, groups };
        day.totals = record.totals.map(totals);
        day
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FriendRecord {
    remark: String,
    remark_time: u64,
    lists: Vec<String>,
    source: String,
    wording: String,
    added: u64,
    /// Keys and values.
    custom: Vec<(String, ValueRecord)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum ValueRecord {
    Text(String),
    Number(u32),
}

impl From<&PortraitValue> for ValueRecord {
    fn from(value: &PortraitValue) -> Self {
        match value {
            PortraitValue::Text(text) => Self::Text(text.as_str().to_owned()),
            PortraitValue::Number(number) => Self::Number(*number),
        }
    }
}

impl From<ValueRecord> for PortraitValue {
    fn from(value: ValueRecord) -> Self {
        match value {
            ValueRecord::Text(text) => Self::Text(Text::stored(text)),
            ValueRecord::Number(number) => Self::Number(number),
        }
    }
}

fn texts(lists: &[Text]) -> Vec<String> {
    lists.iter().map(|list| list.as_str().to_owned()).collect()
}

fn stored(lists: Vec<String>) -> Vec<Text> {
    lists.into_iter().map(Text::stored).collect()
}

impl From<&Friend> for FriendRecord {
    fn from(friend: &Friend) -> Self {
        let Friend { remark, remark_time, lists, source, wording, added, custom } = friend;
        Self {
            remark: remark.as_str().to_owned(),
            remark_time: remark_time.0,
            lists: texts(lists),
            source: source.as_str().to_owned(),
            wording: wording.as_str().to_owned(),
            added: added.0,
            custom: custom.iter().map(|(key, value)| (key.to_string(), value.into())).collect(),
        }
    }
}

impl FriendRecord {
    fn friend(self) -> Option<Friend> {
        let field = |(key, value): (String, ValueRecord)| Some((FieldKey::parse(&key)?, value.into()));
        Some(Friend {
            remark: Text::stored(self.remark),
            remark_time: Timestamp(self.remark_time),
            lists: stored(self.lists),
            source: Text::stored(self.source),
            wording: Text::stored(self.wording),
            added: Timestamp(self.added),
            custom: self.custom.into_iter().map(field).collect::<Option<_>>()?,
        })
    }
}

impl From<&Fact> for FactRecord {
    fn from(fact: &Fact) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.0);
        match fact {
            Fact::Portrait(Portrait(fields)) => {
                Self::Portrait(fields.iter().map(|(tag, of)| (tag.to_string(), of.into())).collect())
            }
            Fact::Mute(Mute { direct, groups }) => Self::Mute { direct: direct.0, groups: groups.0 },
            Fact::Chat(ChatState { pinned, removed, cleared }) => {
                Self::Chat { pinned: time(*pinned), removed: time(*removed), cleared: *cleared }
            }
            Fact::Log(DirectLog { next_seq, last_message, imported }) => {
                Self::Log { next_seq: *next_seq, last_message: last_message.0, imported: *imported }
            }
            Fact::Friends(Friends { lists, standard, custom, listed, blocked }) => Self::Friends {
                lists: texts(lists),
                standard: *standard,
                custom: *custom,
                listed: *listed,
                blocked: *blocked,
            },
            Fact::Friend(friend) => Self::Friend(friend.into()),
            Fact::Blocked(Blocked { since }) => Self::Blocked { since: since.0 },
            Fact::Unread(Unread { count, after }) => Self::Unread { count: *count, after: *after },
            Fact::Day(day) => Self::Day(Box::new((&**day).into())),
            Fact::ArchiveProgress(ArchiveProgress { next, claimed_until }) => {
                Self::ArchiveProgress { next: next.0, claimed_until: claimed_until.0 }
            }
            Fact::Archive(files) => {
                let text = |text: &str| text.to_owned();
                let file = |of: &ArchiveFile| {
                    let (plain, compressed) = (text(&of.md5), text(&of.compressed_md5));
                    (text(&of.id), of.bytes, plain, of.compressed_bytes, compressed)
                };
                Self::Archive(files.iter().map(file).collect())
            }
        }
    }
}

impl FactRecord {
    /// The fact under `key`; `None` when the record is of another kind.
    pub(crate) fn fact(self, key: &FactKey) -> Option<Fact> {
        let time = |time: Option<u64>| time.map(Timestamp);
        Some(match (self, key) {
            (Self::Portrait(fields), FactKey::Portrait) => {
                let field =
                    |(tag, value): (String, ValueRecord)| Some((PortraitTag::parse(&tag)?, value.into()));
                Fact::Portrait(Portrait(fields.into_iter().map(field).collect::<Option<_>>()?))
            }
            (Self::Mute { direct, groups }, FactKey::Mute) => {
                Fact::Mute(Mute { direct: Timestamp(direct), groups: Timestamp(groups) })
            }
            (Self::Chat { pinned, removed, cleared }, FactKey::Chat(_)) => {
                Fact::Chat(ChatState { pinned: time(pinned), removed: time(removed), cleared })
            }
            (Self::Log { next_seq, last_message, imported }, FactKey::Log) => {
                Fact::Log(DirectLog { next_seq, last_message: Timestamp(last_message), imported })
            }
            (Self::Friends { lists, standard, custom, listed, blocked }, FactKey::Friends) => {
                Fact::Friends(Friends { lists: stored(lists), standard, custom, listed, blocked })
            }
            (Self::Friend(friend), FactKey::Friend(_) | FactKey::Request(..)) => {
                Fact::Friend(friend.friend()?)
            }
            (Self::Blocked { since }, FactKey::Blocked(_)) => {
                Fact::Blocked(Blocked { since: Timestamp(since) })
            }
            (Self::Unread { count, after }, FactKey::Unread(_)) => Fact::Unread(Unread { count, after }),
            (Self::Day(day), FactKey::Day(_)) => Fact::Day(Box::new((*day).into())),
            (Self::ArchiveProgress { next, claimed_until }, FactKey::ArchiveProgress) => {
                let (next, claimed_until) = (Hour(next), Timestamp(claimed_until));
                Fact::ArchiveProgress(ArchiveProgress { next, claimed_until })
            }
            (Self::Archive(files), FactKey::Archive(..)) => {
                let file =
                    |(id, bytes, md5, compressed_bytes, compressed): (String, _, String, _, String)| {
                        let (md5, compressed_md5) = (md5.into(), compressed.into());
                        ArchiveFile { id: id.into(), bytes, md5, compressed_bytes, compressed_md5 }
                    };
                Fact::Archive(files.into_iter().map(file).collect())
            }
            _ => return None,
        })
    }
}
