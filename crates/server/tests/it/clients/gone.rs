//! What a client that has gone asked for.

use super::{accounts, group, start};
use crate::harness::{Client, Server, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::json;
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

async fn send_and_go(server: &Server, number: u64) {
    let mut ann = TestClient::connect(server, "ann").await;
    let message = json!({ "Command": "send_group_msg", "GroupId": format!("g{number}"), "Random": 1 + number,
        "MsgBody": text("m") });
    ann.send(message).await;
    // Now and then it stays a little longer.
    for _ in 0..number % 4 {
        ann.request(json!({ "Command": "ping" })).await;
    }
}

async fn what_was_sent_by_a_client_that_goes_at_once_reaches_the_others(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    for number in 0..GROUPS {
        group(client, "Public", &format!("g{number}")).await;
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    for number in 0..GROUPS {
        send_and_go(&server, number).await;
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

on_both_stores! {
    what_was_sent_by_a_client_that_goes_at_once_reaches_the_others
}
