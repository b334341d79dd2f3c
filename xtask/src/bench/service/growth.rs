//! How the cost of a call grows with the size of the store: the same call on a small and on a large store, in turn.

use super::{ACCOUNTS, Arguments, GROUPS, RunningServer, WARM_UP_SECONDS, report};
use crate::bench::target::Mode;
use crate::bench::workload::{MEMBERS, MESSAGES, SMALL_COMMUNITIES, Workload};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Accounts beyond the first members of the large community, for those that calls add to it.
const SPARE_ACCOUNTS: u64 = 400_000;

/// One call on a small and on a large store.
#[derive(Serialize)]
pub(super) struct Growth {
    command: &'static str,
    /// What the stores hold: members or messages.
    of: &'static str,
    small: u64,
    large: u64,
    /// Processor time of the server per call, in microseconds; medians.
    small_cpu_micros: f64,
    large_cpu_micros: f64,
    /// The large one as a multiple of the small one in the same round; the median.
    ratio: f64,
}

pub(super) fn measure(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Vec<Growth>> {
    println!("\nThe cost of one call on a small and on a large store, in turn");
    let mut found = vec![members(arguments, programs, directory)?];
    found.extend(messages(arguments, programs, directory)?);
    println!();
    for growth in &found {
        println!(
            "{:<42} {:>9} or {:>9} {:<9} {:>7.2} µs or {:>7.2} µs of CPU: {:.2} times",
            growth.command,
            growth.small,
            growth.large,
            growth.of,
            growth.small_cpu_micros,
            growth.large_cpu_micros,
            growth.ratio
        );
    }
    Ok(found)
}

fn members(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Growth> {
    let mut server = RunningServer::start(programs, &directory.join("members"), Mode::Relaxed)?;
    server.fill(Workload::ImportAccounts, (arguments.members + SPARE_ACCOUNTS) / ACCOUNTS)?;
    server.fill(Workload::PrepareSmall, SMALL_COMMUNITIES)?;
    server.fill(Workload::PrepareLarge, 1)?;
    let calls = arguments.members.div_ceil(MEMBERS);
    server.fill(Workload::FillLarge, calls)?;
    *server.next(Workload::AddToLarge) = calls * MEMBERS;
    let mut rounds = Rounds::default();
    for number in 0..=arguments.rounds {
        let (small, large) = (Workload::AddToSmall, Workload::AddToLarge);
        let small = cost(arguments, &mut server, small, number)?;
        let large = cost(arguments, &mut server, large, number)?;
        rounds.add(number, small, large);
    }
    Ok(rounds.growth(Workload::AddToLarge, "members", 10, arguments.members))
}

fn messages(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Vec<Growth>> {
    let (few, many) = (arguments.messages / 10, arguments.messages);
    let mut servers = Vec::new();
    for (name, messages) in [("few", few), ("many", many)] {
        let mut server = RunningServer::start(programs, &directory.join(name), Mode::Faithful)?;
        server.fill(Workload::PrepareGroups, GROUPS)?;
        server.fill(Workload::ImportMessages, (messages / MESSAGES).max(GROUPS))?;
        servers.push(server);
    }
    let mut found = Vec::new();
    for workload in [Workload::ReadPage, Workload::SendMessage] {
        let mut rounds = Rounds::default();
        for number in 0..=arguments.rounds {
            let mut costs = Vec::new();
            for server in &mut servers {
                costs.push(cost(arguments, server, workload, number)?);
            }
            if let [small, large] = costs[..] {
                rounds.add(number, small, large);
            }
        }
        found.push(rounds.growth(workload, "messages", few, many));
    }
    Ok(found)
}

/// Processor time per call, in microseconds, deferred work included. Round 0 warms up.
fn cost(arguments: &Arguments, server: &mut RunningServer, workload: Workload, number: u32) -> Result<f64> {
    let seconds = if number == 0 { WARM_UP_SECONDS } else { arguments.seconds };
    let figures = server.timed(workload, arguments.connections as usize, seconds)?;
    Ok(figures.cpu_micros_per_call + figures.deferred_cpu_micros_per_call)
}

#[derive(Default)]
struct Rounds {
    small: Vec<f64>,
    large: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, number: u32, small: f64, large: f64) {
        if 0 < number {
            self.small.push(small);
            self.large.push(large);
        }
    }

    fn growth(self, workload: Workload, of: &'static str, small: u64, large: u64) -> Growth {
        let ratios = self.small.iter().zip(&self.large).map(|(small, large)| large / small).collect();
        let middle = |values| report::median(values).unwrap_or_default();
        Growth {
            command: workload.command(),
            of,
            small,
            large,
            ratio: middle(ratios),
            small_cpu_micros: middle(self.small),
            large_cpu_micros: middle(self.large),
        }
    }
}
