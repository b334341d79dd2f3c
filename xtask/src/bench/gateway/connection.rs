//! A WebSocket to the measured program, read by one thread for all of them.

use super::wire::{self, FRAME_BYTES_MAX, Frame};
use crate::bench::socket;
use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use mio::Registry;
use mio::net::TcpStream;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

pub(super) struct Connection {
    stream: TcpStream,
    protocol: Protocol,
    /// The beginning of an incomplete frame.
    rest: Vec<u8>,
}

impl Connection {
    /// Connects as number `token` of all connections, and requests a WebSocket.
    pub(super) fn open(address: SocketAddr, target: &str, registry: &Registry, token: usize) -> Result<Self> {
        let stream = socket::connect(address, registry, token).with_context(|| format!("client {token}"))?;
        let mut connection = Self { stream, protocol: Protocol::default(), rest: Vec::new() };
        connection.write(
            format!(
                "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            .as_bytes(),
        )?;
        Ok(connection)
    }

    pub(super) fn send(&mut self, text: &str) -> Result<()> {
        self.write(&wire::from_client(text))
    }

    /// Reads what has arrived, shows each text to `take`, and answers pings.
    ///
    /// # Errors
    /// The connection ended, `take` failed, or what arrived is no frame of this server.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            self.rest.clear();
            let read = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => bail!("the connection was closed without a close frame"),
                Ok(read) => read,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
                Err(error) => return Err(error).context("the connection is lost"),
            };
            let rest = self.protocol.read(&buffer[..kept + read], &mut take)?;
            ensure!(rest.len() <= FRAME_BYTES_MAX, "{} bytes are no frame", rest.len());
            self.rest.extend_from_slice(rest);
            // A read that does not fill the buffer has emptied the stream; the poll reports new data.
            if kept + read < buffer.len() {
                break;
            }
        }
        let pongs = std::mem::take(&mut self.protocol.pongs);
        if pongs.is_empty() { Ok(()) } else { self.write(&pongs) }
    }

    /// Frames of a client are short and nothing is queued before them, so the socket takes them at once.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stream.write(bytes).context("cannot write to the server")?;
        ensure!(written == bytes.len(), "only {written} of {} bytes could be written", bytes.len());
        Ok(())
    }
}

#[derive(Default)]
struct Protocol {
    is_upgraded: bool,
    /// Frames that answer pings.
    pongs: Vec<u8>,
}

impl Protocol {
    /// Reads all complete frames and returns the rest.
    fn read<'a>(
        &mut self,
        mut bytes: &'a [u8],
        take: &mut impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<&'a [u8]> {
        if !self.is_upgraded {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(bytes) };
            let head = &bytes[..end];
            ensure!(head.starts_with(b"HTTP/1.1 101 "), "no WebSocket: {}", String::from_utf8_lossy(head));
            self.is_upgraded = true;
            bytes = &bytes[end + 4..];
        }
        while let Some((frame, rest)) = wire::first(bytes)? {
            match frame {
                Frame::Text(text) => take(text)?,
                Frame::Ping(payload) => self.pongs.extend_from_slice(&wire::pong(payload)),
                Frame::Pong => {}
                Frame::Close(code, reason) => {
                    bail!("the connection was ended with {code}: {}", String::from_utf8_lossy(reason));
                }
            }
            bytes = rest;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    #[test]
    fn texts_are_received_in_pieces_of_any_length() {
        let bytes = [UPGRADED, &wire::from_server("one"), b"\x89\0", &wire::from_server("two")].concat();
        for cut in 0..=bytes.len() {
            let (mut protocol, mut texts) = (Protocol::default(), Vec::new());
            let mut take = |text: &[u8]| {
                texts.push(text.to_vec());
                Ok(())
            };
            let rest = protocol.read(&bytes[..cut], &mut take).unwrap();
            let rest = [rest, &bytes[cut..]].concat();
            assert_eq!(protocol.read(&rest, &mut take).unwrap(), b"");
            assert_eq!((texts, protocol.pongs), (vec![b"one".to_vec(), b"two".to_vec()], wire::pong(b"")));
        }
    }

    #[test]
    fn no_websocket_or_its_end_is_an_error() {
        let closed = [UPGRADED, &[0x88, 2, 0x0f, 0xa4]].concat();
        for bytes in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &closed] {
            Protocol::default().read(bytes, &mut |_| Ok(())).map(<[u8]>::len).unwrap_err();
        }
    }
}
