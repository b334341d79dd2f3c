use super::compare;
use crate::stand_in::source::Source;
use crate::stand_in::{Group, StandIn, Troubles};
use landfall_migrate::import::ImportOptions;
use landfall_migrate::verify::{Both, Outcome};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const CREATED: u64 = 1_500_000_000;

fn message(key: u64, topic: Option<&str>) -> Value {
    let text = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("text {key}") } }]);
    let mut line = json!({
        "t": "message", "src": "test", "key": key.to_string(), "GroupId": "g", "From_Account": "u1",
        "SendTime": CREATED + 100 + key, "MsgBody": text
    });
    if let Some(topic) = topic {
        line["GroupId"] = "@TGS#_c".into();
        line["TopicId"] = topic.into();
    }
    line
}

/// A group with 50 messages and two members besides its owner, and a community.
fn lines() -> Vec<Value> {
    let topic = "@TGS#_c@TOPIC#_a";
    let mut lines = vec![
        json!({ "t": "account", "UserID": "u0" }),
        json!({ "t": "account", "UserID": "u1" }),
        json!({ "t": "account", "UserID": "u2" }),
        json!({ "t": "group", "GroupId": "g", "Type": "Public", "Name": "Chess", "Owner_Account": "u0", "CreateTime": CREATED }),
        json!({ "t": "member", "GroupId": "g", "Member_Account": "u1", "NameCard": "One" }),
        json!({ "t": "member", "GroupId": "g", "Member_Account": "u2", "JoinTime": CREATED + 9 }),
        json!({ "t": "read", "GroupId": "g", "Member_Account": "u1", "UnreadMsgNum": 7 }),
        json!({ "t": "group", "GroupId": "@TGS#_c", "Type": "Community", "Name": "Forum", "SupportTopic": 1, "CreateTime": CREATED }),
        json!({ "t": "topic", "GroupId": "@TGS#_c", "TopicId": topic, "TopicName": "Talk" }),
    ];
    lines.extend((1..=50).map(|key| message(key, None)));
    lines.extend((51..=53).map(|key| message(key, Some(topic))));
    lines
}

async fn imported(lines: &[Value]) -> (TempDir, PathBuf, StandIn) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let server = StandIn::start(Troubles::default(), crate::landfall()).await;
    let report = crate::import(&file, &server, &ImportOptions::beside(&file)).await;
    assert!(report.finished, "{report:?}");
    (directory, file, server)
}

/// The sentences about the groups after the server was changed.
async fn after(change: impl FnOnce(&StandIn)) -> Vec<String> {
    let (_directory, file, server) = imported(&lines()).await;
    change(&server);
    let (groups, _) = compare(&file, &server).await;
    groups.iter().map(|group| group.sentence()).collect()
}

fn with_group(server: &StandIn, id: &str, change: impl FnOnce(&mut Group)) {
    change(server.state().groups.get_mut(id).unwrap());
}

const FORUM: &str = "@TGS#_c: equal";

#[tokio::test]
async fn what_was_imported_is_equal() {
    let (_directory, file, server) = imported(&lines()).await;
    let (groups, report) = compare(&file, &server).await;
    assert!(groups.iter().all(|group| group.outcome == Outcome::Equal), "{groups:#?}");
    assert_eq!(report.messages, Both { file: 53, server: 53 });
    assert_eq!(report.members, Both { file: 3, server: 3 });
    // Where an answer has room for two rows only, everything is read page by page, and is the same.
    server.state().rows_max = Some(2);
    let (_, paged) = compare(&file, &server).await;
    assert_eq!(paged, report);
}

#[tokio::test]
async fn the_first_difference_of_each_group_is_named() {
    type Change = fn(&mut Group);
    let cases: [(Change, &str); 10] = [
        (
            |group| drop(group.profile.insert("Name".to_owned(), "Go".into())),
            r#"Name differs: file "Chess", server "Go""#,
        ),
        (
            |group| drop(group.profile.insert("Owner_Account".to_owned(), "u1".into())),
            r#"Owner_Account differs: file "u0", server "u1""#,
        ),
        (|group| drop(group.members.remove("u2")), r#"member "u2" is not on the server"#),
        (
            |group| drop(group.members.insert("u9".to_owned(), group.members["u2"].clone())),
            r#"member "u9" is on the server only"#,
        ),
        (
            |group| drop(group.members.get_mut("u1").unwrap().insert("NameCard".to_owned(), "Eins".into())),
            r#"member "u1": NameCard differs: file "One", server "Eins""#,
        ),
        (
            |group| group.talks.get_mut("").unwrap()[16].body[0]["MsgContent"]["Text"] = "other".into(),
            r#"message 17 (key 17): MsgBody[0].MsgContent.Text differs: file "text 17", server "other""#,
        ),
        (
            |group| group.talks.get_mut("").unwrap()[29].body = Value::Null,
            "message 30 (key 30) is not on the server",
        ),
        (
            |group| {
                let talk = group.talks.get_mut("").unwrap();
                let again = talk[4].clone();
                talk.insert(40, again);
            },
            "MsgSeq 41 is on the server only, before message 41 (key 41)",
        ),
        (|group| group.talks.get_mut("").unwrap().truncate(49), "message 50 (key 50) is not on the server"),
        (|group| group.unread.clear(), r#"member "u1": unread messages differs: file 7, server 0"#),
    ];
    for (change, expected) in cases {
        let sentences = after(|server| with_group(server, "g", change)).await;
        assert_eq!(sentences, [FORUM.to_owned(), format!("g: different: {expected}")]);
    }
}

#[tokio::test]
async fn groups_and_topics_that_are_gone_are_named() {
    let sentences = after(|server| drop(server.state().groups.remove("g"))).await;
    assert_eq!(sentences, [FORUM, "g: missing"]);
    let sentences = after(|server| with_group(server, "@TGS#_c", |group| group.topics.clear())).await;
    assert_eq!(
        sentences,
        [r#"@TGS#_c: different: topic "@TGS#_c@TOPIC#_a" is not on the server"#, "g: equal"]
    );
}

#[tokio::test]
async fn a_group_that_the_server_does_not_show_is_different() {
    let sentences = after(|server| server.state().closed = Some("g".to_owned())).await;
    assert_eq!(sentences, [FORUM, "g: different: the server answers 10007: refused by the stand-in"]);
}

#[tokio::test]
async fn what_an_import_left_out_is_left_out() {
    let mut lines = lines();
    for line in &mut lines {
        if line["key"] == "30" {
            line["From_Account"] = "".into();
        }
    }
    lines.push(json!({ "t": "group", "GroupId": "live", "Type": "AVChatRoom", "Name": "Live" }));
    lines.push(json!({ "t": "member", "GroupId": "live", "Member_Account": "u1" }));
    let (_directory, file, server) = imported(&lines).await;
    let (groups, report) = compare(&file, &server).await;
    assert!(report.is_equal(), "{groups:#?}");
    // A message without a sender, the 20 behind it, a group of a type that cannot be imported, and its member.
    assert_eq!((report.left_out, report.messages.file), (23, 32));
}

#[tokio::test]
async fn many_groups_are_equal_through_all_troubles() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    let source = Source::new(7, 40);
    source.write(&file);
    let server = StandIn::start(Troubles::new(7, 50), crate::landfall()).await;
    crate::import(&file, &server, &ImportOptions::beside(&file)).await;
    let (groups, report) = compare(&file, &server).await;
    assert!(report.is_equal(), "{groups:#?}");
    assert!(groups.is_sorted_by_key(|group| &group.group));
}
