//! The events of profiles, friends and messages between accounts.

use super::{accounts, bodies, start, text};
use crate::harness::{Client, Store, code, done, on_both_stores};
use crate::receiver::Receiver;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Every event of a message between two accounts.
pub(super) async fn direct_events(client: &mut Client<TcpStream>) {
    let sent = json!({ "From_Account": "ann", "To_Account": "bob", "MsgRandom": 1,
        "SupportMessageExtension": 1, "MsgBody": text("m") });
    let key = done(client, "openim/sendmsg", sent).await["MsgKey"].clone();
    let about = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key });
    let mut changed = about.clone();
    changed["CloudCustomData"] = json!("c");
    done(client, "openim/modify_c2c_msg", changed).await;
    let mut extended = about.clone();
    extended["OperateType"] = json!(3);
    done(client, "openim_msg_ext_http_svc/set_key_values", extended).await;
    let read = json!({ "Report_Account": "bob", "Peer_Account": "ann" });
    done(client, "openim/admin_set_msg_read", read).await;
    let receipt = json!({ "Operator_Account": "bob", "Peer_Account": "ann", "C2CMsgInfo": [about] });
    done(client, "openim/c2c_msg_read_receipt", receipt).await;
    done(client, "openim/admin_msgwithdraw", about).await;
}

/// What a receiver is told of messages between two accounts, and what it can do about them.
async fn messages_between_accounts_reach_the_receiver(store: Store) {
    let receiver = Receiver::start().await;
    let server =
        start(store, &receiver, "events = [\"C2C.CallbackAfterSendMsg\", \"C2C.CallbackAfterMsgWithDraw\"]")
            .await;
    let client = &mut server.client().await;
    accounts(client).await;
    let mut sent = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": 48374, "MsgRandom": 2_837_546,
        "MsgBody": text("red packet"), "CloudCustomData": "your cloud custom data" });
    let answer = done(client, "openim/sendmsg", sent.clone()).await;
    // Neither causes an event: a repeat, a batch, an import, and a message that forbids it.
    done(client, "openim/sendmsg", sent.clone()).await;
    let mut batch = sent.clone();
    (batch["To_Account"], batch["MsgSeq"]) = (json!(["bob", "eve"]), json!(2));
    done(client, "openim/batchsendmsg", batch).await;
    for kind in [2, 5] {
        let mut import = sent.clone();
        (import["SyncFromOldSystem"], import["MsgTimeStamp"]) = (json!(kind), json!(1_500_000_000 + kind));
        done(client, "openim/importmsg", import).await;
    }
    let mut quiet = sent.clone();
    (quiet["MsgSeq"], quiet["ForbidCallbackControl"]) = (json!(3), json!(["ForbidAfterSendMsgCallback"]));
    done(client, "openim/sendmsg", quiet).await;
    // One that fails does.
    sent["To_Account"] = json!("nobody");
    assert_eq!(code(&client.call("openim/sendmsg", &sent).await), 90_012);
    let recall = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": answer["MsgKey"] });
    done(client, "openim/admin_msgwithdraw", recall).await;
    receiver.until(|| 3 <= receiver.all().len()).await;
    server.stop().await;
    let mut told = bodies(&receiver.all());
    assert_eq!(told.len(), 3, "{told:?}");
    told.sort_by_key(|body| (body["CallbackCommand"].to_string(), body["SendMsgResult"].as_u64()));
    let (key, time) = (answer["MsgKey"].clone(), answer["MsgTime"].clone());
    let after = json!({ "CallbackCommand": "C2C.CallbackAfterSendMsg", "From_Account": "ann", "To_Account": "bob",
        "MsgSeq": 48374, "MsgRandom": 2_837_546, "MsgTime": time, "MsgKey": key, "MsgId": answer["MsgId"], "OnlineOnlyFlag": 0,
        "MsgBody": text("red packet"), "CloudCustomData": "your cloud custom data", "SendMsgResult": 0,
        "ErrorInfo": "send msg succeed", "UnreadMsgNum": 1 });
    let withdrawn = json!({ "CallbackCommand": "C2C.CallbackAfterMsgWithDraw", "From_Account": "ann",
        "To_Account": "bob", "MsgKey": answer["MsgKey"], "UnreadMsgNum": 3 });
    assert_eq!((&told[0], &told[1]), (&withdrawn, &after));
    let failed = ["To_Account", "SendMsgResult", "UnreadMsgNum"].map(|field| told[2][field].clone());
    assert_eq!(failed, [json!("nobody"), json!(90_012), json!(-1)]);
}

