//! The frames and requests that `docs/gateway.md` shows: each is received here, word for word but for times and sessions.

use crate::clients::url;
use crate::harness::{APP, Client, Server, Setup, done, query, text};
use crate::test_client::TestClient;
use serde_json::{Deserializer, Value, json};
use tokio::net::TcpStream;

const GROUP: &str = "book-club-7";
const FORUM: &str = "@TGS#_city-forum";
const PARKS: &str = "@TGS#_city-forum@TOPIC#_parks";
const NEWS: &str = "@TOA#_library";
const ARCHIVE: &str = "@TGS#_archive";

/// The JSON on the page, in its order.
fn shown() -> Vec<Value> {
    let page = include_str!("../../../../docs/gateway.md");
    let blocks = page.split("\n```json\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks
        .flat_map(|block| {
            let values = Deserializer::from_str(block).into_iter::<Value>();
            values.map(move |value| value.unwrap_or_else(|error| panic!("{error} in {block}")))
        })
        .collect()
}

/// Leaves out what differs from run to run.
fn without_times(mut frame: Value) -> Value {
    for list in ["ChatList", "SubscriptionList", "GroupList", "RspMsgList"] {
        if let Some(rows) = frame.get_mut(list).and_then(Value::as_array_mut) {
            rows.iter_mut().for_each(|row| *row = without_times(row.take()));
        }
    }
    for part in ["SelfInfo", "LastMsg"] {
        if let Some(part) = frame.get_mut(part) {
            *part = without_times(part.take());
        }
    }
    if let Some(key) = frame.get_mut("MsgKey") {
        *key = without_time(key);
    }
    if let Some(keys) = frame.get_mut("MsgKeyList").and_then(Value::as_array_mut) {
        keys.iter_mut().for_each(|key| *key = without_time(key));
    }
    if let Some(id) = frame.get("UUID").cloned() {
        frame = without_upload(frame, id.as_str().unwrap());
    }
    for name in [
        "ExpireTime",
        "MsgTime",
        "Time",
        "LastReadTime",
        "ServerTime",
        "SessionId",
        "CreateTime",
        "JoinTime",
        "LastMsgTime",
    ] {
        if let Some(value) = frame.get_mut(name) {
            assert!(value.is_u64(), "{name} is {value}");
            *value = Value::Null;
        }
    }
    frame
}

/// The answer of an upload, without its random id and its signature.
fn without_upload(mut frame: Value, id: &str) -> Value {
    assert!(id.len() == 48 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    for name in ["Url", "DownloadUrl", "UUID"] {
        let text = frame[name].as_str().unwrap().replace(id, "ID");
        frame[name] = text.split('?').next().unwrap().into();
    }
    frame
}

/// Of a `MsgKey`, which ends with a time.
fn without_time(key: &Value) -> Value {
    let (numbers, time) = key.as_str().unwrap().rsplit_once('_').unwrap();
    assert!(time.parse::<u64>().is_ok(), "{key}");
    json!(numbers)
}

async fn prepare(client: &mut Client<TcpStream>) {
    let ivo = json!({ "UserID": "ivo", "Nick": "Ivo", "FaceUrl": "https://example.com/ivo.png" });
    let accounts = json!([{ "UserID": "hana" }, ivo, { "UserID": "zoe", "Nick": "Zoe" }]);
    done(client, "im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;
    let members = json!([{ "Member_Account": "hana" }, { "Member_Account": "ivo" }]);
    let group = json!({ "Type": "Public", "GroupId": GROUP, "Name": "n", "Owner_Account": "hana", "MemberList": members });
    done(client, "import_group", group).await;
    let card = json!({ "GroupId": GROUP, "Member_Account": "ivo", "NameCard": "Ivo P." });
    done(client, "modify_group_member_info", card).await;
    let forum = json!({ "Type": "Community", "GroupId": FORUM, "Name": "City forum", "Owner_Account": "hana", "SupportTopic": 1 });
    done(client, "import_group", forum).await;
    let room = json!({ "Type": "Public", "GroupId": "reading-room", "Name": "n", "Owner_Account": "zoe",
        "ApplyJoinOption": "NeedPermission" });
    done(client, "import_group", room).await;
}

/// What happens on the page.
async fn perform(client: &mut Client<TcpStream>) {
    let at = json!([{ "GroupAtAllFlag": 0, "GroupAt_Account": "hana" }]);
    let message = json!({ "GroupId": GROUP, "Random": 7, "From_Account": "ivo", "MsgBody": text("Chapter 4 is long, @hana"),
        "CloudCustomData": "{}", "NeedReadReceipt": 1, "GroupAtInfo": at });
    done(client, "send_group_msg", message).await;
    let typing = json!({ "GroupId": GROUP, "Random": 8, "From_Account": "ivo", "MsgBody": text("is typing"), "OnlineOnlyFlag": 1 });
    done(client, "send_group_msg", typing).await;
    let add = json!({ "GroupId": GROUP, "MemberList": [{ "Member_Account": "zoe" }] });
    done(client, "add_group_member", add).await;
    done(client, "modify_group_base_info", json!({ "GroupId": GROUP, "Name": "Slow readers" })).await;
    let modify = json!({ "GroupId": GROUP, "MsgSeq": 1, "MsgBody": text("Chapter 4 is short, @hana") });
    done(client, "openim/modify_group_msg", modify).await;
    let recall = json!({ "GroupId": GROUP, "MsgSeqList": [{ "MsgSeq": 1 }], "Reason": "Says too much" });
    done(client, "group_msg_recall", recall).await;
    let notification =
        json!({ "GroupId": GROUP, "Content": "Maintenance at 22:00", "ToMembers_Account": ["hana"] });
    done(client, "send_group_system_notification", notification).await;
    let attribute = json!([{ "key": "chapter", "value": "4" }]);
    done(client, "modify_group_attr", json!({ "GroupId": GROUP, "GroupAttr": attribute })).await;
    let counter = json!([{ "Key": "votes", "Value": 3 }]);
    done(client, "update_group_counter", json!({ "GroupId": GROUP, "GroupCounter": counter, "Mode": "Set" }))
        .await;
    let vote = json!({ "GroupId": GROUP, "Random": 10, "From_Account": "ivo", "MsgBody": text("Friday or Sunday?"),
        "SupportMessageExtension": 1 });
    done(client, "send_group_msg", vote).await;
    let extension = json!([{ "Key": "up", "Value": "1", "Seq": 0 }]);
    let extend = json!({ "GroupId": GROUP, "MsgSeq": 4, "OperateType": 1, "ExtensionList": extension });
    done(client, "openim_msg_ext_http_svc/group_set_key_values", extend).await;
    let topic = json!({ "GroupId": FORUM, "TopicId": PARKS, "TopicName": "parks", "From_Account": "hana" });
    done(client, "million_group_open_http_svc/create_topic", topic).await;
    let trees = json!({ "GroupId": FORUM, "TopicId": PARKS, "Random": 9, "From_Account": "hana", "MsgBody": text("More trees") });
    done(client, "send_group_msg", trees).await;
}

/// The first frame, from a server with the limits of the service.
async fn ready() -> Value {
    let server = Server::start().await;
    prepare(&mut server.client().await).await;
    let frame = TestClient::connect_with(&url(&server), &query(APP, "hana")).await.next_is("ready").await;
    server.stop().await;
    frame
}

/// What happens between accounts.
async fn perform_between_accounts(client: &mut Client<TcpStream>) {
    let nick = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "Hana" }]);
    done(client, "profile/portrait_set", json!({ "From_Account": "hana", "ProfileItem": nick })).await;
    let friend = json!([{ "To_Account": "ivo", "AddSource": "AddSource_Type_Web" }]);
    done(client, "sns/friend_add", json!({ "From_Account": "hana", "AddFriendItem": friend })).await;
    let follow = json!({ "From_Account": "hana", "FollowItem": [{ "To_Account": "ivo" }] });
    done(client, "follow/follow_add", follow).await;
    let message = json!({ "From_Account": "ivo", "To_Account": "hana", "MsgSeq": 93_847_636, "MsgRandom": 1_287_657,
        "SupportMessageExtension": 1, "MsgBody": text("See you on Friday") });
    let key = done(client, "openim/sendmsg", message).await["MsgKey"].clone();
    let extension = json!([{ "Key": "up", "Value": "1", "Seq": 0 }]);
    let extend = json!({ "From_Account": "ivo", "To_Account": "hana", "MsgKey": key, "OperateType": 1,
        "ExtensionList": extension });
    done(client, "openim_msg_ext_http_svc/set_key_values", extend).await;
    let read = json!({ "Report_Account": "hana", "Peer_Account": "ivo" });
    done(client, "openim/admin_set_msg_read", read).await;
    let about = json!([{ "From_Account": "ivo", "To_Account": "hana", "MsgKey": key }]);
    let receipt = json!({ "Operator_Account": "hana", "Peer_Account": "ivo", "C2CMsgInfo": about });
    done(client, "openim/c2c_msg_read_receipt", receipt).await;
}

