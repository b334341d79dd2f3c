//! Connected clients: the frames they receive, and when they are disconnected.

mod bounds;
mod conversations;
mod direct;
mod ends;
mod frames;
mod friends;
mod gone;
mod history;
mod members;
mod official;
mod overview;
mod presence;
mod pushes;
mod readers;
mod receipts;
mod requests;
mod senders;
mod silence;

use crate::harness::{APP, Client, Server, Setup, Store, done, on_both_stores, query, text};
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub(crate) fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

impl TestClient {
    /// A client of an account of the first app.
    pub(crate) async fn connect(server: &Server, account: &str) -> Self {
        Self::ready(&url(server), &query(APP, account)).await
    }

    /// The same on a device of this platform.
    async fn connect_from(server: &Server, account: &str, platform: &str) -> Self {
        Self::ready(&url(server), &format!("{}&platform={platform}", query(APP, account))).await
    }
}

async fn start(store: Store) -> Server {
    Server::start_with(Setup { store, ..Setup::default() }).await
}

/// Without the bound on messages to one group.
async fn start_relaxed(store: Store) -> Server {
    Server::start_with(Setup { store, mode: "relaxed", ..Setup::default() }).await
}

/// A server that reports to `receiver`.
async fn start_reporting(store: Store, receiver: &Receiver) -> Server {
    Server::start_with(Setup { store, webhook: receiver.config(""), ..Setup::default() }).await
}

async fn send(client: &mut Client<TcpStream>, group: &str, random: u64) -> Value {
    let message = json!({ "GroupId": group, "Random": random, "MsgBody": text("m") });
    done(client, "send_group_msg", message).await
}

async fn accounts(client: &mut Client<TcpStream>, names: &[&str]) {
    let list: Vec<_> = names.iter().map(|name| json!({ "UserID": name })).collect();
    done(client, "im_open_login_svc/multiaccount_import", json!({ "AccountList": list })).await;
}

/// A group of `ann` and `bob`, imported.
async fn group(client: &mut Client<TcpStream>, kind: &str, id: &str) {
    let members = json!([{ "Member_Account": "bob", "JoinTime": 1_500_000_000 }]);
    let group = json!({ "Type": kind, "GroupId": id, "Name": "n", "Owner_Account": "ann", "MemberList": members,
        "CreateTime": 1_499_999_999, "SupportTopic": u8::from(kind == "Community") });
    done(client, "import_group", group).await;
}

/// Sends a message that no history stores. It goes through the room of the group and waits behind everything that was sent
/// there before: when it is the next frame of a client, nothing else came.
async fn send_marker(client: &mut Client<TcpStream>, group: &str, random: u64) {
    let forbidden = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"];
    let message = json!({ "GroupId": group, "Random": random, "MsgBody": text("marker"), "OnlineOnlyFlag": 1,
        "ForbidCallbackControl": forbidden });
    done(client, "send_group_msg", message).await;
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter_map(|frame| frame["MsgSeq"].as_u64()).collect()
}

