//! Facts: small records about an account, a pair of accounts or the app, each under a key of its own.
//!
//! A store keeps every kind of fact in the same way, so a new kind costs it a number and an encoding.

use super::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use super::brought::{Brought, BroughtDirect, BroughtProfile, BroughtTies};
use super::console::{AuditBounds, AuditEntry, ConsoleName, ConsoleSession, ConsoleUser, SessionKey};
use super::counts::{Day, DayCounts};
use super::folders::{ChatMark, Filed, Folders};
use super::follow::{Follow, Tie};
use super::friends::{Blocked, Friend, Friends, RequestWay};
use super::labels::Slots;
use super::message::MessageKey;
use super::official::{OfficialAccount, Subscription};
use super::portrait::Portrait;
use super::push::{Push, PushMark};
use super::words::Words;
use crate::extension::Extensions;
use crate::ids::{GroupId, UserId};
use crate::origin::JobId;
use crate::people::Subject;
use crate::text::Text;
use crate::time::Timestamp;
use std::cmp::Reverse;

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
    /// Of an account: its folders of conversations.
    Folders,
    /// Of an account: the folders that a conversation is in. There is none for one that is in no folder.
    Filed(Chat),
    /// Of an account: how it has marked a conversation. There is none for one without marks.
    Mark(Chat),
    /// Of an account: that a conversation is pinned to the top of its list.
    Pin(Chat),
    /// Of a pair: the keys and values that apps have attached to a message.
    Extensions(MessageKey),
    /// Of an account: an account that it follows, or that follows it. There is one about another at most, and the other has
    /// its turned form.
    Follow(Tie, UserId),
    /// Of an account: how many accounts follow it.
    Followers,
    /// Of an account: its attributes.
    Attributes,
    /// Of an account: its tags.
    Tags,
    /// Of the app: the names of its attributes.
    AttributeNames,
    /// Of the app: the pushes of the last days.
    Pushed,
    /// Of the app: a push that is not finished, by its number.
    Push(u32),
    /// Of an official account: what it is.
    Official,
    /// Of an official account: an account that subscribes to it.
    Subscriber(UserId),
    /// Of an account: an official account that it subscribes to.
    Subscribed(UserId),
    /// Of the app: words that nobody may send.
    Words,
    /// Of the app: what a job has brought in, so that it can be taken back.
    Brought(JobId, Brought),
    /// Of the app: what happened on a day.
    Day(Day),
    /// Of the app: how far the files of past hours have come.
    ArchiveProgress,
    /// Of the app: the files with the messages of an hour.
    Archive(ArchiveKind, Hour),
    /// Of the installation: a user of the console.
    ConsoleUser(ConsoleName),
    /// Of the installation: a user that is signed in to the console.
    ConsoleSession(SessionKey),
    /// Of the installation: which entries of the audit list are kept.
    AuditBounds,
    /// Of the installation: an entry of the audit list, by its number; the newest comes first.
    Audit(Reverse<u64>),
}

impl FactKey {
    /// The other account that the fact names. When that account is deleted, the fact goes with it.
    #[must_use]
    pub fn peer(&self) -> Option<&UserId> {
        match self {
            Self::Chat(Chat::Direct(peer))
            | Self::Filed(Chat::Direct(peer))
            | Self::Mark(Chat::Direct(peer))
            | Self::Pin(Chat::Direct(peer))
            | Self::Unread(peer)
            | Self::Friend(peer)
            | Self::Request(_, peer)
            | Self::Blocked(peer)
            | Self::Follow(_, peer)
            | Self::Subscriber(peer)
            | Self::Subscribed(peer) => Some(peer),
            Self::Portrait
            | Self::Mute
            | Self::Chat(Chat::Group(_))
            | Self::Filed(Chat::Group(_))
            | Self::Mark(Chat::Group(_))
            | Self::Pin(Chat::Group(_))
            | Self::Log
            | Self::Friends
            | Self::Folders
            | Self::Extensions(_)
            | Self::Followers
            | Self::Attributes
            | Self::Tags
            | Self::AttributeNames
            | Self::Pushed
            | Self::Push(_)
            | Self::Official
            | Self::Words
            | Self::Brought(..)
            | Self::Day(_)
            | Self::ArchiveProgress
            | Self::Archive(..)
            | Self::ConsoleUser(_)
            | Self::ConsoleSession(_)
            | Self::AuditBounds
            | Self::Audit(_) => None,
        }
    }

