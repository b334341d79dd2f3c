//! A receiver of webhooks that records requests, and answers as a test wants it to.

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Bound of every wait, far above what any takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReceivedRequest {
    /// The query.
    pub(crate) query: String,
    /// The body.
    pub(crate) body: Value,
}

impl ReceivedRequest {
    pub(crate) fn command(&self) -> &str {
        self.body["CallbackCommand"].as_str().unwrap()
    }
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// With status 200 and this.
    Json(Value),
    /// With this status.
    Status(u16),
    /// Never.
    Hang,
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::code(0)
    }

    pub(crate) fn code(code: i64) -> Self {
        Self::Json(json!({ "ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": "said by the receiver" }))
    }
}

type Answers = Arc<dyn Fn(usize, &ReceivedRequest) -> Reply + Send + Sync>;

/// The receiver. Dropping it ends it.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    count: watch::Receiver<usize>,
    _running: JoinSet<()>,
}

impl Receiver {
    /// One that answers everything with success.
    pub(crate) async fn start() -> Self {
        Self::answering(|_, _| Reply::ok()).await
    }

    /// One that answers each request, counted from 0, as `answers` says.
    pub(crate) async fn answering(
        answers: impl Fn(usize, &ReceivedRequest) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<ReceivedRequest>>>::default();
        let (counted, count) = watch::channel(0);
        let mut running = JoinSet::new();
        let (record, answers) = (Arc::clone(&received), Arc::new(answers) as Answers);
        running.spawn(async move {
            let counted = Arc::new(counted);
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (record, answers, counted) =
                    (Arc::clone(&record), Arc::clone(&answers), Arc::clone(&counted));
                connections.spawn(serve(stream, record, answers, counted));
            }
        });
        Self { url, received, count, _running: running }
    }

    /// `[app.webhook]` for this receiver, with more lines.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("[app.webhook]\nurl = \"{}\"\nallow_private = true\n{more}\n", self.url)
    }

    /// Waits until so many requests have come, and gives all that have.
    pub(crate) async fn requests(&self, at_least: usize) -> Vec<ReceivedRequest> {
        let mut count = self.count.clone();
        let waited = tokio::time::timeout(PATIENCE, count.wait_for(|count| at_least <= *count)).await;
        let requests = self.all();
        assert!(waited.is_ok(), "only {} of {at_least} requests came: {requests:#?}", requests.len());
        requests
    }

    /// Waits until what has come is as it should be.
    pub(crate) async fn until(&self, is_there: impl Fn() -> bool) {
        let mut count = self.count.clone();
        let waited = tokio::time::timeout(PATIENCE, count.wait_for(|_| is_there())).await;
        assert!(waited.is_ok(), "it does not come: {:#?}", self.all());
    }

    /// All requests that have come.
    pub(crate) fn all(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    record: Arc<Mutex<Vec<ReceivedRequest>>>,
    answers: Answers,
    counted: Arc<watch::Sender<usize>>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let (record, answers, counted) = (Arc::clone(&record), Arc::clone(&answers), Arc::clone(&counted));
        async move {
            let query = request.uri().query().unwrap_or_default().to_owned();
            // A server that is killed leaves half a request.
            let Ok(body) = request.into_body().collect().await else {
                return Err("half a request");
            };
            let body = body.to_bytes();
            let request = ReceivedRequest { query, body: serde_json::from_slice(&body).unwrap() };
            let number = {
                let mut record = record.lock().unwrap();
                record.push(request.clone());
                record.len()
            };
            let reply = answers(number - 1, &request);
            counted.send_replace(number);
            let response = match reply {
                Reply::Json(value) => Response::new(Full::new(Bytes::from(value.to_string()))),
                Reply::Status(status) => {
                    Response::builder().status(status).body(Full::new(Bytes::from("no"))).unwrap()
                }
                Reply::Hang => std::future::pending().await,
            };
            Ok(response)
        }
    });
    // The server closes connections as it likes.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
