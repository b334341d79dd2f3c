//! What happens in each app, day by day: counted in memory, and added to the store in the background every few seconds and
//! when the server stops.
//!
//! No call waits for it. A crash loses what was counted since the last addition, five seconds at most; an addition of which
//! it is not known whether the store has it is repeated, and may count twice.
//!
//! [choice] What was imported counts among accounts and groups, and not among messages, members and friends. A message that
//! reaches a device later, from the history, does not count as handed out.

use crate::apps::App;
use crate::clients::Hub;
use crate::counts::AppCounts;
use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::AppId;
use landfall_domain::people::counts::{Day, DayCounts, Online, Sum, Totals};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::add_counts::AddCounts;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

/// How often the counts are added to the store.
const ROUND_TIME: Duration = Duration::from_secs(5);

/// How often a server says how many accounts are connected to it, when that stays the same: seconds.
const ONLINE_SECONDS: u64 = DayCounts::ONLINE_SECONDS / 2;

/// Accounts are counted again after this many times as long as that takes.
const TOTALS_PAUSE: u32 = 100;

/// What the background knows of one app.
#[derive(Default)]
struct AppState {
    /// How many accounts were connected when that was last said, and when.
    online: Option<(u64, Timestamp)>,
    /// When accounts may be counted again.
    totals_at: Option<Instant>,
    /// The day for which they were.
    totals_day: Option<Day>,
    /// Whether the server stops: then nothing is counted that did not change.
    is_last: bool,
}

/// Adds the counts of this server to those in the store.
pub(crate) struct Counting {
    server: Arc<Server>,
    /// Tells this server from others.
    number: u64,
    apps: BTreeMap<AppId, AppState>,
}

impl Counting {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server, number: fastrand::u64(..), apps: BTreeMap::new() }
    }

    /// Runs until the server stops.
    pub(crate) async fn run(mut self, mut draining: watch::Receiver<bool>) -> Self {
        let mut rounds = tokio::time::interval_at(Instant::now() + ROUND_TIME, ROUND_TIME);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = rounds.tick() => self.round().await,
                _ = draining.changed() => return self,
            }
        }
    }

    /// Adds what is left when the server stops.
    pub(crate) async fn finish(mut self) {
        for app in self.server.apps.all() {
            let state = self.apps.entry(app.id).or_default();
            (state.totals_at, state.is_last) = (None, true);
        }
        self.round().await;
    }

    /// Adds what was counted since the last time.
    async fn round(&mut self) {
        for app in self.server.apps.all() {
            let state = self.apps.entry(app.id).or_default();
            let Err(error) = add(&self.server, &app, self.number, state).await else { continue };
            self.server.error_log.log(|suppressed| {
                tracing::error!(app = %app.id, %error, suppressed, "the daily counts of app {} wait for the next attempt: {error}", app.id);
            });
        }
    }
}

async fn add(server: &Server, app: &App, number: u64, state: &mut AppState) -> Result<(), StoreError> {
    let hub = server.clients.hub(app.id);
    let (now, counts) = (server.clock.now(), &hub.counts);
    let context = Context { app: app.id, now, unknown: server.unknown_accounts };
    let mut days = counts.take(now);
    if let Some(receiver) = &app.webhook {
        let [sent, answered] = receiver.counts.take();
        if 0 < sent {
            let day = days.entry(Day::of(now)).or_default();
            day.add(Sum::WebhooksSent, sent);
            day.add(Sum::WebhooksAnswered, answered);
        }
    }
    if let Some(online) = say_online(&hub, state, now) {
        days.entry(Day::of(now)).or_default().online.push(Online {
            server: number,
            accounts: online,
            at: now,
        });
    }
    let totals = totals(server, app.id, counts, state, now).await;
    if let Ok(Some(totals)) = &totals {
        days.entry(Day::of(now)).or_default().totals = Some(*totals);
    }
    let mut failed = totals.err();
    for (day, counted) in days {
        let added = import_people(&*server.store, context, AddCounts { day, counts: counted.clone() }).await;
        if let Err(OperationError::Store(error)) = added {
            counts.put_back(day, &counted, now);
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// How many accounts are connected here, if that is to be said.
fn say_online(hub: &Hub, state: &mut AppState, now: Timestamp) -> Option<u64> {
    let online = u64::try_from(hub.accounts_connected()).unwrap_or(u64::MAX);
    let says = match state.online {
        None => 0 < online,
        Some((said, at)) => said != online || (0 < online && at.0 + ONLINE_SECONDS <= now.0),
    };
    says.then(|| {
        state.online = Some((online, now));
        online
    })
}

/// How much there is in all, if that may have changed and was not counted too recently.
async fn totals(
    server: &Server,
    app: AppId,
    counts: &AppCounts,
    state: &mut AppState,
    now: Timestamp,
) -> Result<Option<Totals>, StoreError> {
    let today = Day::of(now);
    let begun = Instant::now();
    if state.totals_at.is_some_and(|at| begun < at) {
        return Ok(None);
    }
    let is_due = state.totals_day != Some(today) && !state.is_last;
    if !counts.take_totals_change() && !is_due {
        return Ok(None);
    }
    let counted = async {
        let accounts = server.survey.count_accounts(app, today.begin()).await?;
        let groups = server.store.list_groups(app, None, 0, 1).await?.total;
        Ok(Totals { accounts: accounts.all, new_accounts: accounts.since, groups })
    };
    let counted = counted.await;
    state.totals_at = Some(Instant::now() + begun.elapsed() * TOTALS_PAUSE);
    match counted {
        Ok(totals) => {
            state.totals_day = Some(today);
            Ok(Some(totals))
        }
        Err(error) => {
            counts.totals_change();
            Err(error)
        }
    }
}
