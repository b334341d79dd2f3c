//! A connected client, and what its connection and its requests work with.

use super::frame::ConversationKey;
use super::hub::Hub;
use super::senders;
use super::session::{CloseReason, Session};
use crate::apps::App;
use crate::platform::Platform;
use crate::reply::Failure;
use crate::state::Server;
use crate::webhook::presence::{self, ConnectionState};
use landfall_domain::account::SenderProfiles;
use landfall_domain::actor::{ActingAccount, Actor};
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::PartKey;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

pub(super) struct ConnectedClient {
    pub(super) server: Arc<Server>,
    pub(super) app: Arc<App>,
    pub(super) hub: Arc<Hub>,
    pub(super) session: Arc<Session>,
    pub(super) peer: IpAddr,
    /// When it connected.
    pub(super) since: Timestamp,
}

impl ConnectedClient {
    pub(super) fn account(&self) -> &UserId {
        &self.session.account
    }

    /// The account, as who performs an operation.
    pub(super) fn actor(&self) -> Actor {
        Actor::Account(ActingAccount {
            account: self.account().clone(),
            entered: false,
            recall_seconds: 0,
            permission_groups: Vec::new(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.server.clock.now()
    }

    pub(super) fn context(&self) -> Context {
        Context { app: self.app.id, now: self.now(), unknown: self.server.unknown_accounts }
    }

    /// Notifies the app's webhook that the client came or went; `kicked` is the device that had to make room for it.
    pub(super) async fn report_state(&self, state: ConnectionState, kicked: Option<Platform>) {
        if let Some(client) = self.events() {
            client.changes_state(state, kicked, self.context(), self.server.clock.millis()).await;
        }
    }

    /// Notifies the app's webhook that the client entered or left a live-stream group.
    pub(super) async fn report_visit(&self, group: &GroupId, is_there: bool) {
        if let Some(client) = self.events() {
            client.visits(group, is_there, self.context(), self.server.clock.millis()).await;
        }
    }

    fn events(&self) -> Option<presence::ClientEvents<'_>> {
        let receiver = self.app.webhook.as_deref()?;
        let Session { account, platform, .. } = &*self.session;
        let Server { outbox, error_log, .. } = &*self.server;
        let (outbox, platform, peer) = (&**outbox, *platform, self.peer);
        Some(presence::ClientEvents { receiver, outbox, account, platform, peer, error_log })
    }

    /// The group of a conversation as one of its members sees it; `None` when there is none, or the account is not a member.
    pub(super) async fn history(
        &self,
        key: &ConversationKey,
        messages: Vec<MessageRange>,
    ) -> Result<Option<GroupSnapshot>, CloseReason> {
        let account = self.account();
        let parts = match &key.conversation {
            Conversation::Group => Vec::new(),
            Conversation::Topic(id) => vec![PartKey::Topic(id.clone())],
        };
        let needs = Needs { members: vec![account.clone()], parts, messages, ..Needs::default() };
        match self.server.store.snapshot(self.app.id, key.group.clone(), needs).await {
            Ok(snapshot)
                if snapshot.members.contains_key(account) && snapshot.log(&key.conversation).is_ok() =>
            {
                Ok(Some(snapshot))
            }
            Ok(_) | Err(OperationError::Refused(_)) => Ok(None),
            Err(OperationError::Store(error)) => Err(self.unreadable(&error)),
        }
    }

    /// What is seen of those whom messages of a group name.
    pub(super) async fn senders(
        &self,
        group: &GroupId,
        messages: impl IntoIterator<Item = &Message>,
    ) -> Result<SenderProfiles, CloseReason> {
        let read = senders::read(&*self.server.store, self.app.id, group, messages).await;
        read.map_err(|error| self.unreadable(&error))
    }

    /// Logs why a history cannot be read.
    pub(super) fn unreadable(&self, error: &StoreError) -> CloseReason {
        self.server.error_log.log(|suppressed| {
            tracing::error!(%error, suppressed, "a history cannot be read for a client: {error}");
        });
        CloseReason::TryAgain
    }

    /// What `needs` names of one group.
    pub(super) async fn snapshot(&self, group: &GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
        Ok(self.server.store.snapshot(self.app.id, group.clone(), needs).await?)
    }
}
