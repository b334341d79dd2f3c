//! Small values that an app keeps with a group: attributes, which are texts, and counters.

use crate::operation::GroupSnapshot;
use crate::part::{Part, PartKey};
use std::collections::BTreeMap;

/// The attributes of a group, by key.
pub type Attributes = BTreeMap<String, String>;

/// The counters of a group, by key.
pub type Counters = BTreeMap<String, i64>;

impl GroupSnapshot {
    /// The attributes of the group, which were asked for.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        match self.parts.get(&PartKey::Attributes) {
            Some(Part::Attributes(attributes)) => attributes.clone(),
            Some(_) | None => Attributes::new(),
        }
    }

    /// The counters of the group, which were asked for.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match self.parts.get(&PartKey::Counters) {
            Some(Part::Counters(counters)) => counters.clone(),
            Some(_) | None => Counters::new(),
        }
    }
}
