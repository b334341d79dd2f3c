//! Small values that an app keeps with a group: attributes, which are texts, and counters.

use std::collections::{BTreeMap, BTreeSet};

/// The attributes of a group, by key.
pub type Attributes = BTreeMap<String, String>;

/// The counters of a group, by key.
pub type Counters = BTreeMap<String, i64>;

/// A change of a group's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeChange {
    /// Adds these, replacing values with the same keys.
    Add(Attributes),
    /// Replaces all attributes by these.
    Replace(Attributes),
    /// Deletes the attributes with these keys; each must exist.
    Delete(BTreeSet<String>),
    /// Deletes all attributes.
    Clear,
}
