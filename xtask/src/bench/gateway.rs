//! `cargo xtask bench gateway`: how soon thousands of connected clients of one group receive its messages, and what that
//! costs beside a program that only writes as many bytes to as many connections.

pub(crate) mod audience;
pub(crate) mod broadcaster;
mod client;
mod connection;
pub(crate) mod members;
mod signature;
mod wire;

use super::process::{self, Process, REST};
use super::report;
use super::runner::{Load, Runner};
use super::target::{Mode, Server, Target, WorkDirectory, request_target};
use super::workload::{CIRCLE, MEMBERS, Workload};
use anyhow::{Context as _, Result, bail};
use audience::{Findings, Plan};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Filling the group ends with an error when it takes longer than this, seconds.
const FILL_SECONDS: f64 = 120.0;
/// Connections that fill it.
const FILL_CONNECTIONS: usize = 4;
/// File handles of a program besides the connections of clients.
const OTHER_HANDLES: u64 = 200;

/// Settings of the benchmark of connected clients.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    plan: Plan,
    /// Rounds, each with a server of its own
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Measures only members who act, not how soon messages are received
    #[arg(long)]
    members_only: bool,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Both programs with the same clients, one after the other.
#[derive(Serialize)]
struct Round {
    server: Findings,
    broadcaster: Findings,
}

/// The server's figures as multiples of the broadcaster's.
#[derive(Serialize)]
struct Ratios {
    /// Processor time per frame.
    one_by_one_cpu: f64,
    streamed_cpu: f64,
    frames_per_second: f64,
    /// Time until the last client has a message.
    last: f64,
}

impl Ratios {
    /// The ratios of one round, or the medians of several.
    fn of(rounds: &[Round]) -> Self {
        let middle = |value: &dyn Fn(&Findings) -> f64| {
            let ratios = rounds.iter().map(|round| value(&round.server) / value(&round.broadcaster));
            report::median(ratios.collect()).unwrap_or_default()
        };
        Self {
            one_by_one_cpu: middle(&|found| found.one_by_one.cpu_micros_per_frame),
            streamed_cpu: middle(&|found| found.streamed.cpu_micros_per_frame),
            frames_per_second: middle(&|found| found.streamed.frames_per_second),
            last: middle(&|found| found.last_micros_median),
        }
    }
}

/// Members who act, beside the same sends over HTTP.
#[derive(Serialize)]
struct Members {
    sends_over_http_per_second: f64,
    sends_over_http_cpu_micros: f64,
    members: members::Findings,
}

#[derive(Serialize)]
struct Report {
    processors: usize,
    processor: String,
    plan: Plan,
    ratios: Ratios,
    rounds: Vec<Round>,
    members: Vec<Members>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// A program does not start, or a client does not receive every message once and in order.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let plan = &arguments.plan;
    check_handles(getrlimit(Resource::Nofile).current, plan.clients)?;
    let programs = super::build(false, super::PROFILE)?;
    let directory = WorkDirectory::make()?;
    let (processors, processor) = (std::thread::available_parallelism()?.get(), processor()?);
    println!(
        "\n{} clients in one group, on {processors} processors ({processor}); CPU is µs of the program per client or frame.",
        plan.clients
    );
    let mut members = Vec::new();
    for number in 1..=arguments.rounds {
        let found = measure_members(&programs, &directory.path().join(format!("members-{number}")), plan)?;
        print_members(number, &found);
        members.push(found);
    }
    if !arguments.members_only {
        print_heading(plan);
    }
    let mut rounds = Vec::new();
    let rounds_wanted = if arguments.members_only { 0 } else { arguments.rounds };
    for number in 1..=rounds_wanted {
        let (server, target) = measure_server(&programs, &directory.path().join(number.to_string()), plan)?;
        print(number, "server", &server);
        let broadcaster = measure_broadcaster(&programs, plan, &target, server.text_bytes)?;
        print(number, "minimum", &broadcaster);
        rounds.push(Round { server, broadcaster });
        print_ratios("ratio", &Ratios::of(&rounds[rounds.len() - 1..]));
    }
    let ratios = Ratios::of(&rounds);
    if !rounds.is_empty() {
        print_ratios("MEDIAN", &ratios);
        let messages = plan.messages + plan.stream;
        println!("Every client received all {messages} messages of each round once and in order.");
    }
    let report = Report { processors, processor, plan: plan.clone(), ratios, rounds, members };
    report::write(arguments.out.as_deref(), &report)
}

/// Each program, and the process of its clients, needs a file handle for each client.
fn check_handles(limit: Option<u64>, clients: u32) -> Result<()> {
    let needed = u64::from(clients) + OTHER_HANDLES;
    match limit {
        Some(limit) if limit < needed => bail!(
            "{clients} clients take {needed} file handles and {limit} are allowed: raise `ulimit -n`, or lower --clients"
        ),
        Some(_) | None => Ok(()),
    }
}

