//! From a request at `/v4/gateway` to a connected client.
//!
//! Every request for a WebSocket gets one: a browser shows a page neither status nor body of an answer that refuses it, but
//! the code and reason with which a connection is closed. [choice]

use super::client::ConnectedClient;
use super::connection::{ClientConnection, send_close};
use super::frame;
use super::positions::WINDOW;
use super::session::{CloseReason, Session};
use super::throttled_stream::ThrottledStream;
use crate::apps::App;
use crate::authentication;
use crate::code::Code;
use crate::connection::Caller;
use crate::logging;
use crate::metrics::Counted;
use crate::platform::Platform;
use crate::reply::{self, Failure};
use crate::state::Server;
use crate::url::Query;
use crate::usersig::Verified;
use crate::webhook::presence::ConnectionState;
use futures_util::SinkExt as _;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use landfall_domain::account::AccountImport;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Where clients connect.
pub(crate) const PATH: &str = "/v4/gateway";

/// Longest frame of a client, bytes.
pub(crate) const REQUEST_BYTES_MAX: usize = 16 << 10;
/// Size of the read buffer, bytes: clients send little, and there are many. It is cleared at every read.
const READ_BYTES: usize = 1 << 10;
/// Size of the write buffer, bytes: frames that are sent together take one system call.
const WRITE_BYTES: usize = 4 << 10;

type Socket = WebSocketStream<ThrottledStream<TokioIo<Upgraded>>>;

/// Answers a request at [`PATH`], and serves the client in a task of its own.
pub(crate) fn answer(
    server: &Arc<Server>,
    mut request: Request<Incoming>,
    from: &Caller,
) -> Response<Full<Bytes>> {
    let Some(key) = websocket_key(&request) else {
        let text =
            "clients connect here with a WebSocket (version 13); other calls go to /v4/SERVICE/COMMAND";
        let body = reply::failure(Code::HttpParse.number(), text, false, &[]);
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        upgrade_headers(response.headers_mut());
        return response;
    };
    let accept = derive_accept_key(key.as_bytes());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(connect(Arc::clone(server), upgrade, query, from.clone()));
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    upgrade_headers(headers);
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn upgrade_headers(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// The key of a request that asks for a WebSocket.
fn websocket_key(request: &Request<Incoming>) -> Option<HeaderValue> {
    let names = |name: HeaderName, word: &str| {
        let values = request.headers().get_all(name);
        let mut words =
            values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        words.any(|found| found.trim().eq_ignore_ascii_case(word))
    };
    let asks = request.method() == Method::GET
        && names(header::CONNECTION, "upgrade")
        && names(header::UPGRADE, "websocket")
        && names(header::SEC_WEBSOCKET_VERSION, "13");
    request.headers().get(header::SEC_WEBSOCKET_KEY).filter(|_| asks).cloned()
}

/// Until the client is admitted, it holds the slot of its HTTP connection; a client that is refused gives way to others.
async fn connect(server: Arc<Server>, upgrade: OnUpgrade, query: String, from: Caller) {
    let upgraded = match tokio::time::timeout(server.pace_limits().head, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client was gone before its connection was upgraded: {error}");
            return;
        }
        Err(_) => return,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(REQUEST_BYTES_MAX))
        .max_frame_size(Some(REQUEST_BYTES_MAX));
    let stream = ThrottledStream::new(TokioIo::new(upgraded));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let rejection = match admit(&server, &query, &from).await {
        Ok((app, client)) => match server.clients.slots.try_acquire() {
            Ok(_slot) => {
                // The query is long, holds the signature, and clients stay for days.
                drop((from, query));
                return welcome(&server, &app, client, socket).await;
            }
            Err(_) => {
                server.error_log.log(|suppressed| {
                    tracing::warn!(suppressed, "a client is refused: clients.connections_max are connected");
                });
                Rejection { refusal: None, reason: CloseReason::TryAgain }
            }
        },
        Err(failure) => Rejection::refusing(&server, &failure, &query, from.address),
    };
    from.pace.work_ends();
    tokio::select! {
        () = rejection.send(&mut socket) => {}
        () = from.pace.close_requested() => {}
    }
}

/// Checks the signature of a client, and reads its parameters.
async fn admit(
    server: &Arc<Server>,
    query: &str,
    from: &Caller,
) -> Result<(Arc<App>, AdmittedClient), Failure> {
    let (app, account, verified) =
        authentication::signed(server, query, from, server.clock.now(), Code::GroupInternal).await?;
    let Query { platform, hold, .. } = Query::parse(query);
    let platform = platform.as_deref().map(Platform::parse).unwrap_or_default();
    let held = hold.as_deref() == Some("1");
    Ok((app, AdmittedClient { account, platform, held, verified, peer: from.address }))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefusedFrame<'a> {
    event: &'static str,
    error_code: u32,
    error_info: &'a str,
}

/// The frames for a client that is refused.
struct Rejection {
    refusal: Option<String>,
    reason: CloseReason,
}

impl Rejection {
    fn refusing(server: &Server, failure: &Failure, query: &str, peer: IpAddr) -> Self {
        match &failure.cause {
            None => logging::log_refusal("a client", failure.number(), &failure.text, query, peer),
            Some(cause) => {
                server.error_log.log(|suppressed| {
                    tracing::error!(%cause, suppressed, "a client cannot be admitted: {cause}");
                });
            }
        }
        let (error_code, error_info) = (failure.number(), failure.text.as_ref());
        let text = frame::text(&RefusedFrame { event: "refused", error_code, error_info });
        // These two pass by themselves.
        let passes = failure.cause.is_some() || failure.code == Code::UserSigTooManyFailures;
        Self {
            refusal: Some(text),
            reason: if passes { CloseReason::TryAgain } else { CloseReason::Refused },
        }
    }

    async fn send(self, socket: &mut Socket) {
        if let Some(text) = self.refusal {
            // It is written with the close frame, which has a time limit.
            if socket.feed(Message::Text(text.into())).await.is_err() {
                return;
            }
        }
        send_close(socket, self.reason).await;
    }
}

struct AdmittedClient {
    account: UserId,
    platform: Platform,
    held: bool,
    verified: Verified,
    peer: IpAddr,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReadyFrame<'a> {
    event: &'static str,
    identifier: &'a str,
    session_id: u64,
    group_count: u64,
    server_time: u64,
    /// Messages of one conversation that are sent before the client acknowledges any.
    window: u32,
}

async fn welcome(server: &Arc<Server>, app: &Arc<App>, client: AdmittedClient, mut socket: Socket) {
    let AdmittedClient { account, platform, held, verified, peer } = client;
    let id = server.clients.next_session();
    let (session, frames) = Session::new(id, account, platform, verified.made);
    let (server, app, hub) = (Arc::clone(server), Arc::clone(app), server.clients.hub(app.id));
    let since = server.clock.now();
    let client = Arc::new(ConnectedClient { server, app, hub, session, peer, since });
    let replaced = client.hub.add_session(&client.session);
    // Checked after the session is in the directory, so that a stop is never missed.
    if client.server.clients.is_stopping() {
        client.session.close(CloseReason::Stopping);
    }
    let present = ConnectionGuard::new(&client);
    let reason = match enter(&client).await {
        Ok(Some(group_count)) => {
            let identifier = client.account().as_str();
            let (event, server_time) = ("ready", client.now().0);
            let ready =
                ReadyFrame { event, identifier, session_id: id, group_count, server_time, window: WINDOW };
            let ready = frame::text(&ready);
            client.report_state(ConnectionState::Began, replaced).await;
            let connection =
                ClientConnection::new(Arc::clone(&client), socket, frames, verified.last_valid, held);
            let (back, reason) = connection.run(ready).await;
            socket = back;
            client.report_state(ended(reason), None).await;
            reason
        }
        Ok(None) => Some(CloseReason::Kicked),
        Err(error) => {
            client.server.error_log.log(|suppressed| {
                tracing::error!(%error, suppressed, "a client cannot be admitted: {error}");
            });
            Some(CloseReason::TryAgain)
        }
    };
    drop(present);
    if reason == Some(CloseReason::Slow) {
        client.server.metrics.clients.slow.inc();
    }
    for group in client.session.live_groups() {
        client.report_visit(&group, false).await;
    }
    if let Some(reason) = reason {
        send_close(&mut socket, reason).await;
    }
}

/// Removes the session when dropped, also when the task that serves the client panics.
struct ConnectionGuard<'a> {
    client: &'a ConnectedClient,
    _counted: Counted,
}

