//! Addresses in the elements of messages, and those among them that stand for a file record: `file:KEY`.

use super::Json;
use serde_json::Value;
use std::path::{Component, Path};

/// How an address begins that stands for a file record.
pub const FILE: &str = "file:";

/// Calls `visit` with every address in the elements of a message: the texts of all members whose name ends in `Url` or `URL`, at
/// any depth. Where it returns a text, that one takes its place.
pub fn visit(elements: &mut Value, visit: &mut dyn FnMut(&str) -> Option<String>) {
    match elements {
        Value::Array(values) => values.iter_mut().for_each(|value| self::visit(value, visit)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name.to_ascii_lowercase().ends_with("url") => {
                        if let Some(other) = visit(text) {
                            *text = other;
                        }
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => self::visit(value, visit),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The keys of the files that a message refers to.
#[must_use]
pub fn files(elements: &Json) -> Vec<String> {
    let mut keys = Vec::new();
    // A colon may be written with an escape, but nobody does; most messages have no file and are not parsed.
    if elements.as_str().contains(FILE) {
        visit(&mut elements.value(), &mut |address| {
            keys.extend(address.strip_prefix(FILE).map(str::to_owned));
            None
        });
    }
    keys
}

/// Whether the path of a file record is relative and has no `..`, so that it cannot lead out of the folder of its export.
#[must_use]
pub fn stays_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty()
        && !path.contains('\\')
        && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_that_lead_elsewhere_are_known() {
        assert!(["a.png", "files/a.png", "./a"].into_iter().all(stays_inside));
        assert!(!["", "/etc/passwd", "../a", "a/../../b", "a\\..\\b"].into_iter().any(stays_inside));
    }

    #[test]
    fn addresses_are_found_at_any_depth_and_texts_are_none() {
        let mut elements = json!([
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "file:t" } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:a", "UUID": "file:u" } },
            { "MsgType": "TIMImageElem", "MsgContent": { "ImageInfoArray": [{ "URL": "file:b" }, { "URL": "https://c" }] } },
        ]);
        assert_eq!(files(&Json::from(elements.clone())), ["a", "b"]);
        visit(&mut elements, &mut |address| address.strip_prefix(FILE).map(|key| format!("https://{key}")));
        assert_eq!(elements[1]["MsgContent"]["Url"], "https://a");
        assert_eq!(elements[2]["MsgContent"]["ImageInfoArray"][0]["URL"], "https://b");
        assert_eq!(elements[2]["MsgContent"]["ImageInfoArray"][1]["URL"], "https://c");
    }
}
