//! What is said about exports that are damaged or odd. Nothing of them ends in a panic.

use super::{Collected, convert_text};
use crate::sources::Format;

const MATTERMOST: &str = r#"{"type":"version","version":1}
{"type":"channel","channel":{"team":"t","name":"a","display_name":"A name as long as one can think of: a","type":"O"}}
{"type":"channel","channel":{"team":"t","name":"b","display_name":"A name as long as one can think of: b","type":"O"}}
{"type":"user","user":{"username":"ann","teams":[]}}
{"type":"post","post":{"team":"t","channel":"a","user":"ann","message":"one","create_at":1551686400123}}
{"type":"post","post":{"team":"t","channel":"a","user":"ann","message":"two"}}
{"type":"post","post":{"team":"t","channel":"a","user":"nobody","message":"three","create_at":1551686400124}}
"#;

const STREAM: &str = r#"{"type":"user","item":{"id":"ann"}}
{"type":"channel","item":{"id":"a","type":"messaging","name":"A name as long as one can think of: a"}}
{"type":"channel","item":{"id":"b","type":"messaging","name":"A name as long as one can think of: b"}}
{"type":"message","item":{"id":"1","channel_type":"messaging","channel_id":"a","user":"ann","text":"one","created_at":"2019-03-04T08:00:00Z"}}
{"type":"message","item":{"id":"2","channel_type":"messaging","channel_id":"a","user":"ann","text":"two","created_at":"soon"}}
{"type":"message","item":{"id":"3","channel_type":"messaging","channel_id":"a","user":"nobody","text":"three","created_at":"2019-03-04T08:00:01Z"}}
"#;

const DISCORD: &str = r#"{
"guild":{"id":"1","name":"G"},"channel":{"id":"2","type":"GuildTextChat","name":"a"},
"messages":[
{"id":"11","type":"Default","timestamp":"2019-03-04T08:00:00Z","content":"one","author":{"id":"ann","name":"Ann"}},
{"id":"12","type":"Default","timestamp":null,"content":"two","author":{"id":"ann","name":"Ann"}},
{"id":"13","type":"Default","timestamp":"2019-03-04T08:00:01Z","content":"three","author":{}}
],"messageCount":3}
"#;

const TELEGRAM: &str = r#"{"chats":{"list":[
{"name":"A name as long as one can think of: a","type":"private_group","id":1,"messages":[
{"id":1,"type":"message","date_unixtime":"1551686400","from":"Ann","from_id":"user1","text":"one"},
{"id":2,"type":"message","date_unixtime":"","from":"Ann","from_id":"user1","text":"two"},
{"id":3,"type":"message","date_unixtime":"1551686401","from":null,"text":"three"}
]},
{"name":"A name as long as one can think of: b","type":"private_group","id":2,"messages":[]}
]}}
"#;

const ALL: [(Format, &str); 4] = [
    (Format::Mattermost, MATTERMOST),
    (Format::Stream, STREAM),
    (Format::Discord, DISCORD),
    (Format::Telegram, TELEGRAM),
];

fn converted(format: Format, bytes: &[u8]) -> Collected {
    convert_text(format, bytes, "").unwrap().0
}

#[test]
fn a_message_without_a_time_is_a_fault_and_the_others_are_there() {
    let places =
        ["export, line 6", "export, message 2", "export, message 2", "export, chat chat1, message 2"];
    for ((format, text), place) in ALL.into_iter().zip(places) {
        let collected = converted(format, text.as_bytes());
        assert_eq!(collected.problems(), [format!("missing: {place}: the message has no usable time")]);
        assert_eq!(collected.texts(), ["one", "three"], "{format:?}");
    }
}

#[test]
fn an_author_whom_nobody_lists_becomes_a_placeholder() {
    for (format, text) in ALL {
        let (collected, converted) = convert_text(format, text.as_bytes(), "").unwrap();
        let from = collected.messages().last().unwrap().from.clone();
        let listed = matches!(format, Format::Mattermost | Format::Stream);
        assert_eq!(from, if listed { "nobody" } else { "unknown-sender" });
        assert_eq!(converted.found.placeholders, 1, "{format:?}");
    }
}

