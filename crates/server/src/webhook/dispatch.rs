//! The dispatcher of webhook events: entries leave the outbox when the receiver has answered.
//!
//! Each app has its own loop, so that a receiver that hangs delays no other app. Lanes are delivered side by side, the
//! entries of a lane one after another. Only entries that are being sent are in memory.

use super::receiver::Receiver;
use super::request::WebhookRequest;
use super::sender::Origin;
use crate::apps::App;
use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::outbox::{Claim, ClaimedLane, Next, Settlement};
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Lanes of one app that are delivered at the same time.
const LANES_AT_ONCE: usize = 64;

/// Lanes that must be free before more are claimed.
const LANES_TO_CLAIM: usize = 16;

/// Entries of a lane that are claimed together.
const ENTRIES_AT_ONCE: usize = 4;

/// How long a claim holds: longer than its entries can take, since each has two seconds.
const CLAIM_SECONDS: u64 = 15;

/// Interval of checks for lanes that are due again, or were left by another server.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Delivers the events of one app until `draining` is true; then ends when the requests under way have been answered.
pub(crate) async fn run(
    server: Arc<Server>,
    app: Arc<App>,
    receiver: Arc<Receiver>,
    mut draining: watch::Receiver<bool>,
) {
    let mut deliveries = JoinSet::new();
    let mut checks = tokio::time::interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*draining.borrow() {
        let free = LANES_AT_ONCE - deliveries.len();
        // Not for each delivery that ends: claiming many costs little more than claiming one.
        let claimed = if free < LANES_TO_CLAIM { Vec::new() } else { claim(&server, &app, free).await };
        let more = free < LANES_TO_CLAIM || claimed.len() == free;
        for (token, lane) in claimed {
            let (server, app, receiver) = (Arc::clone(&server), Arc::clone(&app), Arc::clone(&receiver));
            let draining = draining.clone();
            deliveries.spawn(async move { deliver(&server, &app, &receiver, token, lane, &draining).await });
        }
        tokio::select! {
            Some(_) = deliveries.join_next() => {}
            () = receiver.wake.notified(), if !more => {}
            _ = checks.tick(), if !more => {}
            // An error means that the server is gone, which also ends this.
            _ = draining.changed() => {}
        }
    }
    while deliveries.join_next().await.is_some() {}
}

/// Claims lanes. A failure is logged; the next check tries again.
async fn claim(server: &Server, app: &App, lanes: usize) -> Vec<(u64, ClaimedLane)> {
    let now = server.clock.now();
    let token = fastrand::u64(..);
    let until = Timestamp(now.0 + CLAIM_SECONDS);
    let claim = Claim { token, now, until, lanes, entries: ENTRIES_AT_ONCE };
    match server.outbox.claim_lanes(app.id, claim).await {
        Ok(lanes) => lanes.into_iter().map(|lane| (token, lane)).collect(),
        Err(error) => {
            server.error_log.log(|suppressed| {
                tracing::error!(app = %app.id, cause = %error, suppressed, "webhook events of app {} wait: {error}", app.id);
            });
            Vec::new()
        }
    }
}

/// Sends the entries of a lane in order, until one fails.
async fn deliver(
    server: &Server,
    app: &App,
    receiver: &Receiver,
    token: u64,
    claimed: ClaimedLane,
    draining: &watch::Receiver<bool>,
) {
    let ClaimedLane { lane, mut failures, entries } = claimed;
    let (mut delivered, mut next) = (None, Next::Continue);
    for (number, entry) in entries {
        if *draining.borrow() {
            break;
        }
        match send(server, receiver, entry.as_bytes()).await {
            Ok(()) => (delivered, failures) = (Some(number), 0),
            Err(reason) => {
                let wait =
                    usize::try_from(failures).ok().and_then(|made| receiver.config.retry_seconds.get(made));
                next = match wait {
                    Some(seconds) => {
                        let at = Timestamp(server.clock.now().0 + u64::from(*seconds));
                        Next::Retry { failures: failures.saturating_add(1), at }
                    }
                    None => {
                        tracing::warn!(app = %app.id, reason, "a webhook event of app {} was given up and is a dead letter: {reason}", app.id);
                        receiver.metrics.given_up.inc();
                        Next::DeadLetter { reason }
                    }
                };
                break;
            }
        }
    }
    let context = Context { app: app.id, now: server.clock.now(), unknown: server.unknown_accounts };
    let settled = Settlement { token, lane, delivered, next };
    if let Err(error) = server.outbox.settle_lane(context, settled).await {
        tracing::error!(app = %app.id, cause = %error, "webhook events of app {} will be sent again: {error}", app.id);
    }
}

/// Sends one entry.
async fn send(server: &Server, receiver: &Receiver, entry: &[u8]) -> Result<(), String> {
    let request = WebhookRequest::decode(entry).map_err(|error| error.to_string())?;
    let WebhookRequest { command, client_ip, platform, body } = request;
    let origin = Origin { client_ip, platform };
    let files = server.file_signers.of(receiver.sender.app());
    // Any answer will do. [doc]
    let answered =
        receiver.post(&command, origin, files.signed(body.get()), server.clock.now(), |_| Ok(())).await;
    answered.map_err(|error| error.to_string())
}
