//! Messages between two accounts, as connected clients get them.

use super::{accounts, start};
use crate::harness::{Client, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Sends a message of `ann` to `bob`, also to her own devices; returns its `MsgKey`.
async fn send(client: &mut Client<TcpStream>, random: u64, more: Value) -> Value {
    let mut message = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": random, "MsgRandom": random,
        "SyncOtherMachine": 1, "MsgBody": text("m") });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    done(client, "openim/sendmsg", message).await["MsgKey"].clone()
}

async fn import(client: &mut Client<TcpStream>, kind: u64, random: u64) {
    let message = json!({ "SyncFromOldSystem": kind, "From_Account": "ann", "To_Account": "bob", "MsgSeq": random,
        "MsgRandom": random, "MsgTimeStamp": 1_500_000_000, "MsgBody": text("old") });
    done(client, "openim/importmsg", message).await;
}

/// The numbers of messages, up to the first frame of another event.
async fn numbers_until(client: &mut TestClient, event: &str) -> Vec<u64> {
    let frames = client.until(event).await;
    frames
        .iter()
        .filter(|frame| frame["Event"] == "message")
        .filter_map(|frame| frame["MsgSeq"].as_u64())
        .collect()
}

async fn both_accounts_see_what_happens_to_a_message(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    let mut second = TestClient::connect(&server, "bob").await;
    let push = json!({ "PushFlag": 0, "Title": "t" });
    let key = send(client, 1, json!({ "OfflinePushInfo": push, "IsNeedReadReceipt": 1 })).await;
    for device in [&mut ann, &mut bob, &mut second] {
        let frame = device.next_is("message").await;
        let fields = ["From_Account", "To_Account", "MsgSeq", "MsgKey", "OfflinePushInfo"];
        let expected = [json!("ann"), json!("bob"), json!(1), key.clone(), push.clone()];
        assert_eq!(fields.map(|field| frame[field].clone()), expected);
    }
    let about = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key });
    let mut changed = about.clone();
    changed["CloudCustomData"] = json!("c");
    done(client, "openim/modify_c2c_msg", changed).await;
    let receipt = json!({ "Operator_Account": "bob", "Peer_Account": "ann", "C2CMsgInfo": [about] });
    done(client, "openim/c2c_msg_read_receipt", receipt).await;
    let read = bob.request(json!({ "Command": "read", "Peer_Account": "ann" })).await;
    assert_eq!(read["UnreadMsgNum"], 0);
    done(client, "openim/admin_msgwithdraw", about).await;
    for device in [&mut ann, &mut bob, &mut second] {
        assert_eq!(device.next_is("modified").await["CloudCustomData"], "c");
        assert_eq!(device.next_is("receipt").await["MsgKeyList"], json!([key]));
        assert_eq!(device.next_is("read").await["Report_Account"], "bob");
        let recalled = device.next_is("recalled").await;
        assert_eq!(
            [&recalled["MsgSeq"], &recalled["Operator_Account"]],
            [&json!(1), &json!("administrator")]
        );
    }
    server.stop().await;
}

