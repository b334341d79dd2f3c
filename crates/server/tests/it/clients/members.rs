//! Members who act for themselves: commands of the REST API over the connection of a client.

use super::{accounts, group, start};
use crate::harness::{Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};

/// The code of the answer to a request.
async fn code(client: &mut TestClient, request: Value) -> Value {
    client.request(request).await["ErrorCode"].clone()
}

fn message(group: &str, random: u64) -> Value {
    json!({ "Command": "send_group_msg", "GroupId": group, "Random": random, "MsgBody": text("m") })
}

async fn a_member_sends_and_is_not_sent_its_own_message(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    let (mut ann, mut other) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "ann").await);
    let mut bob = TestClient::connect(&server, "bob").await;
    let mut first = message("g", 7);
    first["RequestId"] = json!("r1");
    let answer = ann.request(first.clone()).await;
    let fields = ["Event", "Command", "RequestId", "ActionStatus", "ErrorCode", "MsgSeq"];
    let expected = [json!("answer"), json!("send_group_msg"), json!("r1"), json!("OK"), json!(0), json!(1)];
    assert_eq!(fields.map(|field| answer[field].clone()), expected);
    // The same again: as after a lost connection.
    assert_eq!(ann.request(first).await["MsgSeq"], 1);
    assert_eq!(bob.request(message("g", 8)).await["MsgSeq"], 2);
    for client in [&mut other, &mut bob] {
        let frame = client.next_is("message").await;
        assert_eq!([&frame["From_Account"], &frame["Random"]], [&json!("ann"), &json!(7)]);
    }
    // To her other device, and to her.
    for client in [&mut other, &mut ann] {
        assert_eq!(client.next_is("message").await["From_Account"], "bob");
    }
    assert_eq!(ann.request(message("g", 9)).await["MsgSeq"], 3);
    assert_eq!(bob.next_is("message").await["MsgSeq"], 3);
    server.stop().await;
}

async fn rights_decide_what_members_may_do(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve", "dan"]).await;
    for (kind, id) in [("Public", "g"), ("Private", "p")] {
        group(client, kind, id).await;
    }
    let add = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "dan" }] });
    done(client, "add_group_member", add).await;
    let (mut ann, mut bob) =
        (TestClient::connect(&server, "ann").await, TestClient::connect(&server, "bob").await);
    let mut eve = TestClient::connect(&server, "eve").await;
    let kick =
        |who: &str| json!({ "Command": "delete_group_member", "GroupId": "g", "MemberToDel_Account": [who] });
    let rename = |group: &str| json!({ "Command": "modify_group_base_info", "GroupId": group, "Name": "x" });
    // Without the right.
    assert_eq!(code(&mut bob, kick("dan")).await, 10_007);
    assert_eq!(code(&mut bob, rename("g")).await, 10_007);
    assert_eq!(code(&mut eve, message("g", 1)).await, 10_007);
    // A group that must not be found, as one that is not there.
    for group in ["p", "none"] {
        for request in [
            message(group, 1),
            rename(group),
            json!({ "Command": "get_group_member_info", "GroupId": group }),
            json!({ "Command": "destroy_group", "GroupId": group }),
        ] {
            assert_eq!(code(&mut eve, request).await, 10_010);
        }
    }
    let info = json!({ "Command": "get_group_info", "GroupIdList": ["p", "g"] });
    let rows = eve.request(info).await;
    assert_eq!(rows["GroupInfo"][0]["ErrorCode"], 10_010, "{rows}");
    // For oneself only.
    let mut forged = message("g", 2);
    forged["From_Account"] = json!("ann");
    assert_eq!(code(&mut bob, forged).await, 10_007);
    // With the right.
    assert_eq!(code(&mut bob, rename("p")).await, 0);
    let promote = json!({ "Command": "modify_group_member_info", "GroupId": "g", "Member_Account": "bob",
        "Role": "Admin" });
    assert_eq!(code(&mut ann, promote).await, 0);
    assert_eq!(code(&mut bob, kick("ann")).await, 10_007);
    assert_eq!(code(&mut bob, kick("dan")).await, 0);
    assert_eq!(code(&mut bob, json!({ "Command": "destroy_group", "GroupId": "g" })).await, 10_007);
    assert_eq!(code(&mut ann, json!({ "Command": "destroy_group", "GroupId": "g" })).await, 0);
    server.stop().await;
}

