//! `landfall listen`, as a process.

use crate::server::{Home, KEY, Server, WAIT_MAX};
use landfall_domain::time::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A listening process.
struct Listening {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listening {
    fn start(server: &Server, key: &str, more: &[&str], authority: Option<&Path>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.env_clear().env("LANDFALL_SECRET_KEY", key);
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command.args(["listen", "--server", &server.url(), "--app", "1400000001", "--as", "bob"]).args(more);
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn next(&mut self) -> Option<Value> {
        let line = timeout(WAIT_MAX, self.lines.next_line()).await.expect("nothing is printed").unwrap();
        line.map(|line| serde_json::from_str(&line).unwrap())
    }

    /// Its exit code, and what it said on standard error.
    async fn closed(mut self) -> (Option<i32>, String) {
        let status = timeout(WAIT_MAX, self.child.wait()).await.expect("it does not end").unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        (status.code(), said)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_prints_what_comes_from_where_it_is_asked_to() {
    let home = Home::new();
    let server = home.start().await;
    let calls = &mut server.client().await;
    let members = json!([{ "Member_Account": "bob", "JoinTime": 1_500_000_001 }]);
    let group = json!({ "Type": "Public", "GroupId": "g", "Name": "n", "MemberList": members, "CreateTime": 1_500_000_000 });
    calls.call("group_open_http_svc/import_group", &group).await.unwrap();
    let message = |random: u64| {
        let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }]);
        json!({ "GroupId": "g", "Random": random, "MsgBody": body })
    };
    for random in 1..=3 {
        calls.call("group_open_http_svc/send_group_msg", &message(random)).await.unwrap();
    }
    let mut listening = Listening::start(&server, KEY, &["--after", "g=1"], None);
    assert_eq!(listening.next().await.unwrap()["Event"], "ready");
    let mut seqs = Vec::new();
    loop {
        let frame = listening.next().await.unwrap();
        match frame["Event"].as_str().unwrap() {
            "message" => seqs.push(frame["MsgSeq"].as_u64().unwrap()),
            "caught_up" => break,
            other => assert_eq!(other, "answer"),
        }
    }
    calls.call("group_open_http_svc/send_group_msg", &message(4)).await.unwrap();
    seqs.push(listening.next().await.unwrap()["MsgSeq"].as_u64().unwrap());
    assert_eq!(seqs, [2, 3, 4]);
    let pid = i32::try_from(listening.child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    assert_eq!(listening.closed().await.0, Some(0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_when_it_is_refused_and_says_why() {
    let home = Home::new();
    let server = home.start().await;
    let mut refused = Listening::start(&server, &"0".repeat(64), &[], None);
    let frame = refused.next().await.unwrap();
    assert_eq!((&frame["Event"], &frame["ErrorCode"]), (&json!("refused"), &json!(70_009)));
    let (code, said) = refused.closed().await;
    assert!(code == Some(1) && said.contains("4001"), "{code:?} {said}");
    let (code, said) = Listening::start(&server, "", &[], None).closed().await;
    assert!(code == Some(2) && said.contains("LANDFALL_SECRET_KEY"), "{code:?} {said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_speaks_tls() {
    let directory = tempfile::tempdir().unwrap();
    let certs = landfall::certs::write(directory.path(), SystemClock.now()).unwrap();
    let (cert, key) = (certs.server_cert.display(), certs.server_key.display());
    let home = Home::embedded_with(&format!("tls.cert = \"{cert}\"\ntls.key = \"{key}\"\n"));
    let server = home.start().await;
    let mut listening = Listening::start(&server, KEY, &[], Some(&certs.authority_cert));
    assert_eq!(listening.next().await.unwrap()["Event"], "ready");
    server.stop().await;
}
