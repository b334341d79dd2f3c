//! The commands as a collection for Postman, format 2.1: a folder for each service, a request for each command.

use super::facts;
use super::summary;
use crate::commands::{COMMANDS, Entry, SERVICES};
use crate::json::indented;
use serde_json::{Value, json};

/// The collection. Its variables are to be filled in.
pub(super) fn collection() -> Value {
    let folders: Vec<Value> = SERVICES
        .iter()
        .map(|service| {
            let of_it =
                COMMANDS.iter().filter(|entry| entry.service() == service.name && entry.run.is_some());
            json!({ "name": service.name, "item": of_it.map(request).collect::<Vec<_>>() })
        })
        .filter(|folder| folder["item"].as_array().is_some_and(|requests| !requests.is_empty()))
        .collect();
    let variable = |name: &str, value: &str| json!({ "key": name, "value": value, "type": "string" });
    json!({
        "info": {
            "name": "Landfall",
            "description": super::ABOUT,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "variable": [
            variable("base_url", "http://127.0.0.1:8080"),
            variable("sdkappid", ""),
            variable("identifier", "administrator"),
            variable("usersig", ""),
        ],
        "item": folders,
    })
}

fn request(entry: &Entry) -> Value {
    let query = [
        ("sdkappid", "{{sdkappid}}"),
        ("identifier", "{{identifier}}"),
        ("usersig", "{{usersig}}"),
        ("random", "{{$randomInt}}"),
        ("contenttype", "json"),
    ];
    let text: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let pairs: Vec<Value> =
        query.iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
    json!({
        "name": entry.command(),
        "request": {
            "method": "POST",
            "description": summary(entry),
            "header": [{ "key": "Content-Type", "value": "application/json" }],
            "url": {
                "raw": format!("{{{{base_url}}}}/v4/{}?{}", entry.path, text.join("&")),
                "host": ["{{base_url}}"],
                "path": ["v4", entry.service(), entry.command()],
                "query": pairs,
            },
            "body": {
                "mode": "raw",
                "raw": indented(&facts::of(entry.path).request),
                "options": { "raw": { "language": "json" } },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_command_is_a_request_of_its_service() {
        let collection = collection();
        let folders = collection["item"].as_array().unwrap();
        let mut paths = Vec::new();
        for folder in folders {
            for request in folder["item"].as_array().unwrap() {
                paths.push(format!(
                    "{}/{}",
                    folder["name"].as_str().unwrap(),
                    request["name"].as_str().unwrap()
                ));
            }
        }
        paths.sort();
        let built = COMMANDS.iter().filter(|entry| entry.run.is_some()).map(|entry| entry.path.to_owned());
        let mut built: Vec<String> = built.collect();
        built.sort();
        assert_eq!(paths, built);
        let first = &folders[0]["item"][0]["request"]["url"]["raw"];
        assert!(first.as_str().unwrap().starts_with("{{base_url}}/v4/group_open_http_svc/"), "{first}");
    }
}
