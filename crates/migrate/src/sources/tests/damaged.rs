//! What is said about exports that are damaged or odd. Nothing of them ends in a panic.

use super::{Collected, convert_path, convert_text};
use crate::sources::Format;
use proptest::prelude::*;

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
fn a_message_that_comes_again_is_counted_and_left_out() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("a [part 1].json"),
        DISCORD.replace("null", "\"2019-03-04T08:00:00Z\""),
    )
    .unwrap();
    let second = DISCORD
        .replace("\"11\"", "\"14\"")
        .replace("one", "four")
        .replace("null", "\"2019-03-04T08:00:00Z\"");
    std::fs::write(directory.path().join("a [part 2].json"), second).unwrap();
    let (collected, converted) = convert_path(Format::Discord, directory.path(), "").unwrap();
    assert_eq!(collected.texts(), ["one", "two", "three", "four"]);
    let repeated = |converted: &crate::sources::Converted| {
        converted.losses.iter().find(|loss| loss.code == "repeated_messages").map(|loss| loss.count)
    };
    assert_eq!(repeated(&converted), Some(2));

    let again = STREAM.lines().find(|line| line.contains("three")).unwrap().replace("three", "again");
    let text = format!("{STREAM}{again}\n");
    let (collected, converted) = convert_text(Format::Stream, text.as_bytes(), "").unwrap();
    assert_eq!(collected.texts(), ["one", "three"]);
    assert_eq!(repeated(&converted), Some(1));
}

#[test]
fn the_posts_of_a_forum_are_threads_of_one_group() {
    let directory = tempfile::tempdir().unwrap();
    for (id, first) in [("21", "31"), ("22", "32")] {
        let post = format!(
            r#"{{"guild":{{"id":"1","name":"G"}},"channel":{{"id":"{id}","type":"GuildPublicThread","categoryId":"9","category":"help","name":"p"}},
            "messages":[{{"id":"{first}","type":"Default","timestamp":"2019-03-04T08:00:00Z","content":"q","author":{{"id":"5","name":"Ann"}}}},
            {{"id":"{first}9","type":"Default","timestamp":"2019-03-04T08:00:01Z","content":"a","author":{{"id":"5","name":"Ann"}}}}],"messageCount":2}}"#
        );
        std::fs::write(directory.path().join(format!("{id}.json")), post).unwrap();
    }
    // A file that somebody attached is none of the exporter's.
    std::fs::create_dir(directory.path().join("21.json_Files")).unwrap();
    std::fs::write(directory.path().join("21.json_Files/data-1A2B3.json"), "{\"guild\": oops").unwrap();
    let (collected, _) = convert_path(Format::Discord, directory.path(), "").unwrap();
    assert_eq!(collected.problems(), [""; 0]);
    let groups: Vec<_> =
        collected.groups().iter().map(|group| (group.key.as_str(), group.name.as_str())).collect();
    assert_eq!(groups, [("9", "help")]);
    let threads: Vec<_> = collected.messages().iter().map(|message| message.thread.as_deref()).collect();
    assert_eq!(threads, [None, Some("31"), None, Some("32")]);
}

/// Exports of one chat have it as their root; old ones have users as numbers, and two parts with the same numbers of messages.
#[test]
fn one_chat_of_telegram_in_the_old_form_is_read() {
    let chat = r#"{"name":"Bakery","type":"private_supergroup","id":1,"messages":[
        {"id":1,"type":"message","date_unixtime":"1551686400","from":"Ann","from_id":4,"text":"one"},
        {"id":1,"type":"service","date_unixtime":"1551686401","actor":"Bakery","actor_id":5,"action":"migrate_from_group","title":"Bread","text":""},
        {"id":2,"type":"message","date_unixtime":"1551686402","from":"Ann","from_id":4,"reply_to_message_id":1,"text":["t",{"type":"bold","text":"wo"}]}
    ]}"#;
    let collected = converted(Format::Telegram, chat.as_bytes());
    let keys: Vec<_> = collected.messages().iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, ["channel1:old:1", "channel1:1", "channel1:2"]);
    assert_eq!(collected.texts()[2], "two");
    assert_eq!(collected.messages()[0].from, "user4");
    assert_eq!(collected.messages()[2].reply_to.as_deref(), Some("channel1:1"));
}

