//! The end of one request and the beginning of the next: a request that a proxy in front could read differently is refused.

use crate::harness::{Client, Server, code};
use serde_json::json;
use tokio::net::TcpStream;

const LIST: &str = "group_open_http_svc/get_appid_group_list";
/// An empty object, as one chunk.
const CHUNKED: &str = "2\r\n{}\r\n0\r\n\r\n";

/// The status of the answer to a call with these headers and this body, and whether the connection is closed after it.
async fn status(server: &Server, version: &str, headers: &str, body: &str) -> (u16, bool) {
    let mut client = server.client().await;
    let line = format!("POST /v4/{LIST}?{} {version}", client.query);
    client.send(format!("{line}\r\nHost: x\r\n{headers}\r\n{body}").as_bytes()).await;
    let answer = client.answer().await;
    if answer.status == 200 {
        assert_eq!(answer.code(), 0, "{headers:?}");
        return (200, client.is_closed_or_serves().await);
    }
    (answer.status, client.is_closed().await)
}

impl Client<TcpStream> {
    /// Whether the connection is closed; otherwise it must still serve.
    async fn is_closed_or_serves(&mut self) -> bool {
        assert_eq!(code(&self.call(LIST, &json!({})).await), 0);
        false
    }
}

#[tokio::test]
async fn a_request_with_two_lengths_is_refused() {
    let server = Server::start().await;
    let (length, chunked) = ("Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n");
    for headers in [
        format!("{length}{chunked}"),
        format!("{chunked}{length}"),
        "transfer-encoding: chunked\r\nX: y\r\ncontent-length: 2\r\n".to_owned(),
        format!("{chunked}Content-Length: 12\r\n"),
        format!("{chunked}Content-Length: nothing\r\n"),
        format!("{length}Content-Length: 3\r\n"),
        format!("{length}Transfer-Encoding: identity\r\n"),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Content-Length : 2\r\n".to_owned(),
        "Content-Length: +2\r\n".to_owned(),
        "Content-Length: 2, 3\r\n".to_owned(),
        "Content-Length: -2\r\n".to_owned(),
        "Content-Length: 0x2\r\n".to_owned(),
        "Content-Length: 18446744073709551618\r\n".to_owned(),
        // A header that continues in the next line.
        format!("X: y\r\n z\r\n{length}"),
        "Transfer-Encoding:\r\n chunked\r\n".to_owned(),
        format!("X: a\0b\r\n{length}"),
        format!("X\r: y\r\n{length}"),
    ] {
        assert_eq!(status(&server, "HTTP/1.1", &headers, CHUNKED).await, (400, true), "{headers:?}");
    }
    assert_eq!(status(&server, "HTTP/1.0", chunked, CHUNKED).await, (400, true), "HTTP/1.0 knows no chunks");
    // The same in pieces, and as the second request of a connection.
    let mut client = server.client().await;
    assert_eq!(code(&client.call(LIST, &json!({})).await), 0);
    let head = format!("POST /v4/{LIST}?{} HTTP/1.1\r\nHost: x\r\n{chunked}{length}\r\n", client.query);
    let (first, second) = head.split_at(head.len() - 12);
    client.send(first.as_bytes()).await;
    client.send(format!("{second}{CHUNKED}").as_bytes()).await;
    assert_eq!(client.answer().await.status, 400);
    assert!(client.is_closed().await);
    // Behind another request, in one piece with it: nothing of it is served.
    let mut client = server.client().await;
    let before = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(format!("{before}{head}{CHUNKED}").as_bytes()).await;
    assert_eq!(client.answer().await.status, 400);
    assert!(client.is_closed().await);
    server.stop().await;
}

#[tokio::test]
async fn a_request_with_one_length_is_served() {
    let server = Server::start().await;
    for (headers, body) in [
        ("Content-Length: 2\r\n", "{}"),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n", CHUNKED),
        ("transfer-encoding: Chunked\r\nX-Content-Length: 7\r\n", CHUNKED),
        ("Transfer-Encoding: chunked\r\n", "2;name=value\r\n{}\r\n0\r\nTrailer: x\r\n\r\n"),
    ] {
        assert_eq!(status(&server, "HTTP/1.1", headers, body).await, (200, false), "{headers:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn chunks_that_cannot_be_read_end_the_connection() {
    let server = Server::start().await;
    for body in ["x\r\n{}\r\n0\r\n\r\n", "2\r\n{}more0\r\n\r\n", "fffffffffffffffff\r\n{}", "-2\r\n{}\r\n"] {
        let mut client = server.client().await;
        let line = format!("POST /v4/{LIST}?{} HTTP/1.1", client.query);
        client
            .send(format!("{line}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}").as_bytes())
            .await;
        let refusal = client.answer().await.envelope();
        assert_eq!(refusal["ErrorCode"], 60002, "{body:?}");
        assert!(client.is_closed().await, "{body:?}");
    }
    server.stop().await;
}

/// A success would mean that the following bytes go to the named host.
#[tokio::test]
async fn connect_is_refused() {
    let server = Server::start().await;
    for target in ["example.org:443", "127.0.0.1:22"] {
        let mut client = server.client().await;
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 405, "{target}");
        assert!(answer.head.contains("allow: get, post"), "{}", answer.head);
        assert!(client.is_closed().await, "{target}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_browser_is_led_to_the_console() {
    let server = Server::start().await;
    for target in ["/", "/?from=bookmark"] {
        let mut client = server.client().await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 303);
        assert!(answer.head.contains("location: /console/\r\n"), "{}", answer.head);
        // A call to a wrong path gets its code as before.
        assert_eq!(client.post(target, b"{}").await.code(), 60002);
    }
    server.stop().await;
}
