//! How far a command is, for people and for machines.

use crate::output;
use landfall_migrate::fault::Fault;
use landfall_migrate::import::{Observer, Phase, Progress};
use landfall_migrate::report::{grouped, span};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines of progress where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// Between two updates of a terminal, or two objects for a machine.
const UPDATE_INTERVAL: Duration = Duration::from_millis(500);
/// Faults shown one by one; the report counts all.
const FAULTS_SHOWN_MAX: u64 = 20;

/// Where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// One line that is written over again.
    Terminal,
    /// Lines now and then.
    Lines,
    /// JSON, one object a line, on standard output.
    Json,
}

/// Shows progress and faults.
pub(super) struct Display {
    style: Style,
    /// Faults shown one by one.
    faults_max: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    shown: Option<Instant>,
    /// Characters of the line on the terminal.
    width: usize,
    faults: u64,
    examples: BTreeMap<&'static str, String>,
    by_code: BTreeMap<&'static str, u64>,
}

impl Display {
    pub(super) fn new(json: bool) -> Self {
        let style = match (json, io::stderr().is_terminal()) {
            (true, _) => Style::Json,
            (false, true) => Style::Terminal,
            (false, false) => Style::Lines,
        };
        Self { style, faults_max: FAULTS_SHOWN_MAX, state: Mutex::default() }
    }

    /// Faults are what the command is about.
    pub(super) fn showing_all_faults(json: bool) -> Self {
        Self { faults_max: u64::MAX, ..Self::new(json) }
    }

    /// Shows a line above the progress.
    pub(super) fn line(&self, line: &str) {
        self.erase(&mut self.state());
        show(&format!("{line}\n"));
    }

    /// The first fault of each kind, as a sentence.
    pub(super) fn examples(&self) -> BTreeMap<&'static str, String> {
        self.state().examples.clone()
    }

    /// How many faults were shown or counted.
    pub(super) fn faults(&self) -> u64 {
        self.state().faults
    }

    /// How many faults of each kind there were so far.
    pub(super) fn faults_by_code(&self) -> BTreeMap<&'static str, u64> {
        self.state().by_code.clone()
    }

    /// Ends the line on the terminal, so that something else can be printed.
    pub(super) fn end(&self) {
        self.erase(&mut self.state());
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn erase(&self, state: &mut State) {
        if self.style == Style::Terminal && state.width != 0 {
            show(&format!("\r{:width$}\r", "", width = state.width));
            state.width = 0;
        }
    }

    /// Prints one fault. The first ones are shown to people, all to machines.
    pub(super) fn add_fault(&self, fault: &Fault) {
        let mut state = self.state();
        state.faults += 1;
        *state.by_code.entry(fault.code).or_default() += 1;
        state.examples.entry(fault.code).or_insert_with(|| fault.to_string());
        match self.style {
            Style::Json => print(&json!({ "fault": fault })),
            Style::Terminal | Style::Lines if state.faults <= self.faults_max => {
                self.erase(&mut state);
                show(&format!("{fault}\n"));
            }
            Style::Terminal | Style::Lines => {}
        }
    }
}

impl Observer for Display {
    fn progress(&self, progress: &Progress) {
        let mut state = self.state();
        let interval = if self.style == Style::Lines { LINE_INTERVAL } else { UPDATE_INTERVAL };
        if state.shown.is_some_and(|shown| shown.elapsed() < interval) {
            return;
        }
        // A short run needs no lines.
        let first = state.shown.replace(Instant::now()).is_none();
        match self.style {
            Style::Json => print(&json!({ "progress": progress })),
            Style::Terminal => {
                let line = sentence(progress);
                let width = line.chars().count();
                show(&format!("\r{line:before$}", before = state.width));
                state.width = width;
            }
            Style::Lines if first => {}
            Style::Lines => show(&format!("{}\n", sentence(progress))),
        }
    }

    fn fault(&self, fault: &Fault) {
        self.add_fault(fault);
    }
}

fn sentence(progress: &Progress) -> String {
    let Progress { phase, done, total, rate, faults, waiting, .. } = progress;
    let mut line = match phase {
        Phase::Reading => "reading the file".to_owned(),
        Phase::Checking => format!("checked: {} of {} records", grouped(*done), grouped(*total)),
        Phase::Sending => format!("sent to the server: {} of {} bytes", grouped(*done), grouped(*total)),
        Phase::Accounts => format!("accounts: {} of {} records", grouped(*done), grouped(*total)),
        Phase::Groups => format!("groups: {} of {} records", grouped(*done), grouped(*total)),
    };
    if 0.0 < *rate {
        line.push_str(&format!(", {rate:.0}/s"));
        if done < total {
            let left = f64::from(u32::try_from(total - done).unwrap_or(u32::MAX)) / rate;
            line.push_str(&format!(", {} left", span(left)));
        }
    }
    if *faults != 0 {
        line.push_str(&format!(", {} faults", grouped(*faults)));
    }
    if Duration::from_secs(1) < *waiting {
        line.push_str(&format!("; waiting for the server for {}", span(waiting.as_secs_f64())));
    }
    line
}

/// One object for a machine. Whoever stopped reading does not stop the work.
pub(super) fn print(object: &impl Serialize) {
    let line = serde_json::to_string(object).unwrap_or_default();
    if let Err(error) = output::unless_unread(output::write(&format!("{line}\n"))) {
        show(&format!("standard output cannot be written: {error}\n"));
    }
}

/// For people, beside the results on standard output.
fn show(text: &str) {
    // Without standard error nobody looks on.
    drop(io::stderr().write_all(text.as_bytes()));
}
