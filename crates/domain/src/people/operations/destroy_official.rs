//! Announcing that an official account will be no more.

use super::official::{account_of, event, official, official_of, own};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::official::{OfficialEvent, OfficialRefusal};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Announces it. The deletion of the account, which follows, takes everything with it: so a call that fails between the two
/// can be repeated.
#[derive(Clone, Debug)]
pub struct DestroyOfficial {
    /// The official account.
    pub account: UserId,
}

impl PeopleOperation for DestroyOfficial {
    type Answer = ();
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![official_of(&self.account)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, OfficialRefusal> {
        let owner = official(&snapshot, &self.account)?.owner.clone();
        let name = account_of(&snapshot, &self.account)?.nick.clone();
        let destroyed = event(&self.account, OfficialEvent::Destroyed { owner, name });
        Ok(PeopleDecision::new(PeopleChanges::default(), ()).with_event(destroyed))
    }
}
