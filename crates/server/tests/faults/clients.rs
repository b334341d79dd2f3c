//! Connected clients of several servers, and of servers that are killed.

use crate::server::{APP, Home, Server, usersig_of};
use crate::several::Several;
use crate::test_client::TestClient;
use landfall::client::{self, RestClient};
use landfall_domain::ids::UserId;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_test_database::{NatsServer, fresh_database};
use serde_json::{Value, json};

/// No bound on the messages of a group.
const RELAXED: &str = "limits.calls_per_second = 0\nlimits.mode = \"relaxed\"\n";
/// Messages sent while a server is killed.
const MESSAGES: u64 = 300;

fn query_of(account: &str) -> String {
    client::query(APP, &UserId::parse(account).unwrap(), &usersig_of(account, SystemClock.now()))
}

async fn connect(server: &Server, account: &str, more: &str) -> TestClient {
    TestClient::ready(&server.url(), &format!("{}{more}", query_of(account))).await
}

async fn done(client: &mut RestClient, command: &str, body: Value) -> Value {
    let path =
        if command.contains('/') { command.to_owned() } else { format!("group_open_http_svc/{command}") };
    client.call(&path, &body).await.unwrap()
}

fn message(group: &str, random: u64) -> Value {
    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }]);
    json!({ "GroupId": group, "Random": random, "MsgBody": body })
}

fn public(id: &str) -> Value {
    json!({ "Type": "Public", "GroupId": id, "Name": "n", "Owner_Account": "eve" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_receive_changes_of_other_servers_by_the_database() {
    receive_from_each_other("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_receive_changes_of_other_servers_by_nats() {
    let nats = NatsServer::create("").unwrap();
    receive_from_each_other(&format!("events.nats = \"nats://{}\"\n", nats.address())).await;
}

/// Messages between two accounts that are sent while somebody connects and goes.
const DIRECT_MESSAGES: u64 = 120;

/// Sends messages of ann to bob through both servers at once; returns when all are answered.
async fn send_direct(servers: &[Server], first: u64) {
    let mut senders = tokio::task::JoinSet::new();
    for (number, server) in servers.iter().enumerate() {
        for task in 0..2_u64 {
            let mut calls = server.client().await;
            let start = first + (number as u64 * 2 + task) * DIRECT_MESSAGES / 4;
            senders.spawn(async move {
                for random in start..start + DIRECT_MESSAGES / 4 {
                    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }]);
                    let message = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": random,
                        "MsgRandom": random, "MsgBody": body });
                    done(&mut calls, "openim/sendmsg", message).await;
                }
            });
        }
    }
    senders.join_all().await;
}

