//! Changing what an app keeps with a subscription.

use super::official::{official, official_of, own, subscribed_of, subscriber_of, subscription};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::changes::PeopleChanges;
use crate::people::fact::Fact;
use crate::people::official::{OfficialRefusal, Subscription};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use crate::text::Text;

/// Sets what the app keeps with a subscription.
#[derive(Clone, Debug)]
pub struct ModifySubscriber {
    /// The official account.
    pub official: UserId,
    /// The account that subscribes to it.
    pub account: UserId,
    /// What the app keeps.
    pub custom: Text,
}

impl PeopleOperation for ModifySubscriber {
    type Answer = ();
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.official), Subject::Pair(Pair::of(self.official.clone(), self.account.clone()))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            facts: vec![official_of(&self.official), subscriber_of(&self.official, &self.account)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, OfficialRefusal> {
        official(&snapshot, &self.official)?;
        let before = subscription(&snapshot, &self.official, &self.account);
        let since = before.ok_or(OfficialRefusal::NotSubscribed)?.since;
        let after = Subscription { since, custom: self.custom.clone() };
        let mut changes = PeopleChanges::default();
        let (official, account) = (&self.official, &self.account);
        for (subject, key) in [subscriber_of(official, account), subscribed_of(official, account)] {
            changes.put(subject, key, Fact::Subscription(after.clone()));
        }
        Ok(PeopleDecision::new(changes, ()))
    }
}
