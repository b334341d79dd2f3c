//! Bodies that differ from a sample in one field, to see what a command says about it.

use serde_json::{Map, Value, json};

/// Longer than any text that a command takes, in bytes.
const LONG: usize = 40_000;
/// More entries than any list may have.
const MANY: usize = 2_001;
/// Larger than any number that a command takes, and than any time.
const LARGE: u64 = 1_000_000_000_000_000;

pub(super) struct Probe {
    /// `MemberList[].Role`
    pub(super) field: String,
    /// Whether the field is left out.
    pub(super) is_missing: bool,
    pub(super) body: Value,
}

/// For each field of `schema`: `sample` without it, and with values that no command takes.
pub(super) fn probes(schema: &Value, sample: &Value) -> Vec<Probe> {
    let mut found = Vec::new();
    members(schema, "", sample, &|whole| whole, &mut found);
    found
}

fn members(schema: &Value, at: &str, given: &Value, whole: &dyn Fn(Value) -> Value, found: &mut Vec<Probe>) {
    let empty = Map::new();
    for (name, schema) in schema["properties"].as_object().unwrap_or(&empty) {
        let field = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        let with = |value: Option<Value>| {
            let mut object = given.as_object().cloned().unwrap_or_default();
            object.remove(name);
            object.extend(value.map(|value| (name.clone(), value)));
            whole(Value::Object(object))
        };
        found.push(Probe { field: field.clone(), is_missing: true, body: with(None) });
        for value in odd_values(schema, &given[name]) {
            found.push(Probe { field: field.clone(), is_missing: false, body: with(Some(value)) });
        }
        if schema["type"] == "object" {
            members(schema, &field, &given[name], &|value| with(Some(value)), found);
        } else if schema["items"]["type"] == "object" {
            let first = &given[name][0];
            members(
                &schema["items"],
                &format!("{field}[]"),
                first,
                &|value| with(Some(json!([value]))),
                found,
            );
        }
    }
}

fn odd_values(schema: &Value, given: &Value) -> Vec<Value> {
    match schema["type"].as_str() {
        Some("string") => vec![json!("?"), json!("x".repeat(LONG))],
        Some("integer") => vec![json!(-1), json!(LARGE)],
        Some("array") => vec![json!(vec![entry(&schema["items"], &given[0]); MANY])],
        _ => Vec::new(),
    }
}

/// An entry of a list: one that is given, or the smallest of its type.
fn entry(schema: &Value, given: &Value) -> Value {
    match schema["type"].as_str() {
        _ if !given.is_null() => given.clone(),
        Some("integer") => json!(1),
        Some("object") => json!({}),
        _ => json!("x"),
    }
}

/// Whether `body` has the field, in every entry of its lists.
pub(super) fn is_given(body: &Value, field: &str) -> bool {
    let (name, rest) = field.split_once('.').map_or((field, None), |(name, rest)| (name, Some(rest)));
    let inside = |value: &Value| rest.is_none_or(|rest| is_given(value, rest));
    match (name.strip_suffix("[]"), rest) {
        // Without the list there is no entry that lacks the field.
        (Some(list), Some(_)) => body[list].as_array().is_none_or(|rows| rows.iter().all(inside)),
        // Nor is there without the object.
        (None, Some(_)) => body[name].is_null() || inside(&body[name]),
        (list, None) => !matches!(&body[list.unwrap_or(name)], Value::Null),
    }
}

#[test]
fn a_probe_changes_one_field() {
    let text = json!({"type": "string"});
    let rows = json!({"type": "array", "items": {"type": "object", "properties": {"B": text}}});
    let schema = json!({"type": "object", "properties": {"A": {"type": "integer"}, "L": rows}});
    let bodies: Vec<(String, Value)> = probes(&schema, &json!({"A": 1, "L": [{"B": "b"}, {}]}))
        .into_iter()
        .filter(|probe| probe.is_missing)
        .map(|probe| (probe.field, probe.body))
        .collect();
    let expected = [
        ("A", json!({"L": [{"B": "b"}, {}]})),
        ("L", json!({"A": 1})),
        ("L[].B", json!({"A": 1, "L": [{}]})),
    ];
    assert_eq!(bodies, expected.map(|(field, body)| (field.to_owned(), body)));
}

#[test]
fn a_field_is_given_where_every_entry_has_it() {
    let body = json!({"A": 1, "L": [{"B": 1}, {"B": 2, "C": 3}], "O": {"D": 1}});
    for (field, given) in [
        ("A", true),
        ("X", false),
        ("L", true),
        ("L[].B", true),
        ("L[].C", false),
        ("M[].B", true),
        ("O.D", true),
        ("O.E", false),
    ] {
        assert_eq!(is_given(&body, field), given, "{field}");
    }
}
