//! `cargo xtask bench migrate`: a file with groups, members and messages moves in by `landfall import`: once alone, as single
//! calls are measured, and once beside callers who send messages meanwhile.

use super::process::{Memory, Process};
use super::report::{self, Figures};
use super::service::RunningServer;
use super::target::{ADMIN, APP, KEY, Mode, Server, WorkDirectory};
use super::workload::{ACCOUNTS, GROUPS, Workload};
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Connections of the caller who sends messages while the file moves in.
const LIVE_CONNECTIONS: usize = 4;
/// How often to look at the memory of the tool.
const LOOK: Duration = Duration::from_millis(50);
/// Connections of the single calls.
const CONNECTIONS: usize = 64;
/// Members and messages of one group in the file.
const PER_GROUP: u64 = 5;
/// Accounts that are members and senders.
const MEMBER_ACCOUNTS: u64 = 10_000;
/// Creation time of all groups in the file, in Unix seconds.
const CREATED: u64 = 1_500_000_000;

/// Settings of the benchmark of a migration.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Groups in the file; each has five members and five messages
    #[arg(long, default_value_t = 1_000_000)]
    groups: u64,
    /// Seconds that each kind of single call is measured for
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<std::path::PathBuf>,
}

/// One migration, and what is compared with it.
#[derive(Serialize)]
struct Migration {
    processors: usize,
    groups: u64,
    records: u64,
    file_bytes: u64,
    seconds: f64,
    records_per_second: f64,
    /// Beside callers who send messages.
    records_per_second_beside: f64,
    /// Single calls, items per second.
    import_group: f64,
    import_group_member: f64,
    import_group_msg: f64,
    /// What single calls of these rates would take for the same records, as a multiple of the migration.
    times_as_fast: f64,
    tool_peak_bytes: u64,
    server_peak_bytes: u64,
    /// 99th percentile of `send_group_msg` before, and while the file moved in, microseconds.
    live_p99_before: u64,
    live_p99_during: u64,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// When a program does not start, or a call or the import fails.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let programs = super::build(false, super::PROFILE)?;
    let directory = WorkDirectory::make()?;
    let file = directory.path().join("moving.jsonl");
    let file_bytes = write_file(&file, arguments.groups)?;
    let mut server = RunningServer::start(&programs, &directory.path().join("server"), Mode::Faithful)?;
    server.fill(Workload::ImportAccounts, MEMBER_ACCOUNTS / ACCOUNTS)?;
    server.fill(Workload::PrepareGroups, GROUPS)?;
    *server.next(Workload::ImportGroup) = GROUPS;
    let mut rate = |workload: Workload| -> Result<f64> {
        server.timed(workload, CONNECTIONS, 1.0)?;
        let figures = server.timed(workload, CONNECTIONS, arguments.seconds)?;
        println!("{:<44}{:>12.0} calls/s", workload.command(), figures.calls_per_second);
        Ok(figures.calls_per_second)
    };
    let import_group = rate(Workload::ImportGroup)?;
    let import_group_member = rate(Workload::ImportMembers)?;
    let import_group_msg = rate(Workload::ImportMessages)?;
    drop(server);

    // A fresh server: memory is that of the migration.
    let start = |name: &str| {
        let mut server = RunningServer::start(&programs, &directory.path().join(name), Mode::Faithful)?;
        server.fill(Workload::ImportAccounts, MEMBER_ACCOUNTS / ACCOUNTS)?;
        anyhow::Ok(server)
    };
    let mut server = start("alone")?;
    let alone = migrate(&programs, &file, &mut server, None)?;
    let server_peak_bytes = server.target.process.memory()?.peak;
    Server::stop(&mut server.target)?;

    let mut server = start("beside")?;
    server.fill(Workload::PrepareGroups, GROUPS)?;
    let before = server.timed(Workload::SendMessage, LIVE_CONNECTIONS, arguments.seconds)?;
    let beside = migrate(&programs, &file, &mut server, Some(LIVE_CONNECTIONS))?;
    let live = beside.live.context("the import ended within two seconds; give it more groups")?;
    Server::stop(&mut server.target)?;

    let (_, members_per_call) = Workload::ImportMembers.items();
    let (_, messages_per_call) = Workload::ImportMessages.items();
    let (groups, items) = (arguments.groups as f64, (arguments.groups * PER_GROUP) as f64);
    let member_rate = import_group_member * members_per_call as f64;
    let message_rate = import_group_msg * messages_per_call as f64;
    let singly = groups / import_group + items / member_rate + items / message_rate;
    let records = arguments.groups * (1 + 2 * PER_GROUP);
    let report = Migration {
        processors: thread::available_parallelism()?.get(),
        groups: arguments.groups,
        records,
        file_bytes,
        seconds: alone.seconds,
        records_per_second: records as f64 / alone.seconds,
        records_per_second_beside: records as f64 / beside.seconds,
        import_group,
        import_group_member: member_rate,
        import_group_msg: message_rate,
        times_as_fast: singly / alone.seconds,
        tool_peak_bytes: alone.tool.peak,
        server_peak_bytes,
        live_p99_before: before.p99_micros,
        live_p99_during: live.p99_micros,
    };
    print(&report);
    report::write(arguments.out.as_deref(), &report)
}

