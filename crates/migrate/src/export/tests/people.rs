//! One-to-one conversations and profiles, written in other formats and converted again.

use super::{Format, Mapping, Record, converted_by, exported, kinds, mattermost, stream};
use crate::format::{Message, Read};
use std::fs;
use std::path::Path;

/// Two conversations, one of an account with itself; marks of each kind; a group that came from a conversation of the same two.
const PEOPLE: &[&str] = &[
    r#"{"t":"account","UserID":"ann","Nick":"Ann","ProfileItem":[{"Tag":"Tag_Profile_Custom_Position","Value":"Baker"}],"x":{"email":"ann@example.com"}}"#,
    r#"{"t":"account","UserID":"ben","Nick":"Ben","ProfileItem":[{"Tag":"Tag_Profile_IM_Level","Value":7}]}"#,
    r#"{"t":"friend","From_Account":"ann","To_Account":"ben"}"#,
    r#"{"t":"block","From_Account":"ben","To_Account":"cy"}"#,
    r#"{"t":"group","key":"direct:ann,ben","GroupId":"d","Type":"Private","Name":"d","Owner_Account":"ann","CreateTime":1600000000,"x":{"direct":true}}"#,
    r#"{"t":"member","GroupId":"d","Member_Account":"ben"}"#,
    r#"{"t":"message","key":"1","From_Account":"ann","To_Account":"ben","ts_ms":1600000001500,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"Bread?"}}],"reactions":[{"name":"+1","accounts":["ben"]}]}"#,
    r#"{"t":"message","key":"2","From_Account":"ben","To_Account":"ann","SendTime":1600000002,"thread":"1","MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"Two"}}]}"#,
    r#"{"t":"message","key":"3","From_Account":"ben","To_Account":"ann","SendTime":1600000003,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"No, three"}}]}"#,
    r#"{"t":"message","key":"4","From_Account":"ann","To_Account":"ann","SendTime":1600000004,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"Flour"}}]}"#,
    r#"{"t":"message","key":"5","From_Account":"cy","To_Account":"ann","SendTime":1600000005,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"Hello"}}]}"#,
    r#"{"t":"read","Member_Account":"ann","Peer_Account":"ben","UnreadMsgNum":1}"#,
    r#"{"t":"read","Member_Account":"ben","Peer_Account":"ann","read_key":"1"}"#,
    r#"{"t":"read","Member_Account":"ann","Peer_Account":"cy","UnreadMsgNum":9}"#,
];

fn people() -> Vec<Record> {
    PEOPLE.iter().map(|line| Record::parse(line).unwrap()).collect()
}

fn one_to_one() -> Mapping {
    Mapping::parse(
        "[kinds]\ndirect = \"one-to-one\"\n[profiles]\nposition = \"Tag_Profile_Custom_Position\"\n",
    )
    .unwrap()
}

/// Who said what to whom and when, in order.
fn said(records: &[Record]) -> Vec<(u64, String, String, String)> {
    let mut said: Vec<_> = direct(records)
        .map(|message| {
            let to = message.receiver().unwrap().to_owned();
            (message.sent_ms().unwrap(), message.from.clone(), to, message.msg_body.canonical())
        })
        .collect();
    said.sort();
    said
}

fn direct(records: &[Record]) -> impl Iterator<Item = &Message> {
    let messages = records
        .iter()
        .filter_map(|record| if let Record::Message(message) = record { Some(message) } else { None });
    messages.filter(|message| message.receiver().is_some())
}

/// How many messages of the other each account has not read, where it has not read all.
fn unread(records: &[Record]) -> Vec<(String, String, usize)> {
    let reads =
        records.iter().filter_map(|record| if let Record::Read(read) = record { Some(read) } else { None });
    let reads = reads.filter(|read| read.peer().is_some());
    let count = |read: &Read| {
        let peer = read.peer().unwrap().to_owned();
        let to = Some(read.account.as_str());
        let of_other: Vec<_> = direct(records).filter(|of| of.from == peer && of.receiver() == to).collect();
        let time = read
            .read_key
            .as_ref()
            .map(|key| direct(records).find(|message| message.key == *key).unwrap().sent_ms().unwrap());
        let unread = match (time.or(read.read_ms), read.unread_msg_num) {
            (Some(ms), _) => of_other.iter().filter(|message| Some(ms) < message.sent_ms()).count(),
            (None, unread) => of_other.len().min(usize::try_from(unread.unwrap()).unwrap()),
        };
        (read.account.clone(), peer, unread)
    };
    let mut unread: Vec<_> = reads.map(count).filter(|(.., unread)| *unread != 0).collect();
    unread.sort();
    unread
}

fn again(format: Format, text: &str) -> Vec<Record> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("import.jsonl");
    fs::write(&path, text).unwrap();
    converted_by(format, &path, &one_to_one())
}

fn check(again: &[Record]) {
    let records = people();
    assert_eq!(said(again), said(&records));
    let mark = |account: &str, peer: &str, unread| (account.to_owned(), peer.to_owned(), unread);
    assert_eq!(unread(&records), [mark("ann", "ben", 1), mark("ann", "cy", 1)]);
    assert_eq!(unread(again), unread(&records));
    let reply = direct(again).find(|message| message.thread.is_some()).unwrap();
    let root = direct(again).find(|message| reply.thread.as_ref() == Some(&message.key)).unwrap();
    assert_eq!(root.reactions.first().map(|of| (of.name.as_str(), of.accounts.len())), Some(("+1", 1)));
    let position = again.iter().map(Record::line).find(|line| line.contains("Tag_Profile_Custom_Position"));
    assert!(position.unwrap().contains("Baker"));
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == golden, "{} should be:\n{text}", path.display());
}

#[test]
fn one_to_one_conversations_become_direct_channels_of_mattermost_and_come_back() {
    let (text, losses) = exported(&people(), mattermost::write);
    golden("people.mattermost.jsonl", &text);
    assert_eq!(kinds(&text), ["version", "team", "channel", "user", "direct_channel", "direct_post"]);
    assert_eq!(losses, ["blocks 1", "emails 2", "friends 1", "owners 1", "profiles 1"]);
    check(&again(Format::Mattermost, &text));
}

#[test]
fn one_to_one_conversations_become_distinct_channels_of_stream_and_come_back() {
    let (text, losses) = exported(&people(), stream::write);
    golden("people.stream.jsonl", &text);
    assert_eq!(losses, ["blocks 1", "extras 1", "friends 1"]);
    let again = again(Format::Stream, &text);
    check(&again);
    let level = again.iter().map(Record::line).find(|line| line.contains("Tag_Profile_IM_Level")).unwrap();
    assert!(level.contains(r#"{"Tag":"Tag_Profile_IM_Level","Value":7}"#), "{level}");
}

#[test]
fn what_came_from_these_formats_one_to_one_is_the_same_again() {
    for (format, sample, write) in [
        (
            Format::Mattermost,
            "mattermost",
            mattermost::write as fn(&Path, &Path, &mut dyn std::io::Write) -> _,
        ),
        (Format::Stream, "stream", stream::write),
    ] {
        let records = converted_by(format, &super::samples().join(sample), &one_to_one());
        assert!(direct(&records).next().is_some(), "{sample}");
        let (text, _) = exported(&records, write);
        let again = again(format, &text);
        assert_eq!(said(&again), said(&records), "{sample}");
        assert_eq!(unread(&again), unread(&records), "{sample}");
        let keys = |records: &[Record]| {
            let mut keys: Vec<_> = direct(records).map(|message| message.key.clone()).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&again), keys(&records), "{sample}");
    }
}
