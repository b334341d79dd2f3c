//! Puts a load on a program and measures it.

use super::load::Findings;
use super::process::{self, Process, REST};
use super::report::Figures;
use super::target::Target;
use super::workload::Workload;
use anyhow::{Context as _, Result, bail};
use clap::ValueEnum as _;
use std::path::PathBuf;

/// The bounds of one load.
#[derive(Clone, Copy)]
pub(super) struct Load {
    /// Connections, each with one call in flight.
    pub(super) connections: usize,
    /// Seconds after which no further call is sent.
    pub(super) seconds: f64,
    /// The most calls to send; without it only the time ends the load.
    pub(super) calls: Option<u64>,
    /// Number of the first call.
    pub(super) first: u64,
}

/// Starts the program of the load.
pub(super) struct Runner {
    pub(super) loader: PathBuf,
    /// The signature of all requests.
    pub(super) usersig: String,
}

impl Runner {
    /// Loads a program and measures what that costs it, deferred work included. Every call must succeed.
    pub(super) fn measure(&self, target: &Target, workload: Workload, load: Load) -> Result<Figures> {
        let mut figures = self.measure_at_once(target, workload, load)?;
        let after = target.process.cpu_seconds()?;
        // So that neither program is measured while the other still works.
        process::wait_until_idle(|| target.process.cpu_seconds(), REST)?;
        figures.add_deferred(target.process.cpu_seconds()? - after, target.process.memory()?);
        Ok(figures)
    }

    /// Measures only until the last call is answered, without deferred work.
    pub(super) fn measure_at_once(&self, target: &Target, workload: Workload, load: Load) -> Result<Figures> {
        let before = target.process.cpu_seconds()?;
        let findings = self.load(target, workload, load)?;
        let after = target.process.cpu_seconds()?;
        if let Some(wrong) = findings.first_wrong {
            let missing = findings.sent - findings.succeeded;
            bail!(
                "{missing} of {} calls were not answered with ErrorCode 0, the first: {wrong}",
                findings.sent
            );
        }
        if findings.succeeded == 0 {
            bail!("not one call was answered");
        }
        Ok(Figures::new(&findings, after - before, target.process.memory()?))
    }

    /// Loads a program.
    pub(super) fn load(&self, target: &Target, workload: Workload, load: Load) -> Result<Findings> {
        let (connections, seconds) = (load.connections.to_string(), load.seconds.to_string());
        let (calls, first) = (load.calls.unwrap_or(u64::MAX).to_string(), load.first.to_string());
        let request_target = workload.target(&self.usersig);
        let name = workload.to_possible_value().context("a workload without a name")?;
        let mut arguments = vec!["load", "--workload", name.get_name()];
        arguments.extend(["--address", &target.address, "--target", &request_target]);
        arguments.extend(["--connections", &connections, "--seconds", &seconds]);
        arguments.extend(["--calls", &calls, "--first", &first]);
        // Only a load that is bounded by calls can take long.
        if load.calls.is_some() {
            arguments.push("--progress");
        }
        let printed =
            Process::start(&self.loader, &arguments, None)?.wait_for_output().context("the load failed")?;
        serde_json::from_str(&printed).context("the load printed no figures")
    }
}
