//! What `groups`, `topics` and `chats` say of the conversations of an account beyond their numbers.

use super::{accounts, group, start_relaxed};
use crate::harness::{Client, Server, Setup, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn say(rest: &mut Client<TcpStream>, group: &str, random: u64, with: Value) -> u64 {
    let mut message =
        json!({ "GroupId": group, "Random": random, "From_Account": "ann", "MsgBody": text("m") });
    message.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    done(rest, "send_group_msg", message).await["MsgSeq"].as_u64().unwrap()
}

fn at(account: &str) -> Value {
    json!({ "GroupAtInfo": [{ "GroupAtAllFlag": 0, "GroupAt_Account": account }] })
}

/// The row of a group.
async fn row(client: &mut TestClient, with: &[&str], group: &str) -> Value {
    let answer = client.request(json!({ "Command": "groups", "With": with })).await;
    let rows = answer["GroupList"].as_array().unwrap_or_else(|| panic!("{answer}"));
    rows.iter().find(|row| row["GroupId"] == group).unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn rows_have_what_is_asked_for(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan"]).await;
    group(rest, "Public", "g").await;
    group(rest, "Private", "quiet").await;
    group(rest, "ChatRoom", "room").await;
    let profile = json!({ "GroupId": "g", "FaceUrl": "http://f", "Notification": "hello" });
    done(rest, "modify_group_base_info", profile).await;
    let member =
        json!({ "GroupId": "g", "Member_Account": "bob", "NameCard": "Bobby", "MsgFlag": "AcceptNotNotify" });
    done(rest, "modify_group_member_info", member).await;
    let last = say(rest, "g", 1, at("bob")).await;
    let mut bob = TestClient::connect(&server, "bob").await;

    let plain = row(&mut bob, &[], "g").await;
    let names: Vec<_> = plain.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["GroupId", "MsgSeq", "Name", "ReadMsgSeq", "Type", "UnreadMsgNum"]);
    let full = row(&mut bob, &["Profile", "Self", "Last", "At"], "g").await;
    for (field, expected) in [
        ("FaceUrl", json!("http://f")),
        ("Notification", json!("hello")),
        ("Owner_Account", json!("ann")),
        ("MemberNum", json!(2)),
        ("NextMsgSeq", json!(last + 1)),
        ("CreateTime", json!(1_499_999_999)),
        ("MuteAllMember", json!("Off")),
        ("AtList", json!([last])),
    ] {
        assert_eq!(full[field], expected, "{field} of {full}");
    }
    let own = json!({ "Role": "Member", "JoinTime": 1_500_000_000, "MsgFlag": "AcceptNotNotify",
        "NameCard": "Bobby", "MuteUntil": 0 });
    assert_eq!(full["SelfInfo"], own);
    // The last message is as in the history.
    let page = json!({ "Command": "group_msg_get_simple", "GroupId": "g", "ReqMsgNumber": 1 });
    assert_eq!(full["LastMsg"], bob.request(page).await["RspMsgList"][0]);
    let room = row(&mut bob, &["Last", "At"], "room").await;
    assert_eq!((room.get("LastMsg"), &room["AtList"], room.get("SelfInfo")), (None, &json!([]), None));
    let unknown = bob.request(json!({ "Command": "groups", "With": ["Last", "Everything"] })).await;
    assert_eq!(unknown["ErrorCode"], 10_004);
    server.stop().await;
}

async fn a_member_is_told_only_what_it_sees(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan"]).await;
    group(rest, "Public", "g").await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    let of_bob = say(rest, "g", 1, at("bob")).await;
    let of_all = say(rest, "g", 2, json!({ "GroupAtInfo": [{ "GroupAtAllFlag": 1 }] })).await;
    say(rest, "g", 3, at("ann")).await;
    let gone = say(rest, "g", 4, at("bob")).await;
    done(rest, "group_msg_recall", json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": gone }] })).await;
    let with = ["Last", "At"];
    let shown = row(&mut bob, &with, "g").await;
    assert_eq!(shown["AtList"], json!([of_bob, of_all]));
    assert_eq!((&shown["LastMsg"]["Event"], &shown["LastMsg"]["MsgSeq"]), (&json!("recalled"), &json!(gone)));
    // A message for others.
    let secret = say(rest, "g", 5, json!({ "To_Account": ["ann"] })).await;
    let shown = row(&mut bob, &with, "g").await;
    assert_eq!((shown.get("LastMsg"), &shown["MsgSeq"]), (None, &json!(secret)));
    assert_eq!(row(&mut ann, &with, "g").await["LastMsg"]["MsgSeq"], secret);
    // What was read is not among the mentions.
    bob.request(json!({ "Command": "read", "GroupId": "g", "MsgSeq": of_bob })).await;
    assert_eq!(row(&mut bob, &with, "g").await["AtList"], json!([of_all]));
    // A newcomer is not shown what was said before.
    done(rest, "add_group_member", json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "dan" }] }))
        .await;
    let mut dan = TestClient::connect(&server, "dan").await;
    assert_eq!(row(&mut dan, &with, "g").await["LastMsg"]["Event"], "tip");
    done(rest, "clear_group_msg", json!({ "GroupId": "g" })).await;
    let shown = row(&mut bob, &with, "g").await;
    assert_eq!((shown.get("LastMsg"), &shown["AtList"]), (None, &json!([])));
    server.stop().await;
}

