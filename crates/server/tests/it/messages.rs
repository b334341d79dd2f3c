//! The rate of messages to one group.

use crate::harness::{Server, code};
use serde_json::json;

const SEND: &str = "group_open_http_svc/send_group_msg";

#[tokio::test]
async fn a_flooded_group_drops_messages_but_accepts_high_priority() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for id in ["g1", "g2"] {
        let import = json!({ "Type": "Public", "Name": "n", "GroupId": id });
        assert_eq!(code(&client.call("group_open_http_svc/import_group", &import).await), 0);
    }
    let mut message = json!({
        "GroupId": "g1",
        "Random": 1,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }],
        // Such messages are not written, so that many fit in a second.
        "OnlineOnlyFlag": 1,
    });
    let mut sent = 0;
    let dropped = loop {
        let answer = client.call(SEND, &message).await;
        assert_eq!(code(&answer), 0, "a dropped message is a success too");
        assert_eq!(answer["MsgSeq"], 0);
        if !answer["MsgDropReason"].is_null() {
            break answer;
        }
        sent += 1;
        assert!(sent < 10_000, "a group takes 40 messages in a second");
    };
    assert!(40 <= sent, "{sent} messages fit into a second");
    assert_eq!(dropped["MsgDropReason"], "MsgFreqCtrl");
    assert!(dropped["MsgTime"].is_u64());

    message["OnlineOnlyFlag"] = json!(0);
    message["MsgPriority"] = json!("High");
    let answer = client.call(SEND, &message).await;
    assert_eq!((&answer["MsgSeq"], &answer["MsgDropReason"]), (&json!(1), &json!(null)));
    message["GroupId"] = json!("g2");
    message["MsgPriority"] = json!("Lowest");
    assert_eq!(client.call(SEND, &message).await["MsgSeq"], 1, "groups are counted by themselves");
    drop(client);
    server.stop().await;
}
