//! Newer exports over older ones, whole, partial and edited, and undoing what several imports brought in.

use super::held;
use super::neutral::{self, Made};
use super::tool::{self, Ended, against};
use crate::server::{Home, Server};
use landfall_test_database::fresh_database;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

const GROUPS: usize = 8;
const MESSAGES: usize = 45;

/// A server, and the export of another system as it is at last.
struct Place {
    home: Home,
    server: Server,
    whole: PathBuf,
    made: Made,
}

impl Place {
    async fn new(home: Home) -> Self {
        let server = home.start().await;
        let whole = home.file("a.jsonl");
        let made = neutral::write(&whole, "a", GROUPS, MESSAGES);
        Self { home, server, whole, made }
    }

    async fn run(&self, command: &[&dyn AsRef<OsStr>]) -> Ended {
        tool::run(&against(&self.home, &self.server.url(), command)).await
    }

    /// Another export: the records that `has` says, edited.
    fn export(&self, name: &str, has: impl Fn(&Value) -> bool, edit: impl Fn(&mut Value)) -> PathBuf {
        let whole = fs::read_to_string(&self.whole).unwrap();
        let records = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines = records.filter(&has).map(|mut record| {
            edit(&mut record);
            format!("{record}\n")
        });
        let path = self.home.file(name);
        fs::write(&path, lines.collect::<String>()).unwrap();
        path
    }

    /// Imports an export, as a part of the same move.
    async fn import(&self, export: &Path, on_change: &'static str) -> Ended {
        let journal = self.home.file("moving.journal");
        self.run(&[&"import", &export, &"--journal", &journal, &"--on-change", &on_change, &"--json"]).await
    }

    async fn histories(&self) -> Vec<Vec<String>> {
        let client = &mut self.server.client().await;
        let mut all = Vec::new();
        for talk in &self.made.talks {
            let said = held::history(client, &talk.group, talk.topic.as_deref()).await;
            all.push(said.into_iter().map(|said| said.text).collect());
        }
        all
    }

    fn texts(&self) -> Vec<Vec<String>> {
        self.made.talks.iter().map(|talk| talk.texts.clone()).collect()
    }
}

/// The number of a message within its conversation; `None` for other records.
fn number(record: &Value) -> Option<usize> {
    let key = record["key"].as_str().filter(|_| record["t"] == "message")?;
    key.rsplit_once(':')?.1.parse().ok()
}

fn is_member(record: &Value) -> bool {
    record["t"] == "member"
}

fn is_read(record: &Value) -> bool {
    record["t"] == "read"
}

fn as_it_is(_: &mut Value) {}

/// What was counted of a kind.
fn counts(ended: &Ended, kind: &str) -> [u64; 4] {
    let report = ended.last("report");
    let found = report["counts"].as_array().unwrap().iter().find(|count| count["kind"] == kind).unwrap();
    ["imported", "updated", "unchanged", "failed"].map(|end| found[end].as_u64().unwrap())
}

