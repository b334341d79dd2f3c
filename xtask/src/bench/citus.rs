//! `cargo xtask bench import --store citus`: imports on a Citus cluster beside the same on plain PostgreSQL, with the
//! processor time that each node takes for an import.
//!
//! The cluster is the one that [`CITUS_URL_VARIABLE`] names; the nodes have to run on this machine, where their processor
//! time can be seen. Both are used as they are set up: what is durable in one and not in the other is printed.

use super::database::Database;
use super::process::{self, REST};
use super::report::{self, Figures};
use super::runner::{Load, Runner};
use super::target::{Mode, Server, Target, WorkDirectory};
use super::workload::Workload;
use super::{ImportArguments, WARM_UP_SECONDS, build};
use crate::test::CITUS_URL_VARIABLE;
use crate::workspace;
use anyhow::{Context as _, Result};
use landfall_test_database::{FreshDatabase, nodes};
use postgres::{Client, NoTls};
use serde::Serialize;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};

/// Groups that the numbers of one server's calls lie apart from the next one's.
const APART: u64 = 1_000_000_000;

/// A node of the cluster.
struct Node {
    name: String,
    /// The parent of all its other processes.
    postmaster: u32,
    /// Keeps the database open.
    _session: Client,
}

/// One store under one number of servers.
#[derive(Debug, Serialize)]
struct Measured {
    store: &'static str,
    servers: usize,
    calls_per_second: f64,
    p99_micros: u64,
    /// Calls in one batch of a server, on average.
    calls_per_batch: f64,
    /// Processor time per call in microseconds: of the servers, then of each node.
    cpu_micros: Vec<(String, f64)>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// No cluster is named, a program does not start, or a single call does not succeed.
pub(super) fn run(arguments: &ImportArguments) -> Result<()> {
    let url = std::env::var_os(CITUS_URL_VARIABLE).and_then(|url| url.into_string().ok());
    let url = url.with_context(|| format!("{CITUS_URL_VARIABLE} names no coordinator of a Citus cluster"))?;
    let programs = build(false, &arguments.profile)?;
    let directory = WorkDirectory::make()?;
    let plain = Database::start(directory.path())?;
    let shards = arguments.shards.to_string();
    let cluster = FreshDatabase::on_every_node(&url, |url| {
        let mut distribute = Command::new(programs.join("landfall"));
        distribute.args(["store", "distribute", "--url", url, "--shards", &shards]);
        workspace::run(&mut distribute).unwrap_or_else(|problem| panic!("{problem:#}"));
    })?;
    let nodes = all_nodes(&cluster)?;
    let alone = [Node::connect("postgres", &plain.url())?];
    let mut measured = Vec::new();
    for &servers in &arguments.servers {
        for round in 1..=arguments.rounds {
            let first = u64::from(servers) * 100 * APART + u64::from(round) * 10 * APART;
            for (store, url, nodes) in
                [("plain", plain.url(), &alone[..]), ("citus", cluster.url().to_owned(), &nodes[..])]
            {
                let bench = Bench { arguments, programs: &programs, directory: directory.path(), url };
                let figures = bench.measure(store, servers as usize, first, nodes)?;
                print(round, &figures);
                measured.push(figures);
            }
        }
        print_ratio(servers as usize, &measured);
    }
    report::write(arguments.out.as_deref(), &measured)
}

impl Node {
    fn connect(name: &str, url: &str) -> Result<Self> {
        let mut session = Client::connect(url, NoTls).with_context(|| format!("cannot connect to {name}"))?;
        let row = session.query_one("SELECT pg_backend_pid(), current_setting('fsync')", &[])?;
        println!("{name}: fsync {}", row.get::<_, &str>(1));
        let postmaster = process::parent(row.get::<_, i32>(0).unsigned_abs());
        let postmaster = postmaster.with_context(|| format!("{name} does not run on this machine"))?;
        Ok(Self { name: name.to_owned(), postmaster, _session: session })
    }
}

fn all_nodes(cluster: &FreshDatabase) -> Result<Vec<Node>> {
    let urls = nodes(cluster.url())?;
    let name = |index| if index == 0 { "coordinator".to_owned() } else { format!("worker {index}") };
    urls.iter().enumerate().map(|(index, url)| Node::connect(&name(index), url)).collect()
}

/// A server under load.
struct Running {
    runner: Runner,
    target: Target,
    metrics: SocketAddr,
}

struct Bench<'a> {
    arguments: &'a ImportArguments,
    programs: &'a Path,
    directory: &'a Path,
    url: String,
}

