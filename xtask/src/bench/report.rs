//! The figures of a benchmark, as they are printed and written.

use super::database::Settings;
use super::load::Findings;
use super::pgbench::PgbenchFigures;
use super::process::Memory;
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// One program under one load.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Answered calls.
    pub(super) calls: u64,
    /// Length of the last answer's body.
    pub(super) answer_bytes: usize,
    /// Answered calls per second.
    pub(super) calls_per_second: f64,
    /// Latencies as the load sees them, in microseconds.
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
    pub(super) p999_micros: u64,
    pub(super) max_micros: u64,
    /// Processor time of the measured program while it was loaded.
    pub(super) cpu_micros_per_call: f64,
    /// Processor time after the load, until the program was idle: deferred work.
    pub(super) deferred_cpu_micros_per_call: f64,
    /// Processor time of the load.
    pub(super) load_cpu_micros_per_call: f64,
    /// Processor time of the database under the server, deferred work included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) database_cpu_micros_per_call: Option<f64>,
    /// Resident memory after the load, and the most so far.
    pub(super) resident_bytes: u64,
    pub(super) peak_bytes: u64,
}

impl Figures {
    /// `cpu` is seconds of processor time during the load.
    pub(super) fn new(findings: &Findings, cpu: f64, memory: Memory) -> Self {
        let calls = findings.succeeded as f64;
        let per_call = |seconds: f64| seconds * 1e6 / calls;
        Self {
            calls: findings.succeeded,
            answer_bytes: findings.answer_bytes,
            calls_per_second: calls / findings.seconds,
            p50_micros: findings.p50_micros,
            p99_micros: findings.p99_micros,
            p999_micros: findings.p999_micros,
            max_micros: findings.max_micros,
            cpu_micros_per_call: per_call(cpu),
            deferred_cpu_micros_per_call: 0.0,
            load_cpu_micros_per_call: per_call(findings.cpu_seconds),
            database_cpu_micros_per_call: None,
            resident_bytes: memory.resident,
            peak_bytes: memory.peak,
        }
    }

    /// Adds the seconds of processor time that the program used after the load, and its memory then.
    pub(super) fn add_deferred(&mut self, cpu: f64, memory: Memory) {
        self.deferred_cpu_micros_per_call = cpu * 1e6 / self.calls as f64;
        (self.resident_bytes, self.peak_bytes) = (memory.resident, memory.peak);
    }
}

/// Both programs under the same load, one after the other.
#[derive(Debug, Serialize)]
pub(super) struct Round {
    pub(super) baseline: Figures,
    /// PostgreSQL by itself, once for each number of clients; nothing where the store is embedded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pgbench: Vec<PgbenchFigures>,
    /// Absent when only the empty handler is measured.
    pub(super) server: Option<Figures>,
}

impl Round {
    /// Calls per second of the server, as a share of the empty handler's.
    fn rate_ratio(&self) -> Option<f64> {
        self.server.as_ref().map(|server| server.calls_per_second / self.baseline.calls_per_second)
    }

    /// Groups per second of the server, as a share of what `pgbench` reaches with its best number of clients.
    fn pgbench_ratio(&self) -> Option<f64> {
        let best = self.best_of_pgbench()?;
        self.server.as_ref().map(|server| server.calls_per_second / best.groups_per_second)
    }

    /// Processor time per group of PostgreSQL under the server, as a multiple of that under `pgbench` at its best.
    fn database_cpu_ratio(&self) -> Option<f64> {
        let best = self.best_of_pgbench()?;
        let server = self.server.as_ref()?.database_cpu_micros_per_call?;
        Some(server / best.database_cpu_micros_per_group)
    }

    fn best_of_pgbench(&self) -> Option<&PgbenchFigures> {
        self.pgbench.iter().max_by(|one, other| one.groups_per_second.total_cmp(&other.groups_per_second))
    }

    /// Processor time per call of the server, as a multiple of the empty handler's.
    fn cpu_ratio(&self) -> Option<f64> {
        self.server.as_ref().map(|server| server.cpu_micros_per_call / self.baseline.cpu_micros_per_call)
    }
}

