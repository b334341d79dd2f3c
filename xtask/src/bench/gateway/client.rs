//! One connected client. It checks that it receives every message once and in order, and sends as little as possible.

use super::connection::Connection;
use super::wire;
use anyhow::{Result, bail, ensure};
use mio::Registry;
use std::net::SocketAddr;
use std::ops::Range;

/// Messages after which a client acknowledges. The server waits for that after 1,000.
const ACKNOWLEDGE_EVERY: u32 = 100;

/// The group of all clients, as `Workload` names it.
const GROUP: &str = "@TGS#_large";

/// The result of one read.
#[derive(Default)]
pub(super) struct Received {
    /// `ready` has arrived.
    pub(super) is_ready: bool,
    /// The numbers of the messages, without a gap.
    pub(super) messages: Range<u32>,
    /// Length of the last message's text.
    pub(super) text_bytes: usize,
}

pub(super) struct GatewayClient {
    connection: Connection,
    session: Session,
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
        let connection = Connection::open(address, target, registry, token)?;
        let spread = u32::try_from(token).unwrap_or_default() % ACKNOWLEDGE_EVERY;
        Ok(Self { connection, session: Session::default(), acknowledge_at: ACKNOWLEDGE_EVERY + spread })
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
        let Self { connection, session, acknowledge_at } = self;
        let next = session.last + 1;
        let mut received = Received { messages: next..next, ..Received::default() };
        connection.receive(buffer, |text| session.take(text, &mut received))?;
        if *acknowledge_at <= session.last {
            *acknowledge_at = session.last + ACKNOWLEDGE_EVERY;
            connection
                .send(&format!(r#"{{"Command":"ack","GroupId":"{GROUP}","MsgSeq":{}}}"#, session.last))?;
        }
        Ok(received)
    }
}

/// What a client has received.
#[derive(Default)]
struct Session {
    /// `ready` has arrived: the server sends every message from here on.
    is_ready: bool,
    /// The number of the last message.
    last: u32,
}

impl Session {
    fn take(&mut self, text: &[u8], received: &mut Received) -> Result<()> {
        match wire::message_number(text) {
            Some(number) => {
                ensure!(self.is_ready, "message {number} came before `ready`");
                ensure!(number == self.last + 1, "message {number} came after message {}", self.last);
                self.last = number;
                received.messages.end = number + 1;
                received.text_bytes = text.len();
            }
            None if !self.is_ready && wire::is_ready(text) => {
                self.is_ready = true;
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

    const READY: &str = r#"{"Event":"ready"}"#;

    fn message(number: u32) -> String {
        format!(r#"{{"Event":"message","GroupId":"g","MsgSeq":{number}}}"#)
    }

    fn take(texts: &[&str]) -> Result<Received> {
        let (mut session, mut received) =
            (Session::default(), Received { messages: 1..1, ..Received::default() });
        texts.iter().try_for_each(|text| session.take(text.as_bytes(), &mut received))?;
        Ok(received)
    }

    #[test]
    fn messages_are_counted() {
        let received = take(&[READY, &message(1), &message(2)]).unwrap();
        assert_eq!(
            (received.is_ready, received.messages, received.text_bytes),
            (true, 1..3, message(2).len())
        );
    }

    #[test]
    fn a_missing_repeated_or_unexpected_frame_is_an_error() {
        let [one, two, three] = [1, 2, 3].map(message);
        let wrong = [
            &[READY, &two][..],
            &[READY, &one, &one],
            &[READY, &one, &three],
            &[&one, READY],
            &[READY, READY],
            &[READY, r#"{"Event":"missed","MsgSeq":1}"#],
        ];
        for texts in wrong {
            assert!(take(texts).is_err(), "{texts:?}");
        }
    }
}
