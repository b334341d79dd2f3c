//! The log: lines of text or JSON on standard error, so standard output stays for what was asked for.

mod output;

use crate::config::{LogConfig, LogFormat};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use output::Output;
use prometheus_client::metrics::counter::Counter;
use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The level is no filter.
    #[error("the log level is not usable")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The process already has a log.
    #[error("the log is already set up")]
    Twice(#[source] Box<dyn Error + Send + Sync>),
}

/// Whether something may be logged, whatever level is asked for: below `info` only what this program says itself. Libraries
/// write there what they send and receive, and contents do not belong into a log.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let part = metadata.target().split("::").next().unwrap_or_default();
    // What it says of a block that cannot be read is Rust's debug text; the store says it in words.
    if metadata.target().starts_with("lsm_tree::table") {
        return false;
    }
    *metadata.level() <= Level::INFO || OWN_PARTS.contains(&part)
}

/// The crates of this program.
const OWN_PARTS: [&str; 3] = ["landfall", "landfall_domain", "landfall_store"];

/// Lines that standard error did not take. There is one log in a process, so there is one counter.
static LOST_LINES: LazyLock<Counter> = LazyLock::new(Counter::default);

/// How many lines of the log could not be written.
pub(crate) fn lost_lines() -> Counter {
    LOST_LINES.clone()
}

/// Starts the log of this process. From then on, logging fails nobody: what cannot be written is counted.
///
/// # Errors
/// When it was started before, or the level was not checked.
pub fn start(config: &LogConfig) -> Result<(), LoggingError> {
    let filter = EnvFilter::try_new(&config.level)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Output::new(io::stderr(), lost_lines()))
        // Its own complaints would go to standard error too, and end the process when that fails.
        .log_internal_errors(false)
        // Colours would be noise in a file.
        .with_ansi(io::stderr().is_terminal());
    let silenced = filter_fn(may_be_logged);
    match config.format {
        LogFormat::Text => lines.finish().with(silenced).try_init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).finish().with(silenced).try_init()
        }
    }
    .map_err(|error| LoggingError::Twice(error.into()))
}

/// An error and its causes, the outermost first.
pub(crate) fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// ErrorLogLimiter of failures logged in a second. A full disk fails every call, and its log must not fill what is left.
const ERRORS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Keeps the log of causes short; what it leaves out is counted.
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
    /// Calls `log` with the number of causes left out since the last one, unless this one is left out too.
    pub(crate) fn log(&self, log: impl FnOnce(u64)) {
        if let Some(suppressed) = self.admit() {
            log(suppressed);
        }
    }

    /// Whether a cause may be logged, and how many were left out since the last one that was.
    pub(crate) fn admit(&self) -> Option<u64> {
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
    fn a_flood_of_causes_is_cut_and_counted() {
        let limiter = ErrorLogLimiter::default();
        let logged: Vec<u64> = (0..10_000).filter_map(|_| limiter.admit()).collect();
        assert!(logged.len() < 1_000, "{} of 10,000 were logged", logged.len());
        let suppressed = limiter.suppressed.load(Ordering::Relaxed) + logged.iter().sum::<u64>();
        assert_eq!(logged.len() as u64 + suppressed, 10_000);
    }
}
