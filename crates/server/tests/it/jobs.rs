//! Import jobs over the network: uploads that break off, a server that is stopped, groups with faults, undo.

use crate::harness::{Client, DataLocation, Server, Setup, Store, code, done};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tokio::net::TcpStream;

/// A file with groups of three messages each, in no order.
fn file(groups: u32) -> String {
    let mut text = String::new();
    for group in 0..groups {
        for key in [2, 1, 3] {
            let sent = 1_600_000_000 + key;
            writeln!(
                text,
                r#"{{"t":"message","src":"s","key":"{key}","GroupId":"g{group}","From_Account":"ann","SendTime":{sent},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"m{key}"}}}}]}}"#
            )
            .unwrap();
        }
        writeln!(
            text,
            r#"{{"t":"read","src":"s","GroupId":"g{group}","Member_Account":"ben","read_key":"1"}}"#
        )
        .unwrap();
        writeln!(text, r#"{{"t":"member","GroupId":"g{group}","Member_Account":"ben"}}"#).unwrap();
        writeln!(text, r#"{{"t":"group","src":"s","key":"k{group}","GroupId":"g{group}","Type":"Public","Name":"n","Owner_Account":"ann"}}"#)
            .unwrap();
    }
    text
}

async fn create(client: &mut Client<TcpStream>, on_change: &str) -> Value {
    let request = json!({ "OnChange": on_change });
    done(client, "landfall_import_svc/create_job", request).await["JobId"].clone()
}

async fn upload(client: &mut Client<TcpStream>, request: Value, part: &str) -> Value {
    client.call_text("landfall_import_svc/upload", &format!("{request}\n{part}")).await
}

/// Waits until the job is in one of these states.
async fn reaches(client: &mut Client<TcpStream>, job: &Value, states: &[&str]) -> Value {
    loop {
        let found = done(client, "landfall_import_svc/get_job", json!({ "JobId": job, "Wait": 2 })).await;
        let state = found["State"].as_str().unwrap();
        if states.contains(&state) {
            return found;
        }
        assert!(["ready", "checking", "running", "undoing"].contains(&state), "{found}");
    }
}

/// Runs a job with this file to its end.
pub(crate) async fn run(client: &mut Client<TcpStream>, text: &str) -> (Value, Value) {
    run_with(client, text, "skip").await
}

async fn run_with(client: &mut Client<TcpStream>, text: &str, on_change: &str) -> (Value, Value) {
    let job = create(client, on_change).await;
    let answer = upload(client, json!({ "JobId": job, "Complete": 1 }), text).await;
    assert_eq!((code(&answer), &answer["Bytes"]), (0, &json!(text.len())));
    done(client, "landfall_import_svc/start_job", json!({ "JobId": job })).await;
    let found = reaches(client, &job, &["done", "failed"]).await;
    assert_eq!(found["State"], "done", "{found}");
    (job, found["Counts"].clone())
}

async fn receipts(client: &mut Client<TcpStream>, job: &Value) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), json!(0));
    loop {
        let request = json!({ "JobId": job, "Next": next, "Limit": 7 });
        let page = done(client, "landfall_import_svc/get_receipts", request).await;
        let rows = page["ReceiptList"].as_array().unwrap().clone();
        if rows.is_empty() {
            return all;
        }
        all.extend(rows);
        next = page["Next"].clone();
    }
}

fn row((name, result): (&str, &str)) -> (String, String) {
    (name.to_owned(), result.to_owned())
}

/// How many groups an undo removed, and what became of the others.
async fn undo(client: &mut Client<TcpStream>, job: &Value, force: u8) -> (Value, Vec<(String, String)>) {
    done(client, "landfall_import_svc/undo_job", json!({ "JobId": job, "Force": force })).await;
    let undone = reaches(client, job, &["undone", "failed"]).await;
    assert_eq!(undone["State"], "undone", "{undone}");
    let rows = receipts(client, job).await;
    let others = rows.iter().filter(|row| row["Result"] != "removed");
    let others =
        others.map(|found| row((found["Name"].as_str().unwrap(), found["Result"].as_str().unwrap())));
    (undone["Counts"]["Removed"].clone(), others.collect())
}

