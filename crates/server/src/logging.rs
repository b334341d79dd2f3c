//! The log: lines of text or JSON on standard error, so that standard output holds only results.

mod output;

use crate::config::{LogConfig, LogFormat};
use crate::url::Query;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use landfall_domain::ids::{AppId, UserId};
use output::Output;
use prometheus_client::metrics::counter::Counter;
use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("log.level cannot be used")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The process started its log before.
    #[error("the log was started twice")]
    AlreadyStarted(#[source] Box<dyn Error + Send + Sync>),
}

/// Whether a line may be logged, whatever the configured level: below `info` only lines of this program itself. Libraries
/// log there what they send and receive, and contents do not belong in a log.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let part = metadata.target().split("::").next().unwrap_or_default();
    // It logs unreadable blocks as Rust's debug text; the store reports them in words.
    if metadata.target().starts_with("lsm_tree::table") {
        return false;
    }
    *metadata.level() <= Level::INFO || OWN_PARTS.contains(&part)
}

/// The crates of this program.
const OWN_PARTS: [&str; 3] = ["landfall", "landfall_domain", "landfall_store"];

/// Lines that could not be written to standard error. A process has one log, so there is one counter.
static LOST_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// How many lines of the log could not be written.
pub(crate) fn lost_lines() -> Counter {
    LOST_LINES.clone()
}

/// Starts the log of this process. From then on logging never fails its caller: lines that cannot be written are counted.
///
/// # Errors
/// The log was started before, or the level is not a valid filter.
pub fn start(config: &LogConfig) -> Result<(), LoggingError> {
    let filter = EnvFilter::try_new(&config.level)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Output::new(io::stderr(), lost_lines()))
        // Errors of the logging library would go to standard error too, and end the process when that fails.
        .log_internal_errors(false)
        // Colours are noise in a file.
        .with_ansi(io::stderr().is_terminal());
    let silenced = filter_fn(may_be_logged);
    match config.format {
        LogFormat::Text => lines.finish().with(silenced).try_init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).finish().with(silenced).try_init()
        }
    }
    .map_err(|error| LoggingError::AlreadyStarted(error.into()))
}

/// An error and its causes, outermost first.
pub(crate) fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Logs which account was refused, and why. From the URL only a well-formed number and name are logged: the rest may
/// be anything, a UserSig in the wrong place included.
pub(crate) fn log_refusal(what: &str, code: u32, reason: &str, query: &str, peer: IpAddr) {
    if !tracing::enabled!(Level::DEBUG) {
        return;
    }
    let Query { sdkappid, identifier, .. } = Query::parse(query);
    let app = sdkappid.and_then(|number| number.parse().ok()).map(AppId);
    let caller = identifier.and_then(|name| UserId::parse(&name));
    let app = app.map_or_else(|| "-".to_owned(), |app| app.to_string());
    // It may hold line feeds, which must not look like lines of the log.
    let what = what.escape_debug().to_string();
    let caller = caller.as_ref().map_or("-", UserId::as_str);
    tracing::debug!(
        what,
        code,
        app,
        caller,
        %peer,
        "{what} was refused with {code}: {reason} (app {app}, caller {caller}, from {peer})"
    );
}

/// Causes of failures that are logged in a second. A full disk fails every call, and the log must not fill the rest of it.
const ERRORS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Limits how many causes of failures are logged, and counts those that are suppressed.
pub(crate) struct ErrorLogLimiter {
    rate: DefaultDirectRateLimiter,
    suppressed: AtomicU64,
}

impl Default for ErrorLogLimiter {
    fn default() -> Self {
        Self {
            rate: RateLimiter::direct(Quota::per_second(ERRORS_PER_SECOND)),
            suppressed: AtomicU64::new(0),
        }
    }
}

impl ErrorLogLimiter {
    /// Calls `log` with the number of causes suppressed since the last call, unless this cause is suppressed too.
    pub(crate) fn log(&self, log: impl FnOnce(u64)) {
        if let Some(suppressed) = self.admit() {
            log(suppressed);
        }
    }

    /// Whether a cause may be logged, and how many were suppressed since the last one.
    fn admit(&self) -> Option<u64> {
        if self.rate.check().is_ok() {
            Some(self.suppressed.swap(0, Ordering::Relaxed))
        } else {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_causes_is_limited_and_counted() {
        let limiter = ErrorLogLimiter::default();
        let logged: Vec<u64> = (0..10_000).filter_map(|_| limiter.admit()).collect();
        assert!(logged.len() < 1_000, "{} of 10,000 were logged", logged.len());
        let suppressed = limiter.suppressed.load(Ordering::Relaxed) + logged.iter().sum::<u64>();
        assert_eq!(logged.len() as u64 + suppressed, 10_000);
    }
}
