//! A server of its own for each test, and a client that can send requests as odd as real ones do.

mod signing;

pub(crate) use signing::{now, query, sign, sign_with_key_of};

pub(crate) use crate::location::{DataLocation, Store};
use landfall::server::Listening;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The app most tests use.
pub(crate) const APP: u32 = 1_400_000_001;
/// A second app. Two of its administrators have names that clients encode in different ways.
pub(crate) const SECOND_APP: u32 = 1_600_000_002;
/// The administrator of both apps.
pub(crate) const ADMIN: &str = "administrator";

/// Nothing on loopback takes this long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const SECOND_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

/// The settings that differ between the servers of tests.
pub(crate) struct Setup {
    /// `[store] url`
    pub(crate) store: Store,
    /// `[limits] mode`
    pub(crate) mode: &'static str,
    /// `[accounts] unknown`
    pub(crate) unknown: &'static str,
    /// `[limits] calls_per_second`
    pub(crate) calls_per_second: u32,
    /// `[app.webhook]` of the first app, if it has one.
    pub(crate) webhook: String,
    /// Lines of `[http]`, then further sections.
    pub(crate) http_and_more: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            store: Store::Embedded,
            mode: "faithful",
            unknown: "create",
            calls_per_second: 0,
            webhook: String::new(),
            http_and_more: String::new(),
        }
    }
}

impl Setup {
    /// The text of a configuration file.
    pub(crate) fn config(&self, location: &DataLocation) -> String {
        let (store_url, imports) = (location.url(), location.imports());
        let every_type = r#"["Private", "Public", "ChatRoom", "Community"]"#;
        let Self { mode, unknown, calls_per_second, webhook, http_and_more, .. } = self;
        let files = if http_and_more.contains("[files]") {
            String::new()
        } else {
            format!("[files]\n            url = \"directory:{}\"", location.files())
        };
        format!(
            r#"
            listen = "127.0.0.1:0"
            [store]
            url = "{store_url}"
            [imports]
            directory = "{imports}"
            [limits]
            mode = "{mode}"
            calls_per_second = {calls_per_second}
            [accounts]
            unknown = "{unknown}"
            [[app]]
            sdk_app_id = {APP}
            secret_key = "{KEY}"
            group_fields = [
                {{ key = "GroupTestData1", types = {every_type} }},
                {{ key = "GroupTestData2", types = {every_type} }},
                {{ key = "OldRoomNo", types = {every_type} }},
                {{ key = "OnlyPublic", types = ["Public"] }},
                {{ key = "ReadOnly", types = {every_type}, writable = false }},
            ]
            user_fields = [
                {{ key = "Test" }},
                {{ key = "Locked", writable = false }},
            ]
            friend_fields = [
                {{ key = "Test" }},
                {{ key = "Locked", writable = false }},
            ]
            member_fields = [
                {{ key = "Team", types = {every_type} }},
                {{ key = "Rank", types = {every_type} }},
                {{ key = "TeamOfPublic", types = ["Public"] }},
                {{ key = "Locked", types = {every_type}, writable = false }},
            ]
            {webhook}
            [[app]]
            sdk_app_id = {SECOND_APP}
            secret_key = "{SECOND_KEY}"
            admins = ["{ADMIN}", "admin@x y", "second+admin"]
            {files}
            [http]
            {http_and_more}
            "#
        )
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The address of its metrics, if it serves them.
    pub(crate) metrics: Option<SocketAddr>,
    /// The address of its console, if that has one of its own.
    pub(crate) console: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), landfall::server::ServeError>>,
    location: DataLocation,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// Returns once the server takes requests.
    pub(crate) async fn start_with(setup: Setup) -> Self {
        let location = DataLocation::new(setup.store);
        Self::start_in(location, setup).await
    }