async fn members_receive_messages_tips_and_notices(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    let mut eve = TestClient::connect(&server, "eve").await;

    let mut message = json!({ "GroupId": "g", "Random": 7, "From_Account": "bob", "MsgPriority": "High",
        "MsgBody": text("hello"), "CloudCustomData": "c", "NeedReadReceipt": 1,
        "GroupAtInfo": [{ "GroupAtAllFlag": 0, "GroupAt_Account": "ann" }] });
    let sent = done(client, "send_group_msg", message.clone()).await;
    let expected = json!({ "Event": "message", "GroupId": "g", "Type": "Public", "MsgSeq": 1, "MsgTime": sent["MsgTime"],
        "From_Account": "bob", "Random": 7, "MsgPriority": "High", "MsgBody": text("hello"), "CloudCustomData": "c",
        "NeedReadReceipt": 1, "GroupAtInfo": [{ "GroupAtAllFlag": 0, "GroupAt_Account": "ann" }] });
    assert_eq!(ann.next().await, expected);
    assert_eq!(bob.next().await, expected);
    // The same again is the same message: no client receives it twice.
    done(client, "send_group_msg", message.clone()).await;

    let add = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "eve" }] });
    done(client, "add_group_member", add).await;
    let tip = ann.next_is("tip").await;
    assert_eq!((&tip["MsgSeq"], &tip["OpType"], &tip["OpName"]), (&json!(2), &json!(2), &json!("Invite")));
    assert_eq!(tip["MemberList"], json!([{ "Member_Account": "eve" }]));
    assert_eq!((&tip["Operator_Account"], bob.next().await), (&json!("administrator"), tip.clone()));
    let mut frames = [eve.next().await, eve.next().await];
    frames.sort_by_key(|frame| frame["Event"].to_string());
    assert_eq!(
        (&frames[0]["NoticeType"], &frames[0]["NoticeName"], &frames[1]),
        (&json!(7), &json!("Invited"), &tip)
    );

    message["OnlineOnlyFlag"] = json!(1);
    message["Random"] = json!(8);
    done(client, "send_group_msg", message.clone()).await;
    let online_only = eve.next_is("message").await;
    assert_eq!((&online_only["MsgSeq"], &online_only["OnlineOnlyFlag"]), (&json!(0), &json!(1)));
    ann.next_is("message").await;
    bob.next_is("message").await;

    let directed = json!({ "GroupId": "g", "Random": 9, "From_Account": "ann", "MsgBody": text("psst"), "To_Account": ["eve"] });
    done(client, "send_group_msg", directed).await;
    assert_eq!((&eve.next().await["MsgSeq"], &ann.next().await["MsgSeq"]), (&json!(3), &json!(3)));
    done(client, "openim/modify_group_msg", json!({ "GroupId": "g", "MsgSeq": 1, "MsgBody": text("hi") }))
        .await;
    assert_eq!(bob.next_is("modified").await["MsgBody"], text("hi"));
    let recall = json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": 1 }], "Reason": "rude" });
    done(client, "group_msg_recall", recall).await;
    let recalled = json!({ "Event": "recalled", "GroupId": "g", "Type": "Public", "MsgSeq": 1,
        "MsgTime": sent["MsgTime"], "From_Account": "bob", "Random": 7, "Operator_Account": "administrator", "Reason": "rude" });
    assert_eq!(bob.next().await, recalled);

    drop((ann, bob, eve));
    server.stop().await;
}

