//! Small values that an app keeps with a group: attributes, which are texts, and counters.

use std::collections::{BTreeMap, BTreeSet};

/// The attributes of a group, by key.
pub type Attributes = BTreeMap<String, String>;

/// The counters of a group, by key.
pub type Counters = BTreeMap<String, i64>;

/// What becomes of the attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeChange {
    /// These are added, over those with the same keys.
    Add(Attributes),
    /// These take the place of all.
    Replace(Attributes),
    /// Those with these keys go; each must be there.
    Delete(BTreeSet<String>),
    /// All go.
    Clear,
}
