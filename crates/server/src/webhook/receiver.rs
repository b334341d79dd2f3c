//! The receiver of an app's events, as calls and deliveries share it.

use super::body::{self, EventContext};
use super::request::{self, REST_API};
use super::sender::{Answer, Origin, SendError, Sender, SenderError};
use crate::clients::Hub;
use crate::config::WebhookConfig;
use crate::metrics::WebhookMetrics;
use crate::reply::Failure;
use hyper::body::Bytes;
use landfall_domain::event::{AfterCommit, AppliedChange, Event, Subscribers};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::OutboxEntry;
use landfall_domain::time::Timestamp;
use serde_json::value::RawValue;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// An app's receiver.
#[derive(Debug)]
pub struct Receiver {
    /// What it wants to know, and when it is told again.
    pub config: WebhookConfig,
    /// How it is told.
    pub sender: Sender,
    /// What is counted of it, and of all others.
    pub metrics: WebhookMetrics,
    /// Woken when there may be something to tell.
    pub wake: Notify,
}

impl Receiver {
    /// The receiver of an app.
    ///
    /// # Errors
    /// A file that the configuration names cannot be used.
    pub fn new(config: WebhookConfig, app: AppId, metrics: WebhookMetrics) -> Result<Self, SenderError> {
        let sender = Sender::new(&config, app)?;
        Ok(Self { config, sender, metrics, wake: Notify::new() })
    }

    /// Posts an event, has `read` take from the answer what is to be known of it, and counts how that went.
    ///
    /// # Errors
    /// There is no usable answer.
    pub async fn post<Read>(
        &self,
        command: &str,
        origin: Origin,
        body: Box<RawValue>,
        now: Timestamp,
        read: impl FnOnce(Answer) -> Result<Read, SendError>,
    ) -> Result<Read, SendError> {
        let body = Bytes::from(Box::<str>::from(body).into_string());
        let answered = self.sender.post(command, &origin, body, now).await.and_then(read);
        self.metrics.answered(answered.is_ok());
        answered
    }
}

/// Who caused events: one call.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Who made the call.
    pub operator: UserId,
    /// From where.
    pub client_ip: IpAddr,
    /// When, in milliseconds since 1970.
    pub millis: u64,
}

/// Those who are told of one call: the receiver of the app, and its connected clients.
pub struct CallSubscribers {
    /// `None` when the app has none.
    receiver: Option<Arc<Receiver>>,
    /// The app's connected clients.
    pub clients: Arc<Hub>,
    /// The call.
    pub cause: Cause,
    /// Whether there is something to tell now.
    has_notes: AtomicBool,
}

impl CallSubscribers {
    /// Those of a call.
    #[must_use]
    pub fn new(receiver: Option<Arc<Receiver>>, clients: Arc<Hub>, cause: Cause) -> Self {
        Self { receiver, clients, cause, has_notes: AtomicBool::new(false) }
    }

    /// Whether the event called `command` is wanted.
    #[must_use]
    pub fn want(&self, command: &str) -> bool {
        self.receiver.as_ref().is_some_and(|receiver| receiver.config.wants(command))
    }

    /// Has what the call did told at once, and not at the next look.
    pub fn wake(&self) {
        if let Some(receiver) = &self.receiver
            && self.has_notes.swap(false, Ordering::Relaxed)
        {
            receiver.wake.notify_one();
        }
    }

    /// That a message was not sent, because of this.
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

    fn encoded(&self, command: &str, body: Box<RawValue>) -> Vec<u8> {
        self.has_notes.store(true, Ordering::Relaxed);
        let client_ip = self.cause.client_ip.to_string();
        request::WebhookRequest { command: command.to_owned(), client_ip, platform: REST_API.into(), body }
            .encode()
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

    fn on_change(&self, change: AppliedChange<'_>) -> Option<AfterCommit> {
        let Cause { operator, millis, .. } = &self.cause;
        self.clients.on_change(change, operator, Timestamp(millis / 1_000))
    }
}
