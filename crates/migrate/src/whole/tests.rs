use super::*;
use crate::ordered::Ordered;
use landfall_domain::member::Role;
use landfall_domain::time::Timestamp;
use std::fmt::Write as _;

const NOW: Timestamp = Timestamp(2_000_000_000);

fn pieces(text: &str) -> (Vec<Piece>, Vec<u64>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    std::fs::write(&file, text).unwrap();
    let ordered = Ordered::read(&file, directory.path(), |fault, _| panic!("{fault:?}")).unwrap();
    let mut assembler = Assembler::new(ordered.entries(), ServerLimits::faithful(NOW), JobId(7));
    let (mut pieces, mut left_out) = (Vec::new(), Vec::new());
    let mut note = |left: LeftOut<'_>| match left {
        LeftOut::Record(entry, _) => left_out.push(entry.line),
        LeftOut::Line(fault) => left_out.push(fault.line),
    };
    while let Some(piece) = assembler.next_piece(&mut note).unwrap() {
        pieces.push(piece);
    }
    assert_eq!(assembler.records(), text.lines().count() as u64);
    (pieces, left_out)
}

fn group(pieces: Vec<Piece>) -> WholeGroup {
    match pieces.into_iter().last() {
        Some(Piece::Group(group)) => *group,
        other => panic!("{other:?} comes last"),
    }
}

const GROUP: &str = r#"{"t":"group","src":"s","key":"C1","GroupId":"g","Type":"Public","Name":"Büro","Owner_Account":"ann","CreateTime":1000,"x":{"pin":1}}
{"t":"member","GroupId":"g","Member_Account":"ann","key":"U1","NameCard":"Ann"}
{"t":"member","GroupId":"g","Member_Account":"bob","Role":"Admin","JoinTime":1500}
{"t":"read","src":"s","GroupId":"g","Member_Account":"bob","read_key":"2"}
{"t":"read","GroupId":"g","Member_Account":"ann","read_ms":1700000}
"#;

fn message(key: u32, second: u64) -> String {
    format!(
        r#"{{"t":"message","src":"s","key":"{key}","GroupId":"g","From_Account":"gone","SendTime":{second},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"m{key}"}}}}]}}"#
    ) + "\n"
}

#[test]
fn records_become_a_group_with_exact_read_marks() {
    let text = format!(
        "{}{GROUP}{}{}{}",
        r#"{"t":"account","UserID":"ann","Nick":"Ann"}"#.to_owned() + "\n",
        message(3, 1_800),
        message(1, 1_600),
        message(2, 1_700)
    );
    let (pieces, left_out) = pieces(&text);
    assert_eq!(left_out, Vec::<u64>::new());
    assert!(matches!(&pieces[0], Piece::Accounts(accounts, _) if accounts.len() == 1));
    let whole = group(pieces);
    assert_eq!((whole.id().as_str(), whole.new.created.0), ("g", 1_000));
    let sent: Vec<_> = whole.messages[0].1.iter().map(|message| message.sent.0).collect();
    assert_eq!(sent, [1_600, 1_700, 1_800]);
    let [ann, bob] = &whole.members[..] else { panic!("{:?}", whole.members) };
    assert_eq!((ann.role, ann.joined, ann.name_card.as_str()), (Role::Member, None, "Ann"));
    assert_eq!((bob.role, bob.joined), (Role::Admin, Some(Timestamp(1_500))));
    assert_eq!([ann.reads[0].1, bob.reads[0].1], [2, 2]);
    let origin = &whole.origin;
    assert_eq!((origin.job, origin.src.as_str(), origin.key.as_str()), (JobId(7), "s", "C1"));
    assert_eq!(
        std::str::from_utf8(&origin.carried).unwrap(),
        r#"{"x":{"pin":1},"members":{"ann":{"src":"","key":"U1"}},"reads":{"":{"bob":{}}}}"#
    );
}

#[test]
fn the_digest_says_whether_anything_differs() {
    let digest = |text: &str| group(pieces(text).0).origin.digest;
    let one = digest(&format!("{GROUP}{}", message(1, 1_600)));
    let lines: Vec<_> = GROUP.lines().rev().collect();
    assert_eq!(digest(&format!("{}{}\n", message(1, 1_600), lines.join("\n"))), one);
    assert_ne!(digest(&format!("{GROUP}{}", message(1, 1_601))), one);
    assert_ne!(digest(&format!("{GROUP}{}{}", message(1, 1_600), message(2, 1_600))), one);
}

#[test]
fn many_messages_come_before_their_group() {
    let mut text = GROUP.to_owned();
    for number in 0..25_000 {
        text.push_str(&message(number, 1_600 + u64::from(number)));
    }
    let (pieces, _) = pieces(&text);
    let staged: Vec<u64> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Messages { group, messages } if group.as_str() == "g" => Some(messages),
            Piece::Messages { .. }
            | Piece::Accounts(..)
            | Piece::Friends(..)
            | Piece::Blocks(..)
            | Piece::Direct(_)
            | Piece::Group(_)
            | Piece::Nothing => None,
        })
        .map(|messages| messages.iter().map(|(_, messages)| messages.len() as u64).sum())
        .collect();
    let whole = group(pieces);
    assert_eq!((staged.as_slice(), whole.staged), (&[10_000, 10_000][..], 20_000));
    assert_eq!((whole.messages[0].1.len(), whole.members[0].reads[0].1), (5_000, 101));
}

#[test]
fn records_with_faults_are_left_out_and_the_others_come_in() {
    let mut text = format!("{GROUP}{}", message(1, 1_600));
    // Before the group was made, which a read mark names; by nobody who can be; and of a group without a record.
    text.push_str(&message(2, 900));
    text.push_str(&message(3, 1_700).replace("gone", "no\u{e9}"));
    writeln!(text, r#"{{"t":"member","GroupId":"h","Member_Account":"ann"}}"#).unwrap();
    writeln!(text, r#"{{"t":"group","GroupId":"bad","Type":"Unheard","Name":"n"}}"#).unwrap();
    writeln!(text, r#"{{"t":"member","GroupId":"bad","Member_Account":"ann"}}"#).unwrap();
    let (pieces, mut left_out) = pieces(&text);
    left_out.sort_unstable();
    assert_eq!(left_out, [7, 8, 9, 10, 11]);
    let groups: Vec<_> = pieces.into_iter().collect();
    assert_eq!(groups.len(), 1);
    assert_eq!(group(groups).messages[0].1.len(), 1);
}

#[test]
fn an_owner_without_a_record_has_a_read_mark_and_newcomers_see_what_the_group_says() {
    let text = r#"{"t":"group","GroupId":"g","Type":"Public","Name":"n","Owner_Account":"ann","CreateTime":1000,"HistoryMsgBeforeJoin":"On"}
{"t":"read","GroupId":"g","Member_Account":"ann","UnreadMsgNum":1}
"#;
    let whole = group(pieces(&format!("{text}{}{}", message(1, 1_600), message(2, 1_700))).0);
    let [ann] = &whole.members[..] else { panic!("{:?}", whole.members) };
    assert_eq!((ann.account.as_str(), &ann.reads), ("ann", &vec![(Conversation::Group, 1)]));
    assert_eq!(whole.new.history_before_join, Some(true));
}
