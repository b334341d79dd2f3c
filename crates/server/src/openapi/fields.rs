//! The fields of requests: their schema, with what is known about each, and as a list for people.

use super::facts::{self, Facts};
use crate::commands::Entry;
use landfall_domain::element::{ELEMENT_TYPES, ElementType, JsonType};
use serde_json::{Map, Value, json};

/// A field of a request, at any depth.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// `GroupId`, `MemberList[].Role`
    pub name: String,
    /// `string`, `list of objects`
    pub takes: String,
    pub required: bool,
    /// Codes and texts with which values were refused.
    pub refusals: Vec<(u32, String)>,
}

/// The schema of a command's requests; `None` while it is not built.
#[must_use]
pub fn schema(entry: &Entry) -> Option<Value> {
    let mut schema = (entry.schema?)();
    describe(&mut schema, "", facts::of(entry.path));
    Some(schema)
}

/// The fields of a command's requests, those of an object behind it. Required ones are first.
#[must_use]
pub fn list(entry: &Entry) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(schema) = entry.schema {
        collect(&schema(), "", facts::of(entry.path), &mut fields);
    }
    fields
}

/// Members that a command keeps or reads as they are written, and what they take.
fn as_written(name: &str) -> Option<Value> {
    Some(match name {
        "MsgBody" => json!({ "$ref": "#/components/schemas/MsgBody" }),
        "OfflinePushInfo" => json!({ "type": "object" }),
        "MsgReadTime" => json!({ "type": ["integer", "string"] }),
        "Value" => json!({ "type": ["string", "number"] }),
        _ => return None,
    })
}

/// Adds to a schema what is known about the fields below `at`.
fn describe(schema: &mut Value, at: &str, facts: &Facts) {
    if let Some(items) = schema.get_mut("items") {
        return describe(items, &format!("{at}[]"), facts);
    }
    for any in schema.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        describe(any, at, facts);
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut required = Vec::new();
    for (name, property) in properties {
        let path = below(at, name);
        if *property == json!({}) {
            *property = as_written(name).unwrap_or_default();
        }
        describe(property, &path, facts);
        if facts.required.contains(&path) {
            required.push(name.clone());
        }
        let refusals = facts.fields.get(&path).map_or(&[][..], Vec::as_slice);
        let about: Vec<String> = refusals.iter().map(|(code, why)| format!("{code}: {why}")).collect();
        if let (Some(members), false) = (property.as_object_mut(), about.is_empty()) {
            members.insert("description".to_owned(), json!(format!("Refused with {}", about.join("; "))));
        }
    }
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
}

fn collect(schema: &Value, at: &str, facts: &Facts, found: &mut Vec<Field>) {
    let objects = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    for any in objects.chain(schema.get("items")) {
        let at = if schema.get("items").is_some() { format!("{at}[]") } else { at.to_owned() };
        collect(any, &at, facts, found);
    }
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut members: Vec<(&String, &Value)> = properties.iter().collect();
    members.sort_by_key(|(name, _)| !facts.required.contains(&below(at, name)));
    for (name, property) in members {
        let path = below(at, name);
        let takes =
            if *property == json!({}) { as_written(name).unwrap_or_default() } else { property.clone() };
        found.push(Field {
            takes: takes_in_words(&takes),
            required: facts.required.contains(&path),
            refusals: facts.fields.get(&path).cloned().unwrap_or_default(),
            name: path.clone(),
        });
        collect(property, &path, facts, found);
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn takes_in_words(schema: &Value) -> String {
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        return any.iter().map(takes_in_words).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            let entry = takes_in_words(schema.get("items").unwrap_or(&Value::Null));
            format!("list of {entry}s")
        }
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if schema.get("$ref").is_some() => "list of elements".to_owned(),
        _ => "anything".to_owned(),
    }
}

