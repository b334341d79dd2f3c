//! What official accounts send, as connected subscribers get it.

use super::{accounts, start};
use crate::harness::{Client, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

const NEWS: &str = "@TOA#_news";

async fn official(client: &mut Client<TcpStream>, command: &str, mut body: Value) -> Value {
    body["Official_Account"] = json!(NEWS);
    done(client, &format!("official_account_open_http_svc/{command}"), body).await
}

async fn open(client: &mut Client<TcpStream>, subscribers: &[&str]) {
    accounts(client, &["ann", "bob", "eve"]).await;
    official(client, "create_official_account", json!({ "Owner_Account": "ann", "Name": "News" })).await;
    subscribe(client, subscribers).await;
}

async fn subscribe(client: &mut Client<TcpStream>, subscribers: &[&str]) {
    let list: Vec<_> = subscribers.iter().map(|name| json!({ "Subscriber_Account": name })).collect();
    official(client, "add_subscriber", json!({ "SubscriberList": list })).await;
}

async fn send(client: &mut Client<TcpStream>, random: u64, more: Value) -> Value {
    let mut message = json!({ "Random": random, "MsgBody": text("m") });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    official(client, "send_official_account_msg", message).await["MsgKey"].clone()
}

/// The numbers of messages, up to the first frame of another event.
async fn numbers_until(client: &mut TestClient, event: &str) -> Vec<u64> {
    let frames = client.until(event).await;
    let messages = frames.iter().filter(|frame| frame["Event"] == "message");
    messages.filter_map(|frame| frame["MsgSeq"].as_u64()).collect()
}

async fn subscribers_and_nobody_else_get_what_an_official_account_sends(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    open(client, &["ann", "bob"]).await;
    let (mut ann, mut bob, mut eve) = (
        TestClient::connect(&server, "ann").await,
        TestClient::connect(&server, "bob").await,
        TestClient::connect(&server, "eve").await,
    );
    let push = json!({ "PushFlag": 0, "Title": "t" });
    let key = send(client, 1, json!({ "CloudCustomData": "c", "OfflinePushInfo": push })).await;
    for subscriber in [&mut ann, &mut bob] {
        let frame = subscriber.next_is("message").await;
        let fields =
            ["Official_Account", "MsgSeq", "MsgKey", "MsgBody", "CloudCustomData", "OfflinePushInfo"];
        let expected = [json!(NEWS), json!(1), key.clone(), text("m"), json!("c"), push.clone()];
        assert_eq!(fields.map(|field| frame[field].clone()), expected);
    }
    send(client, 2, json!({ "OnlineOnlyFlag": 1 })).await;
    official(client, "official_account_msg_recall", json!({ "MsgKeyList": [key] })).await;
    for subscriber in [&mut ann, &mut bob] {
        let brief = subscriber.next_is("message").await;
        assert_eq!((&brief["MsgSeq"], &brief["OnlineOnlyFlag"]), (&json!(0), &json!(1)));
        assert_eq!(subscriber.next_is("recalled").await["MsgKey"], key);
    }
    official(client, "delete_subscriber", json!({ "SubscriberToDel_Account": ["bob"] })).await;
    subscribe(client, &["eve"]).await;
    send(client, 3, json!({})).await;
    assert_eq!(ann.next_is("message").await["MsgSeq"], 2);
    assert_eq!(numbers_until(&mut eve, "message").await, [2]);
    bob.send(json!({ "Command": "ping" })).await;
    assert_eq!(bob.until("answer").await.len(), 1, "nothing came for one that no longer subscribes");
    server.stop().await;
}

async fn a_subscriber_catches_up_on_what_was_sent_since_it_subscribes(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    open(client, &["bob"]).await;
    for random in 1..=5 {
        send(client, random, json!({})).await;
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    let list = bob.request(json!({ "Command": "subscriptions" })).await;
    let row = &list["SubscriptionList"][0];
    let fields = ["Official_Account", "Name", "MsgSeq"].map(|field| row[field].clone());
    assert_eq!(fields, [json!(NEWS), json!("News"), json!(5)]);
    let after = bob.request(json!({ "Command": "subscriptions", "Official_Account": NEWS })).await;
    assert_eq!(after["SubscriptionList"], json!([]));
    bob.request(json!({ "Command": "catch_up", "Official_Account": NEWS, "MsgSeq": 2 })).await;
    assert_eq!(numbers_until(&mut bob, "caught_up").await, [3, 4, 5]);
    bob.send(json!({ "Command": "ack", "Official_Account": NEWS, "MsgSeq": 5 })).await;
    send(client, 6, json!({})).await;
    assert_eq!(bob.next_is("message").await["MsgSeq"], 6);
    let mut eve = TestClient::connect(&server, "eve").await;
    let refused = eve.request(json!({ "Command": "catch_up", "Official_Account": NEWS, "MsgSeq": 0 })).await;
    assert_eq!(refused["ErrorCode"], 10_007);
    let malformed =
        eve.request(json!({ "Command": "catch_up", "Official_Account": "bob", "MsgSeq": 0 })).await;
    assert_eq!(malformed["ErrorCode"], 10_004);
    server.stop().await;
}

on_both_stores! {
    subscribers_and_nobody_else_get_what_an_official_account_sends
    a_subscriber_catches_up_on_what_was_sent_since_it_subscribes
}
