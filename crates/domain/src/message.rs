//! Messages of a group or topic, and how they are numbered, read and kept.

use crate::element;
use crate::ids::{TopicId, UserId};
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What a message belongs to. Each has its own numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conversation {
    /// The group itself.
    Group,
    /// A topic of it.
    Topic(TopicId),
}

impl Conversation {
    /// The conversation of a topic, or of the group where none is named.
    #[must_use]
    pub fn of(topic: Option<TopicId>) -> Self {
        topic.map_or(Self::Group, Self::Topic)
    }
}

/// The numbers of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageLog {
    /// Number the next message will get; 1 at first.
    pub next_seq: u32,
    /// When the last message was sent; 0 when there is none.
    pub last_message: Timestamp,
    /// Messages up to here count as read by every member whose [`ReadMark`] is older than this: an import of messages
    /// sets the unread counts of all members to 0 without a write for each.
    pub read_by_all: u32,
    /// Messages up to here are cleared: only the app's administrators still read them.
    pub cleared: u32,
    /// Messages below this number were removed because of their age.
    pub first_kept: u32,
    /// What lists of conversations show in place of `last_message`: the time of the last message before an import that left
    /// them as they were. The next message ends it. Of groups only; topics are not on such lists.
    pub listed: Option<Timestamp>,
}

impl Default for MessageLog {
    fn default() -> Self {
        Self {
            next_seq: 1,
            last_message: Timestamp(0),
            read_by_all: 0,
            cleared: 0,
            first_kept: 1,
            listed: None,
        }
    }
}

impl MessageLog {
    /// Number of the last message; 0 when there is none.
    #[must_use]
    pub fn last_seq(&self) -> u32 {
        self.next_seq.saturating_sub(1)
    }

    /// When the last message was sent that lists of conversations show; 0 when there is none.
    #[must_use]
    pub fn last_listed(&self) -> Timestamp {
        self.listed.unwrap_or(self.last_message)
    }

    /// Takes the next number for a message sent at `sent`; `None` when all are used up.
    pub fn take_seq(&mut self, sent: Timestamp) -> Option<u32> {
        let seq = self.next_seq;
        self.next_seq = seq.checked_add(1)?;
        self.last_message = self.last_message.max(sent);
        self.listed = None;
        Some(seq)
    }

    /// Makes the unread count of every member 0.
    pub fn read_everything(&mut self) {
        self.read_by_all = self.last_seq();
    }

    /// The mark of a member with `unread` unread messages; a count above the number of messages counts as all.
    #[must_use]
    pub fn mark_unread(&self, unread: u32) -> ReadMark {
        ReadMark { seq: self.last_seq().saturating_sub(unread), made_at: self.read_by_all }
    }

    /// Number of the last message that a member with this mark has read.
    #[must_use]
    pub fn read_seq(&self, mark: ReadMark) -> u32 {
        if mark.made_at < self.read_by_all { self.read_by_all.max(mark.seq) } else { mark.seq }
    }

    /// Unread messages of a member with this mark.
    #[must_use]
    pub fn unread(&self, mark: ReadMark) -> u32 {
        self.last_seq().saturating_sub(self.read_seq(mark))
    }
}

/// How far a member has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReadMark {
    /// Number of the last message read, unless an import has marked later ones as read since.
    pub seq: u32,
    /// [`MessageLog::read_by_all`] when this was set.
    pub made_at: u32,
}

/// Which messages are dropped first when too many are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Dropped last.
    High,
    /// The default.
    #[default]
    Normal,
    /// Dropped before normal ones.
    Low,
    /// Dropped first.
    Lowest,
}

impl Priority {
    /// All of them, the highest first.
    pub const ALL: [Self; 4] = [Self::High, Self::Normal, Self::Low, Self::Lowest];

    /// The priority called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "High",
            Self::Normal => "Normal",
            Self::Low => "Low",
            Self::Lowest => "Lowest",
        }
    }

    /// Its number in answers, 1 to 4 [doc], and in every store.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
            Self::Lowest => 4,
        }
    }

    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.number() == number)
    }
}

/// Whether a message can still be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageState {
    /// It can.
    #[default]
    Kept,
    /// Its content was deleted; the place stays.
    Deleted,
    /// It was recalled.
    Recalled,
}

