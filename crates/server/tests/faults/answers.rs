//! Answers of a receiver that allow a call, but whose wishes cannot be followed.

use crate::receiver::{Receiver, Reply};
use crate::server::{ADMIN, Home};
use landfall::client::RestClient;
use serde_json::{Value, json};

/// Answers that are wrong for every event.
fn no_answers() -> Vec<(Reply, &'static str)> {
    let json = |answer: Value, problem| (Reply::Json(answer), problem);
    vec![
        (Reply::Status(500), "the receiver answered with HTTP status 500"),
        (Reply::Status(302), "the receiver answered with HTTP status 302"),
        json(json!("garbage"), "the answer is not a JSON object"),
        json(json!([]), "the answer is not a JSON object"),
        json(json!({}), "the answer has no ErrorCode"),
        json(json!({ "ActionStatus": "OK", "errorcode": 0 }), "the answer has no ErrorCode"),
        json(json!({ "ErrorCode": null }), "the answer has no ErrorCode"),
        json(json!({ "ErrorCode": "no" }), "the answer has no ErrorCode"),
        json(json!({ "ErrorCode": 0.5 }), "the answer has no ErrorCode"),
        json(json!({ "ErrorCode": [0] }), "the answer has no ErrorCode"),
        json(json!({ "ErrorCode": 0, "long": "x".repeat(70_000) }), "the answer is longer than 65536 bytes"),
    ]
}

/// Wishes of an answer about one event that must not be ignored.
fn wishes(member: &str, values: Vec<Value>) -> Vec<(Reply, &str)> {
    values.into_iter().map(|value| (Reply::Json(json!({ "ErrorCode": 0, member: value })), member)).collect()
}

/// A call with a before-event.
struct Case {
    command: &'static str,
    body: Value,
    /// Answers that cannot be used, each with its text in the log.
    unusable: Vec<(Reply, &'static str)>,
    /// An answer that can be used.
    usable: Value,
}

impl Case {
    fn new(command: &'static str, body: Value, wishes: Vec<(Reply, &'static str)>, usable: Value) -> Self {
        Self { command, body, unusable: no_answers().into_iter().chain(wishes).collect(), usable }
    }
}

/// One for each event.
fn cases() -> Vec<Case> {
    let text = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "as it was sent" } }]);
    let long = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "x".repeat(20_000) } }]);
    let bodies = vec![
        json!("***"),
        json!(""),
        json!(7),
        json!({}),
        json!([]),
        json!([{}]),
        json!(["***"]),
        json!([{ "MsgType": "TIMTextElem" }]),
        json!([{ "MsgType": "TIMTextElem", "MsgContent": "***" }]),
        json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": 5 } }]),
        long,
    ];
    let messages = wishes("MsgBody", bodies)
        .into_iter()
        .chain(wishes("CloudCustomData", vec![json!(5), json!({}), json!([]), json!(["c"])]));
    let lists =
        vec![json!("bob"), json!(""), json!({}), json!({ "bob": 1 }), json!([5]), json!([null]), json!(0)];
    vec![
        Case::new(
            "group_open_http_svc/create_group",
            json!({ "Type": "Community", "SupportTopic": 1, "GroupId": "@TGS#_c", "Name": "n" }),
            Vec::new(),
            json!({ "ErrorCode": 0, "RefusedMembers_Account": 7 }),
        ),
        Case::new(
            "group_open_http_svc/add_group_member",
            json!({ "GroupId": "@TGS#_c", "MemberList": [{ "Member_Account": "bob" }] }),
            wishes("RefusedMembers_Account", lists),
            json!({ "ErrorCode": 0, "RefusedMembers_Account": null }),
        ),
        Case::new(
            "million_group_open_http_svc/create_topic",
            json!({ "GroupId": "@TGS#_c", "TopicName": "t" }),
            Vec::new(),
            json!({ "ErrorCode": "0" }),
        ),
        Case::new(
            "group_open_http_svc/send_group_msg",
            json!({ "GroupId": "@TGS#_c", "From_Account": "ann", "Random": 1, "MsgBody": text }),
            messages.collect(),
            json!({ "ErrorCode": 0, "MsgBody": null, "CloudCustomData": null }),
        ),
    ]
}

/// A call of every before-event for every answer that cannot be used, then one for an answer that can.
async fn ask_all(client: &mut RestClient, refused: bool) {
    for Case { command, body, unusable, .. } in cases() {
        for number in 0..unusable.len() {
            let answer = client.exchange(command, &body).await.unwrap();
            assert_eq!(answer["ErrorCode"], if refused { 80_003 } else { 0 }, "{command} {number}: {answer}");
            if !refused && command.ends_with("create_group") {
                let destroy = json!({ "GroupId": "@TGS#_c" });
                client.call("group_open_http_svc/destroy_group", &destroy).await.unwrap();
            }
        }
        client.call(command, &body).await.unwrap();
    }
}

async fn logged(policy: &str) -> String {
    let home = Home::new();
    let replies: Vec<Reply> = cases()
        .into_iter()
        .flat_map(|case| case.unusable.into_iter().map(|(reply, _)| reply).chain([Reply::Json(case.usable)]))
        .collect();
    let receiver = Receiver::answering(move |number, _| replies[number].clone()).await;
    let before = ["CreateGroup", "InviteJoinGroup", "SendMsg", "CreateTopic"]
        .map(|event| format!("\"Group.CallbackBefore{event}\""))
        .join(", ");
    let settings = format!("on_timeout = \"{policy}\"\nevents = [{before}]");
    home.add_app_settings(&receiver.config(&settings));
    let server = home.start().await;
    let mut client = server.client().await;
    let accounts = json!({ "Accounts": ["ann", "bob", ADMIN] });
    client.call("im_open_login_svc/multiaccount_import", &accounts).await.unwrap();
    ask_all(&mut client, policy == "refuse").await;
    let history = json!({ "GroupId": "@TGS#_c", "ReqMsgNumber": 20 });
    let history = client.call("group_open_http_svc/group_msg_get_simple", &history).await.unwrap();
    let texts: Vec<_> = history["RspMsgList"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["MsgBody"][0]["MsgContent"]["Text"].as_str())
        .collect();
    // A repeated message is deduplicated.
    assert_eq!(texts, ["as it was sent"]);
    server.stop().await;
    home.log()
}

fn check_log(log: &str) {
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("could not be used")).collect();
    let unusable = cases().into_iter().flat_map(|case| case.unusable);
    let problems: Vec<&str> = unusable.map(|(_, problem)| problem).collect();
    assert_eq!(lines.len(), problems.len(), "{log}");
    for (line, problem) in lines.iter().zip(problems) {
        let said = format!("of app {} was asked, its answer could not be used: ", crate::server::APP);
        assert!(line.contains(&said) && line.contains(problem), "{problem}: {line}");
        assert!(!line.contains("***") && line.len() < 1_000, "{line}");
    }
    assert!(!log.contains("was not asked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_timeout_decides_about_every_answer_that_cannot_be_used() {
    for policy in ["refuse", "allow"] {
        check_log(&logged(policy).await);
    }
}
