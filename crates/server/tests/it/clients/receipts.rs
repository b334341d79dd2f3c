//! Read receipts of messages in groups, as the devices of the sender hear of them.

use super::{accounts, group, send_marker, start};
use crate::harness::{Client, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

fn confirm(account: &str, seqs: &[u64]) -> Value {
    let list: Vec<_> = seqs.iter().map(|seq| json!({ "MsgSeq": seq })).collect();
    json!({ "GroupId": "g", "From_Account": account, "MsgSeqList": list })
}

fn as_client(mut request: Value) -> Value {
    request["Command"] = json!("group_msg_receipt");
    request
}

async fn ask(rest: &mut Client<TcpStream>, from: &str, random: u64, receipt: u8) -> u64 {
    let message = json!({ "GroupId": "g", "Random": random, "From_Account": from, "MsgBody": text("m"),
        "NeedReadReceipt": receipt });
    done(rest, "send_group_msg", message).await["MsgSeq"].as_u64().unwrap()
}

/// The frames before a message that marks the end.
async fn before_marker(client: &mut TestClient) -> Vec<Value> {
    let mut frames = Vec::new();
    loop {
        let frame = client.next().await;
        if frame["MsgBody"] == text("marker") {
            return frames;
        }
        if frame["Event"] != "message" {
            frames.push(frame);
        }
    }
}

async fn senders_hear_who_has_read_their_messages(store: Store) {
    let server = start(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan"]).await;
    group(rest, "Public", "g").await;
    done(rest, "add_group_member", json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "dan" }] }))
        .await;
    let (mut ann, mut second) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "ann").await);
    let mut bob = TestClient::connect(&server, "bob").await;
    let mut dan = TestClient::connect(&server, "dan").await;
    let (first, other) = (ask(rest, "ann", 1, 1).await, ask(rest, "ann", 2, 1).await);
    let (silent, of_dan) = (ask(rest, "ann", 3, 0).await, ask(rest, "dan", 4, 1).await);

    // By a member: each sender gets its own messages, and those that ask for no receipt are left out.
    let request = as_client(confirm("bob", &[first, other, silent, of_dan]));
    assert_eq!(bob.request(request.clone()).await["ErrorCode"], 0);
    // The same again changes nothing.
    assert_eq!(bob.request(request).await["ErrorCode"], 0);
    // By the app.
    done(rest, "group_msg_receipt", confirm("dan", &[first])).await;
    send_marker(rest, "g", 900).await;
    let receipt =
        |list: Value| json!({ "Event": "receipt", "GroupId": "g", "Type": "Public", "MsgList": list });
    let row = |seq: u64, read: u8, unread: u8| json!({ "MsgSeq": seq, "ReadNum": read, "UnreadNum": unread });
    let expected = [receipt(json!([row(first, 1, 1), row(other, 1, 1)])), receipt(json!([row(first, 2, 0)]))];
    assert_eq!(before_marker(&mut ann).await, expected);
    assert_eq!(before_marker(&mut second).await, expected);
    assert_eq!(before_marker(&mut dan).await, [receipt(json!([row(of_dan, 1, 1)]))]);
    assert_eq!(before_marker(&mut bob).await, [] as [Value; 0]);
    // The numbers are those that the sender may ask for.
    let asked =
        json!({ "Command": "get_group_msg_receipt", "GroupId": "g", "MsgSeqList": [{ "MsgSeq": first }] });
    let answer = ann.request(asked).await;
    assert_eq!(
        answer["GroupMsgReceiptList"],
        json!([{ "MsgSeq": first, "Code": 0, "ReadNum": 2, "UnreadNum": 0 }])
    );

    // Who has left hears nothing.
    done(rest, "delete_group_member", json!({ "GroupId": "g", "MemberToDel_Account": ["dan"] })).await;
    done(rest, "group_msg_receipt", confirm("ann", &[of_dan])).await;
    done(rest, "add_group_member", json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "dan" }] }))
        .await;
    send_marker(rest, "g", 901).await;
    let frames = before_marker(&mut dan).await;
    assert!(frames.iter().all(|frame| frame["Event"] != "receipt"), "{frames:?}");
    server.stop().await;
}

on_both_stores! {
    senders_hear_who_has_read_their_messages
}
