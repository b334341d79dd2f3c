//! The events that receivers of webhooks are sent, and those that they are not.

use crate::harness::{Client, Server, Setup, Store, code, done, on_both_stores};
use crate::receiver::{ReceivedRequest, Receiver, Reply};
use crate::test_client::TestClient;
use landfall::webhook::events::caused;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{Claim, Outbox};
use landfall_domain::time::Timestamp;
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::net::TcpStream;

mod official;
mod people;

const SERVICE: &str = "group_open_http_svc";
const TEXT: &str = "TIMTextElem";

async fn start(store: Store, receiver: &Receiver, more: &str) -> Server {
    Server::start_with(Setup { store, webhook: receiver.config(more), ..Setup::default() }).await
}

async fn call(client: &mut Client<TcpStream>, command: &str, body: Value) -> Value {
    let command = if command.contains('/') { command.to_owned() } else { format!("{SERVICE}/{command}") };
    client.call(&command, &body).await
}

/// A call that succeeds.
async fn accounts(client: &mut Client<TcpStream>) {
    done(client, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ["ann", "bob", "eve"] })).await;
}

fn text(text: &str) -> Value {
    json!([{ "MsgType": TEXT, "MsgContent": { "Text": text } }])
}

fn message(group: &str, random: u32) -> Value {
    json!({ "GroupId": group, "From_Account": "ann", "Random": random, "MsgBody": text("m") })
}

/// The bodies, each without its time, which is checked here.
fn bodies(requests: &[ReceivedRequest]) -> Vec<Value> {
    let body = |request: &ReceivedRequest| {
        let mut body = request.body.clone();
        let time = body.as_object_mut().unwrap().remove("EventTime").unwrap();
        assert!(1_600_000_000_000 < time.as_u64().unwrap(), "{time} are no milliseconds");
        body
    };
    requests.iter().map(body).collect()
}