/// The name of the processor.
fn processor() -> Result<String> {
    let text = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(name.map_or("of unknown make", |(_, name)| name).trim().to_owned())
}

/// The figures of the server, and path and query of the calls that send messages.
fn measure_server(programs: &Path, directory: &Path, plan: &Plan) -> Result<(Findings, String)> {
    fs::create_dir_all(directory)?;
    let clients = format!("[clients]\nconnections_max = {}\n", plan.clients);
    let server = Server::prepare_with(programs, directory, None, Mode::Relaxed, &clients)?;
    let running = server.start()?;
    let runner = Runner { loader: programs.join("xtask"), usersig: server.usersig()? };
    let members = u64::from(plan.clients).div_ceil(MEMBERS);
    fill(&runner, &running, &[(Workload::PrepareLarge, 1), (Workload::FillLarge, members)])?;
    let target = request_target(Workload::SendToLarge.command(), &runner.usersig);
    Ok((measure(programs, &running, plan, &target)?, target))
}

/// The figures of members who act.
fn measure_members(programs: &Path, directory: &Path, plan: &Plan) -> Result<Members> {
    fs::create_dir_all(directory)?;
    let most = plan.clients.max(u32::try_from(members::SOCKETS)?);
    let clients = format!("[clients]\nconnections_max = {most}\n");
    let server = Server::prepare_with(programs, directory, None, Mode::Relaxed, &clients)?;
    let running = server.start()?;
    let runner = Runner { loader: programs.join("xtask"), usersig: server.usersig()? };
    let circles = u64::from(most.max(members::SOCKETS as u32 * u32::from(CIRCLE))).div_ceil(CIRCLE.into());
    fill(&runner, &running, &[(Workload::PrepareCircles, circles)])?;
    let calls = members::SOCKETS as u64 * u64::from(members::SENDS_EACH);
    let load = Load { connections: members::SOCKETS, seconds: FILL_SECONDS, calls: Some(calls), first: 0 };
    let http = runner.measure_at_once(&running, Workload::SendToCircle, load)?;
    process::wait_until_idle(|| running.process.cpu_seconds(), REST)?;
    let settings = [
        ("--address", running.address.clone()),
        ("--process", running.process.id().to_string()),
        ("--clients", plan.clients.to_string()),
    ];
    let mut arguments = vec!["members"];
    arguments.extend(settings.iter().flat_map(|(name, value)| [*name, value]));
    let mut members = Process::start(&programs.join("xtask"), &arguments, None)?;
    let printed = members.wait_for_output().context("a member's call has failed, or a message is missing")?;
    Ok(Members {
        sends_over_http_per_second: http.calls_per_second,
        sends_over_http_cpu_micros: http.cpu_micros_per_call,
        members: serde_json::from_str(&printed).context("the members printed no figures")?,
    })
}

/// Makes calls that prepare groups.
fn fill(runner: &Runner, running: &Target, calls: &[(Workload, u64)]) -> Result<()> {
    for &(workload, calls) in calls {
        let load =
            Load { connections: FILL_CONNECTIONS, seconds: FILL_SECONDS, calls: Some(calls), first: 0 };
        let done = runner.measure(running, workload, load)?.calls;
        anyhow::ensure!(done == calls, "only {done} of {calls} calls in {FILL_SECONDS} s");
    }
    Ok(())
}

fn measure_broadcaster(programs: &Path, plan: &Plan, target: &str, text_bytes: usize) -> Result<Findings> {
    let running = Target::start_broadcaster(programs, text_bytes)?;
    measure(programs, &running, plan, target)
}

/// Connects clients to a program, sends messages and returns the figures.
fn measure(programs: &Path, running: &Target, plan: &Plan, target: &str) -> Result<Findings> {
    process::wait_until_idle(|| running.process.cpu_seconds(), REST)?;
    let Plan { clients, messages, stream, under_way } = plan;
    let settings = [
        ("--address", running.address.clone()),
        ("--process", running.process.id().to_string()),
        ("--target", target.to_owned()),
        ("--clients", clients.to_string()),
        ("--messages", messages.to_string()),
        ("--stream", stream.to_string()),
        ("--under-way", under_way.to_string()),
    ];
    let mut arguments = vec!["audience"];
    arguments.extend(settings.iter().flat_map(|(name, value)| [*name, value]));
    let mut audience = Process::start(&programs.join("xtask"), &arguments, None)?;
    let printed = audience.wait_for_output().context("the clients have not received every message")?;
    serde_json::from_str(&printed).context("the clients printed no figures")
}

