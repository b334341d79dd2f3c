//! What becomes of a group that is united with what a file has, and why one stays as it is.

use crate::ids::UserId;
use crate::several::Several;

/// Messages that are looked at: those from the first message of the file on.
pub const MESSAGES_MAX: usize = 20_000;
/// Bytes of these messages, about.
pub const BYTES_MAX: usize = 16 << 20;
/// Members of a group that is united, and their marks in each topic.
pub const MEMBERS_MAX: usize = 20_000;

/// What becomes of what both have with different contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDifference {
    /// It stays as it is.
    Keep,
    /// It becomes what the file says.
    TakeOver,
}

/// Why a group stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    #[error("no job brought the group in")]
    NotByJob,
    #[error("the group differs, and was touched since it was brought in")]
    Touched,
    #[error("the group is of another type")]
    OtherType,
    #[error("the file has topics, and the group cannot have any")]
    NoTopics,
    #[error("the group would have {0} members, more than its MaxMemberNum of {1}")]
    TooManyMembers(usize, u32),
    #[error("{0} of the file cannot be a member with this role or JoinTime")]
    BadMember(UserId),
    #[error("a read mark of the file counts more messages than the file has")]
    BadRead,
    #[error("a message of the file was sent before the group was made, in the future, or not in order")]
    BadMessage,
    #[error("messages of the file are of a topic that neither has")]
    NoSuchTopic,
    #[error("{0} is not an imported account")]
    UnknownAccount(Several),
    #[error("a conversation has more messages than there are numbers")]
    NoNumbers,
    #[error("messages with receipts or extensions would get other numbers")]
    Fixed,
    #[error("src, key, digest or what is carried beside the group is too long")]
    OriginTooLong,
    #[error("more than {MESSAGES_MAX} messages, or {} MiB of them, would have to be looked at and moved", BYTES_MAX >> 20)]
    TooManyMessages,
    #[error("the group has more than {MEMBERS_MAX} members, too many to be united with the file")]
    TooManyToLookAt,
}

/// What became of a group that was to be united with what a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnionOutcome {
    /// It has more than before, or something else.
    United(Figures),
    /// It had everything. What differs stays as it is.
    Unchanged(Figures),
    /// Nothing of the file came in.
    Kept(Kept),
}

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Those that were not there.
    pub added: u64,
    /// Those that took over what the file says.
    pub updated: u64,
    /// Those that were there just like this.
    pub unchanged: u64,
    /// Those that stay as they are, and differ from the file.
    pub differing: u64,
}

impl Figure {
    /// Counts a record that both have; whether it takes over what the file says.
    pub(super) fn of_both(&mut self, differs: bool, on: OnDifference) -> bool {
        let takes = differs && on == OnDifference::TakeOver;
        *match (differs, takes) {
            (false, _) => &mut self.unchanged,
            (true, true) => &mut self.updated,
            (true, false) => &mut self.differing,
        } += 1;
        takes
    }

    pub(super) fn add(&mut self, more: Self) {
        self.added += more.added;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.differing += more.differing;
    }

    /// The one record that is counted differs in something more.
    pub(super) fn differs_also(&mut self, takes: bool) {
        if takes || self.updated != 0 {
            *self = Self { updated: 1, ..Self::default() };
        } else {
            *self = Self { differing: 1, ..Self::default() };
        }
    }
}

/// What became of the records of a file's group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The group itself; only one of these is 1.
    pub group: Figure,
    pub topics: Figure,
    pub members: Figure,
    pub messages: Figure,
    /// Read marks.
    pub reads: Figure,
}

impl Figures {
    /// How many records differ and stay as they are.
    #[must_use]
    pub fn differing(&self) -> u64 {
        let Self { group, topics, members, messages, reads } = self;
        [group, topics, members, messages, reads].map(|figure| figure.differing).iter().sum()
    }
}
