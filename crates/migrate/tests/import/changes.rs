//! Newer exports over older ones, refused records, and records that are mended.

use super::stand_in::{Said, StandIn, Troubles};
use super::{client, import, landfall};
use landfall_migrate::import::{ImportOptions, ImportReport, OnChange, run};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Place {
    directory: TempDir,
    server: StandIn,
    messages_per_call: Option<usize>,
}

fn message(key: u32, text: &str) -> Value {
    json!({
        "t": "message", "src": "test", "key": key.to_string(), "GroupId": "g", "From_Account": "ann",
        "ts_ms": 1_600_000_000_000_u64 + u64::from(key) * 1_000,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]
    })
}

fn group(name: &str) -> Value {
    json!({ "t": "group", "GroupId": "g", "Type": "Public", "Name": name, "Owner_Account": "ann", "CreateTime": 1_500_000_000 })
}

fn read(unread: u32) -> Value {
    json!({ "t": "read", "GroupId": "g", "Member_Account": "ben", "UnreadMsgNum": unread })
}

fn member(account: &str, role: &str) -> Value {
    json!({ "t": "member", "GroupId": "g", "Member_Account": account, "Role": role })
}

impl Place {
    async fn new() -> Self {
        let server = StandIn::start(Troubles::default(), landfall()).await;
        Self { directory: tempfile::tempdir().unwrap(), server, messages_per_call: None }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("a.jsonl")
    }

    fn options(&self) -> ImportOptions {
        let messages_per_call = self.messages_per_call;
        ImportOptions { messages_per_call, ..ImportOptions::beside(&self.file()) }
    }

    async fn import(&self, lines: &[Value], on_change: OnChange) -> ImportReport {
        let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
        fs::write(self.file(), lines.join("\n")).unwrap();
        let report = import(&self.file(), &self.server, &ImportOptions { on_change, ..self.options() }).await;
        assert!(report.finished);
        self.server.assert_histories();
        report
    }

    fn texts(&self) -> Vec<String> {
        self.server.state().groups["g"].texts("")
    }

    /// What the failed file has, each with the code of its fault.
    fn failed(&self) -> Vec<(Value, String)> {
        let text = fs::read_to_string(self.options().failed).unwrap();
        let lines = text.lines().map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let code = record["x"]["fault"][0]["code"].as_str().unwrap().to_owned();
            (record["key"].clone(), code)
        });
        lines.collect()
    }
}

fn counts(report: &ImportReport, kind: &str) -> [u64; 5] {
    let counts = report.records.get(kind).copied().unwrap_or_default();
    [counts.imported, counts.unchanged, counts.updated, counts.skipped, counts.failed]
}

#[tokio::test]
async fn a_history_stops_at_a_refused_message_and_goes_on_when_it_is_mended() {
    // Other servers do not say what they refuse.
    for (limits, messages_per_call) in [(None, None), (landfall(), Some(1))] {
        let mut place = Place::new().await;
        place.messages_per_call = messages_per_call;
        place.server.state().limits = limits;
        place.server.state().forbidden = vec!["bad".to_owned()];
        let mut lines = vec![group("G"), member("ben", "Member"), read(3)];
        lines.extend((1..=9).map(|key| message(key, if key == 4 { "bad" } else { "good" })));
        let report = place.import(&lines, OnChange::Skip).await;
        assert_eq!(place.texts().len(), 3);
        assert_eq!(counts(&report, "message"), [3, 0, 0, 0, 6]);
        assert_eq!(report.stopped_histories, 1);
        assert_eq!((report.faults["refused"], report.faults["after_refused"]), (1, 5));
        assert_eq!(place.failed()[0], (json!("4"), "refused".to_owned()));
        assert_eq!(place.failed()[5], (json!("9"), "after_refused".to_owned()));
        lines[6] = message(4, "mended");
        let report = place.import(&lines, OnChange::Skip).await;
        assert_eq!(counts(&report, "message"), [6, 3, 0, 0, 0]);
        assert_eq!(place.texts()[3], "mended");
        assert_eq!(place.server.state().groups["g"].unread["ben"], 3);
    }
}

