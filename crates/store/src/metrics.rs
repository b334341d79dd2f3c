//! Metrics of a store.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Metrics of the commits of a store. Clones share them.
#[derive(Clone, Debug)]
pub struct StoreMetrics {
    /// Operations made durable by one commit.
    pub batch_size: Histogram,
    /// One commit: journal write, its sync, and making the result visible.
    pub commit_seconds: Histogram,
    /// Commits that failed.
    pub failures: Counter,
    /// 1 while a node of a Citus cluster does not answer, 0 once it does again.
    pub node_unreachable: Family<NodeLabel, Gauge>,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NodeLabel {
    /// Host and port.
    pub node: String,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        Self {
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 13)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 16)),
            failures: Counter::default(),
            node_unreachable: Family::default(),
        }
    }
}

impl StoreMetrics {
    /// Registers the metrics in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "store_commit_batch_size",
            "Operations made durable by one commit",
            self.batch_size.clone(),
        );
        registry.register_with_unit(
            "store_commit",
            "Time of one commit: journal write, sync, and making it visible",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        registry.register("store_commit_failures", "Commits that failed", self.failures.clone());
        registry.register(
            "store_node_unreachable",
            "1 while a node of the Citus cluster does not answer",
            self.node_unreachable.clone(),
        );
    }
}
