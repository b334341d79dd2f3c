//! Receipts.

use crate::format::address::Place;

/// How a group came to be in the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is about to be made, or was, and the answer was lost.
    Attempted,
    /// An import with this journal made it.
    ByUs,
    /// It was there already.
    Before,
}

/// A group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupReceipt {
    /// What stands for it in the other receipts.
    pub number: u64,
    pub made: Made,
    /// Hash of its profile; 0 where it is not known.
    pub profile: u64,
}

impl GroupReceipt {
    pub(super) fn from_row((number, made, profile): (u64, u8, u64)) -> Self {
        let made = match made {
            0 => Made::Attempted,
            1 => Made::ByUs,
            _ => Made::Before,
        };
        Self { number, made, profile }
    }

    pub(super) fn row(self) -> (u64, u8, u64) {
        let made = match self.made {
            Made::Attempted => 0,
            Made::ByUs => 1,
            Made::Before => 2,
        };
        (self.number, made, self.profile)
    }
}

/// A conversation: a group's own, or that of a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conversation {
    /// The number of the group.
    pub group: u64,
    /// Hash of the topic's id; 0 for the group's own conversation.
    pub topic: u64,
}

/// How far the history of a conversation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConversationReceipt {
    /// `MsgSeq` of the newest message; 0 when it has none.
    pub last_seq: u32,
    /// When that was sent, milliseconds since 1970, as exactly as it is known.
    pub last_ms: u64,
    /// How many messages have receipts.
    pub messages: u64,
}

impl ConversationReceipt {
    pub(super) fn from_row((last_seq, last_ms, messages): (u32, u64, u64)) -> Self {
        Self { last_seq, last_ms, messages }
    }
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageReceipt {
    /// Hash of what it says.
    pub content: u64,
    /// `MsgSeq`.
    pub seq: u32,
}

/// The unread count of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadReceipt {
    pub unread: u32,
    /// How many messages the conversation had when the count was set: an import of more sets it to 0.
    pub messages: u64,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    Account {
        account: String,
        content: u64,
    },
    Group {
        id: String,
        group: GroupReceipt,
    },
    /// `topic` and `account`: hashes of the ids, here and below.
    Topic {
        group: u64,
        topic: u64,
        profile: u64,
    },
    Member {
        group: u64,
        account: u64,
        content: u64,
    },
    Message {
        of: Conversation,
        identity: u64,
        message: MessageReceipt,
    },
    Conversation {
        of: Conversation,
        conversation: ConversationReceipt,
    },
    Read {
        of: Conversation,
        account: u64,
        read: ReadReceipt,
    },
    /// The group was dissolved: it has no receipt any more, and an import makes it anew.
    Undone {
        id: String,
    },
    /// A file that messages refer to: `file` is the hash of its name, `content` stands for what was brought in; 0: nothing was.
    File {
        file: u64,
        content: u64,
        place: Place,
    },
    /// A job on the server brings the file with this fingerprint in.
    Job {
        fingerprint: String,
        job: String,
    },
    /// What that job brought in was taken out.
    JobUndone {
        fingerprint: String,
    },
    /// The file that is imported.
    Source(String),
    /// `name`: an account, a tab, and its friend.
    Friend {
        name: String,
        content: u64,
    },
    /// `name`: an account, a tab, and an account on its blocklist.
    Block {
        name: String,
        content: u64,
    },
    /// A message between two accounts. `pair`: hash of their names.
    Direct {
        pair: u64,
        identity: u64,
        content: u64,
    },
}
