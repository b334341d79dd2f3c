//! The connections of a load: one poll for all of them.

use anyhow::{Context as _, Result, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

/// Connects, and registers the connection under `token`.
pub(super) fn connect(address: SocketAddr, registry: &Registry, token: usize) -> Result<TcpStream> {
    let stream =
        std::net::TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    registry.register(&mut stream, Token(token), Interest::READABLE)?;
    Ok(stream)
}

/// Waits for events. A signal ends the wait early.
pub(super) fn wait(poll: &mut Poll, events: &mut Events, at_most: Duration) -> Result<()> {
    match poll.poll(events, Some(at_most)) {
        Err(error) if error.kind() != ErrorKind::Interrupted => bail!("polling failed: {error}"),
        Ok(()) | Err(_) => Ok(()),
    }
}