async fn members_receive_changes_of_themselves_and_their_group(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    let add = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "eve" }] });
    done(client, "add_group_member", add).await;
    let aside = json!({ "Type": "Public", "GroupId": "aside", "Name": "n", "Owner_Account": "eve" });
    done(client, "import_group", aside).await;
    let (mut bob, mut eve) =
        (TestClient::connect(&server, "bob").await, TestClient::connect(&server, "eve").await);
    let profile = json!({ "GroupId": "g", "Name": "new" });
    done(client, "modify_group_base_info", profile).await;
    let tip = bob.next_is("tip").await;
    assert_eq!(
        (&tip["OpType"], &tip["ChangeList"]),
        (&json!(7), &json!([{ "Field": "Name", "Value": "new" }]))
    );
    let admin = json!({ "GroupId": "g", "Member_Account": "bob", "Role": "Admin" });
    done(client, "modify_group_member_info", admin).await;
    let notices = [bob.next().await, bob.next().await].map(|frame| frame["Event"].clone());
    assert!(notices.contains(&json!("notice")) && notices.contains(&json!("tip")), "{notices:?}");
    done(client, "forbid_send_msg", json!({ "GroupId": "g", "Members_Account": ["eve"], "MuteTime": 60 }))
        .await;
    let muted = eve.until("notice").await.pop().unwrap();
    assert_eq!((&muted["NoticeType"], &muted["MuteTime"]), (&json!(17), &json!(60)));
    let notification = json!({ "GroupId": "g", "Content": "look", "ToMembers_Account": ["bob"] });
    done(client, "send_group_system_notification", notification).await;
    // A notice does not wait for the messages of the history, of which the mute left one.
    let mut frames = [bob.next().await, bob.next().await];
    frames.sort_by_key(|frame| frame["Event"] == "notice");
    assert_eq!((&frames[0]["Event"], &frames[0]["OpType"]), (&json!("tip"), &json!(8)));
    assert_eq!((&frames[1]["NoticeType"], &frames[1]["Content"]), (&json!(16), &json!("look")));

    done(client, "delete_group_member", json!({ "GroupId": "g", "MemberToDel_Account": ["eve"] })).await;
    assert_eq!(eve.until("notice").await.pop().unwrap()["NoticeType"], 4);
    assert_eq!(bob.next_is("tip").await["OpType"], 4);
    send(client, "g", 10).await;
    assert_eq!(bob.next_is("message").await["Random"], 10);
    done(client, "destroy_group", json!({ "GroupId": "g" })).await;
    assert_eq!(bob.next_is("notice").await["NoticeType"], 5);
    // The message before was sent to everybody in the room by now, and not to a former member.
    send_marker(client, "aside", 1).await;
    assert_eq!(eve.next_is("message").await["GroupId"], "aside");

    // Another group with the same id begins with the first number again.
    group(client, "Public", "g").await;
    send(client, "g", 11).await;
    assert_eq!(bob.next_is("message").await["MsgSeq"], 1);
    let flag = |flag: &str| json!({ "GroupId": "g", "Member_Account": "bob", "MsgFlag": flag });
    let mut ann = TestClient::connect(&server, "ann").await;
    done(client, "modify_group_member_info", flag("Discard")).await;
    assert_eq!(bob.next_is("conversation").await["MsgFlag"], "Discard");
    send(client, "g", 12).await;
    // Now the room has delivered it, to nobody but its sender, and will look at the next setting.
    assert_eq!(ann.until("message").await.pop().unwrap()["Random"], 12);
    done(client, "modify_group_member_info", flag("AcceptAndNotify")).await;
    assert_eq!(bob.next_is("conversation").await["MsgFlag"], "AcceptAndNotify");
    send(client, "g", 13).await;
    assert_eq!(bob.next_is("message").await["Random"], 13);
    let rename = json!({ "GroupId": "g", "Member_Account": "bob", "NameCard": "Bobby" });
    done(client, "modify_group_member_info", rename).await;
    let tips = [bob.next_is("tip").await, ann.until("tip").await.pop().unwrap()];
    for tip in tips {
        let fields = ["MsgSeq", "OpName", "MemberList", "ChangeList"].map(|field| tip[field].clone());
        let (member, change) =
            (json!([{ "Member_Account": "bob" }]), json!([{ "Field": "NameCard", "Value": "Bobby" }]));
        assert_eq!(fields, [json!(0), json!("MemberInfoChange"), member, change]);
    }
    drop((ann, bob, eve));
    server.stop().await;
}

/// Groups that are imported silently, each with members, messages and topics.
const IMPORTED: usize = 1_000;

/// A community with members, messages and a topic.
async fn import_everything(client: &mut Client<TcpStream>, number: usize) {
    let id = format!("@TGS#_{number}");
    let group = json!({ "Type": "Community", "GroupId": id, "Name": "n", "Owner_Account": "ann", "SupportTopic": 1, "CreateTime": 1_500_000_000 });
    done(client, "import_group", group).await;
    let members =
        json!([{ "Member_Account": "bob", "UnreadMsgNum": 1 }, { "Member_Account": "eve", "Role": "Admin" }]);
    done(client, "import_group_member", json!({ "GroupId": id, "MemberList": members })).await;
    let topic = format!("{id}@TOPIC#_t");
    done(client, "import_topic", json!({ "GroupId": id, "TopicId": topic, "TopicName": "t" })).await;
    let old = |random: usize| json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": random, "MsgBody": text("old") });
    done(client, "import_group_msg", json!({ "GroupId": id, "MsgList": [old(1), old(2)] })).await;
    done(client, "import_group_msg", json!({ "GroupId": id, "TopicId": topic, "MsgList": [old(3)] })).await;
    let unread = json!({ "GroupId": id, "Member_Account": "bob", "UnreadMsgNum": 2 });
    done(client, "set_unread_msg_num", unread).await;
}

