//! The clients of a golden file.

use super::names::Names;
use crate::harness::{check_envelope, query};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Connections, by the names of their devices: `hana` and `hana/2` are two of one account, and `hana/hold` begins with
/// `hold=1`.
pub(super) struct Devices {
    server: SocketAddr,
    app: u32,
    connected: BTreeMap<String, Device>,
    requests: u64,
}

struct Device {
    client: TestClient,
    /// Frames that it got, and that no line has named.
    unnamed: Vec<Value>,
}

impl Device {
    /// The first frame that came or comes and that is as expected; when none comes, the first with that `Event`, or else `null`.
    async fn frame(&mut self, expected: &Value, names: &Names) -> Value {
        if let Some(at) = self.unnamed.iter().position(|frame| names.agree(expected, frame)) {
            return self.unnamed.remove(at);
        }
        while let Ok(frame) = self.client.try_next().await {
            if names.agree(expected, &frame) {
                return frame;
            }
            self.unnamed.push(frame);
        }
        let alike = self.unnamed.iter().find(|frame| frame["Event"] == expected["Event"]);
        alike.cloned().unwrap_or_default()
    }
}

impl Devices {
    pub(super) fn new(server: SocketAddr, app: u32) -> Self {
        Self { server, app, connected: BTreeMap::new(), requests: 0 }
    }

    async fn get(&mut self, device: &str) -> &mut Device {
        if !self.connected.contains_key(device) {
            let (account, kind) = device.split_once('/').unwrap_or((device, ""));
            let hold = if kind == "hold" { "&hold=1" } else { "" };
            let query = format!("{}{hold}", query(self.app, account));
            let client = TestClient::ready(&format!("http://{}", self.server), &query).await;
            self.connected.insert(device.to_owned(), Device { client, unnamed: Vec::new() });
        }
        self.connected.get_mut(device).unwrap()
    }

    /// The answer to a request, without what every answer of a client repeats; `null` when there is none.
    pub(super) async fn call(&mut self, device: &str, command: &str, body: &str, is_silent: bool) -> Value {
        let mut request: Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{device}: {command} {body}: {error}"));
        self.requests += 1;
        let id = self.requests;
        request["Command"] = json!(command);
        request["RequestId"] = json!(id);
        let Device { client, .. } = self.get(device).await;
        let mut answer = if is_silent {
            // Requests of the endpoint are answered in their order.
            client.send(request).await;
            client.request(json!({ "Command": "ping", "RequestId": "after" })).await
        } else {
            client.request(request).await
        };
        if is_silent && answer["RequestId"] == "after" {
            return Value::Null;
        }
        let members = answer.as_object_mut().unwrap();
        let envelope = ["Event", "Command", "RequestId"].map(|name| members.remove(name));
        let text = answer.to_string();
        if envelope != [Some(json!("answer")), Some(json!(command)), Some(json!(id))] {
            // Of a frame that was not understood.
            assert_eq!(envelope, [Some(json!("answer")), Some(json!("")), None], "{command}: {text}");
        }
        check_envelope(&answer, &text);
        answer
    }

    pub(super) async fn frame(&mut self, device: &str, expected: &Value, names: &Names) -> Value {
        self.get(device).await.frame(expected, names).await
    }
}
