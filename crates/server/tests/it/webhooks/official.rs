//! The events of official accounts.

use super::{accounts, bodies, start, text};
use crate::harness::{Client, Store, code, done, on_both_stores};
use crate::receiver::{Receiver, Reply};
use serde_json::{Value, json};
use tokio::net::TcpStream;

const SERVICE: &str = "official_account_open_http_svc";

fn path(command: &str) -> String {
    format!("{SERVICE}/{command}")
}

async fn official(client: &mut Client<TcpStream>, command: &str, mut body: Value) -> Value {
    body["Official_Account"] = json!("@TOA#_news");
    done(client, &path(command), body).await
}

/// Causes every event of official accounts; returns the key of the message that was sent.
pub(super) async fn official_events(client: &mut Client<TcpStream>) -> Value {
    let new = json!({ "Owner_Account": "ann", "Name": "News", "MaxSubscriberNum": 1 });
    official(client, "create_official_account", new).await;
    official(client, "modify_official_account_base_info", json!({ "Name": "Noise", "Organization": "o" }))
        .await;
    // What receivers cannot see causes nothing.
    official(client, "modify_official_account_base_info", json!({ "CustomString": "c" })).await;
    let bob = json!({ "SubscriberList": [{ "Subscriber_Account": "bob" }] });
    official(client, "add_subscriber", bob.clone()).await;
    official(client, "add_subscriber", bob).await;
    let message = json!({ "Random": 1, "MsgBody": text("m"), "CloudCustomData": "c" });
    let sent = official(client, "send_official_account_msg", message.clone()).await;
    official(client, "send_official_account_msg", message).await;
    official(client, "official_account_msg_recall", json!({ "MsgKeyList": [sent["MsgKey"]] })).await;
    official(client, "delete_subscriber", json!({ "SubscriberToDel_Account": ["bob"] })).await;
    official(client, "destroy_official_account", json!({})).await;
    sent
}

/// The events that [`official_events`] causes, field by field.
pub(super) fn check_official(receiver: &Receiver, sent: &Value) {
    let mut notified: Vec<_> = receiver.all();
    notified.retain(|request| request.command().starts_with("OfficialAccount."));
    let (asked, notified): (Vec<_>, Vec<_>) =
        notified.into_iter().partition(|request| request.command().contains("CallbackBefore"));
    let event = |name: &str, fields: Value| {
        let mut event = json!({ "CallbackCommand": format!("OfficialAccount.Callback{name}") });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    };
    let subscribers = json!({ "Official_Account": "@TOA#_news", "Operator_Account": "administrator",
        "SubscribeAccountList": [{ "Subscriber_Account": "bob" }] });
    let new = json!({ "Operator_Account": "administrator", "Owner_Account": "ann", "Name": "News" });
    let said = json!({ "Official_Account": "@TOA#_news", "OnlineOnlyFlag": 0, "MsgBody": text("m"),
        "CloudCustomData": "c" });
    let with = |fields: &Value, more: Value| {
        let mut all = fields.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let asked_expected = [
        event("BeforeCreateOfficialAccount", new.clone()),
        event("BeforeAddSubscriber", subscribers.clone()),
        event("BeforeAddSubscriber", subscribers.clone()),
        event("BeforeSendMsg", said.clone()),
        event("BeforeSendMsg", said.clone()),
    ];
    assert_eq!(bodies(&asked), asked_expected);
    let (key, time) = (&sent["MsgKey"], &sent["MsgTime"]);
    let expected = [
        event("AfterCreateOfficialAccount", with(&new, json!({ "Official_Account": "@TOA#_news" }))),
        event(
            "AfterOfficialAccountInfoChanged",
            json!({ "Official_Account": "@TOA#_news", "Operator_Account": "administrator", "Name": "Noise",
                "Organization": "o" }),
        ),
        event("AfterAddSubscriber", subscribers.clone()),
        event("AfterOfficialAccountFull", json!({ "Official_Account": "@TOA#_news" })),
        event("AfterSendMsg", with(&said, json!({ "MsgKey": key, "MsgTime": time }))),
        event(
            "AfterMsgWithDraw",
            json!({ "Official_Account": "@TOA#_news", "WithdrawMsgList": [{ "MsgKey": key }] }),
        ),
        event("AfterDeleteSubscriber", subscribers),
        event(
            "AfterOfficialAccountDestroyed",
            json!({ "Official_Account": "@TOA#_news", "Owner_Account": "ann", "Name": "Noise" }),
        ),
    ];
    assert_eq!(bodies(&notified), expected);
}

/// What a receiver can say when it is asked.
async fn a_receiver_decides_about_official_accounts(store: Store) {
    let receiver = Receiver::answering(|_, request| {
        let refusal =
            |code: u32| Reply::Json(json!({ "ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": "no" }));
        match (request.command(), request.body["Name"].as_str(), request.body["CloudCustomData"].as_str()) {
            (_, Some("refused"), _) => refusal(1),
            (_, Some("own code"), _) => refusal(120_005),
            (_, _, Some("dropped")) => refusal(2),
            (_, _, Some("refused")) => refusal(1),
            (_, _, Some("changed")) => Reply::Json(
                json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "CloudCustomData": "new" }),
            ),
            (command, ..) if command.ends_with("BeforeAddSubscriber") => {
                Reply::Json(json!({ "ErrorCode": 0, "RefusedSubscribers_Account": ["bob"] }))
            }
            _ => Reply::ok(),
        }
    });
    let receiver = receiver.await;
    let server = start(store, &receiver, "").await;
    let client = &mut server.client().await;
    accounts(client).await;
    for (name, expected) in [("refused", 10_016), ("own code", 120_005), ("News", 0)] {
        let new = json!({ "Official_Account": "@TOA#_news", "Owner_Account": "ann", "Name": name });
        assert_eq!(code(&client.call(&path("create_official_account"), &new).await), expected);
    }
    let list = json!([{ "Subscriber_Account": "ann" }, { "Subscriber_Account": "bob" }]);
    let added = official(client, "add_subscriber", json!({ "SubscriberList": list })).await;
    let results = [0, 1].map(|index| added["SubscriberList"][index]["Result"].clone());
    assert_eq!(results, [json!(1), json!(0)]);
    for (custom, expected) in [("refused", 10_016), ("dropped", 0), ("changed", 0)] {
        let message = json!({ "Official_Account": "@TOA#_news", "Random": 1, "MsgBody": text("m"),
            "CloudCustomData": custom });
        assert_eq!(code(&client.call(&path("send_official_account_msg"), &message).await), expected);
    }
    let history = official(client, "official_account_msg_get_simple", json!({})).await;
    let kept: Vec<_> =
        history["RspMsgList"].as_array().unwrap().iter().map(|row| &row["CloudCustomData"]).collect();
    assert_eq!(kept, [&json!("new")]);
    server.stop().await;
}

on_both_stores! {
    a_receiver_decides_about_official_accounts
}
