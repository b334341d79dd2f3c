//! The metrics at `/metrics`, in the text format of Prometheus.

use crate::code::Code;
use crate::logging;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use landfall_store::StoreMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::OnceLock;
use std::time::Duration;

/// Connections to the address of the metrics at a time.
pub(crate) const CONNECTIONS_MAX: usize = 16;

pub struct Metrics {
    registry: Registry,
    /// By index in the command table, unknown commands last; looked up at the first call, not at every call.
    commands: Vec<CommandMetrics>,
    succeeded: Family<CommandLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    seconds: Family<CommandLabels, Histogram>,
    /// Open connections.
    pub connections: Gauge,
    /// Messages that retention removed.
    pub expired_messages: Counter,
    pub store: StoreMetrics,
    pub webhooks: WebhookMetrics,
    pub clients: ClientMetrics,
}

#[derive(Clone, Debug, Default)]
pub struct ClientMetrics {
    pub connected: Gauge,
    pub frames: Counter,
    /// Clients that were disconnected because they did not read what they were sent.
    pub slow: Counter,
}

impl ClientMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("clients", "Connected clients", self.connected.clone());
        registry.register("client_frames", "Frames sent to clients", self.frames.clone());
        registry.register(
            "clients_slow",
            "Clients disconnected because they did not read what they were sent",
            self.slow.clone(),
        );
    }
}

#[derive(Clone, Debug, Default)]
pub struct WebhookMetrics {
    answered: Counter,
    failed: Counter,
    /// Events that became dead letters.
    pub given_up: Counter,
}

impl WebhookMetrics {
    /// Counts a request to a receiver.
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
        registry.register(
            "webhooks_failed",
            "Requests to receivers of webhooks that got no answer",
            self.failed.clone(),
        );
        registry.register(
            "webhooks_given_up",
            "Webhook events that became dead letters",
            self.given_up.clone(),
        );
    }
}

/// Counts one more of something until it is dropped, also when its holder panics.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
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

impl Metrics {
    /// All of them at 0, for commands with these names.
    pub fn new(command_names: impl Iterator<Item = &'static str>) -> Self {
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
        let commands = command_names
            .chain(["unknown"])
            .map(|name| CommandMetrics { name, succeeded: OnceLock::new(), seconds: OnceLock::new() })
            .collect();
        Self {
            registry,
            commands,
            succeeded,
            failures,
            seconds,
            connections,
            expired_messages,
            store,
            webhooks,
            clients,
        }
    }

    /// Counts a call of a command, by its index in the table.
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

    /// Answers a request at the address of the metrics.
    pub(crate) fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        const TEXT: &str = "text/plain; charset=utf-8";
        const FIGURES: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let (status, content_type, text) = match (request.uri().path(), request.method()) {
            ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, FIGURES, self.text()),
            ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "use GET\n".to_owned()),
            _ => (StatusCode::NOT_FOUND, TEXT, "there is nothing here but /metrics\n".to_owned()),
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }

    /// The page at `/metrics`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic;

    #[test]
    fn a_count_ends_with_its_holder_also_when_it_panics() {
        let gauge = Gauge::default();
        let counted = Counted::new(&gauge);
        let other = gauge.clone();
        panic::catch_unwind(move || {
            let _counted = Counted::new(&other);
            panic!("a call dies");
        })
        .unwrap_err();
        assert_eq!(gauge.get(), 1);
        drop(counted);
        assert_eq!(gauge.get(), 0);
    }
}
