//! Every write of a call. Each method writes, then publishes what changed to the app's connected clients, and wakes the
//! delivery of webhooks.

use super::Call;
use crate::clients::{ClientUpdate, CloseReason, Notice, NoticeKind};
use crate::code::Code;
use crate::reply::Failure;
use crate::webhook::receiver::CallSubscribers;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, OperationError, StoreError};
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal};
use landfall_domain::operation::{GroupOperation, perform};
use landfall_domain::operations::delete_members::{DeleteMembers, delete_members};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::{DeadLetterKey, Fate, Lane};
use landfall_domain::people::Pair;
use landfall_domain::people::operation::{PeopleImport, PeopleOperation, import_people, perform_people};
use landfall_domain::people::operations::send_direct::SendDirect;
use landfall_domain::refusal::Refusal;
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use tokio::task::JoinSet;

impl Call {
    /// Performs an operation on one group.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change<O: GroupOperation>(&self, operation: O) -> Result<O::Answer, Failure> {
        let changed = perform(&*self.read.store, self.context(), operation, self.subscribers()).await;
        self.subscribers.wake();
        Ok(changed?)
    }

    /// Performs an operation on one group without an event for the app's receiver.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change_without_webhook<O: GroupOperation>(
        &self,
        operation: O,
    ) -> Result<O::Answer, Failure> {
        let CallSubscribers { clients, cause, .. } = &*self.subscribers;
        let clients = CallSubscribers::new(None, Arc::clone(clients), cause.clone());
        Ok(perform(&*self.read.store, self.context(), operation, Arc::new(clients)).await?)
    }

    /// Performs an operation on people.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change_people<O: PeopleOperation>(
        &self,
        operation: O,
    ) -> Result<O::Answer, OperationError<O::Refusal>> {
        let changed = perform_people(&*self.read.store, self.context(), operation, self.subscribers()).await;
        self.subscribers.wake();
        changed
    }

    /// Performs an operation on people without an event for the app's receiver.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change_people_without_webhook<O: PeopleOperation>(
        &self,
        operation: O,
    ) -> Result<O::Answer, OperationError<O::Refusal>> {
        let CallSubscribers { clients, cause, .. } = &*self.subscribers;
        let clients = CallSubscribers::new(None, Arc::clone(clients), cause.clone());
        perform_people(&*self.read.store, self.context(), operation, Arc::new(clients)).await
    }

    /// Imports people, silently.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn import_people<I: PeopleImport>(
        &self,
        import: I,
    ) -> Result<I::Answer, OperationError<I::Refusal>> {
        import_people(&*self.read.store, self.context(), import).await
    }

    /// Performs operations on several groups at the same time, and shows each result to `take` as it comes, until `take`
    /// fails.
    ///
    /// # Errors
    /// `take` failed; operations that were not finished by then may happen or not.
    pub async fn change_several<O: GroupOperation>(
        &self,
        operations: impl IntoIterator<Item = O>,
        mut take: impl FnMut(Result<O::Answer, OperationError<Refusal>>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut changes = JoinSet::new();
        for operation in operations {
            let (store, context) = (Arc::clone(&self.read.store), self.context());
            let subscribers = self.subscribers();
            changes.spawn(async move { perform(&*store, context, operation, subscribers).await });
        }
        while let Some(changed) = changes.join_next().await {
            take(changed.map_err(|error| Code::GroupInternal.internal(error))?)?;
        }
        self.subscribers.wake();
        Ok(())
    }

    /// Removes members from a group, and from the topics and permission groups of a community.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn delete_members(&self, operation: DeleteMembers) -> Result<(), OperationError<Refusal>> {
        let store = &*self.read.store;
        let deleted = delete_members(store, self.context(), operation, self.subscribers()).await;
        self.subscribers.wake();
        deleted
    }

    /// Makes a group. Its owner and members must exist, whatever the settings say of unknown accounts.
    ///
    /// # Errors
    /// The id is in use, an account does not exist, or the store failed.
    pub async fn create_group(&self, new: NewGroup) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        let context = Context { unknown: UnknownAccounts::Refuse, ..self.context() };
        let (kind, owner) = (new.kind, new.owner.clone());
        let members: Vec<_> = new.members.iter().map(|member| member.account.clone()).collect();
        let created = self.read.store.create_group(context, new, self.subscribers()).await;
        self.subscribers.wake();
        let id = created?;
        self.subscribers.clients.created(&id, kind, owner.as_ref(), &members, self.cause());
        Ok(id)
    }

    /// Dissolves a group.
    ///
    /// # Errors
    /// There is no such group, or the store failed.
    pub async fn destroy_group(&self, group: GroupId) -> Result<(), Failure> {
        let kind = self.group_type(&group).await?;
        let destroyed =
            self.read.store.destroy_group(self.context(), group.clone(), self.subscribers()).await;
        self.subscribers.wake();
        destroyed?;
        if let Some(kind) = kind {
            self.subscribers.clients.dissolved(&group, kind, self.cause());
        }
        Ok(())
    }

    /// Makes every signature of an account from before this second invalid, and ends its connections.
    ///
    /// # Errors
    /// There is no such account, or the store failed.
    pub async fn kick(&self, account: &UserId) -> Result<(), OperationError<NoSuchAccount>> {
        let kicked = self.read.store.kick(self.context(), account.clone()).await;
        // Also when the store failed: whether the kick was kept is not known then, and forgetting is harmless.
        self.end_sessions(account, CloseReason::Kicked);
        kicked
    }

    /// Deletes accounts with all their memberships, and ends their connections. Reports which existed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_accounts(&self, accounts: &[UserId]) -> Result<Vec<bool>, StoreError> {
        let existed = self.read.store.delete_accounts(self.context(), accounts.to_vec()).await?;
        self.subscribers.clients.counts.totals_change();
        accounts.iter().for_each(|account| self.end_sessions(account, CloseReason::Deleted));
        Ok(existed)
    }

    fn end_sessions(&self, account: &UserId, reason: CloseReason) {
        self.app.signatures.invalidate(account.as_str());
        self.subscribers.clients.disconnect(account, reason);
    }

    /// Sends a notice of the app about a group to `receivers` wherever they are connected, or to everybody in the group when
    /// there are none. It is not kept.
    pub fn send_notice(&self, group: &Group, place: &Conversation, content: &str, receivers: &[UserId]) {
        let (operator, now) = self.cause();
        let notice = Notice::new(NoticeKind::Custom, group.kind, &group.id, operator, now);
        let notice = notice.at(place).content(content);
        let frame = if receivers.is_empty() { notice.to_all() } else { notice.to(receivers) };
        self.subscribers
            .clients
            .publish(&group.id, ClientUpdate { frames: vec![frame], ..ClientUpdate::default() });
    }

    /// Sends the app's receiver, if it wants that event, why a message was not sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report_exception(&self, message: &SendMessage, failure: &Failure) -> Result<(), Failure> {
        let Some(kind) = self.group_type(&message.group).await? else { return Ok(()) };
        let Some(entry) = self.subscribers.exception(message, kind, failure) else { return Ok(()) };
        self.outbox.enqueue(self.context(), Lane::Group(message.group.clone()), entry).await?;
        self.subscribers.wake();
        Ok(())
    }

    /// Sends the app's receiver why a message to an account was not sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report_unsent(
        &self,
        message: &SendDirect,
        receiver: &UserId,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        let Some(entry) = self.subscribers.unsent(message, receiver, failure, self.now) else {
            return Ok(());
        };
        let pair = Pair::of(message.sender.clone(), receiver.clone());
        self.outbox.enqueue(self.context(), Lane::pair(&pair), entry).await?;
        self.subscribers.wake();
        Ok(())
    }

    /// Sends dead letters again, or drops them. Returns how many of them there were.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_dead_letters(&self, keys: Vec<DeadLetterKey>, fate: Fate) -> Result<usize, StoreError> {
        let taken = self.outbox.take_dead_letters(self.context(), keys, fate).await;
        if let Some(receiver) = &self.app.webhook {
            receiver.wake.notify_one();
        }
        taken
    }

    fn subscribers(&self) -> Arc<dyn Subscribers> {
        Arc::clone(&self.subscribers) as Arc<dyn Subscribers>
    }

    /// The operator of the call and its time, as clients see them.
    fn cause(&self) -> (&UserId, Timestamp) {
        (&self.caller, self.now)
    }
}
