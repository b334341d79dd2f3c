use super::Collected;
use crate::format::Record;
use crate::mapping::{ChannelKind, Mapping};
use crate::sources::builder::Builder;
use crate::sources::builder::model::{
    Channel, File, Member, Message, MessageKind, Reaction, ReadMark, Role, User,
};
use crate::sources::{Converted, Format};
use landfall_domain::limits::Limits;

fn built(mapping: &str, fill: impl FnOnce(&mut Builder<'_>)) -> (Collected, Converted) {
    let mapping = Mapping::parse(mapping).unwrap();
    let mut collected = Collected::default();
    let mut builder = Builder::new(Format::Csv, &mapping, &Limits::FAITHFUL, &mut collected);
    fill(&mut builder);
    let converted = builder.finish().unwrap();
    (collected, converted)
}

fn user(id: &str, nick: &str) -> User {
    User { id: id.to_owned(), nick: nick.to_owned(), ..User::default() }
}

fn member(id: &str) -> Member {
    Member { user: id.to_owned(), ..Member::default() }
}

fn message(number: u64, author: &str, text: &str) -> Message {
    Message {
        channel: "c".to_owned(),
        key: format!("c:{number}"),
        author: author.to_owned(),
        ts_ms: Some(number * 1_000),
        text: text.to_owned(),
        ..Message::default()
    }
}

fn public(name: &str) -> Channel {
    Channel::new("c", name, ChannelKind::Public)
}

fn losses(converted: &Converted) -> Vec<String> {
    converted.losses.iter().map(|loss| format!("{} {}", loss.code, loss.count)).collect()
}

#[test]
fn members_without_a_time_join_before_the_first_message() {
    let (collected, converted) = built("", |builder| {
        builder.channel(Channel { created_ms: Some(900_000), ..public("talk") }).unwrap();
        builder.member("c", member("ann")).unwrap();
        builder.member("c", Member { joined_ms: Some(700_000), ..member("ben") }).unwrap();
        builder.member("c", Member { joined_ms: Some(70_000), ..member("cy") }).unwrap();
        builder.message(message(500, "ann", "hi")).unwrap();
    });
    assert_eq!(collected.groups()[0].create_time, Some(499));
    let joined: Vec<_> = collected.members().iter().map(|member| member.join_time).collect();
    assert_eq!(joined, [Some(500), Some(700), Some(500)]);
    assert_eq!(
        losses(&converted),
        ["created 1", "joins_moved 1", "late_members 1", "placeholders 3", "joins_made 1", "no_owner 1"]
    );
}

#[test]
fn times_of_groups_and_members_that_cannot_be_count_as_missing() {
    let (collected, converted) = built("", |builder| {
        builder.channel(Channel { created_ms: Some(u64::MAX), ..public("talk") }).unwrap();
        builder.user(user("ann", "Ann")).unwrap();
        builder.member("c", Member { joined_ms: Some(u64::MAX), ..member("ann") }).unwrap();
        builder.message(message(500, "ann", "hi")).unwrap();
    });
    assert_eq!((collected.groups()[0].create_time, collected.members()[0].join_time), (Some(499), Some(500)));
    assert_eq!(losses(&converted), ["created_made 1", "joins_made 1", "no_owner 1"]);
}

#[test]
fn a_mapping_lets_everybody_see_everything() {
    let (collected, converted) = built("[members]\njoin_times = \"first\"", |builder| {
        builder.channel(Channel { created_ms: Some(10_000), ..public("talk") }).unwrap();
        builder.user(user("ben", "Ben")).unwrap();
        builder.member("c", Member { joined_ms: Some(700_000), ..member("ben") }).unwrap();
        builder.message(message(500, "ben", "hi")).unwrap();
    });
    assert_eq!(collected.members()[0].join_time, Some(11));
    assert_eq!(collected.members()[0].x, Some(serde_json::json!({ "joined_ms": 700_000 }).into()));
    assert_eq!(losses(&converted), ["no_owner 1"]);
}

#[test]
fn the_oldest_administrator_becomes_the_owner_and_private_groups_have_no_others() {
    let fill = |builder: &mut Builder<'_>| {
        builder.channel(Channel { created_ms: Some(10_000), ..public("talk") }).unwrap();
        for (id, joined) in [("ann", 30_000), ("ben", 20_000)] {
            builder.user(user(id, id)).unwrap();
            let admin = Member { role: Role::Admin, joined_ms: Some(joined), ..member(id) };
            builder.member("c", admin).unwrap();
        }
    };
    let roles = |mapping: &str| {
        let (collected, converted) = built(mapping, fill);
        let roles: Vec<_> =
            collected.members().iter().map(|member| member.role.clone().unwrap_or_default()).collect();
        (collected.groups()[0].owner.clone(), roles, losses(&converted))
    };
    let owned = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    let owner = Some("ben".to_owned());
    assert_eq!(roles(""), (owner.clone(), owned(["Admin", "Owner"]), vec!["owners 1".to_owned()]));
    assert_eq!(
        roles("[kinds]\npublic = \"Private\""),
        (owner, owned(["", "Owner"]), owned(["admins 1", "owners 1"]))
    );
}

