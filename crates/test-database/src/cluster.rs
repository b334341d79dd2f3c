//! A whole PostgreSQL server with data of its own, on a port of its own of the loopback interface.

use crate::Programs;
use crate::launch::{Server, ServerProgram, tether};
use crate::port::start_on_free_port;
use crate::session::session;
use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};
use tempfile::TempDir;

/// The program `postgres`. A replica reports that it accepts read-only connections. QUIT stops it at once, but lets it
/// remove its shared memory.
static POSTGRES: ServerProgram = ServerProgram {
    name: "PostgreSQL",
    ready: &["ready to accept connections", "ready to accept read-only connections"],
    end_now: Signal::QUIT,
};

/// Settings of every cluster. Tests run in parallel, each with its own connections; only TCP is used.
const SETTINGS: &str =
    "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 500\n";

/// Commits may be lost when the machine stops, but not when only PostgreSQL does.
const NOT_DURABLE: &str = "fsync = off\nfull_page_writes = off\n";

/// Longest wait until a replica streams.
const FOLLOWS_AT_MOST: Duration = Duration::from_secs(30);

/// How a cluster is made. The default suits tests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether commits survive a stop of the machine, which is PostgreSQL's default. Tests do not need that.
    pub durable: bool,
    /// Further lines of `postgresql.conf`.
    pub settings: Vec<String>,
    /// The parent of the temporary directory; by default that of the system. A benchmark chooses the disk that it
    /// measures.
    pub parent: Option<PathBuf>,
    /// The port; by default a free one.
    pub port: Option<u16>,
    /// The programs; by default those that are found.
    pub programs: Option<Programs>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Closes connections and writes everything, as in an orderly restart.
    Fast,
    /// Stops as in a crash; the next start recovers.
    Immediate,
}

/// What a commit waits for if there is a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// The primary alone: a promoted replica may lack the last commits.
    Asynchronous,
    /// The replica too: it has every acknowledged commit. Without a replica no commit completes.
    Synchronous,
}

/// A server with its data. Both are removed when this value is dropped. The server also ends when this process does.
///
/// The superuser is `postgres`, every local user may connect without a password, and texts sort by their bytes.
pub struct Cluster {
    programs: Programs,
    /// Before the directory, so that it is dropped first.
    server: Option<Server>,
    directory: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// When PostgreSQL's programs are missing or fail.
    pub fn create(options: &Options) -> Result<Self> {
        let programs = options.programs.clone().map_or_else(Programs::find, Ok)?;
        let mut cluster = Self::empty(programs, options.parent.as_ref())?;
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        run(initdb.arg("--pgdata").arg(cluster.data()))?;
        let path = cluster.data().join("postgresql.conf");
        let mut text = fs::read_to_string(&path).context("initdb made no postgresql.conf")?;
        text.push_str(SETTINGS);
        if !options.durable {
            text.push_str(NOT_DURABLE);
        }
        for line in &options.settings {
            text.push_str(line);
            text.push('\n');
        }
        fs::write(&path, text).context("cannot write postgresql.conf")?;
        match options.port {
            Some(port) => {
                cluster.port = port;
                cluster.start()?;
            }
            None => cluster.start_on_free_port()?,
        }
        Ok(cluster)
    }

    /// The URL of a database, as the superuser. A new cluster has the database `postgres`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port of the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server again after [`Self::stop`], on the same port, and waits until it accepts connections.
    ///
    /// # Errors
    /// When it is already running, or does not start.
    pub fn start(&mut self) -> Result<()> {
        if self.server.is_some() {
            bail!("this PostgreSQL is already running");
        }
        let data = self.data();
        let (programs, executable) = (&self.programs, self.programs.path("postgres"));
        let mut command = tether(|program| programs.command(program, &data), &executable, "QUIT");
        command.arg("-D").arg(&data).arg("-p").arg(self.port.to_string());
        self.server = Some(Server::start(&POSTGRES, command)?);
        Ok(())
    }

