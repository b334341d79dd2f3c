//! Bodies of messages, compared by value.

use super::text::differs;
use crate::format::Json;
use serde_json::Value;

/// The first difference.
pub(super) fn difference(file: &Json, server: &Json) -> Option<String> {
    if file == server { None } else { of_values("MsgBody", &file.value(), &server.value()) }
}

fn of_values(place: &str, file: &Value, server: &Value) -> Option<String> {
    if let (Value::Object(left), Value::Object(right)) = (file, server) {
        let only_right = right.keys().filter(|key| !left.contains_key(*key));
        return left.keys().chain(only_right).find_map(|key| {
            let place = format!("{place}.{key}");
            of_members(&place, left.get(key), right.get(key))
        });
    }
    if let (Value::Array(left), Value::Array(right)) = (file, server) {
        return (0..left.len().max(right.len()))
            .find_map(|index| of_members(&format!("{place}[{index}]"), left.get(index), right.get(index)));
    }
    if let (Value::String(left), Value::String(right)) = (file, server) {
        return (left != right).then(|| differs(place, left, right));
    }
    (file != server).then(|| differs(place, &file.to_string(), &server.to_string()))
}

fn of_members(place: &str, file: Option<&Value>, server: Option<&Value>) -> Option<String> {
    match (file, server) {
        (Some(file), Some(server)) => of_values(place, file, server),
        (Some(_), None) => Some(format!("{place} is in the file only")),
        (None, Some(_)) => Some(format!("{place} is on the server only")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_value_that_differs_is_named() {
        let text = |text: &str| json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
        for (file, server, expected) in [
            (text("a"), text("a"), None),
            (json!([{ "a": 1, "b": 2 }]), json!([{ "b": 2, "a": 1 }]), None),
            (text("a"), text("b"), Some(r#"MsgBody[0].MsgContent.Text differs: file "a", server "b""#)),
            (json!([{}]), json!([]), Some("MsgBody[0] is in the file only")),
            (json!([{ "a": 1 }]), json!([{ "a": 1, "b": 1 }]), Some("MsgBody[0].b is on the server only")),
            (json!([1]), json!(["1"]), Some(r#"MsgBody[0] differs: file "1", server "\"1\"""#)),
        ] {
            assert_eq!(difference(&file.into(), &server.into()).as_deref(), expected);
        }
    }
}
