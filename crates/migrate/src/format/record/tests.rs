use super::*;
use crate::format::{CustomValue, FieldValue, Json, Reaction, TagValue};
use serde_json::{Value, json};

fn custom() -> Vec<CustomValue> {
    vec![CustomValue { key: "OldRoomNo".to_owned(), value: "4711".to_owned() }]
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// One record of each kind, with every member.
pub(super) fn full() -> Vec<Record> {
    vec![
        Record::Account(account()),
        Record::File(file()),
        Record::Friend(friend()),
        Record::Block(block()),
        Record::Group(group()),
        Record::Topic(topic()),
        Record::Member(member()),
        Record::Message(message()),
        Record::Read(read()),
    ]
}

fn src() -> String {
    "slack:T1".to_owned()
}

fn key() -> String {
    "C1:1.000001".to_owned()
}

fn x() -> Option<Json> {
    Some(Json::from(json!({ "pins": ["a"] })))
}

fn account() -> Account {
    Account {
        src: src(),
        key: key(),
        user_id: "ann".to_owned(),
        nick: some("Ann"),
        face_url: some("https://a"),
        profile: tags(),
        x: x(),
    }
}

fn tags() -> Vec<TagValue> {
    let tag = |name: &str, value| TagValue { tag: name.to_owned(), value };
    vec![
        tag("Tag_Profile_IM_Gender", FieldValue::Text("Gender_Type_Female".to_owned())),
        tag("Tag_Profile_IM_Level", FieldValue::Number(7)),
    ]
}

fn friend() -> Friend {
    Friend {
        src: src(),
        key: key(),
        account: "ann".to_owned(),
        friend: "ben".to_owned(),
        remark: some("Benny"),
        remark_time: Some(1),
        lists: vec!["chess".to_owned()],
        add_source: some("AddSource_Type_Import"),
        add_wording: some("hi"),
        add_time: Some(2),
        custom_item: vec![TagValue { tag: "Tag_SNS_Custom_Since".to_owned(), value: FieldValue::Number(7) }],
        x: x(),
    }
}

fn block() -> Block {
    Block {
        src: src(),
        key: key(),
        account: "ann".to_owned(),
        blocked: "cy".to_owned(),
        add_time: Some(2),
        x: x(),
    }
}

fn file() -> File {
    File {
        src: src(),
        key: key(),
        path: some("files/a.png"),
        url: some("https://a"),
        file_name: some("a.png"),
        file_size: Some(7),
        x: x(),
    }
}

fn group() -> Group {
    Group {
        src: src(),
        key: key(),
        group_id: "C1".to_owned(),
        kind: "Public".to_owned(),
        name: "general".to_owned(),
        owner: some("ann"),
        introduction: some("i"),
        notification: some("n"),
        face_url: some("f"),
        max_member_num: Some(10),
        apply_join_option: some("FreeAccess"),
        history_msg_before_join: some("On"),
        create_time: Some(1),
        support_topic: Some(1),
        app_defined_data: custom(),
        x: x(),
    }
}

fn topic() -> Topic {
    Topic {
        src: src(),
        key: key(),
        group_id: "C1".to_owned(),
        topic_id: "C1@TOPIC#_t".to_owned(),
        topic_name: "t".to_owned(),
        introduction: some("i"),
        notification: some("n"),
        face_url: some("f"),
        custom_string: some("c"),
        create_time: Some(1),
        x: x(),
    }
}

fn member() -> Member {
    Member {
        src: src(),
        key: key(),
        group_id: "C1".to_owned(),
        account: "ann".to_owned(),
        role: some("Admin"),
        join_time: Some(2),
        name_card: some("A"),
        mute_until: Some(3),
        app_member_defined_data: custom(),
        x: x(),
    }
}

fn message() -> Message {
    Message {
        src: src(),
        key: key(),
        group_id: "C1".to_owned(),
        topic_id: some("C1@TOPIC#_t"),
        from: "ann".to_owned(),
        to: some("ben"),
        send_time: Some(2),
        ts_ms: Some(2_001),
        random: Some(9),
        msg_seq: Some(5),
        msg_body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }]).into(),
        cloud_custom_data: some("c"),
        thread: some("C1:0"),
        reply_to: some("C1:0"),
        reactions: vec![Reaction { name: "+1".to_owned(), accounts: vec!["ben".to_owned()] }],
        edited_ms: Some(3),
        x: x(),
    }
}

