//! The PostgreSQL store: the suite of all stores, and what only several servers over one database can get wrong.

use super::*;
use crate::suite::store_suite;
use landfall_test_database::{FreshDatabase, fresh_database};

mod copy;

mod suite {
    use super::*;

    store_suite!(super::fresh);
}

/// A fresh database, its tables made by the store itself.
fn database() -> FreshDatabase {
    fresh_database(&tables_tag(), |url| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        drop(runtime.block_on(open(url)));
    })
}

/// Names the tables this program makes, so that a test never meets those of another version.
fn tables_tag() -> String {
    use sha2::{Digest as _, Sha256};
    let hash = migrations::STEPS.iter().fold(Sha256::new(), |hash, step| hash.chain_update(step)).finalize();
    format!("store_{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
}

async fn open(url: &str) -> Postgres {
    open_hearing(url, |_| {}).await
}

async fn open_hearing(url: &str, hear: impl Fn(RemoteChange) + Send + Sync + 'static) -> Postgres {
    let settings = Settings::parse(url).unwrap();
    Postgres::open(settings, StoreMetrics::default(), Arc::new(hear)).await.unwrap()
}

/// A store on a fresh database, and what keeps the database.
async fn fresh() -> (Postgres, FreshDatabase) {
    let database = database();
    (open(database.url()).await, database)
}