#[tokio::test]
async fn the_failed_file_can_be_mended_and_imported_itself() {
    let place = Place::new().await;
    place.server.state().limits = None;
    place.server.state().forbidden = vec!["bad".to_owned()];
    let lines = [group("G"), message(1, "a"), message(2, "bad"), message(3, "c"), member("", "Member")];
    place.import(&lines, OnChange::Skip).await;
    assert_eq!(place.failed().len(), 3);
    let failed = place.options().failed;
    let mended = fs::read_to_string(&failed).unwrap().replace("bad", "b");
    let mended = mended.replace("\"Member_Account\":\"\"", "\"Member_Account\":\"ben\"");
    fs::write(&failed, mended).unwrap();
    let report = import(&failed, &place.server, &ImportOptions::beside(&failed)).await;
    assert!(report.faults.is_empty(), "{report:?}");
    assert_eq!(place.texts(), ["a", "b", "c"]);
    assert!(place.server.state().groups["g"].members.contains_key("ben"));
    // Nothing of the fault has gone into the server.
    let custom = |said: &Said| said.custom.contains("fault");
    assert!(!place.server.state().groups["g"].talks[""].iter().any(custom));
}

#[tokio::test]
async fn a_message_with_a_fault_stops_its_history_unless_it_is_left_out() {
    let place = Place::new().await;
    let mut faulty = message(2, "b");
    faulty["MsgBody"] = json!("no list");
    let lines = [group("G"), message(1, "a"), faulty, message(3, "c")];
    let report = place.import(&lines, OnChange::Skip).await;
    assert_eq!(place.texts(), ["a"]);
    assert_eq!((report.faults["message_body"], report.faults["after_refused"]), (1, 1));
    let options = ImportOptions { leave_out_faulty: true, ..place.options() };
    let report = import(&place.file(), &place.server, &options).await;
    assert_eq!(place.texts(), ["a", "c"]);
    assert_eq!(counts(&report, "message"), [1, 1, 0, 0, 1]);
}

fn older() -> Vec<Value> {
    vec![
        json!({ "t": "account", "UserID": "ann", "Nick": "Ann" }),
        group("Old name"),
        member("ben", "Member"),
        message(1, "one"),
        message(3, "three"),
        read(1),
    ]
}

fn newer() -> Vec<Value> {
    vec![
        json!({ "t": "account", "UserID": "ann", "Nick": "Anna" }),
        group("New name"),
        member("ben", "Admin"),
        member("cleo", "Member"),
        message(1, "one, edited"),
        message(2, "two, found later"),
        message(3, "three"),
        message(4, "four"),
        read(2),
    ]
}

#[tokio::test]
async fn a_newer_export_adds_what_is_new_and_leaves_what_has_changed() {
    let place = Place::new().await;
    place.import(&older(), OnChange::Skip).await;
    assert_eq!(place.server.state().groups["g"].unread["ben"], 1);
    let report = place.import(&newer(), OnChange::Skip).await;
    assert_eq!(place.texts(), ["one", "three", "four"]);
    assert_eq!(counts(&report, "account"), [0, 0, 0, 1, 0]);
    assert_eq!(counts(&report, "group"), [0, 0, 0, 1, 0]);
    assert_eq!(counts(&report, "member"), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&report, "message"), [1, 1, 0, 1, 1]);
    assert_eq!(place.failed(), [(json!("2"), "behind".to_owned())]);
    let state = place.server.state();
    let group = &state.groups["g"];
    assert_eq!((&group.profile["Name"], group.unread["ben"]), (&json!("Old name"), 2));
    assert_eq!(group.members["ben"]["Role"], "Member");
}

#[tokio::test]
async fn a_newer_export_changes_what_has_changed_where_it_is_told_to() {
    let place = Place::new().await;
    place.import(&older(), OnChange::Skip).await;
    let report = place.import(&newer(), OnChange::Update).await;
    assert_eq!(place.texts(), ["one, edited", "three", "four"]);
    let updated = ["account", "group", "member", "message"].map(|kind| counts(&report, kind)[2]);
    assert_eq!(updated, [1, 1, 1, 1]);
    {
        let state = place.server.state();
        let group = &state.groups["g"];
        assert_eq!((&group.profile["Name"], group.unread["ben"]), (&json!("New name"), 2));
        assert_eq!(
            (&group.members["ben"]["Role"], state.accounts["ann"].as_str()),
            (&json!("Admin"), "Anna")
        );
    }
    let writes = place.server.writes();
    place.import(&newer(), OnChange::Update).await;
    assert_eq!(place.server.writes(), writes);
}

#[tokio::test]
async fn a_changed_record_is_a_fault_where_it_is_told_to() {
    let place = Place::new().await;
    place.import(&older(), OnChange::Skip).await;
    let report = place.import(&newer(), OnChange::Fail).await;
    assert_eq!(report.faults["changed"], 4);
    assert_eq!(place.texts(), ["one", "three", "four"]);
}

