//! The golden files: calls and the answers they must get, each file on a fresh server with an empty store.
//!
//! A file holds API calls only. Lines that start with `#` are comments. `@ unknown=refuse`, `@ mode=relaxed` and
//! `@ app=2` choose the server and the caller. A call is `> service/command` and a body, which is sent exactly as
//! written; the answer is `< ` and JSON. Both may go over several lines. A call with `>> ` in place of `> ` is
//! repeated until the answer comes, which shows a frequency that is too high, whatever time calls take.
//!
//! In an answer, `"*"` stands for any value, and a member `"...": "*"` for any further members; everything else
//! must be equal. `"$name"` takes the first text that it meets, must meet the same text afterwards, and stands for it
//! in later bodies. `"$hour-5"` in a body is the name of the hour five hours before, `YYYYMMDDHH` in UTC+8. `"$now"`, `"$now+5"` and `"$now-5"` are numbers in both: seconds, from when the file began. Within a
//! longer text of an answer they stand for the digits.
//!
//! Every file runs on both stores. With `LANDFALL_GOLDEN_UPDATE=1`, answers of the embedded store that differ are
//! written into the files instead, to be reviewed.

use crate::harness::{APP, DataLocation, SECOND_APP, Server, Setup, Store, now};
use landfall::commands::COMMANDS;
use landfall_domain::people::archive::Hour;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Files that run at the same time: they wait for the disk, or for PostgreSQL, most of the time.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_golden_file_holds_on_the_embedded_store() {
    every_golden_file_holds(Store::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_golden_file_holds_on_postgresql() {
    // While the files are updated from the answers of the other store, there is nothing to compare with.
    if !update_is_wanted() {
        every_golden_file_holds(Store::Postgres).await;
    }
}

async fn every_golden_file_holds(store: Store) {
    let files = Arc::new(Mutex::new(golden_files().into_iter()));
    let next = move || files.lock().unwrap().next();
    let mut runs = JoinSet::new();
    for _ in 0..AT_ONCE {
        let next = next.clone();
        runs.spawn(async move {
            let mut differences = BTreeMap::new();
            let mut location = DataLocation::new(store);
            while let Some(path) = next() {
                let (different, used) = golden_file_differs(&path, location).await;
                location = used.emptied();
                differences.insert(path, different);
            }
            location.close();
            differences
        });
    }
    let differences: BTreeMap<_, _> = runs.join_all().await.into_iter().flatten().collect();
    let differences: String = differences.into_values().collect();
    assert!(differences.is_empty() || update_is_wanted(), "\n{differences}");
}

/// Runs a file on the store in `location`, which is empty; returns what differs, and the location.
async fn golden_file_differs(path: &Path, location: DataLocation) -> (String, DataLocation) {
    let text = std::fs::read_to_string(path).unwrap();
    let golden = Golden::parse(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut differences = String::new();
    let (found, location) = golden.run(location).await;
    // From the end, so that the numbers of earlier lines stay right.
    for difference in found.into_iter().rev() {
        let line = difference.lines.start;
        writeln!(differences, "{}:{}: {}", path.display(), line + 1, difference.text).unwrap();
        lines.splice(difference.lines, [format!("< {}", difference.answer)]);
    }
    let updated = lines.join("\n") + "\n";
    if update_is_wanted() && updated != text {
        std::fs::write(path, updated).unwrap();
    }
    (differences, location)
}

/// Each built command has a call that works, one that is refused, and one that is repeated. There are no exceptions.
#[test]
fn every_built_command_is_covered() {
    for entry in COMMANDS.iter().filter(|entry| entry.run.is_some()) {
        let mut covered = BTreeMap::new();
        for file in files_in(&golden_folder().join(entry.path)) {
            let golden = Golden::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
            let calls: Vec<&GoldenCall> =
                golden.calls.iter().filter(|call| call.path == entry.path).collect();
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let kind = name.split('_').next().unwrap().to_owned();
            let shows_it = match kind.as_str() {
                "success" => calls.iter().any(|call| call.expected["ErrorCode"] == 0),
                "refusal" => calls.iter().any(|call| call.expected["ErrorCode"] != 0),
                "repeat" => calls
                    .iter()
                    .enumerate()
                    .any(|(index, call)| calls.iter().skip(index + 1).any(|later| later.body == call.body)),
                _ => panic!("{name} of {} starts with neither success_, refusal_ nor repeat_", entry.path),
            };
            assert!(shows_it, "{name} of {} has no call of that kind", entry.path);
            covered.insert(kind, ());
        }
        assert_eq!(covered.len(), 3, "{} has golden files of {:?} only", entry.path, covered.keys());
    }
}

fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// All golden files; any other file, and a folder that is not a built command, is a mistake.
fn golden_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for service in files_in(&golden_folder()) {
        for command in files_in(&service) {
            let name = command.strip_prefix(golden_folder()).unwrap().to_str().unwrap();
            let is_built = COMMANDS.iter().any(|entry| entry.path == name && entry.run.is_some());
            assert!(is_built, "{name} is no built command");
            files.extend(files_in(&command));
        }
    }
    for file in &files {
        assert!(file.extension().is_some_and(|extension| extension == "golden"), "{}", file.display());
    }
    files
}

/// The entries of a folder, sorted by name; none when it is missing.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn update_is_wanted() -> bool {
    std::env::var_os("LANDFALL_GOLDEN_UPDATE").is_some_and(|value| value == "1")
}

struct Golden {
    setup: Setup,
    app: u32,
    calls: Vec<GoldenCall>,
}

/// One call and the answer it must get.
struct GoldenCall {
    path: String,
    body: String,
    /// How often the call is made at most until the answer comes.
    attempts: usize,
    expected: Value,
    /// The lines of the answer in the file.
    lines: Range<usize>,
}

/// An answer that is not the expected one.
struct Difference {
    text: String,
    /// The answer that came, with the wild cards of the one expected.
    answer: Value,
    lines: Range<usize>,
}

impl Golden {
    fn parse(text: &str) -> Result<Self, String> {
        let mut golden = Self { setup: Setup::default(), app: APP, calls: Vec::new() };
        let lines: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let problem = |what: &str| format!("line {}: {what}", at + 1);
            if line.is_empty() || line.starts_with('#') {
                at += 1;
            } else if let Some(directive) = line.strip_prefix("@ ") {
                match directive {
                    "unknown=refuse" => golden.setup.unknown = "refuse",
                    "mode=relaxed" => golden.setup.mode = "relaxed",
                    "app=2" => golden.app = SECOND_APP,
                    _ => return Err(problem("unknown directive")),
                }
                at += 1;
            } else if let Some((attempts, path)) = attempts_and_path(line) {
                let until = |from: usize, ends: &dyn Fn(&str) -> bool| {
                    lines.iter().skip(from).position(|line| ends(line)).map_or(lines.len(), |n| from + n)
                };
                let answer = until(at + 1, &|line| line.starts_with("< "));
                let end = until(answer + 1, &|line| line.is_empty() || line.starts_with(['>', '#']));
                let expected = lines.get(answer..end).ok_or_else(|| problem("a call without an answer"))?;
                let expected = expected.join("\n");
                golden.calls.push(GoldenCall {
                    path: path.to_owned(),
                    body: lines[at + 1..answer].join("\n"),
                    attempts,
                    expected: serde_json::from_str(&expected[2..])
                        .map_err(|error| format!("line {}: {error}", answer + 1))?,
                    lines: answer..end,
                });
                at = end;
            } else {
                return Err(problem("neither comment, directive nor call"));
            }
        }
        Ok(golden)
    }

    async fn run(self, location: DataLocation) -> (Vec<Difference>, DataLocation) {
        let server = Server::start_in(location, self.setup).await;
        let mut client = server.client_of(self.app).await;
        let mut names = Names { now: now(), taken: BTreeMap::new() };
        let mut differences = Vec::new();
        for call in self.calls {
            let body = names.fill_in(&call.body);
            let (mut answer, mut problems) = (Value::Null, Vec::new());
            for _ in 0..call.attempts {
                answer = client.call_text(&call.path, &body).await;
                problems.clear();
                names.compare("", &call.expected, &answer, &mut problems);
                if problems.is_empty() {
                    break;
                }
            }
            if !problems.is_empty() {
                let text = format!("{}\n    the answer is {answer}", problems.join("; "));
                let answer = names.merge(&call.expected, answer);
                differences.push(Difference { text, answer, lines: call.lines });
            }
        }
        drop(client);
        (differences, server.begin_stop().await)
    }
}

/// The first line of a call.
fn attempts_and_path(line: &str) -> Option<(usize, &str)> {
    /// More calls than any rate in these tests admits while they are made.
    const ATTEMPTS_MAX: usize = 1_000;
    let once = line.strip_prefix("> ").map(|path| (1, path));
    once.or_else(|| line.strip_prefix(">> ").map(|path| (ATTEMPTS_MAX, path)))
}

/// The values of names with a `$`.
struct Names {
    now: u64,
    taken: BTreeMap<String, String>,
}

impl Names {
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
    fn fill_in(&self, body: &str) -> String {
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

    fn compare(&mut self, at: &str, expected: &Value, answer: &Value, problems: &mut Vec<String>) {
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
    fn merge(&mut self, expected: &Value, answer: Value) -> Value {
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