/// Calls about one community: each with the numbers of its events before and after.
fn steps() -> [(&'static str, Value, usize, usize); 15] {
    [
        (
            "create_group",
            json!({ "Type": "Community", "GroupId": "@TGS#_c", "Name": "n", "Owner_Account": "ann", "SupportTopic": 1, "MemberList": [{ "Member_Account": "bob" }] }),
            1,
            1,
        ),
        ("modify_group_base_info", json!({ "GroupId": "@TGS#_c", "Name": "m", "FaceUrl": "f" }), 0, 1),
        ("modify_group_base_info", json!({ "GroupId": "@TGS#_c", "MaxMemberNum": 9 }), 0, 0),
        (
            "add_group_member",
            json!({ "GroupId": "@TGS#_c", "MemberList": [{ "Member_Account": "eve" }] }),
            1,
            1,
        ),
        (
            "modify_group_member_info",
            json!({ "GroupId": "@TGS#_c", "Member_Account": "eve", "Role": "Admin", "NameCard": "card" }),
            0,
            1,
        ),
        ("send_group_msg", message("@TGS#_c", 1), 1, 1),
        ("send_group_msg", message("@TGS#_c", 1), 1, 0),
        ("group_msg_recall", json!({ "GroupId": "@TGS#_c", "MsgSeqList": [{ "MsgSeq": 99 }] }), 0, 0),
        (
            "million_group_open_http_svc/create_topic",
            json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_t", "TopicName": "t" }),
            1,
            1,
        ),
        (
            "million_group_open_http_svc/modify_topic",
            json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_t", "Notification": "o" }),
            0,
            1,
        ),
        (
            "million_group_open_http_svc/destroy_topic",
            json!({ "GroupId": "@TGS#_c", "TopicIdList": ["@TGS#_c@TOPIC#_t"] }),
            0,
            1,
        ),
        (
            "set_group_attr",
            json!({ "GroupId": "@TGS#_c", "GroupAttr": [{ "key": "k", "value": "v" }] }),
            0,
            1,
        ),
        ("change_group_owner", json!({ "GroupId": "@TGS#_c", "NewOwner_Account": "bob" }), 0, 1),
        ("delete_group_member", json!({ "GroupId": "@TGS#_c", "MemberToDel_Account": ["eve"] }), 0, 1),
        ("destroy_group", json!({ "GroupId": "@TGS#_c" }), 0, 1),
    ]
}

/// The events of these calls.
fn expected() -> Vec<Value> {
    let admin = "administrator";
    let about = |command: &str, more: Value| {
        let mut body = json!({ "CallbackCommand": format!("Group.Callback{command}") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let in_group = |command: &str, more: Value| {
        let mut body =
            about(command, json!({ "GroupId": "@TGS#_c", "Type": "Community", "Operator_Account": admin }));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let bob = json!([{ "Member_Account": "bob" }]);
    let eve = json!([{ "Member_Account": "eve" }]);
    let topic = "@TGS#_c@TOPIC#_t";
    let said = json!({ "From_Account": "ann", "Random": 1, "OnlineOnlyFlag": 0, "MsgBody": text("m"), "CloudCustomData": "" });
    let mut sent = in_group("AfterSendMsg", said.clone());
    sent["MsgSeq"] = json!(4);
    sent["MsgTime"] = json!(0);
    sent["MsgId"] = json!("");
    sent["GroupAtInfo"] = json!([]);
    vec![
        about(
            "BeforeCreateGroup",
            json!({ "Operator_Account": admin, "Owner_Account": "ann", "Type": "Community", "Name": "n", "MemberList": bob }),
        ),
        in_group(
            "AfterCreateGroup",
            json!({ "Owner_Account": "ann", "Name": "n", "MemberList": bob, "UserDefinedDataList": [] }),
        ),
        in_group("AfterGroupInfoChanged", json!({ "Name": "m", "FaceUrl": "f" })),
        in_group("BeforeInviteJoinGroup", json!({ "DestinationMembers": eve })),
        in_group("AfterNewMemberJoin", json!({ "JoinType": "Invited", "NewMemberList": eve })),
        in_group(
            "AfterMemberFieldChanged",
            json!({ "Modified_Account": "eve", "Role": "Admin", "NameCard": "card" }),
        ),
        in_group("BeforeSendMsg", said.clone()),
        sent,
        in_group("BeforeSendMsg", said),
        about("BeforeCreateTopic", json!({ "Operator_Account": admin, "Type": "Community", "Name": "t" })),
        in_group(
            "AfterCreateTopic",
            json!({ "TopicId": topic, "Owner_Account": "ann", "Name": "t", "UserDefinedDataList": [] }),
        ),
        in_group("AfterTopicInfoChanged", json!({ "TopicId": topic, "Notification": "o" })),
        about(
            "AfterTopicDestroyed",
            json!({ "GroupId": "@TGS#_c", "Type": "Community", "TopicIdList": [topic] }),
        ),
        in_group(
            "AfterGroupAttrChanged",
            json!({ "OptionType": "set", "GroupAttr": [{ "key": "k", "value": "v" }] }),
        ),
        in_group("AfterChangeGroupOwner", json!({ "OldOwner_Account": "ann", "NewOwner_Account": "bob" })),
        in_group("AfterMemberExit", json!({ "ExitType": "Kicked", "ExitMemberList": eve })),
        about(
            "AfterGroupDestroyed",
            json!({ "GroupId": "@TGS#_c", "Type": "Community", "Owner_Account": "bob", "Name": "m" }),
        ),
    ]
}

/// All events of one group, in order.
async fn every_event_is_sent_with_its_documented_fields(store: Store) {
    let receiver = Receiver::start().await;
    let server = start(store, &receiver, "").await;
    let client = &mut server.client().await;
    accounts(client).await;
    let mut calls = 0;
    let mut asked = 0;
    for (command, body, before, after) in steps() {
        done(client, command, body).await;
        (asked, calls) = (asked + before, calls + before + after);
        // One after another, so that events before a call follow those of the last one.
        receiver.requests(calls).await;
    }
    let requests = receiver.requests(calls).await;
    assert_eq!(requests.len(), calls);
    assert!(0 < asked);
    for request in &requests {
        let expected = format!(
            "SdkAppid=1400000001&CallbackCommand={}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI",
            request.command()
        );
        assert_eq!(request.query, expected);
    }
    let mut bodies = bodies(&requests);
    for body in &mut bodies {
        if let Some(time) = body.get_mut("MsgTime") {
            assert!(1_600_000_000 < time.as_u64().unwrap());
            *time = json!(0);
        }
        if let Some(id) = body.get_mut("MsgId") {
            // The numbers of the account, of the time and of the message.
            let numbers = id.as_str().unwrap().split('-').map(|number| number.parse::<u64>().unwrap());
            assert_eq!(numbers.collect::<Vec<_>>()[2], 1, "{id}");
            *id = json!("");
        }
    }
    let expected = expected();
    for (body, expected) in bodies.iter().zip(&expected) {
        assert_eq!(body, expected);
    }
    assert_eq!(bodies.len(), expected.len());
    server.stop().await;
}

async fn a_receiver_decides_what_it_is_asked(store: Store) {
    let receiver =
        Receiver::answering(|_, request| match (request.command(), request.body["Name"].as_str()) {
            ("Group.CallbackBeforeCreateGroup", Some("no")) => Reply::code(1),
            ("Group.CallbackBeforeCreateGroup", Some("why")) => Reply::code(10_150),
            ("Group.CallbackBeforeCreateGroup", Some("odd")) => Reply::code(7),
            ("Group.CallbackBeforeCreateTopic", _) => Reply::code(10_100),
            ("Group.CallbackBeforeInviteJoinGroup", _) => {
                Reply::Json(json!({ "ErrorCode": 0, "RefusedMembers_Account": ["bob"] }))
            }
            ("Group.CallbackBeforeSendMsg", _) => match request.body["Random"].as_u64() {
                Some(1) => Reply::code(2),
                Some(2) => {
                    Reply::Json(json!({ "ErrorCode": 0, "MsgBody": text("better"), "CloudCustomData": "c" }))
                }
                Some(3) => Reply::Json(json!({ "ErrorCode": 0, "MsgBody": "worse" })),
                Some(4) => Reply::Status(500),
                _ => Reply::code(1),
            },
            _ => Reply::ok(),
        });
    let receiver = receiver.await;
    let server = start(store, &receiver, "").await;
    let client = &mut server.client().await;
    accounts(client).await;
    let group = |name: &str| json!({ "Type": "Community", "GroupId": "@TGS#_c", "Name": name, "Owner_Account": "ann", "SupportTopic": 1 });
    for (name, expected) in [("no", 10_016), ("odd", 10_016), ("why", 10_150), ("yes", 0)] {
        let answer = call(client, "create_group", group(name)).await;
        assert_eq!(code(&answer), expected, "{name}");
        assert_eq!(answer["ErrorInfo"] == "said by the receiver", name == "why");
    }
    let topic = json!({ "GroupId": "@TGS#_c", "TopicName": "t" });
    assert_eq!(code(&call(client, "million_group_open_http_svc/create_topic", topic).await), 10_100);
    let list = json!([{ "Member_Account": "bob" }, { "Member_Account": "eve" }]);
    let added = done(client, "add_group_member", json!({ "GroupId": "@TGS#_c", "MemberList": list })).await;
    let rows = json!([{ "Member_Account": "bob", "Result": 0 }, { "Member_Account": "eve", "Result": 1 }]);
    assert_eq!(added["MemberList"], rows);

    let dropped = done(client, "send_group_msg", message("@TGS#_c", 1)).await;
    assert_eq!((&dropped["MsgSeq"], &dropped["MsgDropReason"]), (&json!(0), &Value::Null));
    for random in [2, 3, 4] {
        assert_ne!(done(client, "send_group_msg", message("@TGS#_c", random)).await["MsgSeq"], 0);
    }
    assert_eq!(code(&call(client, "send_group_msg", message("@TGS#_c", 5)).await), 10_016);
    let mut unasked = message("@TGS#_c", 6);
    unasked["ForbidCallbackControl"] = json!(["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]);
    done(client, "send_group_msg", unasked).await;
    let page = done(client, "group_msg_get_simple", json!({ "GroupId": "@TGS#_c", "ReqMsgNumber": 4 })).await;
    let kept: Vec<_> = page["RspMsgList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["MsgRandom"].as_u64().unwrap(), &row["MsgBody"], &row["CloudCustomData"]))
        .collect();
    let (m, better, custom) = (text("m"), text("better"), json!("c"));
    assert_eq!(
        kept,
        [(6, &m, &Value::Null), (4, &m, &Value::Null), (3, &m, &Value::Null), (2, &better, &custom)]
    );
    let randoms = |command: &str| {
        let of: Vec<_> =
            receiver.all().into_iter().filter(|request| request.command().ends_with(command)).collect();
        of.iter().map(|request| request.body["Random"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(randoms("BeforeSendMsg"), [1, 2, 3, 4, 5]);
    // Events that wait when the server stops are sent by the next one.
    receiver.until(|| randoms("AfterSendMsg").len() == 3).await;
    server.stop().await;
    assert_eq!(randoms("AfterSendMsg"), [2, 3, 4], "a forbidden event is not sent");
}

async fn a_message_that_is_refused_is_reported_as_an_exception(store: Store) {
    let receiver = Receiver::start().await;
    let server = start(store, &receiver, r#"events = ["Group.CallbackSendMsgException"]"#).await;
    let client = &mut server.client().await;
    done(client, "import_group", json!({ "Type": "Public", "GroupId": "g", "Name": "n" })).await;
    let refused = call(client, "send_group_msg", message("g", 1)).await;
    assert_eq!(code(&refused), 10_004, "nobody imported the sender");
    let requests = receiver.requests(1).await;
    let fields = ["From_Account", "Type", "Random", "MsgBody", "ErrorCode", "ErrorInfo"];
    let fields = fields.map(|field| requests[0].body[field].clone());
    let info = refused["ErrorInfo"].clone();
    assert_eq!(fields, [json!("ann"), json!("Public"), json!(1), text("m"), json!(10_004), info]);
    server.stop().await;
}

/// Events that nothing triggers cannot be switched on: each that can is sent here.
async fn every_event_that_can_be_switched_on_is_sent(store: Store) {
    let receiver = Receiver::start().await;
    let server = start(store, &receiver, "").await;
    let client = &mut server.client().await;
    accounts(client).await;
    for (command, body, ..) in steps() {
        done(client, command, body).await;
    }
    let group =
        json!({ "Type": "Public", "GroupId": "g", "Name": "n", "Owner_Account": "ann", "MaxMemberNum": 2 });
    done(client, "create_group", group).await;
    let bob = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "bob" }] });
    done(client, "add_group_member", bob).await;
    let mut sent = message("g", 1);
    (sent["NeedReadReceipt"], sent["SupportMessageExtension"]) = (json!(1), json!(1));
    let seq = done(client, "send_group_msg", sent).await["MsgSeq"].clone();
    let read = json!({ "GroupId": "g", "From_Account": "bob", "MsgSeqList": [{ "MsgSeq": seq }] });
    done(client, "group_msg_receipt", read.clone()).await;
    // A receipt that was confirmed already is not reported again.
    done(client, "group_msg_receipt", read).await;
    let extend = json!({ "GroupId": "g", "MsgSeq": seq, "OperateType": 1, "ExtensionList": [{ "Key": "k", "Value": "v" }] });
    done(client, "openim_msg_ext_http_svc/group_set_key_values", extend).await;
    done(client, "group_msg_recall", json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": seq }] })).await;
    let mut stranger = message("g", 2);
    stranger["From_Account"] = json!("nobody");
    assert_eq!(code(&call(client, "send_group_msg", stranger).await), 10_004);
    let portrait = people::people_events(client).await;
    done(client, "create_group", json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n" })).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    bob.request(json!({ "Command": "enter", "GroupId": "live" })).await;
    bob.request(json!({ "Command": "join_group", "GroupId": "g" })).await;

    people::direct_events(client).await;
    let broadcast = official::official_events(client).await;

    let expected: BTreeSet<String> = caused().map(str::to_owned).collect();
    let commands =
        || receiver.all().iter().map(|request| request.command().to_owned()).collect::<BTreeSet<_>>();
    receiver.until(|| expected.is_subset(&commands())).await;
    server.stop().await;
    assert_eq!(commands(), expected);
    let set = receiver.all().into_iter().find(|request| request.command() == "Profile.CallbackPortraitSet");
    let set = bodies(&[set.unwrap()]).remove(0);
    assert_eq!((&set["From_Account"], &set["Operator_Account"]), (&json!("ann"), &json!("administrator")));
    assert_eq!(set["ProfileItem"], portrait["ProfileItem"]);
    people::check_friends(&receiver);
    official::check_official(&receiver, &broadcast);
    let mut receipts: Vec<_> = receiver
        .all()
        .into_iter()
        .filter(|request| request.command() == "Group.CallbackAfterReadReceipt")
        .collect();
    let receipt = bodies(&[receipts.remove(0)]).remove(0);
    let members = json!([{ "Member_Account": "bob" }]);
    let row = json!({ "MsgSeq": seq, "ReadNum": 1, "UnreadNum": 0, "ReadReceiptMembers": members });
    let expected = json!({
        "CallbackCommand": "Group.CallbackAfterReadReceipt",
        "GroupId": "g",
        "Type": "Public",
        "GroupMsgReceiptList": [row],
    });
    assert_eq!((receipt, receipts.len()), (expected, 0));
}

async fn an_app_that_calls_too_often_is_told_of_it(store: Store) {
    let receiver = Receiver::start().await;
    let webhook = receiver.config("events = [\"State.StateChange\"]");
    let server = Server::start_with(Setup { store, calls_per_second: 10, webhook, ..Setup::default() }).await;
    let client = &mut server.client().await;
    // More than the limit within any two seconds in which these are made.
    for _ in 0..60 {
        client.call("openconfigsvr/getnospeaking", &json!({ "Get_Account": "administrator" })).await;
    }
    receiver.until(|| !receiver.all().is_empty()).await;
    server.stop().await;
    let [alert] = &receiver.all()[..] else { panic!("one alert in a minute") };
    let query =
        "SdkAppid=1400000001&CallbackCommand=Alert.RequestOverLimit&contenttype=json&OptPlatform=RESTAPI";
    assert_eq!(alert.query, query, "nobody in particular caused it");
    let body = &bodies(std::slice::from_ref(alert))[0];
    assert!(8 <= body["Request"].as_u64().unwrap(), "{body}");
    let expected = json!({ "CallbackCommand": "Alert.RequestOverLimit", "ServiceName": "openconfigsvr",
        "Command": "getnospeaking", "Request": body["Request"], "Limit": 10 });
    assert_eq!(*body, expected);
}

on_both_stores! {
    an_app_that_calls_too_often_is_told_of_it
    every_event_is_sent_with_its_documented_fields
    every_event_that_can_be_switched_on_is_sent
    a_receiver_decides_what_it_is_asked
    a_message_that_is_refused_is_reported_as_an_exception
    events_that_failed_are_sent_again_in_order
}

async fn events_that_failed_are_sent_again_in_order(store: Store) {
    // The second and third request fail, and all about one group, from the first on.
    let receiver = Receiver::answering(|number, request| match request.body["GroupId"].as_str() {
        Some("dead") if number < 9 => Reply::Status(503),
        _ if number == 1 => Reply::Status(500),
        _ if number == 2 => Reply::Json(json!("garbage")),
        _ => Reply::ok(),
    });
    let receiver = receiver.await;
    let events = r#"events = ["Group.CallbackAfterSendMsg"]"#;
    let server = start(store, &receiver, &format!("{events}\nretry_seconds = [1, 1]")).await;
    let client = &mut server.client().await;
    accounts(client).await;
    for id in ["g", "dead"] {
        done(
            client,
            "import_group",
            json!({ "Type": "Public", "GroupId": id, "Name": "n", "Owner_Account": "ann" }),
        )
        .await;
    }
    for random in 1..=3 {
        done(client, "send_group_msg", message("g", random)).await;
    }
    let requests = receiver.requests(5).await;
    let seqs: Vec<_> = requests.iter().map(|request| request.body["MsgSeq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 2, 2, 3]);
    // One that is given up holds nobody up: not its own group, not others.
    done(client, "send_group_msg", message("dead", 1)).await;
    done(client, "send_group_msg", message("g", 4)).await;
    let requests = receiver.requests(9).await;
    let dead = requests.iter().filter(|request| request.body["GroupId"] == "dead").count();
    assert_eq!((dead, requests.len()), (3, 9));
    // Given up once the last answer is in: the list has it from then on.
    let dead = loop {
        let list = done(client, "webhook_svc/get_dead_events", json!({})).await;
        if let Some(dead) = list["DeadEventList"].get(0) {
            break dead.clone();
        }
        tokio::task::yield_now().await;
    };
    let why = "the receiver answered with HTTP status 503";
    assert_eq!((&dead["Reason"], &dead["ClientIP"]), (&json!(why), &json!("127.0.0.1")));
    assert_eq!(dead["Body"], requests.iter().find(|request| request.body["GroupId"] == "dead").unwrap().body);
    let ids = json!({ "IdList": [dead["Id"]] });
    assert_eq!(done(client, "webhook_svc/resend_dead_events", ids.clone()).await["Count"], 1);
    assert_eq!(receiver.requests(10).await[9].body, dead["Body"]);
    assert_eq!(done(client, "webhook_svc/drop_dead_events", ids).await["Count"], 0);
    let place = server.begin_stop().await;
    if let Some(directory) = place.directory() {
        let store = Embedded::open(directory, StoreMetrics::default()).unwrap();
        assert_eq!(store.dead_letters(AppId(1_400_000_001), None, 9).await.unwrap(), []);
        let claim = Claim {
            token: 1,
            now: Timestamp(u64::MAX - 60),
            until: Timestamp(u64::MAX),
            lanes: 9,
            entries: 9,
        };
        assert_eq!(store.claim_lanes(AppId(1_400_000_001), claim).await.unwrap(), []);
    }
    place.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_hangs_is_not_waited_for() {
    let receiver = Receiver::answering(|_, _| Reply::Hang).await;
    for (policy, expected) in [("allow", 0), ("refuse", 80_003)] {
        let more = format!("on_timeout = \"{policy}\"\nevents = [\"Group.CallbackBeforeCreateGroup\"]");
        let server = start(Store::Embedded, &receiver, &more).await;
        let client = &mut server.client().await;
        let group = json!({ "Type": "Public", "GroupId": "g", "Name": "n" });
        assert_eq!(code(&call(client, "create_group", group).await), expected, "{policy}");
        server.stop().await;
    }
}
