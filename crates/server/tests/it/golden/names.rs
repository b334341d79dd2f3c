//! Values that golden files name, and how an answer is compared with the one expected.

use crate::harness::now;
use landfall_domain::people::archive::Hour;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The values of names with a `$`.
#[derive(Clone)]
pub(super) struct Names {
    now: u64,
    taken: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { now: now(), taken: BTreeMap::new() }
    }

    /// The number that `$now`, `$now+5` or `$now-5` stands for.
    fn time(&self, text: &str) -> Option<u64> {
        match text.strip_prefix("$now")?.split_at_checked(1) {
            None => Some(self.now),
            Some(("+", seconds)) => Some(self.now + seconds.parse::<u64>().ok()?),
            Some(("-", seconds)) => Some(self.now - seconds.parse::<u64>().ok()?),
            Some(_) => None,
        }
    }

    /// A text with the digits of the times in it.
    fn with_times(&self, text: &str) -> String {
        let mut parts = text.split("$now");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for rest in parts {
            let signed = usize::from(rest.starts_with(['+', '-']));
            let digits = rest[signed..].find(|digit: char| !digit.is_ascii_digit());
            let (offset, rest) = rest.split_at(digits.map_or(rest.len(), |digits| signed + digits));
            let time = self.time(&format!("$now{offset}")).unwrap();
            write!(filled, "{time}{rest}").unwrap();
        }
        filled
    }

    /// A body with times and names filled in. The rest stays byte for byte, because it need not be valid JSON.
    pub(super) fn fill_in(&self, body: &str) -> String {
        let mut filled = body.to_owned();
        while let Some(start) = filled.find("\"$now") {
            let end = start + 1 + filled[start + 1..].find('"').unwrap();
            let time = self.time(&filled[start + 1..end]).unwrap();
            filled.replace_range(start..=end, &time.to_string());
        }
        while let Some(start) = filled.find("$hour-") {
            let end = start + filled[start..].find('"').unwrap();
            let hours: u32 = filled[start + "$hour-".len()..end].parse().unwrap();
            let present = Hour::of(Timestamp(self.now));
            filled.replace_range(start..end, &Hour(present.0 - hours).to_string());
        }
        for (name, text) in &self.taken {
            filled = filled.replace(&format!("${name}"), text);
        }
        filled
    }

    /// Whether `came` is as expected.
    pub(super) fn agree(&self, expected: &Value, came: &Value) -> bool {
        let mut problems = Vec::new();
        self.clone().compare("", expected, came, &mut problems);
        problems.is_empty()
    }

    pub(super) fn compare(&mut self, at: &str, expected: &Value, answer: &Value, problems: &mut Vec<String>) {
        match (expected, answer) {
            (Value::String(wild), _) if wild == "*" => {}
            (Value::String(name), _) if name.starts_with('$') => {
                self.compare_name(at, name, answer, problems)
            }
            (Value::Object(expected), Value::Object(answer)) => {
                self.compare_members(at, expected, answer, problems);
            }
            (Value::Array(expected), Value::Array(answer)) if expected.len() == answer.len() => {
                for (index, (expected, answer)) in expected.iter().zip(answer).enumerate() {
                    self.compare(&format!("{at}[{index}]"), expected, answer, problems);
                }
            }
            (Value::String(text), Value::String(answer)) if self.with_times(text) == *answer => {}
            (expected, answer) if expected == answer => {}
            (expected, answer) => problems.push(format!("{at} is {answer}, expected {expected}")),
        }
    }

    fn compare_members(
        &mut self,
        at: &str,
        expected: &Map<String, Value>,
        answer: &Map<String, Value>,
        problems: &mut Vec<String>,
    ) {
        for (name, expected) in expected.iter().filter(|(name, _)| *name != "...") {
            match answer.get(name) {
                Some(answer) => self.compare(&format!("{at}.{name}"), expected, answer, problems),
                None => problems.push(format!("{at}.{name} is missing")),
            }
        }
        for name in answer.keys().filter(|name| !expected.contains_key(*name)) {
            if !expected.contains_key("...") {
                problems.push(format!("{at}.{name} is unexpected"));
            }
        }
    }

    fn compare_name(&mut self, at: &str, name: &str, answer: &Value, problems: &mut Vec<String>) {
        if let Some(time) = self.time(name) {
            if *answer != time {
                problems.push(format!("{at} is {answer}, expected {time} ({name})"));
            }
            return;
        }
        let Some(text) = answer.as_str() else {
            problems.push(format!("{at} is {answer}, expected a text for {name}"));
            return;
        };
        let taken = self.taken.entry(name[1..].to_owned()).or_insert_with(|| text.to_owned());
        if taken != text {
            problems.push(format!("{at} is {text:?}, but {name} is {taken:?}"));
        }
    }

    /// `answer` in the form for a golden file: wild cards and names stay where they match.
    pub(super) fn merge(&mut self, expected: &Value, answer: Value) -> Value {
        let mut problems = Vec::new();
        self.compare("", expected, &answer, &mut problems);
        if problems.is_empty() {
            return expected.clone();
        }
        match (expected, answer) {
            (Value::Object(expected), Value::Object(answer)) => {
                let open = expected.get("...").map(|wild| ("...".to_owned(), wild.clone()));
                let shown =
                    answer.into_iter().filter(|(name, _)| open.is_none() || expected.contains_key(name));
                let merged = shown.map(|(name, answer)| match expected.get(&name) {
                    Some(expected) => (name, self.merge(expected, answer)),
                    None => (name, answer),
                });
                merged.chain(open.clone()).collect()
            }
            (Value::Array(expected), Value::Array(answer)) if expected.len() == answer.len() => {
                expected.iter().zip(answer).map(|(expected, answer)| self.merge(expected, answer)).collect()
            }
            (_, answer) => answer,
        }
    }
}
