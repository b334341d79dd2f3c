//! Call frequencies of several servers over one database.

use crate::server::Home;
use crate::several::Several;
use landfall::client::{ClientError, RestClient};
use landfall_test_database::fresh_database;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const LIST: &str = "group_open_http_svc/get_appid_group_list";
const PER_SECOND: usize = 100;
/// Connections to each server.
const CONNECTIONS: usize = 3;
/// How long the servers are called without a pause.
const TIME: Duration = Duration::from_secs(2);

async fn two_servers(database: &str, shared: bool) -> Several {
    let settings = format!("limits.calls_per_second = {PER_SECOND}\nlimits.shared = {shared}\n");
    Several::start((0..2).map(|_| Home::over_with(database, &settings)).collect()).await
}

/// Whether the call is admitted.
async fn is_admitted(client: &mut RestClient) -> bool {
    match client.call(LIST, &json!({})).await {
        Ok(_) => true,
        Err(ClientError::Refused { code: 60_007, .. }) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_count_together_admit_what_one_would() {
    let database = fresh_database("empty", |_| {});
    let several = two_servers(database.url(), true).await;
    let started = Instant::now();
    let mut calling = JoinSet::new();
    for server in &several.servers {
        for _ in 0..CONNECTIONS {
            let mut client = server.client().await;
            calling.spawn(async move {
                let mut admitted = 0_usize;
                while started.elapsed() < TIME {
                    admitted += usize::from(is_admitted(&mut client).await);
                }
                admitted
            });
        }
    }
    let admitted: usize = calling.join_all().await.into_iter().sum();
    let seconds = started.elapsed().as_secs_f64();
    let allowed = (1.0 + seconds) * PER_SECOND as f64;
    assert!(admitted as f64 <= allowed, "{admitted} in {seconds} s; {}", several.logs());
    // Far more calls were made; on a slow machine, and with dropped leases, fewer are admitted.
    assert!(PER_SECOND < admitted, "{admitted} in {seconds} s; {}", several.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_count_alone_each_admit_the_whole_number() {
    let database = fresh_database("empty", |_| {});
    let several = two_servers(database.url(), false).await;
    for server in &several.servers {
        let mut client = server.client().await;
        for call in 0..PER_SECOND {
            assert!(is_admitted(&mut client).await, "call {call}");
        }
    }
}