#[test]
fn an_unknown_sender_becomes_a_placeholder_and_no_member() {
    let (collected, converted) = built("", |builder| {
        builder.channel(public("talk")).unwrap();
        let ghost = Message { author_name: "Ghost".to_owned(), ..message(5, "U9", "boo") };
        builder.message(ghost).unwrap();
        builder.message(message(6, "", "who?")).unwrap();
    });
    let lines = collected.lines();
    assert!(lines.contains(
        &r#"{"t":"account","src":"csv","key":"U9","UserID":"U9","Nick":"Ghost","x":{"placeholder":true}}"#
            .to_owned()
    ));
    assert_eq!(collected.messages()[1].from, "unknown-sender");
    assert_eq!(collected.members().len(), 0);
    assert_eq!(losses(&converted)[..2], ["placeholders 2", "senders 1"].map(str::to_owned));
    assert!(collected.faults.is_empty());
}

#[test]
fn a_message_without_a_usable_time_is_a_fault() {
    let (collected, converted) = built("", |builder| {
        builder.channel(public("talk")).unwrap();
        builder
            .message(Message { ts_ms: None, place: "a.json, message 3".to_owned(), ..message(1, "a", "t") })
            .unwrap();
        builder.message(message(1, "a", "before the group could be")).unwrap();
        builder.message(message(1 << 33, "a", "in another unit")).unwrap();
        builder.message(Message { channel: "d".to_owned(), ..message(9, "a", "nowhere") }).unwrap();
    });
    assert_eq!(
        collected.problems(),
        [
            "missing: a.json, message 3: the message has no usable time",
            "bad_time: the message has an impossible time: 1000 ms since 1970",
            "bad_time: the message has an impossible time: 8589934592000 ms since 1970",
            "no_such_group: the source has no conversation \"d\"",
        ]
    );
    assert_eq!((converted.found.messages, converted.messages, converted.faults), (4, 0, 4));
}

#[test]
fn a_long_message_becomes_several_that_fit() {
    let (collected, converted) = built("", |builder| {
        builder.channel(public("talk")).unwrap();
        let reactions = vec![Reaction { name: "+1".to_owned(), users: vec!["ben".to_owned()], count: 1 }];
        let long = Message {
            reactions,
            thread: Some("c:1".to_owned()),
            ..message(5, "ann", &"long \"text\" ".repeat(3_000))
        };
        builder.message(long).unwrap();
    });
    let parts = collected.messages();
    let keys: Vec<_> = parts.iter().map(|part| part.key.as_str()).collect();
    assert_eq!(keys, ["c:5", "c:5/2", "c:5/3", "c:5/4"]);
    for part in &parts {
        let custom = crate::format::custom::fold(part, 1 << 20).text.unwrap();
        let bytes = part.msg_body.as_str().len() + custom.len();
        assert!(bytes <= Limits::FAITHFUL.messages.bytes, "{bytes}");
        assert_eq!((part.send_time, part.thread.as_deref()), (Some(5), Some("c:1")));
    }
    assert_eq!(parts[0].reactions[0].accounts, ["ben"]);
    assert!(losses(&converted).contains(&"split 1".to_owned()));
}

#[test]
fn reactions_without_room_are_counted() {
    let (collected, converted) = built("", |builder| {
        builder.channel(public("talk")).unwrap();
        let users = (0..2_000).map(|number| format!("U{number}")).collect();
        let reactions = vec![Reaction { name: "+1".to_owned(), users, count: 2_000 }];
        builder.message(Message { reactions, ..message(5, "ann", "hi") }).unwrap();
    });
    assert!(collected.messages()[0].reactions.is_empty());
    assert!(losses(&converted).contains(&"reactions 1".to_owned()));
}

