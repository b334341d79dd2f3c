//! A small client of the REST API: one connection, kept open, one call at a time.
//!
//! It speaks plain HTTP and is meant for a server on the same machine: for the first steps of an installation, and
//! for tests.

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use landfall_domain::ids::{AppId, UserId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest time to connect.
pub const CONNECT_SECONDS_MAX: u64 = 5;
/// Longest time of a call, from sending it to the end of its answer.
pub const CALL_SECONDS_MAX: u64 = 30;
/// Largest answer accepted, bytes: beyond the largest one of the server under relaxed limits.
pub const REPLY_BYTES_MAX: usize = 32 << 20;

/// Escaped in a query. `*`, `-` and `_` belong to UserSigs and are not. [doc]
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'_').remove(b'.').remove(b'@');

/// The reason why a call has no result. Never holds the UserSig.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no connection to {address}")]
    Connect {
        address: SocketAddr,
        #[source]
        cause: std::io::Error,
    },
    /// Whether the call took effect is not known.
    #[error("{what} took longer than {seconds} s")]
    TimedOut {
        /// What was waited for.
        what: String,
        seconds: u64,
    },
    /// The connection broke, or the other side does not speak HTTP. Whether the call took effect is not known.
    #[error("the connection failed during {command}")]
    Http {
        command: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer larger than [`REPLY_BYTES_MAX`].
    #[error("the answer to {0} is longer than {REPLY_BYTES_MAX} bytes")]
    TooLong(String),
    /// An answer that is not of the API: with another status than 200, or without an envelope.
    #[error("the answer to {command} is not one of the API (HTTP status {status})")]
    NotTheApi { command: String, status: u16 },
    /// The API refused the call.
    #[error("{command} was refused with {code}: {info}")]
    Refused {
        command: String,
        /// `ErrorCode`.
        code: u64,
        /// `ErrorInfo`.
        info: String,
    },
    /// A path that cannot be put into a request.
    #[error("{0:?} is not a command")]
    NoCommand(String),
}

/// A connection to a server, with the administrator who makes the calls.
pub struct RestClient {
    address: SocketAddr,
    /// The query of every call; holds the UserSig, so a client has no `Debug`.
    query: String,
    sender: SendRequest<Full<Bytes>>,
}

impl RestClient {
    /// Connects to `address`. `admin` of `app` makes the calls, with `usersig`.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect(
        address: SocketAddr,
        app: AppId,
        admin: &UserId,
        usersig: &str,
    ) -> Result<Self, ClientError> {
        let sender = open(address).await?;
        Ok(Self { address, query: query(app, admin, usersig), sender })
    }

    /// Calls `service_command`, such as `group_open_http_svc/import_group`, and returns the whole answer.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the API refuses, others when there is no answer.
    pub async fn call(&mut self, service_command: &str, body: &Value) -> Result<Value, ClientError> {
        let reply = self.exchange(service_command, body).await?;
        let code = reply.get("ErrorCode").and_then(Value::as_u64);
        let status = reply.get("ActionStatus").and_then(Value::as_str);
        match (code, status) {
            (Some(0), Some("OK")) => Ok(reply),
            (Some(code), Some(_)) => Err(ClientError::Refused {
                command: service_command.to_owned(),
                code,
                info: reply.get("ErrorInfo").and_then(Value::as_str).unwrap_or_default().to_owned(),
            }),
            (None, _) | (_, None) => Err(ClientError::NotTheApi {
                command: service_command.to_owned(),
                status: StatusCode::OK.as_u16(),
            }),
        }
    }

    /// Like [`call`](Self::call), but a refusal is an answer like any other.
    ///
    /// # Errors
    /// There is no answer, or it is not a JSON object.
    pub async fn exchange(&mut self, service_command: &str, body: &Value) -> Result<Value, ClientError> {
        let request = Request::post(format!("/v4/{service_command}?{}", self.query))
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| ClientError::NoCommand(service_command.to_owned()))?;
        // A server closes idle connections. Nothing was sent yet, so a new one repeats nothing.
        if self.sender.ready().await.is_err() {
            self.sender = open(self.address).await?;
        }
        let answer = answer(&mut self.sender, request, service_command);
        match timeout(Duration::from_secs(CALL_SECONDS_MAX), answer).await {
            Ok(answer) => answer,
            Err(_) => {
                Err(ClientError::TimedOut { what: service_command.to_owned(), seconds: CALL_SECONDS_MAX })
            }
        }
    }
}

/// The query that authenticates a call. Percent-encoded, so it is also safe in the quotes of a shell.
#[must_use]
pub fn query(app: AppId, admin: &UserId, usersig: &str) -> String {
    let identifier = utf8_percent_encode(admin.as_str(), QUERY_VALUE);
    let usersig = utf8_percent_encode(usersig, QUERY_VALUE);
    // The API requires `random` but ignores its value.
    format!("sdkappid={app}&identifier={identifier}&usersig={usersig}&random=1&contenttype=json")
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, ClientError> {
    let connect = async {
        let stream =
            TcpStream::connect(address).await.map_err(|cause| ClientError::Connect { address, cause })?;
        stream.set_nodelay(true).map_err(|cause| ClientError::Connect { address, cause })?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|cause| {
            ClientError::Http { command: "connecting".to_owned(), cause: Box::new(cause) }
        })?;
        // Ends with the sender or with the connection; the call that waits gets its error.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "REST client: the connection ended: {error}");
            }
        });
        Ok(sender)
    };
    match timeout(Duration::from_secs(CONNECT_SECONDS_MAX), connect).await {
        Ok(sender) => sender,
        Err(_) => Err(ClientError::TimedOut {
            what: format!("connecting to {address}"),
            seconds: CONNECT_SECONDS_MAX,
        }),
    }
}

