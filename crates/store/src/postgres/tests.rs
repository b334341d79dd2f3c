//! The PostgreSQL store: the suite of all stores, and what only several servers over one database can get wrong.

mod alternating;
mod batcher;
mod batches;
mod call_rates;
mod changing;
mod copy;
mod encryption;
mod opening;
mod outbox;
mod remote_changes;
mod servers;
mod two_phases;

use super::*;
use crate::suite::store_suite;
use landfall_test_database::{FreshDatabase, fresh_database, on_citus};
use tokio_postgres::{Client, NoTls};

mod suite {
    use super::*;

    store_suite!(super::fresh);
}

/// The same over one database, with the statements that are sent to several nodes.
mod suite_by_rows {
    use super::*;

    store_suite!(super::fresh_by_rows);
}

/// Bound of what these tests wait for.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A fresh database, its tables made by the store itself.
pub(super) fn database() -> FreshDatabase {
    fresh_database(&tables_tag(), |url| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if on_citus() {
            runtime.block_on(distribute(&Settings::parse(url).unwrap(), SHARDS)).unwrap();
        }
        drop(runtime.block_on(open(url)));
    })
}

/// Shards on Citus: few, because each database has its own.
const SHARDS: u16 = 4;

/// Where the rows of [`database`] are.
pub(super) fn layout() -> Layout {
    if on_citus() { Layout::Spread } else { Layout::Together }
}

#[tokio::test]
async fn distributing_reports_its_steps_or_that_there_is_no_citus() {
    let empty = empty_database();
    let settings = Settings::parse(empty.url()).unwrap();
    let first = distribute(&settings, SHARDS).await;
    if on_citus() {
        let keys = [["group_id"; 9].as_slice(), &["account"; 3], &["subject"; 3]].concat();
        for (done, before) in [(first.unwrap(), false), (distribute(&settings, SHARDS).await.unwrap(), true)]
        {
            assert_eq!(done.iter().map(|table| table.key).collect::<Vec<_>>(), keys);
            assert!(done.iter().all(|table| table.before == before), "{done:?}");
        }
    } else {
        let refused = first.unwrap_err();
        assert!(matches!(refused, DistributeError::NoCitus), "{refused}");
        assert!(refused.to_string().contains("no citus extension, so nothing was changed"), "{refused}");
        let made = "SELECT count(*) FROM pg_namespace WHERE nspname = 'landfall'";
        assert_eq!(number(&admin(empty.url()).await, made).await, 0);
    }
}

/// A fresh database without tables.
fn empty_database() -> FreshDatabase {
    fresh_database("empty", |_| {})
}

/// Names the tables this program makes, so that a test never meets those of another version.
fn tables_tag() -> String {
    use sha2::{Digest as _, Sha256};
    let hash = migrations::STEPS.iter().fold(Sha256::new(), |hash, step| hash.chain_update(step)).finalize();
    format!("store_{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
}

async fn open(url: &str) -> Postgres {
    open_with(url, |_| {}).await
}

async fn open_with(url: &str, on_change: impl Fn(RemoteChange) + Send + Sync + 'static) -> Postgres {
    let settings = Settings::parse(url).unwrap();
    Postgres::open(settings, StoreMetrics::default(), Arc::new(on_change)).await.unwrap()
}

async fn try_open(url: &str) -> Result<Postgres, OpenError> {
    Postgres::open(Settings::parse(url).unwrap(), StoreMetrics::default(), Arc::new(|_| {})).await
}

/// A store on a fresh database, and what keeps the database.
async fn fresh() -> (Postgres, FreshDatabase) {
    let database = database();
    (open(database.url()).await, database)
}

/// The same, whose rows are written as on several nodes.
async fn fresh_by_rows() -> (Postgres, FreshDatabase) {
    let database = database();
    let settings = Settings::parse(database.url()).unwrap();
    let layout = Some(Layout::Spread);
    let opened = Postgres::open_as(settings, StoreMetrics::default(), Arc::new(|_| {}), layout).await;
    (opened.unwrap(), database)
}

/// What two servers over one database have.
async fn two() -> ([Postgres; 2], FreshDatabase) {
    let database = database();
    ([open(database.url()).await, open(database.url()).await], database)
}

/// A connection beside the store.
pub(super) async fn admin(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The address of another database of the same server.
fn other_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    format!("{}/{name}?{options}", address.rsplit_once('/').unwrap().0)
}

/// One number from the database.
async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn in_time<Done>(done: impl Future<Output = Done>) -> Done {
    tokio::time::timeout(WAIT_MAX, done).await.expect("this takes too long")
}