/// Mentions are looked for among the last 100 messages of each group, in many groups at once.
async fn mentions_are_looked_for_in_a_bounded_part(store: Store) {
    let server = Server::start_with(Setup { store, mode: "relaxed", ..Setup::default() }).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob"]).await;
    for number in 0..30 {
        group(rest, "Public", &format!("g{number:02}")).await;
    }
    for random in 1..=102 {
        let with = if random <= 3 || random == 50 { at("bob") } else { json!({}) };
        say(rest, "g07", random, with).await;
    }
    say(rest, "g21", 1, at("bob")).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let answer = bob.request(json!({ "Command": "groups", "With": ["At", "Last"] })).await;
    let lists: Vec<_> = answer["GroupList"].as_array().unwrap().iter().map(|row| &row["AtList"]).collect();
    assert_eq!((lists.len(), lists[7], lists[21], lists[22]), (30, &json!([3, 50]), &json!([1]), &json!([])));
    assert_eq!(answer["GroupList"][7]["LastMsg"]["MsgSeq"], 102);
    server.stop().await;
}

/// The `LastMsg` in an answer.
async fn last(client: &mut TestClient, mut request: Value, list: &str, row: usize) -> Value {
    request["With"] = json!(["Last"]);
    let mut answer = client.request(request).await;
    answer[list][row]["LastMsg"].take()
}

async fn topics_have_their_last_message(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob"]).await;
    let id = "@TGS#_c";
    let community =
        json!({ "Type": "Community", "GroupId": id, "Name": "c", "Owner_Account": "ann", "SupportTopic": 1 });
    done(rest, "create_group", community).await;
    let member = json!({ "GroupId": id, "MemberList": [{ "Member_Account": "bob" }] });
    done(rest, "add_group_member", member).await;
    for topic in ["a", "b", "c"] {
        let topic = json!({ "GroupId": id, "TopicName": topic, "TopicId": format!("{id}@TOPIC#_{topic}") });
        let created = rest.call("million_group_open_http_svc/create_topic", &topic).await;
        assert_eq!(created["ErrorCode"], 0, "{created}");
    }
    let b = format!("{id}@TOPIC#_b");
    let last_number = say(rest, id, 1, json!({ "TopicId": b })).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let topics = json!({ "Command": "topics", "GroupId": id });
    assert_eq!(last(&mut bob, topics.clone(), "TopicList", 0).await, Value::Null);
    let shown = last(&mut bob, topics.clone(), "TopicList", 1).await;
    let page = json!({ "Command": "group_msg_get_simple", "GroupId": id, "TopicId": b, "ReqMsgNumber": 1 });
    assert_eq!((&shown["MsgSeq"], &shown), (&json!(last_number), &bob.request(page).await["RspMsgList"][0]));
    // A message for others.
    say(rest, id, 2, json!({ "TopicId": b, "To_Account": ["ann"] })).await;
    assert_eq!(last(&mut bob, topics.clone(), "TopicList", 1).await, Value::Null);
    let mut ann = TestClient::connect(&server, "ann").await;
    assert_eq!(last(&mut ann, topics, "TopicList", 1).await["MsgSeq"], last_number + 1);
    server.stop().await;
}

async fn chats_have_their_last_message(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan"]).await;
    let mut key = Value::Null;
    for (number, sender) in [(1, "ann"), (2, "dan"), (3, "ann")] {
        let message = json!({ "From_Account": sender, "To_Account": "bob", "MsgSeq": number, "MsgRandom": number,
            "MsgBody": text("m") });
        key = rest.call("openim/sendmsg", &message).await["MsgKey"].clone();
    }
    let mut bob = TestClient::connect(&server, "bob").await;
    let chats = json!({ "Command": "chats" });
    let of_ann = last(&mut bob, chats.clone(), "ChatList", 0).await;
    assert_eq!(
        (&of_ann["MsgSeq"], &of_ann["MsgKey"], &of_ann["From_Account"]),
        (&json!(2), &key, &json!("ann"))
    );
    assert_eq!(last(&mut bob, chats.clone(), "ChatList", 1).await["From_Account"], "dan");
    let history = json!({ "Command": "catch_up", "Peer_Account": "ann", "MsgSeq": 1 });
    bob.request(history).await;
    assert_eq!(bob.next_is("message").await, of_ann);
    let recall = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key });
    assert_eq!(rest.call("openim/admin_msgwithdraw", &recall).await["ErrorCode"], 0);
    assert_eq!(last(&mut bob, chats.clone(), "ChatList", 0).await["Event"], "recalled");
    // An account that deleted the message does not see it, the other does.
    let hide = json!({ "Command": "delete_c2c_msg_ramble", "Peer_Account": "dan",
        "MsgKeyList": [last(&mut bob, chats.clone(), "ChatList", 1).await["MsgKey"]] });
    assert_eq!(bob.request(hide).await["ErrorCode"], 0);
    assert_eq!(last(&mut bob, chats.clone(), "ChatList", 1).await, Value::Null);
    let mut dan = TestClient::connect(&server, "dan").await;
    assert_eq!(last(&mut dan, chats, "ChatList", 0).await["MsgSeq"], 1);
    server.stop().await;
}

on_both_stores! {
    topics_have_their_last_message
    chats_have_their_last_message
    rows_have_what_is_asked_for
    a_member_is_told_only_what_it_sees
    mentions_are_looked_for_in_a_bounded_part
}
