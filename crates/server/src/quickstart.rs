//! `landfall quickstart`: starts a server with an app and sample groups, in one command.
//!
//! The samples go through the server's own REST API, like any import. Running it again on the same data
//! starts the same app and adds nothing twice.

mod data_directory;
mod samples;
mod screen;
#[cfg(test)]
mod tests;

pub use data_directory::{DataDirectory, DataDirectoryError};
pub use samples::{Arrived, Outcome, Tour, tour};

use crate::client::{ClientError, RestClient};
use crate::config::{self, Config, Problems};
use crate::console::password;
use crate::secret::Secret;
use crate::server::{self, Listening, ServeError};
use crate::usersig;
use landfall_domain::time::{Clock as _, SystemClock};
use std::ffi::OsString;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Default lifetime of a UserSig: 180 days, as in the documented packages. [client]
pub const USERSIG_SECONDS_DEFAULT: u64 = 180 * 24 * 60 * 60;

/// Lifetime of the UserSig that imports the samples.
const OWN_USERSIG_SECONDS: u64 = 600;

#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; `None` for the configured one, 127.0.0.1:8080 by default.
    pub listen: Option<SocketAddr>,
    /// Directory of the configuration and the data, created when it is missing.
    pub data: PathBuf,
    /// The path by which this program was started: the commands that are shown begin with it.
    pub program: String,
}

/// The reason why the quickstart ended.
#[derive(Debug, thiserror::Error)]
pub enum QuickstartError {
    /// Problems of the configuration in the data directory, or of variables.
    #[error("{0}")]
    Config(Problems),
    #[error("the data directory {} cannot be used", .0.display())]
    DataDirectory(PathBuf, #[source] DataDirectoryError),
    /// The configuration has `[tls]`.
    #[error("quickstart speaks plain HTTP: remove [tls] from the configuration, or use `landfall serve`")]
    Tls,
    /// The server did not start, or failed.
    #[error("the server failed")]
    Serve(#[source] ServeError),
    /// The samples did not reach the server.
    #[error("the samples could not be imported")]
    Samples(#[from] ClientError),
}

/// A configuration and its directory.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    directory: DataDirectory,
    program: String,
    begun: Instant,
}

impl Prepared {
    /// The configuration of the server.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// Creates or reuses the data directory and reads its configuration, `variables` over it.
///
/// # Errors
/// The directory or the configuration cannot be used. Nothing was started.
pub fn prepare(
    options: Options,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Prepared, QuickstartError> {
    let begun = Instant::now();
    let directory = DataDirectory::open(options.data.clone(), options.listen)
        .map_err(|error| QuickstartError::DataDirectory(options.data, error))?;
    let mut config =
        config::load(Some(directory.config_file()), variables).map_err(QuickstartError::Config)?;
    if config.tls.is_some() {
        return Err(QuickstartError::Tls);
    }
    if let Some(listen) = options.listen {
        config.listen = listen;
    }
    let password = password::random().map_err(|error| {
        QuickstartError::DataDirectory(directory.config_file().to_owned(), DataDirectoryError::Random(error))
    })?;
    config.console.first_password = Secret::new(password).ok().filter(|_| config.console.enabled);
    Ok(Prepared { config, directory, program: options.program, begun })
}

/// Starts the server, imports the samples, prints to `out` what arrived, and serves until `shutdown`.
///
/// # Errors
/// The server did not start, or failed. A refused sample is shown, and not an error.
pub async fn run(
    prepared: Prepared,
    out: &mut (dyn Write + Send),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), QuickstartError> {
    let Prepared { config, directory, program, begun } = prepared;
    let (ready_sender, ready) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let asked_to_stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&asked_to_stop);
    let server = server::serve(
        config.clone(),
        move |listening| {
            if ready_sender.send(listening).is_err() {
                tracing::debug!("the server became ready after it was stopped");
            }
        },
        async move {
            tokio::select! {
                () = shutdown => asked.store(true, Ordering::Relaxed),
                _ = stopped => {}
            }
        },
    );
    tokio::pin!(server);
    let shown = async {
        // Without an address the server has failed, and its own result says why.
        let Ok(listening) = ready.await else { return std::future::pending().await };
        let console = listening.console.map(reachable);
        let listening = Listening { address: reachable(listening.address), console, ..listening };
        say(out, &listening.lines("http"));
        let ready_after = begun.elapsed();
        if let Some(screen) = import(&config, &directory, &program, listening, ready_after).await? {
            say(out, &screen);
        }
        Ok(())
    };
    tokio::select! {
        served = &mut server => served.map_err(QuickstartError::Serve),
        shown = shown => {
            if shown.is_err() {
                // Stops the server, which drains before the failure is reported.
                drop(stop);
                server.await.map_err(QuickstartError::Serve)?;
                // Samples that fail because the server is being stopped are not an error.
                return if asked_to_stop.load(Ordering::Relaxed) { Ok(()) } else { shown };
            }
            let served = server.await.map_err(QuickstartError::Serve);
            drop(stop);
            served
        }
    }
}

/// Prints and flushes. The server runs whether or not this can be written.
fn say(out: &mut (dyn Write + Send), text: &str) {
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        let first = text.lines().next().unwrap_or_default();
        tracing::warn!(%error, "standard output cannot be written ({error}): {first}");
    }
}

/// Imports the samples, and returns the screen that shows what arrived.
async fn import(
    config: &Config,
    directory: &DataDirectory,
    program: &str,
    listening: Listening,
    ready_after: Duration,
) -> Result<Option<String>, QuickstartError> {
    let address = listening.address;
    // A configuration always has an app, and an app always has an administrator; see `config`.
    let Some((app, admin)) = config.apps.first().and_then(|app| Some((app, app.admins.first()?))) else {
        return Ok(None);
    };
    let now = SystemClock.now();
    let own = usersig::make(admin.as_str(), app.id, &app.key, now, OWN_USERSIG_SECONDS);
    let mut client = RestClient::connect(address, app.id, admin, &own).await?;
    let tour = tour(&mut client).await?;
    let lasting = |user| usersig::make(user, app.id, &app.key, now, USERSIG_SECONDS_DEFAULT);
    let query = crate::client::query(app.id, admin, &lasting(admin.as_str()));
    let screen = screen::Screen {
        ready_after,
        tour: &tour,
        address,
        query: &query,
        member: (samples::MEMBER, &lasting(samples::MEMBER)),
        program,
        config_file: directory.config_file(),
        made_now: directory.made_now(),
        console: screen::Console::of(config, &listening),
        app: app.id,
        admin,
    };
    Ok(Some(screen.to_string()))
}

/// The address at which a client on this machine reaches a server that listens on `address`. All addresses include
/// loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}