async fn answer(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    command: &str,
) -> Result<Value, ClientError> {
    let broken = |cause| ClientError::Http { command: command.to_owned(), cause };
    let response = sender.send_request(request).await.map_err(|cause| broken(Box::new(cause)))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), REPLY_BYTES_MAX).collect().await.map_err(|cause| {
        if cause.is::<LengthLimitError>() { ClientError::TooLong(command.to_owned()) } else { broken(cause) }
    })?;
    // Failures of the API travel with status 200, so any other one comes from something else. [doc]
    match serde_json::from_slice(&body.to_bytes()) {
        Ok(reply @ Value::Object(_)) if status == StatusCode::OK => Ok(reply),
        Ok(_) | Err(_) => {
            Err(ClientError::NotTheApi { command: command.to_owned(), status: status.as_u16() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    const OK: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"g"}"#;

    fn http(head: &str, body: &str) -> String {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// A listener that gives each connection its answers in order, then closes it. The task's result is everything
    /// it received, by connection.
    async fn scripted(connections: Vec<Vec<String>>) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut received = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut text = String::new();
                for answer in answers {
                    let mut buffer = vec![0; 4096];
                    let count = stream.read(&mut buffer).await.unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                received.push(text);
            }
            received
        });
        (address, task)
    }

    async fn connect(address: SocketAddr) -> RestClient {
        let admin = UserId::parse("o'neil & co").unwrap();
        RestClient::connect(address, AppId(7), &admin, "eJ*a-b_").await.unwrap()
    }

    #[tokio::test]
    async fn calls_share_a_connection_and_are_authenticated() {
        let (address, server) = scripted(vec![vec![http("200 OK", OK), http("200 OK", OK)]]).await;
        let mut client = connect(address).await;
        let reply = client.call("group_open_http_svc/import_group", &json!({"Name": "n"})).await.unwrap();
        assert_eq!(reply["GroupId"], "g");
        client.call("group_open_http_svc/get_group_info", &json!({})).await.unwrap();
        let received = server.await.unwrap().remove(0);
        assert!(
            received.starts_with(
                "POST /v4/group_open_http_svc/import_group?sdkappid=7&identifier=o%27neil%20%26%20co\
                 &usersig=eJ*a-b_&random=1&contenttype=json HTTP/1.1\r\n"
            ),
            "{received}"
        );
        assert!(
            received.contains("{\"Name\":\"n\"}POST /v4/group_open_http_svc/get_group_info?"),
            "{received}"
        );
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_with_its_number_or_an_answer() {
        let refusal = http("200 OK", r#"{"ActionStatus":"FAIL","ErrorInfo":"taken","ErrorCode":10021}"#);
        let (address, server) = scripted(vec![vec![refusal.clone(), refusal]]).await;
        let mut client = connect(address).await;
        match client.call("s/c", &json!({})).await {
            Err(ClientError::Refused { code: 10021, info, .. }) => assert_eq!(info, "taken"),
            other => panic!("{other:?}"),
        }
        assert_eq!(client.exchange("s/c", &json!({})).await.unwrap()["ErrorCode"], 10021);
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_the_server_closed_is_opened_again() {
        let closing = http("200 OK\r\nConnection: close", OK);
        let (address, server) = scripted(vec![vec![closing], vec![http("200 OK", OK)]]).await;
        let mut client = connect(address).await;
        client.call("s/first", &json!({})).await.unwrap();
        client.call("s/second", &json!({})).await.unwrap();
        assert_eq!(server.await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_answer_of_another_service_is_recognized() {
        let answers = vec![http("502 Bad Gateway", OK), http("200 OK", "<html>"), http("200 OK", "{}")];
        let (address, server) = scripted(vec![answers]).await;
        let mut client = connect(address).await;
        for status in [502, 200, 200] {
            match client.call("s/c", &json!({})).await {
                Err(ClientError::NotTheApi { status: found, .. }) => assert_eq!(found, status),
                other => panic!("{other:?}"),
            }
        }
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_broken_connection_and_a_missing_server_differ() {
        let (address, server) =
            scripted(vec![vec!["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_owned()]]).await;
        let mut client = connect(address).await;
        let broken = client.call("s/c", &json!({})).await;
        assert!(matches!(broken, Err(ClientError::Http { .. })), "{broken:?}");
        server.await.unwrap();
        let gone = client.call("s/c", &json!({})).await;
        assert!(matches!(gone, Err(ClientError::Connect { .. })), "{gone:?}");
    }

    #[tokio::test]
    async fn a_command_that_is_not_a_path_is_refused_before_it_is_sent() {
        let (address, server) = scripted(vec![vec![]]).await;
        let mut client = connect(address).await;
        let refused = client.call("s/c d", &json!({})).await;
        assert!(matches!(refused, Err(ClientError::NoCommand(_))), "{refused:?}");
        server.await.unwrap();
    }
}