/// The numbers of the next messages from ann, up to `last`.
async fn direct_numbers(client: &mut TestClient, last: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let frame = client.next().await;
        if frame["Event"] == "message" {
            numbers.push(frame["MsgSeq"].as_u64().unwrap());
        }
    }
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_between_accounts_come_once_and_in_order_from_other_servers_and_over_a_lost_connection() {
    let database = fresh_database("empty", |_| {});
    let homes = (0..2).map(|_| Home::over_with(database.url(), RELAXED)).collect();
    let several = Several::start(homes).await;
    let [one, other] = &several.servers[..] else { panic!("two servers were started") };
    let calls = &mut one.client().await;
    let accounts = json!([{ "UserID": "ann" }, { "UserID": "bob" }]);
    done(calls, "im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;

    let mut bob = connect(other, "bob", "").await;
    let (numbers, ()) =
        tokio::join!(direct_numbers(&mut bob, DIRECT_MESSAGES), send_direct(&several.servers, 1));
    assert!(numbers.iter().copied().eq(1..=DIRECT_MESSAGES), "{numbers:?}");

    // Messages that are sent while bob is away, and while he comes back to the other server.
    drop(bob);
    send_direct(&several.servers, 1_000).await;
    let coming_back = async {
        let mut bob = connect(one, "bob", "&hold=1").await;
        bob.send(json!({ "Command": "catch_up", "Peer_Account": "ann", "MsgSeq": DIRECT_MESSAGES })).await;
        bob.send(json!({ "Command": "go" })).await;
        direct_numbers(&mut bob, 3 * DIRECT_MESSAGES).await
    };
    let (numbers, ()) = tokio::join!(coming_back, send_direct(&several.servers, 2_000));
    assert!(numbers.iter().copied().eq(DIRECT_MESSAGES + 1..=3 * DIRECT_MESSAGES), "{numbers:?}");
    for server in several.servers {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_several_servers_count_adds_up_and_is_there_when_they_have_stopped() {
    let database = fresh_database("empty", |_| {});
    let homes = || (0..2).map(|_| Home::over_with(database.url(), RELAXED)).collect();
    let several = Several::start(homes()).await;
    let calls = &mut several.servers[0].client().await;
    let accounts = json!([{ "UserID": "ann" }, { "UserID": "bob" }, { "UserID": "eve" }]);
    done(calls, "im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;
    done(calls, "import_group", public("g")).await;
    send_direct(&several.servers, 1).await;
    for (random, server) in (1..).zip(&several.servers) {
        let calls = &mut server.client().await;
        done(calls, "send_group_msg", message("g", random)).await;
    }
    for server in several.servers {
        server.stop().await;
    }
    let several = Several::start(homes()).await;
    let calls = &mut several.servers[1].client().await;
    let names = [
        "C2CUpMsgNum",
        "GroupUpMsgNum",
        "UpMsgNum",
        "C2CSendMsgUserNum",
        "SendMsgUserNum",
        "GroupSendMsgGroupNum",
        "GroupNewGroupNum",
        "GroupAllGroupNum",
        "RegistUserNumTotal",
    ];
    let asked = json!({ "RequestField": names });
    let answer = done(calls, "openconfigsvr/getappinfo", asked).await;
    // The administrator is an account, too. A test that runs over midnight sees two days.
    let days = answer["Result"].as_array().unwrap();
    let sum = |name: &str| -> u64 {
        days.iter().take(2).map(|day| day[name].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    let sent = DIRECT_MESSAGES;
    assert_eq!(names.map(sum), [sent, 2, sent + 2, 1, 2, 1, 1, 1, 4], "{}", days[0]);
    for server in several.servers {
        server.stop().await;
    }
}

/// Calls come to one server, clients are connected to the other.
async fn receive_from_each_other(settings: &str) {
    let database = fresh_database("empty", |_| {});
    let settings = format!("{RELAXED}{settings}");
    let homes = (0..2).map(|_| Home::over_with(database.url(), &settings)).collect();
    let several = Several::start(homes).await;
    let [one, other] = &several.servers[..] else { panic!("two servers were started") };
    let calls = &mut one.client().await;
    let accounts = json!([{ "UserID": "bob" }, { "UserID": "eve" }, { "UserID": "dan" }]);
    done(calls, "im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;
    done(calls, "import_group", public("g")).await;
    let mut bob = connect(other, "bob", "&platform=Android").await;

    done(calls, "add_group_member", json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "bob" }] }))
        .await;
    let mut events = [bob.next().await, bob.next().await].map(|frame| frame["Event"].to_string());
    events.sort();
    assert_eq!(events, ["\"notice\"", "\"tip\""]);
    for random in 1..=200 {
        done(calls, "send_group_msg", message("g", random)).await;
    }
    for random in 1..=200 {
        let frame = bob.next_is("message").await;
        assert_eq!((&frame["Random"], &frame["MsgSeq"]), (&json!(random), &json!(random + 1)));
    }
    // The owner confirms at one server what a member sent at the other.
    let mut ask = message("g", 201);
    (ask["Command"], ask["NeedReadReceipt"]) = (json!("send_group_msg"), json!(1));
    let seq = bob.request(ask).await["MsgSeq"].clone();
    let confirm = json!({ "GroupId": "g", "From_Account": "eve", "MsgSeqList": [{ "MsgSeq": seq }] });
    done(calls, "group_msg_receipt", confirm).await;
    let row = json!({ "MsgSeq": seq, "ReadNum": 1, "UnreadNum": 0 });
    assert_eq!(bob.next_is("receipt").await["MsgList"], json!([row]));
    // Silently; from then on its messages are received all the same.
    done(calls, "import_group", public("imported")).await;
    let members = json!([{ "Member_Account": "bob" }]);
    done(calls, "import_group_member", json!({ "GroupId": "imported", "MemberList": members })).await;
    done(calls, "send_group_msg", message("imported", 1)).await;
    assert_eq!(bob.next_is("message").await["GroupId"], "imported");
    // Longer than a packet of the database, and kept nowhere.
    let long = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "x".repeat(30_000) } }]);
    let online = json!({ "GroupId": "g", "Random": 9, "MsgBody": long, "OnlineOnlyFlag": 1 });
    done(calls, "send_group_msg", online).await;
    assert_eq!(bob.next_is("message").await["MsgBody"], long);

    let ask = json!({ "To_Account": ["bob", "eve"], "IsNeedDetail": 1 });
    let states = done(calls, "openim/query_online_status", ask.clone()).await;
    assert_eq!(states["QueryResult"][0]["Detail"][0]["Platform"], "Android");
    assert_eq!(states["QueryResult"][1]["Status"], "Offline");
    let live = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n" });
    done(calls, "create_group", live).await;
    assert_eq!(bob.request(json!({ "Command": "enter", "GroupId": "live" })).await["ErrorCode"], 0);
    let there = done(calls, "get_online_member_num", json!({ "GroupId": "live" })).await;
    assert_eq!(there["OnlineMemberNum"], 1);
    done(calls, "send_group_msg", message("live", 1)).await;
    assert_eq!(bob.next_is("message").await["GroupId"], "live");

    done(calls, "delete_group_member", json!({ "GroupId": "g", "MemberToDel_Account": ["bob"] })).await;
    assert_eq!(bob.next_is("notice").await["NoticeName"], "Kicked");
    done(calls, "send_group_msg", message("g", 500)).await;
    done(calls, "send_group_msg", message("imported", 2)).await;
    assert_eq!(bob.next_is("message").await["GroupId"], "imported", "a former member receives nothing");
    done(calls, "im_open_login_svc/kick", json!({ "UserID": "bob" })).await;
    assert_eq!(bob.closed().await, (vec![], 4_002));
    let states = done(calls, "openim/query_online_status", ask).await;
    assert_eq!(states["QueryResult"][0]["Status"], "Offline");
    for server in several.servers {
        server.stop().await;
    }
}

