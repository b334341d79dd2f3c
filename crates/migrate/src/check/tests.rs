use super::*;
use crate::generate::{self, Planted, Shape};
use crate::sources::contents::Contents;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use std::fs;

const NOW: u64 = 1_700_000_000;

struct Checked {
    report: CheckReport,
    faults: Vec<Fault>,
    changes: Vec<Change>,
    groups: Vec<String>,
}

fn run(file: &Path, fix: Option<&Path>) -> Checked {
    run_against(ServerLimits::faithful(Timestamp(NOW)), file, fix)
}

fn run_against(server: ServerLimits, file: &Path, fix: Option<&Path>) -> Checked {
    let spill = tempfile::tempdir().unwrap();
    let (mut faults, mut changes, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    let mut on_event = |event| {
        match event {
            CheckEvent::Fault(fault) => faults.push(fault),
            CheckEvent::Change(change) => changes.push(change),
            CheckEvent::Group { id, .. } => groups.push(id),
            CheckEvent::Progress { checked, records } => assert!(checked <= records),
        }
        Ok(())
    };
    let contents = Contents::beside(file);
    let options = CheckOptions { fix, spill_directory: spill.path(), contents: &contents };
    let report = check(file, server, options, &mut on_event).unwrap();
    Checked { report, faults, changes, groups }
}

fn written(lines: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    (directory, path)
}

/// The corrected file, and what is changed.
fn fixed(lines: &[&str]) -> (String, Vec<String>) {
    let (directory, path) = written(lines);
    let fix = directory.path().join("b.jsonl");
    let changes = run(&path, Some(&fix)).changes;
    let again = run(&fix, None);
    assert_eq!(again.faults, [], "{lines:?}");
    assert_eq!(again.report.left_out, 0);
    let what = changes.into_iter().map(|change| format!("{}: {}", change.line, change.what));
    (fs::read_to_string(&fix).unwrap(), what.collect())
}

#[test]
fn every_fault_among_many_records_is_named_in_one_pass() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.jsonl");
    let faults = u64::try_from(3 * generate::kinds_of_faults()).unwrap();
    assert!(90 <= faults);
    let (lines, planted) = generate::write(&path, Shape::of_records(20_000, faults)).unwrap();
    let Checked { report, faults: found, .. } = run(&path, None);
    let mut found: Vec<_> =
        found.iter().map(|fault| (fault.line, fault.code, fault.field.clone().unwrap_or_default())).collect();
    found.sort();
    let planted: Vec<_> =
        planted.iter().map(|Planted { line, code, field }| (*line, *code, (*field).to_owned())).collect();
    assert_eq!(found, planted);
    assert_eq!((report.faults, report.faulty, report.left_out), (faults, faults, 0));
    assert!(20_000 < lines && lines < 21_100, "{lines}");
    assert_eq!(
        report.estimate.calls["group_open_http_svc/import_group"],
        report.records_by_kind["group"] - 39
    );
}

#[test]
fn a_corrected_file_has_what_could_be_mended_and_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let (path, fix) = (directory.path().join("a.jsonl"), directory.path().join("b.jsonl.zst"));
    let faults = u64::try_from(2 * generate::kinds_of_faults()).unwrap();
    let (lines, planted) = generate::write(&path, Shape::of_records(5_000, faults)).unwrap();
    let first = run(&path, Some(&fix));
    let again = run(&fix, None);
    assert_eq!(again.faults, []);
    assert_eq!(again.report.left_out, 0);
    assert_eq!(again.report.records, first.report.written);
    let left_out = first.changes.iter().filter(|change| change.left_out).count();
    assert!(left_out < planted.len() / 2, "{left_out} of {}", planted.len());
    let parts = 2;
    assert_eq!(first.report.written + u64::try_from(left_out).unwrap(), lines + parts);
    let changed: std::collections::BTreeSet<_> = first.changes.iter().map(|change| change.line).collect();
    // A message before its group is mended in the group.
    let in_its_own_line = |fault: &&Planted| (fault.code, fault.field) != ("bad_time", "SendTime");
    let unchanged: Vec<_> =
        planted.iter().filter(in_its_own_line).filter(|fault| !changed.contains(&fault.line)).collect();
    assert_eq!(unchanged, Vec::<&Planted>::new());
}

