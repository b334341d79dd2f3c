//! The load: a closed loop over keep-alive connections, one request in flight on each.
//!
//! One thread, one poll, no allocation per call: the load shares the machine with the server it measures, so what it
//! costs is taken from the server. It ends by itself, at a number of calls or after a time.

use super::answer::{self, Answer};
use super::process;
use super::request::Request;
use super::socket;
use super::workload::Workload;
use anyhow::{Context as _, Result};
use clap::Args;
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Poll};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Size of the buffer for one answer; an answer about fifty groups has some 30,000 bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Longest wait for calls in flight after the last was sent. Longer than any stall a healthy server has.
const DRAIN: Duration = Duration::from_secs(10);

/// Longest latency in the histogram, in microseconds; longer ones count as this.
const LATENCY_MICROS_MAX: u64 = 60_000_000;

/// What to load, and for how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the server
    #[arg(long)]
    address: SocketAddr,
    /// What the calls do
    #[arg(long, value_enum, default_value_t = Workload::ImportGroup)]
    workload: Workload,
    /// Path and query of the requests, up to and including the signature
    #[arg(long)]
    target: String,
    /// Connections, each with one request in flight
    #[arg(long)]
    connections: usize,
    /// Seconds after which no further call is sent
    #[arg(long)]
    seconds: f64,
    /// Calls after which no further call is sent
    #[arg(long, default_value_t = u64::MAX)]
    calls: u64,
    /// Number of the first call; numbers name the groups
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Reports the progress every second on standard error
    #[arg(long)]
    progress: bool,
}

/// The results of a load, printed as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Findings {
    /// Calls that were sent.
    pub(super) sent: u64,
    /// Calls answered with success.
    pub(super) succeeded: u64,
    /// The first answer that was no success, or why there was none.
    pub(super) first_wrong: Option<String>,
    /// Length of the last answer's body.
    pub(super) answer_bytes: usize,
    /// From the first call to the last answer.
    pub(super) seconds: f64,
    /// Latencies of the successes.
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    pub(super) p999_micros: u64,
    pub(super) max_micros: u64,
    /// Processor time of the load itself, in seconds.
    pub(super) cpu_seconds: f64,
}

/// Runs the load and prints its results.
///
/// # Errors
/// When a connection cannot be opened. A wrong answer is a result.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut load = Load::connect(arguments)?;
    let findings = load.run()?;
    println!("{}", serde_json::to_string(&findings)?);
    Ok(())
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    sent_at: Instant,
    /// A request was sent and its answer is not complete yet.
    waiting: bool,
}

struct Load<'a> {
    arguments: &'a Arguments,
    request: Request,
    poll: Poll,
    connections: Vec<Connection>,
    latencies: Histogram<u64>,
    started: Instant,
    deadline: Instant,
    time: Duration,
    last_answer: Instant,
    sent: u64,
    in_flight: usize,
    first_wrong: Option<String>,
    answer_bytes: usize,
}

