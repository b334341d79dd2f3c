//! Letting accounts subscribe to an official account.
//!
//! The official account knows the number of its subscribers, so that one more costs no counting. It may be too high after an
//! account was deleted, so nobody is refused before they were counted.

use super::official::{event, official, official_of, own, subscribed_of, subscriber_of, subscription};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::official::{OfficialEvent, OfficialRefusal, Subscription};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use crate::text::Text;
use std::collections::BTreeSet;

/// Lets accounts subscribe.
#[derive(Clone, Debug)]
pub struct AddSubscribers {
    /// The official account.
    pub official: UserId,
    /// The accounts.
    pub accounts: Vec<UserId>,
}

/// What became of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeOutcome {
    /// It is as was asked for.
    Done,
    /// It was so already.
    Already,
    /// It cannot be: there is no such account, or no room for it.
    Failed,
}

impl AddSubscribers {
    fn counted(&self) -> (Subject, FactFamily) {
        (own(&self.official), FactFamily::Subscribers)
    }
}

impl PeopleOperation for AddSubscribers {
    /// For each account, in order.
    type Answer = Vec<SubscribeOutcome>;
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        let pairs = self.accounts.iter().map(|id| Subject::Pair(Pair::of(self.official.clone(), id.clone())));
        std::iter::once(own(&self.official)).chain(pairs).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let subscribers = self.accounts.iter().map(|id| subscriber_of(&self.official, id));
        PeopleNeeds {
            accounts: self.accounts.clone(),
            facts: std::iter::once(official_of(&self.official)).chain(subscribers).collect(),
            ..PeopleNeeds::default()
        }
    }

    fn then_needs(&self, _: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        let is_near = official(found, &self.official).is_ok_and(|official| {
            let room = official.max_subscribers.saturating_sub(official.subscribers);
            usize::try_from(room).is_ok_and(|room| room < self.accounts.len())
        });
        let counts = if is_near { vec![self.counted()] } else { Vec::new() };
        PeopleNeeds { counts, ..PeopleNeeds::default() }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, OfficialRefusal> {
        let mut after = official(&snapshot, &self.official)?.clone();
        if let Some(counted) = snapshot.counts.get(&self.counted()) {
            after.subscribers = u32::try_from(*counted).unwrap_or(u32::MAX);
        }
        let (mut changes, mut new) = (PeopleChanges::default(), BTreeSet::new());
        let outcomes = self.accounts.iter().map(|id| {
            if subscription(&snapshot, &self.official, id).is_some() || new.contains(id) {
                return SubscribeOutcome::Already;
            }
            let has_room = after.subscribers < after.max_subscribers;
            if !has_room || *id == self.official || !snapshot.accounts.contains_key(id) {
                return SubscribeOutcome::Failed;
            }
            let subscription = Subscription { since: context.now, custom: Text::default() };
            for (subject, key) in [subscriber_of(&self.official, id), subscribed_of(&self.official, id)] {
                changes.put(subject, key, Fact::Subscription(subscription.clone()));
            }
            after.subscribers += 1;
            new.insert(id.clone());
            SubscribeOutcome::Done
        });
        let outcomes = outcomes.collect();
        if new.is_empty() {
            return Ok(PeopleDecision::unchanged(outcomes));
        }
        let is_full = after.subscribers == after.max_subscribers;
        changes.put(own(&self.official), FactKey::Official, Fact::Official(Box::new(after)));
        let new = self.accounts.iter().filter(|id| new.remove(*id)).cloned().collect();
        let full = is_full.then(|| event(&self.official, OfficialEvent::Full));
        let decision = PeopleDecision::new(changes, outcomes);
        Ok(decision.with_event(event(&self.official, OfficialEvent::Subscribed(new))).with_event(full))
    }
}
