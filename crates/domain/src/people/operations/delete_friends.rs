//! Deleting friends.
//!
//! [choice] A two-way deletion succeeds where at least one of the two had the other.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::FactKey;
use crate::people::friends::{FriendProblem, FriendsRefusal, Ties, both_ways, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::iter::once;

/// Deletes friends.
#[derive(Clone, Debug)]
pub struct DeleteFriends {
    /// The account that deletes them.
    pub account: UserId,
    /// Its friends.
    pub friends: Vec<UserId>,
    /// Whether they no longer have the account among their friends either.
    pub both: bool,
}

impl DeleteFriends {
    fn delete(&self, ties: &mut Ties<'_>, id: &UserId) -> Result<Vec<(UserId, UserId)>, FriendProblem> {
        if ties.other(&self.account, id) == Err(FriendProblem::NoSuchAccount) {
            return Err(FriendProblem::NoSuchAccount);
        }
        let pairs = deleted(ties, &self.account, id, self.both);
        if pairs.is_empty() { Err(FriendProblem::NotFriend) } else { Ok(pairs) }
    }
}

/// Deletes a friend, also the other way where `both` is true. Returns each account with the friend that it has no longer.
pub(super) fn deleted(
    ties: &mut Ties<'_>,
    account: &UserId,
    id: &UserId,
    both: bool,
) -> Vec<(UserId, UserId)> {
    let mut pairs = Vec::new();
    for (of, friend) in [(account, id), (id, account)].into_iter().take(1 + usize::from(both)) {
        if ties.remove_friend(of, friend) {
            pairs.push((of.clone(), friend.clone()));
        }
    }
    pairs
}

/// The event of friendships that are no more, if there are any.
pub(super) fn event(account: &UserId, pairs: Vec<(UserId, UserId)>) -> Option<PeopleEvent> {
    let account = account.clone();
    (!pairs.is_empty()).then_some(PeopleEvent::FriendsDeleted { account, pairs })
}

impl PeopleOperation for DeleteFriends {
    /// A result for each friend, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        let others: &[UserId] = if self.both { &self.friends } else { &[] };
        once(&self.account).chain(others).map(own).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let all = || once(&self.account).chain(&self.friends);
        let heads = all().map(|id| (own(id), FactKey::Friends));
        let facts = heads.chain(both_ways(&self.account, &self.friends, FactKey::Friend));
        PeopleNeeds { accounts: all().cloned().collect(), facts: facts.collect(), ..PeopleNeeds::default() }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        let mut pairs = Vec::new();
        let results = self.friends.iter().map(|id| self.delete(&mut ties, id).map(|gone| pairs.extend(gone)));
        let results = results.collect();
        let event = event(&self.account, pairs);
        Ok(PeopleDecision::new(ties.into_changes(), results).with_event(event))
    }
}
