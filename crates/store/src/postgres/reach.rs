//! What a server knows of other nodes of the database: warnings of commits that one of them did not confirm, and which of
//! them do not answer.
//!
//! While a node is away, work about its groups is refused at once: it would keep connections and batches waiting that others
//! need. Where a group is only the catalogue knows; it is asked only then.

use super::failure::Failure;
use super::statements;
use crate::unpoisoned::unpoisoned;
use landfall_domain::ids::{GroupId, UserId};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio_postgres::GenericClient;

/// Warnings of the database, counted over all connections, and what became of no transaction for certain.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    warnings: AtomicU64,
    doubts: AtomicU64,
}

impl Warnings {
    pub(super) fn count(&self) -> u64 {
        self.0.warnings.load(Ordering::SeqCst)
    }

    pub(super) fn add(&self) {
        self.0.warnings.fetch_add(1, Ordering::SeqCst);
    }

    /// A transaction broke off in a way that may have left a node in the middle of it.
    pub(super) fn add_doubt(&self) {
        self.0.doubts.fetch_add(1, Ordering::SeqCst);
    }

    /// Warnings and doubts: when there are more of them, a node may have something to finish.
    pub(super) fn with_doubts(&self) -> u64 {
        self.count() + self.0.doubts.load(Ordering::SeqCst)
    }
}

/// The nodes that do not answer, each as host and port. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Away(Arc<Mutex<BTreeSet<String>>>);

impl Away {
    pub(super) fn names(&self) -> BTreeSet<String> {
        unpoisoned(self.0.lock()).clone()
    }

    /// Remembers those that do not answer now; those of before.
    pub(super) fn replace(&self, away: BTreeSet<String>) -> BTreeSet<String> {
        std::mem::replace(&mut *unpoisoned(self.0.lock()), away)
    }

    pub(super) fn is_empty(&self) -> bool {
        unpoisoned(self.0.lock()).is_empty()
    }

    /// Those of the groups and accounts that are on a node that does not answer. Asks the database only if there is one.
    pub(super) async fn holds(
        &self,
        client: &impl GenericClient,
        keys: &Keys<'_>,
    ) -> Result<BTreeSet<String>, Failure> {
        let away = self.names();
        if away.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut held = BTreeSet::new();
        for (table, keys) in [("landfall.groups", &keys.groups), ("landfall.accounts", &keys.accounts)] {
            if !keys.is_empty() {
                let rows = client.query(statements::NODES_OF_KEYS.sql(), &[&table, keys]).await?;
                for row in &rows {
                    if away.contains(row.try_get::<_, &str>(1)?) {
                        held.insert(row.try_get(0)?);
                    }
                }
            }
        }
        Ok(held)
    }
}

/// What a piece of work is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys<'key> {
    pub(super) groups: Vec<&'key str>,
    pub(super) accounts: Vec<&'key str>,
}

impl<'key> Keys<'key> {
    pub(super) fn of_group(id: &'key GroupId) -> Self {
        Self { groups: vec![id.as_str()], accounts: Vec::new() }
    }

    pub(super) fn of_account(id: &'key UserId) -> Self {
        Self { groups: Vec::new(), accounts: vec![id.as_str()] }
    }

    /// Those of several together.
    pub(super) fn all(of: &[Self]) -> Self {
        Self {
            groups: of.iter().flat_map(|keys| keys.groups.iter().copied()).collect(),
            accounts: of.iter().flat_map(|keys| keys.accounts.iter().copied()).collect(),
        }
    }

    /// Whether one of them is among `keys`.
    pub(super) fn any_of(&self, keys: &BTreeSet<String>) -> bool {
        self.groups.iter().chain(&self.accounts).any(|key| keys.contains(*key))
    }
}
