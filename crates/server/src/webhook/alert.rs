//! `Alert.RequestOverLimit`: an app calls a command nearly as often as it may, or more often.
//!
//! [choice] Each server counts by itself, over about a second, and tells of one command once a minute at most. The alert goes
//! to the receiver like any event, in the order of those about the app.

use super::body::Body;
use super::receiver::Receiver;
use super::request::{REST_API, WebhookRequest};
use crate::apps::App;
use crate::commands::{COMMANDS, Entry};
use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{Lane, OutboxEntry};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

const ALERT: &str = "Alert.RequestOverLimit";

/// How often calls are counted.
const ROUND_TIME: Duration = Duration::from_secs(1);

/// How long the same command causes no further alert.
const QUIET_TIME: Duration = Duration::from_secs(60);

/// From this share of what is allowed on, in percent. [doc]
const ALERT_PERCENT: u64 = 80;

/// Runs until it is aborted.
pub(crate) async fn run(server: Arc<Server>) {
    let mut rounds = tokio::time::interval(ROUND_TIME);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alerted: BTreeMap<(AppId, usize), Instant> = BTreeMap::new();
    let mut before = Instant::now();
    loop {
        let now = rounds.tick().await;
        let passed = now - before;
        before = now;
        alerted.retain(|_, at| now < *at + QUIET_TIME);
        for app in server.apps.all() {
            let (Some(receiver), Some(rates)) = (&app.webhook, app.rates()) else { continue };
            for (index, (calls, limit)) in rates.take_calls().enumerate() {
                let Some(entry) = COMMANDS.get(index) else { continue };
                let calls = per_second(calls, passed);
                if is_near(calls, limit) && !alerted.contains_key(&(app.id, index)) {
                    alerted.insert((app.id, index), now);
                    tell(&server, &app, receiver, entry, (calls, limit)).await;
                }
            }
        }
    }
}

/// Calls in a second, where so many came in the time that has passed; a round that is late counts as one of a second.
fn per_second(calls: u32, passed: Duration) -> u64 {
    let millis = passed.as_millis().max(ROUND_TIME.as_millis());
    u64::try_from(u128::from(calls) * 1_000 / millis).unwrap_or(u64::MAX)
}

fn is_near(calls: u64, limit: u32) -> bool {
    u64::from(limit) * ALERT_PERCENT <= calls * 100
}

async fn tell(server: &Server, app: &App, receiver: &Receiver, entry: &Entry, (calls, limit): (u64, u32)) {
    let body = Body::new(ALERT)
        .with("ServiceName", &entry.service())
        .with("Command", &entry.command())
        .with("Request", &calls)
        .with("Limit", &limit)
        .end(server.clock.millis());
    let Some(body) = body else { return };
    let request = WebhookRequest {
        command: ALERT.to_owned(),
        client_ip: String::new(),
        platform: REST_API.into(),
        body,
    };
    let context = Context { app: app.id, now: server.clock.now(), unknown: server.unknown_accounts };
    let entry = OutboxEntry::without_change(request.encode());
    match server.outbox.enqueue(context, Lane::App, entry).await {
        Ok(()) => receiver.wake.notify_one(),
        Err(error) => {
            server.error_log.log(|suppressed| {
                tracing::error!(command = ALERT, %error, suppressed, "a webhook event of app {} is lost: {error}", app.id);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_due_from_four_fifths_of_the_limit_on() {
        assert!(!is_near(159, 200) && is_near(160, 200) && is_near(510, 200));
        assert!(!is_near(7, 10) && is_near(8, 10));
        assert!(!is_near(0, 1) && is_near(1, 1));
    }

    #[test]
    fn calls_of_a_long_round_are_those_of_a_second() {
        let millis = Duration::from_millis;
        assert_eq!(per_second(200, millis(1_000)), 200);
        assert_eq!(per_second(200, millis(2_000)), 100);
        // The first round begins at once.
        assert_eq!(per_second(200, millis(3)), 200);
    }
}