/// A change of extensions is an event, as documented; one that changes nothing is none.
async fn extensions_of_a_message_reach_the_receiver(store: Store) {
    let receiver = Receiver::start().await;
    let server = start(store, &receiver, "events = [\"C2C.CallbackAfterC2CMsgExtension\"]").await;
    let client = &mut server.client().await;
    accounts(client).await;
    let sent = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 2,
        "SupportMessageExtension": 1, "MsgBody": text("m") });
    let key = done(client, "openim/sendmsg", sent).await["MsgKey"].clone();
    for (kind, seq) in [(1, 0), (1, 0), (2, 1), (3, 0)] {
        let change = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key, "OperateType": kind,
            "ExtensionList": [{ "Key": "k", "Value": "v", "Seq": seq }] });
        done(client, "openim_msg_ext_http_svc/set_key_values", change).await;
    }
    receiver.until(|| 3 <= receiver.all().len()).await;
    server.stop().await;
    let event = |kind: u8, list: Value, seq: u8| {
        json!({ "CallbackCommand": "C2C.CallbackAfterC2CMsgExtension", "From_Account": "ann", "To_Account": "bob",
            "MsgKey": key, "OperateType": kind, "ExtensionList": list, "Seq": seq })
    };
    let row = |value: &str, seq: u8| json!([{ "Key": "k", "Value": value, "Seq": seq }]);
    assert_eq!(
        bodies(&receiver.all()),
        [event(1, row("v", 1), 1), event(2, row("", 2), 2), event(3, json!([]), 3)]
    );
}

/// Causes every event of profiles and friends; returns the profile that was set.
pub(super) async fn people_events(client: &mut Client<TcpStream>) -> Value {
    let nick = json!({ "Tag": "Tag_Profile_IM_Nick", "Value": "Ann" });
    let level = json!({ "Tag": "Tag_Profile_IM_Level", "Value": 7 });
    let portrait = json!({ "From_Account": "ann", "ProfileItem": [nick, level] });
    done(client, "profile/portrait_set", portrait.clone()).await;
    let friend = json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web" });
    let friend = json!({ "From_Account": "ann", "AddFriendItem": [friend] });
    let bob = json!({ "From_Account": "ann", "To_Account": ["bob"] });
    // An import tells nobody; otherwise there would be two events, of which the first has one pair.
    done(client, "sns/friend_import", friend.clone()).await;
    done(client, "sns/friend_delete", bob.clone()).await;
    done(client, "sns/friend_add", friend).await;
    done(client, "sns/black_list_add", bob.clone()).await;
    done(client, "sns/black_list_delete", bob).await;
    let items = json!([{ "To_Account": "bob" }, { "To_Account": "nobody" }, { "To_Account": "eve" }]);
    let follow = json!({ "From_Account": "ann", "FollowItem": items });
    // The second time nothing changes, and there is no event.
    done(client, "follow/follow_add", follow.clone()).await;
    done(client, "follow/follow_add", follow).await;
    let leave = json!({ "From_Account": "ann", "To_Account": ["eve", "nobody"] });
    done(client, "follow/follow_delete", leave.clone()).await;
    done(client, "follow/follow_delete", leave).await;
    portrait
}

/// The events of friends that [`people_events`] causes.
pub(super) fn check_friends(receiver: &Receiver) {
    let of_friends: Vec<_> =
        receiver.all().into_iter().filter(|request| request.command().starts_with("Sns.")).collect();
    let pair = |from, to| json!({ "From_Account": from, "To_Account": to });
    let added = |from, to| json!({ "From_Account": from, "To_Account": to, "Initiator_Account": "ann" });
    let event = |command, pairs: Value| json!({ "CallbackCommand": command, "PairList": pairs });
    let mut both_added = event("Sns.CallbackFriendAdd", json!([added("ann", "bob"), added("bob", "ann")]));
    both_added["ClientCmd"] = json!("friend_add");
    both_added["Admin_Account"] = json!("administrator");
    both_added["ForceFlag"] = json!(0);
    let expected = [
        event("Sns.CallbackFriendDelete", json!([pair("ann", "bob")])),
        both_added,
        event("Sns.CallbackFriendDelete", json!([pair("ann", "bob"), pair("bob", "ann")])),
        event("Sns.CallbackBlackListAdd", json!([pair("ann", "bob")])),
        event("Sns.CallbackBlackListDelete", json!([pair("ann", "bob")])),
    ];
    assert_eq!(bodies(&of_friends), expected);
    let of_followers: Vec<_> =
        receiver.all().into_iter().filter(|request| request.command().starts_with("Follow.")).collect();
    let event = |command, others: &[&str]| {
        let list: Vec<_> = others.iter().map(|other| json!({ "To_Account": other })).collect();
        json!({ "CallbackCommand": command, "From_Account": "ann", "FollowList": list })
    };
    let expected = [
        event("Follow.CallbackAfterFollowAdd", &["bob", "eve"]),
        event("Follow.CallbackAfterFollowDelete", &["eve"]),
    ];
    assert_eq!(bodies(&of_followers), expected);
}

on_both_stores! {
    messages_between_accounts_reach_the_receiver
    extensions_of_a_message_reach_the_receiver
}
