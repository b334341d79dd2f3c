//! Friends, the lists they are in, requests of friendship, and blocklists.
//!
//! Friendship has a direction: an account has another among its friends, whether or not the other has it too.

mod ties;

pub(super) use ties::{Ties, both_ways, own};

use super::portrait::PortraitValue;
use crate::fields::FieldKey;
use crate::text::Text;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What an account keeps of a friend, or asks for in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Friend {
    /// What the account calls the friend; empty when never given.
    pub remark: Text,
    /// When the remark was made, as an import says; 0 when it says nothing.
    pub remark_time: Timestamp,
    /// The lists that the friend is in, each once.
    pub lists: Vec<Text>,
    /// Where the friendship comes from: `AddSource_Type_` and a word. Empty when never given.
    pub source: Text,
    /// What was said when the friend was asked; empty when nothing was.
    pub wording: Text,
    /// Since when they are friends, or since when the request waits.
    pub added: Timestamp,
    /// Custom fields that were ever set.
    pub custom: BTreeMap<FieldKey, PortraitValue>,
}

impl Friend {
    /// Puts the friend into a list; one that it is in already changes nothing.
    pub(super) fn join(&mut self, list: &Text) {
        if !self.lists.contains(list) {
            self.lists.push(list.clone());
        }
    }
}

/// What an account has besides its friends: its lists, and the numbers of changes. A client that knows a number needs
/// nothing new as long as it stays. Each begins with 1, so that 0 is never known, and grows by 1 with each operation that
/// changes what it counts. [sample]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Friends {
    /// The names of its lists, each once, in the order in which they were made.
    pub lists: Vec<Text>,
    /// Changes of friends and their standard fields.
    pub standard: u32,
    /// Changes of custom fields of friends.
    pub custom: u32,
    /// Changes of lists.
    pub listed: u32,
    /// Changes of the blocklist.
    pub blocked: u32,
}

impl Default for Friends {
    fn default() -> Self {
        Self { lists: Vec::new(), standard: 1, custom: 1, listed: 1, blocked: 1 }
    }
}

/// An account on a blocklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Since when.
    pub since: Timestamp,
}

/// Which way a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestWay {
    /// From the account to the other.
    Sent,
    /// From the other to the account.
    Received,
}

/// Why nothing is done at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FriendsRefusal {
    /// There is no such account.
    NoSuchAccount,
    /// It would have more lists than allowed.
    TooManyLists,
}

/// Why nothing is done about one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FriendProblem {
    /// There is no such account.
    NoSuchAccount,
    /// An account and itself.
    Itself,
    /// They are friends already.
    AlreadyFriend,
    /// They are not friends.
    NotFriend,
    /// The account is barred from adding friends.
    Barred,
    /// The other is on the account's own blocklist.
    OnOwnBlocklist,
    /// The account is on the other's blocklist.
    OnOthersBlocklist,
    /// The account has as many friends as allowed.
    TooManyFriends,
    /// The other has as many friends as allowed.
    OtherHasTooManyFriends,
    /// The account has as many lists of friends as allowed.
    TooManyLists,
    /// The other takes nobody.
    OtherTakesNobody,
    /// The other was asked, and has not answered: not a failure, and not yet a friendship.
    Asked,
    /// Too many requests of one of them wait for an answer.
    TooManyRequests,
    /// The blocklist is full.
    BlocklistFull,
    /// It is on the blocklist already.
    AlreadyBlocked,
    /// It is not on the blocklist.
    NotBlocked,
}