/// Checks that no frame came from any of the imported groups: a marker in each is the first.
async fn check_silence(client: &mut Client<TcpStream>, connected: &mut [TestClient]) {
    for number in 0..IMPORTED {
        let group = format!("@TGS#_{number}");
        send_marker(client, &group, 1).await;
        for member in &mut *connected {
            let frame = member.next_is("message").await;
            assert_eq!((&frame["GroupId"], &frame["MsgBody"]), (&json!(group), &text("marker")));
        }
    }
}

async fn imports_are_silent_and_everything_else_is_not(store: Store) {
    let receiver = Receiver::start().await;
    let server = start_reporting(store, &receiver).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    let mut connected = Vec::new();
    for account in ["ann", "bob", "eve"] {
        connected.push(TestClient::connect(&server, account).await);
    }
    let logins = receiver.requests(3).await.len();
    for number in 0..IMPORTED {
        import_everything(client, number).await;
    }
    done(client, "im_open_login_svc/account_import", json!({ "UserID": "fay" })).await;
    check_silence(client, &mut connected).await;
    assert_eq!(receiver.all().len(), logins, "only the connections are reported");

    let create = json!({ "Type": "Public", "GroupId": "g", "Name": "n", "Owner_Account": "ann" });
    done(client, "create_group", create).await;
    let add = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "bob" }] });
    done(client, "add_group_member", add).await;
    send(client, "g", 1).await;
    let [ann, bob, eve] = &mut connected[..] else { panic!("three are connected") };
    assert_eq!(ann.next_is("notice").await["NoticeName"], "Created");
    assert_eq!(ann.next_is("tip").await["OpName"], "Invite");
    assert_eq!(ann.next_is("message").await["MsgSeq"], 2);
    let mut events =
        [bob.next().await, bob.next().await, bob.next().await].map(|frame| frame["Event"].to_string());
    events.sort();
    assert_eq!(events, ["\"message\"", "\"notice\"", "\"tip\""]);
    let requests = receiver.requests(logins + 6).await;
    let mut commands: Vec<_> = requests[logins..]
        .iter()
        .map(|request| request.command().trim_start_matches("Group.Callback"))
        .collect();
    commands.sort_unstable();
    let expected = [
        "AfterCreateGroup",
        "AfterNewMemberJoin",
        "AfterSendMsg",
        "BeforeCreateGroup",
        "BeforeInviteJoinGroup",
        "BeforeSendMsg",
    ];
    assert_eq!(commands, expected);

    // Imported members receive new messages from then on; imported messages are sent on request.
    send(client, "@TGS#_7", 9).await;
    for member in [&mut *ann, bob, eve] {
        let frame = member.next_is("message").await;
        assert_eq!(
            (&frame["GroupId"], &frame["MsgSeq"], &frame["Random"]),
            (&json!("@TGS#_7"), &json!(3), &json!(9))
        );
    }
    send_marker(client, "@TGS#_7", 10).await;
    for member in [&mut *ann, bob, eve] {
        assert_eq!(member.next_is("message").await["Random"], 10);
    }
    ann.send(
        json!({ "Command": "catch_up", "GroupId": "@TGS#_7", "TopicId": "@TGS#_7@TOPIC#_t", "MsgSeq": 0 }),
    )
    .await;
    let caught = ann.until("caught_up").await;
    assert_eq!(
        (seqs(&caught), &caught[0]["Event"], &caught[1]["MsgBody"]),
        (vec![1, 1], &json!("answer"), &text("old"))
    );
    drop(connected);
    server.stop().await;
}

