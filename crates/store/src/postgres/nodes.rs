//! The other nodes of a Citus cluster: which of them do not answer, and transactions they have not finished.
//!
//! A transaction over several nodes is committed in two phases. When a node goes away between the two, Citus only warns:
//! the transaction is kept, and that node makes its part visible once Citus' recovery has run there. Until then the caller
//! is not told that it succeeded, and the recovery is asked for as soon as the node answers again.

use super::database::{Database, Kind, Tx, Work};
use super::failure::Failure;
use super::reach::Away;
use super::statements;
use crate::StoreMetrics;
use crate::metrics::NodeLabel;
use async_trait::async_trait;
use landfall_domain::store::Health;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;

/// Between two looks at the nodes.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches the nodes until it is dropped.
pub(super) struct Nodes {
    away: Away,
    task: JoinHandle<()>,
}

impl Nodes {
    /// Looks at them once, then watches.
    pub(super) async fn watch(database: Database, metrics: StoreMetrics) -> Self {
        let away = database.away().clone();
        let watch = Watch { database, metrics, away: away.clone(), denied: false };
        watch.look().await;
        Self { away, task: tokio::spawn(watch.run()) }
    }

    pub(super) fn health(&self) -> Health {
        let names: Vec<String> = self.away.names().into_iter().collect();
        if names.is_empty() {
            return Health::Ready;
        }
        Health::Partial(format!("no answer from {}", names.join(", ")))
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watch {
    database: Database,
    metrics: StoreMetrics,
    away: Away,
    /// The recovery was refused, which was logged.
    denied: bool,
}

impl Watch {
    async fn run(mut self) {
        // Transactions of before this server may be unfinished too.
        let mut unfinished = true;
        let mut doubts = self.database.warnings().with_doubts();
        loop {
            let all_answer = self.look().await && self.away.is_empty();
            let counted = self.database.warnings().with_doubts();
            unfinished |= counted != doubts || !all_answer;
            doubts = counted;
            if unfinished && all_answer {
                unfinished = !self.recover().await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Finds out which nodes answer; false when the coordinator does not say, whose absence others notice too.
    async fn look(&self) -> bool {
        let Ok(away) = self.database.perform(&LookForNodes).await else { return false };
        self.set(away);
        true
    }

    fn set(&self, away: BTreeSet<String>) {
        let before = self.away.replace(away.clone());
        for node in before.union(&away) {
            let is_away = away.contains(node);
            self.metrics
                .node_unreachable
                .get_or_create(&NodeLabel { node: node.clone() })
                .set(i64::from(is_away));
            match (before.contains(node), is_away) {
                (false, true) => tracing::error!(node, "the node {node} of the cluster does not answer"),
                (true, false) => tracing::info!(node, "the node {node} of the cluster answers again"),
                (false, false) | (true, true) => {}
            }
        }
    }

    /// Finishes what nodes have not finished; false when that has to be tried again.
    async fn recover(&mut self) -> bool {
        let Err(failure) = self.database.perform(&Recover).await else { return true };
        if !failure.has_code(&SqlState::INSUFFICIENT_PRIVILEGE) {
            tracing::warn!(error = %failure, "unfinished transactions of the cluster are not finished yet: {failure}");
            return false;
        }
        if !self.denied {
            tracing::warn!(
                "unfinished transactions wait for Citus' own recovery, up to a minute; to have them finished at once: \
                 GRANT EXECUTE ON FUNCTION recover_prepared_transactions() TO the user of [store] url"
            );
        }
        self.denied = true;
        true
    }
}

/// Which nodes do not answer.
struct LookForNodes;

#[async_trait]
impl Work for LookForNodes {
    type Output = BTreeSet<String>;
    const DOING: &'static str = "looking for the nodes of the cluster";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let rows = tx.query(&statements::NODES_AWAY, &[]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }
}

/// Finishes transactions that a node has not finished.
struct Recover;

#[async_trait]
impl Work for Recover {
    type Output = ();
    const DOING: &'static str = "finishing transactions of the cluster";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.query(&statements::RECOVER, &[]).await.map(drop)
    }
}
