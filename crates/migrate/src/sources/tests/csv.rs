use super::{Collected, convert_text};
use crate::sources::{ConvertError, Converted, Format};
use proptest::prelude::*;

fn csv(text: impl AsRef<[u8]>) -> (Collected, Converted) {
    convert_text(Format::Csv, text.as_ref(), "").unwrap()
}

#[test]
fn messages_of_one_second_keep_their_order_and_equal_ones_stay_two() {
    let (collected, converted) = csv(
        "time,channel,user,text\n20,b,ann,two\n20,b,ann,same\n20,b,ann,same\n20,b,ann,three\n10,b,ben,\"one, \"\"first\"\"\"\n",
    );
    let texts: Vec<_> = collected.texts();
    assert_eq!(texts, ["one, \"first\"", "two", "same", "same", "three"]);
    let keys: std::collections::BTreeSet<_> =
        collected.messages().iter().map(|message| &message.key).collect();
    assert_eq!(keys.len(), 5);
    assert_eq!((converted.found.channels, converted.found.users, converted.faults), (1, 2, 0));
    assert_eq!(collected.groups()[0].create_time, Some(9));
    assert!(collected.members().iter().all(|member| member.join_time == Some(10)));
}

#[test]
fn a_row_that_is_added_to_a_file_changes_no_other_record() {
    let first = "time,channel,user,text\n20,b,ann,same\n30,b,ann,last\n";
    let (before, _) = csv(first);
    let (after, _) = csv(format!("{first}25,b,ann,new\n20,b,ann,same\n"));
    let after = after.lines();
    assert!(before.lines().iter().all(|line| after.contains(line)), "{after:#?}");
}

#[test]
fn bad_rows_are_faults_and_the_others_are_converted() {
    let (collected, _) = csv(
        b"time,channel,user,text\nNaN,b,ann,a\n20,,ann,b\n20,b\n20,b,ann,\xff\n20,b,ann,good\n20,b,,nobody\n30,b,ann,\"cut of".as_slice(),
    );
    assert_eq!(
        collected.problems(),
        [
            "missing: the message has no usable time: \"NaN\"; times are RFC 3339, YYYY-MM-DD HH:MM:SS (UTC), or seconds or milliseconds since 1970",
            "missing: the message has no channel",
            "missing: the row has 2 columns; 4 are needed",
            "not_utf8: column 4 is not UTF-8; convert the file to UTF-8",
            "cut_off: the file is cut off within this row: a quotation mark is not closed",
        ]
    );
    let lines: Vec<_> = collected.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 8]);
    assert_eq!(collected.texts(), ["good", "nobody"]);
    assert_eq!(collected.messages()[1].from, "unknown-sender");
}

#[test]
fn a_file_that_ends_within_a_row_says_so() {
    let (collected, _) = csv("time,channel,user,text\n20,b,ann,good\n30,b");
    assert_eq!(
        collected.problems(),
        ["cut_off: the row has 2 columns; 4 are needed; the file may be cut off"]
    );
}

#[test]
fn a_quotation_mark_that_is_never_closed_does_not_fill_the_memory() {
    let mut text = b"time,channel,user,text\n20,b,ann,good\n30,b,ann,\"".to_vec();
    text.resize(40 << 20, b'a');
    let (collected, _) = csv(text);
    assert_eq!(collected.faults.len(), 1);
    assert!(collected.faults[0].message.contains("a row is longer than"), "{:?}", collected.faults);
    assert_eq!(collected.texts(), ["good"]);
}

#[test]
fn an_empty_file_is_a_fault_and_one_of_other_columns_an_error() {
    for text in ["", "\u{feff}", "time,channel,user,text\n"] {
        assert_eq!(csv(text).0.problems(), ["empty: the source has no conversation, user or message"]);
    }
    for (text, problem) in [
        (b"a,b\n1,2\n".as_slice(), "its first row names no column for time, channel, user, text"),
        (b"\xff\xfet\0", "it is UTF-16; convert it to UTF-8"),
    ] {
        let error = convert_text(Format::Csv, text, "").unwrap_err();
        assert!(matches!(error, ConvertError::WrongFormat { .. }), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn channels_whose_names_become_the_same_stay_two_groups() {
    let long = "The channel of everybody who bakes bread in Zürich on Mondays and";
    let (collected, converted) =
        csv(format!("time,channel,user,text\n20,{long} Tuesdays,ann,a\n20,{long} Fridays,ann,b\n"));
    let ids: std::collections::BTreeSet<_> = collected.groups().iter().map(|group| &group.group_id).collect();
    assert_eq!(ids.len(), 2);
    assert!(converted.losses.iter().any(|loss| loss.code == "same_names" && loss.count == 1));
    assert!(collected.faults.is_empty());
}

proptest! {
    #[test]
    fn whatever_a_file_has_becomes_records_that_can_be_read_back(
        damage in proptest::collection::vec((0_usize..400, any::<u8>()), 0..8), end in 0_usize..500,
    ) {
        let mut text = include_bytes!("../../../../../samples/exports/csv/chat.csv").to_vec();
        text.truncate(end);
        for (place, byte) in damage {
            if let Some(old) = text.get_mut(place) {
                *old = byte;
            }
        }
        if let Ok((collected, _)) = convert_text(Format::Csv, &text, "") {
            prop_assert_eq!(collected.unreadable(), None);
        }
    }
}
