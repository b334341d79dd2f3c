//! Kicks by one server, and the signatures that another one remembers.

use crate::server::{ANN, BOB, Home};
use crate::several::Several;
use crate::wire::{Proxy, Wire};
use landfall::client::{ClientError, RestClient};
use landfall_domain::time::{Clock as _, SystemClock, Timestamp};
use landfall_test_database::fresh_database;
use serde_json::json;
use std::time::{Duration, Instant};

const LIST: &str = "group_open_http_svc/get_appid_group_list";
const KICK: &str = "im_open_login_svc/kick";
/// A kick reaches every server within this time.
const KICK_MAX: Duration = Duration::from_secs(1);
/// A server detects after 0.75 s at most that it gets no notifications; the rest is for a busy machine.
const DEAF_MAX: Duration = Duration::from_secs(3);
/// Calls that check that an answer stays the same.
const CALLS: usize = 50;

/// A past second, so that a kick from now on is later.
fn earlier() -> Timestamp {
    Timestamp(SystemClock.now().0 - 60)
}

/// Whether the signature of `client` is valid.
async fn passes(client: &mut RestClient) -> bool {
    match client.call(LIST, &json!({})).await {
        Ok(_) => true,
        Err(ClientError::Refused { code: 70_052, .. }) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// Kicks `account` through one server; its signature is refused by the other within the time, and from then on.
async fn is_kicked(by: &mut RestClient, account: &str, through_other: &mut RestClient, within: Duration) {
    assert!(passes(through_other).await && passes(through_other).await);
    by.call(KICK, &json!({"UserID": account})).await.unwrap();
    let kicked = Instant::now();
    loop {
        let since = kicked.elapsed();
        if !passes(through_other).await {
            break;
        }
        assert!(since < within, "{account} was kicked {since:?} before this call, which passed");
    }
    stays_kicked(through_other).await;
}

async fn stays_kicked(client: &mut RestClient) {
    for _ in 0..CALLS {
        assert!(!passes(client).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kick_reaches_the_other_server_within_a_second() {
    let database = fresh_database("empty", |_| {});
    let several = Several::over(database.url(), 2).await;
    let [one, other] = &several.servers[..] else { panic!("two servers were started") };
    for (by, account, through) in [(one, ANN, other), (other, BOB, one)] {
        let mut kicked = through.client_of(account, earlier()).await;
        is_kicked(&mut by.client().await, account, &mut kicked, KICK_MAX).await;
    }
    // A signature made afterwards is valid.
    assert!(passes(&mut one.client_of(BOB, Timestamp(SystemClock.now().0 + 1)).await).await);
}

/// A server that may miss kicks remembers no signature.
async fn is_noticed(fault: Wire) {
    let database = fresh_database("empty", |_| {});
    let proxy = Proxy::to(database.url()).await;
    let several = Several::start(vec![Home::over(database.url()), Home::over(&proxy.url)]).await;
    let [one, deaf] = &several.servers[..] else { panic!("two servers were started") };
    let mut by = one.client().await;
    let mut ann = deaf.client_of(ANN, earlier()).await;
    let mut bob = deaf.client_of(BOB, earlier()).await;
    assert!(passes(&mut ann).await && passes(&mut bob).await);

    // In the moment in which the fault begins.
    proxy.set(fault);
    is_kicked(&mut by, ANN, &mut ann, DEAF_MAX).await;

    // While the fault lasts: the very next call is refused.
    deaf.readiness_is(503, "no subscription to the database's notifications").await;
    assert!(passes(&mut bob).await, "a server that may miss kicks still serves");
    by.call(KICK, &json!({"UserID": BOB})).await.unwrap();
    stays_kicked(&mut bob).await;

    proxy.set(Wire::Whole);
    deaf.readiness_is(200, "ready").await;
    stays_kicked(&mut ann).await;
    stays_kicked(&mut bob).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_listening_connection_is_cut_trusts_no_remembered_signature() {
    is_noticed(Wire::ListenerCut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_listening_connection_falls_silent_trusts_no_remembered_signature() {
    is_noticed(Wire::ListenerSilent).await;
}
