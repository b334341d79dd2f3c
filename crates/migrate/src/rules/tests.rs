use super::*;
use crate::ordered::Ordered;
use landfall_domain::fields::{FieldKey, FieldRule};
use landfall_domain::group::GroupType;
use landfall_domain::time::Timestamp;
use std::fs;

const NOW: u64 = 1_700_000_000;

fn server() -> ServerLimits {
    let rule = |key: &str, writable| FieldRule {
        key: FieldKey::parse(key).unwrap(),
        types: vec![GroupType::Public],
        writable,
    };
    ServerLimits {
        group_fields: Some(vec![rule("Room", true), rule("Locked", false)]),
        ..ServerLimits::faithful(Timestamp(NOW))
    }
}

/// Line, code and field of every fault, and the lines that are left out.
fn checked(lines: &[&str]) -> (Vec<(u64, &'static str, String)>, Vec<u64>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    let ordered = Ordered::read(&path, directory.path(), |fault, _| panic!("{fault:?}")).unwrap();
    let (mut faults, mut left_out) = (Vec::new(), Vec::new());
    let mut checker = Checker::new(server());
    for entry in ordered {
        let entry = entry.unwrap();
        match checker.check(&entry) {
            Verdict::Fine => {}
            Verdict::LeftOut => left_out.push(entry.line),
            Verdict::Faulty(found) => {
                assert!(found.iter().all(|fault| fault.record == Some(entry.record.kind().as_str())));
                faults.extend(
                    found.into_iter().map(|fault| (fault.line, fault.code, fault.field.unwrap_or_default())),
                );
            }
        }
    }
    (faults, left_out)
}

/// Groups, members and messages without a fault; what a test adds is line 15.
const GOOD: [&str; 14] = [
    r#"{"t":"account","UserID":"ann","Nick":"Ann"}"#,
    r#"{"t":"file","src":"s","key":"F1","path":"files/a.png"}"#,
    r#"{"t":"group","GroupId":"g","Type":"Public","Name":"g","Owner_Account":"ann","CreateTime":1000,"MaxMemberNum":3}"#,
    r#"{"t":"group","GroupId":"@TGS#_c","Type":"Community","Name":"c"}"#,
    r#"{"t":"topic","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_t","TopicName":"t"}"#,
    r#"{"t":"member","GroupId":"g","Member_Account":"ann","Role":"Owner","JoinTime":1000}"#,
    r#"{"t":"member","GroupId":"g","Member_Account":"ben","Role":"Admin","JoinTime":1000}"#,
    r#"{"t":"member","GroupId":"g","Member_Account":"cid"}"#,
    r#"{"t":"member","GroupId":"@TGS#_c","Member_Account":"ben"}"#,
    r#"{"t":"message","src":"s","key":"1","GroupId":"g","From_Account":"ann","SendTime":1001,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#,
    r#"{"t":"message","src":"s","key":"2","GroupId":"g","From_Account":"gone","ts_ms":1001500,"reply_to":"0","MsgBody":[{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:F1"}}]}"#,
    r#"{"t":"message","src":"s","key":"3","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_t","From_Account":"ben","SendTime":7,"MsgBody":[{"MsgType":"TIMFaceElem","MsgContent":{"Index":1}}]}"#,
    r#"{"t":"read","src":"s","GroupId":"g","Member_Account":"ben","read_key":"1"}"#,
    r#"{"t":"read","GroupId":"g","Member_Account":"ann","UnreadMsgNum":0}"#,
];

/// The faults of line 15.
fn found(line: &str) -> Vec<(&'static str, String)> {
    let mut lines = GOOD.to_vec();
    lines.push(line);
    let (faults, _) = checked(&lines);
    assert!(faults.iter().all(|(number, ..)| *number == 15), "{line}: {faults:?}");
    faults.into_iter().map(|(_, code, field)| (code, field)).collect()
}

fn assert_each(cases: &[(&str, &str, &str)]) {
    for (line, code, field) in cases {
        assert_eq!(found(line), [(*code, (*field).to_owned())], "{line}");
    }
}

#[test]
fn records_without_faults_are_fine() {
    assert_eq!(checked(&GOOD), (Vec::new(), Vec::new()));
}

#[test]
fn accounts_and_files_are_checked() {
    let long = format!(r#"{{"t":"account","UserID":"x","Nick":"{}"}}"#, "n".repeat(501));
    assert_each(&[
        (r#"{"t":"account"}"#, "missing", "UserID"),
        (r#"{"t":"account","UserID":"änn"}"#, "account_name", "UserID"),
        (r#"{"t":"account","UserID":"ann"}"#, "duplicate", "UserID"),
        (&long, "length", "Nick"),
        (r#"{"t":"file","path":"a"}"#, "missing", "key"),
        (r#"{"t":"file","key":"F2"}"#, "missing", "path"),
        (r#"{"t":"file","key":"F2","path":"../../etc/passwd"}"#, "bad_path", "path"),
        (r#"{"t":"file","src":"s","key":"F1","path":"b"}"#, "duplicate", "key"),
    ]);
}

fn group(members: &str) -> String {
    format!(r#"{{"t":"group","GroupId":"h","Type":"Public","Name":"h",{members}}}"#)
}

#[test]
fn groups_are_checked() {
    let fields = |values: &str| group(&format!(r#""AppDefinedData":[{values}]"#));
    let many: Vec<_> = (0..21).map(|key| format!(r#"{{"Key":"K{key}","Value":""}}"#)).collect();
    let long = |member: &str, bytes: usize| group(&format!(r#""{member}":"{}""#, "x".repeat(bytes)));
    assert_each(&[
        (r#"{"t":"group","Type":"Public","Name":"n"}"#, "missing", "GroupId"),
        (r#"{"t":"group","GroupId":"h","Name":"n"}"#, "missing", "Type"),
        (r#"{"t":"group","GroupId":"h","Type":"Public"}"#, "missing", "Name"),
        (r#"{"t":"group","GroupId":"h","Type":"public","Name":"n"}"#, "unknown_word", "Type"),
        (r#"{"t":"group","GroupId":"h","Type":"AVChatRoom","Name":"n"}"#, "type_not_importable", "Type"),
        (r#"{"t":"group","GroupId":"hö","Type":"Public","Name":"n"}"#, "group_id", "GroupId"),
        (r#"{"t":"group","GroupId":"h","Type":"Community","Name":"n"}"#, "group_id", "GroupId"),
        (r#"{"t":"group","GroupId":"g","Type":"Public","Name":"n"}"#, "duplicate", "GroupId"),
        (&long("Introduction", 241), "length", "Introduction"),
        (&long("Notification", 301), "length", "Notification"),
        (&long("FaceUrl", 101), "length", "FaceUrl"),
        (&group(r#""Owner_Account":"ö""#), "account_name", "Owner_Account"),
        (&group(r#""MaxMemberNum":6001"#), "too_large", "MaxMemberNum"),
        (&group(r#""ApplyJoinOption":"Free""#), "unknown_word", "ApplyJoinOption"),
        (&group(r#""SupportTopic":2"#), "too_large", "SupportTopic"),
        (&group(r#""CreateTime":1700000000"#), "bad_time", "CreateTime"),
        (&fields(r#"{"Key":"Other","Value":""}"#), "field_not_enabled", "AppDefinedData[0].Key"),
        (&fields(r#"{"Key":"Locked","Value":""}"#), "field_not_enabled", "AppDefinedData[0].Key"),
        (&fields(r#"{"Key":"a b","Value":""}"#), "field_key", "AppDefinedData[0].Key"),
        (&fields(r#"{"Key":"Room"},{"Key":" Room"}"#), "duplicate", "AppDefinedData[1].Key"),
        (
            &fields(&format!(r#"{{"Key":"Room","Value":"{}"}}"#, "x".repeat(513))),
            "length",
            "AppDefinedData[0].Value",
        ),
    ]);
    let too_many = found(&fields(&many.join(",")));
    assert_eq!(too_many.first(), Some(&("too_many", "AppDefinedData".to_owned())));
    let name = group(r#""key":"k""#).replace(r#""Name":"h""#, &format!(r#""Name":"{}""#, "n".repeat(31)));
    assert_each(&[(&name, "length", "Name")]);
}

#[test]
fn topics_are_checked() {
    let topic = |group: &str, id: &str| {
        format!(r#"{{"t":"topic","GroupId":"{group}","TopicId":"{id}","TopicName":"t"}}"#)
    };
    let community = "@TGS#_c";
    let with = |members: &str| {
        format!(r#"{{"t":"topic","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_u",{members}}}"#)
    };
    assert_each(&[
        (&topic("nowhere", "nowhere@TOPIC#_t"), "no_such_group", "GroupId"),
        (&topic("g", "g@TOPIC#_t"), "no_topics", "TopicId"),
        (&topic(community, ""), "missing", "TopicId"),
        (&topic(community, "t"), "topic_id", "TopicId"),
        (&topic(community, "@TGS#_c@TOPIC#_t"), "duplicate", "TopicId"),
        (&with(r#""TopicName":"""#), "missing", "TopicName"),
        (&with(r#""TopicName":"u","CreateTime":1700000001"#), "bad_time", "CreateTime"),
        (
            &with(&format!(r#""TopicName":"u","CustomString":"{}""#, "x".repeat(3_001))),
            "length",
            "CustomString",
        ),
    ]);
}

#[test]
fn members_are_checked() {
    let member = |account: &str, members: &str| {
        format!(r#"{{"t":"member","GroupId":"@TGS#_c","Member_Account":"{account}"{members}}}"#)
    };
    assert_each(&[
        (r#"{"t":"member","GroupId":"none","Member_Account":"a"}"#, "no_such_group", "GroupId"),
        (r#"{"t":"member","Member_Account":"a"}"#, "missing", "GroupId"),
        (&member("", ""), "missing", "Member_Account"),
        (&member("é", ""), "account_name", "Member_Account"),
        (&member("ben", ""), "duplicate", "Member_Account"),
        (&member("dan", r#","Role":"Chief""#), "unknown_word", "Role"),
        (&member("dan", r#","JoinTime":1700000000"#), "bad_time", "JoinTime"),
        (
            &member("dan", r#","NameCard":"0123456789012345678901234567890123456789012345678901""#),
            "length",
            "NameCard",
        ),
        (&member("dan", r#","MuteUntil":4294967296"#), "too_large", "MuteUntil"),
        (r#"{"t":"member","GroupId":"g","Member_Account":"dan"}"#, "group_full", "Member_Account"),
    ]);
}

#[test]
fn a_group_has_one_owner_and_only_the_roles_of_its_type() {
    let lines = [
        r#"{"t":"group","GroupId":"p","Type":"Private","Name":"p"}"#,
        r#"{"t":"member","GroupId":"p","Member_Account":"ann","Role":"Owner"}"#,
        r#"{"t":"member","GroupId":"p","Member_Account":"ben","Role":"Owner"}"#,
        r#"{"t":"member","GroupId":"p","Member_Account":"cid","Role":"Admin"}"#,
    ];
    let (faults, _) = checked(&lines);
    assert_eq!(faults, [3, 4].map(|line| (line, "role_not_allowed", "Role".to_owned())));
}

#[test]
fn messages_are_checked() {
    let text = r#""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#;
    let message =
        |members: &str| format!(r#"{{"t":"message","GroupId":"g","From_Account":"ann",{members}}}"#);
    let long = "x".repeat(12_300);
    assert_each(&[
        (&message(text), "missing", "SendTime"),
        (&message(&format!(r#""SendTime":999,{text}"#)), "bad_time", "SendTime"),
        (&message(&format!(r#""SendTime":1700000000,{text}"#)), "bad_time", "SendTime"),
        (&message(&format!(r#""SendTime":1002,"ts_ms":1001999,{text}"#)), "bad_time", "SendTime"),
        (&message(&format!(r#""SendTime":1002,"TopicId":"g@TOPIC#_t",{text}"#)), "no_such_topic", "TopicId"),
        (&message(&format!(r#""SendTime":1002,"src":"s","key":"1",{text}"#)), "duplicate", "key"),
        (&message(r#""SendTime":1002"#), "message_body", "MsgBody"),
        (&message(r#""SendTime":1002,"MsgBody":[{"MsgType":"Text"}]"#), "message_body", "MsgBody[0].MsgType"),
        (
            &message(&format!(r#""SendTime":1002,{}"#, text.replace("hi", &long))),
            "message_too_long",
            "MsgBody",
        ),
        (
            &message(
                r#""SendTime":1002,"MsgBody":[{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:F1"}}]"#,
            ),
            "no_such_file",
            "MsgBody",
        ),
        (&format!(r#"{{"t":"message","GroupId":"g","SendTime":1002,{text}}}"#), "missing", "From_Account"),
        (
            &format!(r#"{{"t":"message","GroupId":"none","From_Account":"a","SendTime":1002,{text}}}"#),
            "no_such_group",
            "GroupId",
        ),
    ]);
    let without_room = format!(r#""SendTime":1002,"x":"{long}",{text}"#);
    assert_eq!(found(&message(&without_room)), []);
}

#[test]
fn read_marks_are_checked() {
    let read = |members: &str| format!(r#"{{"t":"read","GroupId":"g",{members}}}"#);
    assert_each(&[
        (&read(r#""Member_Account":"cid""#), "missing", "read_ms"),
        (&read(r#""Member_Account":"dan","read_ms":1"#), "no_such_member", "Member_Account"),
        (&read(r#""Member_Account":"cid","src":"s","read_key":"9""#), "no_such_message", "read_key"),
        (&read(r#""Member_Account":"ann","read_ms":1"#), "duplicate", "Member_Account"),
        (&read(r#""Member_Account":"cid","TopicId":"t","read_ms":1"#), "no_such_topic", "TopicId"),
        (r#"{"t":"read","GroupId":"none","Member_Account":"cid","read_ms":1}"#, "no_such_group", "GroupId"),
    ]);
}

#[test]
fn what_belongs_to_a_record_with_a_fault_is_left_out_and_no_fault() {
    let mut lines = GOOD.to_vec();
    lines[2] = r#"{"t":"group","GroupId":"g","Type":"Private","Name":"","CreateTime":1000}"#;
    lines[4] = r#"{"t":"topic","GroupId":"@TGS#_c","TopicId":"@TGS#_c@TOPIC#_t","TopicName":""}"#;
    lines[6] = r#"{"t":"member","GroupId":"g","Member_Account":"ben","Role":"Admin"}"#;
    let (faults, left_out) = checked(&lines);
    assert_eq!(
        faults,
        [
            (5, "missing", "TopicName".to_owned()),
            (3, "missing", "Name".to_owned()),
            (7, "role_not_allowed", "Role".to_owned()),
        ]
    );
    assert_eq!(left_out, [12, 6, 8, 10, 11, 14, 13]);
}

#[test]
fn every_fault_says_what_it_is_about_in_a_sentence() {
    let mut checker = Checker::new(server());
    let record =
        Record::parse(r#"{"t":"member","src":"slack:T1","key":"C1:U1","GroupId":"g","Member_Account":"é"}"#);
    let Verdict::Faulty(faults) =
        checker.check(&Entry { line: 7, record: record.unwrap(), outline: Default::default() })
    else {
        panic!("no fault")
    };
    let [group, account] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!(group.message, r#"no group record has the GroupId "g""#);
    assert_eq!((account.line, account.name.as_str()), (7, "slack:T1 C1:U1"));
    assert_eq!(account.message, r#"Member_Account "é" is not 1 to 32 bytes of printable ASCII"#);
    assert_eq!(account.limit, Some(32));
    assert!(account.fix.as_ref().is_some_and(|fix| fix.starts_with("the account becomes ")));
}

#[test]
fn a_blocklist_has_others_each_once_and_no_more_than_allowed() {
    let block = |other: &str| format!(r#"{{"t":"block","From_Account":"ann","To_Account":"{other}"}}"#);
    let late = r#"{"t":"block","From_Account":"ben","To_Account":"ann","AddTime":4294967296}"#;
    let mut lines: Vec<_> = (0..1_000).map(|number| block(&format!("a{number:03}"))).collect();
    lines.extend([block("ann"), block("a000"), block("z"), late.to_owned()]);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (faults, left_out) = checked(&lines);
    let fault = |line, code, field: &str| (line, code, field.to_owned());
    let mut expected = [
        fault(1_001, "account_name", "To_Account"),
        fault(1_002, "duplicate", "To_Account"),
        fault(1_003, "too_many", "To_Account"),
        fault(1_004, "too_large", "AddTime"),
    ];
    expected.sort();
    let mut faults = faults;
    faults.sort();
    assert_eq!((faults.as_slice(), left_out.len()), (&expected[..], 0));
}
