//! Taking accounts off a blocklist.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::FactKey;
use crate::people::friends::{FriendProblem, FriendsRefusal, Ties, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Takes accounts off a blocklist.
#[derive(Clone, Debug)]
pub struct Unblock {
    /// The account whose blocklist it is.
    pub account: UserId,
    /// The others.
    pub others: Vec<UserId>,
}

impl PeopleOperation for Unblock {
    /// A result for each account, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let keys = self.others.iter().map(|id| FactKey::Blocked(id.clone())).chain([FactKey::Friends]);
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
    ) -> Result<PeopleDecision<Self::Answer>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        let mut others = Vec::new();
        let results = self.others.iter().map(|id| {
            if !ties.has_blocked(&self.account, id) {
                return Err(FriendProblem::NotBlocked);
            }
            ties.block(&self.account, id, None);
            others.push(id.clone());
            Ok(())
        });
        let results = results.collect();
        let event = PeopleEvent::Unblocked { account: self.account.clone(), others };
        let is_one = matches!(&event, PeopleEvent::Unblocked { others, .. } if !others.is_empty());
        Ok(PeopleDecision::new(ties.into_changes(), results).with_event(is_one.then_some(event)))
    }
}
