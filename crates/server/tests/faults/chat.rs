//! `landfall chat` and `landfall listen`, as processes.

use crate::moving::proxy::{Break, Proxy};
use crate::server::{Home, KEY, Server, WAIT_MAX};
use landfall_domain::time::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
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

/// A chat of bob that gets `input` and its end: its exit code, the frames it printed, and what it said on standard error.
async fn chat(url: &str, more: &[&str], input: &str) -> (Option<i32>, Vec<Value>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.env_clear().env("LANDFALL_SECRET_KEY", KEY);
    command.args(["chat", "--server", url, "--app", "1400000001", "--as", "bob"]).args(more);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.kill_on_drop(true).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let done = timeout(WAIT_MAX, child.wait_with_output()).await.expect("it does not end").unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    let frames = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (done.status.code(), frames, String::from_utf8(done.stderr).unwrap())
}

/// The answers among frames: command and code.
fn answers(frames: &[Value]) -> Vec<(&str, u64)> {
    let answers = frames.iter().filter(|frame| frame["Event"] == "answer");
    answers
        .map(|answer| (answer["Command"].as_str().unwrap(), answer["ErrorCode"].as_u64().unwrap()))
        .collect()
}

async fn group_of_bob(server: &Server) {
    let members = json!([{ "Member_Account": "bob", "JoinTime": 1_500_000_001 }]);
    let group = json!({ "Type": "ChatRoom", "GroupId": "g", "Name": "n", "MemberList": members, "CreateTime": 1_500_000_000 });
    server.client().await.call("group_open_http_svc/import_group", &group).await.unwrap();
}

/// The texts of the group, the oldest first.
async fn texts(server: &Server) -> Vec<String> {
    let asked = json!({ "GroupId": "g", "ReqMsgNumber": 20 });
    let page = server.client().await.call("group_open_http_svc/group_msg_get_simple", &asked).await.unwrap();
    let rows = page["RspMsgList"].as_array().unwrap().iter().rev();
    rows.map(|row| row["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap_or("-").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_sends_the_lines_of_a_pipe_and_ends_when_all_are_answered() {
    let home = Home::new();
    let server = home.start().await;
    group_of_bob(&server).await;
    let lines: String = (1..=50).map(|number| format!("line {number}\n")).collect();
    let (code, frames, said) = chat(&server.url(), &["--group", "g"], &lines).await;
    assert_eq!((code, said.as_str()), (Some(0), ""));
    // Messages of which the server took too many at once were sent again.
    let numbers: Vec<_> =
        frames.iter().filter_map(|frame| frame["MsgSeq"].as_u64().filter(|seq| *seq != 0)).collect();
    assert!(numbers.iter().copied().eq(1..=50), "{numbers:?}");
    assert_eq!(texts(&server).await.last().unwrap(), "line 50");
    let input = "hello\n/to ann\nhi ann\n/recall\n/group g\nbye\n/recall\n/groups\n/members\n/history 22\n/exit\nnever\n";
    let (code, frames, said) = chat(&server.url(), &["--group", "g"], input).await;
    assert_eq!((code, said.as_str()), (Some(0), ""), "{frames:?}");
    let commands: Vec<_> = answers(&frames).into_iter().map(|(command, _)| command).collect();
    let expected = [
        "send_group_msg",
        "sendmsg",
        "admin_msgwithdraw",
        "send_group_msg",
        "group_msg_recall",
        "groups",
        "get_group_member_info",
        "group_msg_get_simple",
        "group_msg_get_simple",
    ];
    assert_eq!(commands, expected);
    let rows = frames[frames.len() - 2..].iter().map(|frame| frame["RspMsgList"].as_array().unwrap().len());
    assert_eq!(rows.collect::<Vec<_>>(), [20, 2]);
    let texts = texts(&server).await;
    assert_eq!(texts[texts.len() - 2..], ["hello", "-"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_exit_code_says_whether_a_line_was_refused() {
    let home = Home::new();
    let server = home.start().await;
    group_of_bob(&server).await;
    let (code, frames, said) = chat(&server.url(), &[], "/join none\nto nobody\n").await;
    assert_eq!((code, answers(&frames)), (Some(1), vec![("join_group", 10_010)]));
    assert!(said.contains("no conversation: /group ID") && said.contains("refused: 2"), "{said}");
    let long = format!("{}\nshort\n", "x".repeat(100_000));
    let (code, frames, said) = chat(&server.url(), &["--group", "g"], &long).await;
    assert_eq!((code, answers(&frames)), (Some(1), vec![("send_group_msg", 0)]));
    assert!(said.contains("the line is too long; the limit is"), "{said}");
    // Of quotation marks, each of which takes two bytes in a frame.
    let (code, _, said) = chat(&server.url(), &["--group", "g"], &"\"".repeat(40_000)).await;
    assert!(code == Some(1) && said.contains("the limit is"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_answered_is_sent_again_and_is_there_once() {
    let home = Home::new();
    let server = home.start().await;
    group_of_bob(&server).await;
    let proxy = Proxy::to(server.address()).await;
    // After the handshake, each behind a message or two.
    for (bytes, how) in
        (900..).step_by(900).zip([Break::Answer, Break::Call, Break::HalfAnswer, Break::Answer])
    {
        proxy.break_at(bytes, how);
    }
    let lines: String = (1..=15).map(|number| format!("line {number}\n")).collect();
    let (code, ..) = chat(&proxy.url, &["--group", "g"], &lines).await;
    assert_eq!((code, proxy.breaks_left()), (Some(0), 0));
    let expected: Vec<_> = (1..=15).map(|number| format!("line {number}")).collect();
    assert_eq!(texts(&server).await, expected);
    server.stop().await;
}
