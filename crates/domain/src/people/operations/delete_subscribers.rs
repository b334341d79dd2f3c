//! Ending subscriptions to an official account.

use super::add_subscribers::SubscribeOutcome;
use super::official::{event, official, official_of, own, subscribed_of, subscriber_of, subscription};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::official::{OfficialEvent, OfficialRefusal};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};

/// Ends subscriptions.
#[derive(Clone, Debug)]
pub struct DeleteSubscribers {
    /// The official account.
    pub official: UserId,
    /// The accounts.
    pub accounts: Vec<UserId>,
}

impl PeopleOperation for DeleteSubscribers {
    /// For each account, in order; an account that did not subscribe is [`Already`](SubscribeOutcome::Already).
    type Answer = Vec<SubscribeOutcome>;
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        let pairs = self.accounts.iter().map(|id| Subject::Pair(Pair::of(self.official.clone(), id.clone())));
        std::iter::once(own(&self.official)).chain(pairs).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let subscribers = self.accounts.iter().map(|id| subscriber_of(&self.official, id));
        PeopleNeeds {
            facts: std::iter::once(official_of(&self.official)).chain(subscribers).collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, OfficialRefusal> {
        let mut after = official(&snapshot, &self.official)?.clone();
        let (mut changes, mut gone): (_, Vec<UserId>) = (PeopleChanges::default(), Vec::new());
        let outcomes = self.accounts.iter().map(|id| {
            if subscription(&snapshot, &self.official, id).is_none() || gone.contains(id) {
                return SubscribeOutcome::Already;
            }
            for (subject, key) in [subscriber_of(&self.official, id), subscribed_of(&self.official, id)] {
                changes.remove(subject, key);
            }
            after.subscribers = after.subscribers.saturating_sub(1);
            gone.push(id.clone());
            SubscribeOutcome::Done
        });
        let outcomes = outcomes.collect();
        if gone.is_empty() {
            return Ok(PeopleDecision::unchanged(outcomes));
        }
        changes.put(own(&self.official), FactKey::Official, Fact::Official(Box::new(after)));
        let gone = event(&self.official, OfficialEvent::Unsubscribed(gone));
        Ok(PeopleDecision::new(changes, outcomes).with_event(gone))
    }
}