    /// Stops the server and waits until it has ended. A stopped server is left alone.
    ///
    /// # Errors
    /// When it does not end in time, and had to be killed.
    pub fn stop(&mut self, mode: Mode) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        server.end(match mode {
            Mode::Fast => Signal::INT,
            Mode::Immediate => Signal::QUIT,
        })
    }

    /// Stops the server and starts it again on the same port.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub fn restart(&mut self, mode: Mode) -> Result<()> {
        self.stop(mode)?;
        self.start()
    }

    /// Ends at most `at_most` connections of clients, and returns their number.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn terminate_connections(&self, at_most: u32) -> Result<u64> {
        // Waits up to 10 s for each, so that none is counted twice.
        const STATEMENT: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT $1";
        session(&self.url("postgres"), |client| {
            let ended = client.query(STATEMENT, &[&i64::from(at_most)])?;
            Ok(ended.iter().filter(|row| row.get(0)).count() as u64)
        })
    }

    /// A replica of this cluster, which keeps following it across restarts of either.
    ///
    /// # Errors
    /// When the copy fails or does not stream in time.
    pub fn replica(&self, replication: Replication) -> Result<Self> {
        let parent = self.directory.path().parent().map(PathBuf::from);
        let mut replica = Self::empty(self.programs.clone(), parent.as_ref())?;
        let mut copy = replica.command("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        copy.arg("--dbname").arg(self.url("postgres"));
        run(copy.arg("--pgdata").arg(replica.data()))?;
        replica.start_on_free_port()?;
        // Only now: the replica must not copy a setting that makes it wait for a replica of its own.
        if replication == Replication::Synchronous {
            session(&self.url("postgres"), |client| {
                client.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
                Ok(client.batch_execute("SELECT pg_reload_conf()")?)
            })?;
        }
        self.wait_for_replica(replication)?;
        Ok(replica)
    }

    /// Turns a replica into a primary, and waits until it accepts writes. The old primary has to be stopped first.
    ///
    /// # Errors
    /// When it is not a replica, or is not promoted within a minute.
    pub fn promote(&self) -> Result<()> {
        let promoted = session(&self.url("postgres"), |client| {
            let row = client.query_one("SELECT pg_promote()", &[])?;
            Ok(row.get::<_, bool>(0))
        })?;
        if !promoted {
            bail!("the replica was not promoted");
        }
        Ok(())
    }

    /// A cluster with an empty directory.
    fn empty(programs: Programs, parent: Option<&PathBuf>) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("landfall-postgresql-");
        let directory = match parent {
            Some(parent) => builder.tempdir_in(parent),
            None => builder.tempdir(),
        };
        let directory = directory.context("cannot make a temporary directory")?;
        programs.hand_over(directory.path())?;
        Ok(Self { programs, server: None, directory, port: 0 })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.programs.command(self.programs.path(program), self.directory.path())
    }

    fn start_on_free_port(&mut self) -> Result<()> {
        start_on_free_port(|port| {
            self.port = port;
            self.start()
        })
    }

    /// Polls: PostgreSQL does not signal that a setting was reloaded or that a replica has connected.
    fn wait_for_replica(&self, replication: Replication) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(10);
        let statement = match replication {
            Replication::Asynchronous => {
                "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"
            }
            Replication::Synchronous => {
                "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync')"
            }
        };
        session(&self.url("postgres"), |client| {
            let deadline = Instant::now() + FOLLOWS_AT_MOST;
            while !client.query_one(statement, &[])?.get::<_, bool>(0) {
                if deadline < Instant::now() {
                    bail!("the replica does not follow within {FOLLOWS_AT_MOST:?}");
                }
                thread::sleep(PAUSE);
            }
            Ok(())
        })
    }
}

/// Runs a program of PostgreSQL to its end.
fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let program = command.get_program().display();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
