//! A port for a server of a test.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports to choose from, below those of outgoing connections: a client of a stopped server must not be given the
/// server's port, nor connect to itself.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// How often another port is tried when a program has taken the chosen one.
const ATTEMPTS_MAX: usize = 10;

/// Runs `start` with a free port, and again with another one while the reason for its failure is the port.
///
/// # Errors
/// The last failure of `start`, or that no port is free.
pub(crate) fn start_on_free_port(mut start: impl FnMut(u16) -> Result<()>) -> Result<()> {
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS_MAX {
        let port = free_port()?;
        outcome = start(port);
        // Another program may have taken the port since the search.
        if outcome.is_ok() || is_free(port) {
            break;
        }
    }
    outcome
}

/// A port that is free now. Programs that search at the same time begin at different ports.
fn free_port() -> Result<u16> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(PORTS)) as u16;
    for _ in 0..PORTS {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed) % PORTS;
        let port = FIRST_PORT + (start + tried) % PORTS;
        if is_free(port) {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
