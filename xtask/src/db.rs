//! `cargo xtask db`: a throw-away PostgreSQL for a developer, in the foreground.

use crate::postgres::{self, TestServer};
use anyhow::Result;
use clap::Args;
use landfall_test_database::SERVER_URL_VARIABLE;
use tokio::signal::unix::{SignalKind, signal};

/// Settings of the server.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The port on 127.0.0.1; a free one by default
    #[arg(long)]
    port: Option<u16>,
}

/// Runs a server until Ctrl-C, then removes it with its data.
///
/// # Errors
/// When PostgreSQL is missing or does not start.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    postgres::outlive_interrupts()?.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let server = TestServer::start(arguments.port)?;
        println!(
            "PostgreSQL runs until Ctrl-C; its data are then removed. For `cargo test` in another shell:"
        );
        println!("export {SERVER_URL_VARIABLE}={}", server.url());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    })
}
