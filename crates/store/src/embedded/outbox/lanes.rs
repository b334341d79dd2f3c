//! The state of the lanes that lives in memory: their claims, and where the next claim starts.

use crate::embedded::keys;
use crate::embedded::records::Due;
use crate::unpoisoned::unpoisoned;
use landfall_domain::context::Context;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{Claim, Lane};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

/// Only the committer uses it.
#[derive(Default)]
pub(in crate::embedded) struct Lanes(Mutex<BTreeMap<AppId, OfApp>>);

#[derive(Default)]
pub(in crate::embedded) struct OfApp {
    /// Claims of lanes that are being delivered.
    pub(in crate::embedded) claims: BTreeMap<Lane, Claim>,
    /// The last key that a claim has read: before it there are only claimed lanes. Starting at the first key each time would
    /// read the tombstones of all recent deliveries.
    pub(in crate::embedded) passed: Option<Vec<u8>>,
    /// The latest place of a lane that is due at once; the next one comes behind it.
    pub(in crate::embedded) latest: Due,
}

impl Lanes {
    pub(in crate::embedded) fn of<T>(&self, app: AppId, work: impl FnOnce(&mut OfApp) -> T) -> T {
        work(unpoisoned(self.0.lock()).entry(app).or_default())
    }

    /// A place behind all lanes that are due at once.
    pub(in crate::embedded) fn due_at_once(&self, context: Context) -> Due {
        self.of(context.app, |lanes| {
            let Due { at, order } = lanes.latest;
            lanes.latest = Due { at: at.max(context.now), order: order + 1 };
            lanes.latest
        })
    }

    /// A lane now has this place.
    pub(in crate::embedded) fn placed(&self, app: AppId, key: &Vec<u8>) {
        self.of(app, |lanes| lanes.passed = lanes.passed.take().filter(|passed| passed < key));
    }

    /// The token of the claim that holds a lane.
    pub(in crate::embedded) fn claim(&self, app: AppId, lane: &Lane) -> Option<u64> {
        self.of(app, |lanes| lanes.claims.get(lane).map(|claim| claim.token))
    }

    /// Ends the claim that holds a lane.
    pub(in crate::embedded) fn release(&self, app: AppId, lane: &Lane) {
        self.of(app, |lanes| lanes.claims.remove(lane));
    }
}

impl OfApp {
    /// Where a claim starts to read.
    pub(in crate::embedded) fn start(&mut self, app: AppId, now: Timestamp) -> Bound<Vec<u8>> {
        let before = self.claims.len();
        self.claims.retain(|_, claim| now < claim.until);
        if self.claims.len() < before {
            self.passed = None;
        }
        self.passed.clone().map_or_else(|| Bound::Included(keys::all_due(app)), Bound::Excluded)
    }
}