#[test]
fn what_has_no_name_is_a_fault() {
    let lines = [
        (r#"{"type":"user","user":{"username":null}}"#, "username"),
        (r#"{"type":"channel","channel":{"team":"t","type":"O"}}"#, "name"),
        (r#"{"type":"direct_channel","direct_channel":{"members":[]}}"#, "members"),
        (
            r#"{"type":"direct_post","direct_post":{"user":"ann","message":"x","create_at":1551686400123}}"#,
            "channel_members",
        ),
    ];
    for (line, member) in lines {
        let collected = converted(Format::Mattermost, line.as_bytes());
        assert_eq!(collected.faults[0].field.as_deref(), Some(member), "{:?}", collected.problems());
    }
    let member = r#"{"type":"member","item":{"channel_type":"messaging","channel_id":"a"}}"#;
    let collected = converted(Format::Stream, format!("{STREAM}{member}").as_bytes());
    assert_eq!(collected.faults[0].field.as_deref(), Some("user_id"));
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

#[test]
fn members_that_are_null_or_fractions_are_no_faults() {
    let telegram = TELEGRAM
        .replace("\"text\":\"one\"", "\"text\":\"one\",\"members\":null,\"width\":1.5,\"file_size\":-1");
    let stream = STREAM.replace(
        "\"text\":\"one\"",
        "\"text\":\"one\",\"attachments\":[{\"image_url\":\"https://a/b.png\",\"original_width\":1.5}]",
    );
    let stream = stream
        .replace("\"text\":\"three\"", "\"text\":\"three\",\"attachments\":null,\"channel_member_ids\":null");
    let discord =
        DISCORD.replace("\"content\":\"one\"", "\"content\":\"one\",\"embeds\":null,\"isPinned\":null");
    for (format, text) in [(Format::Telegram, telegram), (Format::Stream, stream), (Format::Discord, discord)]
    {
        let collected = converted(format, text.as_bytes());
        assert_eq!(collected.texts(), ["one", "three"], "{format:?}: {:?}", collected.problems());
    }
}

const TOKENS: [&str; 16] = [
    "null",
    "{}",
    "[]",
    "-1",
    "1e400",
    "\"\"",
    "\"\\ud800\"",
    "true",
    "}",
    "]",
    ",",
    "\n",
    "\"a\":",
    "9223372036854775808",
    "\u{0}",
    "ä",
];

proptest! {
    #[test]
    fn whatever_an_export_has_becomes_records_that_can_be_read_back(
        (format, text) in proptest::sample::select(ALL.to_vec()),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0_usize..12, proptest::sample::select(TOKENS.to_vec())), 1..4),
    ) {
        let mut text = text.to_owned();
        for (at, length, token) in edits {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
            text.replace_range(start..end, token);
        }
        let collected = converted(format, text.as_bytes());
        prop_assert_eq!(collected.unreadable(), None);
    }

    #[test]
    fn values_in_other_places_become_records_that_can_be_read_back(
        (format, text) in proptest::sample::select(ALL.to_vec()), which in any::<proptest::sample::Index>(), token in proptest::sample::select(TOKENS[..8].to_vec()),
    ) {
        let places: Vec<_> = text.match_indices("\":").map(|(at, _)| at + 2).collect();
        let start = places[which.index(places.len())];
        let rest = &text[start..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
        prop_assert!(values.next().is_some());
        let changed = format!("{}{token}{}", &text[..start], &rest[values.byte_offset()..]);
        let collected = converted(format, changed.as_bytes());
        prop_assert_eq!(collected.unreadable(), None);
    }
}
