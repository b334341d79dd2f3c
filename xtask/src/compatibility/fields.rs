//! The fields of requests and answers, as the golden files use them.

use super::{calls::calls, read};
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Members of every answer, which say nothing about a command.
const ENVELOPE: [&str; 4] = ["ActionStatus", "ErrorInfo", "ErrorCode", "ErrorDisplay"];

/// Its members depend on the type of its element. They are listed by type, once for all commands.
const CONTENT: &str = "MsgContent";

/// What golden files write for a value that does not matter.
const ANYTHING: &str = "*";

/// The texts of all golden files and sources.
pub(super) struct Survey {
    golden: Vec<String>,
    /// The sources of all commands and of the modules they share, each with the name of its file.
    sources: Vec<(String, String)>,
}

/// The fields that calls of one command use.
#[derive(Debug, Default)]
pub(super) struct UsedFields {
    request: Fields,
    answer: Fields,
    /// Members of message elements, by type.
    pub(super) elements: Fields,
}

/// Fields by name.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, Field>);

#[derive(Debug, Default)]
struct Field {
    was_list: bool,
    /// An empty list may mean an absent value where no list is expected.
    was_single: bool,
    /// Empty where the field is no object.
    members: Fields,
}

/// Names of fields, as they appear in JSON.
type FieldNames = BTreeSet<String>;

impl Survey {
    /// Reads all files below two folders.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(super) fn read(golden: &Path, commands: &Path) -> Result<Self> {
        let golden = files(golden)?.into_iter().map(|(_, text)| text).collect();
        Ok(Self { golden, sources: files(commands)? })
    }

    /// The fields of all successful calls of a command. Golden files also send fields that no command reads, to show
    /// that those do no harm: a field that the command's sources do not name is left out.
    pub(super) fn of(&self, path: &str) -> UsedFields {
        let known = known(path, &self.sources);
        let mut used = UsedFields::default();
        for call in self.golden.iter().flat_map(|text| calls(text)).filter(|call| call.is_rest(path)) {
            let parsed: (Result<Value, _>, Result<Value, _>) =
                (serde_json::from_str(&call.request), serde_json::from_str(&call.answer));
            if let (Ok(request), Ok(answer)) = parsed
                && answer["ErrorCode"] == 0
            {
                used.add(&request, &answer, &known);
            }
        }
        used
    }
}

/// The texts of all files below a folder, each with the name of its file.
fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            texts.extend(files(&path)?);
        } else {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            texts.push((name, read(&path)?));
        }
    }
    Ok(texts)
}

/// The names of the fields that a command reads or writes: those in its source, in that of its service, and in all
/// modules that these use.
fn known(path: &str, sources: &[(String, String)]) -> FieldNames {
    let service = path.split('/').next().unwrap_or_default();
    let own = format!("\"{path}\"");
    let is_first = |(name, source): &&(String, String)| name == service || source.contains(&own);
    let mut left: Vec<&(String, String)> = sources.iter().filter(is_first).collect();
    let mut seen = BTreeSet::new();
    let mut known = FieldNames::new();
    while let Some(file @ (_, source)) = left.pop() {
        if seen.insert(file) {
            names_in(source, &mut known);
            let used: BTreeSet<&str> = used_names(source).collect();
            left.extend(sources.iter().filter(|(name, _)| used.contains(name.as_str())));
        }
    }
    known
}