impl<'a> ConnectionGuard<'a> {
    fn new(client: &'a ConnectedClient) -> Self {
        Self { client, _counted: Counted::new(&client.server.metrics.clients.connected) }
    }
}

impl Drop for ConnectionGuard<'_> {
    fn drop(&mut self) {
        self.client.hub.remove_session(&self.client.session);
    }
}

fn ended(reason: Option<CloseReason>) -> ConnectionState {
    match reason {
        None
        | Some(CloseReason::Slow | CloseReason::Misuse | CloseReason::Stopping | CloseReason::TryAgain) => {
            ConnectionState::Closed
        }
        Some(CloseReason::Silent) => ConnectionState::TimedOut,
        Some(
            CloseReason::Kicked
            | CloseReason::Replaced
            | CloseReason::Expired
            | CloseReason::Deleted
            | CloseReason::Refused,
        ) => ConnectionState::LoggedOut,
    }
}

/// Lets a client into its groups; returns their number. `None` when its account was kicked meanwhile.
async fn enter(client: &ConnectedClient) -> Result<Option<u64>, StoreError> {
    let (store, account) = (&client.server.store, client.account());
    // Read after the session is in the directory, so that no kick is missed.
    if client.session.signed < store.signatures_from(client.app.id, account.clone()).await? {
        return Ok(None);
    }
    let known = store.accounts(client.app.id, vec![account.clone()]).await?;
    if known.iter().flatten().next().is_none() {
        // The app has signed for the account, which also creates accounts in the imitated service. [choice]
        let import = AccountImport { id: account.clone(), nick: None, face_url: None };
        store.import_accounts(client.context(), vec![import]).await?;
        client.hub.counts.totals_change();
    }
    client.hub.enter_groups(&client.session).await.map(Some)
}
