//! Copies into, out of and between databases.

use super::*;
use crate::suite;
use crate::transfer::tests::{Home, copy_suite};
use crate::transfer::{CopyError, PageSize, Transfer, copy};
use std::ops::ControlFlow;
use tempfile::TempDir;

#[async_trait]
impl Home for FreshDatabase {
    async fn fresh() -> Self {
        database()
    }

    async fn emptied(self) -> Self {
        self.empty("landfall", "schema_versions");
        self
    }

    async fn source(&self) -> Result<Box<dyn Transfer>, String> {
        opened(PostgresTransfer::source(Settings::parse(self.url()).unwrap()).await)
    }

    async fn target(&self) -> Result<Box<dyn Transfer>, String> {
        opened(PostgresTransfer::target(Settings::parse(self.url()).unwrap()).await)
    }

    async fn serve(&self) -> Result<Box<dyn Store>, String> {
        let settings = Settings::parse(self.url()).unwrap();
        let store = Postgres::open(settings, StoreMetrics::default(), Arc::new(|_| {})).await;
        store.map(|store| Box::new(store) as Box<dyn Store>).map_err(|error| error.to_string())
    }
}

fn opened(store: Result<PostgresTransfer, OpenError>) -> Result<Box<dyn Transfer>, String> {
    store.map(|store| Box::new(store) as Box<dyn Transfer>).map_err(|error| error.to_string())
}

copy_suite! {
    embedded_to_postgresql: TempDir => FreshDatabase;
    postgresql_to_embedded: FreshDatabase => TempDir;
    postgresql_to_postgresql: FreshDatabase => FreshDatabase;
}

#[tokio::test]
async fn a_store_with_an_outbox_is_not_copied() {
    let (store, database) = fresh().await;
    suite::outbox::leave_undelivered(&store).await;
    drop(store);
    let refused = async |lanes, dead| {
        let refused = PostgresTransfer::source(Settings::parse(database.url()).unwrap()).await;
        let refused = refused.map(drop).unwrap_err();
        let said = format!(
            "(lanes with undelivered entries: {lanes}, dead letters: {dead}); start the server on it"
        );
        assert!(matches!(refused, OpenError::Undelivered { .. }), "{refused}");
        assert!(refused.to_string().contains(&said), "{refused}");
    };
    refused(2, 1).await;
    // Nor is a store with an outbox a target.
    let other = TempDir::fresh().await;
    drop(crate::embedded::Embedded::open(other.path(), StoreMetrics::default()).unwrap());
    let (other, target) = (other.source().await.unwrap(), database.target().await.unwrap());
    let occupied = copy(&*other, &*target, PageSize::DEFAULT, &mut |_| ControlFlow::Continue(())).await;
    assert!(matches!(occupied, Err(CopyError::Occupied(_))), "{occupied:?}");
    drop(target);
    let store = open(database.url()).await;
    suite::outbox::deliver(&store).await;
    drop(store);
    refused(0, 1).await;
    let store = open(database.url()).await;
    suite::outbox::drop_dead_letters(&store).await;
    drop(store);
    database.source().await.unwrap();
}
