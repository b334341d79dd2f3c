//! Clusters and databases on the real PostgreSQL.

use super::*;
use crate::FreshDatabase;
use std::sync::atomic::{AtomicUsize, Ordering};

fn execute(url: &str, statements: &str) {
    crate::execute(url, statements).unwrap();
}

fn number(url: &str, query: &str) -> i64 {
    session(url, |client| Ok(client.query_one(query, &[])?.get(0))).unwrap()
}

fn refuses_connections(url: &str) -> bool {
    session(url, |_| Ok(())).is_err()
}

#[test]
fn a_stopped_server_restarts_with_its_data_and_leaves_no_trace() {
    let mut cluster = Cluster::create(&Options::default()).unwrap();
    let url = cluster.url("postgres");
    execute(&url, "CREATE TABLE kept (n bigint)");
    for mode in [Mode::Fast, Mode::Immediate] {
        execute(&url, "INSERT INTO kept VALUES (1)");
        cluster.stop(mode).unwrap();
        assert!(refuses_connections(&url));
        cluster.stop(mode).unwrap();
        cluster.start().unwrap();
        cluster.start().unwrap_err();
    }
    cluster.restart(Mode::Fast).unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM kept"), 2);
    let directory = cluster.directory.path().to_owned();
    drop(cluster);
    assert!(refuses_connections(&url));
    assert!(!directory.exists());
}

#[test]
fn options_reach_the_server() {
    let settings = vec!["work_mem = '7MB'".to_owned()];
    let cluster = Cluster::create(&Options { durable: true, settings, ..Options::default() }).unwrap();
    let setting = |name: &str| -> String {
        session(&cluster.url("postgres"), |client| {
            Ok(client.query_one("SELECT current_setting($1)", &[&name])?.get(0))
        })
        .unwrap()
    };
    assert_eq!(setting("work_mem"), "7MB");
    assert_eq!(setting("fsync"), "on");
    let taken = Options { port: Some(cluster.port), ..Options::default() };
    let problem = format!("{:#}", Cluster::create(&taken).err().unwrap());
    assert!(problem.contains("Address already in use"), "{problem}");
}

#[test]
fn a_synchronous_replica_is_promoted_with_every_commit() {
    let mut primary = Cluster::create(&Options::default()).unwrap();
    let replica = primary.replica(Replication::Synchronous).unwrap();
    execute(&primary.url("postgres"), "CREATE TABLE kept (n bigint); INSERT INTO kept VALUES (1), (2)");
    session(&replica.url("postgres"), |client| Ok(client.batch_execute("INSERT INTO kept VALUES (3)")?))
        .unwrap_err();
    primary.stop(Mode::Immediate).unwrap();
    replica.promote().unwrap();
    execute(&replica.url("postgres"), "INSERT INTO kept VALUES (3)");
    assert_eq!(number(&replica.url("postgres"), "SELECT count(*) FROM kept"), 3);
    replica.promote().unwrap_err();
}

#[test]
fn connections_are_ended_one_by_one_or_all() {
    let cluster = Cluster::create(&Options::default()).unwrap();
    let url = cluster.url("postgres");
    session(&url, |one| {
        session(&url, |two| {
            session(&url, |three| {
                assert_eq!(cluster.terminate_connections(1)?, 1);
                assert_eq!(cluster.terminate_connections(u32::MAX)?, 2);
                for client in [one, two, three] {
                    client.batch_execute("SELECT 1").unwrap_err();
                }
                Ok(())
            })
        })
    })
    .unwrap();
}

#[tokio::test]
async fn fresh_databases_are_separate_and_are_dropped() {
    const DATABASES: &str = "SELECT count(*) FROM pg_database WHERE datname LIKE 'landfall_test_%'";
    let cluster = Cluster::create(&Options::default()).unwrap();
    let server_url = cluster.url("postgres");
    let migrations = AtomicUsize::new(0);
    let migrate = |url: &str| {
        migrations.fetch_add(1, Ordering::Relaxed);
        execute(url, "CREATE TABLE kept (n bigint)");
    };
    // Several at once, as several test programs would.
    let databases: Vec<FreshDatabase> = thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| FreshDatabase::copied(&server_url, "one", migrate).unwrap()))
            .collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(migrations.load(Ordering::Relaxed), 1);
    for database in &databases {
        execute(database.url(), "INSERT INTO kept VALUES (1)");
        assert_eq!(number(database.url(), "SELECT count(*) FROM kept"), 1);
    }
    let other =
        FreshDatabase::copied(&server_url, "two", |url| execute(url, "CREATE TABLE other (n bigint)"));
    assert_eq!(number(other.as_ref().unwrap().url(), "SELECT count(*) FROM other"), 0);
    let alone = FreshDatabase::copied(&server_url, "three", migrate).unwrap();
    assert_eq!(migrations.load(Ordering::Relaxed), 2);
    assert_eq!(number(&server_url, DATABASES), 6);
    // An open connection does not keep a database.
    session(alone.url(), |_| {
        drop((databases, other));
        assert_eq!(number(&server_url, DATABASES), 1);
        Ok(())
    })
    .unwrap();
    let url = alone.url().to_owned();
    session(&url, |client| {
        drop(alone);
        client.batch_execute("SELECT 1").unwrap_err();
        Ok(())
    })
    .unwrap();
    assert_eq!(number(&server_url, DATABASES), 0);
}

#[test]
fn a_migration_that_fails_leaves_no_template() {
    let cluster = Cluster::create(&Options::default()).unwrap();
    let server_url = cluster.url("postgres");
    let failed = std::panic::catch_unwind(|| {
        FreshDatabase::copied(&server_url, "one", |_| panic!("cannot migrate")).map(drop)
    });
    assert!(failed.is_err());
    let database =
        FreshDatabase::copied(&server_url, "one", |url| execute(url, "CREATE TABLE kept (n bigint)"))
            .unwrap();
    assert_eq!(number(database.url(), "SELECT count(*) FROM kept"), 0);
}
