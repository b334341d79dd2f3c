//! One connected client: it checks that it hears every message once and in order, and says as little as a client may.

use super::wire::{self, FRAME_BYTES_MAX, Frame};
use crate::bench::socket::connect;
use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use mio::Registry;
use mio::net::TcpStream;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::ops::Range;

/// Messages after which a client says how far it is. The server waits for that after 1,000.
const ACKNOWLEDGE_EVERY: u32 = 100;

/// The group everybody is in, as `Workload` names it.
const GROUP: &str = "@TGS#_large";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The request for a WebSocket is not answered yet.
    Upgrading,
    /// There is a WebSocket, and nothing was said yet.
    Joining,
    /// Everything that is said is heard from here on.
    Ready,
}

/// What a client received at once.
#[derive(Default)]
pub(super) struct Received {
    /// It listens from now on.
    pub(super) is_ready: bool,
    /// The messages, each the next one.
    pub(super) messages: Range<u32>,
    /// Length of the last one's text.
    pub(super) text_bytes: usize,
    /// What the client has to say to that.
    reply: Vec<u8>,
}

/// A connected client.
pub(super) struct GatewayClient {
    stream: TcpStream,
    session: Session,
    /// The beginning of a frame that is not whole.
    rest: Vec<u8>,
    /// Clients do not all say after the same message how far they are.
    acknowledge_at: u32,
}

impl GatewayClient {
    /// Connects as number `token` of all clients, and asks for a WebSocket.
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

    /// Takes what has arrived.
    ///
    /// # Errors
    /// The connection ended, or holds anything but the next messages.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<Received> {
        let next = self.session.last + 1;
        let mut received = Received { messages: next..next, ..Received::default() };
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            self.rest.clear();
            let read = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => bail!("the connection was closed without a word"),
                Ok(read) => read,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
                Err(error) => return Err(error).context("the connection is lost"),
            };
            let rest = self.session.read(&buffer[..kept + read], &mut received)?;
            ensure!(rest.len() <= FRAME_BYTES_MAX, "{} bytes are no frame", rest.len());
            self.rest.extend_from_slice(rest);
            // A stream that gave less than there was room for is empty, and says so when it is not any more.
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

    /// What a client says is short, and nothing waits before it, so the socket takes it at once.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stream.write(bytes).context("nothing can be said to the server")?;
        ensure!(written == bytes.len(), "only {written} of {} bytes could be said", bytes.len());
        Ok(())
    }
}

/// What a client has understood so far.
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
    /// Reads what is whole, and gives back the rest.
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
            None => bail!("a frame that was not expected: {}", String::from_utf8_lossy(text)),
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
    fn messages_are_heard_in_whatever_pieces_they_come() {
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
    fn what_is_missing_repeated_or_not_expected_is_an_error() {
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
