//! Opens the store, and sets up the apps and the shared state.

use super::error::ServeError;
use crate::apps::rates::{Rates, SharedCalls};
use crate::apps::{App, Apps};
use crate::clients::{Clients, StoreRelay, command_names};
use crate::commands::COMMANDS;
use crate::config::{AppConfig, Config, LimitsConfig, StoreUrl, WebhookConfig};
use crate::console::guard::Guard;
use crate::console::tool::history::History;
use crate::files::partials::Partials;
use crate::files::signing::FileSigners;
use crate::files::store::FileStore;
use crate::jobs::{Jobs, Needs};
use crate::logging::ErrorLogLimiter;
use crate::metrics::Metrics;
use crate::state::Server;
use crate::usersig::failures::Failures;
use crate::webhook::receiver::Receiver;
use async_trait::async_trait;
use landfall_domain::account::AccountImport;
use landfall_domain::bulk::BulkStore;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::Outbox;
use landfall_domain::store::{Health, Store};
use landfall_domain::survey::Survey;
use landfall_domain::time::{Clock, SystemClock};
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use landfall_store::postgres::{Postgres, RemoteChange, Settings};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The state of a new server.
pub(super) async fn open(config: Config) -> Result<Arc<Server>, ServeError> {
    let metrics = Metrics::new(COMMANDS.iter().map(|entry| entry.path), command_names());
    let apps = Arc::<Apps>::default();
    let (clock, clients_max): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), config.clients.connections_max);
    let mut imports = config.imports;
    let files = FileStore::open(&config.files).await?;
    let signed_for = config.files.address_seconds;
    let file_signers = FileSigners::new(Arc::clone(&apps) as _, signed_for, Arc::clone(&clock));
    let Stores { store, outbox, survey, bulk, shared_calls, clients } = match config.store {
        StoreUrl::Embedded(dir) => {
            imports = imports.or_else(|| Some(dir.join("imports")));
            let store = open_embedded(dir, metrics.store.clone()).await?;
            let (own, files, clock) = (Arc::clone(&store), Arc::clone(&file_signers), Arc::clone(&clock));
            let clients = Clients::alone(own as _, clock, files, clients_max);
            Stores::of(store, None, clients)
        }
        StoreUrl::Postgres(settings) => {
            let relay = Arc::<StoreRelay>::default();
            let store =
                open_postgres(*settings, metrics.store.clone(), &apps, &relay, &config.limits).await?;
            let calls = Arc::clone(&store) as Arc<dyn SharedCalls>;
            let (events, own, clock) = (&config.events, Arc::clone(&store), Arc::clone(&clock));
            let files = Arc::clone(&file_signers);
            let clients = Clients::of_several(own, &relay, events, clock, files, clients_max).await;
            let clients = clients.map_err(|cause| ServeError::Events(Box::new(cause)))?;
            Stores::of(store, config.limits.shared.then_some(calls), clients)
        }
    };
    let clients = Arc::new(clients);
    let hubs = Arc::clone(&clients);
    let needs = Needs {
        store: Arc::clone(&store),
        bulk,
        apps: Arc::clone(&apps),
        hub: Box::new(move |app| hubs.hub(app)),
        clock: Arc::clone(&clock),
        limits: config.limits.limits,
        unknown: config.unknown_accounts,
    };
    let server = Server {
        jobs: imports.map(|directory| jobs(&directory, needs)).transpose()?,
        clients,
        archives: Arc::default(),
        store,
        outbox,
        survey,
        apps,
        limits: config.limits.limits,
        unknown_accounts: config.unknown_accounts,
        listening_at: config.listen.ip(),
        http: config.http,
        files,
        file_signers,
        partials: Partials::default(),
        files_config: config.files,
        console: Guard::new(&config.console, config.tls.is_some()),
        clock,
        metrics,
        ticks: Arc::default(),
        error_log: ErrorLogLimiter::default(),
        failures: Failures::default(),
        draining: AtomicBool::default(),
        tried: History::default(),
    };
    put_apps(&server, config.apps, config.limits.calls_per_second, shared_calls.as_ref()).await?;
    Ok(Arc::new(server))
}

async fn put_apps(
    server: &Server,
    apps: Vec<AppConfig>,
    calls_per_second: u32,
    shared_calls: Option<&Arc<dyn SharedCalls>>,
) -> Result<(), ServeError> {
    for app in apps {
        let rates = NonZeroU32::new(calls_per_second).map(|per_second| {
            let commands = COMMANDS.iter().map(|entry| (entry.path, entry.rate_divisor));
            Rates::new(app.id, per_second, commands, shared_calls)
        });
        let (id, webhook) = (app.id, app.webhook.clone());
        let mut app = App::new(app, rates);
        app.webhook = webhook.map(|webhook| receiver(server, id, webhook)).transpose()?;
        put_app(server, app).await?;
    }
    Ok(())
}

/// A store as each part of the server sees it, what counts calls across servers, and the connected clients.
struct Stores {
    store: Arc<dyn Store>,
    outbox: Arc<dyn Outbox>,
    survey: Arc<dyn Survey>,
    bulk: Arc<dyn BulkStore>,
    shared_calls: Option<Arc<dyn SharedCalls>>,
    clients: Clients,
}

impl Stores {
    fn of<S: Store + Outbox + Survey + BulkStore + 'static>(
        store: Arc<S>,
        shared_calls: Option<Arc<dyn SharedCalls>>,
        clients: Clients,
    ) -> Self {
        let (outbox, survey, bulk) = (Arc::clone(&store), Arc::clone(&store), Arc::clone(&store));
        Self { store, outbox, survey, bulk, shared_calls, clients }
    }
}

/// The jobs in a folder.
fn jobs(directory: &Path, needs: Needs) -> Result<Arc<Jobs>, StoreError> {
    Jobs::open(directory, needs)
        .map_err(|cause| StoreError::failed(&format!("reading the jobs in {}", directory.display()), &cause))
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
    let notify = move |change| {
        relay.pass_on(&change);
        if let Some(apps) = apps.upgrade() {
            apps.on_remote_change(change);
        }
    };
    Ok(Arc::new(Postgres::open(settings, metrics, Arc::new(notify)).await?))
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
