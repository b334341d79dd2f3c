//! The bus between servers over one store: it carries events for their clients.
//!
//! Lines are stored nowhere and may be lost; then the other servers notice that something is missing, and read the store.
//! Lines of one server arrive in its order, those of different servers in any. The bus does not interpret them.
//!
//! A task passes waiting lines, as packets of a [`stream`], to a [`Carrier`]: [`notify`] or [`nats`]. Meanwhile more lines
//! gather. Received packets go to [`BusSubscription`].

mod nats;
mod notify;
mod stream;

pub(crate) use nats::BusError;
pub(crate) use notify::NotifyRelay;

use crate::lock::lock;
use std::fmt;
use std::mem::replace;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use stream::{Dropped, Incoming, Outgoing};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Limit of the lines that wait, in bytes: the events of many thousand clients while a carrier is unreachable for a second
/// or two.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// Longest silence of a running server. By its next packet the others notice that the one before was lost.
const SILENT_AT_MOST: Duration = Duration::from_secs(1);

/// Pause after packets could not be sent, so that a carrier that fails at once is not called all the time.
const PAUSE: Duration = Duration::from_millis(250);

/// How long [`Bus::end`] waits: longer than a carrier may take for one call.
const END_AT_MOST: Duration = Duration::from_secs(4);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BusEvent {
    /// A whole line of another server, in the order of that server.
    Line {
        from: ServerId,
        /// Without its end.
        line: String,
    },
    /// Lines may have been lost. Several of these events may follow one outage: for the connection, and for each server.
    Missed,
}

/// Called with one event at a time. Must not block, nor call the bus's [`NotifyRelay`].
pub(crate) type OnBusEvent = Arc<dyn Fn(BusEvent) + Send + Sync>;

/// A running server, drawn at random at its start. Shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerId(pub(crate) u64);

impl ServerId {
    /// From the system's random bits: servers that start at the same moment on equal machines must differ.
    fn draw() -> Self {
        Self(getrandom::u64().unwrap_or_else(|_| fastrand::u64(..)))
    }

    /// `None` for anything but 16 hexadecimal digits, small ones.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(Self)
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Sends to other servers and receives from them, until it is dropped.
pub(crate) struct Bus {
    /// This server.
    pub(crate) me: ServerId,
    queue: Arc<Queue>,
    /// The only strong reference: it is gone with the bus.
    _subscription: Arc<BusSubscription>,
    tasks: Vec<AbortHandle>,
}

impl Bus {
    /// Queues a line for all other servers: 4 MiB at most, without a line feed and NUL. Never blocks, never fails: a line
    /// that does not fit the queue is dropped, and the others notice that it is missing.
    pub(crate) fn publish(&self, line: String) {
        self.queue.push(line);
    }

    /// Sends the lines that wait, and the end of the stream, so that the others do not report a loss; waits 4 seconds at
    /// most. Lines published afterwards are dropped.
    pub(crate) async fn end(&self) {
        let mut ended = self.queue.ended.subscribe();
        self.queue.end();
        if timeout(END_AT_MOST, ended.wait_for(|ended| *ended)).await.is_err() {
            tracing::warn!(
                "stopping although not all events were sent to other servers; their clients catch up from the store"
            );
        }
    }

