//! `cargo xtask bench webhooks`: messages are sent while the receiver of their events answers, hangs, fails, sends
//! garbage or disconnects. Then it recovers, and has to receive every event once, in the order of each group.

mod receiver;

use super::process::{self, Memory};
use super::report::{self, Figures};
use super::runner::{Load, Runner};
use super::target::{Mode, Server, Target, WorkDirectory};
use super::workload::{GROUPS, Workload};
use anyhow::{Result, ensure};
use receiver::{Behaviour, Receiver};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Connections that fill a store.
const PREPARE_CONNECTIONS: usize = 64;
/// Filling ends with an error when it takes longer than this, seconds.
const PREPARE_SECONDS: f64 = 300.0;
/// Interval between checks whether every event was delivered.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Longest wait until every event is delivered.
const DRAIN_MAX: Duration = Duration::from_secs(300);
/// Settings of the webhook: a failed event is soon sent again, and never dropped during the benchmark.
const WEBHOOK_SETTINGS: &str = "events = [\"Group.CallbackAfterSendMsg\"]\nallow_private = true\nretry_seconds = [1, 1, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5]\n";

/// Settings of the benchmark of webhooks.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Connections, each with one call in flight
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// Seconds of load in each state of the receiver
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A load in one state of the receiver, and the delivery of its events.
#[derive(Serialize)]
struct Measured {
    receiver: &'static str,
    calls: Figures,
    /// Events delivered before the load ended.
    delivered_meanwhile: u64,
    /// Seconds from the end of the load, when the receiver recovered, until the last event was delivered.
    drained_in: f64,
    /// Events delivered a second time.
    repeated: u64,
    /// Processor time of the server from the start of the load until the last event was delivered, µs per event.
    cpu_micros_per_event: f64,
    peak_bytes: u64,
}

#[derive(Serialize)]
struct Report {
    processors: usize,
    connections: u32,
    /// Without a receiver.
    silent: Figures,
    rounds: Vec<Measured>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// A program does not start, a call fails, or an event is lost or delivered out of order.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let programs = super::build(false, super::PROFILE)?;
    let directory = WorkDirectory::make()?;
    println!("\nMessages to {GROUPS} groups, {} s each; CPU is µs per call.", arguments.seconds);
    report::print_heading();
    let mut server = RunningServer::start(&programs, &directory.path().join("silent"), None)?;
    let connections = arguments.connections as usize;
    let silent = server.load(arguments)?;
    report::print_figures(connections, 1, "silent", &silent);
    drop(server);

    let receiver = Receiver::start()?;
    let webhook = format!("[app.webhook]\nurl = \"{}\"\n{WEBHOOK_SETTINGS}", receiver.url);
    let mut server = RunningServer::start(&programs, &directory.path().join("webhook"), Some(&webhook))?;
    let mut rounds = Vec::new();
    for (number, behaviour) in Behaviour::ALL.into_iter().enumerate() {
        let measured = server.round(arguments, &receiver, behaviour)?;
        report::print_figures(connections, number + 1, measured.receiver, &measured.calls);
        rounds.push(measured);
    }
    println!();
    for round in &rounds {
        println!(
            "{:<8} {:.3} of the calls/s without a receiver; {:>7} of {:>7} events delivered meanwhile, the rest {:>5.1} s after it recovered; {} delivered twice, none lost, all in order; {:>5.1} µs of CPU per event; {:>4} MB at most",
            round.receiver,
            round.calls.calls_per_second / silent.calls_per_second,
            round.delivered_meanwhile,
            round.calls.calls,
            round.drained_in,
            round.repeated,
            round.cpu_micros_per_event,
            round.peak_bytes / 1_000_000,
        );
    }
    let processors = thread::available_parallelism()?.get();
    let report = Report { processors, connections: arguments.connections, silent, rounds };
    report::write(arguments.out.as_deref(), &report)
}

/// A running server with groups.
struct RunningServer {
    target: Target,
    runner: Runner,
    sent: u64,
}

impl RunningServer {
    fn start(programs: &Path, directory: &Path, webhook: Option<&str>) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let server =
            Server::prepare_with(programs, directory, None, Mode::Relaxed, webhook.unwrap_or_default())?;
        let target = server.start()?;
        let runner = Runner { loader: programs.join("xtask"), usersig: server.usersig()? };
        let fill = Load {
            connections: PREPARE_CONNECTIONS,
            seconds: PREPARE_SECONDS,
            calls: Some(GROUPS),
            first: 0,
        };
        runner.measure(&target, Workload::PrepareGroups, fill)?;
        Ok(Self { target, runner, sent: 0 })
    }

    fn load(&mut self, arguments: &Arguments) -> Result<Figures> {
        let connections = arguments.connections as usize;
        let load = Load { connections, seconds: arguments.seconds, calls: None, first: self.sent };
        let figures = self.runner.measure_at_once(&self.target, Workload::SendMessage, load)?;
        self.sent += figures.calls;
        Ok(figures)
    }

    fn round(
        &mut self,
        arguments: &Arguments,
        receiver: &Receiver,
        behaviour: Behaviour,
    ) -> Result<Measured> {
        let (delivered, repeated) = (receiver.delivered(), receiver.repeated());
        let cpu = self.target.process.cpu_seconds()?;
        receiver.set_behaviour(behaviour);
        let calls = self.load(arguments)?;
        let delivered_meanwhile = receiver.delivered() - delivered;
        let recovered = Instant::now();
        receiver.set_behaviour(Behaviour::Answers);
        while receiver.delivered() < self.sent {
            ensure!(
                recovered.elapsed() < DRAIN_MAX,
                "only {} of {} events were delivered within {DRAIN_MAX:?}",
                receiver.delivered(),
                self.sent
            );
            thread::sleep(POLL_INTERVAL);
        }
        let drained_in = recovered.elapsed().as_secs_f64();
        let used = self.target.process.cpu_seconds()? - cpu;
        ensure!(receiver.delivered() == self.sent, "more events were delivered than messages sent");
        ensure!(
            receiver.out_of_order() == 0,
            "{} events were delivered out of order",
            receiver.out_of_order()
        );
        process::wait_until_idle(|| self.target.process.cpu_seconds(), process::REST)?;
        let Memory { peak, .. } = self.target.process.memory()?;
        Ok(Measured {
            receiver: behaviour.name(),
            delivered_meanwhile,
            drained_in,
            repeated: receiver.repeated() - repeated,
            cpu_micros_per_event: used * 1e6 / calls.calls as f64,
            calls,
            peak_bytes: peak,
        })
    }
}
