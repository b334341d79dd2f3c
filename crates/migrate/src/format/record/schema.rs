//! The published schema, docs/format.schema.json, agrees with the records and with docs/format.md.

use super::tests::full;
use super::{Kind, Record};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema() -> Value {
    serde_json::from_str(&document("format.schema.json")).unwrap()
}

/// Whether `value` is what `schema` describes, for the words that the schema uses.
fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let target = rule.as_str().unwrap().strip_prefix('#').unwrap();
                fits(value, root.pointer(target).unwrap(), root)?;
                true
            }
            "oneOf" => return one_of(value, rule.as_array().unwrap(), root),
            "allOf" => rule.as_array().unwrap().iter().all(|rule| fits(value, rule, root).is_ok()),
            "anyOf" => rule.as_array().unwrap().iter().any(|rule| fits(value, rule, root).is_ok()),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => match rule.as_array() {
                Some(types) => types.iter().any(|name| is(value, name.as_str().unwrap())),
                None => is(value, rule.as_str().unwrap()),
            },
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    value
                        .get(name)
                        .map_or(Ok(()), |value| fits(value, rule, root))
                        .map_err(|why| format!("{name}: {why}"))?;
                }
                true
            }
            "required" => {
                rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value.as_object().is_none_or(|members| members.keys().all(|name| known.contains_key(name)))
            }
            "items" => {
                value.as_array().unwrap().iter().try_for_each(|value| fits(value, rule, root))?;
                true
            }
            "minItems" => rule.as_u64().unwrap() <= value.as_array().unwrap().len() as u64,
            "minLength" => rule.as_u64().unwrap() <= value.as_str().unwrap().len() as u64,
            "minimum" => value.is_null() || rule.as_u64() <= value.as_u64(),
            "maximum" => value.is_null() || value.as_u64() <= rule.as_u64(),
            word => panic!("the test does not know the word {word}"),
        };
        if !fits {
            return Err(format!("{value} breaks {word} {rule}"));
        }
    }
    Ok(())
}

fn one_of(value: &Value, rules: &[Value], root: &Value) -> Result<(), String> {
    let (fitting, problems): (Vec<_>, Vec<_>) =
        rules.iter().map(|rule| fits(value, rule, root)).partition(Result::is_ok);
    match fitting.len() {
        1 => Ok(()),
        0 => Err(problems.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; ")),
        _ => Err(format!("{value} is several kinds of records")),
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "null" => value.is_null(),
        name => panic!("the test does not know the type {name}"),
    }
}

fn described(line: &str) -> Result<(), String> {
    let schema = schema();
    fits(&serde_json::from_str(line).unwrap(), &schema, &schema)
}

/// The lines of the example of the page that are records.
fn examples() -> Vec<String> {
    let page = document("format.md");
    page.lines().filter(|line| line.starts_with("{\"t\":")).map(str::to_owned).collect()
}

#[test]
fn the_schema_describes_every_record_and_the_example() {
    for line in full().iter().map(Record::line).chain(examples()) {
        assert_eq!(described(&line), Ok(()), "{line}");
    }
    assert!(7 < examples().len());
}

#[test]
fn the_schema_refuses_what_is_no_record() {
    for line in [
        r#"{"t":"friend"}"#,
        r#"{"t":"block","From_Account":"a"}"#,
        r#"{"t":"account"}"#,
        r#"{"t":"account","UserID":"a","UserId":"a"}"#,
        r#"{"t":"group","GroupId":"g","Type":"AVChatRoom","Name":"n"}"#,
        r#"{"t":"group","GroupId":"g","Type":"Public","Name":""}"#,
        r#"{"t":"member","GroupId":"g","Member_Account":"a","JoinTime":"1"}"#,
        r#"{"t":"message","GroupId":"g","From_Account":"a","SendTime":1,"MsgBody":[]}"#,
        r#"{"t":"message","GroupId":"g","From_Account":"a","MsgBody":[{"MsgType":"TIMFaceElem","MsgContent":{}}]}"#,
        r#"{"t":"read","GroupId":"g","Member_Account":"a"}"#,
    ] {
        assert!(described(line).is_err(), "{line}");
    }
}

#[test]
fn schema_page_and_records_have_the_same_members() {
    let page = document("format.md");
    let general: BTreeSet<&str> = ["t", "src", "key", "x"].into();
    for kind in Kind::ALL {
        let mut known: BTreeSet<&str> = kind.members().iter().copied().collect();
        known.insert("t");
        let schema = schema();
        let described = &schema["$defs"][kind.as_str()]["properties"];
        let described: BTreeSet<&str> = described.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, known, "{}", kind.as_str());
        let heading = format!("\n## `{}`\n", kind.as_str());
        let section = page.split(&heading).nth(1).unwrap().split("\n## ").next().unwrap();
        let listed = |member: &&&str| section.contains(&format!("`{member}`"));
        let missing: Vec<_> =
            known.iter().filter(|member| !general.contains(**member) && !listed(member)).collect();
        assert_eq!(missing, Vec::<&&str>::new(), "{}", kind.as_str());
    }
}
