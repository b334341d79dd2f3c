//! One record of the neutral file: its kind, and how a line becomes a record.

use super::{Account, Block, File, Friend, Group, Member, Message, Read, Topic};
use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

mod tagged;

/// Kinds of records, in the order in which they are brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Account,
    File,
    Friend,
    Block,
    Group,
    Topic,
    Member,
    Message,
    Read,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Account,
        Self::File,
        Self::Friend,
        Self::Block,
        Self::Group,
        Self::Topic,
        Self::Member,
        Self::Message,
        Self::Read,
    ];

    /// The value of `t`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::File => "file",
            Self::Friend => "friend",
            Self::Block => "block",
            Self::Group => "group",
            Self::Topic => "topic",
            Self::Member => "member",
            Self::Message => "message",
            Self::Read => "read",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "msg" {
            return Some(Self::Message);
        }
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Members that a record of this kind may have, besides `t`.
    #[must_use]
    pub fn members(self) -> &'static [&'static str] {
        match self {
            Self::Account => ACCOUNT,
            Self::File => FILE,
            Self::Friend => FRIEND,
            Self::Block => BLOCK,
            Self::Group => GROUP,
            Self::Topic => TOPIC,
            Self::Member => MEMBER,
            Self::Message => MESSAGE,
            Self::Read => READ,
        }
    }
}

const ACCOUNT: &[&str] = &["src", "key", "UserID", "Identifier", "Nick", "FaceUrl", "ProfileItem", "x"];
const FILE: &[&str] = &["src", "key", "path", "Url", "FileName", "FileSize", "x"];
const FRIEND: &[&str] = &[
    "src",
    "key",
    "From_Account",
    "To_Account",
    "Remark",
    "RemarkTime",
    "GroupName",
    "AddSource",
    "AddWording",
    "AddTime",
    "CustomItem",
    "x",
];
const BLOCK: &[&str] = &["src", "key", "From_Account", "To_Account", "AddTime", "x"];
const GROUP: &[&str] = &[
    "src",
    "key",
    "GroupId",
    "Type",
    "Name",
    "Owner_Account",
    "Introduction",
    "Notification",
    "FaceUrl",
    "MaxMemberNum",
    "MaxMemberCount",
    "ApplyJoinOption",
    "HistoryMsgBeforeJoin",
    "CreateTime",
    "SupportTopic",
    "AppDefinedData",
    "x",
];
const TOPIC: &[&str] = &[
    "src",
    "key",
    "GroupId",
    "TopicId",
    "TopicName",
    "Introduction",
    "Notification",
    "FaceUrl",
    "CustomString",
    "CreateTime",
    "x",
];
const MEMBER: &[&str] = &[
    "src",
    "key",
    "GroupId",
    "Member_Account",
    "Role",
    "JoinTime",
    "NameCard",
    "MuteUntil",
    "ShutUpUntil",
    "AppMemberDefinedData",
    "x",
];
const MESSAGE: &[&str] = &[
    "src",
    "key",
    "GroupId",
    "TopicId",
    "From_Account",
    "To_Account",
    "SendTime",
    "ts_ms",
    "Random",
    "MsgSeq",
    "MsgBody",
    "CloudCustomData",
    "thread",
    "reply_to",
    "reactions",
    "edited_ms",
    "x",
];
const READ: &[&str] = &[
    "src",
    "key",
    "GroupId",
    "TopicId",
    "Member_Account",
    "Peer_Account",
    "read_ms",
    "read_key",
    "UnreadMsgNum",
    "x",
];

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Account(Account),
    File(File),
    Friend(Friend),
    Block(Block),
    Group(Group),
    Topic(Topic),
    Member(Member),
    Message(Message),
    Read(Read),
}

