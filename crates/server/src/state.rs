//! The state that all connections share.

use crate::apps::Apps;
use crate::archive::Asked;
use crate::clients::Clients;
use crate::config::{FilesConfig, HttpConfig};
use crate::console::guard::Guard;
use crate::console::tool::history::History;
use crate::files::partials::Partials;
use crate::files::signing::FileSigners;
use crate::files::store::FileStore;
use crate::jobs::Jobs;
use crate::logging::ErrorLogLimiter;
use crate::metrics::Metrics;
use crate::pace::{PaceLimits, Ticks};
use crate::usersig::failures::Failures;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::limits::Limits;
use landfall_domain::outbox::Outbox;
use landfall_domain::store::{Health, Store};
use landfall_domain::survey::Survey;
use landfall_domain::time::Clock;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) struct Server {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) survey: Arc<dyn Survey>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) archives: Arc<Asked>,
    /// `None` where no folder is configured for them.
    pub(crate) jobs: Option<Arc<Jobs>>,
    pub(crate) limits: Limits,
    pub(crate) unknown_accounts: UnknownAccounts,
    pub(crate) listening_at: IpAddr,
    pub(crate) http: HttpConfig,
    pub(crate) files: FileStore,
    pub(crate) file_signers: Arc<FileSigners>,
    /// Files of members that have not arrived whole.
    pub(crate) partials: Partials,
    pub(crate) files_config: FilesConfig,
    pub(crate) console: Guard,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) ticks: Arc<Ticks>,
    pub(crate) error_log: ErrorLogLimiter,
    /// Counts the refused signatures of each address.
    pub(crate) failures: Failures,
    pub(crate) draining: AtomicBool,
    /// Calls that were tried on the console's pages.
    pub(crate) tried: History,
}

impl Server {
    /// Whether a load balancer should send new calls here.
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
