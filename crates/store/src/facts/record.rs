//! Facts in their stored form.

use super::console::{AuditRecord, ConsoleUserRecord, console_session};
use super::push::PushRecord;
use super::upload::UploadRecord;
use super::values::{
    DayRecord, FriendRecord, OfficialRecord, ValueRecord, extensions, stored, stored_values, texts, values,
};
use landfall_domain::extension::{Extension, Extensions};
use landfall_domain::ids::UserId;
use landfall_domain::people::archive::{ArchiveFile, ArchiveProgress, Hour};
use landfall_domain::people::brought::{Brought, BroughtDirect, BroughtProfile, BroughtTies};
use landfall_domain::people::console::{AuditBounds, ConsoleSession};
use landfall_domain::people::fact::{ChatState, DirectLog, Fact, FactKey, Mute, Pin, Unread};
use landfall_domain::people::folders::{ChatMark, Filed, Folder, Folders};
use landfall_domain::people::follow::Follow;
use landfall_domain::people::friends::{Blocked, Friends};
use landfall_domain::people::official::Subscription;
use landfall_domain::people::portrait::Portrait;
use landfall_domain::people::push::PushMark;
use landfall_domain::people::upload::UploadId;
use landfall_domain::people::words::Words;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
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
    /// Friends and sums, or accounts on a blocklist and times.
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
    Archive(Vec<FileRecord>),
    Upload(UploadRecord),
    UploadedBytes(u64),
    /// Ids and times.
    OpenUploads(Vec<(String, u64)>),
    ConsoleUser(ConsoleUserRecord),
    ConsoleSession {
        user: String,
        begun: u64,
        ends: u64,
    },
    AuditBounds {
        first: u64,
        next: u64,
    },
    Audit(Box<AuditRecord>),
}

/// The id, the bytes and the MD5 of the content, and both of the compressed content.
type FileRecord = (String, u64, String, u64, String);

fn file_record(of: &ArchiveFile) -> FileRecord {
    let text = |text: &str| text.to_owned();
    (text(&of.id), of.bytes, text(&of.md5), of.compressed_bytes, text(&of.compressed_md5))
}

fn file((id, bytes, md5, compressed_bytes, compressed_md5): FileRecord) -> ArchiveFile {
    let (id, md5, compressed_md5) = (id.into(), md5.into(), compressed_md5.into());
    ArchiveFile { id, bytes, md5, compressed_bytes, compressed_md5 }
}

fn extensions_record(Extensions { head, all }: &Extensions) -> FactRecord {
    let one = |(key, of): (&String, &Extension)| (key.clone(), of.value.clone(), of.seq);
    FactRecord::Extensions {
        latest_seq: head.latest_seq,
        clear_seq: head.clear_seq,
        all: all.iter().map(one).collect(),
    }
}

fn friends_record(Friends { lists, standard, custom, listed, blocked }: &Friends) -> FactRecord {
    FactRecord::Friends {
        lists: texts(lists),
        standard: *standard,
        custom: *custom,
        listed: *listed,
        blocked: *blocked,
    }
}

fn session_record(ConsoleSession { user, begun, ends }: &ConsoleSession) -> FactRecord {
    FactRecord::ConsoleSession { user: user.to_string(), begun: begun.0, ends: ends.0 }
}

impl From<&Fact> for FactRecord {
    fn from(fact: &Fact) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.0);
        match fact {
            Fact::Portrait(Portrait(fields)) => Self::Portrait(values(fields)),
            Fact::Mute(Mute { direct, groups }) => Self::Mute { direct: direct.0, groups: groups.0 },
            Fact::Chat(ChatState { removed, cleared }) => {
                Self::Chat { pinned: None, removed: time(*removed), cleared: *cleared }
            }
            Fact::Log(DirectLog { next_seq, last_message, imported }) => {
                Self::Log { next_seq: *next_seq, last_message: last_message.0, imported: *imported }
            }
            Fact::Friends(friends) => friends_record(friends),
            Fact::Friend(friend) => Self::Friend(friend.into()),
            Fact::Blocked(Blocked { since }) => Self::Blocked { since: since.0 },
            Fact::BroughtProfile(BroughtProfile(fields)) => Self::BroughtProfile(values(fields)),
            Fact::BroughtTies(BroughtTies(sums)) => {
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
            Fact::Archive(files) => Self::Archive(files.iter().map(file_record).collect()),
            Fact::Upload(upload) => Self::Upload(upload.into()),
            Fact::UploadedBytes(bytes) => Self::UploadedBytes(*bytes),
            Fact::OpenUploads(open) => {
                Self::OpenUploads(open.iter().map(|(id, until)| (id.to_string(), until.0)).collect())
            }
            Fact::ConsoleUser(user) => Self::ConsoleUser(user.into()),
            Fact::ConsoleSession(session) => session_record(session),
            Fact::AuditBounds(AuditBounds { first, next }) => {
                Self::AuditBounds { first: *first, next: *next }
            }
            Fact::Audit(entry) => Self::Audit(Box::new((&**entry).into())),
        }
    }
}

impl FactRecord {
    /// The fact under `key`; `None` when the record is of another kind.
    pub(crate) fn fact(self, key: &FactKey) -> Option<Fact> {
        let time = |time: Option<u64>| time.map(Timestamp);
        Some(match (self, key) {
            (Self::Portrait(fields), FactKey::Portrait) => Fact::Portrait(Portrait(stored_values(fields)?)),
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
            (record, key) => return record.later_fact(key),
        })
    }

    /// The same of the kinds that came later.
    fn later_fact(self, key: &FactKey) -> Option<Fact> {
        let time = |time: Option<u64>| time.map(Timestamp);
        Some(match (self, key) {
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
                Fact::BroughtProfile(BroughtProfile(stored_values(fields)?))
            }
            (Self::BroughtFriends(sums), FactKey::Brought(_, Brought::Friends(_) | Brought::Blocks(_))) => {
                let sum = |(id, sum): (String, u64)| Some((UserId::parse(&id)?, sum));
                Fact::BroughtTies(BroughtTies(sums.into_iter().map(sum).collect::<Option<_>>()?))
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
                Fact::Archive(files.into_iter().map(file).collect())
            }
            (Self::Upload(upload), FactKey::Upload(_)) => Fact::Upload(upload.upload()?),
            (Self::UploadedBytes(bytes), FactKey::UploadedBytes) => Fact::UploadedBytes(bytes),
            (Self::OpenUploads(open), FactKey::OpenUploads) => {
                let one = |(id, until): (String, u64)| Some((UploadId::parse(&id)?, Timestamp(until)));
                Fact::OpenUploads(open.into_iter().map(one).collect::<Option<_>>()?)
            }
            (Self::ConsoleUser(user), FactKey::ConsoleUser(_)) => Fact::ConsoleUser(user.user()?),
            (Self::ConsoleSession { user, begun, ends }, FactKey::ConsoleSession(_)) => {
                Fact::ConsoleSession(console_session(&user, begun, ends)?)
            }
            (Self::AuditBounds { first, next }, FactKey::AuditBounds) => {
                Fact::AuditBounds(AuditBounds { first, next })
            }
            (Self::Audit(entry), FactKey::Audit(_)) => Fact::Audit(Box::new(entry.entry())),
            _ => return None,
        })
    }
}
