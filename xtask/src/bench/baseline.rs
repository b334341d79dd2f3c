//! The empty handler: the cost of the HTTP library alone.
//!
//! It uses the server's library in its plainest fast form. It reads the whole body, since every command has to, and
//! answers with as many bytes and headers as the server.

use super::endpoint::Endpoint;
use anyhow::Result;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// The beginning and the end of an answer.
const BEGIN: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":""#;
const END: &str = r#""}"#;

/// As long as the answer to an import: its group id has as many bytes as the load's.
const IMPORT_ANSWER_BYTES: usize = BEGIN.len() + "grp-0000000000000000".len() + END.len();

/// An answer of `bytes` bytes, or of the fewest that say success.
fn answer_of(bytes: usize) -> Bytes {
    let text = "0".repeat(bytes.saturating_sub(BEGIN.len() + END.len()));
    Bytes::from(format!("{BEGIN}{text}{END}"))
}

/// Settings of the empty handler.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    endpoint: Endpoint,
    /// Length of the answers' bodies
    #[arg(long, default_value_t = IMPORT_ANSWER_BYTES)]
    answer_bytes: usize,
}

/// Serves until the process is ended.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let body = answer_of(arguments.answer_bytes);
    arguments.endpoint.serve(move |stream| {
        let body = body.clone();
        async move {
            let service = service_fn(|request| answer(request, body.clone()));
            // A client that disconnects ends its connection with an error, which does not matter here.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        }
    })
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut sent = request.into_body();
    while let Some(frame) = sent.frame().await {
        frame?;
    }
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("X-Requested-With"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_asked_and_says_success() {
        for bytes in [IMPORT_ANSWER_BYTES, 1_000, 30_000] {
            let answer = answer_of(bytes);
            assert_eq!(answer.len(), bytes);
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["ErrorCode"], 0);
        }
    }
}
