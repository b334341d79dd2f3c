//! Batches by the node that does most of their work.

use super::batcher::{Batch, Batcher, Pace};
use super::database::Database;
use super::layout::Layout;
use crate::StoreMetrics;
use landfall_domain::ids::GroupId;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

/// Transactions of one kind that batched imports use at the same time, at most: as many as this machine has
/// processors, within these bounds. More of them make smaller batches; with fewer, processors wait for syncs.
const IMPORT_WORKERS: RangeInclusive<usize> = 4..=8;
/// The same of one of several lanes, at least.
const WORKERS_OF_A_LANE: usize = 2;

fn import_workers() -> usize {
    let processors = std::thread::available_parallelism().map_or(*IMPORT_WORKERS.start(), NonZeroUsize::get);
    processors.clamp(*IMPORT_WORKERS.start(), *IMPORT_WORKERS.end())
}

/// The batches of one kind: a lane for each node by which work enters, so that a batch is about groups of one node, and that
/// node does most of it by itself.
pub(super) struct Lanes<B: Batch>(Vec<Batcher<B>>);

impl<B: Batch> Lanes<B> {
    pub(super) fn start(
        batch: impl Fn() -> B,
        database: &Database,
        layout: Layout,
        metrics: &StoreMetrics,
    ) -> Self {
        let lanes = database.entrances().len().max(1);
        let workers = (import_workers() / lanes).max(WORKERS_OF_A_LANE);
        let pace = match layout {
            Layout::Together => Pace::TOGETHER,
            Layout::Spread => Pace::SPREAD,
        };
        Self((0..lanes).map(|_| Batcher::start(batch(), workers, pace, metrics)).collect())
    }

    /// The lane for imports into a group; of one whose id is still to be made, any.
    pub(super) fn of(&self, database: &Database, group: Option<&GroupId>) -> &Batcher<B> {
        let node = group.and_then(|group| database.entrances().owner(group)).unwrap_or_default();
        &self.0[node.unsigned_abs() as usize % self.0.len()]
    }
}