impl<'a> Load<'a> {
    fn connect(arguments: &'a Arguments) -> Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(arguments.connections);
        let now = Instant::now();
        for position in 0..arguments.connections {
            let stream = socket::connect(arguments.address, poll.registry(), position)?;
            let buffer = vec![0; ANSWER_BYTES_MAX];
            connections.push(Connection { stream, buffer, filled: 0, sent_at: now, waiting: false });
        }
        Ok(Self {
            arguments,
            request: arguments.workload.request(&arguments.target),
            poll,
            connections,
            latencies: Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3)?,
            started: now,
            deadline: now,
            time: Duration::try_from_secs_f64(arguments.seconds).context("--seconds is out of range")?,
            last_answer: now,
            sent: 0,
            in_flight: 0,
            first_wrong: None,
            answer_bytes: 0,
        })
    }

    fn run(&mut self) -> Result<Findings> {
        let cpu_before = process::cpu_seconds(std::process::id())?;
        // The time counts from here: opening the connections may take a while on a busy machine.
        self.started = Instant::now();
        self.deadline = self.started + self.time;
        for position in 0..self.connections.len() {
            self.send(position, Instant::now());
        }
        let mut events = Events::with_capacity(1_024);
        let mut progress_due = self.started + Duration::from_secs(1);
        while 0 < self.in_flight {
            socket::wait(&mut self.poll, &mut events, Duration::from_millis(200))?;
            for event in &events {
                self.receive(event.token().0);
            }
            let now = Instant::now();
            if self.deadline + DRAIN < now {
                self.note_wrong(&format!("{} calls without an answer after {DRAIN:?}", self.in_flight));
                break;
            }
            if self.arguments.progress && progress_due <= now {
                self.report(now);
                progress_due += Duration::from_secs(1);
            }
        }
        let latency = |quantile| self.latencies.value_at_quantile(quantile);
        Ok(Findings {
            sent: self.sent,
            succeeded: self.latencies.len(),
            first_wrong: self.first_wrong.clone(),
            answer_bytes: self.answer_bytes,
            seconds: (self.last_answer - self.started).as_secs_f64(),
            p50_micros: latency(0.5),
            p99_micros: latency(0.99),
            p999_micros: latency(0.999),
            max_micros: self.latencies.max(),
            cpu_seconds: process::cpu_seconds(std::process::id())? - cpu_before,
        })
    }

    /// Sends the next call on a connection, unless there is no next one.
    fn send(&mut self, position: usize, now: Instant) {
        if self.arguments.calls <= self.sent || self.deadline <= now {
            return;
        }
        let bytes = self.request.numbered(self.arguments.first + self.sent);
        let connection = &mut self.connections[position];
        // With nothing else in flight the socket's buffer is empty and takes the whole request at once.
        match connection.stream.write(bytes) {
            Ok(written) if written == bytes.len() => {
                connection.sent_at = now;
                connection.filled = 0;
                connection.waiting = true;
                self.sent += 1;
                self.in_flight += 1;
            }
            Ok(written) => self.note_wrong(&format!("only {written} bytes of a request could be sent")),
            Err(error) => self.note_wrong(&format!("a request could not be sent: {error}")),
        }
    }

    /// Reads what has arrived on a connection.
    fn receive(&mut self, position: usize) {
        let connection = &mut self.connections[position];
        while connection.waiting {
            let wrong = match connection.stream.read(&mut connection.buffer[connection.filled..]) {
                Ok(0) => "the connection was closed, or the answer is too long".to_owned(),
                Ok(read) => {
                    connection.filled += read;
                    let (success, failed) =
                        (self.arguments.workload.success(), self.arguments.workload.failed_item());
                    match answer::read(&connection.buffer[..connection.filled], success, failed) {
                        Answer::Partial => continue,
                        Answer::Success { body_bytes } => {
                            self.answer_bytes = body_bytes;
                            return self.complete(position);
                        }
                        Answer::Other => {
                            let text =
                                String::from_utf8_lossy(&connection.buffer[..connection.filled]).into_owned();
                            self.note_wrong(&text);
                            return self.proceed(position, Instant::now());
                        }
                        Answer::Broken => {
                            String::from_utf8_lossy(&connection.buffer[..connection.filled.min(1_000)])
                                .into_owned()
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => format!("an answer could not be read: {error}"),
            };
            // The connection is no longer usable, so no further call is sent on it.
            connection.waiting = false;
            self.in_flight -= 1;
            self.note_wrong(&wrong);
            return;
        }
    }

    fn complete(&mut self, position: usize) {
        let now = Instant::now();
        let latency = now - self.connections[position].sent_at;
        self.latencies.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        self.proceed(position, now);
    }

    fn proceed(&mut self, position: usize, now: Instant) {
        self.connections[position].waiting = false;
        self.in_flight -= 1;
        self.last_answer = now;
        self.send(position, now);
    }

    fn note_wrong(&mut self, text: &str) {
        self.first_wrong.get_or_insert_with(|| text.to_owned());
    }

    fn report(&self, now: Instant) {
        let rate = self.latencies.len() as f64 / (now - self.started).as_secs_f64();
        eprintln!("  {} calls, {rate:.0}/s on average", self.latencies.len());
    }
}
