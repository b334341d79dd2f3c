//! `landfall check`.

use super::display::{self, Display};
use super::{MovingError, server};
use crate::cli::arguments::moving::CheckArguments;
use crate::cli::{Failure, print};
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_migrate::check::{self, CheckEvent, CheckOptions, CheckReport};
use landfall_migrate::import::{Observer as _, Phase, Progress};
use landfall_migrate::report::{grouped, span};
use landfall_migrate::rules::ServerLimits;
use landfall_migrate::server::{CallError, Server};
use serde_json::json;
use std::ffi::OsString;
use std::io;
use tokio::runtime::Runtime;

/// Calls of each command in a second that the imitated service takes.
const FAITHFUL_RATE: u32 = 200;
/// Groups that the server is asked about at once.
const GROUPS_ASKED: usize = 500;

pub(in crate::cli) fn check(
    arguments: CheckArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let CheckArguments { source, server: reached, fix, json } = arguments;
    let asks = reached.server.is_some() || reached.config.is_some();
    if let Some(out) = &fix {
        super::refuse_source(&source.source, out)?;
    }
    let runtime = Runtime::new()?;
    let server = if asks { Some(server(reached, variables)?) } else { None };
    let limits = match &server {
        Some(server) => runtime.block_on(super::limits(server))?,
        None => ServerLimits::faithful(SystemClock.now()),
    };
    let display = Display::showing_all_faults(json);
    let opened = super::open(&source, &limits, &display)?;
    if !json && let Some(converted) = &opened.converted {
        print(&format!("{}\n", converted.sentence()))?;
    }
    let spill = super::spill_directory(&source.source);
    let options = CheckOptions { fix: fix.as_deref(), spill_directory: &spill, contents: &opened.contents };
    let mut groups = GroupsInUse { server: server.as_ref(), runtime: &runtime, asked: Vec::new(), found: 0 };
    let mut on_event = |event: CheckEvent| -> io::Result<()> {
        match event {
            CheckEvent::Fault(fault) => display.add_fault(&fault),
            CheckEvent::Group { id, .. } => groups.add(id).map_err(io::Error::other)?,
            CheckEvent::Change(change) if json => display::print(&json!({ "change": change })),
            CheckEvent::Change(change) => display.line(&format!("line {}: {}", change.line, change.what)),
            CheckEvent::Progress { checked, records } => display.progress(&Progress {
                phase: Phase::Checking,
                done: checked,
                total: records,
                faults: display.faults(),
                ..Progress::default()
            }),
        }
        Ok(())
    };
    let report = check::check(&opened.file, limits, options, &mut on_event)?;
    if let Some(server) = &server {
        groups.ask().map_err(|error| super::unusable(server, error))?;
    }
    display.end();
    if json {
        let in_use = groups.found;
        display::print(
            &json!({ "report": report, "converted": opened.converted, "groups_on_server": in_use }),
        );
    } else {
        print(&text(&report))?;
        if groups.found != 0 {
            print(&format!("{} of the groups are on the server already\n", grouped(groups.found)))?;
        }
    }
    let faults = display.faults();
    if faults == 0 { Ok(()) } else { Err(MovingError::Faults(faults).into()) }
}

fn text(report: &CheckReport) -> String {
    let mut text = format!("{} records: ", grouped(report.records));
    let kinds: Vec<_> =
        report.records_by_kind.iter().map(|(kind, count)| format!("{} {kind}s", grouped(*count))).collect();
    text.push_str(&kinds.join(", "));
    text.push('\n');
    if report.faults != 0 {
        text.push_str(&format!(
            "{} faults in {} records; {} more are left out with them:\n",
            grouped(report.faults),
            grouped(report.faulty),
            grouped(report.left_out)
        ));
        for (code, count) in &report.faults_by_code {
            text.push_str(&format!("  {:>9}  {code}\n", grouped(*count)));
        }
    }
    let calls: u64 = report.estimate.calls.values().sum();
    text.push_str(&format!("An import takes {} calls", grouped(calls)));
    if let Some(seconds) = report.estimate.seconds(FAITHFUL_RATE) {
        let seconds = f64::from(u32::try_from(seconds).unwrap_or(u32::MAX));
        text.push_str(&format!(
            ", at least {} at {FAITHFUL_RATE} calls of a command per second",
            span(seconds)
        ));
    }
    text.push('\n');
    if report.written != 0 {
        text.push_str(&format!(
            "The corrected file has {} records, with {} changes\n",
            grouped(report.written),
            grouped(report.changes)
        ));
    }
    text
}

/// Counts the groups of the file that the server has already.
struct GroupsInUse<'a> {
    server: Option<&'a Server>,
    runtime: &'a Runtime,
    asked: Vec<String>,
    found: u64,
}

impl GroupsInUse<'_> {
    fn add(&mut self, id: String) -> Result<(), CallError> {
        self.asked.push(id);
        if self.asked.len() < GROUPS_ASKED { Ok(()) } else { self.ask() }
    }

    fn ask(&mut self) -> Result<(), CallError> {
        let ids = std::mem::take(&mut self.asked);
        if let Some(server) = self.server
            && !ids.is_empty()
        {
            let in_use = self.runtime.block_on(check::groups_in_use(server, &ids))?;
            self.found += in_use.len() as u64;
        }
        Ok(())
    }
}