fn read() -> Read {
    Read {
        src: src(),
        key: key(),
        group_id: "C1".to_owned(),
        topic_id: some("C1@TOPIC#_t"),
        account: "ann".to_owned(),
        peer: some("ben"),
        read_ms: Some(1),
        read_key: some("C1:0"),
        unread_msg_num: Some(1),
        x: x(),
    }
}

#[test]
fn every_record_is_read_as_it_was_written() {
    for record in full() {
        assert_eq!(Record::parse(&record.line()).as_ref(), Ok(&record));
    }
}

#[test]
fn every_member_that_is_written_is_known() {
    for record in full() {
        let Ok(Value::Object(members)) = serde_json::from_str(&record.line()) else { panic!("no object") };
        let aliases = ["Identifier", "MaxMemberCount", "ShutUpUntil"];
        let known = record.kind().members();
        assert!(members.keys().all(|member| member == "t" || known.contains(&member.as_str())));
        assert!(known.iter().all(|member| members.contains_key(*member) || aliases.contains(member)));
    }
}

#[test]
fn the_older_names_of_the_api_are_read_too() {
    let parsed =
        Record::parse(r#"{"t":"group","GroupId":"g","Type":"Public","Name":"n","MaxMemberCount":7}"#);
    let Ok(Record::Group(group)) = parsed else { panic!("{parsed:?}") };
    assert_eq!(group.max_member_num, Some(7));
    assert!(matches!(Record::parse(r#"{"t":"msg","MsgBody":[]}"#), Ok(Record::Message(_))));
}

#[test]
fn records_are_brought_in_with_those_they_belong_to() {
    let bundle = |line: &str| Record::parse(line).unwrap().bundle().map(Cow::into_owned);
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(bundle(r#"{"t":"account","UserID":"a"}"#), None);
    assert_eq!(bundle(r#"{"t":"friend","From_Account":"ann","To_Account":"ben"}"#), named("ann\t"));
    assert_eq!(bundle(r#"{"t":"block","From_Account":"ann","To_Account":"cy"}"#), named("ann\t"));
    for line in [
        r#"{"t":"message","From_Account":"ben","To_Account":"ann","MsgBody":[]}"#,
        r#"{"t":"message","From_Account":"ann","To_Account":"ben","MsgBody":[]}"#,
        r#"{"t":"read","Member_Account":"ben","Peer_Account":"ann"}"#,
    ] {
        assert_eq!(bundle(line), named("ann\tben"));
    }
    assert_eq!(
        bundle(r#"{"t":"message","GroupId":"g","From_Account":"a","To_Account":"","MsgBody":[]}"#),
        named("g")
    );
}

#[test]
fn a_line_that_is_no_record_says_why() {
    for (line, problem) in [
        ("", "is not a JSON object: EOF while parsing a value at line 1 column 0"),
        ("[]", "is not a JSON object: invalid type: sequence, expected an object at line 1 column 0"),
        ("{}", "has no t; it is one of account, file, friend, block, group, topic, member, message, read"),
        (
            r#"{"t":"buddy"}"#,
            "has t \"buddy\"; it is one of account, file, friend, block, group, topic, member, message, read",
        ),
        (
            r#"{"t":"account","UserId":"a"}"#,
            "has the member UserId, which records of t account do not have; put it into x to keep it",
        ),
        (r#"{"t":"message","SendTime":"1"}"#, "SendTime: invalid type: string \"1\", expected u64"),
        (
            r#"{"t":"member","AppMemberDefinedData":[{"Key":1}]}"#,
            "AppMemberDefinedData[0].Key: invalid type: integer `1`, expected a string",
        ),
    ] {
        let error = Record::parse(line).expect_err(line);
        assert_eq!(error.to_string(), problem);
    }
}