/// How many messages `ben` has not read in a group, and how many groups there are.
async fn unread_and_groups(client: &mut Client<TcpStream>, group: &str) -> (Value, Value) {
    let filter = json!({ "SelfInfoFilter": ["UnreadMsgNum"] });
    let request = json!({ "Member_Account": "ben", "Limit": 500, "ResponseFilter": filter });
    let joined = done(client, "group_open_http_svc/get_joined_group_list", request).await;
    let groups = joined["GroupIdList"].as_array().unwrap();
    let found = groups.iter().find(|found| found["GroupId"] == group).cloned().unwrap_or_default();
    let list = done(client, "group_open_http_svc/get_appid_group_list", json!({})).await;
    (found["SelfInfo"]["UnreadMsgNum"].clone(), list["TotalCount"].clone())
}

async fn a_job_brings_groups_in_once_and_takes_them_out(store: Store) {
    let server = Server::start_with(Setup { store, ..Setup::default() }).await;
    let mut client = server.client().await;
    let text = file(50);
    let (job, counts) = run(&mut client, &text).await;
    let figures = |counts: &Value| {
        ["Groups", "Members", "Messages", "Equal", "Kept", "LeftOut"]
            .map(|name| counts[name].as_u64().unwrap())
    };
    assert_eq!(figures(&counts), [50, 50, 150, 0, 0, 0]);
    assert_eq!(unread_and_groups(&mut client, "g7").await, (json!(2), json!(50)));
    let rows = receipts(&mut client, &job).await;
    assert!(rows.len() == 50 && rows.iter().all(|row| row["Result"] == "created"));

    // The same file as another job: nothing changes. With more history: it goes behind what is there.
    let (_, counts) = run(&mut client, &text).await;
    assert_eq!(figures(&counts), [0, 0, 0, 50, 0, 0]);
    let sent = json!({ "GroupId": "g1", "From_Account": "ann", "Random": 1,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "now" } }] });
    done(&mut client, "group_open_http_svc/send_group_msg", sent).await;
    let early = |group: u32| {
        text.lines()
            .find(|line| line.contains("message") && line.contains(&format!("\"g{group}\"")))
            .unwrap()
            .replace("\"key\":\"2\"", "\"key\":\"0\"")
            .replace("1600000002", "1599999999")
            + "\n"
    };
    let (other, counts) = run(&mut client, &(text.clone() + &early(1) + &early(2))).await;
    assert_eq!(figures(&counts), [1, 0, 1, 48, 1, 0]);
    assert_eq!((&counts["Unchanged"]["Messages"], &counts["Unchanged"]["Reads"]), (&json!(147), &json!(49)));
    let kept: Vec<_> =
        receipts(&mut client, &other).await.into_iter().filter(|row| row["Result"] == "kept").collect();
    assert_eq!((kept.len(), &kept[0]["Name"]), (1, &json!("g1")));
    assert_eq!(unread_and_groups(&mut client, "g2").await, (json!(2), json!(50)));

    // Neither takes out what is of both, but for the last that is left.
    let undone = undo(&mut client, &job, 0).await;
    assert_eq!(
        undone,
        (json!(48), vec![("g1", "touched"), ("g2", "added_to")].into_iter().map(row).collect())
    );
    let undone = undo(&mut client, &other, 1).await;
    assert_eq!(undone, (json!(0), vec![row(("g2", "made_by_another"))]));
    assert_eq!(unread_and_groups(&mut client, "g2").await, (json!(2), json!(2)));
    assert_eq!(undo(&mut client, &job, 0).await.0, json!(1));
    assert_eq!(unread_and_groups(&mut client, "g2").await.1, json!(1));
    assert_eq!(undo(&mut client, &job, 1).await.0, json!(1));
    assert_eq!(unread_and_groups(&mut client, "g2").await.1, json!(0));
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_brings_groups_in_once_and_takes_them_out_on_the_embedded_store() {
    a_job_brings_groups_in_once_and_takes_them_out(Store::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_brings_groups_in_once_and_takes_them_out_on_postgresql() {
    a_job_brings_groups_in_once_and_takes_them_out(Store::Postgres).await;
}

/// What the history of a group says, the oldest message first.
async fn history(client: &mut Client<TcpStream>, group: &str) -> Vec<String> {
    let request = json!({ "GroupId": group, "ReqMsgNumber": 20 });
    let page = done(client, "group_open_http_svc/group_msg_get_simple", request).await;
    let text = |row: &Value| row["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap().to_owned();
    page["RspMsgList"].as_array().unwrap().iter().rev().map(text).collect()
}

/// A message of `g1`, with this key and text.
fn said(key: &str, second: u32) -> String {
    let sent = 1_600_000_000 + second;
    format!(
        r#"{{"t":"message","src":"s","key":"{key}","GroupId":"g1","From_Account":"ann","SendTime":{sent},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{key}"}}}}]}}"#
    ) + "\n"
}

async fn what_a_file_lacks_is_never_lost(store: Store) {
    let server = Server::start_with(Setup { store, ..Setup::default() }).await;
    let mut client = server.client().await;
    let text = file(2);
    run(&mut client, &text).await;
    let figures = |counts: &Value| {
        ["Rewritten", "Equal", "Kept", "Messages"].map(|name| counts[name].as_u64().unwrap())
    };
    let without = |parts: &[&str]| -> String {
        let has = |line: &&str| parts.iter().all(|part| !line.contains(part));
        text.lines().filter(has).map(|line| format!("{line}\n")).collect()
    };
    let (first, member) =
        ("\"key\":\"1\",\"GroupId\":\"g1\"", "\"GroupId\":\"g1\",\"Member_Account\":\"ben\"");
    // A later export that begins with the second message, or lacks a member, has nothing new.
    for part in [first, member] {
        let (_, counts) = run(&mut client, &without(&[part])).await;
        assert_eq!(figures(&counts), [0, 2, 0, 0], "{part}");
    }
    assert_eq!(history(&mut client, "g1").await, ["m1", "m2", "m3"]);
    // One that has the newest messages only, another that has late ones between and in front of the others.
    let newest = without(&["\"t\":\"message\"", member]) + &said("m5", 5) + &said("m7", 7);
    let (_, counts) = run(&mut client, &newest).await;
    assert_eq!(figures(&counts), [1, 1, 0, 2]);
    let late = newest + &said("m0", 0) + &said("m2b", 2) + &said("m6", 6) + &said("m8", 8);
    let (job, counts) = run(&mut client, &late).await;
    assert_eq!((figures(&counts), &counts["Unchanged"]["Messages"]), ([1, 1, 0, 4], &json!(2)));
    let rows = receipts(&mut client, &job).await;
    assert_eq!(rows.iter().filter(|row| row["Result"] == "rewritten").count(), 1, "{rows:?}");
    assert_eq!(history(&mut client, "g1").await, ["m0", "m1", "m2", "m2b", "m3", "m5", "m6", "m7", "m8"]);
    // `ben` has read the first, and with it what was said before.
    assert_eq!(unread_and_groups(&mut client, "g1").await, (json!(7), json!(2)));

    let edited = text.replacen("\"Text\":\"m2\"", "\"Text\":\"edited\"", 1);
    for (on_change, expected, text) in
        [("skip", [0, 1, 1, 0], "m2"), ("fail", [0, 1, 1, 0], "m2"), ("update", [1, 1, 0, 0], "edited")]
    {
        let (job, counts) = run_with(&mut client, &edited, on_change).await;
        assert_eq!(figures(&counts), expected, "{on_change}");
        let rows = receipts(&mut client, &job).await;
        let differs = rows.iter().filter(|row| row["Result"] == "differs");
        let differs: Vec<_> = differs.map(|row| row["ResultInfo"].as_str().unwrap().to_owned()).collect();
        let said = "differing, and left as they are: 1 message";
        assert_eq!(differs, if on_change == "update" { vec![] } else { vec![said] });
        assert_eq!(history(&mut client, "g0").await, ["m1", text, "m3"], "{on_change}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_lacks_is_never_lost_on_the_embedded_store() {
    what_a_file_lacks_is_never_lost(Store::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_lacks_is_never_lost_on_postgresql() {
    what_a_file_lacks_is_never_lost(Store::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_in_pieces_and_a_job_goes_on_after_a_restart() {
    let text = file(400);
    let location = DataLocation::new(Store::Embedded);
    let server = Server::start_in(location, Setup::default()).await;
    let mut client = server.client().await;
    let job = create(&mut client, "skip").await;
    // A body that is cut off, a piece that overlaps it, and the rest.
    let target = format!("/v4/landfall_import_svc/upload?{}", client.query);
    let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n");
    let mut cut_off = server.client().await;
    cut_off.send(format!("{head}{}\n{}", json!({ "JobId": job }), &text[..30_000]).as_bytes()).await;
    drop(cut_off);
    let have = loop {
        let found = done(&mut client, "landfall_import_svc/get_job", json!({ "JobId": job })).await;
        if let Some(bytes) = found["Bytes"].as_u64().filter(|bytes| *bytes == 30_000) {
            break usize::try_from(bytes).unwrap();
        }
        tokio::task::yield_now().await;
    };
    let overlapping = json!({ "JobId": job, "Offset": have - 100 });
    // Refused until the server has noticed the end of the call before.
    let answer = loop {
        let answer = upload(&mut client, overlapping.clone(), &text[have - 100..60_000]).await;
        if code(&answer) == 0 {
            break answer;
        }
        assert!(answer["ErrorInfo"].as_str().unwrap().contains("by another call"), "{answer}");
    };
    assert_eq!(answer["Bytes"], 60_000);
    drop(client);
    let server = Server::start_in(server.begin_stop().await, Setup::default()).await;
    let mut client = server.client().await;
    let rest = json!({ "JobId": job, "Offset": 60_000, "Complete": 1 });
    assert_eq!(code(&upload(&mut client, rest, &text[60_000..]).await), 0);
    done(&mut client, "landfall_import_svc/start_job", json!({ "JobId": job })).await;
    // Stopped whenever that is, it goes on by itself.
    drop(client);
    let server = Server::start_in(server.begin_stop().await, Setup::default()).await;
    let mut client = server.client().await;
    let found = reaches(&mut client, &job, &["done", "failed"]).await;
    assert_eq!((&found["State"], &found["Counts"]["Groups"]), (&json!("done"), &json!(400)), "{found}");
    assert_eq!(unread_and_groups(&mut client, "g399").await, (json!(2), json!(400)));
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_with_faults_are_left_out_and_named() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut text = file(3);
    text.push_str("no json\n");
    text.push_str(r#"{"t":"group","GroupId":"bad","Type":"Unheard","Name":"n"}"#);
    text.push('\n');
    done(
        &mut client,
        "group_open_http_svc/import_group",
        json!({ "Type": "Public", "GroupId": "g0", "Name": "n" }),
    )
    .await;
    let (job, counts) = run(&mut client, &text).await;
    let figures = ["Groups", "Kept", "LeftOut"].map(|name| counts[name].as_u64().unwrap());
    assert_eq!(figures, [2, 1, 2]);
    let rows = receipts(&mut client, &job).await;
    let left_out: Vec<_> = rows.iter().filter(|row| row["Result"] == "left_out").collect();
    assert_eq!(left_out.iter().map(|row| row["Line"].as_u64().unwrap()).collect::<Vec<_>>(), [19, 20]);
    assert!(left_out.iter().all(|row| row["Code"].as_str().is_some_and(|code| !code.is_empty())));
    drop(client);
    server.stop().await;
}
