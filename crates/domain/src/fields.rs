//! Custom fields of groups (`AppDefinedData`): which keys an app has switched on, and the pairs a group carries.

use crate::group::GroupType;
use crate::limits::{FIELD_KEY_BYTES_MAX, FieldLimits, Span};
use crate::text::{Text, TextOutOfBounds};
use std::fmt;

/// Name of a custom field: 1 to 16 letters, digits or underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey(String);

impl FieldKey {
    /// `None` when `raw` is no field name.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let well_formed = (1..=FIELD_KEY_BYTES_MAX).contains(&raw.len())
            && raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        well_formed.then(|| Self(raw.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One custom field of a group or member. The value is any text, control characters included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomField {
    pub key: FieldKey,
    pub value: Text,
}

/// A field an app has switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    pub key: FieldKey,
    /// Types of group that may carry it.
    pub types: Vec<GroupType>,
    /// False: no caller may write it, administrators of the app included.
    pub writable: bool,
}

/// A custom field of accounts that an app has switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFieldRule {
    /// 1 to 8 letters. [doc]
    pub key: FieldKey,
    /// False: no caller may write it, administrators of the app included.
    pub writable: bool,
}

/// Why the custom fields of a request are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsProblem {
    /// A key that is empty, too long or of other characters.
    #[error("key {0:?} is not 1 to {FIELD_KEY_BYTES_MAX} letters, digits or underscores")]
    KeyIllegal(String),
    /// A key that appears twice.
    #[error("key {0:?} appears twice")]
    KeyTwice(String),
    /// A value outside its bounds.
    #[error("value of {key:?} {problem}")]
    Value {
        /// The field.
        key: String,
        /// The length found, and the bounds.
        problem: TextOutOfBounds,
    },
    /// More fields than a group may carry.
    #[error("holds {got} fields; at most {max} are allowed")]
    TooMany {
        /// How many were given.
        got: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A key this app has not switched on for this type of group.
    #[error("key {0:?} is not switched on for this type of group")]
    NotSwitchedOn(String),
    /// A key that no caller may write.
    #[error("key {0:?} is read-only")]
    ReadOnly(String),
}

/// The first problem of the custom fields of a request, and how many more fields have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsRefusal {
    /// The first.
    pub first: FieldsProblem,
    /// Further fields with a problem of their own.
    pub more: usize,
}

impl fmt::Display for FieldsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        match self.more {
            0 => Ok(()),
            1 => f.write_str("; 1 more field is wrong"),
            more => write!(f, "; {more} more fields are wrong"),
        }
    }
}

impl FieldsRefusal {
    fn of(problems: impl IntoIterator<Item = FieldsProblem>) -> Result<(), Self> {
        let mut problems = problems.into_iter();
        let Some(first) = problems.next() else { return Ok(()) };
        Err(Self { first, more: problems.count() })
    }
}

/// Checks the custom fields given for a group of type `kind`, or for a member of one. White space around a key is dropped, because
/// the documentation's own samples carry a leading space. [choice]
///
/// # Errors
/// The first problem, in the order of the list; keys that are not switched on come after all malformed ones, and are
/// counted by themselves.
pub fn parse_fields(
    pairs: Vec<(String, String)>,
    kind: GroupType,
    switched_on: &[FieldRule],
    limits: FieldLimits,
) -> Result<Vec<CustomField>, FieldsRefusal> {
    if limits.count < pairs.len() {
        let first = FieldsProblem::TooMany { got: pairs.len(), max: limits.count };
        return Err(FieldsRefusal { first, more: 0 });
    }
    let mut fields: Vec<CustomField> = Vec::with_capacity(pairs.len());
    let mut problems = Vec::new();
    for (raw_key, raw_value) in pairs {
        match parse_field(raw_key, raw_value, &fields, limits.value) {
            Ok(field) => fields.push(field),
            Err(problem) => problems.push(problem),
        }
    }
    FieldsRefusal::of(problems)?;
    FieldsRefusal::of(fields.iter().filter_map(|field| {
        match switched_on.iter().find(|rule| rule.key == field.key && rule.types.contains(&kind)) {
            None => Some(FieldsProblem::NotSwitchedOn(field.key.0.clone())),
            Some(rule) if !rule.writable => Some(FieldsProblem::ReadOnly(field.key.0.clone())),
            Some(_) => None,
        }
    }))?;
    Ok(fields)
}