async fn a_client_that_comes_back_gets_what_it_missed_once(store: Store) {
    let server = start_relaxed(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    for random in 1..=5 {
        send(client, "g", random).await;
    }
    let mut got = Vec::new();
    for _ in 0..5 {
        got.push(bob.next_is("message").await["MsgSeq"].as_u64().unwrap());
    }
    drop(bob);
    for random in 6..=130 {
        send(client, "g", random).await;
    }
    let query = format!("{}&hold=1", query(APP, "bob"));
    let mut bob = TestClient::ready(&url(&server), &query).await;
    let rest = async {
        for random in 131..=260 {
            send(client, "g", random).await;
        }
    };
    let hear = async {
        bob.send(json!({ "Command": "catch_up", "RequestId": "r", "GroupId": "g", "MsgSeq": 5 })).await;
        bob.send(json!({ "Command": "go" })).await;
        while got.last() != Some(&260) {
            let frame = bob.next().await;
            match frame["Event"].as_str().unwrap() {
                "message" => got.push(frame["MsgSeq"].as_u64().unwrap()),
                "answer" => assert_eq!((&frame["ErrorCode"], &frame["RequestId"]), (&json!(0), &json!("r"))),
                other => assert_eq!(other, "caught_up"),
            }
        }
    };
    tokio::join!(rest, hear);
    assert!(got.iter().copied().eq(1..=260), "{got:?}");
    drop(bob);
    server.stop().await;
}

async fn a_client_that_does_not_acknowledge_gets_the_rest_when_it_does(store: Store) {
    let server = start_relaxed(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    for page in 0..172_u64 {
        let row = |number: u64| json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": page * 7 + number + 1, "MsgBody": text("m") });
        let list: Vec<_> = (0..7).map(row).collect();
        done(client, "import_group_msg", json!({ "GroupId": "g", "MsgList": list })).await;
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    bob.send(json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": 0 })).await;
    let first = bob.until("waiting").await;
    assert!(seqs(&first).into_iter().eq((1..=1_000).chain([1_000])));
    send(client, "g", 5_000).await;
    send_marker(client, "g", 5_001).await;
    assert_eq!(bob.next_is("message").await["Random"], 5_001);
    bob.send(json!({ "Command": "ack", "GroupId": "g", "MsgSeq": 400 })).await;
    let second = bob.until("caught_up").await;
    assert!(seqs(&second).into_iter().eq((1_001..=1_205).chain([1_205])), "{:?}", seqs(&second));
    drop(bob);
    server.stop().await;
}

async fn messages_from_before_a_member_joined_are_shown_as_the_group_says(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    for (kind, id, seen) in [("Public", "g", vec![]), ("ChatRoom", "r", vec![1])] {
        group(client, kind, id).await;
        let old =
            json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": 1, "MsgBody": text("old") });
        done(client, "import_group_msg", json!({ "GroupId": id, "MsgList": [old] })).await;
        let add = json!({ "GroupId": id, "MemberList": [{ "Member_Account": "eve" }], "Silence": 1 });
        done(client, "add_group_member", add).await;
        let mut eve = TestClient::connect(&server, "eve").await;
        eve.send(json!({ "Command": "catch_up", "GroupId": id, "MsgSeq": 0 })).await;
        let mut caught = eve.until("caught_up").await;
        let end = caught.pop().unwrap();
        assert_eq!((seqs(&caught), &end["MsgSeq"]), (seen, &json!(1)), "{kind}");
    }
    let mut stranger = TestClient::connect(&server, "stranger").await;
    for (command, expected) in [("catch_up", 10_007), ("topics", 10_007), ("nonsense", 10_003), ("", 10_003)]
    {
        let answer = stranger.request(json!({ "Command": command, "GroupId": "g", "MsgSeq": 0 })).await;
        assert_eq!(answer["ErrorCode"], expected, "{command}: {answer}");
    }
    assert_eq!(stranger.request(json!("no object")).await["ErrorCode"], 10_004);
    assert_eq!(stranger.request(json!({ "Command": "catch_up" })).await["ErrorCode"], 10_015);
    drop(stranger);
    server.stop().await;
}

on_both_stores! {
    members_receive_messages_tips_and_notices
    members_receive_changes_of_themselves_and_their_group
    imports_are_silent_and_everything_else_is_not
    a_client_that_comes_back_gets_what_it_missed_once
    a_client_that_does_not_acknowledge_gets_the_rest_when_it_does
    messages_from_before_a_member_joined_are_shown_as_the_group_says
}
