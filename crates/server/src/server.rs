//! The running server: opens the store, listens, and drains when it is stopped.

use crate::apps::rates::{Rates, SharedCalls};
use crate::apps::{App, Apps};
use crate::clients::{Clients, StoreRelay};
use crate::commands::COMMANDS;
use crate::config::{Config, LimitsConfig, StoreUrl, TlsConfig, WebhookConfig};
use crate::connection::{self, Caller};
use crate::logging::ErrorLogLimiter;
use crate::metrics::{self, Counted, Metrics};
use crate::pace::Pace;
use crate::retention;
use crate::router;
use crate::slots::Slots;
use crate::state::Server;
use crate::tls::{self, TlsError};
use crate::usersig::failures::Failures;
use crate::webhook::dispatch;
use crate::webhook::receiver::Receiver;
use crate::webhook::sender::SenderError;
use async_trait::async_trait;
use landfall_domain::account::AccountImport;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::Outbox;
use landfall_domain::store::{Context, Health, Store, StoreError};
use landfall_domain::time::{Clock, SystemClock};
use landfall_store::StoreMetrics;
use landfall_store::embedded::{self, Embedded};
use landfall_store::postgres::{self, Postgres, RemoteChange, Settings};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The reason why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address} ({setting})")]
    Listen {
        address: SocketAddr,
        /// The setting of the address.
        setting: &'static str,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    OpenEmbedded(#[from] embedded::OpenError),
    #[error(transparent)]
    OpenPostgres(#[from] postgres::OpenError),
    #[error("cannot prepare the store: {0}")]
    Prepare(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The transport of events between servers cannot be reached.
    #[error("events between servers: the transport cannot be used; check the section [events]")]
    Events(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file of an app's webhook cannot be used.
    #[error("the webhook of app {app} cannot be used")]
    Webhook {
        app: AppId,
        #[source]
        cause: Box<SenderError>,
    },
}

/// The addresses on which a server listens.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The address of everything but metrics.
    pub address: SocketAddr,
    /// The address of `/metrics`, if they are served.
    pub metrics: Option<SocketAddr>,
}

impl Listening {
    /// The lines that a starting server prints: one for each address, that of the metrics last.
    #[must_use]
    pub fn lines(&self, scheme: &str) -> String {
        let metrics = self.metrics.map(|metrics| format!("metrics listening on http://{metrics}/metrics\n"));
        format!("listening on {scheme}://{}\n{}", self.address, metrics.unwrap_or_default())
    }
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
    config: Config,
    ready: impl FnOnce(Listening) + Send,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let tls = config.tls.as_ref().map(|TlsConfig { cert, key }| tls::acceptor(cert, key)).transpose()?;
    let (listener, address) = listen(config.listen, "listen").await?;
    let metrics_listener = match config.metrics {
        Some(address) => Some(listen(address, "metrics.listen").await?),
        None => None,
    };
    let server = open(config).await?;
    let mut background = JoinSet::new();
    background.spawn(Arc::clone(&server.ticks).count());
    background.spawn(retention::run(Arc::clone(&server)));
    let (drain, draining) = watch::channel(false);
    let mut dispatchers = JoinSet::new();
    for app in server.apps.all() {
        if let Some(receiver) = app.webhook.clone() {
            dispatchers.spawn(dispatch::run(Arc::clone(&server), app, receiver, draining.clone()));
        }
    }
    let metrics = metrics_listener.as_ref().map(|(_, address)| *address);
    if let Some((listener, _)) = metrics_listener {
        background.spawn(serve_metrics(Arc::clone(&server), listener, draining.clone()));
    }
    let slots = Slots::new(server.http.connections_max, server.http.connections_per_address_max);
    ready(Listening { address, metrics });
    accept_until(shutdown, &server, &listener, tls, &draining, &slots).await;
    drop(listener);
    drain_calls(&server, &drain, &slots).await;
    // Webhook requests under way have their own, shorter limit.
    while dispatchers.join_next().await.is_some() {}
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

/// Opens the store and sets up the apps.
async fn open(config: Config) -> Result<Arc<Server>, ServeError> {
    let metrics = Metrics::new(COMMANDS.iter().map(|entry| entry.path));
    let apps = Arc::<Apps>::default();
    let (clock, clients_max): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), config.clients.connections_max);
    let (store, outbox, shared_calls, clients): (Arc<dyn Store>, Arc<dyn Outbox>, _, _) = match config.store {
        StoreUrl::Embedded(dir) => {
            let store = open_embedded(dir, metrics.store.clone()).await?;
            let clients = Clients::alone(Arc::clone(&store) as _, Arc::clone(&clock), clients_max);
            (Arc::clone(&store) as _, store, None, clients)
        }
        StoreUrl::Postgres(settings) => {
            let relay = Arc::<StoreRelay>::default();
            let store =
                open_postgres(*settings, metrics.store.clone(), &apps, &relay, &config.limits).await?;
            let calls: Arc<dyn SharedCalls> = Arc::clone(&store) as Arc<dyn SharedCalls>;
            let (events, own, clock) = (&config.events, Arc::clone(&store), Arc::clone(&clock));
            let clients = Clients::of_several(own, &relay, events, clock, clients_max).await;
            let clients = clients.map_err(|cause| ServeError::Events(Box::new(cause)))?;
            (Arc::clone(&store) as _, store, config.limits.shared.then_some(calls), clients)
        }
    };
    let server = Server {
        clients,
        store,
        outbox,
        apps,
        limits: config.limits.limits,
        unknown_accounts: config.unknown_accounts,
        http: config.http,
        clock,
        metrics,
        ticks: Arc::default(),
        error_log: ErrorLogLimiter::default(),
        failures: Failures::default(),
        draining: AtomicBool::new(false),
    };
    for app in config.apps {
        let rates = NonZeroU32::new(config.limits.calls_per_second).map(|per_second| {
            let commands = COMMANDS.iter().map(|entry| (entry.path, entry.halved_rate));
            Rates::new(app.id, per_second, commands, shared_calls.as_ref())
        });
        let (id, webhook) = (app.id, app.webhook.clone());
        let mut app = App::new(app, rates);
        app.webhook = webhook.map(|webhook| receiver(&server, id, webhook)).transpose()?;
        put_app(&server, app).await?;
    }
    Ok(Arc::new(server))
}

/// Serves connections until `shutdown` is done.
async fn accept_until(
    shutdown: impl Future<Output = ()> + Send,
    server: &Arc<Server>,
    listener: &TcpListener,
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
        let caller = Caller::new(peer.ip(), pace, slot, counted);
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

/// The receiver of an app's webhooks.
fn receiver(server: &Server, app: AppId, config: WebhookConfig) -> Result<Arc<Receiver>, ServeError> {
    let metrics = server.metrics.webhooks.clone();
    let receiver = Receiver::new(config, app, metrics);
    receiver.map(Arc::new).map_err(|cause| ServeError::Webhook { app, cause: Box::new(cause) })
}

async fn open_embedded(dir: PathBuf, metrics: StoreMetrics) -> Result<Arc<Embedded>, ServeError> {
    tracing::info!(dir = %dir.display(), "store: embedded, in {}", dir.display());
    // Opening replays the journal, so it runs outside the async threads.
    let opened = tokio::task::spawn_blocking(move || Embedded::open(&dir, metrics)).await;
    let store = opened
        .map_err(|panicked| StoreError::failed("the thread that opened the store panicked", &panicked))??;
    Ok(Arc::new(store))
}

async fn open_postgres(
    settings: Settings,
    metrics: StoreMetrics,
    apps: &Arc<Apps>,
    relay: &Arc<StoreRelay>,
    limits: &LimitsConfig,
) -> Result<Arc<Postgres>, ServeError> {
    let counted = match limits {
        LimitsConfig { calls_per_second: 0, .. } => "is not limited",
        LimitsConfig { shared: false, .. } => "is counted per process",
        LimitsConfig { shared: true, .. } => "is counted across processes",
    };
    // The settings print without user and password.
    tracing::info!(store = %settings, "store: PostgreSQL, at {settings}; call frequency {counted}");
    // Until the store listens to notifications, kicks by other servers may be missed.
    apps.on_remote_change(RemoteChange::Disconnected);
    // Weak, because the apps hold the store, which counts their calls.
    let (apps, relay) = (Arc::downgrade(apps), Arc::clone(relay));
    let hear = move |change| {
        relay.pass_on(&change);
        if let Some(apps) = apps.upgrade() {
            apps.on_remote_change(change);
        }
    };
    Ok(Arc::new(Postgres::open(settings, metrics, Arc::new(hear)).await?))
}

#[async_trait]
impl SharedCalls for Postgres {
    async fn take(
        &self,
        app: AppId,
        command: &str,
        calls: u32,
        per_second: NonZeroU32,
    ) -> Result<bool, StoreError> {
        self.take_calls(app, command, calls, per_second.get()).await
    }
}

/// Adds an app. Its administrators become accounts, so that they can be checked and named like others.
async fn put_app(server: &Server, app: App) -> Result<(), StoreError> {
    let context = Context { app: app.id, now: server.clock.now(), unknown: server.unknown_accounts };
    let accounts =
        app.admins.iter().map(|id| AccountImport { id: id.clone(), nick: None, face_url: None }).collect();
    if let Err(error) = server.store.import_accounts(context, accounts).await {
        // Undamaged data must stay available.
        let Health::Damaged(_) = server.store.health() else { return Err(error) };
        tracing::error!(%error, "store: damaged, so the administrators of app {} could not be imported; see `landfall store check`: {error}", app.id);
    }
    server.apps.put(app);
    Ok(())
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
