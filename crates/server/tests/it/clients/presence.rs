//! Connected accounts, and the webhook events about them.

use super::{accounts, done, group, send};
use crate::harness::{Server, Setup, Store, on_both_stores};
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use serde_json::{Value, json};

async fn devices_come_and_go(store: Store) {
    let receiver = Receiver::start().await;
    let states = receiver.config("events = [\"State.StateChange\"]");
    let server = Server::start_with(Setup { store, webhook: states, ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    let mut phone = TestClient::connect_from(&server, "bob", "iOS").await;
    let mut laptop = TestClient::connect_from(&server, "bob", "PC").await;
    send(client, "g", 1).await;
    assert_eq!(phone.next().await, laptop.next().await);
    let ask = json!({ "To_Account": ["bob", "nobody", "eve"], "IsNeedDetail": 1 });
    let states = done(client, "openim/query_online_status", ask.clone()).await;
    let detail = |platform: &str| json!({ "Platform": platform, "Status": "Online", "State": "Online" });
    let expected = json!([
        { "To_Account": "bob", "Status": "Online", "State": "Online", "Detail": [detail("iPhone"), detail("PC")] },
        { "To_Account": "eve", "Status": "Offline", "State": "Offline" },
    ]);
    assert_eq!(states["QueryResult"], expected);
    assert_eq!(states["ErrorList"], json!([{ "To_Account": "nobody", "ErrorCode": 70_107 }]));
    let filter = json!({ "GroupId": "g", "MemberInfoFilter": ["OnlineStatus"] });
    let members = done(client, "get_group_member_info", filter).await;
    let statuses: Vec<_> =
        members["MemberList"].as_array().unwrap().iter().map(|row| &row["OnlineStatus"]).collect();
    assert_eq!(statuses, ["Offline", "Online"]);

    // The other devices receive what one device has read.
    let read = phone.request(json!({ "Command": "read", "GroupId": "g", "MsgSeq": 1 })).await;
    assert_eq!((&read["ErrorCode"], &read["UnreadMsgNum"]), (&json!(0), &json!(0)));
    let notice = laptop.next_is("notice").await;
    assert_eq!((&notice["NoticeName"], &notice["MsgSeq"]), (&json!("Read"), &json!(1)));
    phone.next_is("notice").await;
    send(client, "g", 2).await;
    let groups = laptop.request(json!({ "Command": "groups" })).await;
    let row = json!({ "GroupId": "g", "Type": "Public", "Name": "n", "MsgSeq": 2, "ReadMsgSeq": 1, "UnreadMsgNum": 1 });
    assert_eq!((&groups["TotalCount"], &groups["GroupList"]), (&json!(1), &json!([row])));

    drop(phone);
    let mut gone = receiver.requests(3).await;
    let info = gone.remove(2).body["Info"].clone();
    assert_eq!(info, json!({ "Action": "Disconnect", "To_Account": "bob", "Reason": "LinkClose" }));
    assert!(gone[0].query.ends_with("OptPlatform=iOS") && gone[1].query.ends_with("OptPlatform=Windows"));
    assert_eq!(gone[0].body["Info"], json!({ "Action": "Login", "To_Account": "bob", "Reason": "Register" }));
    done(client, "im_open_login_svc/kick", json!({ "UserID": "bob" })).await;
    assert_eq!(laptop.closed().await.1, 4_002);
    assert_eq!(receiver.requests(4).await[3].body["Info"]["Action"], "Logout");
    let states = done(client, "openim/querystate", ask).await;
    assert_eq!(states["QueryResult"][0]["State"], "Offline");
    let mut ann = TestClient::connect(&server, "ann").await;
    done(client, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "ann" }] })).await;
    assert_eq!(ann.closed().await.1, 4_007);
    server.stop().await;
}

async fn visit(client: &mut TestClient, command: &str) -> Value {
    client.request(json!({ "Command": command, "GroupId": "live" })).await
}

/// How many are in the group `live`, by what a client is answered.
async fn online_for(client: &mut TestClient) -> Value {
    client.request(json!({ "Command": "get_online_member_num", "GroupId": "live" })).await["OnlineMemberNum"]
        .take()
}