#[test]
fn two_channels_whose_names_become_the_same_stay_two() {
    for (format, text) in ALL.into_iter().filter(|(format, _)| *format != Format::Discord) {
        let (collected, converted) = convert_text(format, text.as_bytes(), "").unwrap();
        let names: Vec<_> = collected.groups().iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["A name as long as one can thin"; 2]);
        assert!(converted.losses.iter().any(|loss| loss.code == "same_names"), "{format:?}");
    }
}

#[test]
fn an_empty_file_is_a_fault() {
    for (format, _) in ALL {
        for text in ["", " \n\n "] {
            assert_eq!(converted(format, text.as_bytes()).faults[0].code, "empty", "{format:?} {text:?}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_is_a_fault_and_keeps_what_is_whole() {
    for (format, text) in ALL {
        let text = text.trim();
        let end = text.find("three").unwrap();
        for (cut, bytes) in [("text", text.get(..end).unwrap()), ("message", text.get(..end - 30).unwrap())] {
            let collected = converted(format, bytes.as_bytes());
            let last = collected.faults.iter().find(|fault| fault.code == "cut_off");
            assert!(last.is_some(), "{format:?} within a {cut}: {:?}", collected.problems());
            assert_eq!(collected.texts(), ["one"], "{format:?}");
        }
        for end in (0..text.len()).step_by(7) {
            let (start, rest) = text.split_at(end);
            let is_between_lines = start.ends_with('\n') || rest.starts_with('\n');
            if is_between_lines && matches!(format, Format::Mattermost | Format::Stream) {
                continue;
            }
            assert!(!converted(format, start.as_bytes()).problems().is_empty(), "{format:?} cut at {end}");
        }
    }
}

#[test]
fn another_encoding_is_a_fault() {
    for (format, text) in ALL {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [&[0xff, 0xfe], utf16.as_slice()].concat();
        for bytes in [&utf16, &with_mark] {
            let problems = converted(format, bytes).problems();
            assert!(
                problems[0].starts_with("not_utf8: export, line 1: is not UTF-8 but UTF-16"),
                "{problems:?}"
            );
        }
        let latin1 = text.replace("three", "thr\u{1}e").into_bytes();
        let latin1: Vec<u8> = latin1.into_iter().map(|byte| if byte == 1 { 0xeb } else { byte }).collect();
        let collected = converted(format, &latin1);
        assert_eq!(collected.texts(), ["one"], "{format:?}");
        assert!(collected.problems().iter().any(|problem| problem.starts_with("not_utf8: export, line ")));
    }
}

#[test]
fn a_value_of_another_type_is_a_fault_of_one_message() {
    for (format, text) in ALL {
        let (good, bad) = if format == Format::Telegram {
            ("\"id\":2,\"type\":\"message\"", "\"id\":{},\"type\":\"message\"")
        } else {
            ("\"two\"", "2")
        };
        let changed = text.replace(good, bad);
        let collected = converted(format, changed.as_bytes());
        let problems = collected.problems();
        assert!(problems[0].starts_with("wrong_type: export, line "), "{problems:?}");
        assert!(problems[0].contains(": invalid type"), "{problems:?}");
        assert_eq!(collected.texts(), ["one", "three"], "{format:?}");
    }
}

#[test]
fn a_discord_file_that_says_it_has_more_messages_is_a_fault() {
    let collected = converted(Format::Discord, DISCORD.replace("t\":3}", "t\":4}").as_bytes());
    let problems = collected.problems();
    assert!(
        problems.iter().any(|problem| problem.starts_with("cut_off: export: the file does not have as many"))
    );
    assert_eq!(collected.texts(), ["one", "three"]);
}

#[test]
fn references_to_nothing_are_faults() {
    let post = r#"{"type":"post","post":{"team":"t","channel":"z","user":"ann","message":"x","create_at":1551686400123}}"#;
    let problems = converted(Format::Mattermost, format!("{MATTERMOST}{post}").as_bytes()).problems();
    assert_eq!(problems[1], "no_such_group: the source has no conversation \"t/z\"");
    let reaction = r#"{"type":"reaction","item":{"message_id":"9","type":"like","user_id":"ann"}}"#;
    let problems = converted(Format::Stream, format!("{STREAM}{reaction}").as_bytes()).problems();
    assert_eq!(
        problems[0],
        "no_such_message: a reaction is for the message \"9\", which the source does not have"
    );
}
