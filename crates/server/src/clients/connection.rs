//! One connection of a client, until one side closes it.
//!
//! Only a limited number of frames waits for a client: one that lags behind is sent the history, page by page, each page
//! when the one before is on its way.

use super::client::ConnectedClient;
use super::direct_frames as direct;
use super::frame::{self, Frame};
use super::position_frame::{position, waiting};
use super::positions::{Live, Positions};
use super::requests::{self, Asked, Incoming, RequestContext};
use super::rest_queue::{OpenCommand, RestQueue};
use super::session::{CloseReason, OutboundItem};
use crate::allowance::Allowance;
use crate::code::Code;
use crate::reply::Failure;
use futures_util::{SinkExt as _, StreamExt as _};
use landfall_domain::people::Pair;
use landfall_domain::snapshot::MessageRange;
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

/// Longest time until a client has taken a frame.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// Interval of pings.
const PING_EVERY: Duration = Duration::from_secs(25);
/// Longest silence of a client.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Longest time for the closing handshake.
const CLOSE_MAX: Duration = Duration::from_secs(2);
/// Commands that cost the store something: a burst, then a rate per second. [choice]
const COMMANDS: (f64, f64) = (1_000.0, 50.0);
/// Frames of a client of any kind: a burst, then a rate per second. A frame that is answered counts as ten.
/// Further ones are read when they are due, so a client that sends more is slowed down, not disconnected. [choice]
const FRAMES: (f64, f64) = (10_000.0, 1_000.0);
/// What a frame that is answered counts as.
const ANSWERED: f64 = 10.0;
/// Messages read from a history at a time.
const PAGE: u32 = 100;
/// Frames that are put together before they are sent.
const FRAMES_AT_ONCE: usize = 64;

