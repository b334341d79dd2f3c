//! Reads what objects of JSON have leniently: a member of another type counts as missing.

use crate::sources::times;
use serde_json::Value;

/// A text of an object; empty where it has none.
pub(super) fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The first of some texts of an object that is not empty; empty where it has none.
pub(super) fn first_text<'a>(object: &'a Value, members: &[&str]) -> &'a str {
    members.iter().map(|member| text(object, member)).find(|text| !text.trim().is_empty()).unwrap_or_default()
}

pub(super) fn flag(object: &Value, member: &str) -> bool {
    object.get(member).and_then(Value::as_bool).unwrap_or_default()
}

/// A number of an object, also where it is written as a text or with a fraction.
pub(super) fn number(object: &Value, member: &str) -> Option<u64> {
    match object.get(member)? {
        Value::Number(number) => {
            number.as_u64().or_else(|| times::parse_us(&number.to_string()).map(|us| us / 1_000_000))
        }
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The items of an array of an object; none where it has none.
pub(super) fn items<'a>(object: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of an array of an object; none where it has none.
pub(super) fn texts<'a>(object: &'a Value, member: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    items(object, member).filter_map(Value::as_str)
}
