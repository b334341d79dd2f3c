//! Parts of a group as a store keeps them: a number for the kind, a name within the kind, and a record.
//!
//! Names of one family begin alike and are in the order of their keys. Ids and accounts are printable ASCII, so the
//! tab between them keeps that order; the text at the end of a name may hold anything.

use landfall_domain::application::Application;
use landfall_domain::attributes::{Attributes, Counters};
use landfall_domain::extension::{Extension, ExtensionHead};
use landfall_domain::ids::{PermissionGroupId, TopicId, UserId};
use landfall_domain::member::ReceiveOption;
use landfall_domain::message::{Conversation, MessageLog, ReadMark};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::permission::PermissionGroup;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use landfall_domain::topic::{Topic, TopicMember};
use serde::{Deserialize, Serialize};

/// The number of a kind of part and a name, or the beginning of names, within it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartName {
    /// Part of the stored format.
    pub(crate) kind: u8,
    pub(crate) name: String,
}

const ATTRIBUTES: u8 = 1;
const COUNTERS: u8 = 2;
const TOPIC: u8 = 3;
const TOPIC_MEMBER: u8 = 4;
const BAN: u8 = 5;
const LIVE_ADMIN: u8 = 6;
const PERMISSION_GROUP: u8 = 8;
const TOPIC_PERMISSION: u8 = 9;
const PERMISSION_GROUP_MEMBER: u8 = 10;
const READER: u8 = 11;
const EXTENSION_HEAD: u8 = 12;
const EXTENSION: u8 = 13;
const APPLICATION: u8 = 14;

const TAB: char = '\t';

/// The name of a part.
pub(crate) fn name(key: &PartKey) -> PartName {
    let named = |kind, name: String| PartName { kind, name };
    match key {
        PartKey::Attributes => named(ATTRIBUTES, String::new()),
        PartKey::Counters => named(COUNTERS, String::new()),
        PartKey::Topic(topic) => named(TOPIC, topic.to_string()),
        PartKey::TopicMember(topic, account) => named(TOPIC_MEMBER, format!("{topic}{TAB}{account}")),
        PartKey::Ban(account) => named(BAN, account.to_string()),
        PartKey::Application(account) => named(APPLICATION, account.to_string()),
        PartKey::LiveAdmin(account) => named(LIVE_ADMIN, account.to_string()),
        PartKey::PermissionGroup(group) => named(PERMISSION_GROUP, group.to_string()),
        PartKey::TopicPermission(group, topic) => named(TOPIC_PERMISSION, format!("{group}{TAB}{topic}")),
        PartKey::PermissionGroupMember(group, account) => {
            named(PERMISSION_GROUP_MEMBER, format!("{group}{TAB}{account}"))
        }
        PartKey::Reader(place, seq, account) => named(READER, format!("{}{account}", message(place, *seq))),
        PartKey::ExtensionHead(place, seq) => named(EXTENSION_HEAD, message(place, *seq)),
        PartKey::Extension(place, seq, key) => named(EXTENSION, format!("{}{key}", message(place, *seq))),
    }
}

/// The beginning of the names of a family. Every name with this beginning is of the family.
pub(crate) fn family(family: &PartFamily) -> PartName {
    let named = |kind, name: String| PartName { kind, name };
    match family {
        PartFamily::Topics => named(TOPIC, String::new()),
        PartFamily::TopicMembers(topic) => named(TOPIC_MEMBER, format!("{topic}{TAB}")),
        PartFamily::Bans => named(BAN, String::new()),
        PartFamily::Applications => named(APPLICATION, String::new()),
        PartFamily::LiveAdmins => named(LIVE_ADMIN, String::new()),
        PartFamily::PermissionGroups => named(PERMISSION_GROUP, String::new()),
        PartFamily::TopicPermissions(group) => named(TOPIC_PERMISSION, format!("{group}{TAB}")),
        PartFamily::PermissionGroupMembers(group) => named(PERMISSION_GROUP_MEMBER, format!("{group}{TAB}")),
        PartFamily::Readers(place, seq) => named(READER, message(place, *seq)),
        PartFamily::Extensions(place, seq) => named(EXTENSION, message(place, *seq)),
    }
}

/// Names of one kind from the first on that come before the second: the parts of the messages of a conversation
/// with numbers below `end`.
pub(crate) fn below_message(place: &Conversation, end: u32) -> [(PartName, PartName); 3] {
    [READER, EXTENSION_HEAD, EXTENSION].map(|kind| {
        let named = |seq| PartName { kind, name: message(place, seq) };
        (named(0), named(end))
    })
}

/// The beginnings of the names of all parts of the messages of a topic.
pub(crate) fn of_messages(topic: &TopicId) -> [PartName; 3] {
    [READER, EXTENSION_HEAD, EXTENSION].map(|kind| PartName { kind, name: format!("{topic}{TAB}") })
}

