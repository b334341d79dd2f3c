//! What the description of the API says about commands besides the types of their fields: samples, codes, which fields are
//! required, and how the server refuses a field. All of it is read from golden files, and asked from a server.
//!
//! It is kept in `src/openapi/facts.json`, which the program contains. `cargo xtask golden --update` writes that file.

use super::file::{Golden, Stage};
use super::probes::{is_given, probes};
use super::{AT_ONCE, files_in, golden_files, golden_folder, sample, update_is_wanted};
use crate::harness::{DataLocation, Store, now};
use landfall::commands::{COMMANDS, Entry};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Members that hold codes, and those with the texts beside them.
const CODES: [&str; 4] = ["ErrorCode", "ResultCode", "RetCode", "Code"];
const TEXTS: [&str; 3] = ["ErrorInfo", "ResultInfo", "Info"];

/// Smaller numbers in the rows of an answer are results such as "was a member already".
const CODE_MIN: u64 = 10_000;

/// Longest text of a refusal that is kept, and longest sample, bytes.
const TEXT_MAX: usize = 160;
const SAMPLE_MAX: usize = 8_000;

/// As `src/openapi/facts.rs` reads them.
#[derive(Default, Serialize)]
struct Facts {
    summary: String,
    request: String,
    answer: String,
    required: BTreeSet<String>,
    fields: BTreeMap<String, Vec<(u64, String)>>,
    codes: BTreeMap<u64, String>,
}

/// The bodies and answers of all calls of a command by administrators.
type Calls = BTreeMap<String, Vec<(Value, Value)>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_facts_about_commands_are_up_to_date() {
    let calls = Arc::new(calls());
    let entries = Arc::new(Mutex::new(COMMANDS.iter().filter(|entry| entry.run.is_some())));
    let mut runs = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (entries, calls) = (Arc::clone(&entries), Arc::clone(&calls));
        runs.spawn(async move {
            let mut found = BTreeMap::new();
            let mut location = DataLocation::new(Store::Embedded);
            let next = || entries.lock().unwrap().next();
            while let Some(entry) = next() {
                let (facts, used) = facts_of(entry, &calls, location).await;
                location = used.emptied();
                found.insert(entry.path, facts);
            }
            location.close();
            found
        });
    }
    let found: BTreeMap<&str, Facts> = runs.join_all().await.into_iter().flatten().collect();
    let lines: Vec<String> = found
        .iter()
        .map(|(path, facts)| format!("\"{path}\": {}", serde_json::to_string(facts).unwrap()))
        .collect();
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/openapi/facts.json");
    if update_is_wanted() {
        std::fs::write(file, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap();
    for (kept, found) in kept.lines().zip(text.lines()) {
        assert_eq!(kept, found, "run `cargo xtask golden --update`, and read what changes in facts.json");
    }
    assert_eq!(kept.lines().count(), text.lines().count(), "run `cargo xtask golden --update`");
}

/// The facts about a command; the store in `location` is empty.
async fn facts_of(entry: &Entry, calls: &Calls, location: DataLocation) -> (Facts, DataLocation) {
    let calls = calls.get(entry.path).map_or(&[][..], Vec::as_slice);
    let mut facts = Facts { summary: summary(entry.path), ..Facts::default() };
    for (_, answer) in calls {
        for (code, text) in refusals(answer).into_iter().filter(|(_, text)| !text.contains(['$', '*'])) {
            facts.codes.entry(code).or_insert(text);
        }
    }
    let Some((golden, at)) = sample_of(entry) else { return (facts, location) };
    let mut stage = golden.run_until(at, location).await;
    let came = stage.call(entry.path, &stage.next.body.clone()).await;
    facts.request = sample::request(&stage.next.body);
    facts.answer = sample::answer(&stage.next.expected, &came).to_string();
    let bytes = facts.request.len() + facts.answer.len();
    assert!(bytes <= SAMPLE_MAX, "the sample of {} has {bytes} bytes", entry.path);
    ask(entry, calls, &mut stage, &mut facts).await;
    (facts, stage.stop().await)
}

/// Asks the server what it says about each field.
async fn ask(entry: &Entry, calls: &[(Value, Value)], stage: &mut Stage, facts: &mut Facts) {
    let Some(schema) = entry.schema else { return };
    let body: Value = serde_json::from_str(&stage.next.body).unwrap();
    for probe in probes(&schema(), &body) {
        let answer = stage.call(entry.path, &probe.body.to_string()).await;
        let name = probe.field.rsplit('.').next().unwrap().trim_end_matches("[]").to_owned();
        for (code, text) in refusals(&answer) {
            let text = without_present(&text);
            if !text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name) {
                continue;
            }
            if text.contains(&format!("{name} is required")) {
                let works_without = calls
                    .iter()
                    .any(|(body, answer)| answer["ErrorCode"] == 0 && !is_given(body, &probe.field));
                if probe.is_missing && !works_without {
                    facts.required.insert(probe.field.clone());
                }
            } else if text.len() <= TEXT_MAX {
                let said = facts.fields.entry(probe.field.clone()).or_default();
                if !said.contains(&(code, text.clone())) {
                    said.push((code, text));
                }
            }
        }
    }
}