#[test]
fn names_and_texts_are_cut_and_kept() {
    let (collected, converted) = built("", |builder| {
        let name = "The channel of everybody who bakes bread";
        let channel = Channel { introduction: "Bread.".to_owned(), ..public(name) };
        builder.channel(Channel { notification: "n".repeat(301), ..channel }).unwrap();
        let other = Channel::new("d", "The channel of everybody who runs", ChannelKind::Public);
        builder.channel(other).unwrap();
    });
    let bread = collected.groups()[0];
    assert_eq!(bread.name, "The channel of everybody who b");
    assert_eq!(bread.introduction.as_deref(), Some("The channel of everybody who bakes bread\nBread."));
    assert_eq!(bread.notification.as_deref(), Some(&*"n".repeat(300)));
    assert_eq!(collected.groups()[1].name, "The channel of everybody who r");
    assert_eq!(losses(&converted)[..2], ["texts_cut 1", "names_cut 2"].map(str::to_owned));
}

#[test]
fn direct_conversations_become_private_groups_named_after_their_members() {
    let (collected, converted) = built("", |builder| {
        for (id, nick) in [("U1", "Ann"), ("U2", "Ben")] {
            builder.user(user(id, nick)).unwrap();
        }
        for id in ["D1", "D2"] {
            builder.channel(Channel::new(id, "", ChannelKind::Direct)).unwrap();
            builder.member(id, member("U2")).unwrap();
            builder.member(id, member("U1")).unwrap();
            builder.read(id, "U1", ReadMark::Unread(2)).unwrap();
        }
    });
    for group in collected.groups() {
        assert_eq!((group.kind.as_str(), group.name.as_str()), ("Private", "Ann, Ben"));
    }
    assert_eq!(converted.found.direct, 2);
    assert!(losses(&converted).contains(&"same_names 1".to_owned()));
    let marks = collected.lines().iter().filter(|line| line.contains("UnreadMsgNum")).count();
    assert_eq!(marks, 2);
}

