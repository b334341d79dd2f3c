//! Exports that are converted again.

use super::{mattermost, stream};
use crate::format::{Member, Message, Record, Writer};
use crate::losses::Loss;
use crate::mapping::Mapping;
use crate::sources::{Format, Sink, convert};
use landfall_domain::limits::Limits;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Default)]
struct Collected(Vec<Record>);

impl Sink for Collected {
    fn record(&mut self, record: Record) -> io::Result<()> {
        self.0.push(record);
        Ok(())
    }

    fn fault(&mut self, fault: crate::fault::Fault) -> io::Result<()> {
        Err(io::Error::other(fault.message))
    }
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/exports")
}

fn converted(format: Format, path: &Path) -> Vec<Record> {
    let mut collected = Collected::default();
    convert(format, path, &Mapping::default(), &Limits::FAITHFUL, &mut collected).unwrap();
    collected.0
}

/// Writes records as a neutral file, and that in another format.
fn exported(
    records: &[Record],
    write: fn(&Path, &Path, &mut dyn Write) -> io::Result<Vec<Loss>>,
) -> (String, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("neutral.jsonl");
    let mut writer = Writer::create(&path).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    writer.finish().unwrap();
    let mut out = Vec::new();
    let losses = write(&path, directory.path(), &mut out).unwrap();
    let losses = losses.into_iter().map(|loss| format!("{} {}", loss.code, loss.count)).collect();
    (String::from_utf8(out).unwrap(), losses)
}

/// Groups, members, read marks and messages, in an order that does not depend on that of the file.
fn comparable(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<_> = records
        .iter()
        .filter(|record| !matches!(record, Record::Account(_) | Record::File(_)))
        .map(Record::line)
        .collect();
    lines.sort();
    lines
}

fn kinds(text: &str) -> Vec<String> {
    let kind = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
    };
    let mut kinds: Vec<_> = text.lines().map(kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_mattermost_export_that_is_written_back_is_the_same() {
    let records = converted(Format::Mattermost, &samples().join("mattermost"));
    let (text, losses) = exported(&records, mattermost::write);
    assert_eq!(losses, ["emails 1", "files 1", "join_times 9", "owners 2"]);
    assert_eq!(
        kinds(&text),
        ["version", "team", "channel", "user", "bot", "post", "direct_channel", "direct_post"]
    );
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("import.jsonl"), text).unwrap();
    let file = "data/20190304/teams/oven.png";
    fs::create_dir_all(directory.path().join(file).parent().unwrap()).unwrap();
    fs::copy(samples().join("mattermost").join(file), directory.path().join(file)).unwrap();
    let again = converted(Format::Mattermost, directory.path());
    let lost = r#"{"MsgContent":{"Download_Flag":2,"FileName":"lost.pdf","FileSize":0,"UUID":"20190304/teams/lost.pdf","Url":""},"MsgType":"TIMFileElem"}"#;
    let expected: Vec<_> =
        comparable(&records).into_iter().map(|line| line.replace(&format!(",{lost}"), "")).collect();
    let again: Vec<_> = comparable(&again)
        .into_iter()
        .map(|line| line.replace("The new oven\\nlost.pdf", "The new oven"))
        .collect();
    assert_eq!(again, expected);
}

