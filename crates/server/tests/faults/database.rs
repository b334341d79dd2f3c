//! A database that fails below running servers: stopped, cut off, replaced by its replica, silent; and servers that
//! are killed beside others.

use crate::load::{Load, Phase};
use crate::server::{Home, Server, amount};
use crate::several::Several;
use crate::wire::{Proxy, Wire};
use landfall::client::ClientError;
use landfall_test_database::{Cluster, Mode, Options, Replication, execute, fresh_database};
use serde_json::json;
use std::slice;

/// Connections to each server.
const CONNECTIONS: usize = 3;
/// Calls each connection makes after its first failure.
const FAILURES_EACH: usize = 5;
/// The same where each call waits for the database as long as allowed.
const SLOW_FAILURES_EACH: usize = 1;
/// Connections to the database that are cut; LANDFALL_CUTS sets another number.
const CUTS: usize = 40;
/// Cuts a random connection: they differ in their use.
const CUT_ONE: &str = "
    SELECT pg_terminate_backend(pid) FROM (
        SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
    ) AS drawn";
/// The text of `/readyz` while the database is gone.
const NO_DATABASE: &str = "no subscription to the database's notifications";

/// A call of another service than the imports: it too fails as documented while the database is gone.
async fn account_calls_fail(server: &Server) {
    let mut client = server.client().await;
    let question = json!({"CheckItem": [{"UserID": "ann"}]});
    let answer = client.call("im_open_login_svc/account_check", &question).await;
    assert!(matches!(answer, Err(ClientError::Refused { code: 70_500, .. })), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_restarted_loses_nothing_and_the_servers_recover() {
    let mut cluster = Cluster::create(&Options::default()).unwrap();
    let several = Several::over(&cluster.url("postgres"), 2).await;
    let load = Load::start(&several.servers, CONNECTIONS, "g").await;
    load.acknowledged(100).await;
    for (round, mode) in [Mode::Fast, Mode::Immediate].into_iter().enumerate() {
        let failed = 2 * CONNECTIONS * FAILURES_EACH * (2 * round + 1);
        load.set(Phase::Failing(FAILURES_EACH));
        cluster.stop(mode).unwrap();
        load.failed(failed).await;
        several.readiness_is(503, NO_DATABASE).await;
        // Now signatures are no longer remembered, and every call still gets its answer.
        load.set(Phase::Failing(2 * FAILURES_EACH));
        load.failed(failed + 2 * CONNECTIONS * FAILURES_EACH).await;
        account_calls_fail(&several.servers[0]).await;
        cluster.start().unwrap();
        several.readiness_is(200, "ready").await;
        load.set(Phase::Healthy);
        load.acknowledged(200).await;
    }
    load.set(Phase::Over);
    several.hold(&load.closed().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_one_by_one_lose_nothing() {
    let cluster = Cluster::create(&Options::default()).unwrap();
    let several = Several::over(&cluster.url("postgres"), 2).await;
    let load = Load::start(&several.servers, CONNECTIONS, "g").await;
    load.acknowledged(100).await;
    load.set(Phase::Shaken);
    for _ in 0..amount("LANDFALL_CUTS", CUTS) {
        execute(&cluster.url("postgres"), CUT_ONE).unwrap();
        load.acknowledged(10).await;
    }
    // All at once, too.
    assert!(2 < cluster.terminate_connections(u32::MAX).unwrap());
    load.acknowledged(100).await;
    all_is_well_again(several, load).await;
}

/// The servers are ready, import without a failure, and hold every group that was acknowledged.
async fn all_is_well_again(several: Several, load: Load) {
    several.readiness_is(200, "ready").await;
    load.set(Phase::Healthy);
    load.acknowledged(200).await;
    load.set(Phase::Over);
    several.hold(&load.closed().await).await;
}

/// Stops a primary under load and promotes its replica, which the servers find by themselves.
async fn is_failed_over(replication: Replication, mode: Mode) {
    let mut primary = Cluster::create(&Options::default()).unwrap();
    let replica = primary.replica(replication).unwrap();
    // postgres://user@first,second/database
    let (url, other) = (primary.url("postgres"), replica.url("postgres"));
    let host = |url: &str| url.split(['@', '/']).nth(3).unwrap().to_owned();
    let url = url.replace(&host(&url), &format!("{},{}", host(&url), host(&other)));
    let several = Several::over(&url, 2).await;
    let load = Load::start(&several.servers, CONNECTIONS, "g").await;
    load.acknowledged(200).await;
    load.set(Phase::Failing(FAILURES_EACH));
    primary.stop(mode).unwrap();
    load.failed(2 * CONNECTIONS * FAILURES_EACH).await;
    several.readiness_is(503, NO_DATABASE).await;
    replica.promote().unwrap();
    all_is_well_again(several, load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_replica_takes_over_from_a_primary_that_crashed() {
    is_failed_over(Replication::Synchronous, Mode::Immediate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_from_a_primary_that_was_stopped_in_order() {
    is_failed_over(Replication::Asynchronous, Mode::Fast).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_keeps_no_call_waiting() {
    let database = fresh_database("empty", |_| {});
    let proxy = Proxy::to(database.url()).await;
    let several = Several::start(vec![Home::over(&proxy.url), Home::over(database.url())]).await;
    let [far, near] = &several.servers[..] else { panic!("two servers were started") };
    let load = Load::start(slice::from_ref(far), CONNECTIONS, "far").await;
    load.acknowledged(100).await;
    load.set(Phase::Failing(SLOW_FAILURES_EACH));
    proxy.set(Wire::Silent);
    // The other server continues; at most it waits for rows of a transaction that is stopped half-way.
    let beside = Load::start(slice::from_ref(near), CONNECTIONS, "near").await;
    beside.set(Phase::Shaken);
    beside.acknowledged(200).await;
    beside.set(Phase::Over);
    let mut book = beside.closed().await;

    load.failed(CONNECTIONS * SLOW_FAILURES_EACH).await;
    far.readiness_is(503, NO_DATABASE).await;
    load.set(Phase::Failing(2 * SLOW_FAILURES_EACH));
    load.failed(2 * CONNECTIONS * SLOW_FAILURES_EACH).await;
    near.readiness_is(200, "ready").await;
    proxy.set(Wire::Whole);
    several.readiness_is(200, "ready").await;
    load.set(Phase::Healthy);
    load.acknowledged(200).await;
    load.set(Phase::Over);
    book.add(load.closed().await);
    several.hold(&book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_takes_nothing_with_it() {
    let database = fresh_database("empty", |_| {});
    let mut several = Several::over(database.url(), 2).await;
    let load = Load::start(&several.servers, CONNECTIONS, "g").await;
    load.acknowledged(300).await;
    several.servers.pop().unwrap().kill().await;
    // The other one refuses nothing.
    load.acknowledged(300).await;
    load.set(Phase::Over);
    let book = load.closed().await;
    assert!(!book.unknown.is_empty(), "nothing was under way when the process was killed");
    several.hold(&book).await;
}
