//! Facts as a store keeps them: a number for the kind, a name within the kind, and a record.
//!
//! Names of one family begin alike and are in the order of their keys. Ids and accounts are printable ASCII, so the tab
//! between them keeps that order.

use landfall_domain::extension::{Extension, ExtensionHead, Extensions};
use landfall_domain::fields::FieldKey;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::origin::JobId;
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use landfall_domain::people::brought::{Brought, BroughtDirect, BroughtFriends, BroughtProfile};
use landfall_domain::people::counts::{Day, DayCounts, Distinct, Online, Totals};
use landfall_domain::people::fact::{
    Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, Mute, Pin, Unread,
};
use landfall_domain::people::folders::{ChatMark, Filed, Folder, Folders};
use landfall_domain::people::follow::{Follow, Tie};
use landfall_domain::people::friends::{Blocked, Friend, Friends, RequestWay};
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::official::{OfficialAccount, Subscription};
use landfall_domain::people::portrait::{Portrait, PortraitTag, PortraitValue};
use landfall_domain::people::push::PushMark;
use landfall_domain::people::words::Words;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

mod push;

use push::PushRecord;

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
        /// Not used.
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
    Folders {
        /// Numbers and names.
        all: Vec<(u32, String)>,
        last_id: u32,
    },
    Filed {
        folders: Vec<u32>,
        changed: u64,
    },
    Mark {
        standard: u64,
        custom: String,
        changed: u64,
    },
    Pin {
        since: u64,
    },
    Extensions {
        latest_seq: u32,
        clear_seq: u32,
        /// Keys, values and numbers.
        all: Vec<(String, String, u32)>,
    },
    Follow {
        followed: Option<u64>,
        follower: Option<u64>,
    },
    Followers(u64),
    Slots(Vec<(u8, String)>),
    Tags(Vec<String>),
    /// Number, random number and time of each.
    Pushed(Vec<(u32, u32, u64)>),
    Push(Box<PushRecord>),
    Official(OfficialRecord),
    Subscription {
        since: u64,
        custom: String,
    },
    Words(Vec<String>),
    /// Tags and values.
    BroughtProfile(Vec<(String, ValueRecord)>),
    /// Friends and sums.
    BroughtFriends(Vec<(String, u64)>),
    BroughtDirect {
        spans: Vec<(u32, u32)>,
        marked: bool,
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
pub(crate) struct OfficialRecord {
    owner: String,
    introduction: String,
    organization: String,
    custom: String,
    max_subscribers: u32,
    subscribers: u32,
    created: u64,
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

fn extensions_record(Extensions { head, all }: &Extensions) -> FactRecord {
    let one = |(key, of): (&String, &Extension)| (key.clone(), of.value.clone(), of.seq);
    FactRecord::Extensions {
        latest_seq: head.latest_seq,
        clear_seq: head.clear_seq,
        all: all.iter().map(one).collect(),
    }
}

fn extensions(latest_seq: u32, clear_seq: u32, all: Vec<(String, String, u32)>) -> Extensions {
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let one = |(key, value, seq)| (key, Extension { value, seq });
    Extensions {
        head: ExtensionHead { latest_seq, clear_seq, count },
        all: all.into_iter().map(one).collect(),
    }
}

impl From<&OfficialAccount> for OfficialRecord {
    fn from(official: &OfficialAccount) -> Self {
        let OfficialAccount {
            owner,
            introduction,
            organization,
            custom,
            max_subscribers,
            subscribers,
            created,
        } = official;
        Self {
            owner: owner.to_string(),
            introduction: introduction.as_str().to_owned(),
            organization: organization.as_str().to_owned(),
            custom: custom.as_str().to_owned(),
            max_subscribers: *max_subscribers,
            subscribers: *subscribers,
            created: created.0,
        }
    }
}

impl OfficialRecord {
    fn official(self) -> Option<OfficialAccount> {
        Some(OfficialAccount {
            owner: UserId::parse(&self.owner)?,
            introduction: Text::stored(self.introduction),
            organization: Text::stored(self.organization),
            custom: Text::stored(self.custom),
            max_subscribers: self.max_subscribers,
            subscribers: self.subscribers,
            created: Timestamp(self.created),
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
            Fact::Chat(ChatState { removed, cleared }) => {
                Self::Chat { pinned: None, removed: time(*removed), cleared: *cleared }
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
            Fact::BroughtProfile(BroughtProfile(fields)) => {
                Self::BroughtProfile(fields.iter().map(|(tag, of)| (tag.to_string(), of.into())).collect())
            }
            Fact::BroughtFriends(BroughtFriends(sums)) => {
                Self::BroughtFriends(sums.iter().map(|(id, sum)| (id.to_string(), *sum)).collect())
            }
            Fact::BroughtDirect(BroughtDirect { spans, marked }) => {
                Self::BroughtDirect { spans: spans.clone(), marked: *marked }
            }
            Fact::Unread(Unread { count, after }) => Self::Unread { count: *count, after: *after },
            Fact::Folders(Folders { all, last_id }) => Self::Folders {
                all: all.iter().map(|folder| (folder.id, folder.name.as_str().to_owned())).collect(),
                last_id: *last_id,
            },
            Fact::Filed(Filed { folders, changed }) => {
                Self::Filed { folders: folders.clone(), changed: changed.0 }
            }
            Fact::Mark(ChatMark { standard, custom, changed }) => {
                Self::Mark { standard: *standard, custom: custom.as_str().to_owned(), changed: changed.0 }
            }
            Fact::Pin(Pin { since }) => Self::Pin { since: since.0 },
            Fact::Extensions(extensions) => extensions_record(extensions),
            Fact::Follow(Follow { followed, follower }) => {
                Self::Follow { followed: time(*followed), follower: time(*follower) }
            }
            Fact::Followers(count) => Self::Followers(*count),
            Fact::Slots(slots) => {
                Self::Slots(slots.iter().map(|(slot, text)| (*slot, text.as_str().to_owned())).collect())
            }
            Fact::Tags(tags) => Self::Tags(texts(tags)),
            Fact::Pushed(marks) => {
                let mark = |mark: &PushMark| (mark.number, mark.random, mark.accepted.0);
                Self::Pushed(marks.iter().map(mark).collect())
            }
            Fact::Push(push) => Self::Push(Box::new((&**push).into())),
            Fact::Official(official) => Self::Official((&**official).into()),
            Fact::Subscription(Subscription { since, custom }) => {
                Self::Subscription { since: since.0, custom: custom.as_str().to_owned() }
            }
            Fact::Words(Words(words)) => Self::Words(texts(words)),
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
            (Self::Chat { pinned: _, removed, cleared }, FactKey::Chat(_)) => {
                Fact::Chat(ChatState { removed: time(removed), cleared })
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
            (Self::Folders { all, last_id }, FactKey::Folders) => {
                let folder = |(id, name)| Folder { id, name: Text::stored(name) };
                Fact::Folders(Folders { all: all.into_iter().map(folder).collect(), last_id })
            }
            (Self::Filed { folders, changed }, FactKey::Filed(_)) => {
                Fact::Filed(Filed { folders, changed: Timestamp(changed) })
            }
            (Self::Mark { standard, custom, changed }, FactKey::Mark(_)) => {
                let (custom, changed) = (Text::stored(custom), Timestamp(changed));
                Fact::Mark(ChatMark { standard, custom, changed })
            }
            (Self::Pin { since }, FactKey::Pin(_)) => Fact::Pin(Pin { since: Timestamp(since) }),
            (Self::Extensions { latest_seq, clear_seq, all }, FactKey::Extensions(_)) => {
                Fact::Extensions(extensions(latest_seq, clear_seq, all))
            }
            (Self::Follow { followed, follower }, FactKey::Follow(..)) => {
                Fact::Follow(Follow { followed: time(followed), follower: time(follower) })
            }
            (Self::Followers(count), FactKey::Followers) => Fact::Followers(count),
            (Self::Slots(slots), FactKey::Attributes | FactKey::AttributeNames) => {
                Fact::Slots(slots.into_iter().map(|(slot, text)| (slot, Text::stored(text))).collect())
            }
            (Self::Tags(tags), FactKey::Tags) => Fact::Tags(stored(tags)),
            (Self::Pushed(marks), FactKey::Pushed) => {
                let mark = |(number, random, at)| PushMark { number, random, accepted: Timestamp(at) };
                Fact::Pushed(marks.into_iter().map(mark).collect())
            }
            (Self::Push(push), FactKey::Push(_)) => Fact::Push(Box::new(push.push()?)),
            (Self::Official(official), FactKey::Official) => Fact::Official(Box::new(official.official()?)),
            (Self::Subscription { since, custom }, FactKey::Subscriber(_) | FactKey::Subscribed(_)) => {
                Fact::Subscription(Subscription { since: Timestamp(since), custom: Text::stored(custom) })
            }
            (Self::Words(words), FactKey::Words) => Fact::Words(Words(stored(words))),
            (Self::BroughtProfile(fields), FactKey::Brought(_, Brought::Profile(_))) => {
                let field =
                    |(tag, value): (String, ValueRecord)| Some((PortraitTag::parse(&tag)?, value.into()));
                let fields = fields.into_iter().map(field).collect::<Option<_>>()?;
                Fact::BroughtProfile(BroughtProfile(fields))
            }
            (Self::BroughtFriends(sums), FactKey::Brought(_, Brought::Friends(_))) => {
                let sum = |(id, sum): (String, u64)| Some((UserId::parse(&id)?, sum));
                Fact::BroughtFriends(BroughtFriends(sums.into_iter().map(sum).collect::<Option<_>>()?))
            }
            (Self::BroughtDirect { spans, marked }, FactKey::Brought(_, Brought::Direct(_))) => {
                Fact::BroughtDirect(BroughtDirect { spans, marked })
            }
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
