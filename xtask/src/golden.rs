//! `cargo xtask golden`: the golden files hold API calls and the answers expected on the wire, and what exports become.

use crate::postgres::{self, TestServer};
use crate::workspace::{self, cargo};
use anyhow::Result;

/// Runs the golden tests of the server and of conversions; with `update` they rewrite their files instead of comparing.
///
/// # Errors
/// When PostgreSQL is missing, an answer differs, or a file is referenced by no test.
pub(crate) fn run(update: bool) -> Result<()> {
    postgres::outlive_interrupts()?;
    let server = TestServer::start(None)?;
    let targets = ["-p", "landfall", "--test", "it", "-p", "landfall-migrate", "--test", "conversion"];
    let mut command = cargo(&[["test", "--locked"].as_slice(), targets.as_slice(), &["golden"]].concat());
    if update {
        command.env("LANDFALL_GOLDEN_UPDATE", "1");
    } else {
        // A variable left over in the shell must not turn a check into a rewrite.
        command.env_remove("LANDFALL_GOLDEN_UPDATE");
    }
    workspace::run(server.serve(&mut command))
}
