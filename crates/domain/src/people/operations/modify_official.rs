//! Changing what an official account says of itself.
//!
//! [choice] Only what receivers of the event can see causes one: name, introduction, picture and organisation.

use super::official::{account_of, event, official, official_of, own};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::official::{OfficialEvent, OfficialRefusal};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;

/// Changes an official account; what is not given stays.
#[derive(Clone, Debug)]
pub struct ModifyOfficial {
    /// The official account.
    pub account: UserId,
    /// Its display name.
    pub name: Option<Text>,
    /// The address of its picture.
    pub face_url: Option<Text>,
    /// What it says of itself.
    pub introduction: Option<Text>,
    /// The organisation behind it.
    pub organization: Option<Text>,
    /// What the app keeps with it.
    pub custom: Option<Text>,
    /// The most subscribers that it takes. Those beyond stay.
    pub max_subscribers: Option<u32>,
}

/// Sets what is given.
fn set<T: Clone>(place: &mut T, given: Option<&T>) {
    if let Some(value) = given {
        place.clone_from(value);
    }
}

impl PeopleOperation for ModifyOfficial {
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
        let Self { name, face_url, introduction, organization, custom, max_subscribers, .. } = self;
        let mut changed = official(&snapshot, &self.account)?.clone();
        let mut account = account_of(&snapshot, &self.account)?.clone();
        set(&mut account.nick, name.as_ref());
        set(&mut account.face_url, face_url.as_ref());
        set(&mut changed.introduction, introduction.as_ref());
        set(&mut changed.organization, organization.as_ref());
        set(&mut changed.custom, custom.as_ref());
        set(&mut changed.max_subscribers, max_subscribers.as_ref());
        let mut changes = PeopleChanges::default();
        changes.accounts.push((self.account.clone(), account));
        changes.put(own(&self.account), FactKey::Official, Fact::Official(Box::new(changed)));
        let is_shown = [name, face_url, introduction, organization].into_iter().any(Option::is_some);
        let shown = is_shown.then(|| OfficialEvent::Changed {
            name: name.clone(),
            introduction: introduction.clone(),
            face_url: face_url.clone(),
            organization: organization.clone(),
        });
        let shown = shown.map(|shown| event(&self.account, shown));
        Ok(PeopleDecision::new(changes, ()).with_event(shown))
    }
}
