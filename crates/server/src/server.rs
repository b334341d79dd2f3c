//! The running server: opens the store, listens, and drains when it is stopped.

mod error;
mod opening;

pub use error::ServeError;

use crate::archiving;
use crate::config::{Config, StoreUrl, TlsConfig};
use crate::connection::{self, Caller, Door};
use crate::console::{local, users};
use crate::counting::Counting;
use crate::metrics::{self, Counted};
use crate::pace::Pace;
use crate::pushes;
use crate::retention;
use crate::router;
use crate::slots::Slots;
use crate::state::Server;
use crate::tls;
use crate::webhook::{alert, dispatch};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The addresses on which a server listens.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The address of everything but metrics.
    pub address: SocketAddr,
    /// The address of `/metrics`, if they are served.
    pub metrics: Option<SocketAddr>,
    /// The address of the console, if it has one of its own.
    pub console: Option<SocketAddr>,
    /// Whether the console got its first user now, of which the configuration has the password.
    pub first_user_made: bool,
}

impl Listening {
    /// The lines that a starting server prints: one for each address, that of everything else first.
    #[must_use]
    pub fn lines(&self, scheme: &str) -> String {
        let metrics = self.metrics.map(|metrics| format!("metrics listening on http://{metrics}/metrics\n"));
        let console = self.console.map(|at| format!("console listening on {scheme}://{at}/console/\n"));
        let [metrics, console] = [metrics, console].map(Option::unwrap_or_default);
        format!("listening on {scheme}://{}\n{metrics}{console}", self.address)
    }
}

/// Connections to the address of the console at a time, and those of them from one network.
const CONSOLE_CONNECTIONS_MAX: usize = 256;
const CONSOLE_CONNECTIONS_SHARE: usize = 64;

/// Listens at an address that need not be there.
async fn listen_apart(
    address: Option<SocketAddr>,
    setting: &'static str,
) -> Result<(Option<TcpListener>, Option<SocketAddr>), ServeError> {
    let Some(address) = address else { return Ok((None, None)) };
    let (listener, address) = listen(address, setting).await?;
    Ok((Some(listener), Some(address)))
}

async fn listen(address: SocketAddr, setting: &'static str) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |cause| ServeError::Listen { address, setting, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Runs the server until `shutdown` is done, then drains it: running calls may finish. `ready` is called with its addresses
/// once requests are accepted.
///
/// # Errors
/// The store cannot be opened, the address is taken, or the certificate is unusable.
pub async fn serve(
    mut config: Config,
    ready: impl FnOnce(Listening) + Send,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let tls = config.tls.as_ref().map(|TlsConfig { cert, key }| tls::acceptor(cert, key)).transpose()?;
    let (listener, address) = listen(config.listen, "listen").await?;
    let (metrics_listener, metrics) = listen_apart(config.metrics, "metrics.listen").await?;
    let apart = config.console.listen.filter(|_| config.console.enabled);
    let (console_listener, console) = listen_apart(apart, "console.listen").await?;
    let first_password = config.console.first_password.take();
    let socket = local_socket(&config);
    let server = opening::open(config).await?;
    let first_user_made = match first_password {
        Some(password) => {
            users::make_first(&*server.store, password.text().to_owned(), server.clock.now()).await?
        }
        None => false,
    };
    let mut background = JoinSet::new();
    if let Some(path) = socket {
        background.spawn(local::serve(Arc::clone(&server), path));
    }
    background.spawn(Arc::clone(&server.ticks).count());
    background.spawn(retention::run(Arc::clone(&server)));
    background.spawn(alert::run(Arc::clone(&server)));
    let (drain, draining) = watch::channel(false);
    let archiving = tokio::spawn(archiving::run(Arc::clone(&server), draining.clone()));
    let counting = tokio::spawn(Counting::new(Arc::clone(&server)).run(draining.clone()));
    let mut dispatchers = JoinSet::new();
    for app in server.apps.all() {
        dispatchers.spawn(pushes::run(Arc::clone(&server), Arc::clone(&app), draining.clone()));
        if let Some(receiver) = app.webhook.clone() {
            dispatchers.spawn(dispatch::run(Arc::clone(&server), app, receiver, draining.clone()));
        }
    }
    if let Some(listener) = metrics_listener {
        background.spawn(serve_metrics(Arc::clone(&server), listener, draining.clone()));
    }
    if let Some(listener) = console_listener {
        background.spawn(serve_console(Arc::clone(&server), listener, tls.clone(), draining.clone()));
    }
    let slots = Slots::new(server.http.connections_max, server.http.connections_per_address_max);
    ready(Listening { address, metrics, console, first_user_made });
    accept_until(shutdown, &server, (&listener, Door::Main), tls, &draining, &slots).await;
    drop(listener);
    drain_calls(&server, &drain, &slots).await;
    // Webhook requests under way have their own, shorter limit.
    while dispatchers.join_next().await.is_some() {}
    if let Some(jobs) = &server.jobs {
        jobs.close().await;
    }
    // A file that is being made is given up.
    archiving.await.unwrap_or_default();
    // Nothing is left that could be counted.
    if let Ok(counting) = counting.await {
        counting.finish().await;
    }
    // A running batch of retention is completed.
    background.shutdown().await;
    let time = Duration::from_secs(server.http.drain_seconds_max);
    if tokio::time::timeout(time, server.store.close()).await.is_err() {
        tracing::warn!(
            "stopping although the store is still writing after {} seconds (http.drain_seconds_max)",
            time.as_secs()
        );
    }
    Ok(())
}

/// The socket by which the command line reaches a console over an embedded store.
fn local_socket(config: &Config) -> Option<PathBuf> {
    match &config.store {
        StoreUrl::Embedded(directory) if config.console.enabled => Some(local::path(directory)),
        StoreUrl::Embedded(_) | StoreUrl::Postgres(_) => None,
    }
}

/// Serves connections until `shutdown` is done.
async fn accept_until(
    shutdown: impl Future<Output = ()> + Send,
    server: &Arc<Server>,
    (listener, door): (&TcpListener, Door),
    tls: Option<TlsAcceptor>,
    draining: &watch::Receiver<bool>,
    slots: &Arc<Slots>,
) {
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = next_connection(listener) => accepted,
        };
        let (stream, peer) = accepted;
        let pace = Arc::new(Pace::new(Arc::clone(&server.ticks)));
        let network = server.http.exempt_addresses.counted(peer.ip());
        // While this connection waits for a slot, others wait in the queue of the system.
        let slot = tokio::select! {
            () = &mut shutdown => break,
            slot = slots.take(network, &pace) => slot,
        };
        let Some(slot) = slot else {
            tracing::debug!(%peer, "a connection was closed: {} has http.connections_per_address_max open", peer.ip());
            continue;
        };
        let counted = Counted::new(&server.metrics.connections);
        let caller = Caller::new((peer.ip(), door), pace, slot, counted);
        let (server, tls, draining) = (Arc::clone(server), tls.clone(), draining.clone());
        tokio::spawn(async move { accept(&server, stream, caller, tls, draining).await });
    }
}

