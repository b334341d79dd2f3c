//! A target that breaks off a write, as a process does that is killed.

use super::{BeginError, Page, PageSize, Place, Progress, Row, StoreError, Transfer};
use crate::transfer::Indexed;
use async_trait::async_trait;
use landfall_domain::ids::AppId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// On which side of the work the failure comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// Fails one write after others have worked; nothing is written after it.
pub(super) struct Faulty {
    store: Box<dyn Transfer>,
    left: AtomicUsize,
    when: When,
}

impl Faulty {
    pub(super) fn new(store: Box<dyn Transfer>, writes: usize, when: When) -> Self {
        Self { store, left: AtomicUsize::new(writes), when }
    }
}

#[async_trait]
impl Transfer for Faulty {
    fn name(&self) -> &str {
        self.store.name()
    }

    async fn read(&self, after: Option<&Place>, size: PageSize) -> Result<Option<Page>, StoreError> {
        self.store.read(after, size).await
    }

    async fn rows(&self) -> Result<u64, StoreError> {
        self.store.rows().await
    }

    async fn indexed(&self) -> Result<BTreeMap<AppId, Indexed>, StoreError> {
        self.store.indexed().await
    }

    async fn begin(&self, source: &str) -> Result<Progress, BeginError> {
        self.store.begin(source).await
    }

    async fn write(&self, rows: Vec<Row>, progress: &Progress) -> Result<(), StoreError> {
        let works =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if works || self.when == When::After {
            self.store.write(rows, progress).await?;
        }
        if works { Ok(()) } else { Err(StoreError::Failed("broken off on purpose".into())) }
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.store.finish().await
    }
}
