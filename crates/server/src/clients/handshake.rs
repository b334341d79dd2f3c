//! From a request at `/v4/gateway` to a connected client.
//!
//! A request that asks for a WebSocket gets one, whoever asks: a browser shows a page neither status nor body of an answer
//! that refuses it, but the code and reason with which a connection is closed. [choice]

use super::client::Client;
use super::dialog::{Dialog, goodbye};
use super::frame;
use super::positions::WINDOW;
use super::session::{Platform, Session, Why};
use super::slowed::Slowed;
use crate::apps::App;
use crate::authentication;
use crate::code::Code;
use crate::connection::Caller;
use crate::logging;
use crate::metrics::Counted;
use crate::reply::{self, Failure};
use crate::state::Server;
use crate::url::Query;
use crate::usersig::Verified;
use crate::webhook::presence::State;
use futures_util::SinkExt as _;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use landfall_domain::account::AccountImport;
use landfall_domain::ids::UserId;
use landfall_domain::store::StoreError;
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
const REQUEST_BYTES_MAX: usize = 16 << 10;
/// What is read of a connection at a time, bytes: clients say little, and there are many. It is cleared at every read.
const READ_BYTES: usize = 1 << 10;
/// What is gathered before it is written, bytes: frames that come together take one call to the system.
const WRITE_BYTES: usize = 4 << 10;

type Socket = WebSocketStream<Slowed<TokioIo<Upgraded>>>;

/// Answers a request at [`PATH`], and goes on with the client in a task of its own.
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

/// Until the client is let in, it has the place of its connection; who is not let in makes room for others.
async fn connect(server: Arc<Server>, upgrade: OnUpgrade, query: String, from: Caller) {
    let upgraded = match tokio::time::timeout(server.pace_limits().head, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a client has gone before it was connected: {error}");
            return;
        }
        Err(_) => return,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(REQUEST_BYTES_MAX))
        .max_frame_size(Some(REQUEST_BYTES_MAX));
    let stream = Slowed::new(TokioIo::new(upgraded));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let goodbye = match admit(&server, &query, &from).await {
        Ok((app, client)) => match server.clients.places.try_acquire() {
            Ok(_place) => {
                // The query is long, holds the signature, and clients stay for days.
                drop((from, query));
                return welcome(&server, &app, client, socket).await;
            }
            Err(_) => {
                if let Some(suppressed) = server.error_log.admit() {
                    tracing::warn!(
                        suppressed,
                        "a client is turned away: clients.connections_max are connected"
                    );
                }
                Goodbye { refusal: None, why: Why::TryAgain }
            }
        },
        Err(failure) => Goodbye::refusing(&server, &failure, &query, from.address),
    };
    from.pace.work_ends();
    tokio::select! {
        () = goodbye.say(&mut socket) => {}
        () = from.pace.close_requested() => {}
    }
}

/// Who connects.
async fn admit(server: &Arc<Server>, query: &str, from: &Caller) -> Result<(Arc<App>, Arriving), Failure> {
    let (app, account, verified) =
        authentication::signed(server, query, from, server.clock.now(), Code::GroupInternal).await?;
    let Query { platform, hold, .. } = Query::parse(query);
    let platform = platform.as_deref().map(Platform::parse).unwrap_or_default();
    let held = hold.as_deref() == Some("1");
    Ok((app, Arriving { account, platform, held, verified, peer: from.address }))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Refused<'a> {
    event: &'static str,
    error_code: u32,
    error_info: &'a str,
}

/// What a client hears that is not let in.
struct Goodbye {
    refusal: Option<String>,
    why: Why,
}

impl Goodbye {
    fn refusing(server: &Server, failure: &Failure, query: &str, peer: IpAddr) -> Self {
        match &failure.cause {
            None => logging::log_refusal("a client", failure.number(), &failure.text, query, peer),
            Some(cause) => {
                if let Some(suppressed) = server.error_log.admit() {
                    tracing::error!(%cause, suppressed, "a client cannot be let in: {cause}");
                }
            }
        }
        let (error_code, error_info) = (failure.number(), failure.text.as_ref());
        let text = frame::text(&Refused { event: "refused", error_code, error_info });
        // These two pass by themselves.
        let passes = failure.cause.is_some() || failure.code == Code::UserSigTooManyFailures;
        Self { refusal: Some(text), why: if passes { Why::TryAgain } else { Why::Refused } }
    }

