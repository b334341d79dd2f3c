//! The workers of a Citus cluster by which transactions enter.
//!
//! Every node knows where rows are. So work about groups need not pass the coordinator, which would have to be as large as
//! all workers together: it enters by a worker that the address of the store names, does there what lies there, and that
//! node asks the others for the rest. What needs the locks of accounts or the figures of an app enters by the coordinator.
//!
//! A worker takes work while it and the coordinator answer, and while a **place** lies on it: a row of `landfall.places`,
//! beside which its writers hold the lock of their app. One that fails is passed by until it is found to answer again.

mod hash;

use super::layout::{COORDINATOR, node_of};
use crate::unpoisoned::unpoisoned;
use deadpool_postgres::{Object, Pool, PoolError, TimeoutType};
use futures_util::future::join_all;
use landfall_domain::ids::GroupId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Between two questions to a host that did not say what it is.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Which node a transaction enters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance<'group> {
    /// That with the locks of accounts and the figures of apps.
    Coordinator,
    /// Any that takes work.
    Any,
    /// That on which the group lies, if it takes work, otherwise any.
    Near(&'group GroupId),
    /// The one of this number, if it takes work, otherwise any.
    Node(i32),
}

/// What a node is to those that enter by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// A place that lies on it.
    pub(super) place: String,
    /// Parts of the numbers of groups that lie on it.
    pub(super) parts: Vec<u8>,
}

/// What lies where.
#[derive(Debug, Default)]
pub(super) struct Placement {
    /// The nodes that answer, by their numbers.
    pub(super) nodes: BTreeMap<i32, Node>,
    /// The node that holds the groups from a hash on up to the next one here.
    pub(super) owners: BTreeMap<i32, i32>,
}

/// The workers. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Entrances(Arc<Shared>);

#[derive(Default)]
struct Shared {
    workers: Vec<Worker>,
    turn: AtomicUsize,
    owners: Mutex<BTreeMap<i32, i32>>,
}

struct Worker {
    /// For the log.
    address: String,
    pool: Pool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its number, once it has said so.
    number: Option<i32>,
    asked: Option<Instant>,
    /// While it takes work.
    open: Option<(i32, Arc<Node>)>,
}

impl Worker {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one step.
        unpoisoned(self.state.lock())
    }

    /// Asks a host what it is that has not said so.
    async fn ask(&self) {
        {
            let mut state = self.lock();
            if state.number.is_some() || state.asked.is_some_and(|asked| asked.elapsed() < ASK_AGAIN) {
                return;
            }
            state.asked = Some(Instant::now());
        }
        let Ok(client) = self.pool.get().await else { return };
        if let Ok(Some(number)) = node_of(&client).await {
            self.lock().number = Some(number);
        }
    }
}

impl Entrances {
    pub(super) fn new(workers: Vec<(String, Pool)>) -> Self {
        let worker = |(address, pool)| Worker { address, pool, state: Mutex::default() };
        let workers = workers.into_iter().map(worker).collect();
        Self(Arc::new(Shared { workers, ..Shared::default() }))
    }

    /// How many workers there are, whether they take work or not.
    pub(super) fn len(&self) -> usize {
        self.0.workers.len()
    }

    /// The number of the node on which a group lies, as far as that is known.
    pub(super) fn owner(&self, group: &GroupId) -> Option<i32> {
        let owners = unpoisoned(self.0.owners.lock());
        owners.range(..=hash::of(group.as_str().as_bytes())).next_back().map(|(_, owner)| *owner)
    }

    /// The numbers of those that take work.
    pub(super) fn open(&self) -> BTreeSet<i32> {
        self.0
            .workers
            .iter()
            .filter_map(|worker| worker.lock().open.as_ref().map(|(number, _)| *number))
            .collect()
    }

    /// A connection to a worker that takes work, and what it is; `None` when none does.
    ///
    /// # Errors
    /// All its connections are in use.
    pub(super) async fn enter(&self, by: Entrance<'_>) -> Result<Option<(Object, Arc<Node>)>, PoolError> {
        while let Some((worker, node)) = self.choose(by) {
            match worker.pool.get().await {
                Ok(client) => return Ok(Some((client, node))),
                Err(error @ PoolError::Timeout(TimeoutType::Wait)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the node {} is passed by: {error}", worker.address);
                    worker.lock().open = None;
                }
            }
        }
        Ok(None)
    }

    fn choose(&self, by: Entrance<'_>) -> Option<(&Worker, Arc<Node>)> {
        let wanted = match by {
            Entrance::Coordinator => return None,
            Entrance::Any => None,
            Entrance::Near(group) => self.owner(group),
            Entrance::Node(number) => Some(number),
        };
        let open = |worker: &Worker| worker.lock().open.clone();
        let open: Vec<_> = self.0.workers.iter().filter_map(|worker| Some((worker, open(worker)?))).collect();
        let near = open.iter().find(|(_, (number, _))| Some(*number) == wanted);
        let turn = || open.get(self.0.turn.fetch_add(1, Ordering::Relaxed) % open.len().max(1));
        near.or_else(turn).map(|(worker, (_, node))| (*worker, Arc::clone(node)))
    }

    /// Gives up connections that were closed.
    pub(super) fn forget_closed(&self) {
        for worker in &self.0.workers {
            worker.pool.retain(|client, _| !client.is_closed());
        }
    }

    /// Sends no work to any worker.
    pub(super) fn close(&self) {
        self.0.workers.iter().for_each(|worker| worker.lock().open = None);
    }

    /// Sends work to the workers that are among these nodes, and to no other.
    pub(super) async fn refresh(&self, Placement { nodes, owners }: Placement) {
        join_all(self.0.workers.iter().map(Worker::ask)).await;
        *unpoisoned(self.0.owners.lock()) = owners;
        for worker in &self.0.workers {
            let mut state = worker.lock();
            let number = state.number.filter(|number| *number != COORDINATOR);
            let open = number.and_then(|number| Some((number, Arc::new(nodes.get(&number)?.clone()))));
            match (&state.open, &open) {
                (None, Some(_)) => tracing::info!("work enters by the node {}", worker.address),
                (Some(_), None) => tracing::info!("no work enters by the node {}", worker.address),
                (None, None) | (Some(_), Some(_)) => {}
            }
            state.open = open;
        }
    }
}
