//! The events of profiles, friends and messages between accounts.

use super::{accounts, bodies, start, text};
use crate::harness::{Client, Store, code, done, on_both_stores};
use crate::receiver::Receiver;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Every event of a message between two accounts.
pub(super) async fn direct_events(client: &mut Client<TcpStream>) {
    let sent = json!({ "From_Account": "ann", "To_Account": "bob", "MsgRandom": 1, "MsgBody": text("m") });
    let key = done(client, "openim/sendmsg", sent).await["MsgKey"].clone();
    let about = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key });
    let mut changed = about.clone();
    changed["CloudCustomData"] = json!("c");
    done(client, "openim/modify_c2c_msg", changed).await;
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
}

on_both_stores! {
    messages_between_accounts_reach_the_receiver
}
