//! Removes messages that are older than their app keeps them, and uploads that nobody needs any more, in the background.

use crate::apps::App;
use crate::files::sweep::sweep;
use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often old messages are searched for; the first time is right after the start.
const ROUND_TIME: Duration = Duration::from_secs(60 * 60);

/// Messages removed in one batch. Other calls to the store wait for a batch, so it is small.
const MESSAGES_PER_BATCH: usize = 1_000;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Runs until it is aborted.
pub(crate) async fn run(server: Arc<Server>) {
    let mut rounds = tokio::time::interval(ROUND_TIME);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let now = server.clock.now();
        for app in server.apps.all() {
            if let Err(error) = expire(&*server.store, &app, now, &server.metrics.expired_messages).await {
                tracing::error!(app = %app.id, cause = %error, "retention: old messages of app {} are kept until the next attempt in an hour: {error}", app.id);
            }
            let context = Context { app: app.id, now, unknown: server.unknown_accounts };
            if let Err(error) = sweep(&*server.store, &server.files, context, app.message_days).await {
                tracing::error!(app = %app.id, %error, "retention: old uploads of app {} are kept until the next attempt in an hour: {error}", app.id);
            }
        }
        server.partials.remove_old(now);
    }
}

/// Removes all messages of an app that are older at `now` than the app keeps them, and counts them in `removed`.
///
/// # Errors
/// The store failed; messages removed before are gone and counted.
pub async fn expire(
    store: &dyn Store,
    app: &App,
    now: Timestamp,
    removed: &Counter,
) -> Result<(), StoreError> {
    if app.message_days == 0 {
        return Ok(());
    }
    let before = Timestamp(now.0.saturating_sub(u64::from(app.message_days) * SECONDS_PER_DAY));
    loop {
        let batch = store.expire_messages(app.id, before, MESSAGES_PER_BATCH).await?;
        if batch == 0 {
            return Ok(());
        }
        removed.inc_by(u64::try_from(batch).unwrap_or(u64::MAX));
        // A store that answers at once must not block other tasks of this thread.
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AppConfig, UploadsConfig};
    use crate::usersig::SecretKey;
    use landfall_domain::account::UnknownAccounts;
    use landfall_domain::actor::{Action, Actor};
    use landfall_domain::changes::Changes;
    use landfall_domain::group::{Group, GroupType};
    use landfall_domain::ids::{AppId, GroupId, UserId};
    use landfall_domain::message::{Conversation, Tip, TipKind};
    use landfall_domain::new_group::{IdChoice, NewGroup};
    use landfall_domain::operation::{Decision, GroupOperation, perform};
    use landfall_domain::refusal::Refusal;
    use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
    use landfall_domain::text::Text;
    use landfall_store::StoreMetrics;
    use landfall_store::embedded::Embedded;

    const DAY: u64 = SECONDS_PER_DAY;
    const NOW: Timestamp = Timestamp(1_000 * DAY + 5);

    fn app(number: u32, message_days: u32) -> App {
        let key = SecretKey::new("0123456789abcdef".to_owned()).unwrap();
        let config = AppConfig {
            id: AppId(number),
            key,
            admins: vec![],
            group_fields: vec![],
            member_fields: vec![],
            user_fields: vec![],
            friend_fields: vec![],
            message_days,
            uploads: UploadsConfig::default(),
            webhook: None,
        };
        App::new(config, None)
    }

    fn group() -> GroupId {
        GroupId::parse("g").unwrap()
    }

    fn context(app: &App) -> Context {
        Context { app: app.id, now: NOW, unknown: UnknownAccounts::Create }
    }

    /// This many messages, sent at this time.
    struct Sent(GroupId, Timestamp, u32);

    impl GroupOperation for Sent {
        type Answer = ();

        fn group(&self) -> &GroupId {
            &self.0
        }

        fn actions(&self) -> Vec<Action> {
            vec![Action::AppOnly]
        }

        fn needs(&self, _: &Context, _: &Group) -> Needs {
            Needs::default()
        }

        fn decide(&self, context: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
            let then = Context { now: self.1, ..*context };
            let sender = UserId::parse("ann").unwrap();
            let mut changes = Changes::default();
            for _ in 0..self.2 {
                let tip = Tip { kind: TipKind::ProfileChanged, accounts: Vec::new(), changes: Vec::new() };
                changes.add_tip(&then, &mut snapshot.group, &sender, tip);
            }
            changes.group = Some(snapshot.group);
            Ok(Decision::new(changes, ()))
        }
    }

    async fn make(store: &Embedded, app: &App) {
        let name = Text::stored("n".to_owned());
        let import = NewGroup::new(IdChoice::Given(group()), GroupType::Public, name, Timestamp(1));
        store.import_group(context(app), import).await.unwrap();
    }

    /// Stores `count` messages sent at `sent`.
    async fn send(store: &Embedded, app: &App, sent: u64, count: u32) {
        perform(store, context(app), Actor::App, Sent(group(), Timestamp(sent), count), Arc::new(()))
            .await
            .unwrap();
    }

    /// The send times of the messages that are left.
    async fn left(store: &Embedded, app: &App) -> Vec<u64> {
        let newest =
            MessageRange::Newest { conversation: Conversation::Group, up_to: u32::MAX, limit: usize::MAX };
        let needs = Needs { messages: vec![newest], ..Needs::default() };
        let snapshot = store.snapshot(app.id, group(), needs).await.unwrap();
        snapshot.messages_of(&Conversation::Group).into_iter().map(|message| message.sent.0).collect()
    }

    #[tokio::test]
    async fn old_messages_go_and_new_ones_stay() {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(directory.path(), StoreMetrics::default()).unwrap();
        let (kept, forever) = (app(1, 30), app(2, 0));
        let edge = NOW.0 - 30 * DAY;
        for app in [&kept, &forever] {
            make(&store, app).await;
            for sent in [5, edge - 3 * DAY, edge - 1, edge, edge + 1, NOW.0] {
                send(&store, app, sent, 1).await;
            }
        }
        let removed = Counter::default();
        for app in [&kept, &forever] {
            expire(&store, app, NOW, &removed).await.unwrap();
        }
        assert_eq!(left(&store, &kept).await, [edge, edge + 1, NOW.0]);
        assert_eq!((left(&store, &forever).await.len(), removed.get()), (6, 3));

        // A day later two more are too old; a clock that is set back neither restores nor removes messages.
        expire(&store, &kept, Timestamp(NOW.0 + DAY), &removed).await.unwrap();
        expire(&store, &kept, Timestamp(5), &removed).await.unwrap();
        assert_eq!((left(&store, &kept).await, removed.get()), (vec![NOW.0], 5));
    }

    #[tokio::test]
    async fn more_than_a_batch_goes_too_and_numbers_continue() {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(directory.path(), StoreMetrics::default()).unwrap();
        let app = app(1, 1);
        make(&store, &app).await;
        let batches = u32::try_from(2 * MESSAGES_PER_BATCH).unwrap();
        send(&store, &app, 7, batches + 1).await;
        let removed = Counter::default();
        expire(&store, &app, NOW, &removed).await.unwrap();
        assert_eq!((left(&store, &app).await.len(), removed.get()), (0, u64::from(batches) + 1));
        let snapshot = store.snapshot(app.id, group(), Needs::default()).await.unwrap();
        assert_eq!(snapshot.group.log.next_seq, batches + 2);
    }
}
