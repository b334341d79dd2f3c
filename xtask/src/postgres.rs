//! The throw-away PostgreSQL of `test`, `golden` and `db`.

use crate::debian;
use anyhow::{Context as _, Result};
use landfall_test_database::{Cluster, ON_CITUS_VARIABLE, Options, Programs, SERVER_URL_VARIABLE};
use std::fs;
use std::path::Path;
use std::process::Command;
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// Where Debian's package reads how to set itself up.
const SET_UP_DIRECTORY: &str = "/etc/postgresql-common/createcluster.d";

/// A server that runs as long as this value lives.
pub(crate) struct TestServer {
    cluster: Cluster,
}

impl TestServer {
    /// Starts a server whose data do not survive a crash of the machine. A missing PostgreSQL is installed where
    /// possible.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub(crate) fn start(port: Option<u16>) -> Result<Self> {
        if let Err(problem) = Programs::find() {
            if !debian::can_install() {
                return Err(problem);
            }
            install()?;
        }
        Ok(Self { cluster: Cluster::create(&Options { port, ..Options::default() })? })
    }

    /// The URL of its database `postgres`, as the superuser.
    pub(crate) fn url(&self) -> String {
        self.cluster.url("postgres")
    }

    /// Makes the tests that `command` runs use this server.
    pub(crate) fn serve<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env(SERVER_URL_VARIABLE, self.url()).env_remove(ON_CITUS_VARIABLE)
    }
}

/// Makes Ctrl-C end only the programs that this one runs, so that this one can still remove the server and its data.
/// Returns the runtime in which the signal arrives.
///
/// # Errors
/// When the system refuses.
pub(crate) fn outlive_interrupts() -> Result<Runtime> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    // The handler stays installed after the stream is dropped.
    runtime.block_on(async { signal(SignalKind::interrupt()).map(drop) }).context("cannot handle Ctrl-C")?;
    Ok(runtime)
}

/// Installs Debian's package without the server that it would create and start.
fn install() -> Result<()> {
    let set_up = Path::new(SET_UP_DIRECTORY).join("landfall-tests.conf");
    fs::create_dir_all(SET_UP_DIRECTORY)
        .and_then(|()| fs::write(&set_up, "create_main_cluster = off\n"))
        .with_context(|| format!("cannot write {}", set_up.display()))?;
    let installed = debian::install("postgresql", "the PostgreSQL the tests use");
    fs::remove_file(&set_up).with_context(|| format!("cannot remove {}", set_up.display()))?;
    installed
}