impl Bench<'_> {
    /// Loads so many servers over one database at the same time.
    fn measure(&self, store: &'static str, servers: usize, first: u64, nodes: &[Node]) -> Result<Measured> {
        let connections = (self.arguments.connections[0] as usize / servers).max(1);
        let mut running = Vec::new();
        for number in 0..servers {
            let directory = self.directory.join(format!("{store}-{number}"));
            fs::create_dir_all(&directory)?;
            let metrics = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
            let section = format!("[metrics]\nlisten = \"{metrics}\"\n");
            let url = Some(self.url.clone());
            let server = Server::prepare_with(self.programs, &directory, url, Mode::Faithful, &section)?;
            let runner = Runner { loader: self.programs.join("xtask"), usersig: server.usersig()? };
            running.push(Running { runner, target: server.start()?, metrics });
        }
        let load = |seconds, from| -> Result<Vec<Figures>> {
            thread::scope(|scope| {
                let loads: Vec<_> = running
                    .iter()
                    .enumerate()
                    .map(|(number, Running { runner, target, .. })| {
                        let first = first + from + number as u64 * APART;
                        let load = Load { connections, seconds, calls: None, first };
                        scope.spawn(move || runner.measure_at_once(target, Workload::ImportGroup, load))
                    })
                    .collect();
                loads.into_iter().map(|load| load.join().expect("a load does not panic")).collect()
            })
        };
        load(WARM_UP_SECONDS, 0)?;
        let (cpu, batches) = (cpu_seconds(nodes)?, batches(&running)?);
        let figures = load(self.arguments.seconds, APART / 2)?;
        process::wait_until_idle(|| Ok(cpu_seconds(nodes)?.iter().sum()), REST)?;
        let (cpu_after, batches_after) = (cpu_seconds(nodes)?, self::batches(&running)?);
        for Running { target, .. } in &mut running {
            Server::stop(target)?;
        }
        let calls: f64 = figures.iter().map(|figures| figures.calls as f64).sum();
        let of_servers: f64 =
            figures.iter().map(|figures| figures.cpu_micros_per_call * figures.calls as f64).sum();
        let mut cpu_micros = vec![("servers".to_owned(), of_servers / calls)];
        for ((node, before), after) in nodes.iter().zip(cpu).zip(cpu_after) {
            cpu_micros.push((node.name.clone(), (after - before) * 1e6 / calls));
        }
        Ok(Measured {
            store,
            servers,
            calls_per_second: figures.iter().map(|figures| figures.calls_per_second).sum(),
            p99_micros: figures.iter().map(|figures| figures.p99_micros).max().unwrap_or_default(),
            calls_per_batch: (batches_after.0 - batches.0) / (batches_after.1 - batches.1).max(1.0),
            cpu_micros,
        })
    }
}

fn cpu_seconds(nodes: &[Node]) -> Result<Vec<f64>> {
    nodes.iter().map(|node| process::family_cpu_seconds(node.postmaster)).collect()
}

/// Calls in batches, and batches, of all servers so far.
fn batches(running: &[Running]) -> Result<(f64, f64)> {
    let (mut calls, mut batches) = (0.0, 0.0);
    for Running { metrics, .. } in running {
        let mut stream = TcpStream::connect(metrics).context("cannot connect to the metrics")?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let metrics = std::io::read_to_string(stream)?;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse::<f64>().ok()).unwrap_or_default()
        };
        calls += value("landfall_store_commit_batch_size_sum ");
        batches += value("landfall_store_commit_batch_size_count ");
    }
    Ok((calls, batches))
}

fn print(round: u32, measured: &Measured) {
    let cpu: Vec<_> =
        measured.cpu_micros.iter().map(|(name, micros)| format!("{name} {micros:.0}")).collect();
    println!(
        "{} servers, round {round}, {:<5} {:>6.0} imports/s, p99 {:>7} µs, {:>5.1} imports per batch; CPU µs per import: {}",
        measured.servers,
        measured.store,
        measured.calls_per_second,
        measured.p99_micros,
        measured.calls_per_batch,
        cpu.join(", ")
    );
}

/// The medians of the rounds with so many servers, beside each other.
fn print_ratio(servers: usize, measured: &[Measured]) {
    let rates = |store| {
        let of = measured.iter().filter(|of| of.servers == servers && of.store == store);
        report::median(of.map(|of| of.calls_per_second).collect()).unwrap_or_default()
    };
    let share = |of: &Measured| {
        let sum: f64 = of.cpu_micros.iter().map(|(_, micros)| micros).sum();
        of.cpu_micros.get(1).map_or(0.0, |(_, micros)| micros / sum)
    };
    let citus = measured.iter().filter(|of| of.servers == servers && of.store == "citus");
    let share = report::median(citus.map(share).collect()).unwrap_or_default();
    println!(
        "{servers} servers: {:.3} of plain PostgreSQL's imports/s; the coordinator takes {:.0} % of the processor time",
        rates("citus") / rates("plain"),
        100.0 * share
    );
}
