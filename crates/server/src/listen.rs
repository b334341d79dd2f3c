//! `landfall listen`: a client that prints each frame as a line, and connects again when the connection is lost.
//!
//! [`Listener`] is one connection, for tests and benchmarks too.

use crate::client;
use crate::usersig::{self, SecretKey};
use futures_util::{SinkExt as _, StreamExt as _};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
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
/// Seconds a UserSig of this client is valid; each connection gets a new one.
const USERSIG_SECONDS: u64 = 86_400;
/// Pause between two attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Why a client no longer receives frames.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
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
    /// A frame cannot be printed.
    #[error("standard output failed")]
    Output(#[from] io::Error),
}

impl ListenError {
    /// Whether another attempt would fail in the same way: refused, kicked, replaced, or the account is deleted.
    fn is_final(&self) -> bool {
        match self {
            Self::Closed { code, .. } => matches!(code, 4001 | 4002 | 4003 | 4007),
            Self::Address(_) | Self::Output(_) => true,
            Self::Connect { .. } | Self::TimedOut(_) | Self::Lost(_) => false,
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection to a server.
pub struct Listener(WebSocketStream<Box<dyn Stream>>);

impl Listener {
    /// Connects to the server at `url`, such as `http://127.0.0.1:8080`, with the query that authenticates the client
    /// ([`client::query`]).
    ///
    /// # Errors
    /// There is no connection. A server that refuses the client says so in the first frame, and closes the connection.
    pub async fn connect(url: &str, query: &str) -> Result<Self, ListenError> {
        match timeout(CONNECT_MAX, connect(url, query)).await {
            Ok(connected) => connected,
            Err(_) => Err(ListenError::TimedOut(url.to_owned())),
        }
    }

    /// The next frame.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn next(&mut self) -> Result<String, ListenError> {
        let lost = |error| ListenError::Lost(Box::new(error));
        loop {
            match self.0.next().await.unwrap_or(Err(tungstenite::Error::ConnectionClosed)).map_err(lost)? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(frame) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.as_str().to_owned())
                    });
                    // Completes the closing handshake.
                    drop(self.0.close(None).await);
                    return Err(ListenError::Closed { code, reason });
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
    pub async fn send(&mut self, request: &Value) -> Result<(), ListenError> {
        self.send_text(&request.to_string()).await
    }

    /// Sends a frame, which need not be a request.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn send_text(&mut self, frame: &str) -> Result<(), ListenError> {
        let sent = self.0.send(Message::text(frame)).await;
        sent.map_err(|error| ListenError::Lost(Box::new(error)))
    }
}

async fn connect(url: &str, query: &str) -> Result<Listener, ListenError> {
    let not_an_address = || ListenError::Address(url.to_owned());
    let (is_https, rest) = match url.split_once("://").ok_or_else(not_an_address)? {
        ("http" | "ws", rest) => (false, rest),
        ("https" | "wss", rest) => (true, rest),
        _ => return Err(not_an_address()),
    };
    let authority = rest.trim_end_matches('/').to_owned();
    let default_port = if is_https { 443 } else { 80 };
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { authority.clone() } else { format!("{authority}:{default_port}") };
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| ListenError::Connect {
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
    Ok(Listener(socket))
}

/// Trusts the authorities of this machine.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What [`listen`] is to do.
pub struct Options {
    /// Address of the server.
    pub server: String,
    /// The app.
    pub app: AppId,
    /// Its key.
    pub key: SecretKey,
    /// The account.
    pub user: UserId,
    /// Groups that are caught up with at first, each from the message after this number on.
    pub after: Vec<(String, u32)>,
    /// The same of conversations with accounts.
    pub after_account: Vec<(String, u32)>,
    /// After how many frames to end; `None`: never.
    pub count: Option<u64>,
}

/// The conversation of a frame.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A group, or a topic of it.
    Group(String, Option<String>),
    /// With an account.
    Account(String),
}

impl Place {
    /// The conversation of a frame that `own` gets: with the account of it that is another, or with itself.
    fn of(frame: &Value, own: &str) -> Self {
        if let Some(group) = frame["GroupId"].as_str() {
            return Self::Group(group.to_owned(), frame["TopicId"].as_str().map(str::to_owned));
        }
        let other = |field: &str| frame[field].as_str().filter(|account| *account != own);
        let peer = ["Peer_Account", "From_Account", "To_Account"].into_iter().find_map(other);
        Self::Account(peer.unwrap_or(own).to_owned())
    }

    /// The request for `command` with a number in this conversation.
    fn request(&self, command: &str, seq: u32) -> Value {
        match self {
            Self::Group(group, None) => json!({ "Command": command, "GroupId": group, "MsgSeq": seq }),
            Self::Group(group, Some(topic)) => {
                json!({ "Command": command, "GroupId": group, "TopicId": topic, "MsgSeq": seq })
            }
            Self::Account(peer) => json!({ "Command": command, "Peer_Account": peer, "MsgSeq": seq }),
        }
    }
}

