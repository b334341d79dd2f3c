//! The running server: opens the store, listens, and ends in order.

use crate::apps::rates::{Rates, SharedCalls};
use crate::apps::{App, Apps};
use crate::clients::{Clients, StoreEars};
use crate::commands::COMMANDS;
use crate::config::{Config, HttpConfig, LimitsConfig, StoreUrl, TlsConfig, WebhookConfig};
use crate::connection::{self, Pace, PaceLimits, Ticks};
use crate::gateway;
use crate::logging::ErrorLogLimiter;
use crate::metrics::{self, Counted, Metrics};
use crate::places::{Place, Places};
use crate::retention;
use crate::tls::{self, TlsError};
use crate::usersig::failures::Failures;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} ({setting})")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The setting it is from.
        setting: &'static str,
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
    pub(crate) error_log: ErrorLogLimiter,
    /// Signatures that were refused, by address.
    pub(crate) failures: Failures,
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

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The address of everything it offers to others.
    pub address: SocketAddr,
    /// The address of `/metrics`, if there is one.
    pub metrics: Option<SocketAddr>,
}

impl Listening {
    /// What a starting server prints: a line for each address. The first is that of everything it offers to others.
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

/// Runs the server until `shutdown` is done, then lets the calls under way end. `ready` is called with its addresses
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
    let figures = match config.metrics {
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
    let metrics = figures.as_ref().map(|(_, address)| *address);
    if let Some((listener, _)) = figures {
        background.spawn(serve_figures(Arc::clone(&server), listener, draining.clone()));
    }
    let places = Places::new(server.http.connections_max, server.http.connections_per_address_max);
    ready(Listening { address, metrics });
    accept_until(shutdown, &server, &listener, tls, &draining, &places).await;
    drop(listener);
    end(&server, &drain, &places).await;
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
        error_log: ErrorLogLimiter::default(),
        failures: Failures::default(),
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
    places: &Arc<Places>,
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
        // While there is no place for this one, others wait in the machine's queue.
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = places.take(network, &pace) => place,
        };
        let Some(place) = place else {
            tracing::debug!(%peer, "a connection was closed: {} has as many as it may", peer.ip());
            continue;
        };
        let counted = Arc::new(Counted::new(&server.metrics.connections));
        let caller = Caller { address: peer.ip(), pace, _held: (place, counted) };
        let (server, tls, draining) = (Arc::clone(server), tls.clone(), draining.clone());
        tokio::spawn(async move { accept(&server, stream, caller, tls, draining).await });
    }
}

async fn next_connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Out of file handles, most likely: connections that end give some back.
                tracing::warn!(%error, "a connection cannot be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Answers at the address of the figures, for as long as the server runs.
async fn serve_figures(server: Arc<Server>, listener: TcpListener, draining: watch::Receiver<bool>) {
    let places = Places::new(metrics::CONNECTIONS_MAX, metrics::CONNECTIONS_MAX);
    loop {
        let (stream, _) = next_connection(&listener).await;
        let pace = Arc::new(Pace::new(Arc::clone(&server.ticks)));
        let Some(place) = places.take(None, &pace).await else { continue };
        let (server, draining) = (Arc::clone(&server), draining.clone());
        tokio::spawn(async move {
            let _place = place;
            let answer = |request| {
                let response = server.metrics.answer(&request);
                async { response }
            };
            connection::serve(stream, pace, server.pace_limits(), draining, answer).await;
        });
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
    apps.hear(RemoteChange::Disconnected);
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
    if let Err(error) = server.store.import_accounts(context, accounts).await {
        // What is damaged must not keep back what is not.
        let Health::Damaged(_) = server.store.health() else { return Err(error) };
        tracing::error!(%error, "the administrators of an app could not be written: {error}");
    }
    server.apps.put(app);
    Ok(())
}

/// Who is at the other end of a connection.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: IpAddr,
    pub(crate) pace: Arc<Pace>,
    /// Its place, and that it is counted, for as long as anything of the connection is left.
    _held: (Arc<Place>, Arc<Counted>),
}

async fn accept(
    server: &Arc<Server>,
    stream: TcpStream,
    caller: Caller,
    tls: Option<TlsAcceptor>,
    drain: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once: {error}");
        return;
    }
    let Some(tls) = tls else { return converse(server, stream, caller, drain).await };
    let handshake = tokio::time::timeout(server.pace_limits().head, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = caller.pace.asked_to_leave() => return,
    };
    match shaken {
        Ok(Ok(stream)) => converse(server, stream, caller, drain).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Answers the requests of one connection.
async fn converse<S>(server: &Arc<Server>, stream: S, caller: Caller, drain: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (pace, limits) = (Arc::clone(&caller.pace), server.pace_limits());
    let answer = |request| {
        let (server, caller) = (Arc::clone(server), caller.clone());
        async move { gateway::answer(&server, request, &caller).await }
    };
    connection::serve(stream, pace, limits, drain, answer).await;
}

/// Lets the calls under way end.
async fn end(server: &Server, drain: &watch::Sender<bool>, places: &Places) {
    tracing::info!("stopping: no new connections, calls under way may end");
    server.draining.store(true, Ordering::Relaxed);
    drain.send_replace(true);
    let time = Duration::from_secs(server.http.drain_seconds_max);
    server.clients.end(time).await;
    if !places.are_free_within(time).await {
        tracing::warn!("stopping although calls are still under way after {} seconds", time.as_secs());
    }
}
