//! Mends lines that are no records although they nearly are: members that the kind does not have, and numbers in quotes.

use crate::format::{Kind, Record};
use serde_json::{Map, Value};

/// The record that a line should be, and what is changed.
pub(super) fn mended(line: &str) -> Option<(Record, String)> {
    let Value::Object(members) = serde_json::from_str(line).ok()? else { return None };
    let word = members.get("t")?.as_str()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
    let mut changes = Vec::new();
    let mut kept = Map::new();
    let mut moved = Map::new();
    for (name, value) in members {
        if name == "t" || kind.members().contains(&name.as_str()) {
            let value = unquoted(&name, value, &mut changes);
            kept.insert(name, value);
        } else {
            changes.push(format!("{name} moves into x"));
            moved.insert(name, value);
        }
    }
    if !moved.is_empty() {
        let x = with_members(kept.remove("x"), moved);
        kept.insert("x".to_owned(), x);
    }
    let record = Record::parse(&Value::Object(kept).to_string()).ok()?;
    Some((record, changes.join("; ")))
}

/// `x` with more members. One that is no object becomes the member `x` of one.
pub(super) fn with_members(x: Option<Value>, more: Map<String, Value>) -> Value {
    let mut members = match x {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => members,
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))) => {
            Map::from_iter([("x".to_owned(), other)])
        }
    };
    for (name, value) in more {
        let name = if members.contains_key(&name) { format!("{name} of the record") } else { name };
        members.insert(name, value);
    }
    Value::Object(members)
}

/// Members whose value is a number.
const NUMBERS: [&str; 13] = [
    "CreateTime",
    "JoinTime",
    "MuteUntil",
    "ShutUpUntil",
    "SendTime",
    "ts_ms",
    "edited_ms",
    "read_ms",
    "Random",
    "UnreadMsgNum",
    "MaxMemberNum",
    "SupportTopic",
    "FileSize",
];

fn unquoted(name: &str, value: Value, changes: &mut Vec<String>) -> Value {
    let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
    match number.filter(|_| NUMBERS.contains(&name)) {
        Some(number) => {
            changes.push(format!("{name} becomes the number {number}"));
            number.into()
        }
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_unknown_names_move_into_x_and_numbers_lose_their_quotes() {
        let (record, what) =
            mended(r#"{"t":"member","Member_Account":"a","JoinTime":"7","Mail":"m","x":[1]}"#).unwrap();
        assert_eq!(what, "JoinTime becomes the number 7; Mail moves into x");
        assert_eq!(
            record.line(),
            r#"{"t":"member","GroupId":"","Member_Account":"a","JoinTime":7,"x":{"Mail":"m","x":[1]}}"#
        );
    }

    #[test]
    fn what_cannot_be_understood_stays_as_it_is() {
        for line in [
            "",
            "[]",
            "{}",
            r#"{"t":"buddy"}"#,
            r#"{"t":"message","SendTime":"soon"}"#,
            r#"{"t":"read","key":1}"#,
        ] {
            assert_eq!(mended(line), None, "{line}");
        }
    }
}
