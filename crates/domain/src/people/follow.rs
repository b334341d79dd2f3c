//! Following: an account follows another, whether or not the other follows it.
//!
//! Both keep the same row of what they are to each other, each as it sees it. How many follow an account is kept, because they
//! may be millions; whom it follows has a bound, and is counted.

mod follows;

pub(super) use follows::Follows;
pub use follows::{follow, followers, places};

use crate::time::Timestamp;

/// What another account is to the one that keeps the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tie {
    /// Each follows the other.
    Mutual,
    /// The account follows the other, which does not follow it.
    Followed,
    /// The other follows the account, which does not follow it.
    Follower,
}

impl Tie {
    /// In the order of their names.
    pub const ALL: [Self; 3] = [Self::Mutual, Self::Followed, Self::Follower];
}

/// Since when two accounts follow each other, as one of them sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// Since when the account follows the other; `None` when it does not.
    pub followed: Option<Timestamp>,
    /// Since when the other follows the account; `None` when it does not.
    pub follower: Option<Timestamp>,
}

impl Follow {
    /// `None` when neither follows the other.
    #[must_use]
    pub fn tie(&self) -> Option<Tie> {
        match (self.followed, self.follower) {
            (Some(_), Some(_)) => Some(Tie::Mutual),
            (Some(_), None) => Some(Tie::Followed),
            (None, Some(_)) => Some(Tie::Follower),
            (None, None) => None,
        }
    }

    /// The same as the other account sees it.
    fn turned(self) -> Self {
        Self { followed: self.follower, follower: self.followed }
    }
}

/// Why nothing is done about one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowProblem {
    /// There is no such account.
    NoSuchAccount,
    /// Nobody follows itself.
    Itself,
    /// The account follows as many as allowed.
    TooManyFollowed,
}
