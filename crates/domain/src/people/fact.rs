//! Facts: small records about an account, a pair of accounts or the app, each under a key of its own.
//!
//! A store keeps every kind of fact in the same way, so a new kind costs it a number and an encoding.

use super::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use super::counts::{Day, DayCounts};
use super::friends::{Blocked, Friend, Friends, RequestWay};
use super::portrait::Portrait;
use crate::ids::{GroupId, UserId};
use crate::people::Subject;
use crate::time::Timestamp;

/// The key of a fact about a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKey {
    /// Of an account: what it says of itself, besides the nick and the picture that its row holds.
    Portrait,
    /// Of an account: from when on it may send again.
    Mute,
    /// Of an account: a conversation of it. While a pair of accounts has messages or facts, both accounts have this fact
    /// about each other: a deletion of either finds the pair by it.
    Chat(Chat),
    /// Of an account: what it has not read of another. There is none when it has read everything.
    Unread(UserId),
    /// Of a pair: the numbers of its messages.
    Log,
    /// Of an account: its lists of friends, and how often its friends changed.
    Friends,
    /// Of an account: a friend of it.
    Friend(UserId),
    /// Of an account: a request of friendship that waits for an answer. Both accounts have it, each its own way.
    Request(RequestWay, UserId),
    /// Of an account: an account on its blocklist.
    Blocked(UserId),
    /// Of the app: what happened on a day.
    Day(Day),
    /// Of the app: how far the files of past hours have come.
    ArchiveProgress,
    /// Of the app: the files with the messages of an hour.
    Archive(ArchiveKind, Hour),
}

impl FactKey {
    /// The other account that the fact names. When that account is deleted, the fact goes with it.
    #[must_use]
    pub fn peer(&self) -> Option<&UserId> {
        match self {
            Self::Chat(Chat::Direct(peer))
            | Self::Unread(peer)
            | Self::Friend(peer)
            | Self::Request(_, peer)
            | Self::Blocked(peer) => Some(peer),
            Self::Portrait
            | Self::Mute
            | Self::Chat(Chat::Group(_))
            | Self::Log
            | Self::Friends
            | Self::Day(_)
            | Self::ArchiveProgress
            | Self::Archive(..) => None,
        }
    }
}

/// A conversation as one account sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chat {
    /// With one account.
    Direct(UserId),
    /// In a group.
    Group(GroupId),
}

/// A fact; its kind is that of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// What an account says of itself.
    Portrait(Portrait),
    /// From when on an account may send again.
    Mute(Mute),
    /// A conversation of an account.
    Chat(ChatState),
    /// What an account has not read of another.
    Unread(Unread),
    /// The numbers of a one-to-one conversation.
    Log(DirectLog),
    /// What an account has besides the friends themselves.
    Friends(Friends),
    /// A friend, or what a request says of the friend to be.
    Friend(Friend),
    /// An account on a blocklist.
    Blocked(Blocked),
    /// What happened on a day.
    Day(Box<DayCounts>),
    /// How far the files of past hours have come.
    ArchiveProgress(ArchiveProgress),
    /// The files with the messages of an hour; at least one.
    Archive(Vec<ArchiveFile>),
}

/// Until when an account may not send; 0: it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mute {
    /// To other accounts.
    pub direct: Timestamp,
    /// To groups.
    pub groups: Timestamp,
}

impl Mute {
    /// Whether the account may not send to groups now.
    #[must_use]
    pub fn forbids_groups(&self, now: Timestamp) -> bool {
        now < self.groups
    }
}

/// What an account has done with a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatState {
    /// When it was pinned.
    pub pinned: Option<Timestamp>,
    /// When it was taken off the list; it is back with the next message.
    pub removed: Option<Timestamp>,
    /// With an account: messages up to this place are cleared for the account that has the conversation. In a group: the
    /// number of the last message when it was taken off the list; it is back with the next one. 0: none.
    pub cleared: u32,
}

/// What an account has not read of another; at least one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// How many messages.
    pub count: u32,
    /// The place of the last message that does not count any more: those that do come after it.
    pub after: u32,
}

/// The numbers of a one-to-one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectLog {
    /// The place that the next message will get; 1 at first.
    pub next_seq: u32,
    /// When the last message was sent; 0 when there is none.
    pub last_message: Timestamp,
    /// The place of the last message that was imported silently; 0 when there is none.
    pub imported: u32,
}

impl Default for DirectLog {
    fn default() -> Self {
        Self { next_seq: 1, last_message: Timestamp(0), imported: 0 }
    }
}

impl DirectLog {
    /// The place of the last message; 0 when there is none.
    #[must_use]
    pub fn last_seq(&self) -> u32 {
        self.next_seq.saturating_sub(1)
    }

    /// Takes the next place; `None` when all are used up.
    pub fn take_seq(&mut self) -> Option<u32> {
        let seq = self.next_seq;
        self.next_seq = seq.checked_add(1)?;
        Some(seq)
    }
}

/// Facts about one subject that lie together, in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactFamily {
    /// The conversations of an account: those with accounts, then those in groups.
    Chats,
    /// The friends of an account.
    Friends,
    /// The requests of an account, of one way.
    Requests(RequestWay),
    /// The blocklist of an account.
    Blocklist,
    /// The accounts of which an account has not read everything.
    Unread,
    /// The days of the app.
    Days,
    /// The files of past hours, of one kind.
    Archives(ArchiveKind),
}

/// Some facts of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRange {
    /// The subject they are about.
    pub subject: Subject,
    /// Their family.
    pub family: FactFamily,
    /// The last key of the page before.
    pub after: Option<FactKey>,
    /// How many at most.
    pub limit: usize,
}

impl FactRange {
    /// All of a family. Only for those whose size has a bound.
    #[must_use]
    pub fn all(subject: Subject, family: FactFamily) -> Self {
        Self { subject, family, after: None, limit: usize::MAX }
    }
}
