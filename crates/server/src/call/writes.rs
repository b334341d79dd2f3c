//! Every write of a call. Each method writes, then publishes what changed to the app's connected clients, and wakes the
//! delivery of webhooks.

use super::Call;
use crate::clients::{ClientUpdate, CloseReason, Notice, NoticeKind};
use crate::code::Code;
use crate::reply::Failure;
use crate::webhook::receiver::CallSubscribers;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::actor::{ActingAccount, Action, Actor};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, PermissionGroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::Conversation;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal};
use landfall_domain::operation::{GroupOperation, perform};
use landfall_domain::operations::delete_members::{DeleteMembers, delete_members};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::{DeadLetterKey, Fate, Lane};
use landfall_domain::part::{PartFamily, PartKey, PartRange};
use landfall_domain::people::Pair;
use landfall_domain::people::operation::{PeopleImport, PeopleOperation, import_people, perform_people};
use landfall_domain::people::operations::accept_push::{AcceptPush, PushRefusal};
use landfall_domain::people::operations::send_direct::SendDirect;
use landfall_domain::people::push::PushMark;
use landfall_domain::refusal::Refusal;
use landfall_domain::rights::Right;
use landfall_domain::snapshot::Needs;
use landfall_domain::store::MemberWindow;
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Owner and administrators that get a notice, at most. [choice]
const LEADERS_MAX: usize = 100;

impl Call {
    /// Performs an operation on one group.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change<O: GroupOperation>(&self, operation: O) -> Result<O::Answer, Failure> {
        let actor = self.actor(operation.group()).await?;
        let changed = perform(&*self.read.store, self.context(), actor, operation, self.subscribers()).await;
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
        let actor = self.actor(operation.group()).await?;
        Ok(perform(&*self.read.store, self.context(), actor, operation, Arc::new(clients)).await?)
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

    /// Changes the words that nobody in the app may send.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change_words<O: PeopleOperation>(
        &self,
        change: O,
    ) -> Result<O::Answer, OperationError<O::Refusal>> {
        let changed = self.change_people(change).await;
        // Also when the store failed: whether the change was kept is not known then, and reading again is harmless.
        self.app.words.forget();
        changed
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

    /// Accepts a push to everybody, which is delivered in the background.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn push(&self, operation: AcceptPush) -> Result<PushMark, OperationError<PushRefusal>> {
        let accepted = perform_people(&*self.read.store, self.context(), operation, Arc::new(())).await;
        self.app.new_pushes.notify_one();
        accepted
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
            let (actor, subscribers) = (self.actor(operation.group()).await?, self.subscribers());
            changes.spawn(async move { perform(&*store, context, actor, operation, subscribers).await });
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
        let actor = self.actor(&operation.group).await?;
        let deleted = delete_members(store, self.context(), actor, operation, self.subscribers()).await;
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
        // A group that gets another owner between the two is dissolved all the same. [choice]
        self.check_may(&group, Right::Dissolve).await?;
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

    /// Sends owner and administrators of a group, where they are connected, a notice that something waits for them.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn tell_leaders(
        &self,
        group: &GroupId,
        notice: NoticeKind,
        content: &str,
    ) -> Result<(), Failure> {
        let window = MemberWindow::ByJoinTime { offset: 0, limit: LEADERS_MAX };
        let roles = vec![Role::Owner, Role::Admin];
        let page = self.read.store.members(self.app_id(), group.clone(), roles, window).await?;
        let leaders: Vec<_> = page.members.into_iter().map(|member| member.account).collect();
        let (operator, now) = self.cause();
        let notice = Notice::new(notice, page.group.kind, group, operator, now).content(content);
        let frames = vec![notice.to(&leaders)];
        self.subscribers.clients.publish(group, ClientUpdate { frames, ..ClientUpdate::default() });
        Ok(())
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

    /// Whether the caller has a right in a group now. What an operation does is checked with it; this is for what none does.
    ///
    /// # Errors
    /// It has not, there is no such group, or the store failed.
    pub async fn check_may(&self, group: &GroupId, right: Right) -> Result<(), Failure> {
        if let Actor::Account(account) = self.actor(group).await? {
            let needs = Needs { members: vec![self.caller.clone()], ..Needs::default() };
            let snapshot = self.snapshot(group.clone(), needs).await?;
            account.check(&self.context(), &snapshot, &[Action::Use(right)])?;
        }
        Ok(())
    }

    /// Who acts in a group.
    async fn actor(&self, group: &GroupId) -> Result<Actor, StoreError> {
        let Some(client) = &self.read.client else { return Ok(Actor::App) };
        let permission_groups =
            if group.is_community() { self.permission_groups(group).await? } else { Vec::new() };
        Ok(Actor::Account(ActingAccount {
            account: self.caller.clone(),
            entered: client.entered.contains(group),
            recall_seconds: client.recall_seconds,
            permission_groups,
        }))
    }

    /// The permission groups of a community that has them switched on.
    async fn permission_groups(&self, group: &GroupId) -> Result<Vec<PermissionGroupId>, StoreError> {
        let ranges = vec![PartRange::all(PartFamily::PermissionGroups)];
        let needs = Needs { ranges, ..Needs::default() };
        match self.read.store.snapshot(self.app_id(), group.clone(), needs).await {
            Ok(snapshot) if snapshot.group.permissions_enabled => {
                let id = |key| if let PartKey::PermissionGroup(id) = key { Some(id) } else { None };
                Ok(snapshot.parts.into_keys().filter_map(id).collect())
            }
            Ok(_) | Err(OperationError::Refused(NoSuchGroup)) => Ok(Vec::new()),
            Err(OperationError::Store(error)) => Err(error),
        }
    }

    fn subscribers(&self) -> Arc<dyn Subscribers> {
        Arc::clone(&self.subscribers) as Arc<dyn Subscribers>
    }

    /// The operator of the call and its time, as clients see them.
    fn cause(&self) -> (&UserId, Timestamp) {
        (&self.caller, self.now)
    }
}