/// Sends messages until the server is gone; the number of the last that was acknowledged.
async fn send_until_killed(mut calls: RestClient) -> u64 {
    let mut last = 0;
    for random in 1..=MESSAGES {
        let sent = calls.call("group_open_http_svc/send_group_msg", &message("g", random)).await;
        let Ok(sent) = sent else { return last };
        last = sent["MsgSeq"].as_u64().unwrap();
    }
    panic!("the server was not killed");
}

/// Receives messages until `last`; each comes once, and in order, from the one after `after`.
async fn receive_up_to(client: &mut TestClient, after: u64, last: u64) {
    let mut next = after + 1;
    while next <= last {
        let frame = client.next().await;
        if frame["Event"] == "message" {
            assert_eq!(frame["MsgSeq"], next, "{frame}");
            next += 1;
        }
    }
}

async fn last_message(server: &Server) -> u64 {
    let info = done(&mut server.client().await, "get_group_info", json!({ "GroupIdList": ["g"] })).await;
    info["GroupInfo"][0]["NextMsgSeq"].as_u64().unwrap() - 1
}

/// A client of the server that is killed while messages are sent; the number of the last that it received.
async fn receive_until_killed(mut client: TestClient, kill: impl AsyncFnOnce()) -> u64 {
    let mut last = 0;
    let mut kill = Some(kill);
    loop {
        match client.try_next().await {
            Ok(frame) => {
                last += 1;
                assert_eq!(frame["MsgSeq"], last, "{frame}");
                if last == MESSAGES / 10
                    && let Some(kill) = kill.take()
                {
                    kill().await;
                }
            }
            Err(_) => return last,
        }
    }
}

