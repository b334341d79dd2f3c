//! Changing the attributes of a group: adding, replacing, deleting and clearing them.
//!
//! Operations on a group happen one after another, so two of them never conflict.

use crate::actor::Action;
use crate::attributes::{AttributeChange, Attributes};
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::GroupId;
use crate::limits::ValueLimits;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::{Refusal, TooMany};
use crate::rights::Right;
use crate::several::Several;
use crate::snapshot::{GroupSnapshot, Needs};

/// Changes the attributes of a group of any type.
#[derive(Clone, Debug)]
pub struct ChangeAttributes {
    pub group: GroupId,
    /// What becomes of its attributes.
    pub change: AttributeChange,
    /// The limits in force; those of a key and a value were checked.
    pub limits: ValueLimits,
}

impl GroupOperation for ChangeAttributes {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Attributes)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { parts: vec![PartKey::Attributes], ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let before = snapshot.attributes();
        let after = self.applied_to(before.clone())?;
        let has_changed = after != before;
        let mut changes = Changes::default();
        if after.is_empty() {
            changes.remove(PartKey::Attributes);
        } else if has_changed {
            changes.put(PartKey::Attributes, Part::Attributes(after));
        }
        let event = has_changed.then(|| Event::AttributesChanged(self.change.clone()));
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

impl ChangeAttributes {
    fn applied_to(&self, mut attributes: Attributes) -> Result<Attributes, Refusal> {
        match &self.change {
            AttributeChange::Add(added) => {
                attributes.extend(added.clone());
                self.fitting(attributes)
            }
            AttributeChange::Replace(all) => self.fitting(all.clone()),
            // Fewer than before always fit, also when the limits were larger once.
            AttributeChange::Delete(keys) => {
                let missing = keys.iter().filter(|key| !attributes.contains_key(*key));
                if let Some(missing) = Several::quoted(missing) {
                    return Err(Refusal::NoSuchAttribute(missing));
                }
                attributes.retain(|key, _| !keys.contains(key));
                Ok(attributes)
            }
            AttributeChange::Clear => Ok(Attributes::new()),
        }
    }

    fn fitting(&self, attributes: Attributes) -> Result<Attributes, Refusal> {
        let ValueLimits { attributes: count, attribute_bytes: bytes, .. } = self.limits;
        if count < attributes.len() {
            return Err(Refusal::TooMany(TooMany::Attributes(count)));
        }
        if bytes < attributes.iter().map(|(key, value)| key.len() + value.len()).sum() {
            return Err(Refusal::TooMany(TooMany::AttributeBytes(bytes)));
        }
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::limits::Limits;
    use crate::sample::{decide, group_id, snapshot};
    use std::collections::BTreeSet;

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|&key| key.to_owned()).collect()
    }

    /// The attributes after `change`, of a group that has `before`.
    fn after(before: &Attributes, change: AttributeChange) -> Result<Attributes, Refusal> {
        let kind = GroupType::Public;
        let mut snapshot = snapshot(kind, &[]);
        snapshot.parts.insert(PartKey::Attributes, Part::Attributes(before.clone()));
        let operation = ChangeAttributes { group: group_id(kind), change, limits: Limits::FAITHFUL.values };
        let mut changes = decide(&operation, &snapshot)?.changes;
        Ok(match changes.parts.pop() {
            Some((PartKey::Attributes, Some(Part::Attributes(attributes)))) => attributes,
            Some((PartKey::Attributes, None)) => Attributes::new(),
            Some(other) => panic!("another part: {other:?}"),
            None => before.clone(),
        })
    }

    #[test]
    fn attributes_are_added_replaced_deleted_and_cleared() {
        use AttributeChange::*;
        let before = attributes(&[("a", "1"), ("b", "2")]);
        let cases = [
            (Add(attributes(&[("b", "3"), ("c", "4")])), &[("a", "1"), ("b", "3"), ("c", "4")][..]),
            (Replace(attributes(&[("b", "3"), ("c", "")])), &[("b", "3"), ("c", "")]),
            (Delete(keys(&["a"])), &[("b", "2")]),
            (Delete(keys(&["a", "b"])), &[]),
            (Clear, &[]),
        ];
        for (change, expected) in cases {
            assert_eq!(after(&before, change.clone()), Ok(attributes(expected)), "{change:?}");
        }
    }

    #[test]
    fn groups_of_every_type_have_attributes() {
        for kind in GroupType::ALL {
            let change = AttributeChange::Add(attributes(&[("a", "1")]));
            let operation =
                ChangeAttributes { group: group_id(kind), change, limits: Limits::FAITHFUL.values };
            let decided = decide(&operation, &snapshot(kind, &[])).unwrap();
            let written = Part::Attributes(attributes(&[("a", "1")]));
            assert_eq!(decided.changes.parts, [(PartKey::Attributes, Some(written))], "{kind:?}");
        }
    }

    #[test]
    fn one_absent_key_keeps_all_others() {
        let before = attributes(&[("a", "1")]);
        let refused = after(&before, AttributeChange::Delete(keys(&["a", "b"])));
        assert_eq!(refused, Err(Refusal::NoSuchAttribute(Several::quoted(["b"]).unwrap())));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_less_always_fits() {
        let many = |count: usize| (0..count).map(|n| (n.to_string(), String::new())).collect::<Attributes>();
        let full = many(16);
        assert_eq!(
            after(&full, AttributeChange::Add(attributes(&[("0", "x")]))).map(|all| all.len()),
            Ok(16)
        );
        let too_many = Err(Refusal::TooMany(TooMany::Attributes(16)));
        assert_eq!(after(&full, AttributeChange::Add(attributes(&[("more", "")]))), too_many);
        assert_eq!(after(&full, AttributeChange::Replace(many(17))), too_many);
        let left = after(&many(100), AttributeChange::Delete(keys(&["7"])));
        assert_eq!(left.map(|left| left.len()), Ok(99));
        let quarter = "x".repeat(3_999);
        let fits = attributes(&[("a", &quarter), ("b", &quarter), ("c", &quarter), ("d", &quarter)]);
        let mut too_long = fits.clone();
        too_long.insert("e".to_owned(), String::new());
        assert!(after(&Attributes::new(), AttributeChange::Replace(fits)).is_ok());
        let refused = after(&Attributes::new(), AttributeChange::Replace(too_long));
        assert_eq!(refused, Err(Refusal::TooMany(TooMany::AttributeBytes(16_000))));
    }
}
