//! The log: lines of text or JSON on standard error, so standard output stays for what was asked for.

use crate::config::{LogConfig, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The level is no filter.
    #[error("the log level is not usable")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The process already has a log.
    #[error("the log is already set up")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts the log of this process.
///
/// # Errors
/// When it was started before, or the level was not checked.
pub fn start(config: &LogConfig) -> Result<(), LoggingError> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&config.level)?)
        .with_writer(std::io::stderr)
        // Colours would be noise in a file.
        .with_ansi(std::io::stderr().is_terminal());
    match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    }
    .map_err(LoggingError::Twice)
}
