//! The clients: one thread reads for all of them, and sends messages to their group.
//!
//! One poll, no task and no timer for a client, since the clients share the machine with the measured program. The
//! process ends by itself, and fails as soon as a client misses a message, receives one twice or out of order, or is
//! disconnected.

use super::client::GatewayClient;
use super::signature;
use crate::bench::answer::{self, Answer};
use crate::bench::process::{self, Memory, REST};
use crate::bench::report::median;
use crate::bench::request::Request;
use crate::bench::socket;
use crate::bench::target::APP;
use crate::bench::workload::Workload;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Poll};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Clients that connect at the same time.
const CONNECTING: usize = 128;
/// Messages sent before any is measured.
const WARM_UP: u32 = 5;
/// Longest time without progress of any client.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long clients watch for unexpected messages after the last one.
const QUIET: Duration = Duration::from_millis(500);
/// Size of the buffer for one read.
const BUFFER_BYTES: usize = 64 * 1024;
/// Longest latency in the histogram, in microseconds.
const LATENCY_MICROS_MAX: u64 = 60_000_000;

/// How many clients there are, and how many messages they receive.
#[derive(Args, Clone, Debug, Serialize)]
pub(crate) struct Plan {
    /// Clients, all in one group
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(super) clients: u32,
    /// Messages sent one after another, each when all clients have the one before
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) messages: u32,
    /// Messages sent after that, as fast as they are received
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) stream: u32,
    /// How many of those are under way at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    pub(super) under_way: u32,
}

/// The program to connect to.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the program
    #[arg(long)]
    address: SocketAddr,
    /// Its process
    #[arg(long)]
    process: u32,
    /// Path and query of the calls that send messages, up to and including the signature
    #[arg(long)]
    target: String,
    #[command(flatten)]
    plan: Plan,
}

/// The figures of the clients, printed as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Findings {
    /// Clients connected per second, each from its first byte until it is ready.
    pub(super) connects_per_second: f64,
    /// Processor time of the program per client that connected.
    pub(super) connect_cpu_micros: f64,
    /// Growth of the program's resident memory per client.
    pub(super) bytes_per_client: f64,
    /// Length of the last message's text.
    pub(super) text_bytes: usize,
    /// From just before the call until a client has the message, over all clients and messages sent one after another.
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    pub(super) max_micros: u64,
    /// The same until the last client has it: the median and the maximum over these messages.
    pub(super) last_micros_median: f64,
    pub(super) last_micros_max: f64,
    pub(super) one_by_one: Phase,
    pub(super) streamed: Phase,
    /// The most memory that was resident.
    pub(super) peak_bytes: u64,
}

/// Messages sent one after another, or several at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Phase {
    /// Messages times clients.
    pub(super) frames: u64,
    pub(super) frames_per_second: f64,
    /// Processor time per frame of the program, and of the clients with the senders.
    pub(super) cpu_micros_per_frame: f64,
    pub(super) load_cpu_micros_per_frame: f64,
}

/// Connects, sends, receives and prints.
///
/// # Errors
/// A client cannot connect, or does not receive every message once and in order.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut audience = Audience::new(arguments)?;
    let cpu = process::cpu_seconds(arguments.process)?;
    let resident = process::memory(arguments.process)?.resident;
    let connects_per_second = audience.connect()?;
    process::wait_until_idle(|| process::cpu_seconds(arguments.process), REST)?;
    let clients = f64::from(arguments.plan.clients);
    let connect_cpu = process::cpu_seconds(arguments.process)? - cpu;
    let gained = process::memory(arguments.process)?.resident.saturating_sub(resident);

    audience.phase(WARM_UP, 1)?;
    audience.latencies.reset();
    audience.last.clear();
    let one_by_one = audience.phase(arguments.plan.messages, 1)?;
    let (latencies, last) = (audience.latencies.clone(), audience.last.clone());
    let streamed = audience.phase(arguments.plan.stream, arguments.plan.under_way)?;
    audience.expect_silence(QUIET)?;
    let Memory { peak, .. } = process::memory(arguments.process)?;
    let findings = Findings {
        connects_per_second,
        connect_cpu_micros: connect_cpu * 1e6 / clients,
        bytes_per_client: gained as f64 / clients,
        text_bytes: audience.text_bytes,
        p50_micros: latencies.value_at_quantile(0.5),
        p99_micros: latencies.value_at_quantile(0.99),
        max_micros: latencies.max(),
        last_micros_median: median(last.clone()).unwrap_or_default(),
        last_micros_max: last.into_iter().fold(0.0, f64::max),
        one_by_one,
        streamed,
        peak_bytes: peak,
    };
    println!("{}", serde_json::to_string(&findings)?);
    Ok(())
}