/// A message in a name: the topic, if any, and its number, so that names are in the order of the numbers.
fn message(place: &Conversation, seq: u32) -> String {
    format!("{}{TAB}{seq:08x}{TAB}", topic_of(place))
}

/// The topic of a conversation as text, empty for the group's own.
pub(crate) fn topic_of(place: &Conversation) -> &str {
    match place {
        Conversation::Group => "",
        Conversation::Topic(topic) => topic.as_str(),
    }
}

/// The conversation of a topic as text.
pub(crate) fn conversation(topic: &str) -> Option<Conversation> {
    match topic {
        "" => Some(Conversation::Group),
        _ => TopicId::stored(topic).map(Conversation::Topic),
    }
}

/// The key of a name; `None` when it is not a name.
pub(crate) fn key(kind: u8, name: &str) -> Option<PartKey> {
    let pair = || name.split_once(TAB);
    let in_message = || {
        let (topic, rest) = pair()?;
        let (seq, rest) = rest.split_once(TAB)?;
        Some((conversation(topic)?, u32::from_str_radix(seq, 16).ok()?, rest))
    };
    Some(match kind {
        ATTRIBUTES => PartKey::Attributes,
        COUNTERS => PartKey::Counters,
        TOPIC => PartKey::Topic(TopicId::stored(name)?),
        TOPIC_MEMBER => {
            let (topic, account) = pair()?;
            PartKey::TopicMember(TopicId::stored(topic)?, UserId::parse(account)?)
        }
        BAN => PartKey::Ban(UserId::parse(name)?),
        APPLICATION => PartKey::Application(UserId::parse(name)?),
        LIVE_ADMIN => PartKey::LiveAdmin(UserId::parse(name)?),
        PERMISSION_GROUP => PartKey::PermissionGroup(PermissionGroupId::parse(name)?),
        TOPIC_PERMISSION => {
            let (group, topic) = pair()?;
            PartKey::TopicPermission(PermissionGroupId::parse(group)?, TopicId::stored(topic)?)
        }
        PERMISSION_GROUP_MEMBER => {
            let (group, account) = pair()?;
            PartKey::PermissionGroupMember(PermissionGroupId::parse(group)?, UserId::parse(account)?)
        }
        READER => {
            let (place, seq, account) = in_message()?;
            PartKey::Reader(place, seq, UserId::parse(account)?)
        }
        EXTENSION_HEAD => {
            let (place, seq, _) = in_message()?;
            PartKey::ExtensionHead(place, seq)
        }
        EXTENSION => {
            let (place, seq, key) = in_message()?;
            PartKey::Extension(place, seq, key.to_owned())
        }
        _ => return None,
    })
}

/// The numbers of a conversation, without [`MessageLog::listed`], which only groups have.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LogRecord {
    next_seq: u32,
    last_message: u64,
    read_by_all: u32,
    cleared: u32,
    first_kept: u32,
}

impl From<&MessageLog> for LogRecord {
    fn from(log: &MessageLog) -> Self {
        let MessageLog { next_seq, last_message, read_by_all, cleared, first_kept, listed: _ } = *log;
        Self { next_seq, last_message: last_message.0, read_by_all, cleared, first_kept }
    }
}

impl From<LogRecord> for MessageLog {
    fn from(record: LogRecord) -> Self {
        let LogRecord { next_seq, last_message, read_by_all, cleared, first_kept } = record;
        let last_message = Timestamp(last_message);
        Self { next_seq, last_message, read_by_all, cleared, first_kept, listed: None }
    }
}

/// A part in its stored form.
#[derive(Serialize, Deserialize)]
pub(crate) enum PartRecord {
    Attributes(Attributes),
    Counters(Counters),
    Topic {
        name: String,
        introduction: String,
        notification: String,
        face_url: String,
        custom: String,
        created: u64,
        mute_all: bool,
        log: LogRecord,
    },
    TopicMember {
        read: (u32, u32),
        receive_option: Option<u8>,
        muted_until: u64,
    },
    Ban {
        until: u64,
    },
    LiveAdmin {
        since: u64,
    },
    PermissionGroup {
        name: String,
        permissions: u64,
        custom: String,
        member_count: u32,
        created: u64,
    },
    TopicPermission {
        permissions: u64,
    },
    PermissionGroupMember {
        since: u64,
    },
    Reader {
        at: u64,
    },
    ExtensionHead {
        latest_seq: u32,
        clear_seq: u32,
        count: u32,
    },
    Extension {
        value: String,
        seq: u32,
    },
    Application {
        invited_by: Option<String>,
        text: String,
        made: u64,
    },
}

