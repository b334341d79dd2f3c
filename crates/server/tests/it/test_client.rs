//! A client of the gateway, as tests use it.

use landfall::chat::{ChatError, ClientConnection};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// Bound of every wait, far above what any takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestClient {
    listener: ClientConnection,
    /// Frames that came while an answer was awaited.
    waiting: VecDeque<Value>,
}

impl TestClient {
    /// Connects to the server at `url` without waiting for a frame.
    pub(crate) async fn connect_with(url: &str, query: &str) -> Self {
        let listener =
            ClientConnection::connect(url, query).await.unwrap_or_else(|error| panic!("{error:?}"));
        Self { listener, waiting: VecDeque::new() }
    }

    /// The same, and waits for `ready`: from then on it receives everything.
    pub(crate) async fn ready(url: &str, query: &str) -> Self {
        let mut client = Self::connect_with(url, query).await;
        client.next_is("ready").await;
        client
    }

    /// The next frame, or why none came.
    pub(crate) async fn try_next(&mut self) -> Result<Value, ChatError> {
        if let Some(frame) = self.waiting.pop_front() {
            return Ok(frame);
        }
        match tokio::time::timeout(PATIENCE, self.listener.next()).await {
            Ok(next) => Ok(serde_json::from_str(&next?).unwrap()),
            Err(_) => Err(ChatError::TimedOut("the server".to_owned())),
        }
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.try_next().await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The next frame, of this event. Servers that lose each other say so at any time, which does not count.
    pub(crate) async fn next_is(&mut self, event: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["Event"] == "missed" && event != "missed" && frame["Chats"] == 1 {
                continue;
            }
            assert_eq!(frame["Event"], event, "{frame}");
            return frame;
        }
    }

    /// All frames up to the first of this event.
    pub(crate) async fn until(&mut self, event: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next().await);
            if frames.last().unwrap()["Event"] == event {
                return frames;
            }
        }
    }

    /// Sends a request without waiting for an answer.
    pub(crate) async fn send(&mut self, request: Value) {
        self.listener.send(&request).await.unwrap();
    }

    /// Sends a request and waits for the answer; other frames that come meanwhile are kept.
    pub(crate) async fn request(&mut self, request: Value) -> Value {
        self.send(request).await;
        let mut before = Vec::new();
        let answer = loop {
            let frame = self.next().await;
            if frame["Event"] == "answer" {
                break frame;
            }
            before.push(frame);
        };
        self.waiting.extend(before);
        answer
    }

    /// Waits until the server closes the connection: the frames before, and the close code.
    pub(crate) async fn closed(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.try_next().await {
                Ok(frame) => frames.push(frame),
                Err(ChatError::Closed { code, .. }) => return (frames, code),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}
