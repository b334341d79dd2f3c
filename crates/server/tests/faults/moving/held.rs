//! What a server holds, read through the API and as a member sees it.

use crate::server::{APP, Server, usersig_of};
use crate::test_client::TestClient;
use landfall::client::{self, RestClient};
use landfall_domain::ids::UserId;
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Messages of one page.
const PAGE: u64 = 20;
const MEMBERS: u64 = 100;

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) seq: u64,
    pub(crate) time: u64,
    /// Of all its text elements.
    pub(crate) text: String,
}

impl Said {
    fn of(row: &Value, time: &str) -> Self {
        let elements = row["MsgBody"].as_array().into_iter().flatten();
        let text = elements.filter_map(|element| element["MsgContent"]["Text"].as_str()).collect();
        Self { seq: row["MsgSeq"].as_u64().unwrap(), time: row[time].as_u64().unwrap(), text }
    }
}

async fn call(client: &mut RestClient, command: &str, body: &Value) -> Value {
    client.call(&format!("group_open_http_svc/{command}"), body).await.unwrap()
}

/// The ids of all groups.
pub(crate) async fn groups(client: &mut RestClient) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), json!(0));
    loop {
        let page = call(client, "get_appid_group_list", &json!({ "Limit": 1_000, "Next": next })).await;
        let rows = page["GroupIdList"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row["GroupId"].as_str().unwrap().to_owned()));
        next = page["Next"].clone();
        if next == json!(0) {
            ids.sort();
            return ids;
        }
    }
}

/// A whole history, oldest first. Its numbers begin with 1 and have no gap.
pub(crate) async fn history(client: &mut RestClient, group: &str, topic: Option<&str>) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let mut question = json!({ "GroupId": group, "ReqMsgNumber": PAGE });
    if let Some(topic) = topic {
        question["TopicId"] = json!(topic);
    }
    loop {
        let page = call(client, "group_msg_get_simple", &question).await;
        let rows = page["RspMsgList"].as_array().unwrap();
        said.extend(rows.iter().map(|row| Said::of(row, "MsgTimeStamp")));
        match said.last() {
            None | Some(Said { seq: 1, .. }) => break,
            Some(_) if rows.is_empty() => break,
            Some(last) => question["ReqMsgSeq"] = json!(last.seq - 1),
        }
    }
    said.reverse();
    let numbers: Vec<_> = said.iter().map(|said| said.seq).collect();
    assert_eq!(numbers, (1..=said.len() as u64).collect::<Vec<_>>(), "the numbers of {group}");
    assert!(said.is_sorted_by_key(|said| said.time), "the times of {group}");
    said
}

/// Unread messages by member.
pub(crate) async fn unread(client: &mut RestClient, group: &str) -> BTreeMap<String, u64> {
    let info = call(client, "get_group_info", &json!({ "GroupIdList": [group] })).await;
    let next = info["GroupInfo"][0]["NextMsgSeq"].as_u64().unwrap();
    let mut unread = BTreeMap::new();
    loop {
        let question = json!({ "GroupId": group, "Limit": MEMBERS, "Offset": unread.len() });
        let page = call(client, "get_group_member_info", &question).await;
        let rows = page["MemberList"].as_array().unwrap();
        for row in rows {
            let account = row["Member_Account"].as_str().unwrap().to_owned();
            unread.insert(account, next - 1 - row["MsgSeq"].as_u64().unwrap());
        }
        if (rows.len() as u64) < MEMBERS {
            return unread;
        }
    }
}

/// A connected client of `account`.
pub(crate) async fn connect(server: &Server, account: &str) -> TestClient {
    let usersig = usersig_of(account, SystemClock.now());
    let query = client::query(APP, &UserId::parse(account).unwrap(), &usersig);
    TestClient::ready(&server.url(), &query).await
}

/// The history of a group as a member sees it.
pub(crate) async fn seen(member: &mut TestClient, group: &str) -> Vec<Said> {
    let ask = json!({ "Command": "catch_up", "GroupId": group, "MsgSeq": 0 });
    let answer = member.request(ask).await;
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
    let frames = member.until("caught_up").await;
    let mut said = Vec::new();
    for frame in frames.iter().filter(|frame| frame["Event"] == "message") {
        said.push(Said::of(frame, "MsgTime"));
    }
    // So that it is sent more.
    if let Some(last) = said.last() {
        member.send(json!({ "Command": "ack", "GroupId": group, "MsgSeq": last.seq })).await;
    }
    said
}
