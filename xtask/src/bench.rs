//! `cargo xtask bench import`: how fast groups are imported, as a share of what the HTTP library alone can do.
//!
//! Absolute figures depend on the machine. Therefore each round loads an empty handler of the same library and then
//! the server, with the same requests over the same number of connections, and the ratio of the two is what counts.
//! On PostgreSQL each round also has `pgbench` insert the same rows, and the ratio to that is what counts.

mod answer;
pub(crate) mod baseline;
mod citus;
mod compare;
mod database;
mod endpoint;
pub(crate) mod gateway;
pub(crate) mod load;
mod migrate;
mod people;
mod pgbench;
pub(crate) mod process;
mod report;
mod request;
mod runner;
mod service;
mod socket;
mod target;
mod webhooks;
mod workload;

use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use database::Database;
use pgbench::{Pgbench, PgbenchFigures};
use report::{Figures, Level, Phase, Preload, Report, Restart, Round};
use runner::{Load, Runner};
use std::path::{Path, PathBuf};
use std::time::Instant;
use target::{Mode, Server, Target, WorkDirectory};
use workload::Workload;

/// The profile of released binaries, which the figures are about.
const PROFILE: &str = "dist";

/// Seconds of load before the first round of each level, which are not measured.
const WARM_UP_SECONDS: f64 = 1.0;

/// Connections that fill the store.
const PRELOAD_CONNECTIONS: usize = 256;

/// Filling ends with an error when it is slower than this many groups a second.
const PRELOAD_RATE_MIN: f64 = 1_000.0;

/// Length of the signature where no server makes one: about that of a real one.
const USERSIG_BYTES: usize = 180;

/// The benchmarks.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Imports groups as fast as they are answered
    Import(ImportArguments),
    /// Measures members, messages and reads, and how their cost grows with what is stored
    Service(service::Arguments),
    /// Measures accounts, one-to-one messages and conversations, and how their cost grows with histories and friends
    People(people::Arguments),
    /// Moves a file in with `landfall import`, beside single calls and a live caller
    Migrate(migrate::Arguments),
    /// Sends messages while the receiver of their events does what receivers do
    Webhooks(webhooks::Arguments),
    /// Sends messages to a group of thousands of connected clients
    Gateway(gateway::Arguments),
    /// Imports groups beside ejabberd, which creates rooms
    Compare(compare::Arguments),
}

impl Bench {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// As those of the benchmark.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Import(arguments) => import(arguments),
            Self::Service(arguments) => service::run(arguments),
            Self::People(arguments) => people::run(arguments),
            Self::Migrate(arguments) => migrate::run(arguments),
            Self::Webhooks(arguments) => webhooks::run(arguments),
            Self::Gateway(arguments) => gateway::run(arguments),
            Self::Compare(arguments) => compare::run(arguments),
        }
    }
}

/// The store of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    /// Files in the data directory of the server
    Embedded,
    /// A PostgreSQL that is started for the benchmark, which pgbench also measures by itself
    Postgres,
    /// The Citus cluster of LANDFALL_TEST_CITUS_URL, beside a PostgreSQL that is started for the benchmark
    Citus,
}

/// Settings of the import benchmark.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// The store of the server
    #[arg(long, value_enum, default_value_t = StoreKind::Embedded)]
    store: StoreKind,
    /// Numbers of connections to measure with; only 256 on PostgreSQL unless given
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "64,256",
        default_value_ifs([("store", "postgres", "256"), ("store", "citus", "256")]),
        value_parser = clap::value_parser!(u32).range(1..=4096)
    )]
    connections: Vec<u32>,
    /// Seconds of each round, for each program
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Rounds for each number of connections
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Groups to fill the store with before measuring again; 0 measures only the store that starts empty
    #[arg(long, default_value_t = 0)]
    groups: u64,
    /// Numbers of servers over the one database, on Citus
    #[arg(long, value_delimiter = ',', default_value = "1", value_parser = clap::value_parser!(u32).range(1..=16))]
    servers: Vec<u32>,
    /// Parts of each table, on Citus
    #[arg(long, default_value_t = 8)]
    shards: u16,
    /// Cargo's profile of the measured programs
    #[arg(long, default_value = PROFILE)]
    profile: String,
    /// Measures only the empty handler, which shows how steady the machine is
    #[arg(long, conflicts_with = "groups")]
    baseline_only: bool,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// When a program does not start, a single call does not succeed, or the tables of PostgreSQL differ from what was
