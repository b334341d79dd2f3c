//! Copies into, out of and between databases.

use super::*;
use crate::transfer::Transfer;
use crate::transfer::tests::{Home, copy_suite};
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