async fn next_connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Most likely the process is out of file handles; connections that end release some.
                tracing::warn!(%error, "a connection cannot be accepted; if file handles ran out, raise their limit: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves the console at an address of its own for as long as the server runs.
async fn serve_console(
    server: Arc<Server>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    draining: watch::Receiver<bool>,
) {
    let slots = Slots::new(CONSOLE_CONNECTIONS_MAX, CONSOLE_CONNECTIONS_SHARE);
    accept_until(std::future::pending(), &server, (&listener, Door::Console), tls, &draining, &slots).await;
}

/// Serves the metrics for as long as the server runs.
async fn serve_metrics(server: Arc<Server>, listener: TcpListener, draining: watch::Receiver<bool>) {
    let slots = Slots::new(metrics::CONNECTIONS_MAX, metrics::CONNECTIONS_MAX);
    loop {
        let (stream, _) = next_connection(&listener).await;
        let pace = Arc::new(Pace::new(Arc::clone(&server.ticks)));
        let Some(slot) = slots.take(None, &pace).await else { continue };
        let (server, draining) = (Arc::clone(&server), draining.clone());
        tokio::spawn(async move {
            let _slot = slot;
            let answer = |request| {
                let response = server.metrics.answer(&request);
                async { response }
            };
            connection::serve(stream, pace, server.pace_limits(), draining, answer).await;
        });
    }
}

async fn accept(
    server: &Arc<Server>,
    stream: TcpStream,
    caller: Caller,
    tls: Option<TlsAcceptor>,
    drain: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before its first request: {error}");
        return;
    }
    let Some(tls) = tls else { return serve_connection(server, stream, caller, drain).await };
    let handshake = tokio::time::timeout(server.pace_limits().head, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = caller.pace.close_requested() => return,
    };
    match shaken {
        Ok(Ok(stream)) => serve_connection(server, stream, caller, drain).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Serves the requests of one connection.
async fn serve_connection<S>(server: &Arc<Server>, stream: S, caller: Caller, drain: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (pace, limits) = (Arc::clone(&caller.pace), server.pace_limits());
    let answer = |request| {
        let (server, caller) = (Arc::clone(server), caller.clone());
        async move { router::answer(&server, request, &caller).await }
    };
    connection::serve(stream, pace, limits, drain, answer).await;
}

/// Drains: running calls may finish.
async fn drain_calls(server: &Server, drain: &watch::Sender<bool>, slots: &Slots) {
    tracing::info!("stopping: no new connections are accepted, running calls may finish");
    server.draining.store(true, Ordering::Relaxed);
    drain.send_replace(true);
    let time = Duration::from_secs(server.http.drain_seconds_max);
    server.clients.end(time).await;
    if !slots.all_free_within(time).await {
        tracing::warn!(
            "stopping although calls are still running after {} seconds (http.drain_seconds_max)",
            time.as_secs()
        );
    }
}