#[test]
fn a_stream_export_that_is_written_back_is_the_same() {
    let records = converted(Format::Stream, &samples().join("stream"));
    let (text, losses) = exported(&records, stream::write);
    assert_eq!(losses, [""; 0]);
    assert_eq!(kinds(&text), ["user", "channel", "member", "message", "reaction"]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("import.jsonl");
    fs::write(&path, text).unwrap();
    assert_eq!(comparable(&converted(Format::Stream, &path)), comparable(&records));
}

fn text_message(key: &str, from: &str, ms: u64, text: &str) -> Record {
    let body = serde_json::json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
    Record::Message(Message {
        src: "v4:1".to_owned(),
        key: key.to_owned(),
        group_id: "@TGS#1 A".to_owned(),
        from: from.to_owned(),
        ts_ms: Some(ms),
        msg_body: body.into(),
        ..Message::default()
    })
}

/// What another v4 server has: odd ids, seconds only, replies before and without their thread.
fn of_another_server() -> Vec<Record> {
    let lines = [
        r#"{"t":"account","UserID":"Ann B","Nick":"Ann"}"#,
        r#"{"t":"group","GroupId":"@TGS#1 A","Type":"Public","Name":"Bread","Owner_Account":"Ann B","CreateTime":1551686000}"#,
        r#"{"t":"member","GroupId":"@TGS#1 A","Member_Account":"Ann B","Role":"Owner"}"#,
        r#"{"t":"member","GroupId":"@TGS#1 A","Member_Account":"ann-b","JoinTime":1551686000}"#,
        r#"{"t":"read","GroupId":"@TGS#1 A","Member_Account":"ann-b","read_key":"1"}"#,
        r#"{"t":"read","GroupId":"@TGS#1 A","Member_Account":"Ann B","UnreadMsgNum":0}"#,
    ];
    let mut records: Vec<_> = lines.iter().map(|line| Record::parse(line).unwrap()).collect();
    records.push(text_message("3", "ann-b", 1_551_686_400_000, "Yes"));
    records.push(text_message("2", "ann-b", 1_551_686_400_000, "Yes"));
    records.push(text_message("1", "Ann B", 1_551_686_300_000, "When?"));
    let Record::Message(reply) = text_message("4", "nobody", 1_551_686_299_000, "Before its thread") else {
        return records;
    };
    records.push(Record::Message(Message { thread: Some("1".to_owned()), ..reply.clone() }));
    records.push(Record::Message(Message { key: "5".to_owned(), thread: Some("0".to_owned()), ..reply }));
    records
}

#[test]
fn mattermost_gets_legal_names_and_no_two_posts_with_one_key() {
    let (text, losses) = exported(&of_another_server(), mattermost::write);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let users: Vec<_> =
        lines.iter().filter(|line| line["type"] == "user").map(|line| &line["user"]).collect();
    for user in &users {
        let name = user["username"].as_str().unwrap();
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte))
        );
        assert!(name.starts_with(|first: char| first.is_ascii_lowercase()), "{name}");
        assert!(user["email"].as_str().unwrap().ends_with("@example.invalid"));
    }
    assert_eq!(users[0]["teams"][0]["channels"][0]["last_viewed_at"], 1_551_686_400_000_u64);
    assert_eq!(users[1]["teams"][0]["channels"][0]["last_viewed_at"], 1_551_686_300_000_u64);
    let posts: Vec<_> =
        lines.iter().filter(|line| line["type"] == "post").map(|line| &line["post"]).collect();
    let times: Vec<_> = posts.iter().map(|post| post["create_at"].as_u64().unwrap()).collect();
    assert_eq!(times, [1_551_686_299_000, 1_551_686_300_000, 1_551_686_400_000, 1_551_686_400_001]);
    assert_eq!(posts[1]["replies"][0]["create_at"], 1_551_686_300_001_u64);
    assert_eq!(losses, ["emails 3", "ids 2", "join_times 1", "moved 2", "owners 1", "threads 1"]);
}

#[test]
fn stream_gets_legal_ids_and_replies_behind_their_thread() {
    let (text, losses) = exported(&of_another_server(), stream::write);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let items = |kind: &str| {
        lines.iter().filter(|line| line["type"] == kind).map(|line| line["item"].clone()).collect::<Vec<_>>()
    };
    let legal = |id: &serde_json::Value| {
        id.as_str().unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@_-".contains(&byte))
    };
    assert!(items("user").iter().all(|user| legal(&user["id"])));
    assert!(
        items("channel").iter().all(|channel| legal(&channel["id"]) && channel["created_by"].is_string())
    );
    assert!(items("message").iter().all(|message| legal(&message["id"]) && message["parent_id"].is_null()));
    assert_eq!(items("member")[1]["last_read"], "2019-03-04T07:58:20Z");
    assert_eq!(losses, ["ids 2", "threads 2", "types 1"]);
}

#[test]
fn a_file_without_records_makes_an_export_without_lines_of_things() {
    let (text, _) = exported(&[], mattermost::write);
    assert_eq!(kinds(&text), ["version"]);
    let member =
        Record::Member(Member { group_id: "g".to_owned(), account: "a".to_owned(), ..Member::default() });
    let (text, _) = exported(&[member], stream::write);
    assert_eq!(kinds(&text), ["user"]);
}
