//! Copies between data directories.

use super::directory::keys as all_keys;
use super::{APP, context, group, group_id, open, user};
use crate::StoreMetrics;
use crate::embedded::{Embedded, EmbeddedTransfer, OpenError, keys, opening};
use crate::suite;
use crate::transfer::tests::{Home, copy_suite};
use crate::transfer::{CopyError, Outcome, PageSize, Place, Step, Transfer, copy};
use async_trait::async_trait;
use landfall_domain::store::Store;
use std::ops::ControlFlow;
use tempfile::TempDir;

#[async_trait]
impl Home for TempDir {
    async fn fresh() -> Self {
        tempfile::tempdir().unwrap()
    }

    async fn emptied(self) -> Self {
        Self::fresh().await
    }

    async fn source(&self) -> Result<Box<dyn Transfer>, String> {
        opened(EmbeddedTransfer::source(self.path()).map(|store| Box::new(store) as Box<dyn Transfer>))
    }

    async fn target(&self) -> Result<Box<dyn Transfer>, String> {
        opened(EmbeddedTransfer::target(self.path()).map(|store| Box::new(store) as Box<dyn Transfer>))
    }

    async fn serve(&self) -> Result<Box<dyn Store>, String> {
        let store = Embedded::open(self.path(), StoreMetrics::default());
        opened(store.map(|store| Box::new(store) as Box<dyn Store>))
    }
}

fn opened<T>(result: Result<T, OpenError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

copy_suite! {
    embedded_to_embedded: TempDir => TempDir;
}

fn go_on(_: Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_lacks_a_row_is_found() {
    let removed = [
        (keys::joined(APP, &user("ann"), &group_id("g")), "memberships found by account: 2 in the source, 1"),
        (keys::joined(APP, &user("bob"), &group_id("g")), "memberships found by account: 2 in the source, 1"),
        (keys::list(APP, 1), "groups in the list: 1 in the source, 0 in the target"),
        (keys::counters(APP), "total of the list of type Public: 1 in the source, 0 in the target"),
    ];
    for (key, expected) in removed {
        let (from, to) = (TempDir::fresh().await, TempDir::fresh().await);
        let store = open(from.path());
        store.import_group(context(), group("g", &["ann", "bob"])).await.unwrap();
        drop(store);
        let source = EmbeddedTransfer::source(from.path()).unwrap();
        // Stopped when everything is written, to break the index before the comparison.
        let target = EmbeddedTransfer::target(to.path()).unwrap();
        let stop = &mut |step: Step| {
            if step.rows == step.total { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert_eq!(copy(&source, &target, PageSize::DEFAULT, stop).await.unwrap(), Outcome::Stopped);
        drop(target);
        let engine = opening::open(to.path()).unwrap();
        assert!(engine.data.contains_key(&key).unwrap());
        engine.data.remove(key).unwrap();
        drop(engine);
        let target = EmbeddedTransfer::target(to.path()).unwrap();
        let outcome = copy(&source, &target, PageSize::DEFAULT, &mut go_on).await.unwrap();
        let Outcome::Different(comparison) = outcome else { panic!("{outcome:?}") };
        let said: Vec<_> = comparison.differences().iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.contains(expected)), "{said:?}");
    }
}

#[tokio::test]
async fn a_source_that_is_no_store_is_refused_and_not_created() {
    let dir = TempDir::fresh().await;
    let missing = dir.path().join("mistyped");
    let refused = EmbeddedTransfer::source(&missing).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_source_whose_outbox_is_not_empty_is_refused() {
    let dir = TempDir::fresh().await;
    let store = open(dir.path());
    suite::outbox::leave_undelivered(&store).await;
    drop(store);
    let refused = |lanes, dead| {
        let refused = EmbeddedTransfer::source(dir.path()).map(drop).unwrap_err();
        let said = format!(
            "(lanes with undelivered entries: {lanes}, dead letters: {dead}); start the server on it"
        );
        assert!(matches!(refused, OpenError::Undelivered { .. }), "{refused}");
        assert!(refused.to_string().contains(&said), "{refused}");
    };
    refused(2, 1);
    // Nor is a store copied into one whose outbox is not empty.
    let other = EmbeddedTransfer::target(TempDir::fresh().await.path()).unwrap();
    let target = EmbeddedTransfer::target(dir.path()).unwrap();
    let occupied = copy(&other, &target, PageSize::DEFAULT, &mut go_on).await;
    assert!(matches!(occupied, Err(CopyError::Occupied(_))), "{occupied:?}");
    drop(target);
    let store = open(dir.path());
    suite::outbox::deliver(&store).await;
    drop(store);
    refused(0, 1);
    let store = open(dir.path());
    suite::outbox::drop_dead_letters(&store).await;
    drop(store);
    EmbeddedTransfer::source(dir.path()).unwrap();
}

#[tokio::test]
async fn a_store_is_not_copied_into_itself() {
    let dir = TempDir::fresh().await;
    let store = EmbeddedTransfer::target(dir.path()).unwrap();
    let refused = copy(&store, &store, PageSize::DEFAULT, &mut go_on).await;
    assert!(matches!(refused, Err(CopyError::SameStore(_))), "{refused:?}");
    drop(store);
    assert_eq!(all_keys(&opening::open(dir.path()).unwrap()), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn a_made_up_place_is_no_obstacle() {
    let dir = TempDir::fresh().await;
    let store = EmbeddedTransfer::target(dir.path()).unwrap();
    for place in [vec![], vec![0], vec![b'z'], vec![255; 200]] {
        assert_eq!(store.read(Some(&Place(place)), PageSize::DEFAULT).await.unwrap(), None);
    }
}
