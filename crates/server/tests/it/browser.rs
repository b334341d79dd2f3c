//! A real browser without a window, controlled by its DevTools protocol.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Bound of every wait, far above what any takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// No window, no questions, no downloads; for a page of our own no sandbox is needed.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
];

/// The process, ended with this value however the test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A browser with one page.
pub(crate) struct Browser {
    process: Process,
    socket: WebSocketStream<TcpStream>,
    session: String,
    last_id: u64,
    /// The loaders that have finished, that of the empty first page included.
    loaded: Vec<Value>,
    /// After the process, which writes there.
    _directory: TempDir,
}

impl Browser {
    /// Starts a browser and opens a page in it.
    pub(crate) async fn open(url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let profile = format!("--user-data-dir={}", directory.path().display());
        let mut command = if cfg!(target_os = "linux") {
            // The kernel ends it together with the thread of this test.
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--", "chromium"]);
            command
        } else {
            Command::new("chromium")
        };
        command.arg(profile).args(ARGUMENTS);
        command
            .env("HOME", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = Process(command.spawn().expect("chromium starts"));
        let devtools = devtools(&mut process.0);
        let address = devtools.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(&devtools, stream).await.unwrap();
        let (session, loaded) = (String::new(), Vec::new());
        let mut browser = Self { process, socket, session, last_id: 0, loaded, _directory: directory };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser.call("Page.enable", json!({})).await;
        browser.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true })).await;
        browser.go(url).await;
        browser
    }

    /// Opens another page.
    pub(crate) async fn go(&mut self, url: &str) {
        let navigated = self.call("Page.navigate", json!({ "url": url })).await;
        while !self.loaded.contains(&navigated["loaderId"]) {
            self.receive().await;
        }
    }

    /// Evaluates what leads to another page, and waits until that is there.
    pub(crate) async fn follow(&mut self, expression: &str) {
        let before = self.loaded.len();
        self.value(expression).await;
        while self.loaded.len() == before {
            self.receive().await;
        }
    }

    /// Shows pages as a window of this size does, in pixels.
    pub(crate) async fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn receive(&mut self) -> Value {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        let message =
            next.expect("no message from the browser in time").expect("the browser has ended").unwrap();
        let received: Value = serde_json::from_str(message.to_text().unwrap()).unwrap_or_default();
        if received["method"] == "Page.lifecycleEvent" && received["params"]["name"] == "load" {
            self.loaded.push(received["params"]["loaderId"].clone());
        }
        received
    }

    async fn send(&mut self, method: &str, parameters: Value) -> Result<u64, tungstenite::Error> {
        self.last_id += 1;
        let mut request = json!({ "id": self.last_id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(request.to_string())).await?;
        Ok(self.last_id)
    }

    /// Calls a method and returns its result.
    async fn call(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.send(method, parameters).await.unwrap();
        loop {
            let mut received = self.receive().await;
            if received["id"] == id {
                assert!(received.get("error").is_none(), "{method}: {received}");
                return received["result"].take();
            }
        }
    }

    /// The value of an expression in the page, or of the promise that it is.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let evaluate = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", evaluate).await;
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].take()
    }

    /// Waits until a condition holds, looking at each change of the page.
    pub(crate) async fn until(&mut self, condition: &str) {
        let bound = PATIENCE.as_millis() / 2;
        let promise = format!(
            "new Promise((resolve, reject) => {{
                const holds = () => ({condition}) && (observer.disconnect(), clearTimeout(bound), resolve(true));
                const observer = new MutationObserver(holds);
                const bound = setTimeout(() => reject(new Error(document.body.innerText)), {bound});
                const all = {{ subtree: true, childList: true, attributes: true, characterData: true }};
                observer.observe(document, all);
                holds();
            }})"
        );
        self.value(&promise).await;
    }

    /// Closes it and waits, so that it no longer writes when its directory is removed.
    pub(crate) async fn close(mut self) {
        self.session.clear();
        let sent = self.send("Browser.close", json!({})).await;
        let ended = async { while self.socket.next().await.is_some_and(|received| received.is_ok()) {} };
        let in_time = tokio::time::timeout(PATIENCE, ended).await;
        assert!(sent.is_ok() && in_time.is_ok(), "the browser does not end");
        self.process.0.wait().unwrap();
    }
}

/// The address of its DevTools, which it prints to standard error. The rest of that is discarded.
fn devtools(child: &mut Child) -> String {
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    loop {
        let before = said.len();
        assert_ne!(errors.read_line(&mut said).unwrap(), 0, "chromium ended at its start: {said}");
        if let Some(address) = said[before..].strip_prefix("DevTools listening on ") {
            let address = address.trim_end().to_owned();
            std::thread::spawn(move || drop(errors.read_to_end(&mut Vec::new())));
            return address;
        }
    }
}
