//! One connection of a client, for tests and benchmarks too.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longest time to connect.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest silence of a server, which sends a ping every 25 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Why a client no longer receives frames.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// Not the address of a server.
    #[error("{0:?} is no address of a server, such as http://127.0.0.1:8080")]
    Address(String),
    /// There is no connection.
    #[error("no connection to {address}")]
    Connect {
        /// Where it was tried.
        address: String,
        /// What happened.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took too long.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// The connection broke.
    #[error("the connection is lost")]
    Lost(#[source] Box<tungstenite::Error>),
    /// The server ended it.
    #[error("the server ended the connection with {code}: {reason}")]
    Closed {
        /// The close code.
        code: u16,
        /// The reason in words.
        reason: String,
    },
    /// The connection was good, and these lines were not.
    #[error("lines that were refused: {0}")]
    Refused(usize),
    /// A frame cannot be printed.
    #[error("standard output failed")]
    Output(#[from] io::Error),
}

impl ChatError {
    /// Whether another attempt would fail in the same way: a frame that is too long, refused, kicked, replaced, or the account
    /// is deleted.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Closed { code, .. } => matches!(code, 1008 | 4001 | 4002 | 4003 | 4007),
            Self::Address(_) | Self::Refused(_) | Self::Output(_) => true,
            Self::Connect { .. } | Self::TimedOut(_) | Self::Lost(_) => false,
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection to a server.
pub struct ClientConnection(WebSocketStream<Box<dyn Stream>>);

impl ClientConnection {
    /// Connects to the server at `url`, such as `http://127.0.0.1:8080`, with the query that authenticates the client
    /// ([`query`](crate::client::query)).
    ///
    /// # Errors
    /// There is no connection. A server that refuses the client says so in the first frame, and closes the connection.
    pub async fn connect(url: &str, query: &str) -> Result<Self, ChatError> {
        match timeout(CONNECT_MAX, connect(url, query)).await {
            Ok(connected) => connected,
            Err(_) => Err(ChatError::TimedOut(url.to_owned())),
        }
    }

    /// The next frame. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection has ended, or not even a ping came for too long.
    pub async fn next(&mut self) -> Result<String, ChatError> {
        let lost = |error| ChatError::Lost(Box::new(error));
        loop {
            let next = timeout(SILENCE_MAX, self.0.next()).await;
            let next = next.map_err(|_| ChatError::TimedOut("the server".to_owned()))?;
            match next.unwrap_or(Err(tungstenite::Error::ConnectionClosed)).map_err(lost)? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(frame) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.as_str().to_owned())
                    });
                    // Completes the closing handshake.
                    drop(self.0.close(None).await);
                    return Err(ChatError::Closed { code, reason });
                }
                Message::Ping(_) => self.0.flush().await.map_err(lost)?,
                Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send(&mut self, request: &Value) -> Result<(), ChatError> {
        self.send_text(&request.to_string()).await
    }

    /// Sends a frame, which need not be a request.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send_text(&mut self, frame: &str) -> Result<(), ChatError> {
        let sent = self.0.send(Message::text(frame)).await;
        sent.map_err(|error| ChatError::Lost(Box::new(error)))
    }
}

async fn connect(url: &str, query: &str) -> Result<ClientConnection, ChatError> {
    let not_an_address = || ChatError::Address(url.to_owned());
    let (is_https, rest) = match url.split_once("://").ok_or_else(not_an_address)? {
        ("http" | "ws", rest) => (false, rest),
        ("https" | "wss", rest) => (true, rest),
        _ => return Err(not_an_address()),
    };
    let authority = rest.trim_end_matches('/').to_owned();
    let default_port = if is_https { 443 } else { 80 };
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { authority.clone() } else { format!("{authority}:{default_port}") };
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| ChatError::Connect {
        address: address.clone(),
        cause,
    };
    let stream = TcpStream::connect(&address).await.map_err(|error| failed(error.into()))?;
    stream.set_nodelay(true).map_err(|error| failed(error.into()))?;
    let stream: Box<dyn Stream> = if is_https {
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.into()))?;
        let connector = TlsConnector::from(Arc::new(tls().map_err(|error| failed(error.into()))?));
        Box::new(connector.connect(name, stream).await.map_err(|error| failed(error.into()))?)
    } else {
        Box::new(stream)
    };
    let request = format!("ws://{authority}/v4/gateway?{query}");
    let connected = client_async(request, stream).await;
    let (socket, _) = connected.map_err(|error| failed(error.into()))?;
    Ok(ClientConnection(socket))
}

/// Trusts the authorities of this machine.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
