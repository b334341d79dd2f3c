//! Conversations as clients have them: pins, extensions, and `landfall listen`.

use super::{accounts, group, start, url};
use crate::harness::{APP, Client, KEY, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use landfall::chat::{Input, Options, Place, chat};
use landfall::usersig::SecretKey;
use landfall_domain::ids::{AppId, UserId};
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn import(client: &mut Client<TcpStream>, from: &str, sent: u64) {
    let message = json!({ "SyncFromOldSystem": 2, "From_Account": from, "To_Account": "ann", "MsgSeq": 1,
        "MsgRandom": 1, "MsgTimeStamp": sent, "MsgBody": text("m") });
    done(client, "openim/importmsg", message).await;
}

async fn page(client: &mut Client<TcpStream>, flags: u8, before: &Value) -> Value {
    let cursor = |field: &str| before[field].as_u64().unwrap_or_default();
    let request = json!({ "From_Account": "ann", "AssistFlags": flags, "TimeStamp": cursor("TimeStamp"),
        "StartIndex": cursor("StartIndex"), "TopTimeStamp": cursor("TopTimeStamp"),
        "TopStartIndex": cursor("TopStartIndex") });
    done(client, "recentcontact/get_list", request).await
}

/// Peers or groups of a page, and whether they are pinned.
fn shown(page: &Value) -> Vec<(String, bool)> {
    let rows = page["SessionItem"].as_array().unwrap();
    let name = |row: &Value| row["To_Account"].as_str().or(row["GroupId"].as_str()).unwrap().to_owned();
    rows.iter().map(|row| (name(row), row["TopFlag"] == 1)).collect()
}

async fn pinned_conversations_come_first_and_in_pages(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    let names: Vec<String> = (0..150).map(|number| format!("p{number:03}")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).chain(["ann", "bob", "eve"]).collect();
    for some in all.chunks(100) {
        accounts(client, some).await;
    }
    for (name, sent) in names.iter().zip(1_500_000_000..) {
        import(client, name, sent).await;
    }
    group(client, "Public", "g").await;
    let (mut ann, mut second) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "ann").await);
    let mut bob = TestClient::connect(&server, "bob").await;
    let pin = |peer: &str, flag: u8| json!({ "Command": "pin", "Peer_Account": peer, "TopFlag": flag });
    for peer in names.iter().take(49) {
        assert_eq!(ann.request(pin(peer, 1)).await["ErrorCode"], 0, "{peer}");
    }
    let group = json!({ "Command": "pin", "RequestId": "p", "GroupId": "g", "TopFlag": 1 });
    let answer = ann.request(group.clone()).await;
    assert_eq!((&answer["ErrorCode"], &answer["RequestId"]), (&json!(0), &json!("p")));
    for (request, code) in [
        (pin("p060", 1), 51_012),
        (pin("eve", 1), 10_004),
        (pin("p060", 2), 10_004),
        (pin("p000", 1), 0),
        (json!({ "Command": "pin", "GroupId": "other", "TopFlag": 1 }), 10_010),
    ] {
        assert_eq!(ann.request(request.clone()).await["ErrorCode"], code, "{request}");
    }
    assert_eq!(second.next_is("pin").await, json!({ "Event": "pin", "Peer_Account": "p000", "TopFlag": 1 }));
    assert_eq!(bob.request(json!({ "Command": "pin", "GroupId": "g", "TopFlag": 0 })).await["ErrorCode"], 0);
    // All pinned ones are on the first page; the group, in which nothing was said, is empty.
    let first = page(client, 1, &Value::Null).await;
    let pinned = |page: &Value| shown(page).iter().filter(|(_, pinned)| *pinned).count();
    assert_eq!((shown(&first).len(), pinned(&first), &first["CompleteFlag"]), (100, 49, &json!(0)));
    assert_eq!(shown(&first)[0], ("p048".to_owned(), true));
    assert_eq!(shown(&first)[49], ("p149".to_owned(), false));
    let second_page = page(client, 1, &first).await;
    assert_eq!((shown(&second_page).len(), pinned(&second_page)), (50, 0));
    assert_eq!(second_page["CompleteFlag"], 1);
    // With the empty ones, and in pages.
    let first = page(client, 7, &Value::Null).await;
    assert_eq!((shown(&first).len(), pinned(&first)), (100, 50));
    assert_eq!(shown(&first)[49], ("g".to_owned(), true));
    let rest = page(client, 7, &first).await;
    assert_eq!((shown(&rest).len(), pinned(&rest), &rest["CompleteFlag"]), (51, 0, &json!(1)));
    // Without bit 0 each is in its place.
    let plain = page(client, 0, &Value::Null).await;
    assert_eq!((shown(&plain)[0].clone(), pinned(&plain)), (("p149".to_owned(), false), 0));
    // Taken off the list, a conversation is no longer pinned, and there is room for another.
    let off = json!({ "From_Account": "ann", "Type": 1, "To_Account": "p000" });
    done(client, "recentcontact/delete", off).await;
    assert_eq!(ann.request(pin("p060", 1)).await["ErrorCode"], 0);
    server.stop().await;
}

