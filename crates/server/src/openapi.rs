//! The description of the API: `/openapi.json`, OpenAPI 3.1, and the same as a collection for Postman, `/postman.json`.
//!
//! The members of requests and their types come from the types that read them ([`crate::schema`]), so that the description
//! cannot differ from the code. Samples, codes, which members are required and how one is refused were asked from a server
//! ([`facts`]). The members of answers are those of the sample.

pub mod facts;
pub mod fields;
mod postman;

use crate::code::Code;
use crate::commands::{COMMANDS, Entry, SERVICES, reason_of, section_of};
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Where the description is.
pub const PATH: &str = "/openapi.json";
/// Where the collection for Postman is.
pub const POSTMAN_PATH: &str = "/postman.json";

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));
static POSTMAN: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(postman::collection().to_string()));

/// The text at one of the two paths.
#[must_use]
pub fn text_at(path: &str) -> Option<Bytes> {
    match path {
        PATH => Some(OPENAPI.clone()),
        POSTMAN_PATH => Some(POSTMAN.clone()),
        _ => None,
    }
}

const ABOUT: &str = "A chat server that speaks the REST API v4 of Tencent Cloud Chat.\n\nEvery call is a POST with a JSON \
    object. Every answer is HTTP 200 and has the three members `ActionStatus`, `ErrorCode` and `ErrorInfo`; 0 is success. \
    Administrators of an app call: `usersig` is the signature of `identifier`, made with the app's secret key.\n\n`null`, an \
    empty text, an empty list and a missing member all mean that nothing is given. Members that a command does not know \
    are ignored.";

/// The description.
#[must_use]
pub fn document() -> Value {
    let paths: Map<String, Value> = COMMANDS
        .iter()
        .map(|entry| (format!("/v4/{}", entry.path), json!({ "post": operation(entry) })))
        .collect();
    let tags: Vec<Value> = SERVICES.iter().map(|service| json!({ "name": service.name })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Landfall",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": { "parameters": parameters(), "schemas": { "Envelope": envelope(), "MsgBody": fields::msg_body() } },
    })
}

fn operation(entry: &Entry) -> Value {
    let facts = facts::of(entry.path);
    let summary = summary(entry);
    let mut operation = json!({
        "operationId": entry.path.replace('/', "_"),
        "tags": [entry.service()],
        "summary": summary,
        "description": description(entry),
        "parameters": PARAMETERS.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })),
        "responses": { "200": { "description": "Success or failure, as `ErrorCode` says.", "content": answer(entry) } },
        "x-section": section_of(entry.path),
        "x-codes": facts.codes,
    });
    if let Some(body) = request(entry)
        && let Some(members) = operation.as_object_mut()
    {
        members.insert("requestBody".to_owned(), json!({ "required": true, "content": body }));
    }
    operation
}

/// One sentence about a command.
#[must_use]
pub fn summary(entry: &Entry) -> String {
    match reason_of(entry.path) {
        Some(reason) => format!("Not built: {reason}."),
        None => facts::of(entry.path).summary.clone(),
    }
}

fn description(entry: &Entry) -> String {
    if entry.run.is_none() {
        return format!("Known by name. It answers {} and changes nothing.", Code::NotBuilt.number());
    }
    let mut text = format!("{}\n", summary(entry));
    let said = match entry.rate_divisor {
        1 => writeln!(text, "\nCalls in a second: as many as the server allows of one command."),
        part => writeln!(
            text,
            "\nCalls in a second: one part in {part} of what the server allows of one command."
        ),
    };
    // Writing to a string has no way to fail.
    said.unwrap_or_default();
    let codes = &facts::of(entry.path).codes;
    if !codes.is_empty() {
        text.push_str("\nCodes, each with a text that its tests show:\n\n");
    }
    for (code, why) in codes {
        writeln!(text, "* {code}: {why}").unwrap_or_default();
    }
    text
}

fn request(entry: &Entry) -> Option<Value> {
    let schema = fields::schema(entry)?;
    let sample = fields::value_of(&facts::of(entry.path).request);
    if entry.stream.is_some() {
        let about = "One line with the request, and behind it the file as it is: plain, gzip or zstd.";
        let binary = json!({ "description": about, "contentMediaType": "application/octet-stream" });
        return Some(json!({ "application/octet-stream": { "schema": binary, "x-first-line": schema } }));
    }
    Some(json!({ "application/json": { "schema": schema, "example": sample } }))
}

fn answer(entry: &Entry) -> Value {
    let envelope = json!({ "$ref": "#/components/schemas/Envelope" });
    let sample = fields::value_of(&facts::of(entry.path).answer);
    if sample.is_null() {
        return json!({ "application/json": { "schema": envelope } });
    }
    let mut own = fields::seen(&sample);
    if let Some(properties) = own.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !["ActionStatus", "ErrorCode", "ErrorInfo"].contains(&name.as_str()));
    }
    json!({ "application/json": { "schema": { "allOf": [envelope, own] }, "example": sample } })
}

const PARAMETERS: [&str; 5] = ["sdkappid", "identifier", "usersig", "random", "contenttype"];

/// What signs a call, in its query.
fn parameters() -> Value {
    let parameter = |name: &str, required: bool, about: &str, schema: Value| json!({ "name": name, "in": "query", "required": required, "description": about, "schema": schema });
    json!({
        "sdkappid": parameter("sdkappid", true, "The number of the app.", json!({ "type": "integer", "minimum": 1 })),
        "identifier": parameter("identifier", true, "An administrator of the app.", json!({ "type": "string" })),
        "usersig": parameter("usersig", true, "The signature of `identifier`.", json!({ "type": "string" })),
        "random": parameter(
            "random", false, "A number that clients send with each call. It is ignored.",
            json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        ),
        "contenttype": parameter(
            "contenttype", false, "The form of the body. It is ignored: bodies are JSON.", json!({ "const": "json" }),
        ),
    })
}

fn envelope() -> Value {
    json!({
        "type": "object",
        "description": "The members that every answer has.",
        "properties": {
            "ActionStatus": {
                "enum": ["OK", "FAIL", "SomeError"],
                "description": "`SomeError`: a batch of messages that did not reach all.",
            },
            "ErrorCode": { "type": "integer", "minimum": 0, "description": "0: success." },
            "ErrorInfo": { "type": "string", "description": "What is wrong; it names the field and its limit." },
        },
        "required": ["ActionStatus", "ErrorCode", "ErrorInfo"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_is_described_and_nothing_else() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.len(), COMMANDS.len());
        let mut ids = BTreeSet::new();
        for entry in COMMANDS {
            let operation = &paths[&format!("/v4/{}", entry.path)]["post"];
            assert!(ids.insert(operation["operationId"].to_string()), "{}", entry.path);
            assert_eq!(operation["requestBody"].is_object(), entry.run.is_some(), "{}", entry.path);
            let summary = operation["summary"].as_str().unwrap();
            assert!(summary.ends_with('.') && 10 < summary.len(), "{}: {summary}", entry.path);
        }
    }

    #[test]
    fn references_lead_somewhere() {
        let document = document();
        let text = document.to_string();
        let references: BTreeSet<&str> =
            text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(references.len(), PARAMETERS.len() + 2);
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn both_texts_are_served_and_are_json() {
        for path in [PATH, POSTMAN_PATH] {
            let _: Value = serde_json::from_slice(&text_at(path).unwrap()).unwrap();
        }
        assert!(text_at("/openapi").is_none());
    }
}
