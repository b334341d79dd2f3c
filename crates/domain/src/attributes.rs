//! Small values that an app keeps with a group: attributes, which are texts, and counters.

use std::collections::BTreeMap;

/// The attributes of a group, by key.
pub type Attributes = BTreeMap<String, String>;

/// The counters of a group, by key.
pub type Counters = BTreeMap<String, i64>;
