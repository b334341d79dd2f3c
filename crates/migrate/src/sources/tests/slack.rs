use super::{Collected, convert_path};
use crate::sources::{ConvertError, Converted, Format};
use proptest::prelude::*;
use std::fs;
use std::io::Write as _;
use std::path::Path;

const USERS: (&str, &str) = ("users.json", r#"[{"id":"U1","name":"ann"},{"id":"U2","name":"ben"}]"#);
const CHANNELS: (&str, &str) = (
    "channels.json",
    r#"[{"id":"C1","name":"general","created":1000,"creator":"U1","members":["U1","U2"]}]"#,
);

fn write(folder: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Converts an export of users and one channel, and the files given.
fn slack(files: &[(&str, &str)]) -> (Collected, Converted) {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    slack_of_bytes(&files)
}

fn slack_of_bytes(files: &[(&str, &[u8])]) -> (Collected, Converted) {
    let directory = tempfile::tempdir().unwrap();
    let usual = [USERS, CHANNELS].map(|(name, text)| (name, text.as_bytes()));
    write(directory.path(), &usual);
    write(directory.path(), files);
    convert_path(Format::Slack, directory.path(), "").unwrap()
}

/// A day of messages, each as its members.
fn day(messages: &[&str]) -> String {
    let messages: Vec<String> =
        messages.iter().map(|members| format!(r#"{{"type":"message",{members}}}"#)).collect();
    format!("[{}]", messages.join(","))
}

fn losses(converted: &Converted) -> Vec<String> {
    let counted = converted.losses.iter().filter(|loss| loss.count != 0);
    counted.map(|loss| format!("{} {}", loss.code, loss.count)).collect()
}

/// The code of each fault, and the file that it is in.
fn codes(collected: &Collected) -> Vec<(&'static str, &str)> {
    collected
        .faults
        .iter()
        .map(|fault| (fault.code, fault.message.split([',', ':']).next().unwrap_or_default()))
        .collect()
}

const DAY: &str = "general/2019-01-03.json";

#[test]
fn a_message_without_a_time_is_a_fault_and_the_others_are_converted() {
    let messages = [
        r#""user":"U1","text":"none""#,
        r#""user":"U1","text":"not a number","ts":"NaN""#,
        r#""user":"U1","text":"null","ts":null"#,
        r#""user":"U1","text":"number","ts":2000.5"#,
        r#""user":"U1","text":"good","ts":"2001.000100""#,
        r#""user":"U1","text":"in milliseconds","ts":"1546500000000""#,
    ];
    let (collected, converted) = slack(&[(DAY, &day(&messages))]);
    assert_eq!(
        collected.problems(),
        [
            "missing: general/2019-01-03.json, message 1: the message has no usable time",
            "missing: general/2019-01-03.json, message 2: the message has no usable time",
            "missing: general/2019-01-03.json, message 3: the message has no usable time",
            "bad_time: general/2019-01-03.json, message 6: the message has an impossible time: 1546500000000000 ms since 1970",
        ]
    );
    assert_eq!(collected.texts(), ["number", "good"]);
    assert_eq!((converted.found.messages, converted.messages), (6, 2));
}

#[test]
fn a_day_that_is_cut_off_or_no_json_is_a_fault_and_what_comes_before_is_converted() {
    let good = r#"{"user":"U1","text":"good","ts":"2001.000100"}"#;
    let (collected, _) = slack(&[
        (DAY, &format!("[{good},{{\"user\":\"U1\",\"te")),
        ("general/2019-01-04.json", ""),
        ("general/2019-01-05.json", "<html>"),
        ("general/2019-01-06.json", r#"{"a":1}"#),
        (
            "general/2019-01-07.json",
            r#"[1,"a",{"text":"\ud83d","ts":"3000.1"},{"text":"odd types","user":7,"files":{},"reactions":"x","ts":"3000.1"}]"#,
        ),
    ]);
    let codes = codes(&collected);
    assert_eq!(
        codes,
        [
            ("cut_off", DAY),
            ("empty", "general/2019-01-04.json"),
            ("not_json", "general/2019-01-05.json"),
            ("not_json", "general/2019-01-06.json"),
            ("missing", "general/2019-01-07.json"),
            ("missing", "general/2019-01-07.json"),
            ("not_json", "general/2019-01-07.json"),
        ]
    );
    assert_eq!(collected.texts(), ["good", "odd types"]);
}

#[test]
fn another_encoding_is_a_fault() {
    let good = br#"[{"user":"U1","text":"good","ts":"2001.000100"},"#;
    let latin = [good.as_slice(), b"{\"user\":\"U1\",\"text\":\"\xe4\",\"ts\":\"2002.000100\"}]"].concat();
    let utf_16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (collected, _) = slack_of_bytes(&[(DAY, &latin), ("general/2019-01-04.json", &utf_16)]);
    let codes: Vec<_> = collected.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["not_utf8", "not_utf8"]);
    assert_eq!(collected.texts(), ["good"]);
}

#[test]
fn an_author_that_nobody_lists_becomes_a_placeholder() {
    let messages = [
        r#""user":"U9","text":"a guest","ts":"2001.000100","user_profile":{"real_name":"Gina"}"#,
        r#""subtype":"bot_message","bot_id":"B9","username":"Deploy","text":"done","ts":"2002.000100""#,
        r#""text":"nobody","ts":"2003.000100""#,
        r#""user":"USLACKBOT","text":"hello","ts":"2004.000100""#,
    ];
    let (collected, converted) = slack(&[(DAY, &day(&messages))]);
    assert!(collected.faults.is_empty());
    let from: Vec<_> = collected.messages().iter().map(|message| message.from.as_str()).collect();
    assert_eq!(from, ["U9", "B9", "unknown-sender", "USLACKBOT"]);
    let nicks: Vec<_> =
        converted.users.iter().filter(|user| user.placeholder).map(|user| user.nick.as_str()).collect();
    assert_eq!(nicks, ["Deploy", "Gina", "Slackbot", "unknown-sender"]);
    assert_eq!(collected.members().len(), 2);
    assert_eq!(losses(&converted), ["placeholders 4", "senders 1", "joins_made 1"]);
}

#[test]
fn two_channels_whose_names_become_the_same_stay_two_groups() {
    let channels = r#"[{"id":"C1","name":"the-channel-of-everybody-who-bakes","created":1,"members":["U1"]},
        {"id":"C2","name":"the-channel-of-everybody-who-bikes","created":1,"members":["U1"]},
        {"id":"C2","name":"again","created":1,"members":["U2"]}]"#;
    let (collected, converted) = slack(&[("channels.json", channels)]);
    let names: Vec<_> = collected.groups().iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["the-channel-of-everybody-who-b"; 2]);
    assert!(losses(&converted).contains(&"same_names 1".to_owned()));
    assert!(collected.faults.is_empty());
}

#[test]
fn an_export_without_anything_in_it_is_a_fault_or_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let error = convert_path(Format::Slack, directory.path(), "").unwrap_err();
    assert!(matches!(error, ConvertError::WrongFormat { .. }), "{error}");
    write(directory.path(), &[("users.json", b"[]"), ("channels.json", b"[]")]);
    let (collected, _) = convert_path(Format::Slack, directory.path(), "").unwrap();
    assert_eq!(collected.problems(), ["empty: the source has no conversation, user or message"]);
}

#[test]
fn an_archive_that_is_cut_off_is_an_error_and_a_damaged_file_in_it_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let good = day(&[r#""user":"U1","text":"good","ts":"2001.000100""#]);
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in
        [USERS, CHANNELS, (DAY, &good), ("general/2019-01-04.json", &good.replace("2001", "2002"))]
    {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
    let error = convert_path(Format::Slack, &path, "").unwrap_err();
    assert!(matches!(error, ConvertError::Damaged { .. }), "{error}");

    let place = bytes.windows(4).rposition(|window| window == b"2002").unwrap();
    bytes[place] = b'3';
    fs::write(&path, &bytes).unwrap();
    let (collected, _) = convert_path(Format::Slack, &path, "").unwrap();
    let codes = codes(&collected);
    assert_eq!(codes, [("cut_off", "general/2019-01-04.json")]);
}

#[test]
fn a_message_that_the_export_has_twice_is_converted_once_and_unlike_ones_stay() {
    let messages = [
        r#""user":"U1","text":"same","ts":"2001.000100""#,
        r#""user":"U1","text":"same","ts":"2001.000100""#,
        r#""user":"U1","text":"other","ts":"2001.000100""#,
    ];
    let (collected, converted) = slack(&[(DAY, &day(&messages))]);
    let keys: Vec<_> = collected.messages().iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, ["C1:2001.000100", "C1:2001.000100:2"]);
    assert!(losses(&converted).contains(&"repeated_messages 1".to_owned()));
    assert_eq!(converted.found.messages, 3);
}

#[test]
fn messages_of_all_workspaces_of_an_organisation_are_found() {
    let users = r#"[{"id":"U1","name":"ann"},{"id":"W3","name":"cy"}]"#;
    let shared = r#"[{"id":"C1","name":"general","created":1000,"members":["W3"]},{"id":"C7","name":"lab","created":1000,"members":["W3"]}]"#;
    let (collected, converted) = slack(&[
        ("org_users.json", users),
        ("teams/science/channels.json", shared),
        (DAY, &day(&[r#""user":"U1","text":"one","ts":"2001.000100""#])),
        ("teams/science/general/2019-01-03.json", &day(&[r#""user":"W3","text":"two","ts":"2000.000100""#])),
        ("teams/science/lab/2019-01-03.json", &day(&[r#""user":"W3","text":"three","ts":"2002.000100""#])),
    ]);
    assert_eq!(collected.texts(), ["two", "one", "three"]);
    assert_eq!((converted.found.channels, converted.found.users), (2, 3));
    assert_eq!(collected.members().len(), 4);
    assert!(collected.faults.is_empty());
}

#[test]
fn a_folder_that_no_list_names_becomes_a_private_group() {
    let (collected, converted) =
        slack(&[("lost/2019-01-03.json", &day(&[r#""user":"U1","text":"found","ts":"2001.000100""#]))]);
    let group = collected.groups().into_iter().find(|group| group.group_id == "lost").unwrap();
    assert_eq!((group.kind.as_str(), group.create_time), ("Private", Some(2_000)));
    assert!(losses(&converted).contains(&"channels_made 1".to_owned()));
}

#[test]
fn a_conversation_that_is_flagged_as_private_does_not_become_public() {
    let channels = r#"[{"id":"C1","name":"general","members":["U1"]},{"id":"C2","name":"board","is_private":true,"members":["U1"]},
        {"id":"D1","is_im":true,"user":"U2"}]"#;
    let (collected, _) = slack(&[
        ("channels.json", channels),
        ("D1/2019-01-03.json", &day(&[r#""user":"U1","text":"psst","ts":"2001.000100""#])),
    ]);
    let kinds: Vec<_> = collected.groups().iter().map(|group| group.kind.as_str()).collect();
    assert_eq!(kinds, ["Public", "Private", "Private"]);
    assert_eq!(collected.groups()[2].name, "ann, ben");
}

#[test]
fn a_list_that_is_cut_off_is_a_fault_and_what_comes_before_counts() {
    let (collected, converted) = slack(&[
        ("users.json", r#"[{"id":"U1","name":"ann"},{"name":"no id"},3,{"id":"U2","na"#),
        ("groups.json", r#"[{"name":"no id"}]"#),
        (DAY, &day(&[r#""user":"U1","text":"good","ts":"2001.000100""#])),
    ]);
    let codes: Vec<_> = collected.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["missing", "wrong_type", "cut_off", "missing"]);
    assert_eq!((converted.found.users, collected.texts().len()), (1, 1));
}

#[test]
fn a_mapping_leaves_out_channels_and_users() {
    let directory = tempfile::tempdir().unwrap();
    let text = day(&[
        r#""user":"U1","text":"one","ts":"2001.000100","reactions":[{"name":"+1","users":["U2"],"count":1}]"#,
        r#""user":"U2","text":"two","ts":"2002.000100""#,
    ]);
    for (name, text) in [USERS, CHANNELS, (DAY, &text)] {
        write(directory.path(), &[(name, text.as_bytes())]);
    }
    let (collected, _) =
        convert_path(Format::Slack, directory.path(), "[users.U2]\nleave_out = true").unwrap();
    assert_eq!((collected.texts(), collected.members().len()), (vec!["one".to_owned()], 1));
    assert!(!collected.lines().iter().any(|line| line.contains("U2")), "{:#?}", collected.lines());
    let (collected, converted) =
        convert_path(Format::Slack, directory.path(), "[channels.C1]\nleave_out = true").unwrap();
    assert_eq!((collected.groups().len(), collected.texts().len()), (0, 0));
    assert_eq!(losses(&converted), ["left_out_channels 1"]);
    let error = convert_path(Format::Slack, directory.path(), "[channels.C2]\nleave_out = true").unwrap_err();
    assert!(error.to_string().contains("channels.\"C2\""), "{error}");
}

/// Any JSON, with the names that messages, users and conversations have.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "([0-9]{1,12}(\\.[0-9]{0,7})?|[UCDFB][0-9]|<[@#!]?[UC|a-z]{0,3}>?|.{0,6})".prop_map(Into::into),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("name"),
        Just("members"),
        Just("created"),
        Just("profile"),
        Just("bot_id"),
        Just("creator"),
        Just("ts"),
        Just("thread_ts"),
        Just("user"),
        Just("users"),
        Just("text"),
        Just("subtype"),
        Just("reactions"),
        Just("count"),
        Just("files"),
        Just("size"),
        Just("mimetype"),
        Just("edited"),
        Just("attachments"),
        Just("blocks"),
        Just("comment"),
        Just("purpose"),
        Just("value"),
        Just("is_im"),
        Just("user_profile"),
        Just("url_private"),
        Just("mode"),
    ];
    scalar.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_an_export_has_becomes_records_that_can_be_read_back(
        users in proptest::collection::vec(any_json(), 0..4), channels in proptest::collection::vec(any_json(), 0..4),
        messages in proptest::collection::vec(any_json(), 0..8),
    ) {
        let [users, channels, messages] = [users, channels, messages].map(|list| serde_json::Value::from(list).to_string());
        let (collected, _) = slack(&[("users.json", &users), ("groups.json", &channels), (DAY, &messages)]);
        prop_assert_eq!(collected.unreadable(), None);
    }
}