/// answered: figures from a run with errors mean nothing.
fn import(arguments: &ImportArguments) -> Result<()> {
    if arguments.baseline_only && arguments.store != StoreKind::Embedded {
        bail!("--baseline-only measures no store, so it cannot be combined with --store");
    }
    if arguments.store == StoreKind::Citus {
        return citus::run(arguments);
    }
    let programs = build(arguments.baseline_only, &arguments.profile)?;
    let directory = WorkDirectory::make()?;
    let baseline = Target::start_baseline(&programs, None)?;
    let mut postgres = match arguments.store {
        StoreKind::Embedded | StoreKind::Citus => None,
        StoreKind::Postgres => Some(Postgres::start(directory.path())?),
    };
    let url = postgres.as_ref().map(|postgres| postgres.database.url());
    let server = Server::prepare(&programs, directory.path(), url, Mode::Faithful)?;
    let (running, usersig) = if arguments.baseline_only {
        (None, "x".repeat(USERSIG_BYTES))
    } else {
        (Some(server.start()?), server.usersig()?)
    };
    let runner = Runner { loader: programs.join("xtask"), usersig };
    let settings = postgres.as_mut().map(|postgres| postgres.database.settings()).transpose()?;
    let mut bench = Import { arguments, runner, baseline, postgres, running, groups: 0 };

    println!("\nThe server beside an empty handler, {} s each; CPU is µs per call.", arguments.seconds);
    if let Some(settings) = &settings {
        println!("PostgreSQL runs with: {settings}");
    }
    let mut report = Report {
        processors: std::thread::available_parallelism()?.get(),
        seconds_per_round: arguments.seconds,
        postgres: settings,
        empty: bench.phase()?,
        preload: None,
        full: None,
        full_to_empty: Vec::new(),
        restarts: Vec::new(),
    };
    if 0 < arguments.groups {
        report.preload = Some(bench.preload(&server)?);
        let full = bench.phase()?;
        report.full_to_empty = full_to_empty(&report.empty, &full);
        report.full = Some(full);
        report.restarts = bench.restarts(&server)?;
    }
    bench.check_tables()?;
    report::write(arguments.out.as_deref(), &report)
}

/// Builds what is measured and returns the directory of the programs.
fn build(baseline_only: bool, profile: &str) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--profile", profile, "--locked", "-p", "xtask"]);
    if !baseline_only {
        command.args(["-p", "landfall"]);
    }
    workspace::run(&mut command)?;
    Ok(workspace::target_directory()?.join(profile))
}

/// A running PostgreSQL, and the program that measures it by itself.
struct Postgres {
    database: Database,
    pgbench: Pgbench,
}

impl Postgres {
    fn start(directory: &Path) -> Result<Self> {
        Ok(Self { pgbench: Pgbench::prepare(directory)?, database: Database::start(directory)? })
    }

    fn measure(&mut self, clients: u32, seconds: f64) -> Result<PgbenchFigures> {
        self.pgbench.run(&mut self.database, clients, seconds)
    }
}

/// A running benchmark.
struct Import<'a> {
    arguments: &'a ImportArguments,
    runner: Runner,
    baseline: Target,
    /// The store, where it is PostgreSQL.
    postgres: Option<Postgres>,
    /// The server, unless only the empty handler is measured.
    running: Option<Target>,
    /// Groups imported so far, and the number of the next one.
    groups: u64,
}

