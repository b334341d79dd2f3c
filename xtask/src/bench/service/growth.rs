//! How the cost of a call grows with the size of the store: the same call on a small and on a large store, in turn.

use super::{ACCOUNTS, Arguments, GROUPS, Measuring, RunningServer, WARM_UP_SECONDS, report};
use crate::bench::target::Mode;
use crate::bench::workload::{MEMBERS, MESSAGES, SMALL_COMMUNITIES, Workload};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Accounts beyond the first members of the large community, for those that calls add to it.
const SPARE_ACCOUNTS: u64 = 400_000;

/// One call on a small and on a large store.
#[derive(Serialize)]
pub(in crate::bench) struct Growth {
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
    print_growth(&found);
    Ok(found)
}

/// One line for each call.
pub(in crate::bench) fn print_growth(found: &[Growth]) {
    println!();
    for growth in found {
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
}

fn members(arguments: &Arguments, programs: &Path, directory: &Path) -> Result<Growth> {
    let mut server = RunningServer::start(programs, &directory.join("members"), Mode::Relaxed)?;
    server.fill(Workload::ImportAccounts, (arguments.members + SPARE_ACCOUNTS) / ACCOUNTS)?;
    server.fill(Workload::PrepareSmall, SMALL_COMMUNITIES)?;
    server.fill(Workload::PrepareLarge, 1)?;
    let calls = arguments.members.div_ceil(MEMBERS);
    server.fill(Workload::FillLarge, calls)?;
    *server.next(Workload::AddToLarge) = calls * MEMBERS;
    let calls = (Workload::AddToSmall, Workload::AddToLarge);
    let rounds = Rounds::in_turn(arguments.measuring, &mut server, calls)?;
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
        for number in 0..=arguments.measuring.rounds {
            let mut costs = Vec::new();
            for server in &mut servers {
                costs.push(cost(arguments.measuring, server, workload, number)?);
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
fn cost(measuring: Measuring, server: &mut RunningServer, workload: Workload, number: u32) -> Result<f64> {
    let seconds = if number == 0 { WARM_UP_SECONDS } else { measuring.seconds };
    let figures = server.timed(workload, measuring.connections as usize, seconds)?;
    Ok(figures.cpu_micros_per_call + figures.deferred_cpu_micros_per_call)
}

/// The cost of a call on a small and on a large store, round by round.
#[derive(Default)]
pub(in crate::bench) struct Rounds {
    small: Vec<f64>,
    large: Vec<f64>,
}

impl Rounds {
    /// Makes the two kinds of call in turn: the one about little, and the one about much.
    pub(in crate::bench) fn in_turn(
        measuring: Measuring,
        server: &mut RunningServer,
        (small, large): (Workload, Workload),
    ) -> Result<Self> {
        let mut rounds = Self::default();
        for number in 0..=measuring.rounds {
            let small = cost(measuring, server, small, number)?;
            let large = cost(measuring, server, large, number)?;
            rounds.add(number, small, large);
        }
        Ok(rounds)
    }

    fn add(&mut self, number: u32, small: f64, large: f64) {
        if 0 < number {
            self.small.push(small);
            self.large.push(large);
        }
    }

    pub(in crate::bench) fn growth(
        self,
        workload: Workload,
        of: &'static str,
        small: u64,
        large: u64,
    ) -> Growth {
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
