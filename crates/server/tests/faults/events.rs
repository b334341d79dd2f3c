//! Events of webhooks whose server is killed before they are sent.

use crate::receiver::{Receiver, Reply};
use crate::server::{Home, Server};
use landfall::client::RestClient;
use landfall_test_database::fresh_database;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Groups in which something happens, and messages sent to each.
const GROUPS: u64 = 20;
const MESSAGES: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_killed_server_are_sent_after_its_restart() {
    events_survive(&Home::new(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_killed_server_are_sent_by_the_others() {
    let database = fresh_database("empty", |_| {});
    events_survive(&Home::over(database.url()), 2).await;
}

/// A server is killed while its receiver hangs; then so many take its place, and the receiver answers.
async fn events_survive(home: &Home, servers: usize) {
    let answers = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&answers);
    let receiver =
        Receiver::answering(move |_, _| if open.load(Ordering::Relaxed) { Reply::ok() } else { Reply::Hang })
            .await;
    let settings =
        receiver.config("events = [\"Group.CallbackAfterSendMsg\"]\nretry_seconds = [1, 1, 1, 1, 1]");
    home.add_app_settings(&settings);
    let server = home.start().await;
    send_all(&mut server.client().await).await;
    // At least one is on its way.
    receiver.requests(1).await;
    server.kill().await;

    let before = receiver.all().len();
    answers.store(true, Ordering::Relaxed);
    let mut running: Vec<Server> = Vec::new();
    for _ in 0..servers {
        running.push(home.start().await);
    }
    let all = usize::try_from(GROUPS * MESSAGES).unwrap();
    let requests = receiver.requests(before + all).await;
    let mut by_group: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for request in &requests[before..] {
        let group = request.body["GroupId"].as_str().unwrap().to_owned();
        by_group.entry(group).or_default().push(request.body["MsgSeq"].as_u64().unwrap());
    }
    // Each is sent once now that it is answered, and in order.
    let expected: Vec<u64> = (1..=MESSAGES).collect();
    assert_eq!(by_group.len() as u64, GROUPS);
    for (group, numbers) in by_group {
        assert_eq!(numbers, expected, "{group}");
    }
    for server in running {
        server.stop().await;
    }
    assert_eq!(receiver.all().len(), before + all);
}

async fn send_all(client: &mut RestClient) {
    for group in 0..GROUPS {
        let id = format!("g{group}");
        done(client, "import_group", json!({ "Type": "Public", "GroupId": id, "Name": "n" })).await;
        for random in 0..MESSAGES {
            let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }]);
            done(client, "send_group_msg", json!({ "GroupId": id, "Random": random, "MsgBody": body })).await;
        }
    }
}

async fn done(client: &mut RestClient, command: &str, body: Value) {
    let answer = client.call(&format!("group_open_http_svc/{command}"), &body).await.unwrap();
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
}
