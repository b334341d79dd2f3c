//! Making lists of friends, and putting friends into them.
//!
//! [choice] A list that exists is no failure: the friends are added to it.

use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::people::Subject;
use crate::people::fact::FactKey;
use crate::people::friends::{FriendProblem, FriendsRefusal, Ties, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;

/// Makes lists of friends.
#[derive(Clone, Debug)]
pub struct MakeFriendLists {
    /// The account whose lists they are.
    pub account: UserId,
    /// Their names.
    pub lists: Vec<Text>,
    /// The friends that come into all of them.
    pub friends: Vec<UserId>,
    /// The limits in force.
    pub limits: FriendLimits,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFriendLists {
    /// A result for each friend, in order.
    pub results: Vec<Result<(), FriendProblem>>,
    /// How often lists of the account have changed.
    pub listed: u32,
}

impl PeopleOperation for MakeFriendLists {
    type Answer = MadeFriendLists;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let keys = self.friends.iter().map(|id| FactKey::Friend(id.clone())).chain([FactKey::Friends]);
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: keys.map(|key| (own(&self.account), key)).collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<MadeFriendLists>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        if !ties.make_lists(&self.account, &self.lists, self.limits.lists) {
            return Err(FriendsRefusal::TooManyLists);
        }
        let results = self.friends.iter().map(|id| {
            let mut friend = ties.friend(&self.account, id).cloned().ok_or(FriendProblem::NotFriend)?;
            self.lists.iter().for_each(|list| friend.join(list));
            ties.put_friend(&self.account, id, friend);
            Ok(())
        });
        let results = results.collect();
        let listed = ties.head(&self.account).listed;
        Ok(PeopleDecision::new(ties.into_changes(), MadeFriendLists { results, listed }))
    }
}
