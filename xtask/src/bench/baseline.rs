//! The empty handler: what the HTTP library costs when nothing is done with a request.
//!
//! It is the plainest fast form of the library the server is built on. It reads the whole body, since every command
//! has to, and answers with as many bytes and headers as the
//! real one.

use anyhow::{Context as _, Result};
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io::Write as _;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What an answer begins and ends with.
const BEGIN: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":""#;
const END: &str = r#""}"#;

/// As long as the answer to an import: its group id has as many bytes as the load's.
const IMPORT_ANSWER_BYTES: usize = BEGIN.len() + "grp-0000000000000000".len() + END.len();

/// An answer of so many bytes, or of the fewest that say success.
fn answer_of(bytes: usize) -> Bytes {
    let text = "0".repeat(bytes.saturating_sub(BEGIN.len() + END.len()));
    Bytes::from(format!("{BEGIN}{text}{END}"))
}

/// Settings of the empty handler.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Threads of the runtime
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Length of the answers' bodies
    #[arg(long, default_value_t = IMPORT_ANSWER_BYTES)]
    answer_bytes: usize,
}

/// Serves until the process is ended.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(arguments.workers)
        .enable_io()
        .build()
        .context("cannot start the runtime")?;
    // Connections are accepted on a worker, not on this thread, as the server does it.
    let (listen, body) = (arguments.listen, answer_of(arguments.answer_bytes));
    runtime.block_on(async move { tokio::spawn(serve(listen, body)).await })?
}

async fn serve(listen: SocketAddr, body: Bytes) -> Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept a connection")?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        tokio::spawn(async move {
            // A client that goes away ends its connection with an error, which is nobody's concern here.
            drop(
                http1::Builder::new()
                    .serve_connection(
                        TokioIo::new(stream),
                        service_fn(|request| answer(request, body.clone())),
                    )
                    .await,
            );
        });
    }
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