    async fn say(self, socket: &mut Socket) {
        if let Some(text) = self.refusal {
            // It is written with the goodbye, which has its bound.
            if socket.feed(Message::Text(text.into())).await.is_err() {
                return;
            }
        }
        goodbye(socket, self.why).await;
    }
}

/// A client whose signature is good.
struct Arriving {
    account: UserId,
    platform: Platform,
    held: bool,
    verified: Verified,
    peer: IpAddr,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ready<'a> {
    event: &'static str,
    identifier: &'a str,
    session_id: u64,
    group_count: u64,
    server_time: u64,
    /// Messages of one conversation that come before an acknowledgement.
    window: u32,
}

async fn welcome(server: &Arc<Server>, app: &Arc<App>, client: Arriving, mut socket: Socket) {
    let Arriving { account, platform, held, verified, peer } = client;
    let id = server.clients.next_session();
    let (session, frames) = Session::new(id, account, platform, verified.made);
    let (server, app, hub) = (Arc::clone(server), Arc::clone(app), server.clients.hub(app.id));
    let client = Arc::new(Client { server, app, hub, session, peer });
    let replaced = client.hub.arrive(&client.session);
    // Looked at after it is among those that are told.
    if client.server.clients.is_ending() {
        client.session.close(Why::Stopping);
    }
    let present = Present::new(&client);
    let why = match enter(&client).await {
        Ok(Some(group_count)) => {
            let identifier = client.account().as_str();
            let (event, server_time) = ("ready", client.now().0);
            let ready = Ready { event, identifier, session_id: id, group_count, server_time, window: WINDOW };
            let ready = frame::text(&ready);
            client.tell_state(State::Began, replaced).await;
            let dialog = Dialog::new(Arc::clone(&client), socket, frames, verified.last_valid, held);
            let (back, why) = dialog.run(ready).await;
            socket = back;
            client.tell_state(ended(why), None).await;
            why
        }
        Ok(None) => Some(Why::Kicked),
        Err(error) => {
            if let Some(suppressed) = client.server.error_log.admit() {
                tracing::error!(%error, suppressed, "a client cannot be let in: {error}");
            }
            Some(Why::TryAgain)
        }
    };
    drop(present);
    if why == Some(Why::Slow) {
        client.server.metrics.clients.slow.inc();
    }
    for group in client.session.visited() {
        client.tell_visit(&group, false).await;
    }
    if let Some(why) = why {
        goodbye(&mut socket, why).await;
    }
}

/// That a client is connected, for as long as this is: it also goes when what serves it panics.
struct Present<'a> {
    client: &'a Client,
    _counted: Counted,
}

impl<'a> Present<'a> {
    fn new(client: &'a Client) -> Self {
        Self { client, _counted: Counted::new(&client.server.metrics.clients.connected) }
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.client.hub.depart(&self.client.session);
    }
}

fn ended(why: Option<Why>) -> State {
    match why {
        None | Some(Why::Slow | Why::Misuse | Why::Stopping | Why::TryAgain) => State::Closed,
        Some(Why::Silent) => State::TimedOut,
        Some(Why::Kicked | Why::Replaced | Why::Expired | Why::Deleted | Why::Refused) => State::LoggedOut,
    }
}

/// Lets a client into its groups; how many these are. `None` when it was kicked meanwhile.
async fn enter(client: &Client) -> Result<Option<u64>, StoreError> {
    let (store, account) = (&client.server.store, client.account());
    // Looked at after it is among the clients that a kick ends, so that none is missed.
    if client.session.signed < store.signatures_from(client.app.id, account.clone()).await? {
        return Ok(None);
    }
    let known = store.accounts(client.app.id, vec![account.clone()]).await?;
    if known.iter().flatten().next().is_none() {
        // The app signed for it, which is how accounts first come to the imitated service too. [choice]
        let import = AccountImport { id: account.clone(), nick: None, face_url: None };
        store.import_accounts(client.context(), vec![import]).await?;
    }
    client.hub.enter_all(&client.session).await.map(Some)
}