async fn a_client_gets_every_message_once_and_in_order(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    for random in 1..=5 {
        send(client, random, json!({})).await;
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    let chats = bob.request(json!({ "Command": "chats" })).await;
    let row = &chats["ChatList"][0];
    let fields = ["Peer_Account", "MsgSeq", "UnreadMsgNum"].map(|field| row[field].clone());
    assert_eq!(fields, [json!("ann"), json!(5), json!(5)]);
    assert_eq!(row.get("LastMsg"), None);
    let chats = bob.request(json!({ "Command": "chats", "With": ["Last"] })).await;
    let last = &chats["ChatList"][0]["LastMsg"];
    let fields = ["Event", "From_Account", "MsgSeq"].map(|field| last[field].clone());
    assert_eq!(fields, [json!("message"), json!("ann"), json!(5)]);
    assert!(last["MsgBody"].is_array());
    let unknown = bob.request(json!({ "Command": "chats", "With": ["First"] })).await;
    assert_eq!(unknown["ErrorCode"], 10004);
    bob.request(json!({ "Command": "catch_up", "Peer_Account": "ann", "MsgSeq": 2 })).await;
    assert_eq!(numbers_until(&mut bob, "caught_up").await, [3, 4, 5]);
    // Messages that are sent at the same time.
    let mut senders = tokio::task::JoinSet::new();
    for task in 0..4 {
        let mut client = server.client().await;
        senders.spawn(async move {
            for number in 0..10 {
                send(&mut client, 100 + task * 10 + number, json!({})).await;
            }
        });
    }
    senders.join_all().await;
    send(client, 999, json!({ "OnlineOnlyFlag": 1 })).await;
    let mut numbers = Vec::new();
    loop {
        match bob.next_is("message").await["MsgSeq"].as_u64().unwrap() {
            0 => break,
            number => numbers.push(number),
        }
    }
    assert_eq!(numbers, (6..=45).collect::<Vec<_>>());
    server.stop().await;
}

async fn an_import_is_silent_unless_it_is_live(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    send(client, 1, json!({})).await;
    assert_eq!(bob.next_is("message").await["MsgSeq"], 1);
    import(client, 2, 2).await;
    import(client, 5, 3).await;
    // The live one is the next: the other is not sent before it, although it is in the history.
    assert_eq!(bob.next_is("message").await["MsgSeq"], 3);
    bob.request(json!({ "Command": "catch_up", "Peer_Account": "ann", "MsgSeq": 0 })).await;
    assert_eq!(numbers_until(&mut bob, "caught_up").await, [1, 2, 3]);
    server.stop().await;
}

async fn a_sender_gets_its_own_messages_as_it_asked(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let mut ann = TestClient::connect(&server, "ann").await;
    send(client, 1, json!({ "SyncOtherMachine": 0 })).await;
    send(client, 2, json!({ "SyncOtherMachine": 2 })).await;
    send(client, 3, json!({ "SyncOtherMachine": 1 })).await;
    assert_eq!(ann.next_is("message").await["MsgSeq"], 3);
    ann.request(json!({ "Command": "catch_up", "Peer_Account": "bob", "MsgSeq": 0 })).await;
    assert_eq!(numbers_until(&mut ann, "caught_up").await, [1, 3]);
    server.stop().await;
}

/// Sends messages to `other` at once, and receives as many; none of them is one's own.
async fn write(client: &mut TestClient, other: &str, first: u64) {
    for number in first..first + WRITTEN {
        let request = json!({ "Command": "sendmsg", "To_Account": other, "MsgSeq": number, "MsgRandom": number,
            "SyncOtherMachine": 1, "MsgBody": text("m") });
        client.send(request).await;
    }
    let (mut answers, mut numbers) = (0, Vec::new());
    while answers < WRITTEN || numbers.len() as u64 != WRITTEN {
        let frame = client.next().await;
        if frame["Event"] == "answer" {
            assert_eq!(frame["ErrorCode"], 0, "{frame}");
            answers += 1;
        } else {
            assert_eq!(
                [&frame["Event"], &frame["From_Account"]],
                [&json!("message"), &json!(other)],
                "{frame}"
            );
            numbers.push(frame["MsgSeq"].as_u64().unwrap());
        }
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

/// Messages of each of two accounts at once.
const WRITTEN: u64 = 30;

async fn two_who_write_at_once_get_only_what_the_other_wrote(store: Store) {
    let server = start(store).await;
    accounts(&mut server.client().await, &["ann", "bob"]).await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    for round in 0..10 {
        let first = 1 + round * 2 * WRITTEN;
        tokio::join!(write(&mut ann, "bob", first), write(&mut bob, "ann", first + WRITTEN));
    }
    server.stop().await;
}

on_both_stores! {
    two_who_write_at_once_get_only_what_the_other_wrote
    both_accounts_see_what_happens_to_a_message
    a_client_gets_every_message_once_and_in_order
    an_import_is_silent_unless_it_is_live
    a_sender_gets_its_own_messages_as_it_asked
}