/// All names in the `use` lines of a source.
pub(super) fn used_names(source: &str) -> impl Iterator<Item = &str> {
    let uses = source.split("\nuse ").skip(1).filter_map(|rest| rest.split(';').next());
    uses.flat_map(|names| names.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

/// Adds the names of fields in a source: those in quotes, and its members as they are spelled in JSON.
fn names_in(source: &str, known: &mut FieldNames) {
    let is_name = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    known.extend(source.split('"').filter(is_name).map(str::to_owned));
    for line in source.lines() {
        let Some((member, _)) = line.trim_start().split_once(": ") else { continue };
        if let Some(member) = member.rsplit(' ').next().filter(is_name) {
            known.insert(member.to_owned());
            known.insert(member.split('_').map(capitalized).collect());
        }
    }
}

/// A text with its first letter in upper case.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

impl UsedFields {
    fn add(&mut self, request: &Value, answer: &Value, known: &FieldNames) {
        self.request.add(request, known, &mut self.elements);
        self.answer.add(answer, known, &mut self.elements);
        self.answer.0.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
    }

    /// The fields of requests, and the fields of answers.
    pub(super) fn line(&self) -> String {
        let code = |fields: &Fields| match fields.line() {
            none if none.is_empty() => "nothing".to_owned(),
            fields => format!("`{fields}`"),
        };
        format!("{} → {}", code(&self.request), code(&self.answer))
    }
}

impl Fields {
    /// Adds the members of a value, at any depth.
    fn add(&mut self, value: &Value, known: &FieldNames, elements: &mut Self) {
        match value {
            Value::Array(list) => list.iter().for_each(|item| self.add(item, known, elements)),
            Value::Object(members) => {
                // A successful call may contain refused rows, such as one whose type has another spelling.
                if let (Some(Value::String(kind)), Some(content)) =
                    (members.get("MsgType"), members.get(CONTENT))
                    && kind.starts_with("TIM")
                {
                    let kind = elements.0.entry(kind.clone()).or_default();
                    // Deeper members are passed on unread.
                    let names = content.as_object().into_iter().flatten().map(|(name, _)| name);
                    for name in names.filter(|name| known.contains(*name)) {
                        kind.members.0.entry(name.clone()).or_default();
                    }
                }
                for (name, value) in members.iter().filter(|(name, _)| known.contains(*name)) {
                    let field = self.0.entry(name.clone()).or_default();
                    field.was_list |= value.is_array();
                    field.was_single |=
                        !value.is_array() && !value.is_null() && value != "" && value != ANYTHING;
                    if name != CONTENT {
                        field.members.add(value, known, elements);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Adds the fields of another command.
    pub(super) fn merge(&mut self, other: Self) {
        for (name, field) in other.0 {
            let own = self.0.entry(name).or_default();
            own.was_list |= field.was_list;
            own.was_single |= field.was_single;
            own.members.merge(field.members);
        }
    }

    /// All fields in one line: members of a list in brackets, members of an object in braces.
    pub(super) fn line(&self) -> String {
        let fields = self.0.iter().map(|(name, field)| match field.members.line() {
            inner if field.was_list && !field.was_single => format!("{name}[{inner}]"),
            inner if inner.is_empty() => name.clone(),
            inner => format!("{name}{{{inner}}}"),
        });
        fields.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_knows_the_fields_of_the_modules_it_uses() {
        let source = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let sources = [
            source(
                "c",
                "//! C\nuse super::part::Thing;\nconst PATH: &str = \"s/c\";\n    group_id: Given<String>,\n",
            ),
            source(
                "part",
                "use crate::x;\nuse crate::{deep};\n    pub(super) msg_body: List,\n    pub own: O,\n",
            ),
            source("deep", "\nuse super::part;\n    #[serde(rename = \"To_Account\")]\n"),
            source("s", "    in_service: u8,\n"),
            source("other", "    foreign: u8,\n"),
        ];
        let known = known("s/c", &sources);
        for name in ["GroupId", "MsgBody", "Own", "own", "To_Account", "InService"] {
            assert!(known.contains(name), "{name}");
        }
        assert!(!known.contains("Foreign"));
    }

    #[test]
    fn fields_of_calls_are_found_at_any_depth() {
        let names = ["A", "GroupId", "L", "MsgBody", "MsgType", "MsgContent", "O", "TIMTextElem", "Text"];
        let known = names.map(str::to_owned).into();
        let mut used = UsedFields::default();
        assert_eq!(used.line(), "nothing → nothing");
        let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "t", "New": 1}}]);
        let request = json!({"GroupId": "g", "Extra": 1, "L": [{"A": 1}], "O": {"A": 1}, "MsgBody": body});
        used.add(&request, &json!({"ErrorCode": 0, "GroupId": [""], "L": [{"ErrorCode": 0}]}), &known);
        used.add(&json!({"GroupId": [], "O": null, "L": ""}), &json!({}), &known);
        assert_eq!(used.line(), "`GroupId, L[A], MsgBody[MsgContent, MsgType], O{A}` → `GroupId[], L[]`");
        assert_eq!(used.elements.line(), "TIMTextElem{Text}");
        used.answer.merge(used.request);
        assert_eq!(used.answer.line(), "GroupId, L[A], MsgBody[MsgContent, MsgType], O{A}");
    }

    #[test]
    fn only_successful_calls_count() {
        let text = "> s/c\n{\"A\": 1}\n< {\"ErrorCode\": 0}\n> s/d\n{\"B\": 1}\n< {\"ErrorCode\": 0}\n> s/c\n{\"C\": 1}\n\
             < {\"ErrorCode\": 10004}\n";
        let source = "const PATH: &str = \"s/c\";\n    a: u8,\n    b: u8,\n    c: u8,\n";
        let survey =
            Survey { golden: vec![text.to_owned()], sources: vec![("c".to_owned(), source.to_owned())] };
        assert_eq!(survey.of("s/c").line(), "`A` → nothing");
    }
}
