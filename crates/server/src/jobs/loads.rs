//! The loads of a run: groups are collected in one, while the one before becomes visible on a thread of its own.

use super::record::Kinds;
use crate::clients::PendingImport;
use landfall_domain::bulk::{BulkStore, GroupLoad, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::GroupId;
use landfall_domain::whole_group::WholeGroup;
use std::thread::{Scope, ScopedJoinHandle};
use tokio::runtime::Handle;

/// A group that a load brings in.
pub(super) struct Brought {
    pub(super) id: GroupId,
    pub(super) recheck: PendingImport,
    pub(super) has: Kinds,
}

/// A load that becomes visible, and its groups.
type Finishing<'scope> = (ScopedJoinHandle<'scope, Result<(), StoreError>>, Vec<Brought>);

pub(super) struct Loads<'scope, 'env> {
    bulk: &'env dyn BulkStore,
    context: Context,
    runtime: Handle,
    scope: &'scope Scope<'scope, 'env>,
    open: Option<(Box<dyn GroupLoad + 'env>, Vec<Brought>)>,
    finishing: Option<Finishing<'scope>>,
}

impl<'scope, 'env> Loads<'scope, 'env> {
    pub(super) fn new(
        bulk: &'env dyn BulkStore,
        context: Context,
        runtime: Handle,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Self {
        Self { bulk, context, runtime, scope, open: None, finishing: None }
    }

    /// Adds groups to the load that is open. Those it creates are to be told with [`created`](Self::created).
    pub(super) fn add(&mut self, groups: Vec<WholeGroup>) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        let Self { runtime, bulk, context, .. } = self;
        let load = match &mut self.open {
            Some((load, _)) => load,
            none => &mut none.insert((runtime.block_on(bulk.begin_load(*context))?, Vec::new())).0,
        };
        runtime.block_on(load.add(groups))
    }

    /// Notes groups that the open load has created, and finishes it when it is full. Returns groups that are there now.
    pub(super) fn created(&mut self, mut created: Vec<Brought>) -> Result<Vec<Brought>, StoreError> {
        let Some((load, groups)) = &mut self.open else { return Ok(Vec::new()) };
        groups.append(&mut created);
        if load.is_full() { self.finish() } else { Ok(Vec::new()) }
    }

    /// Begins to finish the open load, once the one before is finished; its groups are returned.
    fn finish(&mut self) -> Result<Vec<Brought>, StoreError> {
        let done = self.wait()?;
        if let Some((load, groups)) = self.open.take() {
            let runtime = self.runtime.clone();
            let finishing = self.scope.spawn(move || runtime.block_on(load.finish()));
            self.finishing = Some((finishing, groups));
        }
        Ok(done)
    }

    /// Waits for the load that is being finished, and returns its groups.
    fn wait(&mut self) -> Result<Vec<Brought>, StoreError> {
        let Some((finishing, groups)) = self.finishing.take() else { return Ok(Vec::new()) };
        let panicked = |_| StoreError::Failed("the thread that finishes a load panicked".into());
        finishing.join().map_err(panicked)??;
        Ok(groups)
    }

    /// Finishes all loads, and returns the groups that are there now.
    pub(super) fn finish_all(&mut self) -> Result<Vec<Brought>, StoreError> {
        let mut done = self.finish()?;
        done.append(&mut self.wait()?);
        Ok(done)
    }
}
