//! Rules that values of several kinds of records share.

use super::legal;
use crate::fault::{Fault, FaultCode};
use crate::format::CustomValue;
use landfall_domain::fields::{FieldKey, FieldRule};
use landfall_domain::group::GroupType;
use landfall_domain::ids::UserId;
use landfall_domain::limits::{FIELD_KEY_BYTES_MAX, FieldLimits, Span, USER_ID_BYTES_MAX};
use landfall_domain::text::TextOutOfBounds;
use landfall_domain::time::Timestamp;
use std::collections::BTreeSet;

pub(super) const DROPPED: &str = "the record is left out; the first one stays";

/// A fault whose line and record are filled in later.
pub(super) fn fault(code: FaultCode, field: impl Into<String>, message: impl Into<String>) -> Fault {
    Fault::new(0, code, message).field(field)
}

/// A member of a record that must be there and is not.
pub(super) fn missing(field: &str) -> Fault {
    fault(FaultCode::Missing, field, format!("{field} is missing"))
}

/// A text whose length is not within its bounds. Absent and empty are the same.
pub(super) fn text(faults: &mut Vec<Fault>, field: &str, value: Option<&str>, allowed: Span) {
    let text = value.unwrap_or_default();
    if allowed.contains(text.len()) {
        return;
    }
    if text.is_empty() {
        faults.push(missing(field));
        return;
    }
    let problem = TextOutOfBounds { got: text.len(), allowed };
    let fault = fault(FaultCode::Length, field, format!("{field} {problem}")).limit(allowed.max);
    let bytes = legal::cut(text, allowed.max).len();
    faults.push(fault.fix(match field {
        "FaceUrl" => "FaceUrl moves into x".to_owned(),
        "Name" | "TopicName" => {
            format!("{field} is cut to {bytes} bytes; the whole name moves to Introduction if that has room, or into x")
        }
        _ => format!("{field} is cut to {bytes} bytes; the whole text moves into x"),
    }));
}

/// The name of an account.
pub(super) fn account(faults: &mut Vec<Fault>, field: &str, name: &str) {
    if name.is_empty() {
        faults.push(missing(field));
    } else if UserId::parse(name).is_none() {
        let problem = format!("{field} {name:?} is not 1 to {USER_ID_BYTES_MAX} bytes of printable ASCII");
        let fault = fault(FaultCode::AccountName, field, problem).limit(USER_ID_BYTES_MAX);
        let fix = legal::account(name).map(|legal| format!("the account becomes {legal}, everywhere"));
        faults.push(Fault { fix, ..fault });
    }
}

/// A word that is none of those that the API knows.
pub(super) fn unknown_word(field: &str, word: &str, known: &str) -> Fault {
    fault(FaultCode::UnknownWord, field, format!("{field} is {word:?}, not {known}"))
}

/// A time that is not before now.
pub(super) fn is_future(time: u64, now: Timestamp) -> bool {
    now.0 <= time
}

/// The custom fields of a group or member. `rules`: those that the app has enabled, where that is known.
pub(super) fn fields(
    faults: &mut Vec<Fault>,
    name: &str,
    values: &[CustomValue],
    kind: Option<GroupType>,
    rules: Option<&[FieldRule]>,
    limits: FieldLimits,
) {
    if limits.count < values.len() {
        let problem = format!("{name} holds {} fields; at most {} are allowed", values.len(), limits.count);
        let fault = fault(FaultCode::TooMany, name, problem).limit(limits.count);
        faults.push(fault.fix("the fields behind the limit move into x"));
    }
    let mut seen = BTreeSet::new();
    for (index, CustomValue { key, value }) in values.iter().enumerate() {
        let place = format!("{name}[{index}]");
        if let Some(fault) = field(&place, key, value, &mut seen, kind, rules, limits.value) {
            faults.push(fault);
        }
    }
}

/// What is wrong with one custom field.
fn field<'a>(
    place: &str,
    key: &'a str,
    value: &str,
    seen: &mut BTreeSet<&'a str>,
    kind: Option<GroupType>,
    rules: Option<&[FieldRule]>,
    allowed: Span,
) -> Option<Fault> {
    const MOVES: &str = "the field moves into x";
    let Some(parsed) = FieldKey::parse(key.trim()) else {
        let problem =
            format!("{place}.Key {key:?} is not 1 to {FIELD_KEY_BYTES_MAX} letters, digits or underscores");
        let fault = fault(FaultCode::FieldKey, format!("{place}.Key"), problem).limit(FIELD_KEY_BYTES_MAX);
        return Some(fault.fix(MOVES));
    };
    if !seen.insert(key.trim()) {
        let problem = format!("{place}.Key {key:?} appears twice");
        return Some(fault(FaultCode::Duplicate, format!("{place}.Key"), problem).fix(MOVES));
    }
    if !allowed.contains(value.len()) {
        let problem = TextOutOfBounds { got: value.len(), allowed };
        let fault = fault(FaultCode::Length, format!("{place}.Value"), format!("{place}.Value {problem}"));
        return Some(fault.limit(allowed.max).fix(MOVES));
    }
    let (rules, kind) = (rules?, kind?);
    match rules.iter().find(|rule| rule.key == parsed && rule.types.contains(&kind)) {
        Some(rule) if rule.writable => None,
        found => {
            let state = if found.is_some() { "read-only" } else { "not enabled for this type of group" };
            let problem = format!("{place}.Key {key:?} is {state} in the server's app; enable it there");
            Some(fault(FaultCode::FieldNotEnabled, format!("{place}.Key"), problem).fix(MOVES))
        }
    }
}