#[tokio::test]
async fn a_group_of_somebody_else_is_kept_changed_or_a_fault() {
    for (on_change, name, texts) in [
        (OnChange::Skip, "Theirs", &["a"][..]),
        (OnChange::Update, "Ours", &["a"]),
        (OnChange::Fail, "Theirs", &[]),
    ] {
        let place = Place::new().await;
        place.import(&[group("Theirs")], OnChange::Skip).await;
        fs::remove_file(place.options().journal).unwrap();
        let report = place.import(&[group("Ours"), message(1, "a")], on_change).await;
        assert_eq!(place.server.state().groups["g"].profile["Name"], name);
        assert_eq!(place.texts(), texts, "{on_change:?}");
        assert_eq!(report.faults.contains_key("changed"), on_change == OnChange::Fail);
    }
}

#[tokio::test]
async fn read_marks_of_all_kinds_become_exact_counts() {
    let place = Place::new().await;
    let mark = |account: &str, name: &str, value: Value| {
        let mut mark = json!({ "t": "read", "src": "test", "GroupId": "g", "Member_Account": account });
        mark[name] = value;
        mark
    };
    let mut lines = vec![group("G")];
    let accounts = ["by_number", "by_key", "by_time", "at_the_end", "at_the_start"];
    lines.extend(accounts.map(|account| member(account, "Member")));
    lines.extend((1..=9).map(|key| message(key, "a")));
    lines.extend([
        mark("by_number", "UnreadMsgNum", json!(4)),
        mark("by_key", "read_key", json!("7")),
        mark("by_time", "read_ms", json!(1_600_000_006_500_u64)),
        mark("at_the_end", "read_ms", json!(1_600_000_009_000_u64)),
        mark("at_the_start", "read_ms", json!(1)),
    ]);
    let report = place.import(&lines, OnChange::Skip).await;
    assert_eq!(counts(&report, "read"), [4, 1, 0, 0, 0]);
    let unread = |account: &str| place.server.state().groups["g"].unread.get(account).copied();
    assert_eq!(accounts.map(unread), [Some(4), Some(2), Some(3), None, Some(9)]);
}

async fn stopped(place: &Place, after: usize) -> ImportReport {
    let (file, options) = (place.file(), place.options());
    let server = client(&place.server);
    let mut came = place.server.came.subscribe();
    let until = *came.borrow() + after;
    let import = run(&file, server.clone(), &options, &());
    let stop = async {
        came.wait_for(|came| until <= *came).await.unwrap();
        server.stop();
    };
    tokio::join!(import, stop).0.unwrap()
}

#[tokio::test]
async fn a_stop_ends_an_import_in_order_and_nothing_is_done_twice() {
    let place = Place::new().await;
    let lines: Vec<_> = [group("G")].into_iter().chain((1..=100).map(|key| message(key, "a"))).collect();
    let text: Vec<_> = lines.iter().map(Value::to_string).collect();
    fs::write(place.file(), text.join("\n")).unwrap();
    let report = stopped(&place, 5).await;
    assert!(!report.finished && report.faults.is_empty(), "{report:?}");
    let brought_in = u64::try_from(place.texts().len()).unwrap();
    assert!(0 < brought_in && brought_in < 100);
    assert_eq!(counts(&report, "message")[0], brought_in, "each has its receipt");
    let report = place.import(&lines, OnChange::Skip).await;
    assert_eq!(counts(&report, "message"), [100 - brought_in, brought_in, 0, 0, 0]);
    assert_eq!(place.texts().len(), 100);
}

#[tokio::test]
async fn a_server_that_does_not_come_back_ends_an_import_with_the_journal_intact() {
    let place = Place::new().await;
    let lines = [group("G"), message(1, "a")];
    place.import(&lines, OnChange::Skip).await;
    let gone: &Path = &place.file();
    place.server.state().troubles = Troubles::always();
    let patience = landfall_migrate::server::Patience {
        outage: std::time::Duration::from_millis(50),
        ..client(&place.server).patience()
    };
    let server = super::client_with(&place.server, patience);
    let error = run(gone, server, &place.options(), &()).await.unwrap_err();
    let causes = format!("{error:?}");
    assert!(causes.contains("GaveUp"), "{causes}");
    place.server.state().troubles = Troubles::default();
    let report = place.import(&lines, OnChange::Skip).await;
    assert_eq!(counts(&report, "message"), [0, 1, 0, 0, 0]);
}
