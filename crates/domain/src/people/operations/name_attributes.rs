//! Naming the attributes of an app.
//!
//! [choice] The attributes that a call does not name keep their names. The values of accounts belong to the number of an
//! attribute, so they stay when it gets another name. Two attributes cannot have one name.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::labels::Slots;
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use std::collections::BTreeSet;

/// Names attributes.
#[derive(Clone, Debug)]
pub struct NameAttributes {
    /// The new names.
    pub names: Slots,
}

/// Two attributes would have this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTaken(pub Text);

impl PeopleOperation for NameAttributes {
    type Answer = ();
    type Refusal = NameTaken;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds { facts: vec![(Subject::App, FactKey::AttributeNames)], ..PeopleNeeds::default() }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, NameTaken> {
        let before = snapshot.slots(&Subject::App, &FactKey::AttributeNames);
        let mut names = before.clone();
        names.extend(self.names.clone());
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.values().find(|name| !seen.insert(name.as_str())) {
            return Err(NameTaken(twice.clone()));
        }
        let mut changes = PeopleChanges::default();
        if names != before {
            changes.put(Subject::App, FactKey::AttributeNames, Fact::Slots(names));
        }
        Ok(PeopleDecision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{context, text};

    #[test]
    fn names_are_added_and_changed_and_none_comes_twice() {
        let mut snapshot = PeopleSnapshot::default();
        let place = (Subject::App, FactKey::AttributeNames);
        snapshot.facts.insert(place, Fact::Slots([(0, text("sex")), (1, text("city"))].into()));
        let name = |names: &[(u8, &str)]| {
            let names = names.iter().map(|(slot, name)| (*slot, text(name))).collect();
            let decision = NameAttributes { names }.decide(&context(), snapshot.clone());
            decision.map(|decision| decision.changes.facts.into_iter().map(|(.., fact)| fact).next())
        };
        let swapped = Fact::Slots([(0, text("city")), (1, text("sex")), (9, text("x"))].into());
        assert_eq!(name(&[(0, "city"), (1, "sex"), (9, "x")]), Ok(Some(Some(swapped))));
        assert_eq!(name(&[(2, "city")]), Err(NameTaken(text("city"))));
        assert_eq!(name(&[(0, "sex")]), Ok(None));
    }
}