fn print_members(round: u32, found: &Members) {
    let Members { sends_over_http_per_second: http, sends_over_http_cpu_micros: http_cpu, members } = found;
    let members::Findings { sends, pages, talk } = members;
    println!(
        "round {round}: sends of members {:.0}/s, p99 {:.1} ms, {:.1} µs of CPU; over HTTP {http:.0}/s, {http_cpu:.1} µs: \
         {:.2} of the calls/s",
        sends.per_second,
        sends.p99_micros as f64 / 1e3,
        sends.cpu_micros,
        sends.per_second / http,
    );
    println!(
        "         pages of a history {:.0}/s, p99 {:.1} ms, {:.1} µs; all talk once a minute: {:.0} sends/s, {:.0} frames/s, \
         p50 {:.1} ms, p99 {:.1} ms, answered after {:.1} ms (p99), {:.2} processors",
        pages.per_second,
        pages.p99_micros as f64 / 1e3,
        pages.cpu_micros,
        talk.sends_per_second,
        talk.frames_per_second,
        talk.p50_micros as f64 / 1e3,
        talk.p99_micros as f64 / 1e3,
        talk.answer_p99_micros as f64 / 1e3,
        talk.cpu,
    );
}

fn print_heading(plan: &Plan) {
    let streamed = format!("-- {} under way --", plan.under_way);
    println!("{:<14} {:^26} {:^61} {streamed:^27}", "", "-- connecting --", "-- one message at a time --");
    println!(
        "{:>5} {:<8} {:>9} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>9} {:>9} {:>7} {:>9} {:>8}",
        "round",
        "program",
        "connect/s",
        "CPU µs",
        "KB each",
        "p50 ms",
        "p99 ms",
        "max ms",
        "last ms",
        "worst ms",
        "CPU µs",
        "load CPU",
        "frames/s",
        "CPU µs",
        "load CPU",
        "peak MB"
    );
}

fn print(round: u32, program: &str, found: &Findings) {
    let (one, streamed) = (&found.one_by_one, &found.streamed);
    println!(
        "{round:>5} {program:<8} {:>9.0} {:>7.1} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>7.2} {:>9.2} {:>9.0} {:>7.2} {:>9.2} {:>8.1}",
        found.connects_per_second,
        found.connect_cpu_micros,
        found.bytes_per_client / 1e3,
        found.p50_micros as f64 / 1e3,
        found.p99_micros as f64 / 1e3,
        found.max_micros as f64 / 1e3,
        found.last_micros_median / 1e3,
        found.last_micros_max / 1e3,
        one.cpu_micros_per_frame,
        one.load_cpu_micros_per_frame,
        streamed.frames_per_second,
        streamed.cpu_micros_per_frame,
        streamed.load_cpu_micros_per_frame,
        report::megabytes(found.peak_bytes),
    );
}

fn print_ratios(of: &str, ratios: &Ratios) {
    println!(
        "      {of:<8} {:.2} times the CPU per frame, and {:.2} times as long until the last client has it, one at a time; {:.2} \
         times the CPU per frame at {:.2} of the frames/s together",
        ratios.one_by_one_cpu, ratios.last, ratios.streamed_cpu, ratios.frames_per_second,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use audience::Phase;
    use clap::Parser;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn ten_thousand_clients_are_the_default_and_messages_under_way_are_bounded() {
        let parse = |words: &[&str]| Words::try_parse_from([&["gateway"], words].concat());
        assert_eq!(parse(&[]).ok().map(|words| words.arguments.plan.clients), Some(10_000));
        assert!(parse(&["--under-way", "33"]).is_err());
    }

    fn found(cpu: f64, frames_per_second: f64) -> Findings {
        let phase =
            Phase { frames: 1, frames_per_second, cpu_micros_per_frame: cpu, load_cpu_micros_per_frame: 1.0 };
        Findings {
            connects_per_second: 1.0,
            connect_cpu_micros: 1.0,
            bytes_per_client: 1.0,
            text_bytes: 1,
            p50_micros: 1,
            p99_micros: 1,
            max_micros: 1,
            last_micros_median: 1.0,
            last_micros_max: 1.0,
            one_by_one: phase.clone(),
            streamed: phase,
            peak_bytes: 1,
        }
    }

    #[test]
    fn the_server_is_compared_with_the_broadcaster_of_its_own_round() {
        let round = |server, broadcaster| Round { server, broadcaster };
        let rounds = [
            round(found(9.0, 100.0), found(6.0, 200.0)),
            round(found(20.0, 30.0), found(10.0, 40.0)),
            round(found(9.0, 100.0), found(9.0, 100.0)),
        ];
        let ratios = Ratios::of(&rounds);
        assert_eq!((ratios.one_by_one_cpu, ratios.frames_per_second), (1.5, 0.75));
        assert_eq!(Ratios::of(&rounds[1..2]).streamed_cpu, 2.0);
    }

    #[test]
    fn too_few_file_handles_are_reported_before_anything_is_built() {
        check_handles(Some(20_000), 10_000).unwrap();
        check_handles(None, 20_000).unwrap();
        let problem = check_handles(Some(10_000), 10_000).unwrap_err().to_string();
        assert!(problem.contains("10200 file handles and 10000 are allowed"), "{problem}");
    }
}
