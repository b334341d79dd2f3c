//! What messages say of those who wrote or recalled them, live and in histories; and which platform webhooks get.

use super::{accounts, group, start};
use crate::harness::{Client, Server, Setup, Store, done, on_both_stores, text};
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

const FACE: &str = "https://example.com/ann";

/// `Nick`, `FaceUrl` and `NameCard`.
fn seen(frame: &Value) -> [Value; 3] {
    ["Nick", "FaceUrl", "NameCard"].map(|field| frame[field].clone())
}

async fn rename(client: &mut Client<TcpStream>, nick: &str) {
    let items = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": nick },
        { "Tag": "Tag_Profile_IM_Image", "Value": FACE }]);
    done(client, "profile/portrait_set", json!({ "From_Account": "ann", "ProfileItem": items })).await;
}

async fn said(client: &mut Client<TcpStream>, place: Value, random: u64) {
    let mut message = json!({ "From_Account": "ann", "Random": random, "MsgBody": text("m") });
    message.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    done(client, "send_group_msg", message).await;
}

async fn messages_of_groups_say_how_their_sender_is_shown(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    rename(client, "Ann").await;
    group(client, "Public", "g").await;
    group(client, "Community", "@TGS#_c").await;
    let live = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n", "Owner_Account": "ann" });
    done(client, "create_group", live).await;
    let card = json!({ "GroupId": "g", "Member_Account": "ann", "NameCard": "A." });
    done(client, "modify_group_member_info", card).await;
    let topic = json!({ "GroupId": "@TGS#_c", "TopicName": "t", "From_Account": "ann" });
    let topic = done(client, "million_group_open_http_svc/create_topic", topic).await["TopicId"].clone();
    let mut bob = TestClient::connect(&server, "bob").await;
    bob.request(json!({ "Command": "enter", "GroupId": "live" })).await;
    let with_card = [json!("Ann"), json!(FACE), json!("A.")];
    let without = [json!("Ann"), json!(FACE), Value::Null];
    for (random, place, expected) in [
        (1, json!({ "GroupId": "g" }), &with_card),
        (2, json!({ "GroupId": "g", "OnlineOnlyFlag": 1 }), &with_card),
        (3, json!({ "GroupId": "@TGS#_c", "TopicId": topic }), &without),
        (4, json!({ "GroupId": "live" }), &without),
    ] {
        said(client, place, random).await;
        let frame = bob.next_is("message").await;
        assert_eq!((&frame["Random"], &seen(&frame)), (&json!(random), expected));
    }
    // By the API itself, which is no member, and by a member without a profile.
    let own = json!({ "GroupId": "g", "Random": 5, "MsgBody": text("m") });
    done(client, "send_group_msg", own).await;
    assert_eq!(seen(&bob.next_is("message").await), [Value::Null, Value::Null, Value::Null]);
    let own = json!({ "GroupId": "g", "Random": 6, "From_Account": "bob", "MsgBody": text("m") });
    done(client, "send_group_msg", own).await;
    assert_eq!(seen(&bob.next_is("message").await), [Value::Null, Value::Null, Value::Null]);
    // A history shows what they are called today.
    rename(client, "Anna").await;
    done(
        client,
        "group_msg_recall",
        json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": 3 }], "Reason": "w" }),
    )
    .await;
    bob.next_is("recalled").await;
    bob.send(json!({ "Command": "catch_up", "GroupId": "g", "MsgSeq": 0 })).await;
    let frames = bob.until("caught_up").await;
    assert_eq!(seen(&frames[1]), [json!("Anna"), json!(FACE), json!("A.")]);
    assert_eq!(seen(&frames[2]), [Value::Null, Value::Null, Value::Null]);
    let recalled = json!({ "Event": "recalled", "GroupId": "g", "Type": "Public", "MsgSeq": 3,
        "MsgTime": frames[3]["MsgTime"].as_u64().unwrap(), "From_Account": frames[3]["From_Account"].as_str().unwrap(),
        "Operator_Account": "administrator", "Reason": "w" });
    assert_eq!(frames[3], recalled);
    server.stop().await;
}

