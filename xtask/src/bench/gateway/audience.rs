//! The clients: one thread hears for all of them, and has messages sent to the group they are in.
//!
//! One poll, no task and no timer for a client: who hears shares the machine with the program that is measured. It ends by
//! itself, and as soon as one client misses a message, hears one twice or out of order, or loses its connection.

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
/// Longest time in which no client hears anything that it should.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long clients listen after the last message for one that nobody sent.
const QUIET: Duration = Duration::from_millis(500);
/// Room for what has come over one connection.
const BUFFER_BYTES: usize = 64 * 1024;
/// Longest latency the histogram holds, in microseconds.
const LATENCY_MICROS_MAX: u64 = 60_000_000;

/// How many clients, and what they are to hear.
#[derive(Args, Clone, Debug, Serialize)]
pub(crate) struct Plan {
    /// Clients, all in one group
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(super) clients: u32,
    /// Messages sent one after another, each when all clients have the one before
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) messages: u32,
    /// Messages sent then as fast as they are heard
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) stream: u32,
    /// How many of these are under way at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    pub(super) under_way: u32,
}

/// Whom to hear.
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

/// What the clients found; printed as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Findings {
    /// Clients connected in a second, each from its first byte until it is ready.
    pub(super) connects_per_second: f64,
    /// Processor time of the program per client that connected.
    pub(super) connect_cpu_micros: f64,
    /// Resident memory that came with the clients, divided by them.
    pub(super) bytes_per_client: f64,
    /// Length of the last message's text.
    pub(super) text_bytes: usize,
    /// From just before the call until one client has the message, over all clients and messages sent one after another.
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    pub(super) max_micros: u64,
    /// The same until the last client has it: the middle one and the longest of these messages.
    pub(super) last_micros_median: f64,
    pub(super) last_micros_max: f64,
    pub(super) one_by_one: Phase,
    pub(super) streamed: Phase,
    /// The most memory that was resident.
    pub(super) peak_bytes: u64,
}

/// Some messages, sent in one way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Phase {
    /// Messages times clients.
    pub(super) frames: u64,
    pub(super) frames_per_second: f64,
    /// Processor time of the program per frame, and that of the clients and who sends.
    pub(super) cpu_micros_per_frame: f64,
    pub(super) load_cpu_micros_per_frame: f64,
}

/// Connects, listens and prints.
///
/// # Errors
/// A client cannot connect, or does not hear every message once and in order.
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

    /// Connects all clients, a bounded number at a time; how many in a second.
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

    /// Has so many messages sent and heard, a bounded number under way at a time.
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
            "nothing was heard for {PATIENCE:?}: of {} messages all clients have {}, client {behind} is one of those \
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

    /// Takes what has arrived, and waits for that a little.
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
            ensure!(number <= self.sent, "message {number} was sent by nobody");
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
        // One of the phase before has nothing to say.
        let Some(sender) = self.senders.get_mut(position) else { return Ok(()) };
        match sender.stream.read(&mut self.buffer) {
            Ok(0) => bail!("the connection of a sender was closed"),
            Ok(read) => sender.buffer.extend_from_slice(&self.buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error).context("the connection of a sender is lost"),
        }
        match answer::read(&sender.buffer, Workload::SendToLarge.failed_item()) {
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
fn client_target(number: usize) -> String {
    let account = format!("acc-{number:07}");
    let usersig = signature::usersig(&account);
    format!("/v4/gateway?sdkappid={APP}&identifier={account}&usersig={usersig}&random=1&contenttype=json")
}
