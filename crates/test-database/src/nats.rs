//! A NATS server on a port of its own of the loopback interface.

use crate::launch::{Server, ServerProgram, tether};
use crate::port::start_on_free_port;
use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where Debian installs the program. Not every user has it on the path.
const DEBIAN_PROGRAM: &str = "/usr/sbin/nats-server";

/// The program `nats-server`.
static NATS: ServerProgram =
    ServerProgram { name: "NATS", ready: &["Server is ready"], end_now: Signal::KILL };

/// A NATS server. It ends when this value is dropped, and also when this process ends.
pub struct NatsServer {
    /// Before the directory, so that it is dropped first.
    server: Option<Server>,
    directory: TempDir,
    port: u16,
}

impl NatsServer {
    /// Starts a server with further lines of configuration, and waits until it accepts connections.
    ///
    /// # Errors
    /// When the program is missing or does not start.
    pub fn create(settings: &str) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("landfall-nats-").tempdir();
        let directory = directory.context("cannot make a temporary directory")?;
        let mut nats = Self { server: None, directory, port: 0 };
        start_on_free_port(|port| {
            nats.port = port;
            let text = format!("listen: \"{}\"\n{settings}\n", nats.address());
            fs::write(nats.configuration(), text).context("cannot write the configuration of NATS")?;
            nats.start()
        })?;
        Ok(nats)
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts the server again after [`Self::stop`], on the same port, and waits until it accepts connections.
    ///
    /// # Errors
    /// When it is already running, or does not start.
    pub fn start(&mut self) -> Result<()> {
        if self.server.is_some() {
            bail!("this NATS is already running");
        }
        let directory = self.directory.path().to_owned();
        let command = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(directory);
            command
        };
        let mut command = tether(command, &program(), "KILL");
        command.arg("--config").arg(self.configuration());
        self.server = Some(Server::start(&NATS, command)?);
        Ok(())
    }

    /// Kills the server and waits until it has ended. A stopped server is left alone.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn stop(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.end(Signal::KILL),
            None => Ok(()),
        }
    }

    fn configuration(&self) -> PathBuf {
        self.directory.path().join("nats.conf")
    }
}

/// The program on the path, or Debian's.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_the_path = std::env::split_paths(&path).map(|directory| directory.join("nats-server"));
    on_the_path.into_iter().find(|program| program.is_file()).unwrap_or_else(|| PathBuf::from(DEBIAN_PROGRAM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_server_runs_until_it_is_stopped_and_again_on_the_same_port() {
        let mut nats = NatsServer::create("").unwrap();
        let reached = |nats: &NatsServer| TcpStream::connect(nats.address()).is_ok();
        assert!(reached(&nats));
        nats.start().unwrap_err();
        nats.stop().unwrap();
        assert!(!reached(&nats));
        nats.start().unwrap();
        assert!(reached(&nats));
        let problem = NatsServer::create("nonsense {").err().unwrap().to_string();
        assert!(problem.starts_with("NATS ended at its start"), "{problem}");
    }
}
