//! Deleting lists of friends. The friends stay.
//!
//! [choice] A list that does not exist is no failure.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::fact::{Fact, FactFamily, FactKey, FactRange};
use crate::people::friends::{Friend, FriendsRefusal, Ties, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;

/// Deletes lists of friends.
#[derive(Clone, Debug)]
pub struct DeleteFriendLists {
    /// The account whose lists they are.
    pub account: UserId,
    /// Their names.
    pub lists: Vec<Text>,
}

impl PeopleOperation for DeleteFriendLists {
    /// How often lists of the account have changed.
    type Answer = u32;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![(own(&self.account), FactKey::Friends)],
            ranges: vec![FactRange::all(own(&self.account), FactFamily::Friends)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<u32>, FriendsRefusal> {
        let mut ties = Ties::of(&snapshot);
        ties.known(&self.account)?;
        let before = ties.head(&self.account);
        if before.lists.iter().any(|list| self.lists.contains(list)) {
            ties.change_head(&self.account, |head, before| {
                head.lists.retain(|list| !self.lists.contains(list));
                head.listed = before.listed.wrapping_add(1);
            });
        }
        for ((_, key), fact) in &snapshot.facts {
            if let (FactKey::Friend(id), Fact::Friend(friend)) = (key, fact)
                && friend.lists.iter().any(|list| self.lists.contains(list))
            {
                let kept = friend.lists.iter().filter(|list| !self.lists.contains(list)).cloned().collect();
                ties.put_friend(&self.account, id, Friend { lists: kept, ..friend.clone() });
            }
        }
        let listed = ties.head(&self.account).listed;
        Ok(PeopleDecision::new(ties.into_changes(), listed))
    }
}