/// All rounds at one number of connections.
#[derive(Debug, Serialize)]
pub(super) struct Level {
    pub(super) connections: usize,
    pub(super) rate_ratio_median: Option<f64>,
    pub(super) cpu_ratio_median: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pgbench_ratio_median: Option<f64>,
    pub(super) rounds: Vec<Round>,
}

impl Level {
    pub(super) fn new(connections: usize, rounds: Vec<Round>) -> Self {
        Self {
            connections,
            rate_ratio_median: median(rounds.iter().filter_map(Round::rate_ratio).collect()),
            cpu_ratio_median: median(rounds.iter().filter_map(Round::cpu_ratio).collect()),
            pgbench_ratio_median: median(rounds.iter().filter_map(Round::pgbench_ratio).collect()),
            rounds,
        }
    }
}

/// All levels on one state of the store.
#[derive(Debug, Serialize)]
pub(super) struct Phase {
    /// Groups in the store before the first round, and after the last one.
    pub(super) groups_before: u64,
    pub(super) groups_after: u64,
    pub(super) levels: Vec<Level>,
}

/// Groups imported to fill the store.
#[derive(Debug, Serialize)]
pub(super) struct Preload {
    pub(super) figures: Figures,
    /// Size of the whole store on the disk after that.
    pub(super) data_bytes: u64,
}

/// A stop of the server and the start after it.
#[derive(Debug, Serialize)]
pub(super) struct Restart {
    pub(super) signal: &'static str,
    /// From the signal until the process had ended.
    pub(super) stop_seconds: f64,
    /// From its start until it accepted requests.
    pub(super) start_seconds: f64,
    /// Resident memory when it accepted requests.
    pub(super) resident_bytes: u64,
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) processors: usize,
    pub(super) seconds_per_round: f64,
    /// The settings of PostgreSQL, where that is the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postgres: Option<Settings>,
    pub(super) empty: Phase,
    pub(super) preload: Option<Preload>,
    pub(super) full: Option<Phase>,
    /// The share of the empty store's rate that the full one keeps, each relative to the empty handler in its own
    /// rounds; one for each number of connections.
    pub(super) full_to_empty: Vec<f64>,
    pub(super) restarts: Vec<Restart>,
}

/// Prints the heading of the lines that [`print_figures`] prints.
pub(super) fn print_heading() {
    println!(
        "{:>5} {:>5} {:<8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8} {:>8} {:>9}",
        "conns",
        "round",
        "program",
        "calls/s",
        "p50 µs",
        "p99 µs",
        "p99.9",
        "max",
        "CPU µs",
        "deferred",
        "RSS MB",
        "peak MB",
        "load CPU"
    );
}

/// Prints one line of figures; CPU columns are microseconds per call.
pub(super) fn print_figures(connections: usize, round: usize, program: &str, figures: &Figures) {
    println!(
        "{connections:>5} {round:>5} {program:<8} {:>9.0} {:>8} {:>8} {:>8} {:>8} {:>9.2} {:>9.2} {:>8.1} {:>8.1} {:>9.2}",
        figures.calls_per_second,
        figures.p50_micros,
        figures.p99_micros,
        figures.p999_micros,
        figures.max_micros,
        figures.cpu_micros_per_call,
        figures.deferred_cpu_micros_per_call,
        megabytes(figures.resident_bytes),
        megabytes(figures.peak_bytes),
        figures.load_cpu_micros_per_call,
    );
}

/// Prints the figures of PostgreSQL by itself with one number of clients.
pub(super) fn print_pgbench(connections: usize, round: usize, figures: &PgbenchFigures) {
    println!(
        "{connections:>5} {round:>5} pgbench  {:>9.0} groups/s with {} clients; {:.1} ms per batch, {:.2} µs of PostgreSQL's CPU \
         per group",
        figures.groups_per_second,
        figures.clients,
        figures.batch_micros / 1e3,
        figures.database_cpu_micros_per_group,
    );
}