async fn who_has_just_entered_a_live_group_counts(store: Store) {
    let server = Server::start_with(Setup { store, ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    let create = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n", "Owner_Account": "ann" });
    done(client, "create_group", create).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let mut second = TestClient::connect(&server, "bob").await;
    let mut eve = TestClient::connect(&server, "eve").await;
    assert_eq!(visit(&mut eve, "enter").await["ErrorCode"], 0);
    assert_eq!(online_for(&mut eve).await, 1);
    assert_eq!(visit(&mut bob, "enter").await["ErrorCode"], 0);
    assert_eq!(online_for(&mut bob).await, 2);
    // Another device of an account that is there.
    assert_eq!(visit(&mut second, "enter").await["ErrorCode"], 0);
    assert_eq!(online_for(&mut second).await, 2);
    assert_eq!(visit(&mut bob, "leave").await["ErrorCode"], 0);
    assert_eq!(online_for(&mut eve).await, 2);
    assert_eq!(visit(&mut second, "leave").await["ErrorCode"], 0);
    assert_eq!(online_for(&mut eve).await, 1);
    server.stop().await;
}

async fn live_groups_know_their_online_members(store: Store) {
    let receiver = Receiver::start().await;
    let visits = receiver.config("events = [\"Group.CallbackOnMemberStateChange\"]");
    let server = Server::start_with(Setup { store, webhook: visits, ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    let create = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n", "Owner_Account": "ann" });
    done(client, "create_group", create).await;
    let (mut bob, mut eve) =
        (TestClient::connect(&server, "bob").await, TestClient::connect(&server, "eve").await);
    for member in [&mut bob, &mut eve] {
        assert_eq!(member.request(json!({ "Command": "enter", "GroupId": "live" })).await["ErrorCode"], 0);
    }
    let sent = send(client, "live", 1).await;
    for member in [&mut bob, &mut eve] {
        let frame = member.next_is("message").await;
        assert_eq!((&frame["MsgSeq"], &frame["Type"]), (&sent["MsgSeq"], &json!("AVChatRoom")));
    }
    let online = done(client, "get_online_member_num", json!({ "GroupId": "live" })).await;
    assert_eq!(online["OnlineMemberNum"], 2);
    let info = done(client, "get_group_info", json!({ "GroupIdList": ["live"] })).await;
    assert_eq!(info["GroupInfo"][0]["OnlineMemberNum"], 2);
    let list = done(
        client,
        "group_open_avchatroom_http_svc/get_members",
        json!({ "GroupId": "live", "Timestamp": 0 }),
    )
    .await;
    let names: Vec<_> =
        list["MemberList"].as_array().unwrap().iter().map(|row| &row["Member_Account"]).collect();
    assert_eq!((names.len(), &list["NextTimestamp"]), (2, &json!(0)));
    let check = json!({ "GroupId": "live", "Member_Account": ["ann", "bob"] });
    let there = done(client, "group_open_avchatroom_http_svc/check_members", check).await;
    assert_eq!(there["Member_Account"], json!(["bob"]));

    done(client, "modify_group_base_info", json!({ "GroupId": "live", "Name": "new" })).await;
    assert_eq!(
        (&bob.next_is("tip").await["OpType"], &eve.next_is("tip").await["MsgSeq"]),
        (&json!(7), &json!(0))
    );
    assert_eq!(eve.request(json!({ "Command": "leave", "GroupId": "live" })).await["ErrorCode"], 0);
    send(client, "live", 2).await;
    bob.next_is("message").await;
    // Answered once the room has sent the message to everybody in it. The next frame of eve is about the ban.
    let online = done(client, "get_online_member_num", json!({ "GroupId": "live" })).await;
    assert_eq!(online["OnlineMemberNum"], 1);
    done(
        client,
        "ban_group_member",
        json!({ "GroupId": "live", "Members_Account": ["eve"], "Duration": 60 }),
    )
    .await;
    assert_eq!(eve.next_is("notice").await["NoticeName"], "Banned");
    assert_eq!(eve.request(json!({ "Command": "enter", "GroupId": "live" })).await["ErrorCode"], 10_007);
    let requests = receiver.requests(3).await;
    let visits: Vec<_> = requests.iter().map(|request| request.body["EventType"].as_str().unwrap()).collect();
    assert_eq!(
        (visits, &requests[0].body["MemberList"]),
        (vec!["Online", "Online", "Offline"], &json!([{ "Member_Account": "bob" }]))
    );
    drop((bob, eve));
    receiver.requests(4).await;
    server.stop().await;
}

on_both_stores! {
    devices_come_and_go
    live_groups_know_their_online_members
    who_has_just_entered_a_live_group_counts
}
