//! Delivers pushes to everybody, in the background.
//!
//! What is left to do is in the store. One server at a time holds a push; it goes through the accounts of the app page by
//! page, sends each page its messages with one write, and notes how far it came. After a stop or a crash the push goes on
//! from there, here or at another server. A message that an account has already is recognised, so each gets a kept one once.
//! One that is not kept can reach a connected client twice, when a server ends between a page and its note.

use crate::apps::App;
use crate::clients::CollectedFrames;
use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::message::Body;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::labels::Audience;
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::operations::send_direct::{SendDirect, SendRefusal, SenderCopy};
use landfall_domain::people::operations::step_push::StepPush;
use landfall_domain::people::push::Push;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Accounts that are sent their messages with one write. Other calls to the store wait for a write, so they are few.
const PAGE: usize = 100;

/// Pages of one push before the next push has its turn.
const PAGES_PER_TURN: usize = 10;

/// Pushes of one app that are delivered side by side.
const AT_ONCE: usize = 8;

/// How long a server holds a push: longer than a turn takes.
const HOLD_SECONDS: u64 = 30;

/// Interval of checks for pushes that another server accepted, or left.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Delivers the pushes of one app until `draining` is true; then ends with the page under way.
pub(crate) async fn run(server: Arc<Server>, app: Arc<App>, mut draining: watch::Receiver<bool>) {
    let runner = Runner { server, app, holder: fastrand::u64(..), draining: draining.clone() };
    let mut checks = tokio::time::interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*draining.borrow() {
        let goes_on = runner.turn().await.unwrap_or_else(|error| runner.report(&error));
        if goes_on {
            // A store that answers at once must not block other tasks of this thread.
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = runner.app.new_pushes.notified() => {}
            _ = checks.tick() => {}
            // An error means that the server is gone, which also ends this.
            _ = draining.changed() => {}
        }
    }
}

struct Runner {
    server: Arc<Server>,
    app: Arc<App>,
    /// Names this server among those that hold pushes.
    holder: u64,
    draining: watch::Receiver<bool>,
}

impl Runner {
    fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Logs why pushes wait for the next check; nothing goes on at once.
    fn report(&self, error: &StoreError) -> bool {
        let app = self.app.id;
        self.server.error_log.log(|suppressed| {
            tracing::error!(%app, cause = %error, suppressed, "pushes of app {app} wait: {error}");
        });
        false
    }

    /// Works on each push for a while; whether there is more to do at once.
    async fn turn(&self) -> Result<bool, StoreError> {
        let range =
            FactRange { subject: Subject::App, family: FactFamily::Pushes, after: None, limit: AT_ONCE };
        let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
        let found = self.server.store.people(self.app.id, needs).await?;
        let mut goes_on = false;
        for ((_, key), fact) in found.facts {
            if let (FactKey::Push(number), Fact::Push(push)) = (key, fact)
                && !self.is_draining()
            {
                // One that fails leaves the others their turn.
                goes_on |= self.work(number, &push).await.unwrap_or_else(|error| self.report(&error));
            }
        }
        Ok(goes_on)
    }

    /// Notes how far a push came, and until when this server holds it; `None`: it is done. False when another one does.
    async fn step(
        &self,
        number: u32,
        reached: Option<UserId>,
        until: Option<u64>,
    ) -> Result<bool, StoreError> {
        let step = StepPush { number, holder: self.holder, reached, until: until.map(Timestamp) };
        let context = self.context(self.server.clock.now());
        match perform_people(&*self.server.store, context, step, Arc::new(())).await {
            Ok(is_held) => Ok(is_held),
            Err(OperationError::Refused(never)) => match never {},
            Err(OperationError::Store(error)) => Err(error),
        }
    }

    fn context(&self, now: Timestamp) -> Context {
        Context { app: self.app.id, now, unknown: self.server.unknown_accounts }
    }

    /// Delivers some pages of a push; false when another server does.
    async fn work(&self, number: u32, push: &Push) -> Result<bool, StoreError> {
        let now = self.server.clock.now();
        let is_held_elsewhere = push.holder != self.holder && now < push.held_until;
        if is_held_elsewhere || !self.step(number, None, Some(now.0 + HOLD_SECONDS)).await? {
            return Ok(false);
        }
        let mut reached = push.reached.clone();
        for _ in 0..PAGES_PER_TURN {
            if self.is_draining() {
                break;
            }
            let page = self.server.store.list_accounts(self.app.id, reached.clone(), PAGE).await?;
            let is_last = page.len() < PAGE;
            reached = page.last().cloned().or(reached);
            let goes_on = self.deliver(number, push, page).await?;
            if is_last || !goes_on {
                return self.step(number, None, None).await;
            }
        }
        // A server that stops leaves the push to the next.
        let hold = if self.is_draining() { 0 } else { HOLD_SECONDS };
        self.step(number, reached, Some(self.server.clock.now().0 + hold)).await
    }

    /// Sends those of a page who are meant their messages; false when the push cannot go on.
    async fn deliver(&self, number: u32, push: &Push, page: Vec<UserId>) -> Result<bool, StoreError> {
        let mut receivers = self.meant(push, page).await?;
        receivers.retain(|id| *id != push.sender);
        if receivers.is_empty() {
            return Ok(true);
        }
        let message = SendDirect {
            sender: push.sender.clone(),
            by_administrator: push.by_administrator,
            receivers,
            number,
            random: push.random,
            body: Body { elements: push.elements.clone(), ..Body::default() },
            push: push.offline.clone(),
            copy: SenderCopy::None,
            online_only: push.online_only,
            not_last: false,
            counts_unread: false,
        };
        let hub = self.server.clients.hub(self.app.id);
        let frames = Arc::new(CollectedFrames::new(hub, push.sender.clone()));
        // All messages of a push are of the second in which it was accepted, whenever they are sent.
        let context = self.context(push.accepted);
        let subscribers = Arc::clone(&frames);
        match perform_people(&*self.server.store, context, message, subscribers).await {
            Ok(_) => frames.send().await,
            Err(OperationError::Refused(SendRefusal::NoSuchReceiver)) => {}
            Err(OperationError::Refused(refusal)) => {
                let app = self.app.id;
                tracing::warn!(%app, "push {number} of app {app} ends before everybody has got it: {refusal:?}");
                return Ok(false);
            }
            Err(OperationError::Store(error)) => return Err(error),
        }
        Ok(true)
    }

    /// Those of a page who are meant.
    async fn meant(&self, push: &Push, page: Vec<UserId>) -> Result<Vec<UserId>, StoreError> {
        let key = match &push.audience {
            Audience::Everybody => return Ok(page),
            Audience::Attributes { .. } => FactKey::Attributes,
            Audience::Tags { .. } => FactKey::Tags,
        };
        let facts = page.iter().map(|id| (Subject::Account(id.clone()), key.clone())).collect();
        let needs = PeopleNeeds { facts, ..PeopleNeeds::default() };
        let found = self.server.store.people(self.app.id, needs).await?;
        let is_meant = |id: &UserId| {
            let attributes = found.slots(&Subject::Account(id.clone()), &FactKey::Attributes);
            push.audience.includes(&attributes, &found.tags(id))
        };
        Ok(page.into_iter().filter(is_meant).collect())
    }
}
