//! The golden files: calls and the answers they must get, each file on a fresh server with an empty store.
//!
//! Lines that start with `#` are comments. `@ unknown=refuse`, `@ mode=relaxed` and `@ app=2` choose the server and the
//! app; `@ first=FILE` makes the calls of another file before. A call is `> service/command` and a body, which is sent
//! exactly as written; the answer is `< ` and JSON. All may go over several lines, and the body may begin in the first. A
//! call with `>> ` in place of `> ` is repeated until the answer comes: of a frequency that is too high, or of work that
//! goes on in the background.
//!
//! Such a call is an administrator's, over HTTP. `> hana: command` and a body is the request of the account `hana`, over a
//! WebSocket that is opened when it is first named; `hana/2` is another device of hers, and `hana/hold` one that connects
//! with `hold=1`. The answer is compared without `Event`, `Command` and `RequestId`, which are always checked, so that it
//! looks as that of REST. `< nothing` is for requests that are not answered. `< hana: ` and JSON is a frame that the device
//! gets, now or before, and that no line before has named. Other frames, and their order, do not matter.
//!
//! In an answer, `"*"` stands for any value, and a member `"...": "*"` for any further members; everything else
//! must be equal. `"$name"` takes the first text that it meets, must meet the same text afterwards, and stands for it
//! in later bodies. `"$hour-5"` in a body is the name of the hour five hours before, `YYYYMMDDHH` in UTC+8. `"$now"`, `"$now+5"` and `"$now-5"` are numbers in both:
//! seconds, from when the file began. Within a longer text of an answer they stand for the digits.
//!
//! Every file runs on both stores. With `LANDFALL_GOLDEN_UPDATE=1`, answers of the embedded store that differ are
//! written into the files instead, to be reviewed.

mod devices;
mod facts;
mod file;
mod names;
mod probes;
mod sample;

use crate::harness::{DataLocation, Store};
use file::{Golden, GoldenCall};
use landfall::clients::{client_commands, client_requests};
use landfall::commands::COMMANDS;
use std::collections::BTreeMap;
use std::fmt::Write;
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
    let golden = Golden::read(&golden_folder(), path);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut differences = String::new();
    let (found, location) = golden.run(location).await;
    // From the end, so that the numbers of earlier lines stay right.
    for difference in found.into_iter().rev() {
        let line = difference.lines.start;
        writeln!(differences, "{}:{}: {}", path.display(), line + 1, difference.text).unwrap();
        lines.splice(difference.lines, [difference.line]);
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
            let golden = Golden::read(&golden_folder(), &file);
            let is_of_it = |call: &&GoldenCall| call.device.is_none() && call.path == entry.path;
            let calls: Vec<&GoldenCall> = golden.calls().filter(is_of_it).collect();
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

/// The golden file of a command or request of clients.
fn file_of_clients(path: &str) -> PathBuf {
    golden_folder().join(format!("{CLIENTS}/{path}.golden"))
}

/// The folder of what clients call. It has a file for each command of the API, below its service, and for each request that
/// only clients have.
const CLIENTS: &str = "clients";

/// What the files of clients begin with.
const BEFORE: &str = "clients/five_groups.golden";

/// Whatever a client may call has, as a client calls it, a call that works, one that is refused, and one that is repeated.
#[test]
fn all_that_clients_may_call_is_covered() {
    let expected: BTreeMap<PathBuf, &str> =
        client_commands().chain(client_requests()).map(|path| (file_of_clients(path), path)).collect();
    let mut files = client_files();
    files.retain(|file| *file != golden_folder().join(BEFORE));
    assert_eq!(files, expected.keys().cloned().collect::<Vec<_>>());
    for (file, path) in expected {
        let golden = Golden::read(&golden_folder(), &file);
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_of_it = |call: &&GoldenCall| call.device.is_some() && (call.path == path || call.path == name);
        let calls: Vec<&GoldenCall> = golden.calls().filter(is_of_it).collect();
        // What is not answered works.
        let works = |call: &&GoldenCall| call.expected.is_null() || call.expected["ErrorCode"] == 0;
        let is_repeated = |(index, call): (usize, &&GoldenCall)| {
            calls
                .iter()
                .skip(index + 1)
                .any(|later| (&later.device, &later.body) == (&call.device, &call.body))
        };
        assert!(calls.iter().any(works), "{path} never works for a client");
        assert!(!calls.iter().all(works), "{path} is never refused to a client");
        assert!(calls.iter().enumerate().any(is_repeated), "{path} is never repeated by a client");
    }
}

/// The files of what clients call.
fn client_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in files_in(&golden_folder().join(CLIENTS)) {
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// All golden files; any other file, and a folder that is not a built command, is a mistake.
fn golden_files() -> Vec<PathBuf> {
    let mut files = client_files();
    for service in files_in(&golden_folder()).into_iter().filter(|folder| !folder.ends_with(CLIENTS)) {
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
