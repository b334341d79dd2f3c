//! Making an official account.

use super::official::{event, official_of, own};
use crate::account::Account;
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Chat, ChatState, Fact, FactKey};
use crate::people::official::{OfficialAccount, OfficialEvent, OfficialRefusal};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;

/// Makes an official account. An ordinary account of its name becomes one.
#[derive(Clone, Debug)]
pub struct CreateOfficial {
    /// Its name as an account.
    pub account: UserId,
    /// The account that owns it. It must exist.
    pub owner: UserId,
    /// Its display name.
    pub name: Text,
    /// The address of its picture.
    pub face_url: Text,
    /// What it says of itself.
    pub introduction: Text,
    /// The organisation behind it.
    pub organization: Text,
    /// What the app keeps with it.
    pub custom: Text,
    /// The most subscribers that it takes.
    pub max_subscribers: u32,
}

impl PeopleOperation for CreateOfficial {
    type Answer = ();
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![own(&self.account)]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone(), self.owner.clone()],
            facts: vec![official_of(&self.account)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<()>, OfficialRefusal> {
        if !snapshot.facts.is_empty() {
            return Err(OfficialRefusal::Taken);
        }
        if !snapshot.accounts.contains_key(&self.owner) {
            return Err(OfficialRefusal::NoSuchOwner);
        }
        let before = snapshot.accounts.get(&self.account).cloned();
        let account = Account {
            nick: self.name.clone(),
            face_url: self.face_url.clone(),
            placeholder: false,
            ..before.unwrap_or_else(|| Account::placeholder(context.now))
        };
        let official = OfficialAccount {
            owner: self.owner.clone(),
            introduction: self.introduction.clone(),
            organization: self.organization.clone(),
            custom: self.custom.clone(),
            max_subscribers: self.max_subscribers,
            subscribers: 0,
            created: context.now,
        };
        let mut changes = PeopleChanges::default();
        changes.accounts.push((self.account.clone(), account));
        changes.put(own(&self.account), FactKey::Official, Fact::Official(Box::new(official)));
        // By this its messages go with the account.
        let chat = FactKey::Chat(Chat::Direct(self.account.clone()));
        changes.put(own(&self.account), chat, Fact::Chat(ChatState::default()));
        let created = OfficialEvent::Created { owner: self.owner.clone(), name: self.name.clone() };
        Ok(PeopleDecision::new(changes, ()).with_event(event(&self.account, created)))
    }
}
