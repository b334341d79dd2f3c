//! Telling receivers what happened: notes leave the outbox when their receiver has answered.
//!
//! Each app has its own loop, so that a receiver that hangs holds up nobody else's. Lanes are delivered side by side, the
//! notes of a lane one after another. What is waiting stays in the store; in memory is what is on its way.

use super::receiver::Receiver;
use super::request::WebhookRequest;
use super::sender::Origin;
use crate::apps::App;
use crate::state::Server;
use landfall_domain::outbox::{Claim, ClaimedLane, Next, Settlement};
use landfall_domain::store::Context;
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Lanes of one app that are delivered at the same time.
const LANES_AT_ONCE: usize = 64;

/// Places that must be free before lanes are claimed.
const LANES_TO_CLAIM: usize = 16;

/// Notes of a lane that are claimed together.
const NOTES_AT_ONCE: usize = 4;

/// How long a claim holds: longer than its notes can take, since each has two seconds.
const CLAIM_SECONDS: u64 = 15;

/// How often to look for lanes that are due again, or were left by another server.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// Delivers the events of one app until `draining` says to end; then ends when what is on its way has been answered.
pub(crate) async fn run(
    server: Arc<Server>,
    app: Arc<App>,
    receiver: Arc<Receiver>,
    mut draining: watch::Receiver<bool>,
) {
    let mut deliveries = JoinSet::new();
    let mut looks = tokio::time::interval(LOOK_TIME);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*draining.borrow() {
        let free = LANES_AT_ONCE - deliveries.len();
        // Not for each that ends: claiming many costs little more than claiming one.
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
            _ = looks.tick(), if !more => {}
            // An error means that the server is gone, which also ends this.
            _ = draining.changed() => {}
        }
    }
    while deliveries.join_next().await.is_some() {}
}

/// Claims lanes. What fails is logged, and tried again at the next look.
async fn claim(server: &Server, app: &App, lanes: usize) -> Vec<(u64, ClaimedLane)> {
    let now = server.clock.now();
    let token = fastrand::u64(..);
    let until = Timestamp(now.0 + CLAIM_SECONDS);
    let claim = Claim { token, now, until, lanes, entries: NOTES_AT_ONCE };
    match server.outbox.claim_lanes(app.id, claim).await {
        Ok(lanes) => lanes.into_iter().map(|lane| (token, lane)).collect(),
        Err(error) => {
            if let Some(suppressed) = server.error_log.admit() {
                tracing::error!(app = %app.id, cause = %error, suppressed, "events of app {} wait: {error}", app.id);
            }
            Vec::new()
        }
    }
}

/// Tells the notes of a lane in order, until one fails.
async fn deliver(
    server: &Server,
    app: &App,
    receiver: &Receiver,
    token: u64,
    claimed: ClaimedLane,
    draining: &watch::Receiver<bool>,
) {
    let ClaimedLane { lane, mut failures, entries: notes } = claimed;
    let (mut delivered, mut then) = (None, Next::Continue);
    for (number, note) in notes {
        if *draining.borrow() {
            break;
        }
        match tell(server, receiver, note.as_bytes()).await {
            Ok(()) => (delivered, failures) = (Some(number), 0),
            Err(reason) => {
                let wait =
                    usize::try_from(failures).ok().and_then(|made| receiver.config.retry_seconds.get(made));
                then = match wait {
                    Some(seconds) => {
                        let at = Timestamp(server.clock.now().0 + u64::from(*seconds));
                        Next::Retry { failures: failures.saturating_add(1), at }
                    }
                    None => {
                        tracing::warn!(app = %app.id, reason, "an event of app {} was given up: {reason}", app.id);
                        receiver.metrics.given_up.inc();
                        Next::DeadLetter { reason }
                    }
                };
                break;
            }
        }
    }
    let context = Context { app: app.id, now: server.clock.now(), unknown: server.unknown_accounts };
    let settled = Settlement { token, lane, delivered, next: then };
    if let Err(error) = server.outbox.settle_lane(context, settled).await {
        tracing::error!(app = %app.id, cause = %error, "events of app {} will be sent again: {error}", app.id);
    }
}

/// Tells one note.
async fn tell(server: &Server, receiver: &Receiver, note: &[u8]) -> Result<(), String> {
    let note = WebhookRequest::decode(note).map_err(|error| error.to_string())?;
    let WebhookRequest { command, client_ip, platform, body } = note;
    let origin = Origin { client_ip, platform };
    // Whatever it answers is an answer. [doc]
    let answered = receiver.post(&command, origin, body, server.clock.now(), |_| Ok(())).await;
    answered.map_err(|error| error.to_string())
}
