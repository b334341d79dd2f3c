//! A console for a test, and a browser without a screen: it keeps cookies and sends forms.

use super::{EVE_PASSWORD, ROOT_PASSWORD};
use crate::harness::{APP, Answer, Client, DataLocation, Server, Setup, Store};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;

/// A server whose console has two users: `root`, an administrator, and `eve`, a viewer.
pub(crate) struct Console {
    pub(crate) server: Server,
}

/// What `landfall console-user` says, with `input` on its standard input; the exit code, standard output and error.
pub(crate) async fn console_user(
    location: &DataLocation,
    setup: &Setup,
    arguments: &[&str],
    input: &str,
) -> (i32, String, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(setup.config(location).as_bytes()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.arg("console-user").args(arguments).arg("--config").arg(file.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut running = command.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    // A command that refuses its arguments does not read.
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    let ended = running.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended.status.code().unwrap(), text(ended.stdout), text(ended.stderr))
}

/// A location with the two users.
pub(crate) async fn location_with_users(setup: &Setup) -> DataLocation {
    let location = DataLocation::new(setup.store);
    for (name, role, password) in [("root", "administrator", ROOT_PASSWORD), ("eve", "viewer", EVE_PASSWORD)]
    {
        let arguments = ["add", name, "--role", role, "--password-stdin"];
        let (code, said, failed) = console_user(&location, setup, &arguments, &format!("{password}\n")).await;
        assert_eq!((code, failed.as_str()), (0, ""), "{said}");
    }
    location
}

impl Console {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub(crate) async fn start_on(store: Store) -> Self {
        Self::start_with(Setup { store, ..Setup::default() }).await
    }

    pub(crate) async fn start_with(setup: Setup) -> Self {
        let location = location_with_users(&setup).await;
        Self { server: Server::start_in(location, setup).await }
    }

    /// A browser that nobody has signed in with.
    pub(crate) async fn visitor(&self) -> Visitor {
        Visitor::connect(self.server.address).await
    }

    /// A browser with which `root` or `eve` is signed in.
    pub(crate) async fn signed_in(&self, name: &str) -> Visitor {
        let mut visitor = self.visitor().await;
        let password = if name == "root" { ROOT_PASSWORD } else { EVE_PASSWORD };
        let answer = visitor.sign_in(name, password).await;
        assert_eq!(answer.status, 303, "{}", body(&answer));
        visitor
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

pub(crate) fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The text of a header; names and values are in lower case.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Text as forms send it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

pub(crate) struct Visitor {
    client: Client<TcpStream>,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Lines that every request has besides.
    pub(crate) lines: String,
}

impl Visitor {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let client = Client::new(TcpStream::connect(address).await.unwrap(), APP);
        Self { client, cookies: BTreeMap::new(), lines: String::new() }
    }

    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        self.request("GET", target, b"").await
    }

    /// The body of a page that must be there.
    pub(crate) async fn page(&mut self, target: &str) -> String {
        let answer = self.get(target).await;
        let text = body(&answer);
        assert_eq!(answer.status, 200, "{target}: {text}");
        text
    }

    pub(crate) async fn request(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n{}Content-Length: {}\r\n\r\n",
            cookies.join("; "),
            self.lines,
            body.len()
        );
        self.client.send(&[head.as_bytes(), body].concat()).await;
        let answer = self.client.answer().await;
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split_once(';').unwrap().0.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The token in the forms of a page; empty where it has none.
    pub(crate) async fn token(&mut self, page: &str) -> String {
        let text = body(&self.get(page).await);
        let value =
            text.split_once("name=\"form_token\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        value.map(|(token, _)| token.to_owned()).unwrap_or_default()
    }

    /// Sends these fields, and no token besides.
    pub(crate) async fn post_plain(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.request("POST", target, pairs.join("&").as_bytes()).await
    }

    /// Sends a form, with the token of this session.
    pub(crate) async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token("/console/").await;
        let fields = [fields, &[("form_token", token.as_str())]].concat();
        self.post_plain(target, &fields).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let token = self.token("/console/sign-in").await;
        let fields = [("name", name), ("password", password), ("form_token", token.as_str())];
        self.post_plain("/console/sign-in", &fields).await
    }
}