/// Why a line is not a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or cut off.
    #[error("is not a JSON object: {0}")]
    NotJson(String),
    #[error("has no t; it is one of account, file, friend, block, group, topic, member, message, read")]
    NoKind,
    #[error("has t {0:?}; it is one of account, file, friend, block, group, topic, member, message, read")]
    UnknownKind(String),
    /// A member that records of this kind do not have.
    #[error("has the member {member}, which records of t {} do not have; put it into x to keep it", kind.as_str())]
    UnknownMember { kind: Kind, member: String },
    /// A member with a value of another type.
    #[error("{member}: {problem}")]
    WrongType { member: String, problem: String },
}

impl Record {
    /// Parses one line.
    ///
    /// # Errors
    /// The line is not a record.
    pub fn parse(line: &str) -> Result<Self, RecordError> {
        match tagged::parse(line) {
            Some(record) => Ok(record),
            None => Self::parse_slowly(line),
        }
    }

    /// Parses a line with its members in any order, and says what is wrong with it.
    fn parse_slowly(line: &str) -> Result<Self, RecordError> {
        let peeked: Peeked<'_> =
            serde_json::from_str(line).map_err(|error| RecordError::NotJson(error.to_string()))?;
        let kind = peeked.kind.ok_or(RecordError::NoKind)?;
        let kind = Kind::parse(&kind).ok_or_else(|| RecordError::UnknownKind(kind.into_owned()))?;
        let unknown = peeked.members.iter().find(|member| !kind.members().contains(&member.as_ref()));
        if let Some(member) = unknown {
            return Err(RecordError::UnknownMember { kind, member: member.clone().into_owned() });
        }
        Self::parse_as(kind, line)
    }

    /// Parses a line of a known kind that was parsed before. Members that the kind does not have are not looked for.
    ///
    /// # Errors
    /// The line is not a record.
    pub(crate) fn parse_as(kind: Kind, line: &str) -> Result<Self, RecordError> {
        Ok(match kind {
            Kind::Account => Self::Account(members(line)?),
            Kind::File => Self::File(members(line)?),
            Kind::Friend => Self::Friend(members(line)?),
            Kind::Block => Self::Block(members(line)?),
            Kind::Group => Self::Group(members(line)?),
            Kind::Topic => Self::Topic(members(line)?),
            Kind::Member => Self::Member(members(line)?),
            Kind::Message => Self::Message(members(line)?),
            Kind::Read => Self::Read(members(line)?),
        })
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Account(_) => Kind::Account,
            Self::File(_) => Kind::File,
            Self::Friend(_) => Kind::Friend,
            Self::Block(_) => Kind::Block,
            Self::Group(_) => Kind::Group,
            Self::Topic(_) => Kind::Topic,
            Self::Member(_) => Kind::Member,
            Self::Message(_) => Kind::Message,
            Self::Read(_) => Kind::Read,
        }
    }

    /// `src` and `key`.
    #[must_use]
    pub fn origin(&self) -> (&str, &str) {
        match self {
            Self::Account(record) => (&record.src, &record.key),
            Self::File(record) => (&record.src, &record.key),
            Self::Friend(record) => (&record.src, &record.key),
            Self::Block(record) => (&record.src, &record.key),
            Self::Group(record) => (&record.src, &record.key),
            Self::Topic(record) => (&record.src, &record.key),
            Self::Member(record) => (&record.src, &record.key),
            Self::Message(record) => (&record.src, &record.key),
            Self::Read(record) => (&record.src, &record.key),
        }
    }

    /// `GroupId`, of records that belong to a group.
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        match self {
            Self::Account(_) | Self::File(_) | Self::Friend(_) | Self::Block(_) => None,
            Self::Group(record) => Some(&record.group_id),
            Self::Topic(record) => Some(&record.group_id),
            Self::Member(record) => Some(&record.group_id),
            Self::Message(record) => record.receiver().is_none().then_some(&record.group_id),
            Self::Read(record) => record.peer().is_none().then_some(&record.group_id),
        }
    }

    /// The two accounts of a record that belongs to a one-to-one conversation: the sender and the receiver, or the reader and
    /// the other.
    #[must_use]
    pub fn pair(&self) -> Option<(&str, &str)> {
        match self {
            Self::Message(record) => Some((&record.from, record.receiver()?)),
            Self::Read(record) => Some((&record.account, record.peer()?)),
            Self::Account(_)
            | Self::File(_)
            | Self::Friend(_)
            | Self::Block(_)
            | Self::Group(_)
            | Self::Topic(_)
            | Self::Member(_) => None,
        }
    }

    /// What the record is brought in together with: the id of a group; or, with a tab, which no such id has, the two accounts of
    /// a conversation, or the account whose friends and blocklist they are. `None` for accounts and files.
    #[must_use]
    pub fn bundle(&self) -> Option<Cow<'_, str>> {
        if let Self::Friend(record) = self {
            return Some(Cow::Owned(format!("{}\t", record.account)));
        }
        if let Self::Block(record) = self {
            return Some(Cow::Owned(format!("{}\t", record.account)));
        }
        match self.pair() {
            Some((one, other)) => Some(Cow::Owned(pair_name(one, other))),
            None => self.group_id().map(Cow::Borrowed),
        }
    }

    /// The record as one line, without the line's end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Vec::with_capacity(256);
        self.write_line(&mut line);
        String::from_utf8(line).expect("JSON is UTF-8")
    }

    /// Appends the record as one line, without the line's end.
    pub(crate) fn write_line(&self, out: &mut Vec<u8>) {
        match self {
            Self::Account(record) => write(Kind::Account, record, out),
            Self::File(record) => write(Kind::File, record, out),
            Self::Friend(record) => write(Kind::Friend, record, out),
            Self::Block(record) => write(Kind::Block, record, out),
            Self::Group(record) => write(Kind::Group, record, out),
            Self::Topic(record) => write(Kind::Topic, record, out),
            Self::Member(record) => write(Kind::Member, record, out),
            Self::Message(record) => write(Kind::Message, record, out),
            Self::Read(record) => write(Kind::Read, record, out),
        }
    }
}

