//! The bus: by it servers over one store tell each other what their clients are to hear.
//!
//! Nothing that is told is kept anywhere, and what is told may be lost; but then the others know that something is
//! missing, and look it up in the store. Lines of one server come in its order, those of different servers in any.
//! What a line says is of no account here.
//!
//! A task takes what waits, as packets of a [`stream`], to a [`Carrier`]: [`notify`] or [`nats`]. While it does, more
//! gathers. Whatever brings packets hands them to [`BusSubscription`].

mod nats;
mod notify;
mod stream;

pub(crate) use nats::BusError;
pub(crate) use notify::NotifyRelay;

use std::fmt;
use std::mem::replace;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use stream::{Dropped, Incoming, Outgoing};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// What may wait to be told, in bytes. With a carrier that is away for a second or two, what many thousand clients
/// are to hear.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// The longest a server says nothing. By the next packet the others notice that the one before it was lost.
const SILENT_AT_MOST: Duration = Duration::from_secs(1);

/// Pause after packets could not be told, so that a carrier that fails at once is not asked all the time.
const PAUSE: Duration = Duration::from_millis(250);

/// How long [`Bus::end`] waits: longer than a carrier may take for one call.
const END_AT_MOST: Duration = Duration::from_secs(4);

/// What comes over the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BusEvent {
    /// A line that another server told, whole, and in the order of that server. Never one of our own.
    Line {
        /// Who told it.
        from: ServerId,
        /// Without its end.
        line: String,
    },
    /// Lines may have been lost: what is known from the bus cannot be trusted to be complete. Comes after what was
    /// lost was told, and perhaps several times for one outage: for the connection, and for each server.
    Missed,
}

/// Called with what comes over the bus, one at a time. Must not block, nor call the bus's [`NotifyRelay`].
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

/// Tells other servers, and hears them, until it is dropped.
pub(crate) struct Bus {
    /// This server.
    pub(crate) me: ServerId,
    queue: Arc<Queue>,
    /// Held here only: whoever brings packets finds it gone when the bus is.
    _subscription: Arc<BusSubscription>,
    tasks: Vec<AbortHandle>,
}

impl Bus {
    /// Queues a line for all other servers: 4 MiB at most, without a line feed and NUL. Never blocks, never fails: what
    /// does not fit the queue is dropped, and the others notice that it is missing.
    pub(crate) fn publish(&self, line: String) {
        self.queue.push(line);
    }

    /// Tells what waits, and that this server ends, so that the others do not miss it; waits 4 seconds at most. What is
    /// told afterwards is dropped.
    pub(crate) async fn end(&self) {
        let mut ended = self.queue.ended.subscribe();
        self.queue.end();
        if timeout(END_AT_MOST, ended.wait_for(|ended| *ended)).await.is_err() {
            tracing::warn!("other servers could not be told everything before this one ends");
        }
    }

    /// Starts to tell what is queued.
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

/// Takes packets to all servers that listen.
trait Carrier: Send + Sync + 'static {
    /// Packets that one call takes at most.
    const PACKETS_MAX: usize;

    /// Bytes that a packet has at most, at present.
    fn packet_bytes_max(&self) -> usize;

    /// Returns within 3 seconds, once the packets are on their way, in their order; all of them perhaps more than once.
    /// The error says why they are lost, or may be.
    fn carry(&self, packets: Vec<String>) -> impl Future<Output = Result<(), String>> + Send;
}

/// Tells what waits, until the queue ends.
async fn pump(queue: Arc<Queue>, subscription: Weak<BusSubscription>, carrier: impl Carrier) {
    let mut failing = false;
    // Whoever listens already gets to know this server.
    let mut batch = queue.keep_alive();
    loop {
        let Batch { packets, last } = batch;
        match carrier.carry(packets).await {
            Ok(()) if failing => {
                failing = false;
                tracing::info!("other servers are told again what happens here");
            }
            Ok(()) => {}
            Err(why) => {
                if !replace(&mut failing, true) {
                    tracing::error!(why, "other servers are not told what happens here: {why}");
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

/// Packets that are carried together.
struct Batch {
    packets: Vec<String>,
    /// Whether nothing comes after it.
    last: bool,
}

/// What waits to be told.
struct Queue {
    waiting: Mutex<QueueState>,
    /// Notified when something waits.
    filled: Notify,
    /// True once everything was told, after [`Queue::end`].
    ended: watch::Sender<bool>,
}

struct QueueState {
    outgoing: Outgoing,
    /// Whether the queue was too full, and that was logged. It counts as one cause until nothing waits any more.
    overflowing: bool,
    /// Whether nothing comes after what waits.
    ending: bool,
}

impl Queue {
    fn new(me: ServerId, bytes_max: usize) -> Self {
        let outgoing = Outgoing::new(me, bytes_max);
        let waiting = Mutex::new(QueueState { outgoing, overflowing: false, ending: false });
        Self { waiting, filled: Notify::new(), ended: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
                    tracing::error!("more happens here than other servers can be told; they are told that");
                }
            }
            Err(Dropped::Unfit) => {
                tracing::error!(bytes, "a line of {bytes} bytes cannot be told to other servers");
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

    /// What is to be told next, once something waits or the others have heard nothing for long enough.
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

    /// What waits, at most so many packets of it. `None` when nothing does.
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

/// Hears packets, in whatever way they come.
struct BusSubscription {
    me: ServerId,
    /// Held while [`OnBusEvent`] is called, so that what follows from one packet comes before what follows from the next.
    incoming: Mutex<Incoming>,
    on_event: OnBusEvent,
}

impl BusSubscription {
    fn new(me: ServerId, on_event: OnBusEvent) -> Arc<Self> {
        Arc::new(Self { me, incoming: Mutex::new(Incoming::new(me)), on_event })
    }

    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a packet, and returns whose it is; `None` when it is none.
    fn take(&self, packet: &[u8]) -> Option<ServerId> {
        let taken = std::str::from_utf8(packet).ok().and_then(|packet| {
            let now = Instant::now().into_std();
            self.lock().take(packet, now, &mut |heard| (self.on_event)(heard)).ok()
        });
        if taken.is_none() {
            // Without its content, which may be what people wrote.
            let bytes = packet.len();
            tracing::warn!(bytes, "{bytes} bytes came over the bus that are no packet, and are passed over");
        }
        taken
    }

    /// Packets may have been lost: the connection was.
    fn missed(&self) {
        let _in_turn = self.lock();
        (self.on_event)(BusEvent::Missed);
    }

    fn forget_silent(&self) {
        self.lock().forget_silent(Instant::now().into_std(), &mut |heard| (self.on_event)(heard));
    }
}

#[cfg(test)]
mod tests;
