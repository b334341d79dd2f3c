//! What a command works with: one authenticated call, and what the call may read and write.
//!
//! A [`Call`] owns every write of a command: its methods write, then publish what changed to connected clients, and wake the
//! delivery of webhooks. A [`SilentCall`], which imports get, can reach neither clients nor webhooks. Both read through the
//! [`ReadOnlyCall`] inside them.

mod acting;
mod command;
mod kept_files;
mod read_only;
mod silent;
mod time_limit;
mod to_end;
mod writes;

pub(crate) use acting::ActingClient;
pub use command::{Command, ImportCommand};
pub use read_only::ReadOnlyCall;
pub use silent::SilentCall;
pub(crate) use time_limit::{CALL_TIME_MAX, in_time};
pub use to_end::ToEnd;

use crate::apps::App;
use crate::authentication::Administrator;
use crate::platform::Platform;
use crate::reply::Failure;
use crate::state::Server;
use crate::webhook::before::{self, Question, Verdict};
use crate::webhook::body::READ_RECEIPT;
use crate::webhook::receiver::{CallSubscribers, Cause};
use crate::webhook::sender::Answer;
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::{DeadLetter, DeadLetterKey, Outbox};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

/// One call of an administrator. It is made of an `Administrator`, which only the authentication of a request makes, so
/// no command runs without one and none can make a call of its own.
pub struct Call {
    read: ReadOnlyCall,
    outbox: Arc<dyn Outbox>,
    subscribers: Arc<CallSubscribers>,
}

/// So that a command reads by the names of a [`ReadOnlyCall`], and passes its call on to what only reads.
impl Deref for Call {
    type Target = ReadOnlyCall;

    fn deref(&self) -> &ReadOnlyCall {
        &self.read
    }
}

impl Call {
    /// A call that `administrator` made at the second `now`.
    pub(crate) fn new(
        server: &Server,
        administrator: Administrator,
        client_ip: IpAddr,
        now: Timestamp,
    ) -> Self {
        let (app, caller) = administrator.into_parts();
        Self::made(server, app, caller, None, (None, client_ip), now)
    }

    /// A call that an account made over the connection of a client, `from` a device at an address, at the second `now`;
    /// `acting` says what the account is, unless it is an administrator of the app.
    pub(crate) fn of_client(
        server: &Server,
        (app, account): (Arc<App>, UserId),
        acting: Option<ActingClient>,
        (platform, client_ip): (Platform, IpAddr),
        now: Timestamp,
    ) -> Self {
        Self::made(server, app, account, acting, (Some(platform), client_ip), now)
    }

    fn made(
        server: &Server,
        app: Arc<App>,
        caller: UserId,
        client: Option<ActingClient>,
        (platform, client_ip): (Option<Platform>, IpAddr),
        now: Timestamp,
    ) -> Self {
        let cause = Cause { operator: caller.clone(), client_ip, platform, millis: server.clock.millis() };
        let subscribers = CallSubscribers::new(app.webhook.clone(), server.clients.hub(app.id), cause);
        let read = ReadOnlyCall {
            caller,
            client,
            limits: server.limits,
            body_bytes_max: server.http.body_bytes_max,
            file_bytes_max: server.files_config.bytes_max,
            listening_at: server.listening_at,
            now,
            random_bits: fastrand::u64(..),
            files: server.file_signers.of(app.id),
            app,
            store: Arc::clone(&server.store),
            jobs: server.jobs.clone(),
            archives: Arc::clone(&server.archives),
            unknown: server.unknown_accounts,
        };
        Self { read, outbox: Arc::clone(&server.outbox), subscribers: Arc::new(subscribers) }
    }

    /// The same call, as an import gets it.
    pub(crate) fn into_silent(self) -> SilentCall {
        SilentCall::new(self.read, Arc::clone(&self.subscribers.clients))
    }

    /// Whether the app's receiver wants the event called `command`.
    #[must_use]
    pub fn wants_event(&self, command: &str) -> bool {
        self.subscribers.want(command)
    }

    /// Whether somebody may want to know how many members have read a message: the app's receiver, or a client.
    #[must_use]
    pub fn counts_readers(&self) -> bool {
        self.wants_event(READ_RECEIPT) || self.subscribers.clients.any_client_connected()
    }

    /// Asks the app's receiver whether something may happen. `read` takes from an answer that allows it what else the
    /// receiver wants, or says why the answer is not usable.
    ///
    /// # Errors
    /// The receiver refused, or gave no usable answer where that refuses.
    pub async fn ask<Wish>(
        &self,
        question: Question<'_>,
        read: impl FnOnce(&Answer) -> Result<Wish, String>,
    ) -> Result<Verdict<Wish>, Failure> {
        let receiver = self.app.webhook.as_deref();
        before::ask(receiver, question, read, &self.subscribers.cause, &self.files, self.now).await
    }

    /// The type of a group, where the app's receiver wants to be asked the question called `command`; `None` where it does
    /// not, or where there is no such group.
    ///
    /// # Errors
    /// The store failed.
    pub async fn type_if_asking(&self, command: &str, group: &GroupId) -> Result<Option<GroupType>, Failure> {
        if self.wants_event(command) { self.group_type(group).await } else { Ok(None) }
    }

    /// Counts a message against the rate of its group; false when the group has had too many this second.
    #[must_use]
    pub fn admit_message(&self, message: &SendMessage) -> bool {
        let per_second = self.limits.messages.per_second;
        self.app.messages.admit(&message.group, message.priority, per_second)
    }

    /// Counts a change to the attributes of a group; false when there have been too many this second.
    #[must_use]
    pub fn admit_attribute_write(&self, group: &GroupId) -> bool {
        self.app.attribute_writes.admit(group, self.limits.values.attribute_writes_per_second)
    }

    /// The connected devices of each of `accounts`, on any server.
    pub(crate) async fn devices(&self, accounts: &[UserId]) -> Vec<Vec<Platform>> {
        self.subscribers.clients.devices(accounts).await
    }

    /// The accounts that are in a live-stream group on any server, each with the time it entered.
    pub async fn visitors(&self, group: &GroupId) -> BTreeMap<UserId, Timestamp> {
        self.subscribers.clients.visitors(group).await
    }

    /// How many accounts are in a live-stream group: exactly for an administrator, a few seconds old for an account.
    pub async fn visitor_count(&self, group: &GroupId) -> usize {
        let clients = &self.subscribers.clients;
        if self.is_for_account() {
            clients.recent_visitors(group).await
        } else {
            clients.visitors(group).await.len()
        }
    }

    /// Dead letters of the app behind `after`, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn dead_letters(
        &self,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.outbox.dead_letters(self.app_id(), after, limit).await
    }
}