impl Import<'_> {
    /// All levels, one after the other.
    fn phase(&mut self) -> Result<Phase> {
        let groups_before = self.stored_groups();
        report::print_heading();
        let mut levels = Vec::new();
        for &connections in &self.arguments.connections {
            // A number up to 4,096 fits.
            levels.push(self.level(connections as usize)?);
        }
        if self.running.is_some() {
            println!("groups in the store: {groups_before} before, {} after", self.stored_groups());
        }
        Ok(Phase { groups_before, groups_after: self.stored_groups(), levels })
    }

    /// Groups in the store, those of pgbench included.
    fn stored_groups(&self) -> u64 {
        self.groups + self.postgres.as_ref().map_or(0, |postgres| postgres.pgbench.groups)
    }

    fn level(&mut self, connections: usize) -> Result<Level> {
        self.measure_baseline(connections, WARM_UP_SECONDS)?;
        self.measure_server(connections, WARM_UP_SECONDS)?;
        if let Some(postgres) = &mut self.postgres {
            postgres.measure(1, WARM_UP_SECONDS)?;
        }
        let mut rounds = Vec::new();
        // A round's number fits, it is at most 100.
        for number in 1..=self.arguments.rounds as usize {
            let baseline = self.measure_baseline(connections, self.arguments.seconds)?;
            report::print_figures(connections, number, "empty", &baseline);
            let pgbench = self.measure_pgbench(connections, number)?;
            let server = self.measure_server(connections, self.arguments.seconds)?;
            if let Some(server) = &server {
                report::print_figures(connections, number, "server", server);
            }
            let round = Round { baseline, pgbench, server };
            report::print_ratio(connections, number, &round);
            rounds.push(round);
        }
        let level = Level::new(connections, rounds);
        report::print_level(&level);
        Ok(level)
    }

    /// A load bounded by time, with the next groups.
    fn timed(&self, connections: usize, seconds: f64) -> Load {
        Load { connections, seconds, calls: None, first: self.groups }
    }

    /// The empty handler receives the same requests that the server receives next.
    fn measure_baseline(&self, connections: usize, seconds: f64) -> Result<Figures> {
        self.runner.measure(&self.baseline, Workload::ImportGroup, self.timed(connections, seconds))
    }

    /// Each number of clients gets its share of the seconds.
    fn measure_pgbench(&mut self, connections: usize, round: usize) -> Result<Vec<PgbenchFigures>> {
        let Some(postgres) = &mut self.postgres else {
            return Ok(Vec::new());
        };
        let seconds = self.arguments.seconds / pgbench::CLIENTS.len() as f64;
        let mut found = Vec::new();
        for clients in pgbench::CLIENTS {
            let figures = postgres.measure(clients, seconds)?;
            report::print_pgbench(connections, round, &figures);
            found.push(figures);
        }
        Ok(found)
    }

    fn measure_server(&mut self, connections: usize, seconds: f64) -> Result<Option<Figures>> {
        let Some(running) = &self.running else {
            return Ok(None);
        };
        let before = self.database_cpu_seconds()?;
        let mut figures =
            self.runner.measure(running, Workload::ImportGroup, self.timed(connections, seconds))?;
        if let Some(postgres) = &self.postgres {
            postgres.database.wait_until_idle()?;
        }
        let used = self.database_cpu_seconds()?.zip(before).map(|(after, before)| after - before);
        figures.database_cpu_micros_per_call = used.map(|seconds| seconds * 1e6 / figures.calls as f64);
        self.groups += figures.calls;
        Ok(Some(figures))
    }

    fn database_cpu_seconds(&self) -> Result<Option<f64>> {
        self.postgres.as_ref().map(|postgres| postgres.database.cpu_seconds()).transpose()
    }

    /// Checks that PostgreSQL holds exactly the groups that the server answered and pgbench reported.
    fn check_tables(&mut self) -> Result<()> {
        let groups = self.stored_groups();
        self.postgres.as_mut().map_or(Ok(()), |postgres| postgres.database.check(groups))
    }

    /// Fills the store through the API.
    fn preload(&mut self, server: &Server) -> Result<Preload> {
        let running = self.running.as_ref().context("no server is running")?;
        let groups = self.arguments.groups;
        println!("\nImporting {groups} groups");
        let seconds = 60.0 + groups as f64 / PRELOAD_RATE_MIN;
        let connections = PRELOAD_CONNECTIONS;
        let figures = self.runner.measure(
            running,
            Workload::ImportGroup,
            Load { connections, seconds, calls: Some(groups), first: self.groups },
        )?;
        if figures.calls < groups {
            bail!("only {} of {groups} groups were imported in {seconds:.0} s", figures.calls);
        }
        self.groups += figures.calls;
        let data_bytes = match &mut self.postgres {
            Some(postgres) => postgres.database.data_bytes()?,
            None => server.data_bytes()?,
        };
        report::print_heading();
        report::print_figures(PRELOAD_CONNECTIONS, 1, "preload", &figures);
        let stored = self.stored_groups();
        let per_group = data_bytes / stored;
        println!(
            "{stored} groups take {:.1} MB on the disk, {per_group} bytes each\n",
            report::megabytes(data_bytes)
        );
        Ok(Preload { figures, data_bytes })
    }

    /// Restarts the filled server, once after SIGTERM and once after SIGKILL.
    fn restarts(&mut self, server: &Server) -> Result<Vec<Restart>> {
        let mut restarts = Vec::new();
        for signal in ["SIGTERM", "SIGKILL"] {
            let mut running = self.running.take().context("no server is running")?;
            let stopping = Instant::now();
            if signal == "SIGTERM" {
                Server::stop(&mut running)?
            } else {
                Server::kill(&mut running)?
            }
            let stop_seconds = stopping.elapsed().as_secs_f64();
            let started = server.start()?;
            let resident_bytes = started.process.memory()?.resident;
            let start_seconds = started.started_in.as_secs_f64();
            self.check_last_group(&started, signal)?;
            self.running = Some(started);
            println!(
                "{signal}: ended in {stop_seconds:.3} s, listening again {start_seconds:.3} s after the start \
                 with {:.1} MB resident; the last group is there",
                report::megabytes(resident_bytes)
            );
            restarts.push(Restart { signal, stop_seconds, start_seconds, resident_bytes });
        }
        Ok(restarts)
    }

    /// Checks that the last answered group is stored: importing it again must be refused.
    fn check_last_group(&self, started: &Target, signal: &str) -> Result<()> {
        let again = Load { connections: 1, seconds: 10.0, calls: Some(1), first: self.groups - 1 };
        match self.runner.load(started, Workload::ImportGroup, again)?.first_wrong {
            Some(answer) if answer.contains(r#""ErrorCode":10021"#) => Ok(()),
            Some(answer) => bail!("importing the last group again after {signal} was answered with {answer}"),
            None => bail!("the last group was lost over {signal}"),
        }
    }
}

