//! How requests of clients are read, and what they are answered.

use super::{accounts, group};
use crate::harness::Server;
use crate::test_client::TestClient;
use serde_json::{Value, json};

/// The answer that a request gets, apart from `Event`.
fn failure(command: &str, code: u32, info: &str) -> Value {
    json!({ "Event": "answer", "Command": command, "ActionStatus": "FAIL", "ErrorInfo": info, "ErrorCode": code })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_read_tolerantly_and_answered_with_their_id() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    group(client, "Public", "g").await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let ok = |id: Value| {
        json!({ "Event": "answer", "Command": "ping", "RequestId": id, "ActionStatus": "OK", "ErrorInfo": "",
            "ErrorCode": 0 })
    };
    for id in [json!("p1"), json!({ "deep": [1, null] }), json!(0)] {
        let ping =
            json!({ "RequestId": id, "Command": "ping", "Limit": null, "MsgSeq": 7, "Unknown": ["x"] });
        assert_eq!(ann.request(ping).await, ok(id));
    }

    // One that cannot be read is answered with its id as well, if there is one.
    let text = "a frame must be a JSON object with Command; numbers must not be quoted";
    for request in [json!("ping"), json!(["ping", 1])] {
        assert_eq!(ann.request(request).await, failure("", 10_004, text));
    }
    for request in [
        json!({ "Command": "ping", "RequestId": 1, "MsgSeq": "1" }),
        json!({ "Command": "ping", "RequestId": 1, "GroupId": null }),
        json!({ "Command": "no such", "RequestId": 1, "Offset": -1 }),
    ] {
        let mut malformed = failure(request["Command"].as_str().unwrap(), 10_004, text);
        malformed["RequestId"] = json!(1);
        assert_eq!(ann.request(request.clone()).await, malformed, "{request}");
    }

    let commands = "Command is none of ack, catch_up, go, read, group_msg_get_simple, groups, topics, chats, subscriptions, enter, leave, pin, upload_ticket, ping";
    let mut unknown = failure("Ping", 10_003, commands);
    assert_eq!(ann.request(json!({ "Command": "Ping" })).await, unknown);
    unknown["RequestId"] = json!(5);
    assert_eq!(ann.request(json!({ "Command": "Ping", "RequestId": 5, "GroupId": "g" })).await, unknown);

    // `ack` is answered only when it fails, `go` never.
    ann.send(json!({ "Command": "ack", "GroupId": "g", "MsgSeq": 1, "RequestId": 6 })).await;
    ann.send(json!({ "Command": "go", "RequestId": 7 })).await;
    let mut no_group = failure("ack", 10_015, "GroupId is missing, or not a group id");
    no_group["RequestId"] = json!(8);
    assert_eq!(ann.request(json!({ "Command": "ack", "RequestId": 8 })).await, no_group);
    let no_topic = json!({ "Command": "ack", "GroupId": "g", "TopicId": "g" });
    assert_eq!(ann.request(no_topic).await, failure("ack", 10_004, "TopicId is not a topic of the group"));
    drop(ann);
    server.stop().await;
}
