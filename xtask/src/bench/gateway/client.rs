//! One connected client. It checks that it receives every message once and in order, and sends as little as possible.

use super::wire::{self, FRAME_BYTES_MAX, Frame};
use crate::bench::socket::connect;
use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use mio::Registry;
use mio::net::TcpStream;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::ops::Range;

/// Messages after which a client acknowledges. The server waits for that after 1,000.
const ACKNOWLEDGE_EVERY: u32 = 100;

/// The group of all clients, as `Workload` names it.
const GROUP: &str = "@TGS#_large";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The upgrade to a WebSocket is not answered yet.
    Upgrading,
    /// The WebSocket is open; `ready` is expected next.
    Joining,
    /// The server sends every message from here on.
    Ready,
}

/// The result of one read.
#[derive(Default)]
pub(super) struct Received {
    /// `ready` has arrived.
    pub(super) is_ready: bool,
    /// The numbers of the messages, without a gap.
    pub(super) messages: Range<u32>,
    /// Length of the last message's text.
    pub(super) text_bytes: usize,
    /// Frames that the client sends in reply.
    reply: Vec<u8>,
}

pub(super) struct GatewayClient {
    stream: TcpStream,
    session: Session,
    /// The beginning of an incomplete frame.
    rest: Vec<u8>,
    /// Differs between clients, so that they do not all acknowledge the same message.
    acknowledge_at: u32,
}

impl GatewayClient {
    /// Connects as number `token` of all clients, and requests a WebSocket.
    pub(super) fn connect(
        address: SocketAddr,
        target: &str,
        registry: &Registry,
        token: usize,
    ) -> Result<Self> {
        let stream = connect(address, registry, token).with_context(|| format!("client {token}"))?;
        let spread = u32::try_from(token).unwrap_or_default() % ACKNOWLEDGE_EVERY;
        let acknowledge_at = ACKNOWLEDGE_EVERY + spread;
        let mut client = Self { stream, session: Session::default(), rest: Vec::new(), acknowledge_at };
        client.write(
            format!(
                "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            .as_bytes(),
        )?;
        Ok(client)
    }

    /// The number of the last message it received.
    pub(super) fn last(&self) -> u32 {
        self.session.last
    }

    /// Reads what has arrived.
    ///
    /// # Errors
    /// The connection ended, or anything but the next messages has arrived.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<Received> {
        let next = self.session.last + 1;
        let mut received = Received { messages: next..next, ..Received::default() };
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
            let rest = self.session.read(&buffer[..kept + read], &mut received)?;
            ensure!(rest.len() <= FRAME_BYTES_MAX, "{} bytes are no frame", rest.len());
            self.rest.extend_from_slice(rest);
            // A read that does not fill the buffer has emptied the stream; the poll reports new data.
            if kept + read < buffer.len() {
                break;
            }
        }
        if self.acknowledge_at <= self.session.last {
            self.acknowledge_at = self.session.last + ACKNOWLEDGE_EVERY;
            let text = format!(r#"{{"Command":"ack","GroupId":"{GROUP}","MsgSeq":{}}}"#, self.session.last);
            received.reply.extend_from_slice(&wire::from_client(&text));
        }
        if !received.reply.is_empty() {
            self.write(&received.reply)?;
        }
        Ok(received)
    }

    /// Frames of a client are short and nothing is queued before them, so the socket takes them at once.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stream.write(bytes).context("cannot write to the server")?;
        ensure!(written == bytes.len(), "only {written} of {} bytes could be written", bytes.len());
        Ok(())
    }
}

/// A client's state of the protocol.
struct Session {
    phase: Phase,
    /// The number of the last message.
    last: u32,
}

impl Default for Session {
    fn default() -> Self {
        Self { phase: Phase::Upgrading, last: 0 }
    }
}

impl Session {
    /// Reads all complete frames and returns the rest.
    fn read<'a>(&mut self, mut bytes: &'a [u8], received: &mut Received) -> Result<&'a [u8]> {
        if self.phase == Phase::Upgrading {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(bytes) };
            let head = &bytes[..end];
            ensure!(head.starts_with(b"HTTP/1.1 101 "), "no WebSocket: {}", String::from_utf8_lossy(head));
            self.phase = Phase::Joining;
            bytes = &bytes[end + 4..];
        }
        while let Some((frame, rest)) = wire::first(bytes)? {
            match frame {
                Frame::Text(text) => self.read_text(text, received)?,
                Frame::Ping(payload) => received.reply.extend_from_slice(&wire::pong(payload)),
                Frame::Pong => {}
                Frame::Close(code, reason) => {
                    bail!("the connection was ended with {code}: {}", String::from_utf8_lossy(reason));
                }
            }
            bytes = rest;
        }
        Ok(bytes)
    }

    fn read_text(&mut self, text: &[u8], received: &mut Received) -> Result<()> {
        match wire::message_number(text) {
            Some(number) => {
                ensure!(self.phase == Phase::Ready, "message {number} came before `ready`");
                ensure!(number == self.last + 1, "message {number} came after message {}", self.last);
                self.last = number;
                received.messages.end = number + 1;
                received.text_bytes = text.len();
            }
            None if self.phase == Phase::Joining && text.starts_with(br#"{"Event":"ready""#) => {
                self.phase = Phase::Ready;
                received.is_ready = true;
            }
            None => bail!("an unexpected frame: {}", String::from_utf8_lossy(text)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    fn message(number: u32) -> Vec<u8> {
        wire::from_server(&format!(r#"{{"Event":"message","GroupId":"g","MsgSeq":{number}}}"#))
    }

    fn ready() -> Vec<u8> {
        wire::from_server(r#"{"Event":"ready"}"#)
    }

    #[test]
    fn messages_are_received_in_pieces_of_any_length() {
        let bytes = [UPGRADED, &ready(), &message(1), b"\x89\0", &message(2)].concat();
        for cut in 0..=bytes.len() {
            let (mut session, mut received) =
                (Session::default(), Received { messages: 1..1, ..Received::default() });
            let rest = session.read(&bytes[..cut], &mut received).unwrap();
            let rest = [rest, &bytes[cut..]].concat();
            assert_eq!(session.read(&rest, &mut received).unwrap(), b"");
            assert_eq!((received.is_ready, received.messages, session.last), (true, 1..3, 2));
            assert_eq!(received.reply, wire::pong(b""));
        }
    }

    #[test]
    fn a_missing_repeated_or_unexpected_frame_is_an_error() {
        let wrong = [
            [ready(), message(2)].concat(),
            [ready(), message(1), message(1)].concat(),
            [ready(), message(1), message(3)].concat(),
            [message(1), ready()].concat(),
            [ready(), ready()].concat(),
            [ready(), wire::from_server(r#"{"Event":"missed","MsgSeq":1}"#)].concat(),
            [ready(), vec![0x88, 2, 0x0f, 0xa4]].concat(),
        ];
        for frames in wrong {
            let bytes = [UPGRADED, &frames].concat();
            Session::default().read(&bytes, &mut Received::default()).map(<[u8]>::len).unwrap_err();
        }
        Session::default()
            .read(b"HTTP/1.1 200 OK\r\n\r\n", &mut Received::default())
            .map(<[u8]>::len)
            .unwrap_err();
    }
}
