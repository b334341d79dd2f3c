//! A server that is killed while a job brings groups in.

use crate::server::{ADMIN, APP, Home, Server, usersig_of};
use landfall::client::query;
use landfall_domain::ids::UserId;
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SMALL: u64 = 3_000;
/// Messages of a group that comes in by several batches.
const LARGE: u64 = 25_000;
const KILLS: u64 = 5;

fn file() -> String {
    let mut text = String::new();
    let mut group = |name: &str, messages: u64| {
        writeln!(text, r#"{{"t":"group","src":"s","key":"{name}","GroupId":"{name}","Type":"Public","Name":"n","Owner_Account":"ann"}}"#).unwrap();
        for key in 1..=messages {
            let sent = 1_600_000_000 + key;
            writeln!(text, r#"{{"t":"message","src":"s","key":"{key}","GroupId":"{name}","From_Account":"ann","SendTime":{sent},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"m"}}}}]}}"#).unwrap();
        }
    };
    (0..SMALL).for_each(|number| group(&format!("g{number:04}"), 2));
    group("g1500-large", LARGE);
    text
}

async fn upload(server: &Server, job: &Value, text: &str) {
    let admin = UserId::parse(ADMIN).unwrap();
    let query = query(APP, &admin, &usersig_of(ADMIN, SystemClock.now()));
    let body = format!("{}\n{text}", json!({ "JobId": job, "Complete": 1 }));
    let head = format!(
        "POST /v4/landfall_import_svc/upload?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(r#""State":"ready""#), "{answer}");
}

/// Of the groups that are there, each is whole; how many of those looked at are there.
async fn are_whole(server: &Server) -> usize {
    let mut ids: Vec<String> = (0..SMALL).step_by(75).map(|number| format!("g{number:04}")).collect();
    ids.push("g1500-large".to_owned());
    let found = server
        .client()
        .await
        .call("group_open_http_svc/get_group_info", &json!({ "GroupIdList": ids }))
        .await
        .unwrap();
    let there = found["GroupInfo"].as_array().unwrap().iter().filter(|group| group["ErrorCode"] == 0);
    let there: Vec<_> = there.collect();
    for group in &there {
        let messages = if group["GroupId"] == "g1500-large" { LARGE } else { 2 };
        assert_eq!((&group["NextMsgSeq"], &group["MemberNum"]), (&json!(messages + 1), &json!(1)), "{group}");
    }
    there.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_goes_on_after_every_kill_9_and_shows_no_half_group() {
    let home = Home::new();
    let mut server = home.start().await;
    let job = server.client().await.call("landfall_import_svc/create_job", &json!({})).await.unwrap();
    let of_job = json!({ "JobId": job["JobId"], "Wait": 2 });
    upload(&server, &job["JobId"], &file()).await;
    server.client().await.call("landfall_import_svc/start_job", &of_job).await.unwrap();
    for kill in 1..=KILLS {
        // Each time a little further: all that was brought in before is found first.
        let wanted = kill * SMALL / (KILLS + 2);
        loop {
            let list = json!({ "Limit": 1 });
            let found =
                server.client().await.call("group_open_http_svc/get_appid_group_list", &list).await.unwrap();
            if wanted <= found["TotalCount"].as_u64().unwrap() {
                break;
            }
        }
        are_whole(&server).await;
        server.kill().await;
        server = home.start().await;
        are_whole(&server).await;
    }
    let done = loop {
        let found = server.client().await.call("landfall_import_svc/get_job", &of_job).await.unwrap();
        if found["State"] != "checking" && found["State"] != "running" {
            break found;
        }
    };
    assert_eq!((&done["State"], &done["Counts"]["Groups"]), (&json!("done"), &json!(SMALL + 1)), "{done}");
    assert_eq!(done["Counts"]["Messages"], json!(2 * SMALL + LARGE));
    assert_eq!(are_whole(&server).await, 41);
    server.stop().await;
}
