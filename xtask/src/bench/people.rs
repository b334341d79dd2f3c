//! `cargo xtask bench people`: accounts, profiles, one-to-one messages and conversations on the embedded store, each beside
//! an empty handler; and how the cost of a call grows with the history of a conversation, and with friends.

use super::report::{self, Figures};
use super::service::{
    Growth, Measured, Measuring, Rounds, RunningServer, measure, print_growth, print_measured,
};
use super::target::{Mode, WorkDirectory};
use super::workload::people::{FRIENDS, FRIENDS_FEW, LONG_PAIRS, PEOPLE, SHORT_MESSAGES, SHORT_PAIRS};
use super::workload::{ACCOUNTS, SMALL_COMMUNITIES, Workload};
use anyhow::Result;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Seconds of reading long lists that are not measured.
const WARM_UP_SECONDS: f64 = 1.0;

/// Messages that everybody sends before conversations are read, each to somebody else.
const SENT_BEFORE: u64 = 10;

/// Settings of the benchmark of people.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    measuring: Measuring,
    /// Messages of the long conversations when growth is measured; the short ones have ten; 0 skips growth
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// Friends of the accounts with many when growth is measured, in hundreds; those with few have ten
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100))]
    friends_hundreds: u64,
    /// Measures growth alone
    #[arg(long)]
    growth_only: bool,
    /// File for all figures as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    processors: usize,
    connections: u32,
    seconds_per_round: f64,
    calls: Vec<Measured>,
    growth: Vec<Growth>,
    long_list: Option<Figures>,
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// When a program does not start, or a single call or item fails.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let programs = super::build(false, super::PROFILE)?;
    let directory = WorkDirectory::make()?;
    let Measuring { connections, seconds, .. } = arguments.measuring;
    let mut report = Report {
        processors: std::thread::available_parallelism()?.get(),
        connections,
        seconds_per_round: seconds,
        calls: Vec::new(),
        growth: Vec::new(),
        long_list: None,
    };
    if !arguments.growth_only {
        report.calls = calls(arguments.measuring, &programs, &directory.path().join("calls"))?;
    }
    if 0 < arguments.messages {
        report.growth = growth(arguments, &programs, &directory.path().join("growth"))?;
        report.long_list = Some(long_list(arguments.measuring, &programs, &directory.path().join("list"))?);
    }
    report::write(arguments.out.as_deref(), &report)
}

fn calls(measuring: Measuring, programs: &Path, directory: &Path) -> Result<Vec<Measured>> {
    let mut server = RunningServer::start(programs, directory, Mode::Faithful)?;
    server.fill(Workload::ImportPerson, PEOPLE)?;
    let mut measured = Vec::new();
    for call in [Workload::ImportPerson, Workload::ReadPortraits] {
        measured.push(measure(measuring, programs, &mut server, call)?);
    }
    measured.push(measure(measuring, programs, &mut server, Workload::ImportAccounts)?);
    // So that everybody has conversations.
    server.fill(Workload::SendDirect, SENT_BEFORE * PEOPLE)?;
    for call in [Workload::ReadConversations, Workload::SendDirect, Workload::ImportDirect] {
        measured.push(measure(measuring, programs, &mut server, call)?);
    }
    print_measured(&measured);
    Ok(measured)
}

fn growth(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Vec<Growth>> {
    println!("\nThe cost of one call about little and about much, in turn");
    let mut server = RunningServer::start(programs, directory, Mode::Relaxed)?;
    let measuring = arguments.measuring;
    // As many again are their friends.
    server.fill(Workload::ImportAccounts, 2 * PEOPLE / ACCOUNTS)?;
    server.fill(Workload::FillShort, SHORT_PAIRS * SHORT_MESSAGES)?;
    server.fill(Workload::FillLong, LONG_PAIRS * arguments.messages)?;
    server.fill(Workload::FillFewFriends, SHORT_PAIRS)?;
    server.fill(Workload::FillManyFriends, LONG_PAIRS * arguments.friends_hundreds)?;
    let (few, many) = (FRIENDS_FEW, FRIENDS * arguments.friends_hundreds);
    let mut found = Vec::new();
    for (small, large, of, less, more) in [
        (Workload::SendShort, Workload::SendLong, "messages", SHORT_MESSAGES, arguments.messages),
        (Workload::ReadShort, Workload::ReadLong, "messages", SHORT_MESSAGES, arguments.messages),
        (Workload::PortraitsOfFew, Workload::PortraitsOfMany, "friends", few, many),
        (Workload::CheckFew, Workload::CheckMany, "friends", few, many),
    ] {
        let rounds = Rounds::in_turn(measuring, &mut server, (small, large))?;
        found.push(rounds.growth(large, of, less, more));
    }
    print_growth(&found);
    Ok(found)
}

/// Lists of conversations of accounts that are in ten thousand groups, one call at a time.
fn long_list(measuring: Measuring, programs: &Path, directory: &Path) -> Result<Figures> {
    let mut server = RunningServer::start(programs, directory, Mode::Relaxed)?;
    server.fill(Workload::ImportAccounts, 1)?;
    server.fill(Workload::PrepareSmall, SMALL_COMMUNITIES)?;
    let list = Workload::ReadManyConversations;
    let before = server.timed(list, 1, WARM_UP_SECONDS)?.resident_bytes;
    let figures = server.timed(list, 1, measuring.seconds)?;
    println!(
        "\n{} of an account in {SMALL_COMMUNITIES} groups: p50 {:.1} ms, p99 {:.1} ms; {:.1} MB more memory after {} calls",
        list.command(),
        figures.p50_micros as f64 / 1e3,
        figures.p99_micros as f64 / 1e3,
        report::megabytes(figures.resident_bytes.saturating_sub(before)),
        figures.calls
    );
    Ok(figures)
}
