//! Facts as a store keeps them: a number for the kind, a name within the kind, and a record.
//!
//! Names of one family begin alike and are in the order of their keys. Ids and accounts are printable ASCII, so the tab
//! between them keeps that order.

use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::fact::{Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, Mute, Unread};
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
const UNREAD: u8 = 5;

/// Begins the names of conversations with accounts.
const DIRECT: char = 'a';
/// Begins the names of conversations in groups.
const GROUP: char = 'g';

/// The name of a fact.
pub(crate) fn name(key: &FactKey) -> FactName {
    let named = |kind, name: String| FactName { kind, name };
    match key {
        FactKey::Portrait => named(PORTRAIT, String::new()),
        FactKey::Mute => named(MUTE, String::new()),
        FactKey::Chat(Chat::Direct(peer)) => named(CHAT, format!("{DIRECT}{peer}")),
        FactKey::Chat(Chat::Group(group)) => named(CHAT, format!("{GROUP}{group}")),
        FactKey::Log => named(LOG, String::new()),
        FactKey::Unread(peer) => named(UNREAD, peer.to_string()),
    }
}

/// The beginning of the names of a family, which consist of printable ASCII and, inside them, tabs. Every name with this
/// beginning is of the family.
pub(crate) fn family(family: FactFamily) -> FactName {
    let named = |kind, name: &str| FactName { kind, name: name.to_owned() };
    match family {
        FactFamily::Chats => named(CHAT, ""),
        FactFamily::Unread => named(UNREAD, ""),
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
        UNREAD => Some(FactKey::Unread(UserId::parse(name)?)),
        _ => None,
    }
}

/// The pair of whose conversation an account has this fact.
pub(crate) fn pair_of(account: &UserId, key: &FactKey) -> Option<Subject> {
    match key {
        FactKey::Chat(Chat::Direct(peer)) | FactKey::Unread(peer) => {
            Some(Subject::Pair(Pair::of(account.clone(), peer.clone())))
        }
        FactKey::Portrait | FactKey::Mute | FactKey::Chat(Chat::Group(_)) | FactKey::Log => None,
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
}

#[derive(Serialize, Deserialize)]
pub(crate) enum ValueRecord {
    Text(String),
    Number(u32),
}

impl From<&Fact> for FactRecord {
    fn from(fact: &Fact) -> Self {
        let value = |value: &PortraitValue| match value {
            PortraitValue::Text(text) => ValueRecord::Text(text.as_str().to_owned()),
            PortraitValue::Number(number) => ValueRecord::Number(*number),
        };
        let time = |time: Option<Timestamp>| time.map(|time| time.0);
        match fact {
            Fact::Portrait(Portrait(fields)) => {
                Self::Portrait(fields.iter().map(|(tag, of)| (tag.to_string(), value(of))).collect())
            }
            Fact::Mute(Mute { direct, groups }) => Self::Mute { direct: direct.0, groups: groups.0 },
            Fact::Chat(ChatState { pinned, removed, cleared }) => {
                Self::Chat { pinned: time(*pinned), removed: time(*removed), cleared: *cleared }
            }
            Fact::Log(DirectLog { next_seq, last_message, imported }) => {
                Self::Log { next_seq: *next_seq, last_message: last_message.0, imported: *imported }
            }
            Fact::Unread(Unread { count, after }) => Self::Unread { count: *count, after: *after },
        }
    }
}

impl FactRecord {
    /// The fact under `key`; `None` when the record is of another kind.
    pub(crate) fn fact(self, key: &FactKey) -> Option<Fact> {
        let time = |time: Option<u64>| time.map(Timestamp);
        Some(match (self, key) {
            (Self::Portrait(fields), FactKey::Portrait) => {
                let field = |(tag, value): (String, ValueRecord)| {
                    let value = match value {
                        ValueRecord::Text(text) => PortraitValue::Text(Text::stored(text)),
                        ValueRecord::Number(number) => PortraitValue::Number(number),
                    };
                    Some((PortraitTag::parse(&tag)?, value))
                };
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
            (Self::Unread { count, after }, FactKey::Unread(_)) => Fact::Unread(Unread { count, after }),
            _ => return None,
        })
    }
}
