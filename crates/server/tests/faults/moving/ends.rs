//! How commands end, and what they print.

use super::held;
use super::neutral::{self, Made};
use super::proxy::Proxy;
use super::tool::{self, Ended, Tool, against};
use crate::server::{Home, KEY, Server};
use landfall_test_database::fresh_database;
use rustix::process::Signal;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

const GROUPS: usize = 8;
const MESSAGES: usize = 45;

/// A server, and a file that can be imported into it.
struct Place {
    home: Home,
    server: Server,
    file: PathBuf,
    made: Made,
}

impl Place {
    async fn new() -> Self {
        Self::over(Home::new()).await
    }

    async fn over(home: Home) -> Self {
        let server = home.start().await;
        let file = home.file("a.jsonl");
        let made = neutral::write(&file, "a", GROUPS, MESSAGES);
        Self { home, server, file, made }
    }

    fn against(&self, command: &[&dyn AsRef<OsStr>]) -> Vec<OsString> {
        against(&self.home, &self.server.url(), command)
    }

    async fn run(&self, command: &[&dyn AsRef<OsStr>]) -> Ended {
        tool::run(&self.against(command)).await
    }

    async fn history(&self, talk: usize) -> Vec<String> {
        let (client, talk) = (&mut self.server.client().await, &self.made.talks[talk]);
        let said = held::history(client, &talk.group, talk.topic.as_deref()).await;
        said.into_iter().map(|said| said.text).collect()
    }
}

fn has_file(path: &Path, ending: &str) -> bool {
    let mut name = path.file_name().unwrap().to_owned();
    name.push(ending);
    path.with_file_name(name).exists()
}

/// The error is one sentence with all of `parts`.
#[track_caller]
fn says(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    for part in parts {
        assert!(ended.err.contains(part), "{part:?} is not in: {}", ended.err);
    }
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_2() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().to_str().unwrap();
    let key = [("LANDFALL_SECRET_KEY", KEY)];
    for (line, part) in [
        (vec!["import"], "SOURCE"),
        (vec!["import", file, "--on-change", "ask"], "--on-change"),
        (vec!["import", file, "--rate", "0"], "--rate"),
        (vec!["undo", file, "--server"], "--server"),
        (vec!["export", "--server", "http://127.0.0.1:1", "--app", "1", "--admin", "a"], "--out"),
        (vec!["convert", "irc", file, "--out", "out"], "FORMAT"),
        (vec!["verify", file, "--app", "one"], "--app"),
        (vec!["import", file, "--server", "http://127.0.0.1:1"], "--app"),
        (vec!["import", file, "--app", "1", "--server", "http://127.0.0.1:1"], "--admin"),
        (vec!["import", file, "--app", "1", "--admin", "a", "--server", "127.0.0.1:1"], "http://"),
    ] {
        let arguments: Vec<_> = line.iter().map(OsString::from).collect();
        let ended = Tool::start(&arguments, &key).ended().await.with(2);
        assert!(ended.err.contains(part) && ended.out.is_empty(), "{line:?}: {}{}", ended.out, ended.err);
    }
}

