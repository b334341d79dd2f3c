//! Changing the attributes and tags of accounts. One account that cannot be changed leaves all as they are.
//!
//! [choice] A tag that an account has already is added no second time, and one that it does not have is no failure to remove.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::friends::own;
use crate::people::labels::{Slots, slot};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use std::collections::BTreeMap;

/// Changes the attributes and tags of accounts.
#[derive(Clone, Debug)]
pub struct LabelAccounts {
    /// What changes, in this order.
    pub changes: Vec<(UserId, LabelChange)>,
    /// The most tags of one account.
    pub tags_max: usize,
}

/// A change of the attributes or the tags of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChange {
    /// Sets attributes, by their names; those not given stay.
    SetAttributes(Vec<(Text, Text)>),
    /// Removes attributes, by their names.
    RemoveAttributes(Vec<Text>),
    /// Adds tags.
    AddTags(Vec<Text>),
    /// Removes tags.
    RemoveTags(Vec<Text>),
    /// Removes all tags.
    RemoveAllTags,
}

/// Why nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelRefusal {
    /// There is no such account.
    NoSuchAccount(UserId),
    /// No attribute has this name.
    NoSuchAttribute(Text),
    /// The account would have more tags than allowed.
    TooManyTags(UserId),
}

impl LabelChange {
    fn key(&self) -> FactKey {
        match self {
            Self::SetAttributes(_) | Self::RemoveAttributes(_) => FactKey::Attributes,
            Self::AddTags(_) | Self::RemoveTags(_) | Self::RemoveAllTags => FactKey::Tags,
        }
    }
}

/// The labels of accounts while one change after the other is made.
struct Labels<'a> {
    names: Slots,
    found: &'a PeopleSnapshot,
    attributes: BTreeMap<UserId, Slots>,
    tags: BTreeMap<UserId, Vec<Text>>,
}

impl Labels<'_> {
    fn change(&mut self, id: &UserId, change: &LabelChange, tags_max: usize) -> Result<(), LabelRefusal> {
        let Self { names, found, attributes, tags } = self;
        let number =
            |name: &Text| slot(names, name).ok_or_else(|| LabelRefusal::NoSuchAttribute(name.clone()));
        let slots = || found.slots(&own(id), &FactKey::Attributes);
        match change {
            LabelChange::SetAttributes(values) => {
                let slots = attributes.entry(id.clone()).or_insert_with(slots);
                for (name, value) in values {
                    slots.insert(number(name)?, value.clone());
                }
            }
            LabelChange::RemoveAttributes(names) => {
                let slots = attributes.entry(id.clone()).or_insert_with(slots);
                for name in names {
                    slots.remove(&number(name)?);
                }
            }
            LabelChange::AddTags(added) => {
                let tags = tags.entry(id.clone()).or_insert_with(|| found.tags(id));
                for tag in added {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
                if tags_max < tags.len() {
                    return Err(LabelRefusal::TooManyTags(id.clone()));
                }
            }
            LabelChange::RemoveTags(removed) => {
                let tags = tags.entry(id.clone()).or_insert_with(|| found.tags(id));
                tags.retain(|tag| !removed.contains(tag));
            }
            LabelChange::RemoveAllTags => drop(tags.insert(id.clone(), Vec::new())),
        }
        Ok(())
    }

    /// What has changed.
    fn into_changes(self) -> PeopleChanges {
        let attributes = self.attributes.into_iter().map(|(id, slots)| {
            let fact = (!slots.is_empty()).then_some(Fact::Slots(slots));
            (own(&id), FactKey::Attributes, fact)
        });
        let tags = self.tags.into_iter().map(|(id, tags)| {
            let fact = (!tags.is_empty()).then_some(Fact::Tags(tags));
            (own(&id), FactKey::Tags, fact)
        });
        let facts = attributes.chain(tags);
        let is_new = |(subject, key, fact): &(Subject, FactKey, Option<Fact>)| {
            fact.as_ref() != self.found.fact(subject, key)
        };
        PeopleChanges { facts: facts.filter(is_new).collect(), ..PeopleChanges::default() }
    }
}

