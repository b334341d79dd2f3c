//! `cargo xtask bench compare`: groups imported into the server beside rooms created in ejabberd, by turns in one run.
//!
//! Both get a new group or room with each call over HTTP and keep it. The server answers after a sync of its disk;
//! ejabberd keeps persistent rooms in Mnesia, its own store, and answers before they are synced.

mod ejabberd;

use super::report::{self, Figures, median, megabytes};
use super::runner::{Load, Runner};
use super::target::{Mode, Server, Target, WorkDirectory};
use super::workload::Workload;
use super::{PROFILE, WARM_UP_SECONDS};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::path::PathBuf;

/// Settings of the comparison.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Connections, each with one call in flight
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// Seconds of each round, for each program
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    processors: usize,
    connections: u32,
    seconds_per_round: f64,
    ejabberd_version: String,
    /// Medians of the rounds: groups per second as a multiple of rooms, and processor time of a group as a share of a room's.
    rate_ratio: Option<f64>,
    cpu_ratio: Option<f64>,
    ejabberd: Measured,
    server: Measured,
}

/// A program in all rounds.
#[derive(Serialize)]
struct Measured {
    /// Resident memory when nothing was stored, in bytes.
    resident_before: u64,
    /// Resident memory that one group or room added, in bytes, from the first call to the end of the last round.
    bytes_each: Option<f64>,
    rounds: Vec<Figures>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// ejabberd is missing and cannot be installed, a program does not start, or a single call fails.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let version = ejabberd::find()?;
    let programs = super::build(false, PROFILE)?;
    let directory = WorkDirectory::make()?;
    let prepared = Server::prepare(&programs, directory.path(), None, Mode::Faithful)?;
    let server = prepared.start()?;
    let other = ejabberd::start(&directory.path().join("ejabberd"))?;
    let runner = Runner { loader: programs.join("xtask"), usersig: prepared.usersig()? };
    println!("\nThe server beside ejabberd {version}, {} s each; CPU is µs per call.", arguments.seconds);
    report::print_heading();
    let mut ejabberd = Side::new(&other, Workload::CreateRoom, "ejabberd")?;
    let mut landfall = Side::new(&server, Workload::ImportGroup, "server")?;
    for round in 0..=arguments.rounds {
        for side in [&mut ejabberd, &mut landfall] {
            side.load(&runner, arguments, round)?;
        }
    }
    let report = Report {
        processors: std::thread::available_parallelism()?.get(),
        connections: arguments.connections,
        seconds_per_round: arguments.seconds,
        ejabberd_version: version,
        rate_ratio: ratio(&landfall.rounds, &ejabberd.rounds, |figures| figures.calls_per_second),
        cpu_ratio: ratio(&landfall.rounds, &ejabberd.rounds, |figures| figures.cpu_micros_per_call),
        ejabberd: ejabberd.measured(),
        server: landfall.measured(),
    };
    print(&report);
    report::write(arguments.out.as_deref(), &report)
}

/// One of the two programs while it is measured.
struct Side<'a> {
    target: &'a Target,
    workload: Workload,
    name: &'static str,
    resident_before: u64,
    sent: u64,
    rounds: Vec<Figures>,
}

impl<'a> Side<'a> {
    fn new(target: &'a Target, workload: Workload, name: &'static str) -> Result<Self> {
        let resident_before = target.process.memory()?.resident;
        Ok(Self { target, workload, name, resident_before, sent: 0, rounds: Vec::new() })
    }

    /// The first round, with number 0, warms up and is not measured.
    fn load(&mut self, runner: &Runner, arguments: &Arguments, round: u32) -> Result<()> {
        let seconds = if round == 0 { WARM_UP_SECONDS } else { arguments.seconds };
        let connections = arguments.connections as usize;
        let load = Load { connections, seconds, calls: None, first: self.sent };
        let figures = runner.measure(self.target, self.workload, load).context(self.name)?;
        self.sent += figures.calls;
        if 0 < round {
            report::print_figures(connections, round as usize, self.name, &figures);
            self.rounds.push(figures);
        }
        Ok(())
    }

    fn measured(self) -> Measured {
        let added = |last: &Figures| last.resident_bytes.saturating_sub(self.resident_before) as f64;
        let bytes_each = self.rounds.last().map(|last| added(last) / self.sent as f64);
        Measured { resident_before: self.resident_before, bytes_each, rounds: self.rounds }
    }
}

/// Median of one figure of the server, as a multiple of the same of ejabberd in the same round.
fn ratio(server: &[Figures], ejabberd: &[Figures], figure: impl Fn(&Figures) -> f64) -> Option<f64> {
    median(server.iter().zip(ejabberd).map(|(one, other)| figure(one) / figure(other)).collect())
}

fn print(report: &Report) {
    println!();
    for (name, side) in [("ejabberd", &report.ejabberd), ("server", &report.server)] {
        let median_of = |figure: fn(&Figures) -> f64| {
            median(side.rounds.iter().map(figure).collect()).unwrap_or_default()
        };
        println!(
            "{name:<9} {:>7.0} a second, {:>6.1} µs of CPU each, p50 {:.1} ms, p99 {:.1} ms, {:.1} KB of memory each, {:.0} MB at first",
            median_of(|figures| figures.calls_per_second),
            median_of(|figures| figures.cpu_micros_per_call),
            median_of(|figures| figures.p50_micros as f64) / 1e3,
            median_of(|figures| figures.p99_micros as f64) / 1e3,
            side.bytes_each.unwrap_or_default() / 1e3,
            megabytes(side.resident_before),
        );
    }
    if let (Some(rate), Some(cpu)) = (report.rate_ratio, report.cpu_ratio) {
        println!(
            "The server stores {rate:.1} times as many a second, each with 1/{:.1} of the CPU.",
            1.0 / cpu
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::Findings;
    use crate::bench::process::Memory;

    fn figures(calls: u64) -> Figures {
        let findings = Findings {
            sent: calls,
            succeeded: calls,
            first_wrong: None,
            answer_bytes: 1,
            seconds: 1.0,
            p50_micros: 1,
            p99_micros: 1,
            p999_micros: 1,
            max_micros: 1,
            cpu_seconds: 0.1,
        };
        Figures::new(&findings, 1.0, Memory { resident: 1, peak: 1 })
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        let (server, ejabberd) = ([figures(100), figures(900)], [figures(10), figures(30)]);
        assert_eq!(ratio(&server, &ejabberd, |figures| figures.calls_per_second), Some(20.0));
        assert_eq!(ratio(&server, &[], |figures| figures.calls_per_second), None);
    }
}
