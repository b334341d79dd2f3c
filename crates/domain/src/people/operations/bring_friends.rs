//! A job brings friends in, each in one direction, silently.

use super::bring_ties::{self, Kind};
use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::origin::JobId;
use crate::people::Subject;
use crate::people::brought::{Brought, BroughtTies, Coming, sum};
use crate::people::fact::{FactFamily, FactKey};
use crate::people::friends::{Friend, FriendProblem, Ties, own};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
use std::convert::Infallible;

/// A friend to bring in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FriendToBring {
    /// The friend.
    pub id: UserId,
    /// What the account keeps of it.
    pub friend: Friend,
    /// Whether the time of the friendship is known; one that is there keeps its own otherwise.
    pub has_time: bool,
}

/// Brings friends in.
#[derive(Clone, Debug)]
pub struct BringFriends {
    /// The job.
    pub job: JobId,
    /// Whether a friend of whom something else is kept gets what is new.
    pub update: bool,
    /// Accounts, each once, with friends, each once.
    pub friends: Vec<(UserId, Vec<FriendToBring>)>,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl BringFriends {
    fn bring(
        &self,
        ties: &mut Ties<'_>,
        noted: &mut BroughtTies,
        account: &UserId,
        FriendToBring { id, friend, has_time }: &FriendToBring,
        unknown: UnknownAccounts,
    ) -> Coming {
        match ties.other(account, id) {
            Err(FriendProblem::NoSuchAccount) if unknown == UnknownAccounts::Create => {}
            Err(FriendProblem::NoSuchAccount) => return Coming::Refused("the friend is not imported"),
            Err(_) => return Coming::Refused("an account cannot be its own friend"),
            Ok(()) => {}
        }
        let before = ties.friend(account, id).cloned();
        let added = before.as_ref().filter(|_| !has_time).map_or(friend.added, |before| before.added);
        let friend = Friend { added, ..friend.clone() };
        let coming = match &before {
            // Somebody has removed it since.
            None if noted.0.contains_key(id) => return Coming::Unchanged,
            None if ties.is_full(account, FactFamily::Friends, self.limits.count) => {
                return Coming::Refused("the account has as many friends as allowed");
            }
            None => Coming::Added,
            Some(before) if *before == friend && noted.0.contains_key(id) => return Coming::Added,
            Some(before) if *before == friend => return Coming::Unchanged,
            Some(_) if self.update => Coming::Updated,
            Some(_) => return Coming::Differs,
        };
        if !ties.make_lists(account, &friend.lists, self.limits.lists) {
            return Coming::Refused("the account has as many lists of friends as allowed");
        }
        if coming == Coming::Added || noted.0.contains_key(id) {
            noted.0.insert(id.clone(), sum(&friend));
        }
        ties.put_friend(account, id, friend);
        coming
    }
}

const KIND: Kind<FriendToBring> = Kind {
    other: |tie| &tie.id,
    fact: FactKey::Friend,
    family: FactFamily::Friends,
    about: Brought::Friends,
};

impl PeopleImport for BringFriends {
    /// What became of the friends of each account, in order.
    type Answer = Vec<Vec<Coming>>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        self.friends.iter().map(|(account, _)| own(account)).chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        bring_ties::needs(self.job, &self.friends, &KIND)
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, Infallible> {
        let bring = bring_ties::bring(
            (self.job, context),
            &snapshot,
            &self.friends,
            &KIND,
            |ties, noted, account, tie| self.bring(ties, noted, account, tie, context.unknown),
        );
        Ok(bring)
    }
}

impl FriendToBring {
    /// One whose friendship has a time, unless that is 0.
    #[must_use]
    pub fn new(id: UserId, friend: Friend) -> Self {
        let has_time = friend.added != Timestamp(0);
        Self { id, friend, has_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::people::fact::Fact;
    use crate::sample::{NOW, context, text, user};

    fn friend(remark: &str) -> Friend {
        Friend { remark: text(remark), added: Timestamp(5), lists: vec![text("l")], ..Friend::default() }
    }

    fn bring(update: bool, there: Option<Friend>) -> (Coming, usize) {
        let mut snapshot = PeopleSnapshot::default();
        for name in ["ann", "ben"] {
            snapshot.accounts.insert(user(name), crate::account::Account::placeholder(NOW));
        }
        if let Some(there) = there {
            snapshot.facts.insert((own(&user("ann")), FactKey::Friend(user("ben"))), Fact::Friend(there));
        }
        let to_bring = FriendToBring { has_time: false, ..FriendToBring::new(user("ben"), friend("new")) };
        let friends = vec![(user("ann"), vec![to_bring])];
        let operation = BringFriends { job: JobId(7), update, friends, limits: Limits::FAITHFUL.friends };
        let Ok(imported) = operation.decide(&context(), snapshot);
        let is_note = |key: &FactKey| matches!(key, FactKey::Brought(..));
        (imported.answer[0][0], imported.changes.facts.iter().filter(|(_, key, _)| is_note(key)).count())
    }

    #[test]
    fn a_friend_that_is_new_is_noted_and_one_that_is_there_follows_the_choice() {
        assert_eq!(bring(false, None), (Coming::Added, 1));
        let same = Friend { added: Timestamp(1), ..friend("new") };
        assert_eq!(bring(false, Some(same)), (Coming::Unchanged, 0));
        assert_eq!(bring(false, Some(friend("old"))), (Coming::Differs, 0));
        assert_eq!(bring(true, Some(friend("old"))), (Coming::Updated, 0));
    }
}
