//! Pushes to everybody: who gets them, also across a restart.

use super::{accounts, start_relaxed};
use crate::harness::{Client, PATIENCE, Server, Setup, Store, code, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn push(client: &mut Client<TcpStream>, random: u64, more: Value) -> Value {
    let mut push = json!({ "MsgRandom": random, "MsgBody": text("news") });
    push.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    done(client, "all_member_push/im_push", push).await["TaskId"].clone()
}

/// How many messages of the administrator an account has not read.
async fn unread(client: &mut Client<TcpStream>, account: &str) -> u64 {
    let asked = json!({ "To_Account": account });
    done(client, "openim/get_c2c_unread_msg_num", asked).await["AllC2CUnreadMsgNum"].as_u64().unwrap()
}

async fn a_push_reaches_those_who_are_meant(store: Store) {
    let server = start_relaxed(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "cy"]).await;
    let tags: Vec<_> =
        ["bob", "cy"].iter().map(|name| json!({ "To_Account": name, "Tags": ["a"] })).collect();
    done(client, "all_member_push/im_add_tag", json!({ "UserTags": tags })).await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let mut cy = TestClient::connect(&server, "cy").await;
    let tagged = json!({ "MsgLifeTime": 60, "Condition": { "TagsAnd": ["a"] } });
    let task = push(client, 1, tagged.clone()).await;
    let fields = ["From_Account", "To_Account", "MsgSeq", "OnlineOnlyFlag"];
    let shown = |frame: &Value| fields.map(|field| frame[field].clone());
    for (account, name) in [(&mut bob, "bob"), (&mut cy, "cy")] {
        let frame = account.next_is("message").await;
        assert_eq!(shown(&frame), [json!("administrator"), json!(name), json!(1), Value::Null]);
    }
    // The same push is delivered once.
    assert_eq!(push(client, 1, tagged).await, task);
    // Whoever was not meant gets the next one first. It is not kept.
    push(client, 2, json!({})).await;
    for (account, name) in [(&mut ann, "ann"), (&mut bob, "bob"), (&mut cy, "cy")] {
        let frame = account.next_is("message").await;
        assert_eq!(shown(&frame), [json!("administrator"), json!(name), json!(0), json!(1)]);
    }
    assert_eq!((unread(client, "ann").await, unread(client, "bob").await), (0, 1));
    server.stop().await;
}

async fn a_push_goes_on_after_a_restart_and_reaches_everybody_once(store: Store) {
    let setup = || Setup { store, mode: "relaxed", ..Setup::default() };
    let server = Server::start_with(setup()).await;
    let mut client = server.client().await;
    let names: Vec<String> = (0..250).map(|number| format!("u{number}")).collect();
    done(&mut client, "im_open_login_svc/multiaccount_import", json!({ "Accounts": names })).await;
    push(&mut client, 1, json!({ "MsgLifeTime": 60 })).await;
    drop(client);
    let location = server.begin_stop().await;
    let server = Server::start_in(location, setup()).await;
    let client = &mut server.client().await;
    let all_reached = async {
        for name in &names {
            while unread(client, name).await == 0 {}
        }
    };
    tokio::time::timeout(PATIENCE, all_reached).await.expect("the push did not reach everybody");
    // A second push comes after the first has ended: nobody has got that twice.
    let mut last = TestClient::connect(&server, "u249").await;
    push(client, 2, json!({ "MsgLifeTime": 0 })).await;
    assert_eq!(last.next_is("message").await["OnlineOnlyFlag"], 1);
    for name in &names {
        assert_eq!(unread(client, name).await, 1, "{name}");
    }
    server.stop().await;
}

/// Pushes with a new random number each, until one is refused; the code of that.
async fn refused(client: &mut Client<TcpStream>, attempts: u64) -> Option<u64> {
    for random in 1..=attempts {
        let push = json!({ "MsgRandom": random, "MsgBody": text("news") });
        let code = code(&client.call("all_member_push/im_push", &push).await);
        if code != 0 {
            return Some(code);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_are_counted_by_the_second_and_by_the_day() {
    let server = Server::start().await;
    assert_eq!(refused(&mut server.client().await, 100).await, Some(90_024));
    server.stop().await;
    let server = start_relaxed(Store::Embedded).await;
    // Midnight may come in between, once.
    assert_eq!(refused(&mut server.client().await, 2_001).await, Some(90_047));
    server.stop().await;
}

on_both_stores! {
    a_push_reaches_those_who_are_meant
    a_push_goes_on_after_a_restart_and_reaches_everybody_once
}