impl From<&Part> for PartRecord {
    fn from(part: &Part) -> Self {
        let text = |text: &Text| text.as_str().to_owned();
        match part {
            Part::Attributes(attributes) => Self::Attributes(attributes.clone()),
            Part::Counters(counters) => Self::Counters(counters.clone()),
            Part::Topic(topic) => Self::Topic {
                name: text(&topic.name),
                introduction: text(&topic.introduction),
                notification: text(&topic.notification),
                face_url: text(&topic.face_url),
                custom: text(&topic.custom),
                created: topic.created.0,
                mute_all: topic.mute_all,
                log: LogRecord::from(&topic.log),
            },
            Part::TopicMember(member) => Self::TopicMember {
                read: (member.read.seq, member.read.made_at),
                receive_option: member.receive_option.map(ReceiveOption::code),
                muted_until: member.muted_until.0,
            },
            Part::Application(Application { invited_by, text, made }) => Self::Application {
                invited_by: invited_by.as_ref().map(ToString::to_string),
                text: text.clone(),
                made: made.0,
            },
            Part::Ban(until) => Self::Ban { until: until.0 },
            Part::LiveAdmin(since) => Self::LiveAdmin { since: since.0 },
            Part::PermissionGroup(group) => Self::PermissionGroup {
                name: text(&group.name),
                permissions: group.permissions,
                custom: text(&group.custom),
                member_count: group.member_count,
                created: group.created.0,
            },
            Part::TopicPermission(permissions) => Self::TopicPermission { permissions: *permissions },
            Part::PermissionGroupMember(since) => Self::PermissionGroupMember { since: since.0 },
            Part::Reader(at) => Self::Reader { at: at.0 },
            Part::ExtensionHead(ExtensionHead { latest_seq, clear_seq, count }) => {
                Self::ExtensionHead { latest_seq: *latest_seq, clear_seq: *clear_seq, count: *count }
            }
            Part::Extension(Extension { value, seq }) => Self::Extension { value: value.clone(), seq: *seq },
        }
    }
}

impl PartRecord {
    /// The part under `key`; `None` when the record is of another kind.
    pub(crate) fn part(self, key: &PartKey) -> Option<Part> {
        Some(match (self, key) {
            (Self::Attributes(attributes), PartKey::Attributes) => Part::Attributes(attributes),
            (Self::Counters(counters), PartKey::Counters) => Part::Counters(counters),
            (
                Self::Topic { name, introduction, notification, face_url, custom, created, mute_all, log },
                PartKey::Topic(id),
            ) => Part::Topic(Topic {
                id: id.clone(),
                name: Text::stored(name),
                introduction: Text::stored(introduction),
                notification: Text::stored(notification),
                face_url: Text::stored(face_url),
                custom: Text::stored(custom),
                created: Timestamp(created),
                mute_all,
                log: log.into(),
            }),
            (
                Self::TopicMember { read: (seq, made_at), receive_option: option, muted_until },
                PartKey::TopicMember(..),
            ) => Part::TopicMember(TopicMember {
                read: ReadMark { seq, made_at },
                receive_option: match option {
                    Some(code) => Some(ReceiveOption::from_code(code)?),
                    None => None,
                },
                muted_until: Timestamp(muted_until),
            }),
            (Self::Application { invited_by, text, made }, PartKey::Application(_)) => {
                let invited_by = match invited_by {
                    Some(name) => Some(UserId::parse(&name)?),
                    None => None,
                };
                Part::Application(Application { invited_by, text, made: Timestamp(made) })
            }
            (Self::Ban { until }, PartKey::Ban(_)) => Part::Ban(Timestamp(until)),
            (Self::LiveAdmin { since }, PartKey::LiveAdmin(_)) => Part::LiveAdmin(Timestamp(since)),
            (
                Self::PermissionGroup { name, permissions, custom, member_count, created },
                PartKey::PermissionGroup(id),
            ) => Part::PermissionGroup(PermissionGroup {
                id: id.clone(),
                name: Text::stored(name),
                permissions,
                custom: Text::stored(custom),
                member_count,
                created: Timestamp(created),
            }),
            (Self::TopicPermission { permissions }, PartKey::TopicPermission(..)) => {
                Part::TopicPermission(permissions)
            }
            (Self::PermissionGroupMember { since }, PartKey::PermissionGroupMember(..)) => {
                Part::PermissionGroupMember(Timestamp(since))
            }
            (Self::Reader { at }, PartKey::Reader(..)) => Part::Reader(Timestamp(at)),
            (Self::ExtensionHead { latest_seq, clear_seq, count }, PartKey::ExtensionHead(..)) => {
                Part::ExtensionHead(ExtensionHead { latest_seq, clear_seq, count })
            }
            (Self::Extension { value, seq }, PartKey::Extension(..)) => {
                Part::Extension(Extension { value, seq })
            }
            _ => return None,
        })
    }
}
