//! The least cost of a message to many clients: one prepared frame is written to every connection, one after another.
//!
//! It serves clients and accepts messages as the server does, and does nothing else: it checks no signature, stores no
//! message, and has no task, queue or timer for a client.

use super::wire;
use crate::bench::endpoint::Endpoint;
use anyhow::Result;
use clap::Args;
use memchr::memmem;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// Longest request, bytes.
const REQUEST_BYTES_MAX: usize = 8 * 1024;

const UPGRADE: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SENT: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#;

/// Settings of the broadcaster.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    endpoint: Endpoint,
    /// Length of the frames' texts
    #[arg(long)]
    text_bytes: usize,
}

/// Serves until the process is ended.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (clients, text_bytes) = (Arc::<Mutex<Clients>>::default(), arguments.text_bytes);
    arguments.endpoint.serve(move |stream| {
        let clients = Arc::clone(&clients);
        // The clients notice a message that is missing.
        async move { drop(answer(stream, &clients, text_bytes).await) }
    })
}

/// The connected clients, and the number of the last message.
#[derive(Default)]
struct Clients {
    streams: Vec<TcpStream>,
    last: u32,
}

/// Adds a client, or sends messages until the sender disconnects.
async fn answer(mut stream: TcpStream, clients: &Mutex<Clients>, text_bytes: usize) -> Result<()> {
    let mut request = Vec::with_capacity(REQUEST_BYTES_MAX);
    loop {
        request.clear();
        while !is_complete(&request) {
            if stream.read_buf(&mut request).await? == 0 || REQUEST_BYTES_MAX <= request.len() {
                return Ok(());
            }
        }
        if request.starts_with(b"GET ") {
            stream.write_all(UPGRADE).await?;
            stream.write_all(&wire::from_server(r#"{"Event":"ready"}"#)).await?;
            clients.lock().await.streams.push(stream);
            return Ok(());
        }
        let mut clients = clients.lock().await;
        clients.last += 1;
        let frame = wire::from_server(&message(clients.last, text_bytes));
        for client in &mut clients.streams {
            client.write_all(&frame).await?;
        }
        drop(clients);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{SENT}", SENT.len());
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Whether a request is complete. The body of a message is one JSON object.
fn is_complete(request: &[u8]) -> bool {
    memmem::find(request, b"\r\n\r\n")
        .is_some_and(|head| request.starts_with(b"GET ") || request[head..].ends_with(b"}]}"))
}

/// A message of `bytes` bytes.
fn message(number: u32, bytes: usize) -> String {
    let begin = format!(r#"{{"Event":"message","MsgSeq":{number},"Text":""#);
    let text = "0".repeat(bytes.saturating_sub(begin.len() + 2));
    format!("{begin}{text}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_asked_and_has_its_number() {
        for number in [1, 12_345] {
            let message = message(number, 260);
            assert_eq!((message.len(), wire::message_number(message.as_bytes())), (260, Some(number)));
            serde_json::from_str::<serde_json::Value>(&message).unwrap();
        }
    }
}
