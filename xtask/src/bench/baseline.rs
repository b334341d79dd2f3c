//! The empty handler: what the HTTP library costs when nothing is done with a request.
//!
//! It is the plainest fast form of the library the server is built on. It reads the whole body, since every command
//! has to, and answers with as many bytes and headers as a real import.

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

/// As long as the answer to an import: its group id has as many bytes as the load's.
const ANSWER: &[u8] =
    br#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"grp-0000000000000000"}"#;

/// Settings of the empty handler.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Threads of the runtime
    #[arg(long, default_value_t = 2)]
    workers: usize,
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
    let listen = arguments.listen;
    runtime.block_on(async move { tokio::spawn(serve(listen)).await })?
}

async fn serve(listen: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept a connection")?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that goes away ends its connection with an error, which is nobody's concern here.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await);
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("X-Requested-With"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::super::request::GROUP_ID_BYTES;
    use super::ANSWER;

    #[test]
    fn the_answer_is_as_long_as_a_real_one() {
        let answer: serde_json::Value = serde_json::from_slice(ANSWER).unwrap();
        assert_eq!(answer["GroupId"].as_str().unwrap().len(), GROUP_ID_BYTES);
        assert_eq!(answer["ErrorCode"], 0);
    }
}
