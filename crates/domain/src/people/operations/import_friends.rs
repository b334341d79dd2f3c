//! Importing friends, in one direction and without a word to anybody.
//!
//! [choice] A friend that is imported again is what the later import says. Blocklists and what accounts want do not count:
//! the relation was there before.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{FactFamily, FactKey};
use crate::people::friends::{Friend, FriendProblem, FriendsRefusal, Ties, own};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::collections::BTreeSet;
use std::iter::once;

/// Imports friends.
#[derive(Clone, Debug)]
pub struct ImportFriends {
    /// The account that has them.
    pub account: UserId,
    /// The friends, and what the account keeps of each.
    pub friends: Vec<(UserId, Friend)>,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl ImportFriends {
    fn import(
        &self,
        ties: &mut Ties<'_>,
        id: &UserId,
        friend: &Friend,
        unknown: UnknownAccounts,
    ) -> Result<(), FriendProblem> {
        match ties.other(&self.account, id) {
            Err(FriendProblem::NoSuchAccount) if unknown == UnknownAccounts::Create => {}
            other => other?,
        }
        let is_new = !ties.has_friend(&self.account, id);
        if is_new && ties.is_full(&self.account, FactFamily::Friends, self.limits.count) {
            return Err(FriendProblem::TooManyFriends);
        }
        if !ties.make_lists(&self.account, &friend.lists, self.limits.lists) {
            return Err(FriendProblem::TooManyLists);
        }
        ties.put_friend(&self.account, id, friend.clone());
        Ok(())
    }
}

impl PeopleImport for ImportFriends {
    /// A result for each friend, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let ids = || self.friends.iter().map(|(id, _)| id.clone());
        let facts = ids().map(FactKey::Friend).chain([FactKey::Friends]);
        PeopleNeeds {
            accounts: once(self.account.clone()).chain(ids()).collect(),
            facts: facts.map(|key| (own(&self.account), key)).collect(),
            counts: vec![(own(&self.account), FactFamily::Friends)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        if context.unknown == UnknownAccounts::Refuse {
            ties.known(&self.account)?;
        }
        let mut named = BTreeSet::new();
        let results: Vec<_> = self
            .friends
            .iter()
            .map(|(id, friend)| {
                self.import(&mut ties, id, friend, context.unknown)?;
                named.extend([&self.account, id]);
                Ok(())
            })
            .collect();
        let unknown = named.into_iter().filter(|id| !snapshot.accounts.contains_key(*id));
        let placeholders = unknown.cloned().collect();
        Ok(PeopleImported { changes: PeopleChanges { placeholders, ..ties.into_changes() }, answer: results })
    }
}
