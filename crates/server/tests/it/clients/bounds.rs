//! Bounds on what clients ask for: how much at once, how often, for how long, and whose.

use super::{accounts, group, start, url};
use crate::harness::{SECOND_APP, Server, Setup, Store, on_both_stores, query, text};
use crate::receiver::{Receiver, Reply};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use std::time::Instant;

fn message(group: &str, random: u64) -> Value {
    json!({ "Command": "send_group_msg", "RequestId": random, "GroupId": group, "Random": random,
        "MsgBody": text("m") })
}

/// The codes of as many answers, each with its `RequestId`.
async fn answers(client: &mut TestClient, count: usize) -> Vec<(u64, u64)> {
    let mut codes = Vec::with_capacity(count);
    for _ in 0..count {
        let answer = client.next_is("answer").await;
        codes.push((answer["RequestId"].as_u64().unwrap(), answer["ErrorCode"].as_u64().unwrap()));
    }
    codes
}

async fn of_a_thousand_requests_32_are_open_and_all_are_answered(store: Store) {
    let hook = Receiver::answering(|_, request| {
        let is_first = request.body["Random"] == 1;
        if request.command() == "Group.CallbackBeforeSendMsg" && is_first { Reply::Hang } else { Reply::ok() }
    })
    .await;
    let webhook = hook.config("");
    let server = Server::start_with(Setup { store, mode: "relaxed", webhook, ..Setup::default() }).await;
    accounts(&mut server.client().await, &["ann", "bob"]).await;
    group(&mut server.client().await, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    // The first hangs until the receiver has had its time; the others come meanwhile.
    for random in 1..=1_000 {
        ann.send(message("g", random)).await;
    }
    let codes = answers(&mut ann, 1_000).await;
    let (done, refused): (Vec<_>, Vec<_>) = codes.iter().partition(|(_, code)| *code == 0);
    assert_eq!(done.iter().map(|(id, _)| *id).collect::<Vec<_>>(), (1..=32).collect::<Vec<_>>());
    assert!(refused.iter().all(|(_, code)| *code == 60_007), "{refused:?}");
    let mut ids: Vec<_> = refused.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (33..=1_000).collect::<Vec<_>>());
    // There is room again.
    assert_eq!(ann.request(json!({ "Command": "get_joined_group_list" })).await["ErrorCode"], 0);
    server.stop().await;
}

async fn the_rate_of_a_command_is_that_of_the_account_on_all_its_devices(store: Store) {
    const EACH: usize = 30;
    let server = start(store).await;
    accounts(&mut server.client().await, &["ann", "bob"]).await;
    let begun = Instant::now();
    let mut devices = [TestClient::connect(&server, "ann").await, TestClient::connect(&server, "ann").await];
    let ask = json!({ "Command": "query_online_status", "RequestId": 1, "To_Account": ["bob"] });
    let mut codes = Vec::new();
    for device in &mut devices {
        for _ in 0..EACH {
            device.send(ask.clone()).await;
            codes.extend(answers(device, 1).await);
        }
    }
    let done = codes.iter().filter(|(_, code)| *code == 0).count();
    let refused = codes.iter().filter(|(_, code)| *code == 60_007).count();
    let most = 20.0 + 4.0 * begun.elapsed().as_secs_f64();
    assert!(20 <= done && f64::from(u32::try_from(done).unwrap()) <= most, "{done}");
    assert_eq!(done + refused, 2 * EACH);
    // Other commands, and other accounts, are not affected.
    assert_eq!(devices[0].request(json!({ "Command": "groups" })).await["ErrorCode"], 0);
    let mut bob = TestClient::connect(&server, "bob").await;
    assert_eq!(bob.request(ask).await["ErrorCode"], 0);
    server.stop().await;
}

async fn who_acts_is_the_account_of_the_connection(store: Store) {
    let server = start(store).await;
    accounts(&mut server.client().await, &["ann", "bob"]).await;
    group(&mut server.client().await, "Public", "g").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    for (command, field) in [
        ("send_group_msg", "From_Account"),
        ("create_group", "Owner_Account"),
        ("get_joined_group_list", "Member_Account"),
        ("modify_group_base_info", "From_Account"),
        ("change_group_owner", "From_Account"),
        ("group_set_key_values", "Operator_Account"),
        ("portrait_set", "From_Account"),
        ("sendmsg", "From_Account"),
        ("admin_getroammsg", "Operator_Account"),
        ("admin_set_msg_read", "Report_Account"),
        ("get_c2c_unread_msg_num", "To_Account"),
        ("friend_delete_all", "From_Account"),
        ("follow_get_info", "From_Account"),
        ("recentcontact/delete", "From_Account"),
    ] {
        for (named, code) in [(json!("ann"), 10_007), (json!("administrator"), 10_007), (json!(null), 10_004)]
        {
            let forged = json!({ "Command": command, "GroupId": "g", field: named });
            let answer = bob.request(forged).await;
            assert_eq!(answer["ErrorCode"], code, "{command}: {answer}");
        }
    }
    server.stop().await;
}

async fn groups_of_another_app_are_not_there(store: Store) {
    let server = start(store).await;
    accounts(&mut server.client().await, &["ann", "bob"]).await;
    for (kind, id) in [("Public", "g"), ("Private", "p"), ("Community", "@TGS#_c")] {
        group(&mut server.client().await, kind, id).await;
    }
    // Of the same name, in another app.
    let mut ann = TestClient::ready(&url(&server), &query(SECOND_APP, "ann")).await;
    for id in ["g", "p", "@TGS#_c"] {
        for request in [
            message(id, 1),
            json!({ "Command": "get_group_member_info", "GroupId": id }),
            json!({ "Command": "modify_group_base_info", "GroupId": id, "Name": "x" }),
            json!({ "Command": "add_group_member", "GroupId": id, "MemberList": [{ "Member_Account": "ann" }] }),
            json!({ "Command": "get_group_attr", "GroupId": id }),
            json!({ "Command": "join_group", "GroupId": id }),
            json!({ "Command": "quit_group", "GroupId": id }),
            json!({ "Command": "destroy_group", "GroupId": id }),
            json!({ "Command": "topics", "GroupId": id }),
            json!({ "Command": "read", "GroupId": id, "MsgSeq": 1 }),
            json!({ "Command": "enter", "GroupId": id }),
        ] {
            let answer = ann.request(request.clone()).await;
            assert_eq!(answer["ErrorCode"], 10_010, "{request}: {answer}");
        }
        let catch_up = ann.request(json!({ "Command": "catch_up", "GroupId": id, "MsgSeq": 0 })).await;
        assert_eq!(catch_up["ErrorCode"], 10_007, "{catch_up}");
    }
    server.stop().await;
}

on_both_stores! {
    of_a_thousand_requests_32_are_open_and_all_are_answered
    the_rate_of_a_command_is_that_of_the_account_on_all_its_devices
    who_acts_is_the_account_of_the_connection
    groups_of_another_app_are_not_there
}
