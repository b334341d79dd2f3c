//! The other nodes of a Citus cluster: which of them do not answer, and transactions they have not finished.
//!
//! A transaction over several nodes is committed in two phases. When a node goes away between the two, Citus only warns:
//! the transaction is kept, and that node makes its part visible once Citus' recovery has run there. Until then the caller
//! is not told that it succeeded, and the recovery is asked for as soon as the node answers again.

use super::database::{Database, Kind, Tx, Work};
use super::entrances::{Entrance, Node, Placement};
use super::failure::Failure;
use super::reach::Away;
use super::rows::COUNT_PARTS;
use super::statements;
use crate::StoreMetrics;
use crate::metrics::NodeLabel;
use async_trait::async_trait;
use landfall_domain::store::Health;
use std::collections::{BTreeMap, BTreeSet};
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
    pub(super) async fn watch(database: Database, metrics: StoreMetrics, places: Vec<String>) -> Self {
        let away = database.away().clone();
        let watch = Watch { database, metrics, away: away.clone(), places, denied: false };
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
    /// The places by which work may enter.
    places: Vec<String>,
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

    /// Finds out which nodes answer, and lets work enter by those; false when the coordinator does not say.
    async fn look(&self) -> bool {
        let entrances = self.database.entrances();
        // A coordinator that is away is noticed by others too.
        let Ok(away) = self.database.perform(&LookForNodes).await else {
            entrances.close();
            return false;
        };
        if 0 < entrances.len() && !self.places.is_empty() {
            match self.database.perform(&LookAtPlaces { places: &self.places, away: &away }).await {
                Ok(placement) => entrances.refresh(placement).await,
                Err(_) => entrances.close(),
            }
        }
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

    /// Each node finishes the transactions that entered by it.
    async fn finish_everywhere(&self) -> Result<(), Failure> {
        self.database.perform(&Recover { by: Entrance::Coordinator }).await?;
        for number in self.database.entrances().open() {
            self.database.perform(&Recover { by: Entrance::Node(number) }).await?;
        }
        Ok(())
    }

    /// Finishes what nodes have not finished; false when that has to be tried again.
    async fn recover(&mut self) -> bool {
        let Err(failure) = self.finish_everywhere().await else { return true };
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

/// Which places lie on nodes that answer.
struct LookAtPlaces<'a> {
    places: &'a [String],
    away: &'a BTreeSet<String>,
}

#[async_trait]
impl Work for LookAtPlaces<'_> {
    type Output = Placement;
    const DOING: &'static str = "looking for the places of the cluster";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Placement, Failure> {
        let parts: Vec<String> = (0..COUNT_PARTS).map(|part| part.to_string()).collect();
        let (table, counts) = ("landfall.places", "landfall.group_counts");
        let mut nodes: BTreeMap<i32, Node> = BTreeMap::new();
        for row in tx.query(&statements::NODES_OF_KEYS, &[&table, &self.places]).await? {
            if !self.away.contains(row.try_get::<_, &str>(1)?) {
                nodes.entry(row.try_get(2)?).or_default().place = row.try_get(0)?;
            }
        }
        for row in tx.query(&statements::NODES_OF_KEYS, &[&counts, &parts]).await? {
            if let Some(node) = nodes.get_mut(&row.try_get(2)?) {
                node.parts.extend(row.try_get::<_, &str>(0)?.parse::<u8>());
            }
        }
        let owners = tx.query(&statements::NODES_OF_HASHES, &[]).await?;
        let owners = owners.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        Ok(Placement { nodes, owners: owners.collect::<Result<_, Failure>>()? })
    }
}

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
struct Recover {
    by: Entrance<'static>,
}

#[async_trait]
impl Work for Recover {
    type Output = ();
    const DOING: &'static str = "finishing transactions of the cluster";
    const KIND: Kind = Kind::Statement;

    fn entrance(&self) -> Entrance<'_> {
        self.by
    }

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.query(&statements::RECOVER, &[]).await.map(drop)
    }
}