/// A connection that sends messages, one at a time.
struct Sender {
    stream: TcpStream,
    buffer: Vec<u8>,
    waiting: bool,
}

struct Audience<'a> {
    arguments: &'a Arguments,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    clients: Vec<GatewayClient>,
    ready: usize,
    senders: Vec<Sender>,
    request: Request,
    sent: u32,
    sent_at: Instant,
    /// How many clients have each message, by its number less one.
    delivered: Vec<u32>,
    /// Messages that all clients have.
    complete: u32,
    frames: u64,
    text_bytes: usize,
    latencies: Histogram<u64>,
    /// Microseconds until the last client had a message.
    last: Vec<f64>,
}

impl<'a> Audience<'a> {
    fn new(arguments: &'a Arguments) -> Result<Self> {
        Ok(Self {
            arguments,
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            buffer: vec![0; BUFFER_BYTES],
            clients: Vec::new(),
            ready: 0,
            senders: Vec::new(),
            request: Workload::SendToLarge.request(&arguments.target),
            sent: 0,
            sent_at: Instant::now(),
            delivered: Vec::new(),
            complete: 0,
            frames: 0,
            text_bytes: 0,
            latencies: Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3)?,
            last: Vec::new(),
        })
    }

    fn all(&self) -> usize {
        // A number up to 20,000 fits.
        self.arguments.plan.clients as usize
    }

    /// Connects all clients, a bounded number at a time. Returns clients per second.
    fn connect(&mut self) -> Result<f64> {
        let targets: Vec<String> = (0..self.all()).map(client_target).collect();
        let started = Instant::now();
        let mut progress = (self.ready, started);
        while self.ready < targets.len() {
            while self.clients.len() < targets.len().min(self.ready + CONNECTING) {
                let number = self.clients.len();
                let registry = self.poll.registry();
                let client =
                    GatewayClient::connect(self.arguments.address, &targets[number], registry, number)?;
                self.clients.push(client);
            }
            self.poll_once()?;
            if progress.0 < self.ready {
                progress = (self.ready, Instant::now());
            }
            let (ready, all) = (self.ready, targets.len());
            ensure!(progress.1.elapsed() < PATIENCE, "only {ready} of {all} clients could connect");
        }
        Ok(targets.len() as f64 / started.elapsed().as_secs_f64())
    }

    /// Sends messages until all clients have them, a bounded number under way at a time.
    fn phase(&mut self, messages: u32, under_way: u32) -> Result<Phase> {
        // A server closes connections without calls after a while, so each phase has its own.
        self.senders.clear();
        for number in 0..under_way as usize {
            self.senders.push(self.sender(self.all() + number)?);
        }
        let (cpu, own) = (process::cpu_seconds(self.arguments.process)?, own_cpu_seconds()?);
        let (frames, started) = (self.frames, Instant::now());
        let until = self.sent + messages;
        let mut progress = (self.frames, started);
        while self.complete < until || self.senders.iter().any(|sender| sender.waiting) {
            while self.sent < until && self.sent - self.complete < under_way {
                let Some(free) = self.senders.iter().position(|sender| !sender.waiting) else { break };
                self.send(free)?;
            }
            self.poll_once()?;
            if progress.0 < self.frames {
                progress = (self.frames, Instant::now());
            }
            ensure!(progress.1.elapsed() < PATIENCE, "{}", self.describe_stall());
        }
        let (seconds, frames) = (started.elapsed().as_secs_f64(), self.frames - frames);
        let (cpu, own) = (process::cpu_seconds(self.arguments.process)? - cpu, own_cpu_seconds()? - own);
        let per_frame = |seconds: f64| seconds * 1e6 / frames as f64;
        Ok(Phase {
            frames,
            frames_per_second: frames as f64 / seconds,
            cpu_micros_per_frame: per_frame(cpu),
            load_cpu_micros_per_frame: per_frame(own),
        })
    }

    fn expect_silence(&mut self, time: Duration) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < time {
            self.poll_once()?;
        }
        Ok(())
    }

    fn describe_stall(&self) -> String {
        let behind =
            self.clients.iter().position(|client| client.last() <= self.complete).unwrap_or_default();
        let waiting = self.senders.iter().filter(|sender| sender.waiting).count();
        format!(
            "nothing was received for {PATIENCE:?}: of {} messages all clients have {}, client {behind} is one of those \
             without the next, and {waiting} calls are not answered",
            self.sent, self.complete
        )
    }

    fn sender(&self, token: usize) -> Result<Sender> {
        let stream =
            socket::connect(self.arguments.address, self.poll.registry(), token).context("a sender")?;
        Ok(Sender { stream, buffer: Vec::new(), waiting: false })
    }

    fn send(&mut self, free: usize) -> Result<()> {
        let bytes = self.request.numbered(u64::from(self.sent));
        let sender = &mut self.senders[free];
        self.delivered.push(0);
        self.sent += 1;
        self.sent_at = Instant::now();
        let written = sender.stream.write(bytes).context("a message cannot be sent")?;
        ensure!(written == bytes.len(), "only {written} bytes of a request could be sent");
        sender.waiting = true;
        Ok(())
    }

    /// Waits a little for data, and reads what has arrived.
    fn poll_once(&mut self) -> Result<()> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        socket::wait(&mut self.poll, &mut events, Duration::from_millis(100))?;
        for event in &events {
            let token = event.token().0;
            if token < self.all() {
                self.receive(token).with_context(|| format!("client {token}"))?;
            } else {
                self.read_answer(token - self.all())?;
            }
        }
        self.events = events;
        Ok(())
    }

    fn receive(&mut self, position: usize) -> Result<()> {
        let received = self.clients[position].receive(&mut self.buffer)?;
        self.ready += usize::from(received.is_ready);
        if received.messages.is_empty() {
            return Ok(());
        }
        self.text_bytes = received.text_bytes;
        let latency = self.sent_at.elapsed();
        for number in received.messages {
            ensure!(number <= self.sent, "message {number} was never sent");
            self.frames += 1;
            self.latencies.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            let count = &mut self.delivered[number as usize - 1];
            *count += 1;
            if *count == self.arguments.plan.clients {
                self.complete += 1;
                self.last.push(latency.as_secs_f64() * 1e6);
            }
        }
        Ok(())
    }

    fn read_answer(&mut self, position: usize) -> Result<()> {
        // A sender of the phase before has no answer due.
        let Some(sender) = self.senders.get_mut(position) else { return Ok(()) };
        match sender.stream.read(&mut self.buffer) {
            Ok(0) => bail!("the connection of a sender was closed"),
            Ok(read) => sender.buffer.extend_from_slice(&self.buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error).context("the connection of a sender is lost"),
        }
        match answer::read(
            &sender.buffer,
            Workload::SendToLarge.success(),
            Workload::SendToLarge.failed_item(),
        ) {
            Answer::Partial => {}
            Answer::Success { .. } => {
                sender.buffer.clear();
                sender.waiting = false;
            }
            Answer::Other | Answer::Broken => {
                bail!("a message was answered with {}", String::from_utf8_lossy(&sender.buffer));
            }
        }
        Ok(())
    }
}

fn own_cpu_seconds() -> Result<f64> {
    process::cpu_seconds(std::process::id())
}

/// Path and query with which a client connects, as the member that `Workload::FillLarge` imports.
pub(super) fn client_target(number: usize) -> String {
    let account = format!("acc-{number:07}");
    let usersig = signature::usersig(&account);
    format!("/v4/gateway?sdkappid={APP}&identifier={account}&usersig={usersig}&random=1&contenttype=json")
}