#[test]
fn a_name_is_cut_between_characters_and_kept_whole_beside_it() {
    let name = "Фонтан на площади 🏳️‍🌈 и сад";
    let group = format!(r#"{{"t":"group","GroupId":"g","Type":"Public","Name":"{name}"}}"#);
    let (file, changes) = fixed(&[&group]);
    assert!(file.contains(&format!(r#""Introduction":"{name}""#)), "{file}");
    assert_eq!(changes, [r#"1: Name becomes "Фонтан на площад""#]);
    let group = group.replace(r#""Name""#, r#""Introduction":"i","Name""#);
    let (file, _) = fixed(&[&group]);
    assert!(file.contains(&format!(r#""x":{{"Name":"{name}"}}"#)), "{file}");
}

#[test]
fn an_id_is_made_legal_everywhere() {
    let (file, changes) = fixed(&[
        r#"{"t":"account","UserID":"änn"}"#,
        r#"{"t":"group","GroupId":"c","Type":"Community","Name":"club","Owner_Account":"änn"}"#,
        r#"{"t":"topic","GroupId":"c","TopicId":"c@TOPIC#_t","TopicName":"t"}"#,
        r#"{"t":"member","GroupId":"c","Member_Account":"änn"}"#,
        r#"{"t":"message","GroupId":"c","TopicId":"c@TOPIC#_t","From_Account":"änn","SendTime":9,"MsgBody":[{"MsgType":"TIMFaceElem","MsgContent":{}}]}"#,
        r#"{"t":"read","GroupId":"c","TopicId":"c@TOPIC#_t","Member_Account":"änn","read_ms":9000}"#,
    ]);
    assert_eq!(file.lines().count(), 6);
    assert!(!file.contains('ä') && !file.contains(r#""c""#), "{file}");
    assert_eq!(changes.len(), 6, "{changes:?}");
}

#[test]
fn ids_that_another_server_generated_are_faults_only_where_the_server_does_not_take_them() {
    let (group, topic) = ("@TGS#_@TGS#cKX3MPIM62CB", "@TGS#_@TGS#cKX3MPIM62CB@TOPIC#_@TOPIC#cABCDEFGHIJK");
    let lines = [
        r#"{"t":"group","GroupId":"@TGS#2K2DAMMPV","Type":"Public","Name":"a"}"#.to_owned(),
        format!(r#"{{"t":"group","GroupId":"{group}","Type":"Community","Name":"b"}}"#),
        format!(r#"{{"t":"topic","GroupId":"{group}","TopicId":"{topic}","TopicName":"t"}}"#),
    ];
    let (directory, path) = written(&lines.each_ref().map(String::as_str));
    let codes: Vec<_> = run(&path, None).faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["group_id", "group_id", "topic_id"]);
    let server = ServerLimits::answered(&serde_json::json!({ "GeneratedIds": 1 }), Timestamp(NOW));
    let fix = directory.path().join("b.jsonl");
    let checked = run_against(server, &path, Some(&fix));
    assert_eq!((checked.faults.len(), checked.changes.len()), (0, 0), "{:?}", checked.faults);
    assert!(fs::read_to_string(&fix).unwrap().contains(topic));
}

#[test]
fn a_group_gives_way_to_what_happened_in_it() {
    let (file, changes) = fixed(&[
        r#"{"t":"group","GroupId":"g","Type":"Public","Name":"g","CreateTime":1000,"MaxMemberNum":1}"#,
        r#"{"t":"member","GroupId":"g","Member_Account":"a"}"#,
        r#"{"t":"member","GroupId":"g","Member_Account":"b"}"#,
        r#"{"t":"message","key":"1","GroupId":"g","From_Account":"a","SendTime":800,"MsgBody":[{"MsgType":"TIMFaceElem","MsgContent":{}}]}"#,
    ]);
    assert_eq!(changes, ["1: MaxMemberNum 1 becomes 2; CreateTime 1000 becomes 799"]);
    assert_eq!(file.lines().count(), 4);
}

#[test]
fn what_nobody_can_mend_is_left_out_with_its_reason() {
    let (file, changes) = fixed(&[
        r#"{"t":"group","GroupId":"g","Type":"Gang","Name":"g"}"#,
        r#"{"t":"member","GroupId":"g","Member_Account":"a"}"#,
        "oops",
        r#"{"t":"account","UserID":"a"}"#,
    ]);
    assert_eq!(file, "{\"t\":\"account\",\"UserID\":\"a\"}\n");
    assert_eq!(changes.len(), 3);
    assert!(changes[0].starts_with("3: is not a JSON object"), "{changes:?}");
    assert!(changes[1].starts_with(r#"1: left out: Type is "Gang""#), "{changes:?}");
    assert_eq!(changes[2], "2: left out, because its group, topic or member is");
}

#[test]
fn the_content_of_a_file_record_must_be_there() {
    let (directory, path) = written(&[
        r#"{"t":"file","key":"a","path":"a.png"}"#,
        r#"{"t":"file","key":"b","path":"b.png"}"#,
        r#"{"t":"file","key":"c","path":"c.png","Url":"https://c"}"#,
    ]);
    fs::write(directory.path().join("a.png"), "a").unwrap();
    let faults = run(&path, None).faults;
    assert_eq!(
        faults.iter().map(|fault| (fault.line, fault.code)).collect::<Vec<_>>(),
        [(2, "no_such_file")]
    );
}

#[test]
fn a_message_stays_and_names_the_file_that_is_left_out() {
    let (file, changes) = fixed(&[
        r#"{"t":"file","key":"b","path":"b.png"}"#,
        r#"{"t":"group","GroupId":"g","Type":"Public","Name":"g","CreateTime":1000}"#,
        r#"{"t":"message","key":"1","GroupId":"g","From_Account":"a","SendTime":2000,"MsgBody":[{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:b"}}]}"#,
    ]);
    assert_eq!(
        changes,
        ["1: left out: its content is not there", "3: a text names the file that is not there"]
    );
    assert!(file.contains(r#""Text":"[file that is not there: b.png]""#), "{file}");
    assert_eq!(file.lines().count(), 2);
}

#[test]
fn a_file_without_a_record_has_a_fault() {
    let (_directory, path) = written(&[]);
    let Checked { report, faults, .. } = run(&path, None);
    assert_eq!(report.records, 0);
    assert_eq!(faults[0].code, "empty");
}

/// Lines of docs/format.md that begin like this.
fn of_the_page(start: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format.md");
    let page = fs::read_to_string(path).unwrap();
    page.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn the_example_of_the_page_has_no_fault() {
    let lines = of_the_page("{\"t\":");
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (directory, path) = written(&lines);
    fs::create_dir(directory.path().join("files")).unwrap();
    fs::write(directory.path().join("files/board.png"), "png").unwrap();
    let Checked { report, faults, groups, .. } = run(&path, None);
    assert_eq!(faults, []);
    assert_eq!(groups, ["@TGS#_openings", "chess"]);
    assert_eq!(usize::try_from(report.records).unwrap(), lines.len());
    assert_eq!(report.records_by_kind.len(), Kind::ALL.len());
}

#[test]
fn the_custom_data_of_the_page_is_what_a_message_carries() {
    let text = of_the_page("{\"landfall\":").concat();
    let message = crate::format::Message { cloud_custom_data: Some(text.clone()), ..Default::default() };
    let message = crate::format::custom::unfold(message);
    assert_eq!((message.key.as_str(), message.thread.as_deref()), ("C1:1.000002", Some("C1:1.000001")));
    assert_eq!(crate::format::custom::fold(&message, 4_096).text, Some(text));
}

/// Records of all kinds, whose values are right, wrong or missing.
fn any_line() -> impl Strategy<Value = String> {
    let word = |words: &'static [&'static str]| proptest::sample::select(words);
    let id = word(&["g", "h", "@TGS#_c", "c", "ö", ""]);
    let topic = word(&["", "t", "@TGS#_c@TOPIC#_t", "c@TOPIC#_t", "g@TOPIC#_t"]);
    let account = word(&["ann", "ben", "änn", "", "an account whose name is far too long for any"]);
    let time = word(&["0", "1", "5", "1000", "1600000000", "1700000000", "5000000000"]);
    let text = word(&["", "n", "A name that is far too long for the API, which takes 30 bytes"]);
    let kind = word(&["Public", "Private", "ChatRoom", "Community", "AVChatRoom", "x"]);
    let role = word(&["", "Owner", "Admin", "Member", "x"]);
    let key = word(&["", "1", "2"]);
    let body = word(&[
        "[]",
        "null",
        r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#,
        r#"[{"MsgType":"TIMTextElem","MsgContent":{}}]"#,
        r#"[{"MsgType":"TIMFileElem","MsgContent":{"Url":"file:1"}}]"#,
    ]);
    (0..7_u8, id, topic, account, (time.clone(), time), (text, kind), (role, key), body).prop_map(
        |(record, id, topic, account, (time, other), (text, kind), (role, key), body)| match record {
            0 => format!(r#"{{"t":"account","UserID":"{account}","Nick":"{text}"}}"#),
            1 => format!(r#"{{"t":"file","key":"{key}","path":"{text}","Url":"https://a"}}"#),
            2 => format!(
                r#"{{"t":"group","GroupId":"{id}","Type":"{kind}","Name":"{text}","Owner_Account":"{account}","CreateTime":{time},"MaxMemberNum":{},"SupportTopic":{}}}"#,
                key.len() * 2,
                role.len() % 3
            ),
            3 => format!(r#"{{"t":"topic","GroupId":"{id}","TopicId":"{topic}","TopicName":"{text}","CreateTime":{time}}}"#),
            4 => format!(r#"{{"t":"member","GroupId":"{id}","Member_Account":"{account}","Role":"{role}","JoinTime":{time},"NameCard":"{text}"}}"#),
            5 => format!(r#"{{"t":"message","key":"{key}","GroupId":"{id}","TopicId":"{topic}","From_Account":"{account}","SendTime":{time},"ts_ms":{other}000,"MsgBody":{body}}}"#),
            _ => format!(r#"{{"t":"read","GroupId":"{id}","TopicId":"{topic}","Member_Account":"{account}","read_ms":{time}}}"#),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn a_corrected_file_never_has_a_fault(lines in proptest::collection::vec(any_line(), 1..40)) {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let (directory, path) = written(&lines);
        let fix = directory.path().join("b.jsonl");
        let first = run(&path, Some(&fix));
        if 0 < first.report.written {
            let again = run(&fix, None);
            prop_assert_eq!(again.faults, []);
            prop_assert_eq!(again.report.left_out, 0);
            let third = directory.path().join("c.jsonl");
            prop_assert_eq!(run(&fix, Some(&third)).changes, []);
        }
    }
}
