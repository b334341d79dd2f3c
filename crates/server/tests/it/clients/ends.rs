//! How connections end.

use super::{accounts, done, group, start_relaxed, text, url};
use crate::harness::{APP, SECOND_APP, Server, Setup, Store, on_both_stores, sign};
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_refused_is_sent_the_reason() {
    let server = Server::start().await;
    let query_of = |usersig: String| format!("sdkappid={APP}&identifier=ann&usersig={usersig}");
    for (query, expected) in [
        (String::new(), 60_006),
        ("sdkappid=5".to_owned(), 60_006),
        (format!("sdkappid={APP}&identifier=ann"), 60_005),
        (query_of(sign(APP, "bob", 0)), 70_013),
        (query_of(sign(SECOND_APP, "ann", 0)), 70_014),
        (query_of(sign(APP, "ann", 90_000)), 70_001),
    ] {
        let (frames, code) = TestClient::connect_with(&url(&server), &query).await.closed().await;
        let [refused] = &frames[..] else { panic!("{query}: {frames:?}") };
        assert_eq!((&refused["Event"], code), (&json!("refused"), 4_001), "{query}");
        let real = refused["ErrorCode"].as_u64().unwrap();
        assert!(real == expected || query.is_empty() || query == "sdkappid=5", "{query}: {refused}");
    }
    // Without a WebSocket there is nothing here.
    let answer = server.client().await.post("/v4/gateway", b"{}").await;
    assert_eq!(answer.status, 426);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_eleventh_device_takes_the_place_of_the_first() {
    let receiver = Receiver::start().await;
    let webhook = receiver.config("events = [\"State.StateChange\"]");
    let server = Server::start_with(Setup { webhook, ..Setup::default() }).await;
    let mut devices = Vec::new();
    for platform in std::iter::once("Android").chain(["iPad"; 10]) {
        devices.push(TestClient::connect_from(&server, "ann", platform).await);
    }
    let logins = || {
        let bodies = receiver.all().into_iter().map(|request| request.body);
        bodies.filter(|body| body["Info"]["Action"] == "Login").collect::<Vec<_>>()
    };
    receiver.until(|| logins().len() == 11).await;
    assert_eq!(logins()[10]["KickedDevice"], json!([{ "Platform": "Android" }]));
    assert_eq!(devices[0].closed().await.1, 4_003);
    // The first reason to close a connection is the one that is sent: these had none before.
    done(&mut server.client().await, "im_open_login_svc/kick", json!({ "UserID": "ann" })).await;
    for device in [1, 10] {
        assert_eq!(devices[device].closed().await, (vec![], 4_002));
    }
    drop(devices);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_disconnected_and_delays_no_other() {
    let server = start_relaxed(Store::Embedded).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let (mut slow, mut ann) =
        (TestClient::connect(&server, "bob").await, TestClient::connect(&server, "ann").await);
    let long = "x".repeat(7_000);
    // More than sockets and the queue of a client hold. Nothing else than being full ends this.
    let mut random = 0;
    loop {
        random += 1;
        let message =
            json!({ "GroupId": "g", "Random": random, "MsgBody": text(&long), "OnlineOnlyFlag": 1 });
        done(client, "send_group_msg", message).await;
        ann.next_is("message").await;
        let states = done(client, "openim/query_online_status", json!({ "To_Account": ["bob"] })).await;
        if states["QueryResult"][0]["Status"] == "Offline" {
            break;
        }
        assert!(random < 20_000, "a client that reads nothing is still there");
    }
    let (_, code) = slow.closed().await;
    assert_eq!(code, 4_004);
    drop(ann);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_sent_that_the_server_stops() {
    let server = Server::start().await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let stopping = server.begin_stop();
    let (ended, place) = tokio::join!(ann.closed(), stopping);
    assert_eq!(ended.1, 1_001);
    place.close();
}

async fn outsiders_do_not_learn_that_a_private_group_is_there(store: Store) {
    let server = start_relaxed(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Private", "there").await;
    group(client, "Public", "public").await;
    let (mut eve, mut bob) =
        (TestClient::connect(&server, "eve").await, TestClient::connect(&server, "bob").await);
    for command in ["ack", "catch_up", "read", "topics", "enter", "leave"] {
        for topic in [None, Some("@TOPIC#_t")] {
            let mut received = Vec::new();
            for group in ["absent", "there"] {
                let topic = topic.map(|name| format!("{group}{name}"));
                eve.send(json!({ "Command": command, "GroupId": group, "TopicId": topic, "MsgSeq": 1 }))
                    .await;
                // Not everything is answered.
                eve.send(json!({ "Command": "ping" })).await;
                let mut frames = Vec::new();
                loop {
                    let frame = eve.next().await;
                    if frame["Command"] == "ping" {
                        break;
                    }
                    frames.push(frame);
                }
                received.push(frames);
            }
            assert_eq!(received[0], received[1], "{command} {topic:?}");
            if ["read", "topics", "enter"].contains(&command) {
                assert_eq!(received[1][0]["ErrorCode"], 10_010, "{command} {topic:?}");
            }
        }
    }
    // Members get the reason, and so does everybody for groups that can be found.
    let of = |command: &str, group: &str| json!({ "Command": command, "GroupId": group, "MsgSeq": 1 });
    assert_eq!(bob.request(of("read", "there")).await["ErrorCode"], 0);
    assert_eq!(bob.request(of("enter", "there")).await["ErrorCode"], 10_007);
    assert_eq!(eve.request(of("read", "public")).await["ErrorCode"], 10_007);
    assert_eq!(eve.request(of("enter", "public")).await["ErrorCode"], 10_007);
    drop((eve, bob));
    server.stop().await;
}

on_both_stores!(outsiders_do_not_learn_that_a_private_group_is_there);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_frames_are_answered_or_end_the_connection() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let long = "x".repeat(10_000);
    let odd = [
        json!(null),
        json!(7),
        json!({ "Command": 7 }),
        json!({ "Command": "ack" }),
        json!({ "Command": "ack", "GroupId": long }),
        json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": -1 }),
        json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": 1.5 }),
        json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": u64::MAX }),
        json!({ "Command": "catch_up", "GroupId": "g", "TopicId": "no topic" }),
        json!({ "Command": "read", "GroupId": "no such" }),
        json!({ "Command": "topics", "GroupId": [] }),
        json!({ "Command": "enter", "GroupId": "g" }),
        json!({ "Command": long }),
    ];
    for request in odd {
        let answer = ann.request(request.clone()).await;
        assert_ne!(answer["ErrorCode"], 0, "{request}: {answer}");
        assert_eq!(answer["ActionStatus"], "FAIL");
    }
    // What is too far ahead is the end.
    let far = json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": u32::MAX });
    ann.send(far).await;
    let caught = ann.until("caught_up").await;
    assert_eq!(caught.len(), 2, "{caught:?}");
    ann.send(json!({ "Command": "ack", "GroupId": "never heard of", "MsgSeq": 5 })).await;
    ann.send(json!({ "Command": "ping", "More": "x".repeat(70_000) })).await;
    assert_eq!(ann.closed().await.1, 1_008);
    server.stop().await;
}

/// A ping that is so many bytes long as a frame.
fn ping_of(bytes: usize) -> Value {
    let ping = |more: usize| json!({ "Command": "ping", "More": "x".repeat(more) });
    ping(bytes - ping(0).to_string().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_64_kib_are_read_and_longer_ones_end_the_connection() {
    let server = Server::start().await;
    let mut ann = TestClient::connect(&server, "ann").await;
    for bytes in [65_535, 65_536] {
        assert_eq!(ping_of(bytes).to_string().len(), bytes);
        assert_eq!(ann.request(ping_of(bytes)).await["ErrorCode"], 0, "{bytes}");
    }
    ann.send(ping_of(65_537)).await;
    assert_eq!(ann.closed().await, (vec![], 1_008));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn escapes_do_not_count_against_the_limit_of_a_message() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let said = "MsgTypeTIMTextElemMsgContentText".len();
    // A line break is two bytes as it is written, and one of the message.
    let lines = "\n".repeat(12_288 - said);
    let of = |random: u32, lines: &str| json!({ "Command": "send_group_msg", "GroupId": "g", "Random": random, "MsgBody": text(lines) });
    assert_eq!(ann.request(of(1, &lines)).await["ErrorCode"], 0);
    assert_eq!(bob.next_is("message").await["MsgBody"], text(&lines));
    assert_eq!(ann.request(of(2, &format!("{lines}x"))).await["ErrorCode"], 80_002);
    let write = |lines: &str| json!({ "Command": "sendmsg", "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 1, "MsgBody": text(lines) });
    assert_eq!(ann.request(write(&lines)).await["ErrorCode"], 0);
    assert_eq!(ann.request(write(&format!("{lines}x"))).await["ErrorCode"], 93_000);
    server.stop().await;
}