fn print(report: &Migration) {
    println!(
        "\n{} records ({:.0} MB) in {:.1} s: {:.0} records/s, {:.2} times as fast as single calls",
        report.records,
        report::megabytes(report.file_bytes),
        report.seconds,
        report.records_per_second,
        report.times_as_fast
    );
    println!(
        "single calls: {:.0} groups/s, {:.0} members/s, {:.0} messages/s",
        report.import_group, report.import_group_member, report.import_group_msg
    );
    println!(
        "peak memory: tool {:.0} MB, server {:.0} MB",
        report::megabytes(report.tool_peak_bytes),
        report::megabytes(report.server_peak_bytes)
    );
    println!(
        "send_group_msg, p99: {} µs before, {} µs meanwhile ({:.2} times), beside {:.0} records/s",
        report.live_p99_before,
        report.live_p99_during,
        report.live_p99_during as f64 / report.live_p99_before as f64,
        report.records_per_second_beside
    );
}

/// How the file moved in.
struct Moved {
    seconds: f64,
    tool: Memory,
    live: Option<Figures>,
}

/// Moves the file in, while so many connections send messages, if any do.
fn migrate(
    programs: &Path,
    file: &Path,
    server: &mut RunningServer,
    connections: Option<usize>,
) -> Result<Moved> {
    let url = format!("http://{}", server.target.address);
    let key_file = file.with_extension("key");
    fs::write(&key_file, KEY)?;
    let (file, key_file) = (file.display().to_string(), key_file.display().to_string());
    let app = APP.to_string();
    // That of the import before belongs to another server.
    let journal = format!("{file}.journal");
    if fs::exists(&journal)? {
        fs::remove_file(&journal)?;
    }
    let arguments = ["import", &file, "--server", &url, "--app", &app, "--admin", ADMIN];
    let arguments = [&arguments[..], &["--key-file", &key_file, "--json"]].concat();
    let started = Instant::now();
    let mut tool = Process::start(&programs.join("landfall"), &arguments, None)?;
    let process = tool.id();
    let watcher = thread::spawn(move || {
        let end = tool.wait_for_output();
        (end, started.elapsed())
    });
    let mut peak = Memory { resident: 0, peak: 0 };
    let mut live = None;
    while !watcher.is_finished() {
        let figures = match connections {
            Some(connections) => Some(server.timed_at_once(Workload::SendMessage, connections, 2.0)?),
            None => {
                thread::sleep(LOOK);
                None
            }
        };
        if let Ok(memory) = super::process::memory(process) {
            peak = memory;
            // The last interval may lie behind the end.
            if let Some(figures) = figures {
                println!(
                    "send_group_msg, {:.0} s: {:.0} calls/s, p50 {} µs, p99 {} µs",
                    started.elapsed().as_secs_f64(),
                    figures.calls_per_second,
                    figures.p50_micros,
                    figures.p99_micros
                );
                live = Some(worse(live, figures));
            }
        }
    }
    let (output, took) = watcher.join().map_err(|_| anyhow::anyhow!("the watcher of the tool panicked"))?;
    output.context("landfall import failed")?;
    Ok(Moved { seconds: Duration::as_secs_f64(&took), tool: peak, live })
}

fn worse(so_far: Option<Figures>, figures: Figures) -> Figures {
    match so_far {
        Some(so_far) if figures.p99_micros <= so_far.p99_micros => so_far,
        Some(_) | None => figures,
    }
}

/// Writes the file, each group's records together; returns its size in bytes.
fn write_file(path: &Path, groups: u64) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for group in 0..groups {
        let owner = group % MEMBER_ACCOUNTS;
        writeln!(
            out,
            r#"{{"t":"group","src":"bench","key":"{group}","GroupId":"moved-{group}","Type":"Public","Name":"Moved {group}","Owner_Account":"acc-{owner:07}","CreateTime":{CREATED}}}"#
        )?;
        for item in 0..PER_GROUP {
            let account = (owner + 1 + item) % MEMBER_ACCOUNTS;
            writeln!(
                out,
                r#"{{"t":"member","src":"bench","key":"{group}:{item}","GroupId":"moved-{group}","Member_Account":"acc-{account:07}","JoinTime":{}}}"#,
                CREATED + 1
            )?;
        }
        for item in 0..PER_GROUP {
            let (account, sent) = ((owner + 1 + item) % MEMBER_ACCOUNTS, CREATED + 10 + item);
            writeln!(
                out,
                r#"{{"t":"message","src":"bench","key":"{group}:m{item}","GroupId":"moved-{group}","From_Account":"acc-{account:07}","SendTime":{sent},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"What message {item} of group {group} says"}}}}]}}"#
            )?;
        }
    }
    out.flush()?;
    Ok(fs::metadata(path)?.len())
}