#[derive(Debug, thiserror::Error)]
enum Disconnected {
    /// The client closed it, or the network did.
    #[error("the connection is lost")]
    Socket(#[from] tungstenite::Error),
    /// The server closes it.
    #[error("{0:?}")]
    Closed(CloseReason),
}

enum NextEvent {
    Closing,
    Outbound(Option<OutboundItem>),
    Received(Option<Result<Message, tungstenite::Error>>),
    /// A command of the REST API was performed; the frame that answers it.
    Answered(String),
    History,
    Ping,
}

/// One connection.
pub(super) struct ClientConnection<S> {
    client: Arc<ConnectedClient>,
    positions: Positions,
    /// Those in conversations with accounts.
    direct: Positions<Arc<Pair>>,
    commands: Allowance,
    /// Limits the frames of any kind.
    incoming: Allowance,
    socket: WebSocketStream<S>,
    frames: mpsc::Receiver<OutboundItem>,
    pings: Interval,
    last_received: Instant,
    last_valid: Timestamp,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ClientConnection<S> {
    /// The signature of the client is valid until `last_valid`; `held`: it asked for `hold=1`.
    pub(super) fn new(
        client: Arc<ConnectedClient>,
        socket: WebSocketStream<S>,
        frames: mpsc::Receiver<OutboundItem>,
        last_valid: Timestamp,
        held: bool,
    ) -> Self {
        // Spreads the pings of clients that connect together.
        let first = PING_EVERY.mul_f64(fastrand::f64());
        let mut pings = interval_at(Instant::now() + first, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (positions, direct) = (Positions::new(held), Positions::new(held));
        let last_received = Instant::now();
        let [commands, incoming] = [COMMANDS, FRAMES]
            .map(|(at_once, per_second)| Allowance::new(at_once, per_second, last_received));
        Self {
            client,
            positions,
            direct,
            commands,
            incoming,
            socket,
            frames,
            pings,
            last_received,
            last_valid,
        }
    }

    /// Sends `first`, then serves the client until the connection ends. Returns the socket, and the reason when the server
    /// closes it.
    pub(super) async fn run(mut self, first: String) -> (WebSocketStream<S>, Option<CloseReason>) {
        // Commands of the REST API, performed one after the other, so that messages keep their order.
        let mut rest = RestQueue::default();
        let mut done = self.send(first).await.map(|()| None);
        let reason = loop {
            match done {
                Ok(opened) => opened.into_iter().for_each(|command| rest.add(command)),
                Err(Disconnected::Closed(reason)) => break Some(reason),
                Err(Disconnected::Socket(error)) => {
                    tracing::debug!(%error, "a client has gone: {error}");
                    break None;
                }
            }
            let event = self.next(&mut rest).await;
            if matches!(event, NextEvent::Outbound(None) | NextEvent::Received(None)) {
                break None;
            }
            let has_room = rest.has_room();
            done = rest.beside(self.handle(event, has_room)).await;
        };
        (self.socket, reason)
    }

    /// Does what an event asks for. Returns the command that it opens, if it does; `has_room`: whether it may.
    async fn handle(
        &mut self,
        event: NextEvent,
        has_room: bool,
    ) -> Result<Option<OpenCommand>, Disconnected> {
        let done = match event {
            NextEvent::Closing => {
                Err(Disconnected::Closed(self.client.session.close_reason().unwrap_or(CloseReason::Stopping)))
            }
            NextEvent::Outbound(Some(first)) => self.deliver(first).await,
            NextEvent::Received(Some(message)) => return self.receive(message, has_room).await,
            NextEvent::Answered(answer) => self.send(answer).await,
            NextEvent::History if self.positions.is_due() => self.send_history().await,
            NextEvent::History => self.send_direct_history().await,
            NextEvent::Ping => self.ping().await,
            NextEvent::Outbound(None) | NextEvent::Received(None) => Ok(()),
        };
        done.map(|()| None)
    }

    async fn next(&mut self, rest: &mut RestQueue) -> NextEvent {
        let waits_until = self.incoming.waits_until(Instant::now());
        let message = async {
            if let Some(due) = waits_until {
                sleep_until(due).await;
            }
            self.socket.next().await
        };
        tokio::select! {
            () = self.client.session.closing.notified() => NextEvent::Closing,
            waiting = self.frames.recv() => NextEvent::Outbound(waiting),
            answer = rest.next() => NextEvent::Answered(answer),
            message = message => NextEvent::Received(message),
            () = std::future::ready(()), if self.positions.is_due() || self.direct.is_due() => {
                NextEvent::History
            }
            _ = self.pings.tick() => NextEvent::Ping,
        }
    }

    async fn send(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Disconnected> {
        self.feed(text.into()).await?;
        self.flush().await
    }

    async fn feed(&mut self, text: Utf8Bytes) -> Result<(), Disconnected> {
        self.client.server.metrics.clients.frames.inc();
        in_time(self.socket.feed(Message::Text(text))).await
    }

    async fn flush(&mut self) -> Result<(), Disconnected> {
        in_time(self.socket.flush()).await
    }

    /// Sends `first` and the frames that wait behind it.
    async fn deliver(&mut self, first: OutboundItem) -> Result<(), Disconnected> {
        self.send_item(first).await?;
        for _ in 1..FRAMES_AT_ONCE {
            let Ok(waiting) = self.frames.try_recv() else { break };
            self.send_item(waiting).await?;
        }
        self.flush().await
    }

    async fn send_item(&mut self, item: OutboundItem) -> Result<(), Disconnected> {
        match item {
            OutboundItem::Frame(frame) => self.deliver_one(&frame).await,
            OutboundItem::Forget(group) => {
                self.positions.forget_group(&group);
                Ok(())
            }
        }
    }

    async fn deliver_one(&mut self, frame: &Frame) -> Result<(), Disconnected> {
        if let Some((pair, seq)) = &frame.direct {
            let text = (!self.is_own(frame)).then_some(&frame.text);
            return self.deliver_direct(pair, *seq, text).await;
        }
        let Some((key, seq)) = &frame.number else {
            return if self.is_own(frame) { Ok(()) } else { self.feed(frame.text.clone()).await };
        };
        match self.positions.live(key, *seq) {
            Live::Send if self.is_own(frame) => {
                self.positions.is_own(key);
                Ok(())
            }
            Live::Send => self.feed(frame.text.clone()).await,
            Live::Skip => Ok(()),
            Live::Wait => self.feed(waiting(key, *seq - 1).into()).await,
        }
    }

    /// Sends a new message between two accounts, after those before it that have not arrived here: servers publish what
    /// they send at the same time in any order.
    async fn deliver_direct(
        &mut self,
        pair: &Arc<Pair>,
        seq: u32,
        text: Option<&Utf8Bytes>,
    ) -> Result<(), Disconnected> {
        if let Some(sent) = self.direct.sent_past(pair, seq) {
            let last = self.client.direct_history(pair, 0, 0).await.map_err(Disconnected::Closed)?.last_seq;
            if last < sent {
                // An account was deleted, and there is a new one of its name.
                self.direct.forget(pair);
            }
        }
        if let Some(sent) = self.direct.gap_before(pair, seq) {
            let missing = self.client.missing_before(pair, sent, seq).await.map_err(Disconnected::Closed)?;
            for (message, sender) in missing {
                let is_own = self.client.session.has_sent(&direct::sender(pair, &message));
                let text = (!is_own).then(|| direct::message(pair, &message, &sender).into());
                self.send_direct(pair, message.seq, text.as_ref()).await?;
            }
        }
        self.send_direct(pair, seq, text).await
    }

    /// `None` as a text: the client sent the message itself.
    async fn send_direct(
        &mut self,
        pair: &Arc<Pair>,
        seq: u32,
        text: Option<&Utf8Bytes>,
    ) -> Result<(), Disconnected> {
        match (self.direct.live(pair, seq), text) {
            (Live::Send, Some(text)) => self.feed(text.clone()).await,
            (Live::Send, None) => {
                self.direct.is_own(pair);
                Ok(())
            }
            (Live::Skip, _) => Ok(()),
            (Live::Wait, _) => {
                let waiting = direct::position("waiting", pair, self.client.account(), seq - 1);
                self.feed(waiting.into()).await
            }
        }
    }

    /// Whether the client sent it itself.
    fn is_own(&self, frame: &Frame) -> bool {
        frame.sender.as_ref().is_some_and(|sender| self.client.session.has_sent(sender))
    }

    async fn receive(
        &mut self,
        message: Result<Message, tungstenite::Error>,
        has_room: bool,
    ) -> Result<Option<OpenCommand>, Disconnected> {
        self.last_received = Instant::now();
        self.incoming.spend(1.0, self.last_received);
        match message.map_err(misuse)? {
            Message::Text(text) => return self.perform(&text, has_room).await,
            Message::Binary(_) => return Err(Disconnected::Closed(CloseReason::Misuse)),
            // Pongs are sent with the next flush.
            Message::Ping(_) => {
                self.spend_answer();
                self.flush().await?;
            }
            Message::Pong(_) | Message::Frame(_) => {}
            Message::Close(_) => {
                // The close frame is answered with the next flush.
                self.flush().await?;
                return Err(Disconnected::Socket(tungstenite::Error::ConnectionClosed));
            }
        }
        Ok(None)
    }

    /// Answers a request, or returns the command that it opens.
    async fn perform(&mut self, text: &str, has_room: bool) -> Result<Option<OpenCommand>, Disconnected> {
        let frame = match Incoming::parse(text) {
            Ok(frame) => frame,
            Err(failure) => {
                self.answer(requests::refuse_unread(&self.client, &failure)).await?;
                return Ok(None);
            }
        };
        let asked = Asked::of(&frame);
        if let Err(failure) = self.admit(asked, has_room) {
            self.answer(asked.refused(&self.client, &failure)).await?;
        } else if asked.is_rest() {
            self.spend_answer();
            return Ok(Some(asked.performing(&self.client)));
        } else {
            let Self { client, positions, direct, .. } = self;
            let context = RequestContext { client, positions, direct };
            let answer = requests::perform(context, asked).await.map_err(Disconnected::Closed)?;
            if let Some(answer) = answer {
                self.answer(answer).await?;
            }
        }
        Ok(None)
    }

    /// Counts a request against the limits of the connection and its account.
    fn admit(&mut self, asked: Asked<'_>, has_room: bool) -> Result<(), Failure> {
        let now = Instant::now();
        if asked.is_free() {
            return Ok(());
        }
        if !self.commands.take(now) {
            return Err(Code::TooFrequent.because("too many requests; try again in a second"));
        }
        self.client.hub.account_rates.admit(self.client.account(), asked.name(), now)?;
        if asked.is_rest() && !has_room {
            let text = "too many requests are open; wait for the answers of some";
            return Err(Code::TooFrequent.because(text));
        }
        Ok(())
    }

    async fn answer(&mut self, answer: String) -> Result<(), Disconnected> {
        self.spend_answer();
        self.send(answer).await
    }

    /// Counts a frame of the client that is answered.
    fn spend_answer(&mut self) {
        self.incoming.spend(ANSWERED - 1.0, self.last_received);
    }

    async fn ping(&mut self) -> Result<(), Disconnected> {
        if SILENCE_MAX < self.last_received.elapsed() {
            return Err(Disconnected::Closed(CloseReason::Silent));
        }
        if self.last_valid < self.client.now() {
            return Err(Disconnected::Closed(CloseReason::Expired));
        }
        in_time(self.socket.send(Message::Ping(tungstenite::Bytes::new()))).await
    }

    /// Reads a page of a conversation with an account for a client that lags behind, and sends it.
    async fn send_direct_history(&mut self) -> Result<(), Disconnected> {
        let Some((pair, after, room)) = self.direct.next_due() else { return Ok(()) };
        let limit = PAGE.min(room);
        let found = self.client.direct_history(&pair, after, limit).await.map_err(Disconnected::Closed)?;
        let account = self.client.account().clone();
        for message in found.seen_by(&account) {
            let is_own = self.client.session.has_sent(&direct::sender(&pair, message));
            if !is_own {
                self.feed(direct::message(&pair, message, &found.sender(message)).into()).await?;
            }
            self.direct.sent(&pair, message.seq);
            if is_own {
                self.direct.is_own(&pair);
            }
        }
        // Numbers of messages that have expired are skipped at once.
        let is_full = usize::try_from(limit).is_ok_and(|limit| limit <= found.messages.len());
        let read = match found.messages.last() {
            Some(last) if is_full => last.seq,
            _ => found.last_seq.max(after),
        };
        let is_last = found.last_seq <= read;
        if self.direct.read(&pair, read, is_last) {
            self.feed(direct::position("waiting", &pair, &account, read).into()).await?;
        } else if is_last {
            self.feed(direct::position("caught_up", &pair, &account, read).into()).await?;
        }
        self.flush().await
    }

    /// Reads a page of a history for a client that lags behind, and sends it.
    async fn send_history(&mut self) -> Result<(), Disconnected> {
        let Some((key, after, room)) = self.positions.next_due() else { return Ok(()) };
        let limit = PAGE.min(room);
        let up_to = after.saturating_add(limit);
        let range = MessageRange::Newest {
            conversation: key.conversation.clone(),
            up_to,
            limit: usize::try_from(limit).unwrap_or_default(),
        };
        let Some(mut snapshot) =
            self.client.history(&key, vec![range]).await.map_err(Disconnected::Closed)?
        else {
            self.positions.forget(&key);
            return Ok(());
        };
        let messages = snapshot.messages.remove(&key.conversation).unwrap_or_default();
        let kind = snapshot.group.kind;
        let log = snapshot.log(&key.conversation).cloned().unwrap_or_default();
        let senders =
            self.client.senders(&key.group, messages.values()).await.map_err(Disconnected::Closed)?;
        for (seq, message) in messages.range(after.saturating_add(1)..) {
            if snapshot.shows(&key.conversation, message, &self.client.session.account) {
                let frame = frame::stored(&key, kind, (message, &senders), &self.client.hub.files);
                let is_own = self.is_own(&frame);
                if !is_own {
                    self.feed(frame.text).await?;
                }
                self.positions.sent(&key, *seq);
                if is_own {
                    self.positions.is_own(&key);
                }
            }
        }
        // Numbers of messages that have expired are skipped at once.
        let read =
            up_to.max(log.first_kept.max(log.cleared.saturating_add(1)) - 1).min(log.last_seq().max(after));
        let is_last = log.last_seq() <= read;
        if self.positions.read(&key, read, is_last) {
            self.feed(waiting(&key, read).into()).await?;
        } else if is_last {
            self.feed(position("caught_up", &key, read).into()).await?;
        }
        self.flush().await
    }
}

/// An error that the client caused is answered with a close code.
fn misuse(error: tungstenite::Error) -> Disconnected {
    let is_misuse = matches!(error, tungstenite::Error::Capacity(_) | tungstenite::Error::Utf8(_));
    if is_misuse { Disconnected::Closed(CloseReason::Misuse) } else { Disconnected::Socket(error) }
}

async fn in_time(sending: impl Future<Output = Result<(), tungstenite::Error>>) -> Result<(), Disconnected> {
    match timeout(WRITE_MAX, sending).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(Disconnected::Closed(CloseReason::Slow)),
    }
}

/// Closes the connection with a code and a reason.
pub(super) async fn send_close<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    reason: CloseReason,
) {
    let (code, reason) = reason.code_and_reason();
    let close = CloseFrame { code: code.into(), reason: reason.into() };
    let closing = async {
        socket.close(Some(close)).await?;
        // Until the client has read it: a connection that is closed on unread data is reset, and the reason lost.
        while socket.next().await.transpose()?.is_some() {}
        Ok::<_, tungstenite::Error>(())
    };
    // The client may be gone.
    drop(timeout(CLOSE_MAX, closing).await);
}
