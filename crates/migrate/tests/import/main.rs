//! Imports into a server of another make, with everything that goes wrong on the way.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod back;
mod changes;
mod people;
mod stand_in;

use futures_util::future::join_all;
use landfall_migrate::import::{ImportOptions, ImportReport, run};
use landfall_migrate::server::{Patience, Server, ServerOptions};
use serde_json::{Value, json};
use stand_in::source::Source;
use stand_in::{StandIn, Troubles};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn client(server: &StandIn) -> Arc<Server> {
    let patience = Patience {
        call: Duration::from_secs(2),
        outage: Duration::from_secs(30),
        settle: Duration::from_millis(50),
        wait: Duration::from_millis(2),
    };
    client_with(server, patience)
}

fn client_with(server: &StandIn, patience: Patience) -> Arc<Server> {
    let options = ServerOptions {
        url: server.url.clone(),
        app: 7,
        admin: "administrator".to_owned(),
        sign: Box::new(|| "sig".to_owned()),
    };
    Arc::new(Server::new(options).unwrap().with_patience(patience))
}

/// A server that takes calls as fast as they come.
fn landfall() -> Option<Value> {
    Some(json!({
        "Server": "landfall", "CallsPerSecond": 0,
        "Limits": { "MessagesPerCall": 20, "MembersPerCall": 300 }
    }))
}

async fn import(file: &Path, server: &StandIn, options: &ImportOptions) -> ImportReport {
    run(file, client(server), options, &()).await.unwrap()
}

#[tokio::test]
async fn an_expired_usersig_is_made_again() {
    let server = StandIn::start(Troubles::default(), landfall()).await;
    server.state().expired = Some("sig-0".to_owned());
    let made = AtomicUsize::new(0);
    let options = ServerOptions {
        url: server.url.clone(),
        app: 7,
        admin: "administrator".to_owned(),
        sign: Box::new(move || format!("sig-{}", made.fetch_add(1, Ordering::Relaxed))),
    };
    let limits = Server::new(options).unwrap().limits().await.unwrap();
    assert!(limits.landfall.is_some());
    assert_eq!(limits.calls_per_second, 0);
}

/// One round: an import through all troubles, and another one that has nothing to do.
async fn round(seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    let source = Source::new(seed, 8);
    source.write(&file);
    let troubles = Troubles::new(seed, 60 + 20 * (seed % 5));
    // One in four servers is ours.
    let server = StandIn::start(troubles, if seed.is_multiple_of(4) { landfall() } else { None }).await;
    server.state().no_numbers = seed % 4 == 1;
    let messages_per_call = if seed.is_multiple_of(2) { None } else { Some(7) };
    let options = ImportOptions { messages_per_call, ..ImportOptions::beside(&file) };
    let start = Instant::now();
    let report = import(&file, &server, &options).await;
    assert!(report.finished && report.faults.is_empty(), "seed {seed}: {report:?}");
    if !seed.is_multiple_of(4) {
        let most = 200.0 * start.elapsed().as_secs_f64() + 1.0;
        let calls = u32::try_from(*server.came.borrow()).unwrap();
        assert!(f64::from(calls) <= most, "seed {seed}: {calls} calls");
    }
    source.assert_is_in(&server);
    let writes = server.writes();
    let report = import(&file, &server, &options).await;
    assert_eq!(server.writes(), writes, "seed {seed}: {report:?}");
    assert!(report.records.values().all(|counts| counts.imported == 0), "seed {seed}: {report:?}");
    source.assert_is_in(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_completes_through_all_troubles_and_a_second_one_writes_nothing() {
    join_all((1..=20).map(round)).await;
}

/// Imports that are stopped dead when so many calls have come, until one gets through. `forget` removes the journal each time.
async fn stopped_again_and_again(seed: u64, forget: bool) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.jsonl");
    let source = Source::new(seed, 6);
    source.write(&file);
    let server = StandIn::start(Troubles::new(seed, 30), landfall()).await;
    let mut random = Troubles::new(seed + 1, 0);
    let options = ImportOptions::beside(&file);
    for stop in 0..20 {
        let mut came = server.came.subscribe();
        let until = *came.borrow() + 1 + usize::try_from(random.random(9 + stop * 2)).unwrap();
        tokio::select! {
            _ = came.wait_for(|came| until <= *came) => {}
            report = run(&file, client(&server), &options, &()) => assert!(report.unwrap().finished),
        }
        server.assert_histories();
        if forget {
            std::fs::remove_file(&options.journal).ok();
        }
    }
    let report = import(&file, &server, &options).await;
    assert!(report.finished && report.faults.is_empty(), "seed {seed}: {report:?}");
    source.assert_is_in(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_stopped_anywhere_goes_on_without_duplicates() {
    join_all((101..=110).map(|seed| stopped_again_and_again(seed, false))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_journal_makes_no_duplicates() {
    join_all((201..=210).map(|seed| stopped_again_and_again(seed, true))).await;
}