/// Prints the ratios of one round.
pub(super) fn print_ratio(connections: usize, round: usize, measured: &Round) {
    if let (Some(rate), Some(cpu)) = (measured.pgbench_ratio(), measured.database_cpu_ratio()) {
        println!(
            "{connections:>5} {round:>5} ratio    {rate:>9.3} of pgbench's best groups/s at {cpu:.2} times PostgreSQL's CPU \
             per group"
        );
    }
    if let (Some(rate), Some(cpu)) = (measured.rate_ratio(), measured.cpu_ratio()) {
        println!(
            "{connections:>5} {round:>5} ratio    {rate:>9.3} of the calls/s at {cpu:.2} times the CPU per call"
        );
    }
}

/// Prints the medians of one level.
pub(super) fn print_level(level: &Level) {
    let rounds = level.rounds.len();
    if let Some(rate) = level.pgbench_ratio_median {
        println!(
            "{:>5}   all MEDIAN   {rate:>9.3} of pgbench's groups/s, each round beside its best ({rounds} rounds)",
            level.connections
        );
    }
    if let (Some(rate), Some(cpu)) = (level.rate_ratio_median, level.cpu_ratio_median) {
        println!(
            "{:>5}   all MEDIAN   {rate:>9.3} of the calls/s at {cpu:.2} times the CPU per call ({rounds} rounds)",
            level.connections
        );
    }
}

/// Writes all figures as JSON, where a path is given.
pub(super) fn write(path: Option<&Path>, report: &impl Serialize) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, serde_json::to_string_pretty(report)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("all figures: {}", path.display());
    Ok(())
}

/// Bytes in millions.
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The middle value, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pgbench(clients: u32, groups_per_second: f64, cpu: f64) -> PgbenchFigures {
        PgbenchFigures {
            clients,
            groups: 256,
            groups_per_second,
            batch_micros: 1.0,
            database_cpu_micros_per_group: cpu,
        }
    }

    fn figures(calls_per_second: f64, database: Option<f64>) -> Figures {
        let findings = Findings {
            sent: 100,
            succeeded: 100,
            first_wrong: None,
            answer_bytes: 1,
            seconds: 100.0 / calls_per_second,
            p50_micros: 1,
            p99_micros: 1,
            p999_micros: 1,
            max_micros: 1,
            cpu_seconds: 0.0,
        };
        let figures = Figures::new(&findings, 0.002, Memory { resident: 1, peak: 1 });
        Figures { database_cpu_micros_per_call: database, ..figures }
    }

    fn round(pgbench: Vec<PgbenchFigures>, server: Figures) -> Round {
        Round { baseline: figures(1_000.0, None), pgbench, server: Some(server) }
    }

    #[test]
    fn the_server_is_set_against_the_best_of_pgbench() {
        let rounds = vec![
            round(vec![pgbench(1, 500.0, 9.0), pgbench(2, 800.0, 40.0)], figures(400.0, Some(60.0))),
            round(vec![pgbench(1, 1_000.0, 40.0), pgbench(2, 600.0, 9.0)], figures(600.0, Some(60.0))),
            round(vec![pgbench(1, 1_000.0, 40.0)], figures(700.0, Some(60.0))),
        ];
        assert_eq!(rounds[0].pgbench_ratio(), Some(0.5));
        assert_eq!(rounds[0].database_cpu_ratio(), Some(1.5));
        let level = Level::new(256, rounds);
        assert_eq!(level.pgbench_ratio_median, Some(0.6));
        assert_eq!((level.rate_ratio_median, level.cpu_ratio_median), (Some(0.6), Some(1.0)));
    }

    #[test]
    fn the_embedded_store_has_no_figures_of_a_database() {
        let level = Level::new(64, vec![round(Vec::new(), figures(400.0, None))]);
        assert_eq!(level.rate_ratio_median, Some(0.4));
        let written = serde_json::to_string(&level).unwrap();
        assert!(!written.contains("pgbench") && !written.contains("database"), "{written}");
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }
}
