use super::pulled;
use crate::stand_in::{Group, Said, StandIn, Troubles};
use landfall_migrate::format::Record;
use serde_json::{Value, json};

const CREATED: u64 = 1_500_000_000;

fn group(kind: &str, members: usize, messages: u64) -> Group {
    let profile = json!({ "Type": kind, "Name": "Group", "CreateTime": CREATED, "MaxMemberNum": 2_000 });
    let Value::Object(profile) = profile else { panic!("no object") };
    let said = |number: u64| Said {
        from: "gone".to_owned(),
        time: CREATED + number,
        random: number,
        body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": number.to_string() } }]),
        custom: String::new(),
    };
    let member = |number: usize| {
        let Value::Object(member) = json!({ "Role": "Member", "JoinTime": CREATED + 1 }) else {
            panic!("no object")
        };
        (format!("u{number:04}"), member.into_iter().collect())
    };
    Group {
        profile: profile.into_iter().collect(),
        members: (0..members).map(member).collect(),
        talks: [(String::new(), (1..=messages).map(said).collect())].into(),
        ..Group::default()
    }
}

/// A server with groups of all kinds.
async fn server() -> StandIn {
    let server = StandIn::start(Troubles::default(), crate::landfall()).await;
    let mut state = server.state();
    let mut large = group("Public", 501, 333);
    large.unread.insert("u0007".to_owned(), 100);
    for (place, said) in large.talks.get_mut("").unwrap().iter_mut().enumerate() {
        // The first 250 are too old, and one in ten of the others was recalled.
        if place < 250 || place % 10 == 9 {
            said.body = Value::Null;
        }
    }
    state.groups.insert("large".to_owned(), large);
    state.groups.insert("community".to_owned(), group("Community", 250, 0));
    state.groups.insert("live".to_owned(), group("AVChatRoom", 0, 0));
    for number in 0..120 {
        state.groups.insert(format!("small{number}"), group("Private", 2, number % 3));
    }
    drop(state);
    server
}

#[tokio::test]
async fn all_groups_members_and_messages_are_pulled_however_small_the_pages_are() {
    let directory = tempfile::tempdir().unwrap();
    let server = server().await;
    let (records, report) = pulled(directory.path(), &server).await;
    assert_eq!((report.groups, report.members, report.accounts), (122, 501 + 250 + 240, 502));
    assert_eq!((report.messages, report.removed_messages), (120 + 75, 250 + 8));
    assert_eq!((report.live.count, report.live.first.as_slice()), (1, ["live".to_owned()].as_slice()));
    assert!(report.without_profiles && report.changed.count == 0);
    // Of the 100 numbers behind the mark 25 have no message.
    let reads: Vec<_> = records
        .iter()
        .filter_map(|record| if let Record::Read(read) = record { Some(read) } else { None })
        .collect();
    assert_eq!(reads.len(), 1);
    assert_eq!((reads[0].account.as_str(), reads[0].unread_msg_num), ("u0007", Some(75)));
    server.state().rows_max = Some(40);
    let (mut paged, paged_report) = pulled(directory.path(), &server).await;
    assert_eq!(paged_report, report);
    let mut records: Vec<_> = records.iter().map(Record::line).collect();
    let mut paged: Vec<_> = paged.drain(..).map(|record| record.line()).collect();
    records.sort();
    paged.sort();
    assert_eq!(paged, records);
}

#[tokio::test]
async fn a_group_that_changes_while_it_is_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let server = server().await;
    server.state().grows = Some("large".to_owned());
    let (_, report) = pulled(directory.path(), &server).await;
    assert_eq!((report.changed.count, report.changed.first.as_slice()), (1, ["large".to_owned()].as_slice()));
}

#[tokio::test]
async fn a_group_that_the_server_does_not_show_does_not_end_a_pull() {
    let directory = tempfile::tempdir().unwrap();
    let server = server().await;
    server.state().closed = Some("large".to_owned());
    let (_, report) = pulled(directory.path(), &server).await;
    let refused = "large: the server answers 10007: refused by the stand-in".to_owned();
    assert_eq!((report.refused.count, report.refused.first), (1, vec![refused]));
    assert_eq!((report.messages, report.members), (120, 250 + 240));
}