/// What an official account does.
async fn perform_officially(client: &mut Client<TcpStream>) {
    const SERVICE: &str = "official_account_open_http_svc";
    let new = json!({ "Official_Account": NEWS, "Owner_Account": "ivo", "Name": "Library news" });
    done(client, &format!("{SERVICE}/create_official_account"), new).await;
    let add = json!({ "Official_Account": NEWS, "SubscriberList": [{ "Subscriber_Account": "hana" }] });
    done(client, &format!("{SERVICE}/add_subscriber"), add).await;
    let message = json!({ "Official_Account": NEWS, "Random": 11, "MsgBody": text("Open on Sunday") });
    done(client, &format!("{SERVICE}/send_official_account_msg"), message).await;
}

/// A group with a few more messages than are sent without an acknowledgement.
async fn import_archive(client: &mut Client<TcpStream>) {
    const PAGES: u64 = 144;
    let archive = json!({ "Type": "Community", "GroupId": ARCHIVE, "Name": "n", "Owner_Account": "hana", "CreateTime": 1_500_000_000 });
    done(client, "import_group", archive).await;
    for page in 0..PAGES {
        let row = |number: u64| json!({ "From_Account": "hana", "SendTime": 1_500_000_001, "Random": page * 7 + number + 1, "MsgBody": text("m") });
        let list: Vec<_> = (0..7).map(row).collect();
        done(client, "import_group_msg", json!({ "GroupId": ARCHIVE, "MsgList": list })).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_on_the_page_is_received_so() {
    let server = Server::start_with(Setup { mode: "relaxed", ..Setup::default() }).await;
    let client = &mut server.client().await;
    prepare(client).await;
    let mut hana = TestClient::connect_with(&url(&server), &query(APP, "hana")).await;
    hana.until("ready").await;
    let mut received = vec![ready().await];
    perform(client).await;
    perform_between_accounts(client).await;
    perform_officially(client).await;
    let shown = shown();
    for request in shown.iter().filter(|shown| shown.get("Command").is_some() && shown.get("Event").is_none())
    {
        hana.send(request.clone()).await;
        let answered = hana.until("answer").await;
        assert_eq!(answered.last().unwrap()["Command"], request["Command"]);
        received.extend(answered);
    }
    let confirmed = json!({ "GroupId": GROUP, "From_Account": "ivo", "MsgSeqList": [{ "MsgSeq": 5 }] });
    done(client, "group_msg_receipt", confirmed).await;
    while !received.iter().any(|frame| frame["Event"] == "receipt" && frame["GroupId"] == GROUP) {
        received.push(hana.next().await);
    }
    let caught_up = |frames: &[Value]| frames.iter().filter(|frame| frame["Event"] == "caught_up").count();
    while caught_up(&received) < caught_up(&shown) {
        received.extend(hana.until("caught_up").await);
    }
    received.push(hana.request(json!({ "Command": "enter", "GroupId": "nowhere" })).await);
    import_archive(client).await;
    hana.send(json!({ "Command": "catch_up", "GroupId": ARCHIVE, "MsgSeq": 0 })).await;
    received.extend(hana.until("waiting").await);
    let query = format!("sdkappid={APP}&identifier=hana&usersig=abc");
    received.push(TestClient::connect_with(&url(&server), &query).await.next().await);

    let received: Vec<_> = received.into_iter().map(without_times).collect();
    for frame in shown.into_iter().filter(|shown| shown.get("Event").is_some()) {
        // This one is sent when servers have lost events on the way to each other.
        if frame["Event"] == "missed" {
            continue;
        }
        let frame = without_times(frame);
        assert!(received.contains(&frame), "no client received {frame}");
    }
    drop(hana);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_ahead_of_its_group_misses_nothing() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    prepare(client).await;
    let mut hana = TestClient::connect(&server, "hana").await;
    hana.send(json!({ "Command": "catch_up", "GroupId": GROUP, "MsgSeq": 900 })).await;
    let caught = hana.until("caught_up").await.pop().unwrap();
    assert_eq!(caught["MsgSeq"], 0);
    let message = json!({ "GroupId": GROUP, "Random": 1, "From_Account": "ivo", "MsgBody": text("m") });
    done(client, "send_group_msg", message).await;
    assert_eq!(hana.next_is("message").await["MsgSeq"], 1);
    drop(hana);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_history_is_cut_to_the_limit() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    prepare(client).await;
    for random in 1..=25 {
        let message =
            json!({ "GroupId": GROUP, "Random": random, "From_Account": "ivo", "MsgBody": text("m") });
        done(client, "send_group_msg", message).await;
    }
    let mut hana = TestClient::connect(&server, "hana").await;
    let page =
        json!({ "Command": "group_msg_get_simple", "GroupId": GROUP, "ReqMsgNumber": 99, "Forward": 1 });
    let answer = hana.request(page).await;
    assert_eq!(answer["RspMsgList"].as_array().map(Vec::len), Some(20), "{answer}");
    assert_eq!((&answer["NextMsgSeq"], &answer["IsFinished"]), (&json!(21), &json!(0)));
    drop(hana);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_without_unread_counts_have_none() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    prepare(client).await;
    let members = json!([{ "Member_Account": "zoe" }]);
    let room = json!({ "Type": "ChatRoom", "GroupId": "r", "Name": "n", "Owner_Account": "ivo", "MemberList": members });
    done(client, "import_group", room).await;
    let message = json!({ "GroupId": "r", "Random": 1, "From_Account": "ivo", "MsgBody": text("m") });
    done(client, "send_group_msg", message).await;
    let mut zoe = TestClient::connect(&server, "zoe").await;
    let groups = zoe.request(json!({ "Command": "groups" })).await;
    assert_eq!(
        (&groups["GroupList"][0]["MsgSeq"], &groups["GroupList"][0]["UnreadMsgNum"]),
        (&json!(1), &json!(0))
    );
    drop(zoe);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_too_much_at_once_is_closed_with_a_reason() {
    let server = Server::start().await;
    let mut ann = TestClient::connect(&server, "ann").await;
    ann.send(json!({ "Command": "ping", "RequestId": "x".repeat(64 << 10) })).await;
    assert_eq!(ann.closed().await, (vec![], 1_008));
    server.stop().await;
}