    /// Like [`start_with`](Self::start_with), on a location that exists.
    pub(crate) async fn start_in(location: DataLocation, setup: Setup) -> Self {
        let config = landfall::config::parse("test.toml", &setup.config(&location), []);
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let (stop, stopped) = oneshot::channel();
        let (ready, listening) = oneshot::channel();
        let running = tokio::spawn(landfall::server::serve(
            config,
            |listening| ready.send(listening).unwrap(),
            async {
                stopped.await.unwrap();
            },
        ));
        let Ok(Listening { address, metrics, console, .. }) = listening.await else {
            panic!("the server did not start: {:?}", running.await)
        };
        Self { address, metrics, console, stop, running, location }
    }

    /// Where its data is.
    pub(crate) fn location(&self) -> &DataLocation {
        &self.location
    }

    /// A new connection for calls of the first app's administrator.
    pub(crate) async fn client(&self) -> Client<TcpStream> {
        self.client_of(APP).await
    }

    /// A new connection for calls of an app's administrator.
    pub(crate) async fn client_of(&self, app: u32) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.unwrap(), app)
    }

    /// Stops the server; every call must have ended, every connection be closed.
    pub(crate) async fn stop(self) {
        self.begin_stop().await.close();
    }

    /// Asks the server to stop; the future is done when it has, and gives the location of its data.
    pub(crate) fn begin_stop(self) -> impl Future<Output = DataLocation> {
        let Self { stop, running, location, .. } = self;
        stop.send(()).unwrap();
        async move {
            let ended = tokio::time::timeout(PATIENCE, running).await;
            ended.expect("the server did not stop").unwrap().unwrap();
            location
        }
    }
}

/// One connection. Requests are written as bytes, so that any request can be.
pub(crate) struct Client<S> {
    stream: S,
    read: Vec<u8>,
    /// The query that authenticates calls.
    pub(crate) query: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn new(stream: S, app: u32) -> Self {
        Self { stream, read: Vec::new(), query: query(app, ADMIN) }
    }

    /// Sends a well-formed call and returns the body of the answer.
    pub(crate) async fn call(&mut self, path: &str, body: &Value) -> Value {
        self.call_text(path, &body.to_string()).await
    }

    /// Like [`call`](Self::call), with a body that need not be JSON.
    pub(crate) async fn call_text(&mut self, path: &str, body: &str) -> Value {
        let target = format!("/v4/{path}?{}", self.query);
        self.post(&target, body.as_bytes()).await.envelope()
    }

    /// Sends a POST request to a target that need not be one of the API's.
    pub(crate) async fn post(&mut self, target: &str, body: &[u8]) -> Answer {
        let head =
            format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
        self.send(&[head.as_bytes(), body].concat()).await;
        self.answer().await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends bytes that the server may refuse to read.
    pub(crate) async fn send_if_open(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// Reads one answer, interim ones (1xx) included.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("the connection was closed without an answer")
    }

    /// Reads one answer; `None` when the server closes the connection instead.
    async fn try_answer(&mut self) -> Option<Answer> {
        let (status, head) = self.head().await?;
        let header = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.read_more().await, "the body was cut short");
        }
        let body = self.read.drain(..length).collect();
        Some(Answer { status, head, body })
    }

    /// Status and headers of an answer, the latter in lower case.
    pub(crate) async fn head(&mut self) -> Option<(u16, String)> {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.read_more().await {
                assert!(self.read.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.read));
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..head_end).collect()).unwrap().to_lowercase();
        Some((head.split(' ').nth(1).unwrap().parse().unwrap(), head))
    }

    /// Whether the server closes the connection without sending anything more.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.read_more().await
    }

    async fn read_more(&mut self) -> bool {
        let reading = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        // A connection that was reset is closed too.
        reading.expect("no answer in time").unwrap_or(0) != 0
    }
}

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body of an answer of the API, which is HTTP 200 in every case.
    pub(crate) fn envelope(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, 200, "{text}");
        let body = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {text}"));
        check_envelope(&body, &text);
        body
    }

    pub(crate) fn code(&self) -> u64 {
        code(&self.envelope())
    }
}