impl MessageState {
    pub const ALL: [Self; 3] = [Self::Kept, Self::Deleted, Self::Recalled];

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Deleted => 1,
            Self::Recalled => 2,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A message as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number within the conversation.
    pub seq: u32,
    pub sent: Timestamp,
    /// The sender; for a tip, the account that caused it.
    pub sender: UserId,
    /// Chosen by the sender to detect repeats; 0 when not given.
    pub random: u32,
    pub priority: Priority,
    /// Whether it can still be read.
    pub state: MessageState,
    pub content: Content,
}

impl Message {
    /// Seconds within which the same content with the same random number is the same message. [doc]
    pub const DUPLICATE_SECONDS: u64 = 300;

    /// Whether `other`, sent within five minutes of this one, is a repeat of it.
    ///
    /// Sender, random number and content decide: scripts that always send the same random number lose nothing.
    /// [choice]
    #[must_use]
    pub fn is_repeated_by(&self, sender: &UserId, random: u32, sent: Timestamp, body: &Body) -> bool {
        self.random == random
            && self.sender == *sender
            && self.sent.0.abs_diff(sent.0) <= Self::DUPLICATE_SECONDS
            && matches!(&self.content, Content::Sent(own) if own.elements == body.elements && own.custom == body.custom)
    }

    /// Whether it mentions an account or everybody.
    #[must_use]
    pub fn mentions_somebody(&self) -> bool {
        matches!(&self.content, Content::Sent(body) if body.at.everybody || !body.at.accounts.is_empty())
    }

    /// Whether it mentions `account`, by itself or with everybody.
    #[must_use]
    pub fn mentions(&self, account: &UserId) -> bool {
        matches!(&self.content, Content::Sent(body) if body.at.everybody || body.at.accounts.contains(account))
    }

    /// Whether readers confirm it. A message whose content is gone no longer has a receipt.
    #[must_use]
    pub fn has_receipt(&self) -> bool {
        matches!(&self.content, Content::Sent(body) if body.receipt)
    }

    /// Whether `account`, a member, is to confirm it: not the sender, and not a member that a directed message leaves out.
    #[must_use]
    pub fn is_confirmed_by(&self, account: &UserId) -> bool {
        match &self.content {
            Content::Sent(body) => {
                body.receipt && self.sender != *account && (body.to.is_empty() || body.to.contains(account))
            }
            Content::Tip(_) | Content::Gone(_) => false,
        }
    }

    /// How many of `members` are to confirm it and have, and how many have not. `readers` may name others too: some have
    /// left since.
    #[must_use]
    pub fn receipt<'a>(
        &self,
        members: impl IntoIterator<Item = &'a UserId>,
        readers: &BTreeSet<&UserId>,
    ) -> (usize, usize) {
        let asked = members.into_iter().filter(|account| self.is_confirmed_by(account));
        let (read, unread): (Vec<_>, Vec<_>) = asked.partition(|account| readers.contains(account));
        (read.len(), unread.len())
    }

    /// The message with its content gone.
    #[must_use]
    pub fn without_content(self, state: MessageState) -> Self {
        Self { state, content: Content::Gone(None), ..self }
    }

    /// The message as it is after `recall`.
    #[must_use]
    pub fn recalled(self, recall: Recall) -> Self {
        Self { state: MessageState::Recalled, content: Content::Gone(Some(recall)), ..self }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message that an account sent.
    Sent(Body),
    /// What happened in the group.
    Tip(Tip),
    /// The content was removed; by whom, where the message was recalled. Those of earlier versions do not say.
    Gone(Option<Recall>),
}

/// Who recalled a message, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    pub operator: UserId,
    /// Empty when none was given.
    pub reason: Box<str>,
}

/// A message that is longer than one may be, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("MsgBody and CloudCustomData are {got} bytes long; at most {max} are allowed")]
pub struct BodyTooLong {
    pub got: usize,
    pub max: usize,
}

