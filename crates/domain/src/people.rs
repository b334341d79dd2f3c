//! Accounts, and what is between two of them: the rows that operations on people read, and the changes they make.
//!
//! As with groups, an operation is a value with a pure rule ([`PeopleOperation`](operation::PeopleOperation)): a store loads
//! what the rule asks for, calls it while nobody else changes the [subjects](Subject) that it names, and writes what it
//! decides, whole or not at all. A store has no code for a single operation, and none for a single kind of [fact].

#![warn(missing_docs)]

pub mod archive;
pub mod brought;
pub mod changes;
pub mod console;
pub mod counts;
pub mod event;
pub mod fact;
pub mod folders;
pub mod follow;
pub mod friends;
pub mod labels;
pub mod message;
pub mod official;
pub mod operation;
pub mod operations;
pub mod portrait;
pub mod push;
pub mod snapshot;
pub mod words;

use crate::ids::UserId;
use std::fmt;

/// Stands between the two accounts in the name of a pair. No account's name contains it.
const BETWEEN: char = '\t';

/// Two accounts, in either order, or one account with itself: the ends of a one-to-one conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    lower: UserId,
    upper: UserId,
}

impl Pair {
    /// The pair of two accounts. Their order does not count.
    #[must_use]
    pub fn of(one: UserId, other: UserId) -> Self {
        if one <= other { Self { lower: one, upper: other } } else { Self { lower: other, upper: one } }
    }

    /// Both accounts, the lower name first; one account with itself comes twice.
    #[must_use]
    pub fn accounts(&self) -> [&UserId; 2] {
        [&self.lower, &self.upper]
    }

    /// The place of an account in [`accounts`](Self::accounts): 0 for the lower name, 1 for the upper; `None` when the account
    /// is not of the pair.
    #[must_use]
    pub fn side(&self, account: &UserId) -> Option<usize> {
        self.accounts().into_iter().position(|of| of == account)
    }

    /// The other account; the account itself in a pair with itself. `None` when it is not of the pair.
    #[must_use]
    pub fn other(&self, account: &UserId) -> Option<&UserId> {
        self.side(account).map(|side| self.accounts()[1 - side])
    }

    /// The pair with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (lower, upper) = name.split_once(BETWEEN)?;
        let (lower, upper) = (UserId::parse(lower)?, UserId::parse(upper)?);
        (lower <= upper).then_some(Self { lower, upper })
    }
}

/// The name of the pair, unique in the app, and neither that of an account nor of a group.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{BETWEEN}{}", self.lower, self.upper)
    }
}

/// What [facts](fact) are about, and what an operation has for itself while it decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The app as a whole.
    App,
    /// One account.
    Account(UserId),
    /// A one-to-one conversation.
    Pair(Pair),
}

impl Subject {
    /// The subject with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "" => Some(Self::App),
            _ if name.contains(BETWEEN) => Pair::named(name).map(Self::Pair),
            _ => UserId::parse(name).map(Self::Account),
        }
    }
}

/// The name of the subject, unique in the app: empty for the app.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App => Ok(()),
            Self::Account(account) => account.fmt(f),
            Self::Pair(pair) => pair.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::user;

    #[test]
    fn subjects_are_found_by_their_names() {
        let pair = Pair::of(user("bob"), user("ann"));
        assert_eq!(pair.to_string(), "ann\tbob");
        let own = Pair::of(user("ann"), user("ann"));
        for subject in [Subject::App, Subject::Account(user("ann")), Subject::Pair(pair), Subject::Pair(own)]
        {
            assert_eq!(Subject::named(&subject.to_string()), Some(subject));
        }
        for not_a_name in ["\t", "ann\t", "bob\tann", "a\tb\tc", "é"] {
            assert_eq!(Subject::named(not_a_name), None, "{not_a_name:?}");
        }
    }

    #[test]
    fn each_account_of_a_pair_knows_the_other() {
        let pair = Pair::of(user("bob"), user("ann"));
        assert_eq!((pair.side(&user("ann")), pair.side(&user("bob"))), (Some(0), Some(1)));
        assert_eq!((pair.other(&user("bob")), pair.other(&user("cy"))), (Some(&user("ann")), None));
        let own = Pair::of(user("ann"), user("ann"));
        assert_eq!((own.side(&user("ann")), own.other(&user("ann"))), (Some(0), Some(&user("ann"))));
    }
}