/// A field that comes after `fields`.
fn parse_field(
    raw_key: String,
    raw_value: String,
    fields: &[CustomField],
    allowed: Span,
) -> Result<CustomField, FieldsProblem> {
    let Some(key) = FieldKey::parse(raw_key.trim()) else {
        return Err(FieldsProblem::KeyIllegal(raw_key));
    };
    if fields.iter().any(|field| field.key == key) {
        return Err(FieldsProblem::KeyTwice(key.0));
    }
    match Text::parse(raw_value, allowed) {
        Ok(value) => Ok(CustomField { key, value }),
        Err(problem) => Err(FieldsProblem::Value { key: key.0, problem }),
    }
}

/// What becomes of `fields` when those of `given` are set; an empty value takes a field away. [doc]
#[must_use]
pub fn changed_fields(fields: &[CustomField], given: Vec<CustomField>) -> Vec<CustomField> {
    let mut after = fields.to_vec();
    for new in given {
        let place = after.iter().position(|field| field.key == new.key);
        match (place, new.value.as_str().is_empty()) {
            (Some(index), true) => drop(after.remove(index)),
            (None, true) => {}
            (Some(index), false) => after[index] = new,
            (None, false) => after.push(new),
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn check(pairs: &[(&str, &str)]) -> Result<Vec<CustomField>, FieldsProblem> {
        refusal(pairs).map_err(|refusal| refusal.first)
    }

    fn refusal(pairs: &[(&str, &str)]) -> Result<Vec<CustomField>, FieldsRefusal> {
        let rule = |key: &str, writable| FieldRule {
            key: FieldKey::parse(key).unwrap(),
            types: vec![GroupType::Public],
            writable,
        };
        let pairs = pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        parse_fields(
            pairs,
            GroupType::Public,
            &[rule("Room", true), rule("Locked", false)],
            Limits::FAITHFUL.group_fields,
        )
    }

    #[test]
    fn white_space_around_a_key_is_dropped_and_values_stay_as_given() {
        let fields = check(&[(" Room", "abc\u{0}\u{1}")]).unwrap();
        assert_eq!(fields[0].key.as_str(), "Room");
        assert_eq!(fields[0].value.as_str(), "abc\u{0}\u{1}");
    }

    #[test]
    fn further_problems_are_counted() {
        let text = |pairs| refusal(pairs).unwrap_err().to_string();
        assert_eq!(
            text(&[("Other", "v"), ("?", "v")]),
            FieldsProblem::KeyIllegal("?".to_owned()).to_string()
        );
        assert!(text(&[("?", "v"), ("Room", "1"), ("Room", "2")]).ends_with("; 1 more field is wrong"));
        assert!(text(&[("A", "v"), ("B", "v"), ("Locked", "v")]).ends_with("; 2 more fields are wrong"));
    }

    #[test]
    fn each_rule_refuses() {
        assert!(matches!(check(&[("", "v")]), Err(FieldsProblem::KeyIllegal(_))));
        assert!(matches!(check(&[("ABCDEFGHIJKLMNOPQ", "v")]), Err(FieldsProblem::KeyIllegal(_))));
        assert!(matches!(check(&[("Room", "1"), ("Room ", "2")]), Err(FieldsProblem::KeyTwice(_))));
        assert!(matches!(check(&[("Other", "v")]), Err(FieldsProblem::NotSwitchedOn(_))));
        assert!(matches!(check(&[("Locked", "v")]), Err(FieldsProblem::ReadOnly(_))));
        assert!(check(&[("Room", &"x".repeat(512))]).is_ok());
        assert!(matches!(check(&[("Room", &"x".repeat(513))]), Err(FieldsProblem::Value { .. })));
    }
}
