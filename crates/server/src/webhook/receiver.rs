//! The receiver of an app's events, which calls and the dispatcher share.

use super::body::{self, EventContext};
use super::people_body;
use super::request::{self, REST_API};
use super::sender::{Answer, Origin, SendError, Sender, SenderError};
use crate::clients::Hub;
use crate::config::WebhookConfig;
use crate::metrics::WebhookMetrics;
use crate::platform::Platform;
use crate::reply::Failure;
use hyper::body::Bytes;
use landfall_domain::event::Event;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::OutboxEntry;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::people::operations::send_direct::SendDirect;
use landfall_domain::subscribers::{AfterCommit, AppliedChange, AppliedPeopleChange, Subscribers};
use landfall_domain::time::Timestamp;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// Where the webhook events of one app go.
#[derive(Debug)]
pub struct Receiver {
    /// Which events it wants, and when a failed one is sent again.
    pub config: WebhookConfig,
    /// Signs and posts them.
    pub sender: Sender,
    /// Shared by all receivers.
    pub metrics: WebhookMetrics,
    /// Notified when the outbox may have new entries.
    pub wake: Notify,
    /// Of the requests to it.
    pub(crate) counts: RequestCounts,
}

/// Requests since they were counted last.
#[derive(Debug, Default)]
pub(crate) struct RequestCounts {
    sent: AtomicU64,
    answered: AtomicU64,
}

impl RequestCounts {
    /// Takes the number of requests, and of those that were answered.
    pub(crate) fn take(&self) -> [u64; 2] {
        [&self.sent, &self.answered].map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Receiver {
    /// The receiver of an app.
    ///
    /// # Errors
    /// A file that the configuration names cannot be used.
    pub fn new(config: WebhookConfig, app: AppId, metrics: WebhookMetrics) -> Result<Self, SenderError> {
        let sender = Sender::new(&config, app)?;
        Ok(Self { config, sender, metrics, wake: Notify::new(), counts: RequestCounts::default() })
    }

    /// Posts an event, a JSON object, has `read` read the answer, and counts the outcome.
    ///
    /// # Errors
    /// There is no usable answer.
    pub async fn post<Read>(
        &self,
        command: &str,
        origin: Origin,
        body: Cow<'_, str>,
        now: Timestamp,
        read: impl FnOnce(Answer) -> Result<Read, SendError>,
    ) -> Result<Read, SendError> {
        let body = Bytes::from(body.into_owned());
        let answered = self.sender.post(command, &origin, body, now).await.and_then(read);
        self.metrics.answered(answered.is_ok());
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        self.counts.answered.fetch_add(answered.is_ok().into(), Ordering::Relaxed);
        answered
    }
}

/// The call that caused events.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The caller.
    pub operator: UserId,
    /// The address of the caller.
    pub client_ip: IpAddr,
    /// The device of the client that calls; `None`: a call of the REST API.
    pub(crate) platform: Option<Platform>,
    /// In milliseconds since 1970.
    pub millis: u64,
}

impl Cause {
    /// As `OptPlatform` names where the call came from.
    pub(super) fn platform_name(&self) -> &'static str {
        self.platform.map_or(REST_API, Platform::event_name)
    }
}

/// The subscribers of one call: the receiver of the app, and its connected clients.
pub struct CallSubscribers {
    /// `None` when the app has no webhook.
    receiver: Option<Arc<Receiver>>,
    /// Connected, here or at other servers.
    pub clients: Arc<Hub>,
    /// Named in every event.
    pub cause: Cause,
    /// Whether the call has added outbox entries.
    has_entries: AtomicBool,
}

impl CallSubscribers {
    /// `receiver` is `None` when the app has no webhook.
    #[must_use]
    pub fn new(receiver: Option<Arc<Receiver>>, clients: Arc<Hub>, cause: Cause) -> Self {
        Self { receiver, clients, cause, has_entries: AtomicBool::new(false) }
    }

    /// Whether the app's receiver wants the event called `command`.
    #[must_use]
    pub fn want(&self, command: &str) -> bool {
        self.receiver.as_ref().is_some_and(|receiver| receiver.config.wants(command))
    }

    /// Wakes the dispatcher when the call has added outbox entries.
    pub fn wake(&self) {
        if let Some(receiver) = &self.receiver
            && self.has_entries.swap(false, Ordering::Relaxed)
        {
            receiver.wake.notify_one();
        }
    }

    /// Says that a message was not sent.
    #[must_use]
    pub fn exception(
        &self,
        message: &SendMessage,
        kind: GroupType,
        failure: &Failure,
    ) -> Option<OutboxEntry> {
        let Cause { operator, millis, .. } = &self.cause;
        let body = body::exception(message, kind, operator, failure).end(*millis)?;
        Some(OutboxEntry::without_change(self.encoded(body::EXCEPTION, body)))
    }

    /// Says that a message to an account was not sent.
    #[must_use]
    pub fn unsent(
        &self,
        message: &SendDirect,
        receiver: &UserId,
        failure: &Failure,
        now: Timestamp,
    ) -> Option<OutboxEntry> {
        let body = people_body::unsent(message, receiver, failure, now).end(self.cause.millis)?;
        Some(OutboxEntry::without_change(self.encoded(people_body::SENT, body)))
    }

    fn encoded(&self, command: &str, body: Box<RawValue>) -> Vec<u8> {
        self.has_entries.store(true, Ordering::Relaxed);
        let client_ip = self.cause.client_ip.to_string();
        let platform = self.cause.platform_name().into();
        request::WebhookRequest { command: command.to_owned(), client_ip, platform, body }.encode()
    }
}

impl Subscribers for CallSubscribers {
    fn wants_former_members(&self, kind: GroupType) -> bool {
        body::lists_former_members(kind) && self.want(body::DESTROYED)
    }

    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>> {
        let command = body::command(&event)?;
        if !self.want(command) {
            return None;
        }
        let Cause { operator, millis, .. } = &self.cause;
        let body = body::of(&event, &EventContext { group, kind, operator, millis: *millis })?;
        Some(self.encoded(command, body))
    }

    fn people_entry(&self, event: PeopleEvent) -> Option<Vec<u8>> {
        let command = people_body::command(&event)?;
        if !self.want(command) {
            return None;
        }
        let Cause { operator, millis, .. } = &self.cause;
        Some(self.encoded(command, people_body::of(&event, operator, *millis)?))
    }

    fn show_accounts(&self) -> bool {
        self.clients.any_client_connected()
    }

    fn on_change(&self, change: AppliedChange<'_>) -> Option<AfterCommit> {
        let Cause { operator, millis, .. } = &self.cause;
        self.clients.on_change(change, operator, Timestamp(millis / 1_000))
    }

    fn on_people_change(&self, change: AppliedPeopleChange<'_>) -> Option<AfterCommit> {
        self.clients.on_people_change(change, &self.cause.operator)
    }
}
