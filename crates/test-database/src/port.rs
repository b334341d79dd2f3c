//! A port for a server of a test.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports to choose from. Below those that systems give to outgoing connections: a client that dials a stopped server
/// must not take the server's port, nor reach itself.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// How often another port is tried where somebody else was first.
pub(crate) const PORT_ATTEMPTS_MAX: usize = 10;

/// A port nobody listens on now. Programs that look at the same time start at different places.
pub(crate) fn free_port() -> Result<u16> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(PORTS)) as u16;
    for _ in 0..PORTS {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed) % PORTS;
        let port = FIRST_PORT + (start + tried) % PORTS;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}