/// The codes in an answer, with their texts.
fn refusals(answer: &Value) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    if answer["ErrorCode"] != 0 {
        let text = answer["ErrorInfo"].as_str().unwrap_or_default();
        return vec![(answer["ErrorCode"].as_u64().unwrap_or_default(), text.to_owned())];
    }
    of_rows(answer, &mut found);
    found
}

fn of_rows(value: &Value, found: &mut Vec<(u64, String)>) {
    match value {
        Value::Object(members) => {
            let code = CODES.iter().find_map(|name| members.get(*name)?.as_u64());
            let text = TEXTS.iter().find_map(|name| members.get(*name)?.as_str());
            if let (Some(code), Some(text)) = (code.filter(|code| CODE_MIN <= *code), text) {
                found.push((code, text.to_owned()));
            }
            members.values().for_each(|member| of_rows(member, found));
        }
        Value::Array(rows) => rows.iter().for_each(|row| of_rows(row, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text without numbers that are times of today.
fn without_present(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (number, behind) = digits.split_at(end);
        let is_now = number.parse::<u64>().is_ok_and(|number| number.abs_diff(now()) < 86_400);
        shown.push_str(before);
        shown.push_str(if is_now { "(the present time)" } else { number });
        rest = behind;
    }
    shown + rest
}

/// The golden file with the sample of a command, and the place of the call. A documented sample is preferred.
fn sample_of(entry: &Entry) -> Option<(Golden, usize)> {
    let fields = (entry.schema?)();
    let known: Vec<String> = fields["properties"].as_object()?.keys().cloned().collect();
    let mut files = files_in(&golden_folder().join(entry.path));
    files.retain(|file| name_of(file).starts_with("success_"));
    files.sort_by_key(|file| !name_of(file).contains("documented"));
    files.iter().find_map(|file| {
        let golden = Golden::read(&golden_folder(), file);
        let at = golden.fullest_call(entry.path, &known)?;
        Some((golden, at))
    })
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// All calls of administrators in the golden files.
fn calls() -> Calls {
    let mut calls = Calls::new();
    for file in golden_files() {
        for call in Golden::read(&golden_folder(), &file).calls().filter(|call| call.device.is_none()) {
            let body = serde_json::from_str(&call.body).unwrap_or_default();
            calls.entry(call.path.clone()).or_default().push((body, call.expected.clone()));
        }
    }
    calls
}

/// The first sentence about a command in its source; an alias has none.
fn summary(path: &str) -> String {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands").join(format!("{path}.rs"));
    let source = std::fs::read_to_string(file).unwrap_or_default();
    let head = source.lines().map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    let Some((_, text)) = head.split_once("`: ") else { return "Another name of an operation.".to_owned() };
    let sentence = text.split_once(". ").map_or(text, |(sentence, _)| sentence).trim_end_matches('.');
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