async fn an_account_joins_applies_and_leaves(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve", "dan"]).await;
    for (id, option) in [("free", "FreeAccess"), ("asks", "NeedPermission"), ("shut", "DisableApply")] {
        group(client, "Public", id).await;
        let modify = json!({ "GroupId": id, "ApplyJoinOption": option });
        done(client, "modify_group_base_info", modify).await;
    }
    group(client, "Private", "p").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut eve = TestClient::connect(&server, "eve").await;
    let join = |id: &str| json!({ "Command": "join_group", "GroupId": id, "ApplyMessage": "let me in" });
    assert_eq!(eve.request(join("free")).await["Status"], "JoinedSuccess");
    assert_eq!(eve.request(join("free")).await["Status"], "AlreadyInGroup");
    for client in [&mut ann, &mut eve] {
        let tip = client.next_is("tip").await;
        let fields = ["OpType", "OpName", "Operator_Account"].map(|field| tip[field].clone());
        assert_eq!(fields, [json!(1), json!("Join"), json!("eve")], "{tip}");
    }
    assert_eq!(code(&mut eve, join("shut")).await, 10_007);
    assert_eq!(code(&mut eve, join("p")).await, 10_010);
    // An application waits for a decision.
    assert_eq!(eve.request(join("asks")).await["Status"], "WaitAdminApproval");
    let notice = ann.next_is("notice").await;
    let fields = ["NoticeType", "Operator_Account", "Content"].map(|field| notice[field].clone());
    assert_eq!(fields, [json!(1), json!("eve"), json!("let me in")]);
    let list = json!({ "Command": "get_applications" });
    assert_eq!(eve.request(list.clone()).await["ApplicationList"], json!([]));
    let row = ann.request(list.clone()).await["ApplicationList"][0].clone();
    assert_eq!([&row["GroupId"], &row["Member_Account"]], [&json!("asks"), &json!("eve")]);
    let handle = |action: &str| {
        json!({ "Command": "handle_application", "ApplicationId": row["ApplicationId"], "Action": action,
            "HandleMessage": "well" })
    };
    assert_eq!(code(&mut eve, handle("Agree")).await, 10_007);
    assert_eq!(code(&mut ann, handle("Reject")).await, 0);
    assert_eq!(code(&mut ann, handle("Agree")).await, 10_024);
    let notice = eve.next_is("notice").await;
    assert_eq!([&notice["NoticeType"], &notice["Content"]], [&json!(3), &json!("well")]);
    assert_eq!(eve.request(join("asks")).await["Status"], "WaitAdminApproval");
    assert_eq!(code(&mut ann, handle("Agree")).await, 0);
    assert_eq!(eve.next_is("notice").await["NoticeType"], 2);
    assert_eq!(eve.request(message("asks", 1)).await["ErrorCode"], 0);
    // Leaving.
    let quit = |id: &str| json!({ "Command": "quit_group", "GroupId": id });
    assert_eq!(code(&mut eve, quit("asks")).await, 0);
    assert_eq!(code(&mut eve, message("asks", 2)).await, 10_007);
    assert_eq!(code(&mut ann, quit("asks")).await, 10_009);
    assert_eq!(code(&mut ann, quit("p")).await, 0);
    server.stop().await;
}

async fn a_member_cannot_change_what_it_does_not_see(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve"]).await;
    group(client, "Public", "g").await;
    let old = json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": 1, "MsgBody": text("m") });
    done(client, "import_group_msg", json!({ "GroupId": "g", "MsgList": [old] })).await;
    let directed = json!({ "GroupId": "g", "Random": 2, "From_Account": "ann", "To_Account": ["ann"],
        "MsgBody": text("m"), "SupportMessageExtension": 1 });
    done(client, "send_group_msg", directed).await;
    let add = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "eve" }] });
    done(client, "add_group_member", add).await;
    let mut eve = TestClient::connect(&server, "eve").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let change = |seq: u32| json!({ "Command": "modify_group_msg", "GroupId": "g", "MsgSeq": seq, "CloudCustomData": "x" });
    // Sent before it joined, and sent to another.
    assert_eq!(code(&mut eve, change(1)).await, 10_030);
    assert_eq!(code(&mut bob, change(2)).await, 10_030);
    assert_eq!(code(&mut bob, change(1)).await, 0);
    let extend = json!({ "Command": "group_set_key_values", "GroupId": "g", "MsgSeq": 2, "OperateType": 1,
        "ExtensionList": [{ "Key": "k", "Value": "v", "Seq": 0 }] });
    assert_eq!(code(&mut bob, extend).await, 10_030);
    server.stop().await;
}

