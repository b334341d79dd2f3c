//! `cargo xtask bench service`: members, messages and reads on the embedded store, each beside an empty handler that
//! receives the same requests and answers with as many bytes; and how their cost grows with the size of the store.

mod growth;

pub(super) use growth::{Growth, Rounds, print_growth};

use super::report::{self, Figures};
use super::runner::{Load, Runner};
use super::target::{Mode, Server, Target, WorkDirectory};
use super::workload::{ACCOUNTS, GROUPS, Workload};
use anyhow::Result;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Seconds of load before the first round, which are not measured.
const WARM_UP_SECONDS: f64 = 1.0;

/// Connections that fill a store.
const PREPARE_CONNECTIONS: usize = 64;

/// Filling ends with an error when it takes longer than this, seconds.
const PREPARE_SECONDS: f64 = 1_200.0;

/// Accounts that are members.
const MEMBER_ACCOUNTS: u64 = 10_000;

/// How each kind of call is measured.
#[derive(clap::Args, Clone, Copy)]
pub(super) struct Measuring {
    /// Connections, each with one call in flight
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) connections: u32,
    /// Seconds of each round, for each program
    #[arg(long, default_value_t = 4.0)]
    pub(super) seconds: f64,
    /// Rounds of each kind of call
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) rounds: u32,
}

/// Settings of the benchmark of the group service.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    measuring: Measuring,
    /// Messages in the larger store when growth is measured; the smaller one has a tenth; 0 skips growth
    #[arg(long, default_value_t = 10_000_000)]
    messages: u64,
    /// Members of the larger community when growth is measured; the smaller ones have ten
    #[arg(long, default_value_t = 100_000)]
    members: u64,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

/// One kind of call, measured.
#[derive(Serialize)]
pub(super) struct Measured {
    command: &'static str,
    what: &'static str,
    items_per_call: u64,
    answer_bytes: usize,
    /// Medians over the rounds.
    calls_per_second: f64,
    items_per_second: f64,
    /// Calls per second, as a share of the empty handler's in the same round.
    rate_ratio: f64,
    cpu_ratio: f64,
    rounds: Vec<Round>,
}

#[derive(Serialize)]
struct Round {
    baseline: Figures,
    server: Figures,
}

#[derive(Serialize)]
struct Report {
    processors: usize,
    connections: u32,
    seconds_per_round: f64,
    calls: Vec<Measured>,
    growth: Vec<Growth>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// When a program does not start, or a single call or item fails.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let programs = super::build(false, super::PROFILE)?;
    let directory = WorkDirectory::make()?;
    let mut report = Report {
        processors: std::thread::available_parallelism()?.get(),
        connections: arguments.measuring.connections,
        seconds_per_round: arguments.measuring.seconds,
        calls: calls(arguments, &programs, directory.path())?,
        growth: Vec::new(),
    };
    if 0 < arguments.messages {
        report.growth = growth::measure(arguments, &programs, directory.path())?;
    }
    report::write(arguments.out.as_deref(), &report)
}

/// A running server, and the number of the next call of each kind.
pub(super) struct RunningServer {
    pub(super) target: Target,
    runner: Runner,
    next: Vec<(Workload, u64)>,
}

impl RunningServer {
    pub(super) fn start(programs: &Path, directory: &Path, mode: Mode) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let server = Server::prepare(programs, directory, None, mode)?;
        let target = server.start()?;
        let runner = Runner { loader: programs.join("xtask"), usersig: server.usersig()? };
        Ok(Self { target, runner, next: Vec::new() })
    }

    pub(super) fn next(&mut self, workload: Workload) -> &mut u64 {
        let index = match self.next.iter().position(|(of, _)| *of == workload) {
            Some(index) => index,
            None => {
                self.next.push((workload, 0));
                self.next.len() - 1
            }
        };
        &mut self.next[index].1
    }

    /// Makes exactly `calls` calls.
    pub(super) fn fill(&mut self, workload: Workload, calls: u64) -> Result<()> {
        let first = *self.next(workload);
        let (what, items) = workload.items();
        eprintln!("{}: {} {what}", workload.command(), calls * items);
        let load =
            Load { connections: PREPARE_CONNECTIONS, seconds: PREPARE_SECONDS, calls: Some(calls), first };
        let figures = self.runner.measure(&self.target, workload, load)?;
        anyhow::ensure!(
            figures.calls == calls,
            "only {} of {calls} calls in {PREPARE_SECONDS} s",
            figures.calls
        );
        *self.next(workload) += calls;
        Ok(())
    }

    /// Makes the next calls for `seconds`.
    pub(super) fn timed(&mut self, workload: Workload, connections: usize, seconds: f64) -> Result<Figures> {
        let load = Load { connections, seconds, calls: None, first: *self.next(workload) };
        let figures = self.runner.measure(&self.target, workload, load)?;
        *self.next(workload) += figures.calls;
        Ok(figures)
    }

    /// The same, without deferred work.
    pub(super) fn timed_at_once(
        &mut self,
        workload: Workload,
        connections: usize,
        seconds: f64,
    ) -> Result<Figures> {
        let load = Load { connections, seconds, calls: None, first: *self.next(workload) };
        let figures = self.runner.measure_at_once(&self.target, workload, load)?;
        *self.next(workload) += figures.calls;
        Ok(figures)
    }
}

