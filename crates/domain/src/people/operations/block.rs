//! Putting accounts on a blocklist. That ends the friendship, both ways. [doc]
//!
//! [choice] It also ends requests that wait between the two. A friendship that ends so is told in an event of its own,
//! before that of the blocklist.

use super::delete_friends::{deleted, event};
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::{FactFamily, FactKey};
use crate::people::friends::{Blocked, FriendProblem, FriendsRefusal, RequestWay, Ties, both_ways, own};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::iter::once;

/// Puts accounts on a blocklist.
#[derive(Clone, Debug)]
pub struct Block {
    /// The account whose blocklist it is.
    pub account: UserId,
    /// The others.
    pub others: Vec<UserId>,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl Block {
    fn block(
        &self,
        ties: &mut Ties<'_>,
        id: &UserId,
        context: &Context,
    ) -> Result<Vec<(UserId, UserId)>, FriendProblem> {
        let account = &self.account;
        ties.other(account, id)?;
        if ties.has_blocked(account, id) {
            return Err(FriendProblem::AlreadyBlocked);
        }
        if ties.is_full(account, FactFamily::Blocklist, self.limits.blocklist) {
            return Err(FriendProblem::BlocklistFull);
        }
        ties.block(account, id, Some(Blocked { since: context.now }));
        ties.end_request(account, id);
        ties.end_request(id, account);
        Ok(deleted(ties, account, id, true))
    }
}

impl PeopleOperation for Block {
    /// A result for each account, in order.
    type Answer = Vec<Result<(), FriendProblem>>;
    type Refusal = FriendsRefusal;

    fn subjects(&self) -> Vec<Subject> {
        once(&self.account).chain(&self.others).map(own).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let (account, others) = (&self.account, &self.others);
        let all = || once(account).chain(others);
        let facts = all()
            .map(|id| (own(id), FactKey::Friends))
            .chain(others.iter().map(|id| (own(account), FactKey::Blocked(id.clone()))))
            .chain(both_ways(account, others, FactKey::Friend))
            .chain(both_ways(account, others, |id| FactKey::Request(RequestWay::Sent, id)))
            .chain(both_ways(account, others, |id| FactKey::Request(RequestWay::Received, id)));
        PeopleNeeds {
            accounts: all().cloned().collect(),
            facts: facts.collect(),
            counts: vec![(own(account), FactFamily::Blocklist)],
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
        let (mut others, mut pairs) = (Vec::new(), Vec::new());
        let results = self.others.iter().map(|id| {
            pairs.extend(self.block(&mut ties, id, context)?);
            others.push(id.clone());
            Ok(())
        });
        let results = results.collect();
        let blocked = PeopleEvent::Blocked { account: self.account.clone(), others };
        let is_one = matches!(&blocked, PeopleEvent::Blocked { others, .. } if !others.is_empty());
        let decision = PeopleDecision::new(ties.into_changes(), results);
        Ok(decision.with_event(event(&self.account, pairs)).with_event(is_one.then_some(blocked)))
    }
}