/// An address where nothing listens.
fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_ends_every_command_at_once() {
    let home = Home::new();
    let file = home.file("a.jsonl");
    neutral::write(&file, "a", 1, 5);
    let out = home.file("out.jsonl");
    let url = nobody();
    let commands: [&[&dyn AsRef<OsStr>]; 4] =
        [&[&"import", &file], &[&"check", &file], &[&"verify", &file], &[&"export", &"--out", &out]];
    for command in commands {
        let ended = tool::run(&against(&home, &url, command)).await.with(1);
        says(&ended, &[&url, "Connection refused"]);
    }
    assert!(!has_file(&file, ".journal"));
    let ended = tool::run(&against(&home, &url, &[&"undo", &file])).await.with(1);
    says(&ended, &["there is no journal", "a.jsonl.journal", "--journal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_the_server_does_not_know_ends_at_once() {
    let place = Place::new().await;
    let url = place.server.url();
    let other_key = "0".repeat(64);
    for (app, admin, key, parts) in [
        ("1400000001", "administrator", other_key.as_str(), ["70009", "key"]),
        ("1400000002", "administrator", KEY, ["60006", "app"]),
        ("1400000001", "somebody", KEY, ["60010", "administrator"]),
    ] {
        for command in ["import", "check", "verify"] {
            let mut arguments: Vec<OsString> = vec![command.into(), place.file.clone().into()];
            arguments.extend(["--server", &url, "--app", app, "--admin", admin].map(OsString::from));
            let ended = Tool::start(&arguments, &[("LANDFALL_SECRET_KEY", key)]).ended().await.with(1);
            says(&ended, &parts);
            assert!(!ended.err.contains(key), "{}", ended.err);
        }
    }
    assert!(!has_file(&place.file, ".journal"));
    place.server.stop().await;
}

/// The text of message 7 of group 1 gets a type that no element has; returns its line.
fn spoil(file: &Path) -> String {
    let whole = fs::read_to_string(file).unwrap();
    let is_it = |line: &str| line.contains("\"a-1:7\"") && line.contains("MsgBody");
    let lines = whole.lines();
    let spoilt: String = lines
        .map(|line| if is_it(line) { line.replace("TIMTextElem", "Nothing") } else { line.to_owned() } + "\n")
        .collect();
    fs::write(file, spoilt).unwrap();
    format!("line {}", whole.lines().position(is_it).unwrap() + 1)
}

/// A file with a fault, and then mended. `failed` records do not come in with the fault.
async fn fault(place: &Place, failed: usize, texts: &[String]) {
    let whole = fs::read(&place.file).unwrap();
    let line = spoil(&place.file);
    for command in ["check", "import"] {
        let ended = place.run(&[&command, &place.file]).await.with(3);
        assert!(ended.err.contains(&line) && ended.err.contains("MsgType"), "{}", ended.err);
    }
    let records = fs::read_to_string(place.home.file("a.jsonl.failed.jsonl")).unwrap();
    assert_eq!(records.lines().count(), failed, "{records}");
    let first: Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    assert!(first["x"]["fault"].to_string().contains("MsgType"), "{first}");
    for (number, talk) in place.made.talks.iter().enumerate() {
        assert_eq!(place.history(number).await, if number == 1 { texts } else { &talk.texts });
    }
    place.run(&[&"verify", &place.file]).await.with(0);

    fs::write(&place.file, whole).unwrap();
    place.run(&[&"verify", &place.file]).await.with(4);
    place.run(&[&"import", &place.file]).await.with(0);
    place.run(&[&"verify", &place.file]).await.with(0);
    assert_eq!(place.history(1).await, place.made.talks[1].texts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_ends_with_3_and_the_mended_file_brings_in_the_rest() {
    let database = fresh_database("empty", |_| {});
    let place = Place::over(Home::over(database.url())).await;
    // It and those behind it, and the mark at one of them.
    let before = place.made.talks[1].texts[..7].to_owned();
    fault(&place, MESSAGES - 7 + 1, &before).await;
    place.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_with_a_fault_ends_with_3_and_the_mended_file_puts_what_was_missing_in_its_place() {
    let place = Place::new().await;
    let mut others = place.made.talks[1].texts.clone();
    others.remove(7);
    fault(&place, 1, &others).await;
    place.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_stops_an_import_in_order_and_the_next_one_goes_on() {
    for signal in [Signal::INT, Signal::TERM] {
        let database = fresh_database("empty", |_| {});
        let place = Place::over(Home::over(database.url())).await;
        let proxy = Proxy::to(place.server.address()).await;
        let import = |more: &'static str| against(&place.home, &proxy.url, &[&"import", &place.file, &more]);
        let mut stopped = Tool::start(&import("--json"), &[]);
        // A third of the file.
        proxy.reached(fs::metadata(&place.file).unwrap().len() / 3).await;
        stopped.signal(signal);
        let ended = stopped.ended().await.with(1);
        says(&ended, &["stopped before the end", "the same command again goes on"]);
        assert_eq!(ended.last("report")["finished"], false);
        let page = fs::read_to_string(place.home.file("a.jsonl.report.html")).unwrap();
        assert!(page.contains("stopped before the end"), "{page}");
        tool::run(&import("--on-change=fail")).await.with(0);
        place.run(&[&"verify", &place.file]).await.with(0);
        place.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_json_every_line_is_an_object_and_the_last_a_report() {
    let place = Place::new().await;
    let checked = place.run(&[&"check", &place.file, &"--json"]).await.with(0);
    assert_eq!(checked.last("report")["records"], place.made.records);
    let imported = place.run(&[&"import", &place.file, &"--json"]).await.with(0);
    assert!(imported.objects().iter().any(|object| object.get("progress").is_some()), "{}", imported.out);
    let report = imported.last("report");
    let kinds = report["counts"].as_array().unwrap();
    for (name, count) in [("groups", GROUPS), ("messages", GROUPS * MESSAGES)] {
        let kind = kinds.iter().find(|kind| kind["kind"] == name).unwrap();
        assert_eq!((&kind["imported"], &kind["failed"]), (&count.into(), &0.into()), "{report}");
    }
    assert_eq!(report["finished"], true, "{report}");
    let verified = place.run(&[&"verify", &place.file, &"--json"]).await.with(0);
    let groups = verified.objects().iter().filter(|object| object.get("group").is_some()).count();
    assert_eq!((groups, &verified.last("report")["equal"]), (GROUPS, &GROUPS.into()), "{}", verified.out);
    let out = place.home.file("out.jsonl");
    let exported = place.run(&[&"export", &"--out", &out, &"--json"]).await.with(0);
    assert_eq!(exported.last("file"), out.to_str().unwrap());
    let undone = place.run(&[&"undo", &place.file, &"--json"]).await.with(0);
    assert_eq!(undone.last("jobs")["removed"], GROUPS);
    for ended in [checked, imported, verified, exported, undone] {
        assert_eq!(ended.err, "", "{}", ended.out);
    }
    place.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_of_another_server_is_refused() {
    let (place, other) = (Place::new().await, Place::new().await);
    place.run(&[&"import", &place.file]).await.with(0);
    for command in ["import", "undo"] {
        let ended = other.run(&[&command, &place.file]).await.with(1);
        says(&ended, &["a.jsonl.journal", "belongs to app 1400000001 of", &place.server.url()]);
    }
    assert!(held::groups(&mut other.server.client().await).await.is_empty());
    let journal = place.home.file("other.journal");
    other.run(&[&"import", &place.file, &"--journal", &journal]).await.with(0);
    other.run(&[&"verify", &place.file]).await.with(0);
    other.run(&[&"undo", &place.file, &"--journal", &journal]).await.with(0);
    other.run(&[&"verify", &place.file]).await.with(4);
    other.run(&[&"import", &place.file, &"--journal", &journal]).await.with(0);
    other.run(&[&"verify", &place.file]).await.with(0);
    place.run(&[&"verify", &place.file]).await.with(0);
    place.server.stop().await;
    other.server.stop().await;
}
