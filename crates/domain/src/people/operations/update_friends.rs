//! Changing what an account keeps of its friends.

use crate::context::Context;
use crate::fields::FieldKey;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::people::Subject;
use crate::people::fact::FactKey;
use crate::people::friends::{FriendProblem, FriendsRefusal, Ties, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::portrait::PortraitValue;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use std::collections::BTreeMap;

/// Changes what an account keeps of its friends.
#[derive(Clone, Debug)]
pub struct UpdateFriends {
    /// The account that has them.
    pub account: UserId,
    /// The friends, and what changes of each.
    pub updates: Vec<(UserId, FriendUpdate)>,
    /// The limits in force.
    pub limits: FriendLimits,
}

/// What changes of a friend; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FriendUpdate {
    /// What the account calls it.
    pub remark: Option<Text>,
    /// The lists it is in, each once; those that do not exist are made.
    pub lists: Option<Vec<Text>>,
    /// Custom fields.
    pub custom: BTreeMap<FieldKey, PortraitValue>,
}

impl UpdateFriends {
    fn update(
        &self,
        ties: &mut Ties<'_>,
        id: &UserId,
        update: &FriendUpdate,
        context: &Context,
    ) -> Result<(), FriendProblem> {
        ties.other(&self.account, id)?;
        let mut friend = ties.friend(&self.account, id).cloned().ok_or(FriendProblem::NotFriend)?;
        if let Some(remark) = &update.remark {
            friend.remark = remark.clone();
            friend.remark_time = context.now;
        }
        if let Some(lists) = &update.lists {
            if !ties.make_lists(&self.account, lists, self.limits.lists) {
                return Err(FriendProblem::TooManyLists);
            }
            friend.lists = lists.clone();
        }
        friend.custom.extend(update.custom.clone());
        ties.put_friend(&self.account, id, friend);
        Ok(())
    }
}

impl PeopleOperation for UpdateFriends {
    /// A result for each friend, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let ids = || self.updates.iter().map(|(id, _)| id.clone());
        let facts = ids().map(FactKey::Friend).chain([FactKey::Friends]);
        PeopleNeeds {
            accounts: ids().chain([self.account.clone()]).collect(),
            facts: facts.map(|key| (own(&self.account), key)).collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        let update = |(id, update): &(UserId, FriendUpdate)| self.update(&mut ties, id, update, context);
        let results = self.updates.iter().map(update).collect();
        Ok(PeopleDecision::new(ties.into_changes(), results))
    }
}
