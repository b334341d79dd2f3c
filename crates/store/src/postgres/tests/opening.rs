//! Making tables, and databases that are refused.

use super::*;
use crate::suite::{APP, at_once, context, user};
use landfall_domain::time::Timestamp;

/// Every table and column, and which steps were taken when.
async fn tables(client: &Client) -> Vec<String> {
    const LISTED: &str = "
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
        FROM information_schema.columns WHERE table_schema = 'landfall'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'landfall'
        UNION ALL SELECT version || ' ' || applied FROM landfall.schema_versions ORDER BY 1";
    client.query(LISTED, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_servers_that_start_at_once_one_makes_the_tables() {
    let database = empty_database();
    let stores = at_once((0..8).map(|_| try_open(database.url()))).await;
    let refused: Vec<_> = stores.iter().filter_map(|store| store.as_ref().err()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let admin = admin(database.url()).await;
    let steps = number(&admin, "SELECT count(*) FROM landfall.schema_versions").await;
    assert_eq!(usize::try_from(steps).unwrap(), migrations::VERSION);
    let groups = "SELECT count(*) FROM pg_class WHERE relname = 'groups' AND relkind = 'r'";
    assert_eq!(number(&admin, groups).await, 1);
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    let (store, database) = fresh().await;
    let admin = admin(database.url()).await;
    let before = tables(&admin).await;
    assert!(before.iter().any(|line| line.starts_with("groups.group_id text")), "{before:#?}");
    drop(store);
    drop(open(database.url()).await);
    assert_eq!(tables(&admin).await, before);
}

/// As an older program did.
async fn spread_what_is_there(admin: &Client) {
    for (table, key, beside) in distribute::TABLES {
        let spread = match beside {
            None => format!("create_distributed_table('{table}', '{key}', shard_count := {SHARDS})"),
            Some(beside) => {
                format!("create_distributed_table('{table}', '{key}', colocate_with := '{beside}')")
            }
        };
        if number(admin, &format!("SELECT (to_regclass('{table}') IS NOT NULL)::int::bigint")).await == 1 {
            admin.batch_execute(&format!("SELECT {spread}")).await.unwrap();
        }
    }
}

/// Version 1 knows no kicks of deleted accounts.
#[tokio::test]
async fn tables_of_an_older_program_are_brought_up_to_date() {
    let database = empty_database();
    let admin = admin(database.url()).await;
    let older = "CREATE SCHEMA landfall; CREATE TABLE landfall.schema_versions (
                     version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())";
    admin.batch_execute(older).await.unwrap();
    admin.batch_execute(migrations::STEPS[0]).await.unwrap();
    let kicked = format!(
        "INSERT INTO landfall.schema_versions (version) VALUES (1);
         INSERT INTO landfall.accounts VALUES ({APP}, 'ann', '', '', 1, false, 1234)"
    );
    admin.batch_execute(&kicked).await.unwrap();
    if on_citus() {
        spread_what_is_there(&admin).await;
        distribute(&Settings::parse(database.url()).unwrap(), SHARDS).await.unwrap();
    }
    let store = open(database.url()).await;
    let steps = number(&admin, "SELECT max(version)::bigint FROM landfall.schema_versions").await;
    assert_eq!(usize::try_from(steps).unwrap(), migrations::VERSION);
    assert_eq!(store.delete_accounts(context(), vec![user("ann")]).await.unwrap(), [true]);
    assert_eq!(store.signatures_from(APP, user("ann")).await.unwrap(), Timestamp(1_234));
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused() {
    let (store, database) = fresh().await;
    drop(store);
    let admin = admin(database.url()).await;
    admin.batch_execute("INSERT INTO landfall.schema_versions (version) VALUES (1000)").await.unwrap();
    let before = tables(&admin).await;
    let refused = try_open(database.url()).await.err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 1_000 }), "{refused:?}");
    assert_eq!(tables(&admin).await, before);
}

/// A database that is dropped however its test ends.
struct Named {
    database: FreshDatabase,
    name: String,
}

impl Drop for Named {
    fn drop(&mut self) {
        let (url, name) = (self.database.url().to_owned(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.block_on(async { admin(&url).await.batch_execute(&sql).await })
        });
        assert!(dropping.join().is_ok_and(|dropped| dropped.is_ok()), "{} is left behind", self.name);
    }
}

#[tokio::test]
async fn another_encoding_is_refused() {
    let database = empty_database();
    let name = format!("{}_ascii", database.url().rsplit_once('/').unwrap().1);
    let named = Named { database, name };
    let create = format!("CREATE DATABASE {} ENCODING 'SQL_ASCII' TEMPLATE template0", named.name);
    admin(named.database.url()).await.batch_execute(&create).await.unwrap();
    let refused = try_open(&other_database(named.database.url(), &named.name)).await.err().unwrap();
    assert!(matches!(&refused, OpenError::Encoding(found) if found == "SQL_ASCII"), "{refused:?}");
}

#[tokio::test]
async fn a_database_that_is_being_copied_is_refused() {
    let (store, database) = fresh().await;
    let admin = admin(database.url()).await;
    // A server that serves keeps a copy out.
    let copying = format!("SELECT pg_try_advisory_lock({})::int::bigint", locks::SERVING);
    assert_eq!(number(&admin, &copying).await, 0);
    drop(store);
    let waits = format!("SELECT pg_advisory_lock({})", locks::SERVING);
    in_time(admin.query(&waits, &[])).await.unwrap();
    let refused = try_open(database.url()).await.err().unwrap();
    assert!(matches!(refused, OpenError::BeingCopied), "{refused:?}");
    admin.query("SELECT pg_advisory_unlock_all()", &[]).await.unwrap();
    open(database.url()).await;
}

#[tokio::test]
async fn half_a_copy_is_refused() {
    let (store, database) = fresh().await;
    drop(store);
    let admin = admin(database.url()).await;
    let half = "INSERT INTO landfall.unfinished_copy (source, rows) VALUES ('/var/lib/landfall', 12)";
    admin.batch_execute(half).await.unwrap();
    let refused = try_open(database.url()).await.err().unwrap();
    assert!(matches!(&refused, OpenError::Unfinished(from) if from == "/var/lib/landfall"), "{refused:?}");
    admin.batch_execute("DELETE FROM landfall.unfinished_copy").await.unwrap();
    open(database.url()).await;
}
