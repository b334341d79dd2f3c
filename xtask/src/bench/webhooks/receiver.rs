//! A receiver of webhooks that can be made to misbehave, and that counts the events delivered to it.

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What a receiver does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// It answers with success.
    Answers,
    /// It never answers.
    Hangs,
    /// It answers with status 500.
    Fails,
    /// It answers with text that is not JSON.
    SendsGarbage,
    /// It closes the connection.
    Disconnects,
}

impl Behaviour {
    pub(super) const ALL: [Self; 5] =
        [Self::Answers, Self::Hangs, Self::Fails, Self::SendsGarbage, Self::Disconnects];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Hangs => "hangs",
            Self::Fails => "500",
            Self::SendsGarbage => "garbage",
            Self::Disconnects => "closes",
        }
    }
}

/// Counts of the events that it answered.
#[derive(Default)]
struct Tally {
    /// The last message number of each group.
    last: BTreeMap<String, u32>,
    delivered: u64,
    repeated: u64,
    out_of_order: u64,
}

#[derive(Default)]
struct Shared {
    behaviour: AtomicU8,
    tally: Mutex<Tally>,
    /// A copy outside the lock, so that reading it blocks no request.
    delivered: AtomicU64,
}

/// The part of an event that is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    group_id: String,
    msg_seq: u32,
}

impl Shared {
    fn behaviour(&self) -> Behaviour {
        let number = usize::from(self.behaviour.load(Ordering::Relaxed));
        Behaviour::ALL.get(number).copied().unwrap_or(Behaviour::Answers)
    }

    fn record(&self, body: &[u8]) -> Result<()> {
        let Event { group_id, msg_seq } = serde_json::from_slice(body).context("no event of a message")?;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let last = tally.last.entry(group_id).or_default();
        let expected = *last + 1;
        *last = msg_seq.max(*last);
        match msg_seq {
            seq if seq == expected => tally.delivered += 1,
            seq if seq < expected => tally.repeated += 1,
            _ => tally.out_of_order += 1,
        }
        self.delivered.store(tally.delivered, Ordering::Relaxed);
        Ok(())
    }
}

/// A running receiver.
pub(super) struct Receiver {
    pub(super) url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Starts a receiver that answers, on its own thread, for the lifetime of this process.
    pub(super) fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}/", listener.local_addr()?);
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        thread::spawn(move || runtime.block_on(serve(listener, serving)));
        Ok(Self { url, shared })
    }

    /// Changes its behaviour from now on.
    pub(super) fn set_behaviour(&self, behaviour: Behaviour) {
        let number = Behaviour::ALL.iter().position(|one| *one == behaviour).unwrap_or_default();
        self.shared.behaviour.store(u8::try_from(number).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Events delivered for the first time, each the next of its group.
    pub(super) fn delivered(&self) -> u64 {
        self.shared.delivered.load(Ordering::Relaxed)
    }

    /// Events delivered again.
    pub(super) fn repeated(&self) -> u64 {
        self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner).repeated
    }

    /// Events delivered before an earlier one of their group.
    pub(super) fn out_of_order(&self) -> u64 {
        self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner).out_of_order
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&shared)));
            // A connection that the server closes ends with an error, which does not matter here.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await?.to_bytes();
    let text = match shared.behaviour() {
        Behaviour::Answers => {
            shared.record(&body)?;
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#
        }
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Fails => {
            return Ok(Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(Full::default())?);
        }
        Behaviour::SendsGarbage => "<html>It works!</html>",
        Behaviour::Disconnects => anyhow::bail!("hanging up"),
    };
    Ok(Response::new(Full::new(Bytes::from_static(text.as_bytes()))))
}