    /// Starts to send the queued lines.
    fn start(queue: Queue, subscription: Arc<BusSubscription>, carrier: impl Carrier) -> Self {
        let (me, queue) = (subscription.me, Arc::new(queue));
        let pump = tokio::spawn(pump(Arc::clone(&queue), Arc::downgrade(&subscription), carrier));
        Self { me, queue, _subscription: subscription, tasks: vec![pump.abort_handle()] }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Transports packets to all subscribed servers.
trait Carrier: Send + Sync + 'static {
    /// Packets that one call takes at most.
    const PACKETS_MAX: usize;

    /// Bytes that a packet has at most, at present.
    fn packet_bytes_max(&self) -> usize;

    /// Returns within 3 seconds, once the packets are on their way, in their order; all of them perhaps more than once.
    /// After an error they may be lost.
    fn carry(&self, packets: Vec<String>) -> impl Future<Output = Result<(), String>> + Send;
}

/// Sends the lines that wait, until the queue ends.
async fn pump(queue: Arc<Queue>, subscription: Weak<BusSubscription>, carrier: impl Carrier) {
    let mut failing = false;
    // Announces this server to those that run already.
    let mut batch = queue.keep_alive();
    loop {
        let Batch { packets, last } = batch;
        match carrier.carry(packets).await {
            Ok(()) if failing => {
                failing = false;
                tracing::info!("events are sent to other servers again");
            }
            Ok(()) => {}
            Err(cause) => {
                if !replace(&mut failing, true) {
                    tracing::error!(
                        cause,
                        "events cannot be sent to other servers, whose clients catch up once it works again: {cause}"
                    );
                }
                sleep(PAUSE).await;
            }
        }
        if last {
            queue.ended.send_replace(true);
            return;
        }
        if let Some(subscription) = subscription.upgrade() {
            subscription.forget_silent();
        }
        batch = queue.next(&carrier).await;
    }
}

/// Packets that are sent together.
struct Batch {
    packets: Vec<String>,
    /// Whether this ends the stream.
    last: bool,
}

/// The lines that wait to be sent.
struct Queue {
    waiting: Mutex<QueueState>,
    /// Notified when a line waits.
    filled: Notify,
    /// True once everything was sent, after [`Queue::end`].
    ended: watch::Sender<bool>,
}

struct QueueState {
    outgoing: Outgoing,
    /// Whether the queue was full, and that was logged: once until it is empty again.
    overflowing: bool,
    /// Whether no line may be added.
    ending: bool,
}

impl Queue {
    fn new(me: ServerId, bytes_max: usize) -> Self {
        let outgoing = Outgoing::new(me, bytes_max);
        let waiting = Mutex::new(QueueState { outgoing, overflowing: false, ending: false });
        Self { waiting, filled: Notify::new(), ended: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        lock(&self.waiting)
    }

    fn push(&self, line: String) {
        let bytes = line.len();
        let mut waiting = self.lock();
        if waiting.ending {
            return;
        }
        match waiting.outgoing.push(line) {
            Ok(()) => {}
            Err(Dropped::Full) => {
                if !replace(&mut waiting.overflowing, true) {
                    tracing::error!(
                        "the queue of events for other servers is full; events are dropped, and their clients catch up"
                    );
                }
            }
            Err(Dropped::Unfit) => {
                tracing::error!(
                    bytes,
                    "an event of {bytes} bytes cannot be sent to other servers; their clients catch up"
                );
            }
        }
        drop(waiting);
        self.filled.notify_one();
    }

    fn end(&self) {
        self.lock().ending = true;
        self.filled.notify_one();
    }

    fn keep_alive(&self) -> Batch {
        Batch { packets: vec![self.lock().outgoing.keep_alive()], last: false }
    }

    /// The next packets, once a line waits or this server has been silent for long enough.
    async fn next<C: Carrier>(&self, carrier: &C) -> Batch {
        let until = Instant::now() + SILENT_AT_MOST;
        loop {
            if let Some(batch) = self.take(C::PACKETS_MAX, carrier.packet_bytes_max()) {
                return batch;
            }
            if timeout_at(until, self.filled.notified()).await.is_err() {
                return self.keep_alive();
            }
        }
    }

    /// At most `packets_max` packets of the lines that wait; `None` when none waits.
    fn take(&self, packets_max: usize, bytes_max: usize) -> Option<Batch> {
        let mut waiting = self.lock();
        let mut packets = Vec::new();
        while packets.len() < packets_max
            && let Some(packet) = waiting.outgoing.packet(bytes_max)
        {
            packets.push(packet);
        }
        if waiting.outgoing.is_empty() {
            waiting.overflowing = false;
        }
        let last = waiting.ending && waiting.outgoing.is_empty();
        if last {
            packets.push(waiting.outgoing.end());
        }
        (!packets.is_empty()).then_some(Batch { packets, last })
    }
}

/// Handles incoming packets of any carrier.
struct BusSubscription {
    me: ServerId,
    /// Locked while `on_event` is called, so that events keep the order of their packets.
    incoming: Mutex<Incoming>,
    on_event: OnBusEvent,
}

impl BusSubscription {
    fn new(me: ServerId, on_event: OnBusEvent) -> Arc<Self> {
        Arc::new(Self { me, incoming: Mutex::new(Incoming::new(me)), on_event })
    }

    fn lock(&self) -> MutexGuard<'_, Incoming> {
        lock(&self.incoming)
    }

    /// Handles a packet, and returns the server that sent it; `None` when the bytes are not a packet.
    fn take(&self, packet: &[u8]) -> Option<ServerId> {
        let taken = std::str::from_utf8(packet).ok().and_then(|packet| {
            let now = Instant::now().into_std();
            self.lock().take(packet, now, &mut |event| (self.on_event)(event)).ok()
        });
        if taken.is_none() {
            // Without the content, which may be messages of users.
            let bytes = packet.len();
            tracing::warn!(
                bytes,
                "{bytes} bytes on the bus are not a packet and are ignored; does another program or version use it?"
            );
        }
        taken
    }

    /// Packets may have been lost with the connection.
    fn missed(&self) {
        let _in_turn = self.lock();
        (self.on_event)(BusEvent::Missed);
    }

    fn forget_silent(&self) {
        self.lock().forget_silent(Instant::now().into_std(), &mut |event| (self.on_event)(event));
    }
}

#[cfg(test)]
mod tests;
