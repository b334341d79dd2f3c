//! Counts and times of calls, by command.

use crate::code::Code;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::OnceLock;
use std::time::Duration;

/// What happened to calls of one kind: over REST, or by clients.
pub struct CallMetrics {
    /// In the order of their numbers, unknown commands last; looked up at the first call, not at every call.
    commands: Vec<CommandMetrics>,
    succeeded: Family<CommandLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    seconds: Family<CommandLabels, Histogram>,
}

/// The metrics of one command. A command that is never called has none, which keeps the page short.
struct CommandMetrics {
    name: &'static str,
    succeeded: OnceLock<Counter>,
    seconds: OnceLock<Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    command: &'static str,
    code: u32,
}

impl CallMetrics {
    /// All of them at 0, for commands with these names.
    pub(super) fn new(registry: &mut Registry, command_names: impl Iterator<Item = &'static str>) -> Self {
        let succeeded: Family<CommandLabels, Counter> = Family::default();
        let failures: Family<FailureLabels, Counter> = Family::default();
        let seconds: Family<CommandLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_1, 2.0, 15)));
        registry.register("calls_succeeded", "Calls answered with ErrorCode 0", succeeded.clone());
        registry.register("calls_failed", "Calls answered with another ErrorCode", failures.clone());
        registry.register_with_unit(
            "call",
            "Time from the request to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        let commands = command_names
            .chain(["unknown"])
            .map(|name| CommandMetrics { name, succeeded: OnceLock::new(), seconds: OnceLock::new() })
            .collect();
        Self { commands, succeeded, failures, seconds }
    }

    /// Counts a call of a command, by its number.
    pub fn called(&self, command: Option<usize>, failed: Option<Code>, took: Duration) {
        let metrics = match command {
            Some(index) => self.commands.get(index),
            None => self.commands.last(),
        };
        let Some(metrics) = metrics else { return };
        let labels = CommandLabels { command: metrics.name };
        let seconds = metrics.seconds.get_or_init(|| self.seconds.get_or_create(&labels).clone());
        seconds.observe(took.as_secs_f64());
        match failed {
            None => {
                metrics.succeeded.get_or_init(|| self.succeeded.get_or_create(&labels).clone()).inc();
            }
            Some(code) => {
                let labels = FailureLabels { command: metrics.name, code: code.number() };
                self.failures.get_or_create(&labels).inc();
            }
        }
    }
}
