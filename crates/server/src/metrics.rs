//! The metrics at `/metrics`, in the text format of Prometheus.

mod calls;

use crate::logging;
use calls::CallMetrics;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use landfall_store::StoreMetrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Connections to the address of the metrics at a time.
pub(crate) const CONNECTIONS_MAX: usize = 16;

pub struct Metrics {
    registry: Registry,
    /// Calls over REST, by index in the command table.
    pub calls: CallMetrics,
    /// Requests of clients, by index in the list of their names.
    pub client_calls: CallMetrics,
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

    /// Requests that were answered, requests that were not, and events that were given up.
    pub fn figures(&self) -> [u64; 3] {
        [&self.answered, &self.failed, &self.given_up].map(Counter::get)
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

impl Metrics {
    /// All of them at 0, for commands with these names, and for requests of clients with these.
    pub fn new(
        command_names: impl Iterator<Item = &'static str>,
        client_command_names: impl Iterator<Item = &'static str>,
    ) -> Self {
        let mut registry = Registry::with_prefix("landfall");
        let calls = CallMetrics::new(&mut registry, command_names);
        let of_clients = registry.sub_registry_with_prefix("client");
        let client_calls = CallMetrics::new(of_clients, client_command_names);
        let connections = Gauge::default();
        let expired_messages = Counter::default();
        let store = StoreMetrics::default();
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
        Self { registry, calls, client_calls, connections, expired_messages, store, webhooks, clients }
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