async fn a_banned_account_has_left_a_live_group(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let live = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n", "Owner_Account": "ann" });
    done(client, "create_group", live).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    assert_eq!(code(&mut bob, message("live", 1)).await, 10_007);
    assert_eq!(code(&mut bob, json!({ "Command": "enter", "GroupId": "live" })).await, 0);
    assert_eq!(code(&mut bob, message("live", 2)).await, 0);
    let ban = json!({ "GroupId": "live", "Members_Account": ["bob"], "Duration": 600 });
    done(client, "ban_group_member", ban).await;
    for request in [message("live", 3), json!({ "Command": "get_group_attr", "GroupId": "live" })] {
        assert_eq!(code(&mut bob, request).await, 10_007);
    }
    server.stop().await;
}

async fn own_messages_are_known_by_their_conversation(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    group(client, "Public", "h").await;
    let mut web = TestClient::connect(&server, "ann").await;
    let mut phone = TestClient::connect(&server, "ann").await;
    assert_eq!(code(&mut web, message("g", 7)).await, 0);
    assert_eq!(phone.next_is("message").await["GroupId"], "g");
    assert_eq!(code(&mut phone, message("h", 7)).await, 0);
    assert_eq!(web.next_is("message").await["GroupId"], "h");
    // One that no history stores, and a number that is written another way.
    let mut typing = message("g", 8);
    (typing["OnlineOnlyFlag"], typing["Random"]) = (json!(1), json!(8.0));
    assert_eq!(code(&mut web, typing).await, 0);
    assert_eq!(phone.next_is("message").await["Random"], 8);
    assert_eq!(code(&mut phone, message("g", 9)).await, 0);
    assert_eq!(web.next_is("message").await["Random"], 9);
    server.stop().await;
}

async fn an_account_cannot_write_to_one_that_blocks_it(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    done(client, "sns/black_list_add", json!({ "From_Account": "ann", "To_Account": ["bob"] })).await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let to = |account: &str| {
        json!({ "Command": "sendmsg", "To_Account": account, "MsgSeq": 1, "MsgRandom": 1, "MsgBody": text("m"),
            "ForbidCallbackControl": ["ForbidBeforeSendMsgCallback"] })
    };
    assert_eq!(code(&mut bob, to("ann")).await, 20_007);
    assert_eq!(code(&mut bob, to("bob")).await, 0);
    done(client, "openconfigsvr/setnospeaking", json!({ "Set_Account": "bob", "C2CmsgNospeakingTime": 600 }))
        .await;
    assert_eq!(code(&mut bob, to("bob")).await, 20_012);
    server.stop().await;
}

async fn an_account_sets_its_profile_but_for_what_administrators_hold_against_it(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann"]).await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let set = |tag: &str, value: Value| json!({ "Command": "portrait_set", "ProfileItem": [{ "Tag": tag, "Value": value }] });
    let forbid = set("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_None"));
    assert_eq!(code(&mut ann, forbid.clone()).await, 40_008);
    assert_eq!(code(&mut ann, set("Tag_Profile_IM_Level", json!(3))).await, 0);
    let mut of_app = forbid;
    of_app["From_Account"] = json!("ann");
    done(client, "profile/portrait_set", of_app).await;
    server.stop().await;
}

async fn whoever_mutes_another_may_go_on_speaking(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let mute =
        json!({ "Command": "forbid_send_msg", "GroupId": "g", "Members_Account": ["bob"], "MuteTime": 60 });
    assert_eq!(code(&mut ann, mute).await, 0);
    assert_eq!(code(&mut bob, message("g", 1)).await, 10_017);
    assert_eq!(code(&mut ann, message("g", 2)).await, 0);
    server.stop().await;
}

on_both_stores! {
    an_account_sets_its_profile_but_for_what_administrators_hold_against_it
    whoever_mutes_another_may_go_on_speaking
    a_member_cannot_change_what_it_does_not_see
    a_banned_account_has_left_a_live_group
    own_messages_are_known_by_their_conversation
    an_account_cannot_write_to_one_that_blocks_it
    an_account_joins_applies_and_leaves
    a_member_sends_and_is_not_sent_its_own_message
    rights_decide_what_members_may_do
}
