//! A connected client, as tests use it.

use landfall::listen::{ListenError, Listener};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// Bound of every wait, far above what any takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connected client.
pub(crate) struct TestClient {
    listener: Listener,
    /// What came while an answer was waited for.
    waiting: VecDeque<Value>,
}

impl TestClient {
    /// Connects to the server at `url`, and waits for nothing.
    pub(crate) async fn connect_with(url: &str, query: &str) -> Self {
        let listener = Listener::connect(url, query).await.unwrap_or_else(|error| panic!("{error:?}"));
        Self { listener, waiting: VecDeque::new() }
    }

    /// The same, and waits until it hears everything.
    pub(crate) async fn ready(url: &str, query: &str) -> Self {
        let mut heard = Self::connect_with(url, query).await;
        heard.next_is("ready").await;
        heard
    }

    /// The next frame, or how the connection ended.
    pub(crate) async fn try_next(&mut self) -> Result<Value, ListenError> {
        if let Some(frame) = self.waiting.pop_front() {
            return Ok(frame);
        }
        let next = tokio::time::timeout(PATIENCE, self.listener.next()).await;
        Ok(serde_json::from_str(&next.expect("no frame in time")?).unwrap())
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        self.try_next().await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The next frame, of this event.
    pub(crate) async fn next_is(&mut self, event: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["Event"], event, "{frame}");
        frame
    }

    /// Everything up to the first frame of this event, which is the last.
    pub(crate) async fn until(&mut self, event: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next().await);
            if frames.last().unwrap()["Event"] == event {
                return frames;
            }
        }
    }

    /// Says something, without waiting for an answer.
    pub(crate) async fn send(&mut self, request: Value) {
        self.listener.send(&request).await.unwrap();
    }

    /// Says something, and waits for the answer; what else comes meanwhile is kept.
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

    /// That nothing has come: an answer to a ping is the next frame.
    pub(crate) async fn receives_nothing_more(&mut self) {
        self.send(json!({ "Command": "ping" })).await;
        self.next_is("answer").await;
    }

    /// Why the server ends the connection: what came before, and the close code.
    pub(crate) async fn closed(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.try_next().await {
                Ok(frame) => frames.push(frame),
                Err(ListenError::Closed { code, .. }) => return (frames, code),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}