/// The schema of `MsgBody`: a list of elements. Other members of their content are kept unchanged.
#[must_use]
pub fn msg_body() -> Value {
    let element = |kind: &ElementType| {
        let members: Map<String, Value> =
            kind.members.iter().map(|(name, kind)| ((*name).to_owned(), json_type(*kind))).collect();
        json!({
            "type": "object",
            "title": kind.name,
            "properties": {
                "MsgType": { "const": kind.name },
                "MsgContent": { "type": "object", "properties": members },
            },
            "required": ["MsgType", "MsgContent"],
        })
    };
    let kinds: Vec<Value> = ELEMENT_TYPES.iter().map(element).collect();
    json!({ "type": "array", "minItems": 1, "items": { "oneOf": kinds } })
}

fn json_type(kind: JsonType) -> Value {
    match kind {
        JsonType::Text => json!({ "type": "string" }),
        JsonType::Number => json!({ "type": "number" }),
        JsonType::List => json!({ "type": "array" }),
        JsonType::Object => json!({ "type": "object" }),
        JsonType::Flag => json!({ "type": "boolean" }),
        JsonType::Null => json!({ "type": "null" }),
    }
}

/// The schema of values like this one, of which any member may be missing.
pub(super) fn seen(sample: &Value) -> Value {
    match sample {
        Value::Object(members) => {
            let properties: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), seen(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
        Value::Array(rows) => match rows.first() {
            Some(first) => json!({ "type": "array", "items": seen(first) }),
            None => json!({ "type": "array" }),
        },
        Value::String(_) => json!({ "type": "string" }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Null => json!({}),
    }
}

/// A sample as a value; `null` when there is none.
pub(super) fn value_of(sample: &str) -> Value {
    serde_json::from_str(sample).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::COMMANDS;
    use crate::schema::UNTRACED;

    #[test]
    fn every_request_is_traced_to_its_last_field() {
        for entry in COMMANDS {
            let Some(schema) = schema(entry) else { continue };
            assert_eq!(schema["type"], "object", "{}", entry.path);
            assert!(!schema.to_string().contains(UNTRACED), "{}: {schema}", entry.path);
            for field in list(entry) {
                assert!(field.takes != "anything", "{} {}", entry.path, field.name);
            }
        }
    }

    /// A fact about a field that no request has would be a slip of the test that asks.
    #[test]
    fn facts_are_about_fields() {
        for entry in COMMANDS {
            let names: Vec<String> = list(entry).into_iter().map(|field| field.name).collect();
            let facts = facts::of(entry.path);
            for name in facts.required.iter().chain(facts.fields.keys()) {
                assert!(names.contains(name), "{} has no {name}: {names:?}", entry.path);
            }
        }
    }

    /// A sample has no member that its command does not read, except inside what is kept as it is written.
    #[test]
    fn samples_have_known_fields_only() {
        for entry in COMMANDS {
            let names: Vec<String> = list(entry).into_iter().map(|field| field.name).collect();
            let sample = value_of(&facts::of(entry.path).request);
            for name in sample.as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(names.contains(name), "{} does not read {name}", entry.path);
            }
        }
    }

    #[test]
    fn types_are_named_for_people() {
        for (schema, words) in [
            (json!({ "type": "integer" }), "integer"),
            (json!({ "type": "array", "items": { "type": "object" } }), "list of objects"),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }), "string or integer"),
            (json!({ "$ref": "#/components/schemas/MsgBody" }), "list of elements"),
            (json!({ "type": ["string", "number"] }), "string or number"),
        ] {
            assert_eq!(takes_in_words(&schema), words);
        }
    }

    #[test]
    fn elements_have_their_documented_members() {
        let text = msg_body()["items"]["oneOf"][0].clone();
        assert_eq!(text["properties"]["MsgType"]["const"], "TIMTextElem");
        assert_eq!(text["properties"]["MsgContent"]["properties"], json!({ "Text": { "type": "string" } }));
    }
}