#[test]
fn messages_that_are_no_ordinary_ones_follow_the_mapping() {
    let fill = |builder: &mut Builder<'_>| {
        builder.channel(public("talk")).unwrap();
        builder.user(user("ann", "Ann")).unwrap();
        let kinds = [MessageKind::Regular, MessageKind::System, MessageKind::Bot, MessageKind::Deleted];
        for (number, kind) in (10..).zip(kinds) {
            builder.message(Message { kind, ..message(number, "ann", "text") }).unwrap();
        }
        builder.message(message(20, "ann", " ")).unwrap();
        let file = File { key: "F1".to_owned(), path: Some("f/1".to_owned()), ..File::default() };
        builder.message(Message { files: vec![file.clone(), file], ..message(21, "ann", "") }).unwrap();
    };
    let keys = |mapping: &str| {
        let (collected, _) = built(mapping, fill);
        collected.messages().iter().map(|message| message.key.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(""), "c:10 c:11 c:12 c:21");
    let other =
        "[messages]\nsystem = \"leave_out\"\nbot = \"leave_out\"\nempty = \"keep\"\ndeleted = \"keep\"";
    assert_eq!(keys(other), "c:10 c:13 c:20 c:21");
    assert_eq!(keys("[users.ann]\nleave_out = true"), "");
    assert_eq!(keys("[channels.c]\nleave_out = true"), "");
    let (collected, converted) = built("", fill);
    assert_eq!(collected.lines().iter().filter(|line| line.starts_with(r#"{"t":"file""#)).count(), 1);
    assert_eq!((converted.found.files, converted.messages), (2, 4));
}

#[test]
fn ids_and_names_of_the_mapping_are_used() {
    let mapping = "[channels.c]\nid = \"@TGS#_talk\"\nname = \"Talk\"\ntype = \"Community\"\n[users.ann]\nid = \"a1\"\nnick = \"A\"";
    let (collected, _) = built(mapping, |builder| {
        builder.channel(public("talk")).unwrap();
        builder.user(user("ann", "Ann")).unwrap();
        builder.message(message(10, "ann", "text")).unwrap();
    });
    let group = collected.groups()[0];
    assert_eq!((group.group_id.as_str(), group.name.as_str()), ("@TGS#_talk", "Talk"));
    assert_eq!((collected.messages()[0].from.as_str(), collected.messages()[0].key.as_str()), ("a1", "c:10"));
    assert!(
        collected.lines()[1].contains(r#""key":"ann","UserID":"a1","Nick":"A""#),
        "{:?}",
        collected.lines()
    );
}

#[test]
fn a_mapping_that_fits_nothing_ends_the_conversion() {
    let mapping = Mapping::parse("[channels.c]\nid = \"@TGS#_talk\"").unwrap();
    let mut collected = Collected::default();
    let mut builder = Builder::new(Format::Csv, &mapping, &Limits::FAITHFUL, &mut collected);
    let error = builder.channel(public("talk")).unwrap_err().to_string();
    assert!(error.contains("channels.\"c\".id must not start with @TGS#"), "{error}");

    let mapping = Mapping::parse("[channels.d]\nleave_out = true").unwrap();
    let mut builder = Builder::new(Format::Csv, &mapping, &Limits::FAITHFUL, &mut collected);
    builder.channel(public("talk")).unwrap();
    assert!(builder.finish().unwrap_err().to_string().contains("channels.\"d\""));
}

#[test]
fn ids_that_the_mapping_makes_equal_are_a_fault() {
    let (collected, _) = built("[users.ann]\nid = \"x\"\n[users.ben]\nid = \"x\"", |builder| {
        builder.user(user("ann", "Ann")).unwrap();
        builder.user(user("ben", "Ben")).unwrap();
    });
    assert_eq!(collected.faults[0].code, "duplicate");
}

#[test]
fn a_large_group_gets_room_and_one_that_is_too_large_is_a_fault() {
    let group = |members: usize| {
        let (collected, _) = built("", |builder| {
            builder.channel(public("talk")).unwrap();
            for number in 0..members {
                builder.member("c", member(&format!("u{number}"))).unwrap();
            }
        });
        (collected.groups()[0].max_member_num, collected.faults.first().map(|fault| fault.code))
    };
    assert_eq!(group(1_000), (None, None));
    assert_eq!(group(1_001), (Some(6_000), None));
    assert_eq!(group(6_001), (Some(6_000), Some("group_full")));
}

#[test]
fn a_sentence_says_what_was_found_and_lost() {
    let (_, converted) = built("", |builder| {
        builder.channel(public("talk")).unwrap();
        builder.message(message(1_546_500_000, "ann", "text")).unwrap();
        builder.message(message(1_790_000_000, "ann", "")).unwrap();
        builder.absent("read marks");
    });
    assert_eq!(
        converted.sentence(),
        "CSV file: 1 channel, 0 users, 2 messages, 2019-01-03 to 2019-01-03; lost: 1 empty message, read marks (not in the source)"
    );
}

#[test]
fn a_direct_conversation_becomes_one_to_one_where_the_mapping_says_so() {
    let fill = |builder: &mut Builder<'_>| {
        builder.channel(Channel::new("c", "", ChannelKind::Direct)).unwrap();
        builder.member("c", member("ann")).unwrap();
        builder.member("c", member("ben")).unwrap();
        builder.message(message(500, "ann", "hi")).unwrap();
        builder.message(message(501, "bot", "reminder")).unwrap();
        builder.read("c", "ben", ReadMark::Unread(1)).unwrap();
    };
    let (collected, converted) = built("[kinds]\ndirect = \"one-to-one\"\n", fill);
    assert!(collected.groups().is_empty() && collected.members().is_empty());
    let pairs: Vec<_> = collected.records.iter().filter_map(Record::pair).collect();
    assert_eq!(pairs, [("ann", "ben"), ("ben", "ann")]);
    assert!(losses(&converted).contains(&"one_to_one_others 1".to_owned()));
    // By default, and where the accounts are not known, it is a group.
    assert_eq!(built("", fill).0.groups().len(), 1);
    let unknown = |builder: &mut Builder<'_>| {
        builder.channel(Channel::new("c", "", ChannelKind::Direct)).unwrap();
        builder.message(message(500, "ann", "hi")).unwrap();
    };
    let (collected, converted) = built("[kinds]\ndirect = \"one-to-one\"\n", unknown);
    assert_eq!(collected.groups().len(), 1);
    assert!(losses(&converted).contains(&"one_to_one_groups 1".to_owned()));
}

#[test]
fn what_a_source_says_of_users_becomes_fields_where_the_mapping_says_so() {
    let (collected, _) = built("[profiles]\ntitle = \"Tag_Profile_Custom_Title\"\n", |builder| {
        let x = serde_json::json!({ "title": "Baker", "more": 1 });
        builder.user(User { x, ..user("ann", "Ann") }).unwrap();
    });
    let Some(Record::Account(account)) = collected.records.first() else { panic!("no account") };
    assert_eq!(account.profile[0].tag, "Tag_Profile_Custom_Title");
    assert_eq!(account.x.as_ref().unwrap().as_str(), "{\"more\":1}");
}
