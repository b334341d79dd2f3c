//! The figures at `/metrics`, in Prometheus' text format.

use crate::code::Code;
use crate::commands::COMMANDS;
use crate::logging;
use landfall_store::StoreMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Everything the server counts.
pub struct Metrics {
    registry: Registry,
    /// By index in the command table, the unknown commands last; looked up once, not at every call.
    commands: Vec<CommandMetrics>,
    failures: Family<FailureLabels, Counter>,
    /// Open connections.
    pub connections: Gauge,
    /// Messages removed because of their age.
    pub expired_messages: Counter,
    /// What the store counts.
    pub store: StoreMetrics,
    /// What is counted of webhooks.
    pub webhooks: WebhookMetrics,
    /// What is counted of connected clients.
    pub clients: ClientMetrics,
}

/// What is counted of connected clients.
#[derive(Clone, Debug, Default)]
pub struct ClientMetrics {
    /// Those that are connected.
    pub connected: Gauge,
    /// Frames sent to them.
    pub frames: Counter,
    /// Those let go because they did not take what they were sent.
    pub slow: Counter,
}

impl ClientMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("clients", "Connected clients", self.connected.clone());
        registry.register("client_frames", "Frames sent to clients", self.frames.clone());
        registry.register(
            "clients_slow",
            "Clients let go because they did not take what they were sent",
            self.slow.clone(),
        );
    }
}

/// What is counted of webhooks.
#[derive(Clone, Debug, Default)]
pub struct WebhookMetrics {
    answered: Counter,
    failed: Counter,
    /// Events that are not sent again by themselves.
    pub given_up: Counter,
}

impl WebhookMetrics {
    /// Counts a request.
    pub fn answered(&self, answered: bool) {
        if answered {
            self.answered.inc()
        } else {
            self.failed.inc()
        };
    }

    fn register(&self, registry: &mut Registry) {
        registry.register(
            "webhooks_answered",
            "Requests to receivers of webhooks that got an answer",
            self.answered.clone(),
        );
        registry.register("webhooks_failed", "Requests to receivers that got none", self.failed.clone());
        registry.register("webhooks_given_up", "Events that nobody took", self.given_up.clone());
    }
}

struct CommandMetrics {
    name: &'static str,
    succeeded: Counter,
    seconds: Histogram,
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

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("landfall");
        let succeeded: Family<CommandLabels, Counter> = Family::default();
        let failures: Family<FailureLabels, Counter> = Family::default();
        let seconds: Family<CommandLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_1, 2.0, 15)));
        let connections = Gauge::default();
        let expired_messages = Counter::default();
        let store = StoreMetrics::default();
        registry.register("calls_succeeded", "Calls answered with ErrorCode 0", succeeded.clone());
        registry.register("calls_failed", "Calls answered with another ErrorCode", failures.clone());
        registry.register_with_unit(
            "call",
            "Time from the request to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("connections", "Open connections", connections.clone());
        registry.register(
            "expired_messages",
            "Messages removed because they were older than message_days",
            expired_messages.clone(),
        );
        registry.register(
            "log_lines_lost",
            "Lines of the log that standard error did not take",
            logging::lost_lines(),
        );
        store.register(&mut registry);
        let webhooks = WebhookMetrics::default();
        webhooks.register(&mut registry);
        let clients = ClientMetrics::default();
        clients.register(&mut registry);
        let names = COMMANDS.iter().map(|entry| entry.path).chain(["unknown"]);
        let commands = names
            .map(|name| CommandMetrics {
                name,
                succeeded: succeeded.get_or_create(&CommandLabels { command: name }).clone(),
                seconds: seconds.get_or_create(&CommandLabels { command: name }).clone(),
            })
            .collect();
        Self { registry, commands, failures, connections, expired_messages, store, webhooks, clients }
    }
}

impl Metrics {
    /// Counts a call of a command, by its index in the table.
    pub fn called(&self, command: Option<usize>, failed: Option<Code>, took: Duration) {
        let index = command.unwrap_or(COMMANDS.len());
        let Some(metrics) = self.commands.get(index) else {
            return;
        };
        metrics.seconds.observe(took.as_secs_f64());
        match failed {
            None => {
                metrics.succeeded.inc();
            }
            Some(code) => {
                let labels = FailureLabels { command: metrics.name, code: code.number() };
                self.failures.get_or_create(&labels).inc();
            }
        }
    }

    /// All figures as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string has no way to fail.
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}
