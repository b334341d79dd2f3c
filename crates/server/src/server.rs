//! The running server: opens the store, listens, and ends in order.

use crate::apps::rates::{Rates, SharedCalls};
use crate::apps::{App, Apps};
use crate::clients::{Clients, StoreEars};
use crate::commands::COMMANDS;
use crate::config::{Config, HttpConfig, LimitsConfig, StoreUrl, TlsConfig, WebhookConfig};
use crate::connection::{self, PaceLimits, Ticks};
use crate::logging::Causes;
use crate::metrics::Metrics;
use crate::retention;
use crate::tls::{self, TlsError};
use crate::webhook::dispatch;
use crate::webhook::receiver::Receiver;
use crate::webhook::sender::SenderError;
use async_trait::async_trait;
use landfall_domain::account::{AccountImport, UnknownAccounts};
use landfall_domain::ids::AppId;
use landfall_domain::limits::Limits;
use landfall_domain::outbox::Outbox;
use landfall_domain::store::{Context, Health, Store, StoreError};
use landfall_domain::time::{Clock, SystemClock};
use landfall_store::StoreMetrics;
use landfall_store::embedded::{self, Embedded};
use landfall_store::postgres::{self, Postgres, RemoteChange, Settings};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// The data directory cannot be opened.
    #[error(transparent)]
    OpenEmbedded(#[from] embedded::OpenError),
    /// The database cannot be opened.
    #[error(transparent)]
    OpenPostgres(#[from] postgres::OpenError),
    /// The store cannot be written.
    #[error("cannot prepare the store: {0}")]
    Prepare(#[from] StoreError),
    /// The certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What carries events between servers cannot be reached.
    #[error("servers cannot tell each other events")]
    Events(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The webhook of an app cannot be called.
    #[error("the webhook of app {app} cannot be used")]
    Webhook {
        /// The app.
        app: AppId,
        /// The cause.
        #[source]
        cause: Box<SenderError>,
    },
}

/// What every connection shares.
pub(crate) struct Server {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) clients: Clients,
    pub(crate) limits: Limits,
    pub(crate) unknown_accounts: UnknownAccounts,
    pub(crate) http: HttpConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) ticks: Arc<Ticks>,
    pub(crate) causes: Causes,
    draining: AtomicBool,
}

impl Server {
    /// Whether new calls should come here.
    pub(crate) fn readiness(&self) -> Health {
        if self.draining.load(Ordering::Relaxed) {
            return Health::NotReady("the server is stopping".to_owned());
        }
        self.store.health()
    }

    pub(crate) fn pace_limits(&self) -> PaceLimits {
        PaceLimits {
            idle: Duration::from_secs(self.http.idle_seconds_max),
            head: Duration::from_secs(self.http.head_seconds_max),
            body: Duration::from_secs(self.http.body_seconds_max),
        }
    }
}

/// Runs the server until `shutdown` is done, then lets the calls under way end. `ready` is called with the address
/// once requests are accepted.
///
/// # Errors
/// The store cannot be opened, the address is taken, or the certificate is unusable.
pub async fn serve(
    config: Config,
    ready: impl FnOnce(SocketAddr) + Send,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let tls = config.tls.as_ref().map(|TlsConfig { cert, key }| tls::acceptor(cert, key)).transpose()?;
    let listen_error = |cause| ServeError::Listen { address: config.listen, cause };
    let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
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
    let connections = Arc::new(Semaphore::new(server.http.connections_max));
    ready(address);
    accept_until(shutdown, &server, &listener, tls, &draining, &connections).await;
    drop(listener);
    end(&server, &drain, &connections).await;
    // What is on its way to receivers has its own, shorter limit.
    while dispatchers.join_next().await.is_some() {}
    // A step of an expiry that is under way is carried out whole.
    background.shutdown().await;
    let time = Duration::from_secs(server.http.drain_seconds_max);
    if tokio::time::timeout(time, server.store.close()).await.is_err() {
        tracing::warn!("stopping although the store is still writing after {} seconds", time.as_secs());
    }
    Ok(())
}

/// Opens the store and takes in the apps.
async fn open(config: Config) -> Result<Arc<Server>, ServeError> {
    let metrics = Metrics::default();
    let apps = Arc::<Apps>::default();
    let (clock, clients_max): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), config.clients.connections_max);
    let (store, outbox, shared_calls, clients): (Arc<dyn Store>, Arc<dyn Outbox>, _, _) = match config.store {
        StoreUrl::Embedded(dir) => {
            let store = open_embedded(dir, metrics.store.clone()).await?;
            let clients = Clients::alone(Arc::clone(&store) as _, Arc::clone(&clock), clients_max);
            (Arc::clone(&store) as _, store, None, clients)
        }
        StoreUrl::Postgres(settings) => {
            let ears = Arc::<StoreEars>::default();
            let store = open_postgres(*settings, metrics.store.clone(), &apps, &ears, &config.limits).await?;
            let calls: Arc<dyn SharedCalls> = Arc::clone(&store) as Arc<dyn SharedCalls>;
            let (events, own, clock) = (&config.events, Arc::clone(&store), Arc::clone(&clock));
            let clients = Clients::of_several(own, &ears, events, clock, clients_max).await;
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
        causes: Causes::default(),
        draining: AtomicBool::new(false),
    };
    for app in config.apps {
        let rates = NonZeroU32::new(config.limits.calls_per_second)
            .map(|per_second| Rates::new(app.id, per_second, COMMANDS, shared_calls.as_ref()));
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
    connections: &Arc<Semaphore>,
) {
    let mut shutdown = pin!(shutdown);
    loop {
        // A place first: connections over the limit wait in the machine's queue rather than being refused.
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = Arc::clone(connections).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (server, tls, draining) = (Arc::clone(server), tls.clone(), draining.clone());
                tokio::spawn(async move {
                    let _place = place;
                    server.metrics.connections.inc();
                    accept(&server, stream, peer.ip(), tls, draining).await;
                    server.metrics.connections.dec();
                });
            }
            Err(error) => {
                // Out of file handles, most likely: connections that end give some back.
                tracing::warn!(%error, "a connection cannot be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Who is told what happens in an app.
fn receiver(server: &Server, app: AppId, config: WebhookConfig) -> Result<Arc<Receiver>, ServeError> {
    let metrics = server.metrics.webhooks.clone();
    let receiver = Receiver::new(config, app, metrics);
    receiver.map(Arc::new).map_err(|cause| ServeError::Webhook { app, cause: Box::new(cause) })
}

async fn open_embedded(dir: PathBuf, metrics: StoreMetrics) -> Result<Arc<Embedded>, ServeError> {
    tracing::info!(dir = %dir.display(), "the store is embedded, in {}", dir.display());
    // Opening replays the journal, so it is done off the async threads.
    let opened = tokio::task::spawn_blocking(move || Embedded::open(&dir, metrics)).await;
    let store = opened.map_err(|panicked| StoreError::failed("opening the store broke off", &panicked))??;
    Ok(Arc::new(store))
}

async fn open_postgres(
    settings: Settings,
    metrics: StoreMetrics,
    apps: &Arc<Apps>,
    ears: &Arc<StoreEars>,
    limits: &LimitsConfig,
) -> Result<Arc<Postgres>, ServeError> {
    let counted = match limits {
        LimitsConfig { calls_per_second: 0, .. } => "is not limited",
        LimitsConfig { shared: false, .. } => "is counted per process",
        LimitsConfig { shared: true, .. } => "is counted across processes",
    };
    // The settings print without user and password.
    tracing::info!(store = %settings, "the store is PostgreSQL, at {settings}; call frequency {counted}");
    // Until the store says so, other servers are not heard.
    apps.hear(RemoteChange::Unheard);
    // The apps reach the store, to count calls: it must not keep them in turn.
    let (apps, ears) = (Arc::downgrade(apps), Arc::clone(ears));
    let hear = move |change| {
        ears.hear(&change);
        if let Some(apps) = apps.upgrade() {
            apps.hear(change);
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

/// Administrators exist as accounts, so that they can be checked and named like others.
async fn put_app(server: &Server, app: App) -> Result<(), StoreError> {
    let context = Context { app: app.id, now: server.clock.now(), unknown: server.unknown_accounts };
    let accounts =
        app.admins.iter().map(|id| AccountImport { id: id.clone(), nick: None, face_url: None }).collect();
    server.store.import_accounts(context, accounts).await?;
    server.apps.put(app);
    Ok(())
}

async fn accept(
    server: &Arc<Server>,
    stream: TcpStream,
    peer: IpAddr,
    tls: Option<TlsAcceptor>,
    drain: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once: {error}");
        return;
    }
    match tls {
        None => connection::serve(Arc::clone(server), stream, peer, drain).await,
        Some(tls) => {
            let handshake = tokio::time::timeout(server.pace_limits().head, tls.accept(stream));
            match handshake.await {
                Ok(Ok(stream)) => connection::serve(Arc::clone(server), stream, peer, drain).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed: {error}"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
    }
}

/// Lets the calls under way end.
async fn end(server: &Server, drain: &watch::Sender<bool>, connections: &Semaphore) {
    tracing::info!("stopping: no new connections, calls under way may end");
    server.draining.store(true, Ordering::Relaxed);
    drain.send_replace(true);
    let all = u32::try_from(server.http.connections_max).unwrap_or(u32::MAX);
    let time = Duration::from_secs(server.http.drain_seconds_max);
    server.clients.end(time).await;
    if tokio::time::timeout(time, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("stopping although calls are still under way after {} seconds", time.as_secs());
    }
}
