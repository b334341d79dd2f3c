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

mod people;

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
    converted_by(format, path, &Mapping::default())
}

fn converted_by(format: Format, path: &Path, mapping: &Mapping) -> Vec<Record> {
    let mut collected = Collected::default();
    convert(format, path, mapping, &Limits::FAITHFUL, &mut collected).unwrap();
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

/// A community with a topic, its files and elements that the other formats have no place for.
const COMMUNITY: &[&str] = &[
    r#"{"t":"account","UserID":"ann","Nick":"Ann","FaceUrl":"https://a/b.png"}"#,
    r#"{"t":"file","key":"f1","path":"files/oven.png"}"#,
    r#"{"t":"group","GroupId":"@TGS#_c","Type":"Community","Name":"City","Introduction":"i","SupportTopic":1,"CreateTime":1551686000}"#,
    r#"{"t":"topic","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_t","TopicName":"Bread","CreateTime":1551686001}"#,
    r#"{"t":"member","GroupId":"@TGS#_c","Member_Account":"ann","Role":"Owner","NameCard":"A"}"#,
    r#"{"t":"message","key":"1","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_t","From_Account":"ann","SendTime":1551686400,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"See"}},{"MsgType":"TIMImageElem","MsgContent":{"UUID":"f1","ImageFormat":3,"ImageInfoArray":[{"Type":1,"Size":5,"Width":2,"Height":3,"URL":"file:f1"}]}},{"MsgType":"TIMFileElem","MsgContent":{"Url":"https://a/manual.pdf","FileName":"manual.pdf"}},{"MsgType":"TIMLocationElem","MsgContent":{"Desc":"Market","Latitude":48.5,"Longitude":16.25}},{"MsgType":"TIMCustomElem","MsgContent":{"Data":"{}","Desc":"a card"}}],"CloudCustomData":"c","reply_to":"0","reactions":[{"name":"+1","accounts":["ben"]}],"x":{"a":1}}"#,
];

#[test]
fn what_has_no_place_is_counted_or_becomes_a_text() {
    let records: Vec<_> = COMMUNITY.iter().map(|line| Record::parse(line).unwrap()).collect();
    let (text, losses) = exported(&records, mattermost::write);
    let post = text.lines().find(|line| line.starts_with(r#"{"type":"post""#)).unwrap();
    let post = serde_json::from_str::<serde_json::Value>(post).unwrap()["post"].take();
    assert_eq!(post["message"], "See\nMarket (48.5, 16.25)\na card\nmanual.pdf https://a/manual.pdf");
    assert_eq!(post["attachments"][0]["path"], "files/oven.png");
    assert!(post["channel"].as_str().unwrap().starts_with("tgs-_c-topic-_t-"), "{post}");
    assert_eq!(
        losses,
        [
            "custom_data 1",
            "elements 1",
            "emails 2",
            "extras 1",
            "files 1",
            "ids 1",
            "name_cards 1",
            "owners 1",
            "pictures 1",
            "quotes 1",
            "topics 1",
            "types 2"
        ]
    );
    let (text, losses) = exported(&records, stream::write);
    let message = text.lines().find(|line| line.contains(r#""type":"message""#)).unwrap();
    let item = serde_json::from_str::<serde_json::Value>(message).unwrap()["item"].take();
    assert_eq!(item["attachments"][0]["image_url"], "files/oven.png");
    assert_eq!(item["attachments"][1]["asset_url"], "https://a/manual.pdf");
    assert_eq!(item["quoted_message_id"].as_str().map(str::len), Some(32));
    assert_eq!(
        losses,
        [
            "custom_data 1",
            "elements 1",
            "extras 1",
            "ids 1",
            "name_cards 1",
            "notices 1",
            "paths 1",
            "topics 1",
            "types 1"
        ]
    );
}

/// How many groups, members and messages there are.
fn counts(records: &[Record]) -> [usize; 3] {
    let count = |is_one: fn(&Record) -> bool| records.iter().filter(|record| is_one(record)).count();
    [
        count(|record| matches!(record, Record::Group(_))),
        count(|record| matches!(record, Record::Member(_))),
        count(|record| matches!(record, Record::Message(_))),
    ]
}

#[test]
fn every_sample_is_written_in_both_formats_and_read_back_without_a_fault() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in ["slack", "mattermost", "stream", "discord", "telegram", "csv"] {
        let text = fs::read_to_string(golden.join(format!("{name}.jsonl"))).unwrap();
        let records: Vec<_> = text.lines().map(|line| Record::parse(line).unwrap()).collect();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        fs::write(&path, exported(&records, mattermost::write).0).unwrap();
        assert_eq!(counts(&converted(Format::Mattermost, &path)), counts(&records), "{name}");
        fs::write(&path, exported(&records, stream::write).0).unwrap();
        assert_eq!(counts(&converted(Format::Stream, &path)), counts(&records), "{name}");
    }
}

#[test]
fn an_archive_has_the_contents_of_attached_files() {
    let directory = tempfile::tempdir().unwrap();
    let neutral = directory.path().join("neutral.jsonl");
    fs::write(
        &neutral,
        concat!(
            r#"{"t":"group","key":"g","GroupId":"g","Type":"Public","Name":"G","Owner_Account":"ann"}"#,
            "\n",
            r#"{"t":"file","key":"f","path":"data/ab/Plan.png","FileName":"Plan.png","FileSize":3}"#,
            "\n",
            r#"{"t":"file","key":"lost","Url":"/files/7/ab/lost.png","FileName":"lost.png"}"#,
            "\n",
            r#"{"t":"message","key":"1","GroupId":"g","From_Account":"ann","SendTime":1600000000,"MsgBody":[{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:f","FileName":"Plan.png"}},{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:lost","FileName":"lost.png"}}]}"#,
            "\n"
        ),
    )
    .unwrap();
    fs::create_dir_all(directory.path().join("data/ab")).unwrap();
    fs::write(directory.path().join("data/ab/Plan.png"), "pic").unwrap();
    let archive = directory.path().join("out.zip");
    mattermost::write_archive(&neutral, directory.path(), fs::File::create(&archive).unwrap()).unwrap();
    let records = converted(Format::Mattermost, &archive);
    let files: Vec<_> = records
        .iter()
        .filter_map(|record| if let Record::File(file) = record { Some(file) } else { None })
        .collect();
    let [file] = &files[..] else { panic!("{records:?}") };
    let path = file.path.as_deref().unwrap();
    let mut zip = zip::ZipArchive::new(fs::File::open(&archive).unwrap()).unwrap();
    assert_eq!(io::read_to_string(zip.by_name(path).unwrap()).unwrap(), "pic");
    let said = records.iter().map(Record::line).find(|line| line.contains("lost.png")).unwrap();
    assert!(said.contains("lost.png /files/7/ab/lost.png"), "{said}");
}