async fn catch_up(server: &Server, after: u64) {
    let mut client = connect(server, "bob", "&hold=1").await;
    client.send(json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": after })).await;
    client.send(json!({ "Command": "go" })).await;
    let last = last_message(server).await;
    receive_up_to(&mut client, after, last).await;
    done(&mut server.client().await, "send_group_msg", message("g", 5_000)).await;
    receive_up_to(&mut client, last, last + 1).await;
}

async fn prepare(server: &Server) {
    let calls = &mut server.client().await;
    done(calls, "import_group", public("g")).await;
    let members = json!([{ "Member_Account": "bob" }, { "Member_Account": "dan" }]);
    done(calls, "import_group_member", json!({ "GroupId": "g", "MemberList": members })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_a_killed_server_gets_the_rest_after_its_restart() {
    let home = Home::embedded_with(RELAXED);
    let server = home.start().await;
    prepare(&server).await;
    let bob = connect(&server, "bob", "").await;
    let sending = tokio::spawn(send_until_killed(server.client().await));
    let got = receive_until_killed(bob, async || server.kill().await).await;
    let acknowledged = sending.await.unwrap();
    let server = home.start().await;
    assert!(acknowledged <= last_message(&server).await && got <= last_message(&server).await);
    catch_up(&server, got).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_other_servers_get_what_a_killed_one_did_not_send() {
    let database = fresh_database("empty", |_| {});
    let homes = (0..2).map(|_| Home::over_with(database.url(), RELAXED)).collect();
    let mut several = Several::start(homes).await;
    let other = several.servers.pop().unwrap();
    let killed = several.servers.pop().unwrap();
    prepare(&killed).await;
    let (bob, mut dan) = (connect(&killed, "bob", "").await, connect(&other, "dan", "").await);
    let sending = tokio::spawn(send_until_killed(killed.client().await));
    let got = receive_until_killed(bob, async || killed.kill().await).await;
    let acknowledged = sending.await.unwrap();
    // Whether or not the server had sent its last messages to the other one.
    let last = last_message(&other).await;
    assert!(acknowledged <= last);
    receive_up_to(&mut dan, 0, last).await;
    catch_up(&other, got).await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_events_are_received_when_servers_reach_each_other_again() {
    let database = fresh_database("empty", |_| {});
    let mut nats = NatsServer::create("").unwrap();
    let settings = format!("{RELAXED}events.nats = \"nats://{}\"\n", nats.address());
    let homes = (0..2).map(|_| Home::over_with(database.url(), &settings)).collect();
    let mut several = Several::start(homes).await;
    let other = several.servers.pop().unwrap();
    let killed = several.servers.pop().unwrap();
    prepare(&killed).await;
    let mut dan = connect(&other, "dan", "").await;
    let calls = &mut killed.client().await;
    done(calls, "send_group_msg", message("g", 1)).await;
    receive_up_to(&mut dan, 0, 1).await;

    tokio::task::block_in_place(|| nats.stop().unwrap());
    for random in 2..=20 {
        done(calls, "send_group_msg", message("g", random)).await;
    }
    // Silently into a new group, of which the other server hears nothing either.
    done(calls, "import_group", public("new")).await;
    let members = json!([{ "Member_Account": "dan" }]);
    done(calls, "import_group_member", json!({ "GroupId": "new", "MemberList": members })).await;
    killed.kill().await;
    tokio::task::block_in_place(|| nats.start().unwrap());
    receive_up_to(&mut dan, 1, 20).await;
    let calls = &mut other.client().await;
    done(calls, "send_group_msg", message("g", 21)).await;
    receive_up_to(&mut dan, 20, 21).await;
    done(calls, "send_group_msg", message("new", 1)).await;
    assert_eq!(dan.next_is("message").await["GroupId"], "new");
    other.stop().await;
}