    /// The count of the other account to which the fact adds 1. When the account that the fact is about is deleted, the
    /// count becomes less.
    #[must_use]
    pub fn counted_in(&self) -> Option<(&UserId, Self)> {
        if let Self::Follow(Tie::Mutual | Tie::Followed, peer) = self {
            Some((peer, Self::Followers))
        } else {
            None
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
    /// The folders of an account.
    Folders(Folders),
    /// The folders that a conversation is in.
    Filed(Filed),
    /// How a conversation is marked.
    Mark(ChatMark),
    /// That a conversation is pinned.
    Pin(Pin),
    /// The keys and values attached to a message.
    Extensions(Extensions),
    /// Since when two accounts follow each other.
    Follow(Follow),
    /// How many accounts follow an account; at least one.
    Followers(u64),
    /// The names of attributes, or the values of an account; at least one.
    Slots(Slots),
    /// The tags of an account, each once, in the order in which they came; at least one.
    Tags(Vec<Text>),
    /// The pushes of the last days, in the order of their numbers.
    Pushed(Vec<PushMark>),
    /// A push that is not finished.
    Push(Box<Push>),
    /// What an official account is.
    Official(Box<OfficialAccount>),
    /// What an official account and a subscriber keep about each other.
    Subscription(Subscription),
    /// The words that nobody may send.
    Words(Words),
    /// Fields of a profile.
    BroughtProfile(BroughtProfile),
    /// Friends of an account.
    BroughtTies(BroughtTies),
    /// Messages of a pair.
    BroughtDirect(BroughtDirect),
    /// What happened on a day.
    Day(Box<DayCounts>),
    /// How far the files of past hours have come.
    ArchiveProgress(ArchiveProgress),
    /// The files with the messages of an hour; at least one.
    Archive(Vec<ArchiveFile>),
    /// A user of the console.
    ConsoleUser(ConsoleUser),
    /// A user that is signed in to the console.
    ConsoleSession(ConsoleSession),
    /// Which entries of the audit list are kept.
    AuditBounds(AuditBounds),
    /// An entry of the audit list.
    Audit(Box<AuditEntry>),
}

impl Fact {
    /// A count that has become less by `gone`; `None` when nothing is left, or when this is no count.
    #[must_use]
    pub fn less(&self, gone: u64) -> Option<Self> {
        let Self::Followers(count) = self else { return None };
        let left = count.saturating_sub(gone);
        (left != 0).then_some(Self::Followers(left))
    }
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
    /// When it was taken off the list; it is back with the next message.
    pub removed: Option<Timestamp>,
    /// With an account: messages up to this place are cleared for the account that has the conversation. In a group: the
    /// number of the last message when it was taken off the list; it is back with the next one. 0: none.
    pub cleared: u32,
}

/// That a conversation is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Since when.
    pub since: Timestamp,
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
    /// The conversations of an account that are in folders: those with accounts, then those in groups.
    Filed,
    /// The conversations of an account that are marked, in the same order.
    Marks,
    /// Those that are pinned, in the same order.
    Pins,
    /// Those who are this to an account.
    Follows(Tie),
    /// The pushes that are not finished.
    Pushes,
    /// The accounts that subscribe to an official account.
    Subscribers,
    /// The official accounts that an account subscribes to.
    Subscribed,
    /// What a job has brought in.
    Brought(JobId),
    /// The days of the app.
    Days,
    /// The files of past hours, of one kind.
    Archives(ArchiveKind),
    /// The users of the console.
    ConsoleUsers,
    /// Those that are signed in.
    ConsoleSessions,
    /// The audit list, from its newest entry on.
    Audit,
}

impl FactFamily {
    /// The families whose facts are [counted](FactKey::counted_in) by other accounts.
    pub const COUNTED: [Self; 2] = [Self::Follows(Tie::Mutual), Self::Follows(Tie::Followed)];
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