async fn messages_of_accounts_say_how_their_sender_is_shown(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    rename(client, "Ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let send = |random: u64| {
        json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": random, "MsgRandom": random,
            "MsgBody": text("m") })
    };
    let key = done(client, "openim/sendmsg", send(1)).await["MsgKey"].clone();
    done(client, "openim/sendmsg", send(2)).await;
    let shown = |nick: &str| [json!(nick), json!(FACE), Value::Null];
    for _ in 0..2 {
        assert_eq!(seen(&bob.next_is("message").await), shown("Ann"));
    }
    let answer = json!({ "Command": "sendmsg", "To_Account": "ann", "MsgSeq": 3, "MsgRandom": 3, "MsgBody": text("m") });
    assert_eq!(bob.request(answer).await["ErrorCode"], 0);
    rename(client, "Anna").await;
    let recall = json!({ "Command": "admin_msgwithdraw", "To_Account": "bob", "MsgKey": key });
    let mut ann = TestClient::connect(&server, "ann").await;
    assert_eq!(ann.request(recall).await["ErrorCode"], 0);
    bob.next_is("recalled").await;
    bob.send(json!({ "Command": "catch_up", "Peer_Account": "ann", "MsgSeq": 0 })).await;
    let frames = bob.until("caught_up").await;
    assert_eq!([&frames[1]["Event"], &frames[1]["Operator_Account"]], [&json!("recalled"), &json!("ann")]);
    assert_eq!(seen(&frames[2]), shown("Anna"));
    server.stop().await;
}

/// The commands of the requests so far, each with its `OptPlatform`.
fn platforms(receiver: &Receiver) -> Vec<(String, String)> {
    let platform = |query: &str| query.rsplit_once("&OptPlatform=").unwrap().1.to_owned();
    let of = |command: &str| command.rsplit_once(".Callback").map_or(command, |(_, name)| name).to_owned();
    receiver.all().iter().map(|request| (of(request.command()), platform(&request.query))).collect()
}

async fn webhooks_are_told_on_what_device_a_member_acts(store: Store) {
    let receiver = Receiver::start().await;
    let events = "events = [\"Group.CallbackBeforeCreateGroup\", \"Group.CallbackAfterCreateGroup\", \
        \"Group.CallbackBeforeSendMsg\", \"Group.CallbackAfterSendMsg\", \
        \"Group.CallbackBeforeApplyJoinGroup\", \"Group.CallbackAfterNewMemberJoin\", \
        \"C2C.CallbackBeforeSendMsg\", \"C2C.CallbackAfterSendMsg\"]";
    let server =
        Server::start_with(Setup { store, webhook: receiver.config(events), ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let mut ann = TestClient::connect_from(&server, "ann", "iPhone").await;
    let mut bob = TestClient::connect_from(&server, "bob", "PC").await;
    let create = json!({ "Command": "create_group", "Type": "Public", "GroupId": "g", "Name": "n",
        "ApplyJoinOption": "FreeAccess" });
    let send = json!({ "Command": "send_group_msg", "GroupId": "g", "Random": 1, "MsgBody": text("m") });
    let join = json!({ "Command": "join_group", "GroupId": "g" });
    let write = json!({ "Command": "sendmsg", "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 1, "MsgBody": text("m") });
    let mut expected = Vec::new();
    for (who, request, platform, events) in [
        (0, create, "iOS", ["BeforeCreateGroup", "AfterCreateGroup"]),
        (0, send, "iOS", ["BeforeSendMsg", "AfterSendMsg"]),
        (1, join, "Windows", ["BeforeApplyJoinGroup", "AfterNewMemberJoin"]),
        (0, write, "iOS", ["BeforeSendMsg", "AfterSendMsg"]),
    ] {
        let member = if who == 0 { &mut ann } else { &mut bob };
        assert_eq!(member.request(request.clone()).await["ErrorCode"], 0, "{request}");
        expected.extend(events.map(|event| (event.to_owned(), platform.to_owned())));
        receiver.requests(expected.len()).await;
        assert_eq!(platforms(&receiver), expected);
    }
    // The same by the API.
    done(client, "send_group_msg", json!({ "GroupId": "g", "Random": 2, "MsgBody": text("m") })).await;
    receiver.requests(expected.len() + 2).await;
    expected.extend(["BeforeSendMsg", "AfterSendMsg"].map(|event| (event.to_owned(), "RESTAPI".to_owned())));
    assert_eq!(platforms(&receiver), expected);
    server.stop().await;
}

on_both_stores! {
    messages_of_groups_say_how_their_sender_is_shown
    messages_of_accounts_say_how_their_sender_is_shown
    webhooks_are_told_on_what_device_a_member_acts
}