fn calls(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Vec<Measured>> {
    let mut server = RunningServer::start(programs, &directory.join("calls"), Mode::Faithful)?;
    server.fill(Workload::ImportAccounts, MEMBER_ACCOUNTS / ACCOUNTS)?;
    server.fill(Workload::PrepareGroups, GROUPS)?;
    println!(
        "\nEach kind of call beside an empty handler with answers of the same size; CPU is µs per call."
    );
    let mut measured = Vec::new();
    measured.push(measure(arguments.measuring, programs, &mut server, Workload::ImportMembers)?);
    // So that every group has a page of messages.
    server.fill(Workload::ImportMessages, GROUPS)?;
    measured.push(measure(arguments.measuring, programs, &mut server, Workload::ImportMessages)?);
    measured.push(measure(arguments.measuring, programs, &mut server, Workload::ReadPage)?);
    measured.push(measure(arguments.measuring, programs, &mut server, Workload::ReadGroups)?);
    measured.push(measure(arguments.measuring, programs, &mut server, Workload::SendMessage)?);
    print_measured(&measured);
    Ok(measured)
}

/// One line for each kind of call.
pub(super) fn print_measured(measured: &[Measured]) {
    println!();
    for of in measured {
        println!(
            "{:<42} {:>9.0} calls/s {:>10.0} {}/s  {:.3} of the empty handler's calls/s ({} bytes)",
            of.command, of.calls_per_second, of.items_per_second, of.what, of.rate_ratio, of.answer_bytes
        );
    }
}

/// Measures one kind of call beside an empty handler.
pub(super) fn measure(
    measuring: Measuring,
    programs: &Path,
    server: &mut RunningServer,
    workload: Workload,
) -> Result<Measured> {
    // A number up to 4,096 fits.
    let connections = measuring.connections as usize;
    let (what, items_per_call) = workload.items();
    println!("\n{} of {items_per_call} {what}", workload.command());
    report::print_heading();
    let answer_bytes = server.timed(workload, connections, WARM_UP_SECONDS)?.answer_bytes;
    let baseline = Target::start_baseline(programs, Some(answer_bytes))?;
    let mut rounds = Vec::new();
    for number in 0..=measuring.rounds as usize {
        let first = *server.next(workload);
        let seconds = if number == 0 { WARM_UP_SECONDS } else { measuring.seconds };
        let load = Load { connections, seconds, calls: None, first };
        let empty = server.runner.measure(&baseline, workload, load)?;
        if number == 0 {
            continue;
        }
        report::print_figures(connections, number, "empty", &empty);
        let server = server.timed(workload, connections, measuring.seconds)?;
        report::print_figures(connections, number, "server", &server);
        rounds.push(Round { baseline: empty, server });
    }
    let middle = |value: &dyn Fn(&Round) -> f64| {
        report::median(rounds.iter().map(value).collect()).unwrap_or_default()
    };
    let calls_per_second = middle(&|round| round.server.calls_per_second);
    Ok(Measured {
        command: workload.command(),
        what,
        items_per_call,
        answer_bytes,
        calls_per_second,
        items_per_second: calls_per_second * items_per_call as f64,
        rate_ratio: middle(&|round| round.server.calls_per_second / round.baseline.calls_per_second),
        cpu_ratio: middle(&|round| round.server.cpu_micros_per_call / round.baseline.cpu_micros_per_call),
        rounds,
    })
}