/// A message that an account sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The elements (`MsgBody`), as the app wrote them: what is unknown here comes back unchanged.
    pub elements: Box<str>,
    /// `CloudCustomData`; empty when none.
    pub custom: Box<str>,
    /// Whether readers confirm it.
    pub receipt: bool,
    /// Whether members may attach keys and values to it.
    pub extensible: bool,
    /// Whether clients are not to count it as unread. The counts kept here are differences of numbers, as documented,
    /// which cannot leave one out. [choice]
    pub no_unread: bool,
    /// Accounts it mentions (`@`); all members when [`At::everybody`].
    pub at: At,
    /// Those it is for; all members when empty.
    pub to: Vec<UserId>,
}

impl Body {
    /// The bytes that count against the limit of a message.
    #[must_use]
    pub fn size(&self) -> usize {
        element::size(&self.elements) + self.custom.len()
    }

    /// All that it says: the elements, and the custom data.
    #[must_use]
    pub fn texts(&self) -> [&str; 2] {
        [&self.elements, &self.custom]
    }
}

/// The accounts that a message mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// All members.
    pub everybody: bool,
    /// These.
    pub accounts: Vec<UserId>,
}

/// A change of the group that its history records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub kind: TipKind,
    /// The accounts concerned; empty when the change concerns the group.
    pub accounts: Vec<UserId>,
    /// What is new, by field.
    pub changes: Vec<(TipField, String)>,
}

impl Tip {
    /// Of so many of its accounts, the first ones, members see more than the name. [choice]
    pub const SHOWN_MAX: usize = 20;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TipKind {
    /// Members joined by themselves.
    Joined,
    Invited,
    /// Members left by themselves.
    Quit,
    Kicked,
    /// Members became administrators.
    AdminSet,
    /// Members are no longer administrators.
    AdminCancelled,
    /// The profile changed.
    ProfileChanged,
    /// Members were muted or may speak again.
    MemberChanged,
    /// The profile of a topic changed. Clients see it; no history keeps it.
    TopicChanged,
}

impl TipKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Joined,
        Self::Invited,
        Self::Quit,
        Self::Kicked,
        Self::AdminSet,
        Self::AdminCancelled,
        Self::ProfileChanged,
        Self::MemberChanged,
        Self::TopicChanged,
    ];

    /// Its number in the client protocol of the imitated service [doc], and in every store.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Joined => 1,
            Self::Invited => 2,
            Self::Quit => 3,
            Self::Kicked => 4,
            Self::AdminSet => 5,
            Self::AdminCancelled => 6,
            Self::ProfileChanged => 7,
            Self::MemberChanged => 8,
            Self::TopicChanged => 9,
        }
    }

    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A field of a group or member whose new value a tip records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TipField {
    Name,
    Introduction,
    Notification,
    FaceUrl,
    Owner,
    /// Seconds of a mute; 0 ends it.
    MuteSeconds,
    /// The name of a member within the group. Clients see it; no history keeps it.
    NameCard,
}

impl TipField {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Introduction,
        Self::Notification,
        Self::FaceUrl,
        Self::Owner,
        Self::MuteSeconds,
        Self::NameCard,
    ];

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Name => 0,
            Self::Introduction => 1,
            Self::Notification => 2,
            Self::FaceUrl => 3,
            Self::Owner => 4,
            Self::MuteSeconds => 5,
            Self::NameCard => 6,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_makes_everything_read_and_a_later_mark_counts_again() {
        let mut log = MessageLog::default();
        let early = log.mark_unread(0);
        for second in 1..=10 {
            log.take_seq(Timestamp(second)).unwrap();
        }
        assert_eq!((log.last_seq(), log.last_message, log.unread(early)), (10, Timestamp(10), 10));
        log.read_everything();
        assert_eq!((log.read_seq(early), log.unread(early)), (10, 0));
        let set = log.mark_unread(4);
        assert_eq!((log.read_seq(set), log.unread(set)), (6, 4));
        assert_eq!(log.unread(log.mark_unread(99)), 10);
        log.take_seq(Timestamp(11)).unwrap();
        assert_eq!((log.unread(early), log.unread(set)), (1, 5));
        log.read_everything();
        assert_eq!((log.unread(early), log.unread(set)), (0, 0));
    }

    #[test]
    fn numbers_end() {
        let mut log = MessageLog { next_seq: u32::MAX, ..MessageLog::default() };
        assert_eq!(log.take_seq(Timestamp(1)), None);
        assert_eq!(log.next_seq, u32::MAX);
    }
}
