//! JSON that is carried as it was written.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value as it was written. Two are equal when their values are: the order of members and spaces do not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }

    /// The same value in one way of writing: members in order, no spaces. Equal values give equal texts.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.value().to_string()
    }
}

impl Default for Json {
    /// `null`.
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        RawValue::from_string(value.to_string()).map_or_else(|_| Self::default(), Self)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() || self.value() == other.value()
    }
}
