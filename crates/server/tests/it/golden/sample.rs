//! Calls of golden files as samples, without the names and wild cards that only these files know.

use serde_json::{Map, Value, json};

/// Stands for every time.
const SOME_TIME: u64 = 1_700_000_000;

/// Rows of a list that an answer shows.
const ROWS_MAX: usize = 3;

/// The body of a call, as it is written.
pub(super) fn request(body: &str) -> String {
    let mut shown = body.to_owned();
    while let Some(start) = shown.find("\"$now") {
        let end = start + 2 + shown[start + 1..].find('"').unwrap();
        shown.replace_range(start..end, &SOME_TIME.to_string());
    }
    while let Some(start) = shown.find("$hour-") {
        let end = start + shown[start..].find('"').unwrap();
        shown.replace_range(start..end, "2023111422");
    }
    while let Some(start) = shown.find("\"$") {
        let end = start + 1 + shown[start + 1..].find('"').unwrap();
        let named = format!("\"<{}>", &shown[start + 2..end]);
        shown.replace_range(start..end, &named);
    }
    shown
}

/// The answer that a file expects. What may be any value becomes one of the type that came.
pub(super) fn answer(expected: &Value, came: &Value) -> Value {
    match (expected, came) {
        (Value::String(wild), _) if wild == "*" => some_value(came),
        (Value::String(time), _) if time.starts_with("$now") => json!(SOME_TIME),
        (Value::String(name), _) if name.starts_with('$') => json!(format!("<{}>", &name[1..])),
        (Value::String(text), _) if text.contains("$now") => json!(without_times(text)),
        (Value::Object(expected), _) => {
            let shown = expected.iter().filter(|(name, _)| *name != "...");
            let shown = shown.map(|(name, value)| (name.clone(), answer(value, &came[name.as_str()])));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        (Value::Array(expected), _) => {
            let shown = expected.iter().take(ROWS_MAX).enumerate();
            shown.map(|(index, value)| answer(value, &came[index])).collect()
        }
        (same, _) => same.clone(),
    }
}

/// A value of the same type that does not change from run to run.
fn some_value(came: &Value) -> Value {
    match came {
        Value::Number(number) if number.as_u64().is_some_and(|number| number < 1_000) => came.clone(),
        Value::Number(_) => json!(SOME_TIME),
        Value::String(_) => json!("…"),
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        Value::Null | Value::Bool(_) => came.clone(),
    }
}

fn without_times(text: &str) -> String {
    let mut parts = text.split("$now");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        let rest = rest.trim_start_matches(['+', '-']);
        shown.push_str(&SOME_TIME.to_string());
        shown.push_str(rest.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    shown
}

#[test]
fn samples_have_no_names_of_golden_files() {
    let body = r#"{"A": "$now-5", "B": "$key", "C": ["$hour-2", "$ok"], "D": "costs 5$"}"#;
    let shown = r#"{"A": 1700000000, "B": "<key>", "C": ["2023111422", "<ok>"], "D": "costs 5$"}"#;
    assert_eq!(request(body), shown);
    let expected = json!({"A": "*", "B": "$now", "C": ["$x", "*"], "...": "*", "D": "at $now+5."});
    let came = json!({"A": 1, "B": 2, "C": ["y", "z"], "D": "at 7.", "E": 1});
    let shown = json!({"A": 1, "B": 1_700_000_000, "C": ["<x>", "…"], "D": "at 1700000000."});
    assert_eq!(answer(&expected, &came), shown);
}