async fn marks_reach_the_other_devices_of_the_account(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut second = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let of_bob = json!({ "Type": 1, "To_Account": "bob" });
    let of_group = json!({ "Type": 2, "ToGroupId": "g" });
    let mark = |items: Value| json!({ "Command": "mark_contact", "MarkItem": items });
    let set = mark(json!([
        { "OptType": 3, "ContactItem": of_bob, "SetMark": [1, 3], "CustomMark": "c" },
        { "OptType": 1, "ContactItem": of_group, "SetMark": [2] },
    ]));
    assert_eq!(ann.request(set.clone()).await["ErrorCode"], 0);
    let frame = |place: &str, id: &str, standard: &str, custom: &str| json!({ "Event": "conversation", place: id, "StandardMark": standard, "CustomMark": custom });
    let of_chats = [frame("Peer_Account", "bob", "101", "c"), frame("GroupId", "g", "10", "")];
    for device in [&mut ann, &mut second] {
        let got = [device.next_is("conversation").await, device.next_is("conversation").await];
        assert_eq!(got, of_chats);
    }
    // What changes nothing causes no frame.
    assert_eq!(ann.request(set).await["ErrorCode"], 0);
    let clear = json!([{ "OptType": 3, "ContactItem": of_bob, "ClearMark": [1, 3], "CustomMark": "" }]);
    assert_eq!(ann.request(mark(clear)).await["ErrorCode"], 0);
    assert_eq!(second.next_is("conversation").await, frame("Peer_Account", "bob", "", ""));
    // Nor do others get one.
    let pin = json!({ "Command": "pin", "GroupId": "g", "TopFlag": 1 });
    assert_eq!(bob.request(pin).await["ErrorCode"], 0);
    assert_eq!(bob.next_is("pin").await["GroupId"], "g");
    server.stop().await;
}

async fn extensions_of_a_message_reach_both_accounts(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    let message = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 2,
        "SyncOtherMachine": 1, "SupportMessageExtension": 1, "MsgBody": text("m") });
    let key = done(client, "openim/sendmsg", message).await["MsgKey"].clone();
    let list = json!([{ "Key": "up", "Value": "1", "Seq": 0 }]);
    let change = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key, "OperateType": 1,
        "ExtensionList": list });
    done(client, "openim_msg_ext_http_svc/set_key_values", change).await;
    for device in [&mut ann, &mut bob] {
        device.next_is("message").await;
        let expected = json!({ "Event": "extensions", "From_Account": "ann", "To_Account": "bob",
            "Operator_Account": "administrator", "MsgKey": key, "OperateType": 1,
            "ExtensionList": [{ "Key": "up", "Value": "1", "Seq": 1 }], "Seq": 1 });
        assert_eq!(device.next_is("extensions").await, expected);
    }
    server.stop().await;
}

async fn listen_catches_up_with_groups_and_accounts(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    for number in 1..=3_u64 {
        let message = json!({ "From_Account": "bob", "To_Account": "ann", "MsgSeq": number, "MsgRandom": number,
            "MsgBody": text("m") });
        done(client, "openim/sendmsg", message).await;
    }
    super::send(client, "g", 1).await;
    let (group, account) = (Place::group("g").unwrap(), |name| Place::account(name).unwrap());
    let options = Options {
        server: url(&server),
        app: AppId(APP),
        key: SecretKey::new(KEY.to_owned()).unwrap(),
        user: UserId::parse("ann").unwrap(),
        after: vec![(group, 0), (account("bob"), 1), (account("eve"), 0)],
        // `ready`, an answer for each of three, three messages, and `caught_up` for each of three.
        count: Some(10),
        place: None,
        in_words: false,
    };
    let mut lines = Vec::new();
    chat(options, Input::none(), &mut lines).await.unwrap();
    let frames: Vec<Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str, field: &str, name: &str| -> Vec<u64> {
        let of_place = frames.iter().filter(|frame| frame["Event"] == event && frame[field] == name);
        of_place.map(|frame| frame["MsgSeq"].as_u64().unwrap()).collect()
    };
    assert_eq!(of("message", "From_Account", "bob"), [2, 3]);
    assert_eq!((of("message", "GroupId", "g"), of("caught_up", "GroupId", "g")), (vec![1], vec![1]));
    assert_eq!(of("caught_up", "Peer_Account", "bob"), [3]);
    assert_eq!(of("caught_up", "Peer_Account", "eve"), [0]);
    server.stop().await;
}

on_both_stores! {
    pinned_conversations_come_first_and_in_pages
    marks_reach_the_other_devices_of_the_account
    extensions_of_a_message_reach_both_accounts
    listen_catches_up_with_groups_and_accounts
}
