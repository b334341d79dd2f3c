//! Messages between two accounts.

use crate::ids::UserId;
use crate::message::{Content, MessageState};
use crate::people::Pair;
use crate::time::Timestamp;
use std::fmt;

/// The identity of a message within its conversation: no two messages of a pair have the same. History is in this order.
/// [doc]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// When it was sent.
    pub sent: Timestamp,
    /// `MsgSeq`, which the sender chose; others may have the same.
    pub number: u32,
    /// `MsgRandom`, which the sender chose.
    pub random: u32,
}

impl MessageKey {
    /// The key that has this text: `MsgSeq_MsgRandom_MsgTime`. [doc]
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('_');
        let mut next = || numbers.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let (number, random) = (next()?.parse().ok()?, next()?.parse().ok()?);
        let sent = Timestamp(next()?.parse().ok()?);
        numbers.next().is_none().then_some(Self { sent, number, random })
    }

    /// `MsgId` of a message of `sender`: an account number, a time and a random number, joined by hyphens. [doc]
    ///
    /// [choice] The account number is made from the account's name: it is 2^57 and 40 bits of a hash.
    #[must_use]
    pub fn id(&self, sender: &UserId) -> String {
        message_id(sender, self.sent, self.random)
    }

    /// Before all messages that were sent in this second or later.
    #[must_use]
    pub fn first_of(sent: Timestamp) -> Self {
        Self { sent, number: 0, random: 0 }
    }
}

/// `MsgId` of a message, also of one in a group.
#[must_use]
pub fn message_id(sender: &UserId, sent: Timestamp, random: u32) -> String {
    const ACCOUNTS: u64 = 1 << 57;
    let hash = sender.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}-{}-{random}", ACCOUNTS + (hash >> 24), sent.0)
}

/// `MsgKey`.
impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.number, self.random, self.sent.0)
    }
}

/// A message between two accounts as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectMessage {
    /// Its place in the order in which the messages of the conversation arrived, counted from 1 without a gap: clients
    /// follow it.
    pub seq: u32,
    /// What identifies it.
    pub key: MessageKey,
    /// The sender, one of the pair.
    pub sender: UserId,
    /// Whether it can still be read.
    pub state: MessageState,
    /// Whether the sender does not see it.
    pub hidden_from_sender: bool,
    /// Whether the receiver does not see it.
    pub hidden_from_receiver: bool,
    /// Whether the receiver has confirmed that it has read it.
    pub read: bool,
    /// Whether the connected devices of the sender were left out when it was sent; its history has the message.
    pub quiet: bool,
    /// `OfflinePushInfo` as the app wrote it; empty when none.
    pub push: Box<str>,
    /// What it says.
    pub content: Content,
}

impl DirectMessage {
    /// The account that it was sent to; the sender itself in a conversation with itself.
    #[must_use]
    pub fn receiver<'a>(&self, pair: &'a Pair) -> &'a UserId {
        let [lower, upper] = pair.accounts();
        if *lower == self.sender { upper } else { lower }
    }

    /// Whether an account of the conversation no longer sees it, or never did. `cleared` is the place up to which the
    /// account has cleared the conversation.
    #[must_use]
    pub fn is_hidden_from(&self, account: &UserId, cleared: u32) -> bool {
        let hidden =
            if self.sender == *account { self.hidden_from_sender } else { self.hidden_from_receiver };
        hidden || self.seq <= cleared
    }

    /// Whether it counts as unread until its receiver has read it.
    #[must_use]
    pub fn counts_for(&self, receiver: &UserId) -> bool {
        self.sender != *receiver
            && !self.hidden_from_receiver
            && matches!(&self.content, Content::Sent(body) if !body.no_unread)
    }
}

/// Messages of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectRange {
    /// Those with these places in the order of arrival.
    Numbered(Pair, Vec<u32>),
    /// Those that arrived after a place, the first ones.
    After {
        /// The conversation.
        pair: Pair,
        /// The place.
        seq: u32,
        /// How many at most.
        limit: usize,
    },
    /// Those with these keys.
    Keyed(Pair, Vec<MessageKey>),
    /// Those with a key from `from` on that comes before `to`, the last ones.
    Between {
        /// The conversation.
        pair: Pair,
        /// The first key.
        from: MessageKey,
        /// The first key that is left out.
        to: MessageKey,
        /// How many at most.
        limit: usize,
    },
    /// Those sent at `since` or later with this number and this random number.
    Repeated {
        /// The conversation.
        pair: Pair,
        /// `MsgSeq`.
        number: u32,
        /// `MsgRandom`.
        random: u32,
        /// The earliest time.
        since: Timestamp,
    },
}

impl DirectRange {
    /// The conversation.
    #[must_use]
    pub fn pair(&self) -> &Pair {
        match self {
            Self::Numbered(pair, _)
            | Self::Keyed(pair, _)
            | Self::After { pair, .. }
            | Self::Between { pair, .. }
            | Self::Repeated { pair, .. } => pair,
        }
    }
}