async fn partial_exports_make_up_the_whole(home: Home) {
    let place = Place::new(home).await;
    let some = |from, to, every: usize| {
        move |record: &Value| match number(record) {
            Some(number) => (from..to).contains(&number) && number % every != 1,
            None => !is_read(record),
        }
    };
    let middle = place.export("middle.jsonl", some(15, 30, 3), as_it_is);
    let newest =
        place.export("newest.jsonl", |record| some(38, 45, 4)(record) && !is_member(record), as_it_is);
    let oldest = place.export("oldest.jsonl", some(0, 20, 5), as_it_is);
    for export in [&middle, &newest, &oldest, &newest, &middle] {
        place.import(export, "fail").await.with(0);
        for history in place.histories().await {
            let numbers =
                history.iter().map(|text| text.split(' ').nth(1).unwrap().parse::<usize>().unwrap());
            assert!(numbers.is_sorted_by(|one, next| one < next), "{history:?}");
        }
    }
    let found = place.import(&oldest, "skip").await.with(0);
    assert_eq!(counts(&found, "messages")[..2], [0, 0], "{}", found.out);
    let found = place.import(&place.whole, "skip").await.with(0);
    let [imported, updated, unchanged, failed] = counts(&found, "messages");
    assert_eq!((imported + unchanged, updated, failed), ((GROUPS * MESSAGES) as u64, 0, 0), "{}", found.out);
    assert!(0 < imported && 0 < unchanged, "{}", found.out);
    assert_eq!(place.histories().await, place.texts());
    place.run(&[&"verify", &place.whole]).await.with(0);
    let client = &mut place.server.client().await;
    for talk in place.made.talks.iter().filter(|talk| !talk.unread.is_empty()) {
        let unread = held::unread(client, &talk.group).await;
        for (member, count) in &talk.unread {
            assert_eq!(unread[member], *count, "{member} in {}", talk.group);
        }
    }
    // All of it goes with the move, whichever export brought it.
    let journal = place.home.file("moving.journal");
    let undone = place.run(&[&"undo", &place.whole, &"--journal", &journal, &"--json"]).await.with(0);
    assert_eq!(undone.last("jobs")["removed"], GROUPS, "{}", undone.out);
    assert!(held::groups(client).await.is_empty());
    place.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partial_exports_in_any_order_make_up_the_whole() {
    partial_exports_make_up_the_whole(Home::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_export_that_lacks_something_follows_on_change_and_loses_nothing() {
    let place = Place::new(Home::new()).await;
    place.import(&place.whole, "skip").await.with(0);
    let edit = |record: &mut Value| {
        if number(record) == Some(10) {
            let text = &mut record["MsgBody"][0]["MsgContent"]["Text"];
            *text = text.as_str().unwrap().replace("Message", "Edited").into();
        }
    };
    let rename = |record: &mut Value| {
        edit(record);
        if record["Name"] == "Group 2" {
            record["Name"] = "Another".into();
        }
    };
    let less = |record: &Value| !is_read(record) && number(record) != Some(3);
    let edited = place.export("edited.jsonl", less, edit);
    let renamed = place.export("renamed.jsonl", less, rename);
    let whole = place.export("whole.jsonl", |_| true, rename);
    let skipped = place.import(&edited, "skip").await.with(0);
    assert_eq!(counts(&skipped, "messages"), [0, 0, (GROUPS * (MESSAGES - 1)) as u64, 0], "{}", skipped.out);
    assert_eq!(place.histories().await, place.texts());
    let failed = place.import(&edited, "fail").await.with(3);
    assert_eq!(counts(&failed, "messages")[3], GROUPS as u64, "{}", failed.out);
    let lines = fs::read_to_string(place.home.file("moving.journal.failed.jsonl")).unwrap();
    assert_eq!(lines.lines().filter(|line| line.contains("\"changed\"")).count(), GROUPS, "{lines}");
    assert_eq!(place.histories().await, place.texts());

    let updated = place.import(&renamed, "update").await.with(0);
    assert_eq!(counts(&updated, "messages")[..2], [0, GROUPS as u64], "{}", updated.out);
    let expected = place.texts().into_iter().map(|mut texts| {
        texts[10] = texts[10].replace("Message", "Edited");
        texts
    });
    assert_eq!(place.histories().await, expected.collect::<Vec<_>>());
    assert_eq!(counts(&updated, "groups")[1], GROUPS as u64, "{}", updated.out);
    place.run(&[&"verify", &whole]).await.with(0);
    place.server.stop().await;
}

async fn undo_of_one_source_leaves_the_other(home: Home) {
    let place = Place::new(home).await;
    let first =
        place.export("first.jsonl", |record| number(record).is_none_or(|number| number < 20), as_it_is);
    place.run(&[&"import", &first]).await;
    // Another source, with a journal of its own, knows more of the same groups.
    place.run(&[&"import", &place.whole]).await.with(0);
    assert_eq!(place.histories().await, place.texts());
    let kept = place.run(&[&"undo", &first]).await.with(3);
    assert!(kept.out.contains("has added to it since"), "{}", kept.out);
    let kept = place.run(&[&"undo", &place.whole, &"--force"]).await.with(3);
    assert!(kept.out.contains("another import made it"), "{}", kept.out);
    assert_eq!(place.histories().await, place.texts());
    place.run(&[&"undo", &first]).await.with(0);
    assert!(held::groups(&mut place.server.client().await).await.is_empty());
    place.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undo_of_one_source_leaves_what_another_brought_in() {
    undo_of_one_source_leaves_the_other(Home::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undo_of_one_source_over_the_api_leaves_what_another_brought_in() {
    let database = fresh_database("empty", |_| {});
    let place = Place::new(Home::over(database.url())).await;
    let first = place.export(
        "first.jsonl",
        |record| number(record).is_none_or(|number| number < 20) && !is_read(record),
        as_it_is,
    );
    place.run(&[&"import", &first]).await.with(0);
    place.run(&[&"import", &place.whole]).await.with(0);
    let kept = place.run(&[&"undo", &place.whole, &"--force"]).await.with(3);
    assert!(kept.out.contains("it was there before the import"), "{}", kept.out);
    let kept = place.run(&[&"undo", &first]).await.with(3);
    assert!(kept.out.contains("was sent since"), "{}", kept.out);
    assert_eq!(place.histories().await, place.texts());
    place.server.stop().await;
}
