//! What a client, or a caller, that has gone asked for.

use super::{accounts, group, start};
use crate::harness::{Client, Server, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::net::TcpStream;

/// Groups, each with one message of a client that goes at once, or nearly so: whether it arrives is open.
const GROUPS: u64 = 30;

/// The groups that have a message.
async fn with_message(client: &mut Client<TcpStream>) -> BTreeSet<String> {
    let ids: Vec<_> = (0..GROUPS).map(|number| format!("g{number}")).collect();
    let info = done(client, "get_group_info", json!({ "GroupIdList": ids })).await;
    let rows = info["GroupInfo"].as_array().unwrap().iter().filter(|row| row["NextMsgSeq"] != 1);
    rows.map(|row| row["GroupId"].as_str().unwrap().to_owned()).collect()
}

fn message(number: u64) -> Value {
    json!({ "GroupId": format!("g{number}"), "Random": 1 + number, "MsgBody": text("m") })
}

async fn send_and_go(server: &Server, number: u64) {
    let mut ann = TestClient::connect(server, "ann").await;
    let mut message = message(number);
    message["Command"] = "send_group_msg".into();
    ann.send(message).await;
}

async fn call_and_hang_up(server: &Server, number: u64) {
    let mut client = server.client().await;
    let mut message = message(number);
    message["From_Account"] = "ann".into();
    let (body, query) = (message.to_string(), &client.query);
    let call = format!(
        "POST /v4/group_open_http_svc/send_group_msg?{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.send(call.as_bytes()).await;
}

/// `send` sends a message to the group of that number and goes at once.
async fn reaches_the_others(store: Store, send: impl AsyncFn(&Server, u64)) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    for number in 0..GROUPS {
        group(client, "Public", &format!("g{number}")).await;
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    for number in 0..GROUPS {
        send(&server, number).await;
    }
    let mut received = BTreeSet::new();
    // What is under way may still arrive.
    loop {
        let sent = with_message(client).await;
        if received.is_superset(&sent) && !sent.is_empty() {
            break;
        }
        let frame = bob.next_is("message").await;
        assert!(received.insert(frame["GroupId"].as_str().unwrap().to_owned()), "{frame}");
    }
    server.stop().await;
}

async fn what_was_sent_by_a_client_that_goes_at_once_reaches_the_others(store: Store) {
    reaches_the_others(store, send_and_go).await;
}

async fn what_was_sent_by_a_caller_that_hangs_up_reaches_the_others(store: Store) {
    reaches_the_others(store, call_and_hang_up).await;
}

on_both_stores! {
    what_was_sent_by_a_client_that_goes_at_once_reaches_the_others
    what_was_sent_by_a_caller_that_hangs_up_reaches_the_others
}