impl PeopleOperation for LabelAccounts {
    type Answer = ();
    type Refusal = LabelRefusal;

    fn subjects(&self) -> Vec<Subject> {
        self.changes.iter().map(|(id, _)| own(id)).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let labels = self.changes.iter().map(|(id, change)| (own(id), change.key()));
        PeopleNeeds {
            accounts: self.changes.iter().map(|(id, _)| id.clone()).collect(),
            facts: labels.chain([(Subject::App, FactKey::AttributeNames)]).collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, LabelRefusal> {
        let mut labels = Labels {
            names: snapshot.slots(&Subject::App, &FactKey::AttributeNames),
            found: &snapshot,
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        for (id, change) in &self.changes {
            if !snapshot.accounts.contains_key(id) {
                return Err(LabelRefusal::NoSuchAccount(id.clone()));
            }
            labels.change(id, change, self.tags_max)?;
        }
        Ok(PeopleDecision::new(labels.into_changes(), ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::sample::{NOW, context, text, user};

    fn decide(changes: Vec<(&str, LabelChange)>) -> Result<Vec<Option<Fact>>, LabelRefusal> {
        let accounts = ["ann", "bob"].map(|name| (user(name), Account::placeholder(NOW)));
        let mut snapshot = PeopleSnapshot { accounts: accounts.into(), ..PeopleSnapshot::default() };
        let names = Fact::Slots([(0, text("sex")), (1, text("city"))].into());
        snapshot.facts.insert((Subject::App, FactKey::AttributeNames), names);
        snapshot.facts.insert((own(&user("ann")), FactKey::Attributes), Fact::Slots([(0, text("f"))].into()));
        snapshot.facts.insert((own(&user("ann")), FactKey::Tags), Fact::Tags(vec![text("a")]));
        let changes = changes.into_iter().map(|(name, change)| (user(name), change)).collect();
        let decision = LabelAccounts { changes, tags_max: 2 }.decide(&context(), snapshot)?;
        Ok(decision.changes.facts.into_iter().map(|(.., fact)| fact).collect())
    }

    fn texts(names: &[&str]) -> Vec<Text> {
        names.iter().map(|name| text(name)).collect()
    }

    #[test]
    fn changes_of_one_account_follow_each_other_and_nothing_is_written_that_is_there() {
        use LabelChange::{AddTags, RemoveAllTags, RemoveAttributes, RemoveTags, SetAttributes};
        let set = |name: &str, value: &str| SetAttributes(vec![(text(name), text(value))]);
        let both = Fact::Slots([(0, text("f")), (1, text("x"))].into());
        assert_eq!(decide(vec![("ann", set("city", "x"))]), Ok(vec![Some(both)]));
        assert_eq!(decide(vec![("ann", set("sex", "f"))]), Ok(vec![]));
        assert_eq!(decide(vec![("ann", RemoveAttributes(texts(&["sex", "city"])))]), Ok(vec![None]));
        let added = Fact::Tags(texts(&["a", "b"]));
        assert_eq!(decide(vec![("ann", AddTags(texts(&["b", "a", "b"])))]), Ok(vec![Some(added)]));
        assert_eq!(decide(vec![("ann", RemoveTags(texts(&["a", "z"])))]), Ok(vec![None]));
        let full = ("ann", AddTags(texts(&["b", "c"])));
        assert_eq!(decide(vec![full.clone()]), Err(LabelRefusal::TooManyTags(user("ann"))));
        let emptied = Fact::Tags(texts(&["b", "c"]));
        assert_eq!(decide(vec![("ann", RemoveAllTags), full]), Ok(vec![Some(emptied)]));
    }

    #[test]
    fn one_account_that_cannot_be_changed_leaves_all_as_they_are() {
        let add = || LabelChange::AddTags(texts(&["t"]));
        assert_eq!(
            decide(vec![("bob", add()), ("zoe", add())]),
            Err(LabelRefusal::NoSuchAccount(user("zoe")))
        );
        let set = LabelChange::SetAttributes(vec![(text("age"), text("1"))]);
        assert_eq!(decide(vec![("bob", set)]), Err(LabelRefusal::NoSuchAttribute(text("age"))));
    }
}