fn full_to_empty(empty: &Phase, full: &Phase) -> Vec<f64> {
    let mut shares = Vec::new();
    for (empty, full) in empty.levels.iter().zip(&full.levels) {
        if let (Some(before), Some(after)) = (empty.rate_ratio_median, full.rate_ratio_median) {
            println!(
                "{} connections: the full store keeps {:.3} of the rate",
                empty.connections,
                after / before
            );
            shares.push(after / before);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        arguments: ImportArguments,
    }

    fn parse(words: &[&str]) -> ImportArguments {
        Words::parse_from([&["import"], words].concat()).arguments
    }

    #[test]
    fn each_store_has_its_own_numbers_of_connections() {
        assert_eq!((parse(&[]).store, parse(&[]).connections), (StoreKind::Embedded, vec![64, 256]));
        let postgres = parse(&["--store", "postgres"]);
        assert_eq!((postgres.store, postgres.connections), (StoreKind::Postgres, vec![256]));
        assert_eq!(parse(&["--store", "postgres", "--connections", "8,16"]).connections, [8, 16]);
    }

    #[test]
    fn the_empty_handler_alone_has_no_store() {
        let problem = import(&parse(&["--baseline-only", "--store", "postgres"])).unwrap_err();
        assert!(problem.to_string().contains("--baseline-only"), "{problem}");
    }
}