/// Prints frames to `out`, until there are enough or the server refuses the client; catches up after each loss of the
/// connection.
///
/// # Errors
/// Why it ended.
pub async fn listen(options: Options, out: &mut (impl Write + Send)) -> Result<(), ListenError> {
    let Options { server, app, key, user, after, after_account, count } = options;
    let mut left = count.unwrap_or(u64::MAX);
    let groups = after.into_iter().map(|(group, seq)| (Place::Group(group, None), seq));
    let accounts = after_account.into_iter().map(|(peer, seq)| (Place::Account(peer), seq));
    let mut positions: BTreeMap<Place, u32> = groups.chain(accounts).collect();
    let (mut pause, longest) = PAUSES;
    loop {
        let usersig = usersig::make(user.as_str(), app, &key, SystemClock.now(), USERSIG_SECONDS);
        let query = format!("{}&hold=1", client::query(app, &user, &usersig));
        let mut was_ready = false;
        let error = match Listener::connect(&server, &query).await {
            Ok(listener) => match receive(listener, &mut positions, &mut was_ready, &mut left, out).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if error.is_final() {
            return Err(error);
        }
        if was_ready {
            pause = PAUSES.0;
        }
        tracing::warn!(%error, "{error}; connecting again in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}

/// Prints the frames of one connection, until none of the wanted ones is `left`.
async fn receive(
    mut listener: Listener,
    positions: &mut BTreeMap<Place, u32>,
    was_ready: &mut bool,
    left: &mut u64,
    out: &mut (impl Write + Send),
) -> Result<(), ListenError> {
    let mut own = String::new();
    while *left != 0 {
        let next = timeout(SILENCE_MAX, listener.next()).await;
        let text = next.map_err(|_| ListenError::TimedOut("the server".to_owned()))??;
        writeln!(out, "{text}").and_then(|()| out.flush())?;
        *left -= 1;
        let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
        match frame["Event"].as_str() {
            Some("ready") => {
                *was_ready = true;
                frame["Identifier"].as_str().unwrap_or_default().clone_into(&mut own);
                catch_up(&mut listener, positions).await?;
            }
            Some(event) if is_in_order(event) => {
                acknowledge(&mut listener, &frame, &own, positions).await?;
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Whether a frame of this event advances the position in its conversation. `recalled` does not: the message may be further
/// on in the history than the client is.
fn is_in_order(event: &str) -> bool {
    matches!(event, "message" | "tip" | "caught_up" | "waiting")
}

async fn catch_up(listener: &mut Listener, positions: &BTreeMap<Place, u32>) -> Result<(), ListenError> {
    for (place, seq) in positions {
        listener.send(&place.request("catch_up", *seq)).await?;
    }
    listener.send(&json!({ "Command": "go" })).await
}

async fn acknowledge(
    listener: &mut Listener,
    frame: &Value,
    own: &str,
    positions: &mut BTreeMap<Place, u32>,
) -> Result<(), ListenError> {
    let seq = frame["MsgSeq"].as_u64().and_then(|seq| u32::try_from(seq).ok()).unwrap_or_default();
    if seq == 0 {
        return Ok(());
    }
    let place = Place::of(frame, own);
    let last = positions.entry(place.clone()).or_default();
    *last = (*last).max(seq);
    let request = place.request("ack", *last);
    listener.send(&request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_about_any_message_do_not_move_the_position() {
        let events =
            ["message", "tip", "modified", "recalled", "deleted", "caught_up", "waiting", "missed", "notice"];
        let in_order: Vec<_> = events.into_iter().filter(|event| is_in_order(event)).collect();
        assert_eq!(in_order, ["message", "tip", "caught_up", "waiting"]);
    }

    #[test]
    fn a_frame_belongs_to_the_conversation_with_the_other_account() {
        let account = |peer: &str| Place::Account(peer.to_owned());
        for (frame, place) in [
            (json!({ "From_Account": "ann", "To_Account": "bob" }), account("bob")),
            (json!({ "From_Account": "bob", "To_Account": "ann" }), account("bob")),
            (json!({ "Peer_Account": "bob" }), account("bob")),
            (json!({ "From_Account": "ann", "To_Account": "ann" }), account("ann")),
            (json!({ "GroupId": "g", "From_Account": "bob" }), Place::Group("g".to_owned(), None)),
        ] {
            assert_eq!(Place::of(&frame, "ann"), place, "{frame}");
        }
        assert_eq!(
            account("bob").request("catch_up", 7),
            json!({ "Command": "catch_up", "Peer_Account": "bob", "MsgSeq": 7 })
        );
    }
}
