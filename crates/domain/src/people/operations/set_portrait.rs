//! Setting fields of an account's portrait. Fields that are not named stay.

use crate::account::Account;
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::portrait::{Portrait, PortraitItem, PortraitTag, PortraitValue};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Sets fields of a portrait.
#[derive(Clone, Debug)]
pub struct SetPortrait {
    /// The account.
    pub account: UserId,
    /// The fields; of two values of one field the last counts. The nick and the picture are texts.
    pub items: Vec<PortraitItem>,
}

/// There is no such account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAccount;

impl PeopleOperation for SetPortrait {
    type Answer = ();
    type Refusal = UnknownAccount;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Account(self.account.clone())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![(Subject::Account(self.account.clone()), FactKey::Portrait)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, UnknownAccount> {
        let subject = Subject::Account(self.account.clone());
        let before = snapshot.accounts.get(&self.account).ok_or(UnknownAccount)?;
        let portrait_before = match snapshot.fact(&subject, &FactKey::Portrait) {
            Some(Fact::Portrait(portrait)) => portrait.clone(),
            Some(_) | None => Portrait::default(),
        };
        let (mut account, mut portrait) = (before.clone(), portrait_before.clone());
        self.items.iter().for_each(|item| set(&mut account, &mut portrait, item));
        let mut changes = PeopleChanges::default();
        if account != *before {
            changes.accounts.push((self.account.clone(), account));
        }
        if portrait != portrait_before {
            changes.put(subject, FactKey::Portrait, Fact::Portrait(portrait));
        }
        let (account, items) = (self.account.clone(), self.items.clone());
        Ok(PeopleDecision::new(changes, ()).with_event(PeopleEvent::PortraitChanged { account, items }))
    }
}

fn set(account: &mut Account, portrait: &mut Portrait, PortraitItem { tag, value }: &PortraitItem) {
    match (tag, value) {
        (PortraitTag::Nick, PortraitValue::Text(nick)) => account.nick = nick.clone(),
        (PortraitTag::Image, PortraitValue::Text(face_url)) => account.face_url = face_url.clone(),
        (tag, value) => drop(portrait.0.insert(tag.clone(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{NOW, context, text, user};

    fn item(tag: PortraitTag, value: &str) -> PortraitItem {
        PortraitItem { tag, value: PortraitValue::Text(text(value)) }
    }

    fn set_portrait(items: Vec<PortraitItem>) -> SetPortrait {
        SetPortrait { account: user("ann"), items }
    }

    fn snapshot() -> PeopleSnapshot {
        let mut snapshot = PeopleSnapshot::default();
        snapshot.accounts.insert(user("ann"), Account::placeholder(NOW));
        let (key, value) = (PortraitTag::Location, PortraitValue::Text(text("here")));
        let portrait = Fact::Portrait(Portrait([(key, value)].into()));
        snapshot.facts.insert((Subject::Account(user("ann")), FactKey::Portrait), portrait);
        snapshot
    }

    #[test]
    fn what_is_named_is_set_and_the_rest_stays() {
        let items = vec![item(PortraitTag::Nick, "Ann"), item(PortraitTag::SelfSignature, "hm")];
        let decided = set_portrait(items.clone()).decide(&context(), snapshot()).unwrap();
        assert_eq!(decided.changes.accounts[0].1.nick, text("Ann"));
        let [(_, FactKey::Portrait, Some(Fact::Portrait(portrait)))] = &decided.changes.facts[..] else {
            panic!("{:?}", decided.changes)
        };
        assert_eq!(portrait.word(&PortraitTag::Location), Some("here"));
        assert_eq!(portrait.word(&PortraitTag::SelfSignature), Some("hm"));
        assert_eq!(decided.events, [PeopleEvent::PortraitChanged { account: user("ann"), items }]);
    }

    #[test]
    fn a_repeat_writes_nothing_and_an_unknown_account_is_refused() {
        let operation =
            set_portrait(vec![item(PortraitTag::Location, "there"), item(PortraitTag::Location, "here")]);
        let decided = operation.decide(&context(), snapshot()).unwrap();
        assert!(decided.changes.accounts.is_empty() && decided.changes.facts.is_empty());
        assert_eq!(operation.decide(&context(), PeopleSnapshot::default()).map(|_| ()), Err(UnknownAccount));
    }
}