/// Fails unless an answer has all three members, of the types that typed clients require, and the two signs of failure agree.
pub(crate) fn check_envelope(body: &Value, text: &str) {
    let code = body["ErrorCode"].as_u64().unwrap_or_else(|| panic!("no ErrorCode: {text}"));
    assert!(body["ErrorInfo"].is_string(), "{text}");
    let some_failed = body["ErrorList"].as_array().is_some_and(|failed| !failed.is_empty());
    if body["ActionStatus"] == "SomeError" {
        // A batch of messages that did not reach all.
        assert!(code == 0 && some_failed, "{text}");
    } else {
        assert_eq!(body["ActionStatus"], if code == 0 { "OK" } else { "FAIL" }, "{text}");
    }
    // One command says so in words.
    let is_silent = matches!(body["ErrorInfo"].as_str(), Some("" | "OK"));
    assert_eq!(code == 0, is_silent, "{text}");
}

/// `ErrorCode` of an answer.
pub(crate) fn code(answer: &Value) -> u64 {
    answer["ErrorCode"].as_u64().unwrap()
}

/// Makes a call that must succeed. A command without a service is one of `group_open_http_svc`.
pub(crate) async fn done(client: &mut Client<TcpStream>, command: &str, body: Value) -> Value {
    let path =
        if command.contains('/') { command.to_owned() } else { format!("group_open_http_svc/{command}") };
    let answer = client.call(&path, &body).await;
    assert_eq!(code(&answer), 0, "{path} {body}: {answer}");
    answer
}

/// The `MsgBody` of a message that is one text.
pub(crate) fn text(text: &str) -> Value {
    json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }])
}

/// Runs `check` with values of `strategy`, each on a connection of its own to one server, and checks afterwards
/// whether all groups are whole. 256 values, or as many as `PROPTEST_CASES` says.
pub(crate) fn property<S: Strategy>(strategy: S, check: impl AsyncFn(Client<TcpStream>, S::Value)) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    let result = TestRunner::new(Config::default()).run(&strategy, |value| {
        runtime.block_on(async { check(server.client().await, value).await });
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    runtime.block_on(async {
        // The server is still alive.
        assert_groups_are_whole(&mut server.client().await).await;
        server.stop().await;
    });
}

/// Fails when any group of the app is incomplete: the list, its count, the profiles and the members must agree.
pub(crate) async fn assert_groups_are_whole(client: &mut Client<TcpStream>) {
    let list = client.call("group_open_http_svc/get_appid_group_list", &json!({})).await;
    let ids: Vec<&Value> =
        list["GroupIdList"].as_array().unwrap().iter().map(|row| &row["GroupId"]).collect();
    assert_eq!(list["TotalCount"], ids.len());
    for page in ids.chunks(50) {
        let info = client.call("group_open_http_svc/get_group_info", &json!({ "GroupIdList": page })).await;
        for row in info["GroupInfo"].as_array().unwrap() {
            assert_eq!(row["ErrorCode"], 0, "{row}");
            let members = row["MemberList"].as_array().unwrap();
            assert_eq!(row["MemberNum"], members.len(), "{row}");
            let owners: Vec<_> = members.iter().filter(|member| member["Role"] == "Owner").collect();
            assert_eq!(owners.len(), usize::from(row["Owner_Account"] != ""), "{row}");
            assert!(owners.iter().all(|owner| owner["Member_Account"] == row["Owner_Account"]), "{row}");
        }
    }
}

/// Runs each case, a function of a [`Store`], on both stores.
macro_rules! on_both_stores {
    ($($case:ident)+) => {
        mod embedded {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(Store::Embedded).await;
            })+
        }
        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(Store::Postgres).await;
            })+
        }
    };
}

pub(crate) use on_both_stores;
