//! Official accounts: accounts that send to all who subscribe to them.
//!
//! What one sends is a message of it to itself, kept once, whatever the number of its subscribers: their clients and its
//! history read it from there.

use super::Pair;
use super::message::DirectMessage;
use crate::ids::UserId;
use crate::text::Text;
use crate::time::Timestamp;
use std::fmt;

/// How the name of every official account begins. [doc]
const PREFIX: &str = "@TOA#_";

/// The name of an official account; `None` when it is none.
#[must_use]
pub fn parse_id(raw: &str) -> Option<UserId> {
    let id = UserId::parse(raw)?;
    (is_official(&id) && PREFIX.len() < raw.len()).then_some(id)
}

/// Whether the account is called like an official one.
#[must_use]
pub fn is_official(id: &UserId) -> bool {
    id.as_str().starts_with(PREFIX)
}

/// Makes a name from random bits. Equal bits give equal names.
#[must_use]
pub fn generate_id(random_bits: u64) -> UserId {
    UserId::generate(PREFIX, random_bits)
}

/// Where the messages of an official account to its subscribers are kept.
#[must_use]
pub fn broadcasts(official: &UserId) -> Pair {
    Pair::of(official.clone(), official.clone())
}

/// The official account whose broadcasts these are; `None` for any other conversation.
#[must_use]
pub fn broadcaster(pair: &Pair) -> Option<&UserId> {
    let [lower, upper] = pair.accounts();
    (lower == upper && is_official(lower)).then_some(lower)
}

/// What an official account has besides its name and picture, which are those of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficialAccount {
    /// The account that owns it.
    pub owner: UserId,
    /// What it says of itself.
    pub introduction: Text,
    /// The organisation behind it.
    pub organization: Text,
    /// What the app keeps with it.
    pub custom: Text,
    /// The most subscribers that it takes.
    pub max_subscribers: u32,
    /// Its subscribers at present.
    pub subscribers: u32,
    /// When it was made.
    pub created: Timestamp,
}

/// What an official account and a subscriber of it keep about each other. Both have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Since when.
    pub since: Timestamp,
    /// What the app keeps with it.
    pub custom: Text,
}

/// What identifies a message of an official account: `MsgKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BroadcastKey {
    /// Its place, counted from 1; 0 when it is not kept.
    pub seq: u32,
    /// When it was sent.
    pub sent: Timestamp,
}

impl BroadcastKey {
    /// The key that has this text. [doc]
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let mut number = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let (seq, middle, sent) = (number()?.parse().ok()?, number()?, number()?.parse().ok()?);
        (middle == "1" && parts.next().is_none()).then_some(Self { seq, sent: Timestamp(sent) })
    }

    /// That of a message.
    #[must_use]
    pub fn of(message: &DirectMessage) -> Self {
        Self { seq: message.seq, sent: message.key.sent }
    }
}

/// `MsgKey`. [doc]
impl fmt::Display for BroadcastKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_1_{}", self.seq, self.sent.0)
    }
}

/// Why an operation on an official account changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficialRefusal {
    /// There is no such official account.
    NoSuchOfficial,
    /// Its name is taken.
    Taken,
    /// The owner does not exist.
    NoSuchOwner,
    /// The account does not subscribe to it.
    NotSubscribed,
    /// It has as many messages as it can have.
    NoNumbersLeft,
}

/// What happened to an official account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfficialEvent {
    /// It was made.
    Created {
        /// Its owner.
        owner: UserId,
        /// Its name.
        name: Text,
    },
    /// It says something else of itself. What did not change is `None`.
    Changed {
        /// Its name.
        name: Option<Text>,
        /// Its introduction.
        introduction: Option<Text>,
        /// The address of its picture.
        face_url: Option<Text>,
        /// The organisation behind it.
        organization: Option<Text>,
    },
    /// It is no more.
    Destroyed {
        /// Its owner.
        owner: UserId,
        /// Its name.
        name: Text,
    },
    /// Accounts subscribe to it.
    Subscribed(Vec<UserId>),
    /// Accounts no longer subscribe to it.
    Unsubscribed(Vec<UserId>),
    /// It has as many subscribers as it takes.
    Full,
    /// It sent a message; its place is 0 when it is not kept.
    Sent(Box<DirectMessage>),
    /// These of its messages can no longer be read.
    Recalled(Vec<DirectMessage>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::user;

    #[test]
    fn names_begin_as_documented_and_go_on() {
        assert_eq!(parse_id("@TOA#_news"), Some(user("@TOA#_news")));
        for bad in ["@TOA#_", "news", "@TOA#news", "x@TOA#_news", "@TOA#_0123456789012345678901234567"] {
            assert_eq!(parse_id(bad), None, "{bad}");
        }
        let made = generate_id(u64::MAX);
        assert_eq!((made.as_str().len(), parse_id(made.as_str())), (22, Some(made.clone())));
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = BroadcastKey { seq: 71, sent: Timestamp(1_698_741_698) };
        assert_eq!(key.to_string(), "71_1_1698741698");
        assert_eq!(BroadcastKey::parse("71_1_1698741698"), Some(key));
        for bad in ["", "71_1", "71_2_5", "71_1_5_6", "+1_1_5", "_1_5", "4294967296_1_5", "71_01_5"] {
            assert_eq!(BroadcastKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn broadcasts_are_no_conversation_of_two() {
        let official = user("@TOA#_news");
        assert_eq!(broadcaster(&broadcasts(&official)), Some(&official));
        assert_eq!(broadcaster(&Pair::of(user("ann"), official)), None);
        assert_eq!(broadcaster(&Pair::of(user("ann"), user("ann"))), None);
    }
}