/// The name of a one-to-one conversation, whoever of the two is named first.
pub(crate) fn pair_name(one: &str, other: &str) -> String {
    let (lower, upper) = if one <= other { (one, other) } else { (other, one) };
    format!("{lower}\t{upper}")
}

/// Each kind has a member that is always written, so a comma follows `t`.
fn write<T: Serialize>(kind: Kind, record: &T, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"t\":\"");
    out.extend_from_slice(kind.as_str().as_bytes());
    out.push(b'"');
    let brace = out.len();
    serde_json::to_writer(&mut *out, record).expect("records have string keys only");
    if let Some(brace) = out.get_mut(brace) {
        *brace = b',';
    }
}

fn members<T: DeserializeOwned>(line: &str) -> Result<T, RecordError> {
    serde_json::from_str(line).map_err(|_| wrong_type::<T>(line))
}

/// Parses once more to learn which member it is.
fn wrong_type<T: DeserializeOwned>(line: &str) -> RecordError {
    let mut json = serde_json::Deserializer::from_str(line);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => RecordError::NotJson("more follows the object".to_owned()),
        Err(error) => {
            let problem = error.inner().to_string();
            let problem = problem.split(" at line ").next().unwrap_or_default().to_owned();
            RecordError::WrongType { member: error.path().to_string(), problem }
        }
    }
}

/// The kind of a line, and the names of its members.
struct Peeked<'a> {
    kind: Option<Cow<'a, str>>,
    members: Vec<Cow<'a, str>>,
}

impl<'de> serde::Deserialize<'de> for Peeked<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Peeked<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut peeked = Peeked { kind: None, members: Vec::with_capacity(16) };
                while let Some(Text(member)) = map.next_key()? {
                    if member == "t" {
                        peeked.kind = map.next_value::<Option<Text<'de>>>()?.map(|Text(kind)| kind);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                        peeked.members.push(member);
                    }
                }
                Ok(peeked)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A string, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
