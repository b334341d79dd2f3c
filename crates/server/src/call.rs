//! What a command is: one authenticated call, its request, its answer.

use crate::apps::App;
use crate::clients::Hub;
use crate::code::Code;
use crate::commands::refusal;
use crate::field::Field;
use crate::reply::Failure;
use crate::webhook::before::{self, Question, Verdict};
use crate::webhook::receiver::CallSubscribers;
use crate::webhook::sender::Answer;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::event::Subscribers;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::operation::{GroupImport, GroupOperation, GroupSnapshot, Needs, import, perform};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::outbox::{Lane, Outbox};
use landfall_domain::store::{Context, OperationError, Store};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::Arc;

/// One call of an administrator. Only the request path makes one, after it has checked the signature, so a command
/// cannot forget to.
pub struct Call {
    /// The app.
    pub app: Arc<App>,
    /// Who calls: an administrator of the app.
    pub caller: UserId,
    /// Who is told what the call does.
    pub subscribers: Arc<CallSubscribers>,
    /// Everything that is kept.
    pub store: Arc<dyn Store>,
    /// What is still to be told.
    pub outbox: Arc<dyn Outbox>,
    /// The limits in force.
    pub limits: Limits,
    /// What to do with accounts nobody imported.
    pub unknown: UnknownAccounts,
    /// The time of the call.
    pub now: Timestamp,
    /// Random bits, for ids that the server makes.
    pub random_bits: u64,
}

impl Call {
    /// The app's number.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.app.id
    }

    /// Performs an operation on one group, and has others told of it.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change<O: GroupOperation>(&self, operation: O) -> Result<O::Answer, Failure> {
        let changed = perform(&*self.store, self.context(), operation, self.subscribers()).await;
        self.subscribers.wake();
        changed.map_err(refusal::failure)
    }

    /// Performs an operation on one group, of which the app's receiver is not told.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn change_without_webhook<O: GroupOperation>(
        &self,
        operation: O,
    ) -> Result<O::Answer, Failure> {
        let CallSubscribers { clients, cause, .. } = &*self.subscribers;
        let clients = CallSubscribers::new(None, Arc::clone(clients), cause.clone());
        let changed = perform(&*self.store, self.context(), operation, Arc::new(clients)).await;
        changed.map_err(refusal::failure)
    }

    /// The app's connected clients.
    #[must_use]
    pub fn clients(&self) -> &Arc<Hub> {
        &self.subscribers.clients
    }

    /// Who does what the call does, and when, as clients are told.
    #[must_use]
    pub fn cause(&self) -> (&UserId, Timestamp) {
        (&self.caller, self.now)
    }

    /// Imports something into one group, of which nobody is told.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn import<I: GroupImport>(&self, operation: I) -> Result<I::Answer, Failure> {
        import(&*self.store, self.context(), operation).await.map_err(refusal::failure)
    }

    /// Who is told what the call does.
    #[must_use]
    pub fn subscribers(&self) -> Arc<dyn Subscribers> {
        Arc::clone(&self.subscribers) as Arc<dyn Subscribers>
    }

    /// Tells the app's receiver, when it wants to know, that a message was not sent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn report_exception(&self, message: &SendMessage, failure: &Failure) -> Result<(), Failure> {
        let Some(kind) = self.kind_of(&message.group).await? else { return Ok(()) };
        let Some(note) = self.subscribers.exception(message, kind, failure) else { return Ok(()) };
        let lane = Lane::Group(message.group.clone());
        let told = self.outbox.enqueue(self.context(), lane, note).await;
        told.map_err(|error| Code::GroupInternal.internal(error))?;
        self.subscribers.wake();
        Ok(())
    }

    /// Asks the app's receiver whether something may happen; `read` takes from an answer that allows it what else the
    /// receiver wants, or says what of it cannot be used.
    ///
    /// # Errors
    /// It refused, or gave no usable answer where that refuses.
    pub async fn ask<Wish>(
        &self,
        question: Question<'_>,
        read: impl FnOnce(&Answer) -> Result<Wish, String>,
    ) -> Result<Verdict<Wish>, Failure> {
        before::ask(self.app.webhook.as_deref(), question, read, &self.subscribers.cause, self.now).await
    }

    /// The type of a group, where the app's receiver is to be asked about something in it; `None` when it is not, or
    /// when there is no such group.
    ///
    /// # Errors
    /// The store failed.
    pub async fn kind_if_asking(&self, command: &str, group: &GroupId) -> Result<Option<GroupType>, Failure> {
        if !self.subscribers.want(command) {
            return Ok(None);
        }
        self.kind_of(group).await
    }

    /// The type of a group; `None` when there is no such group.
    ///
    /// # Errors
    /// The store failed.
    pub async fn kind_of(&self, group: &GroupId) -> Result<Option<GroupType>, Failure> {
        let groups = self.store.groups(self.app.id, vec![group.clone()]).await;
        let groups = groups.map_err(|error| Code::GroupInternal.internal(error))?;
        Ok(groups.into_iter().flatten().map(|group| group.kind).next())
    }

    /// What `needs` names of one group.
    ///
    /// # Errors
    /// There is no such group, or the store failed.
    pub async fn snapshot(&self, group: GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
        self.store.snapshot(self.app.id, group, needs).await.map_err(|error| match error {
            OperationError::Refused(no_such_group) => refusal::of(&no_such_group.into()),
            OperationError::Store(error) => Code::GroupInternal.internal(error),
        })
    }

    /// What a writing operation of the store is told.
    #[must_use]
    pub fn context(&self) -> Context {
        Context { app: self.app.id, now: self.now, unknown: self.unknown }
    }
}

/// A command of the API. Implemented by the type of its request, in the file named like the command.
///
/// Members that are missing take their default, so a request derives `Default` and `serde(default)`.
pub trait Command: DeserializeOwned + Default + Send + 'static {
    /// `service/command`, as in the URL.
    const PATH: &'static str;
    /// What the answer adds to the envelope.
    type Reply: Serialize;

    /// Checks the request and does it.
    fn run(self, call: &Call) -> impl Future<Output = Result<Self::Reply, Failure>> + Send;
}

/// The account in a member called `field`, if given. An account that is no string is 60015 [doc]; one that is no
/// account name is `illegal`.
///
/// # Errors
/// See above.
pub fn account(given: Field<String>, field: &str, illegal: Code) -> Result<Option<UserId>, Failure> {
    given.is_given().then(|| required_account(given, field, illegal)).transpose()
}

/// The account in a member called `field`, which must be there. One that is missing is `illegal` too.
///
/// # Errors
/// See above.
pub fn required_account(given: Field<String>, field: &str, illegal: Code) -> Result<UserId, Failure> {
    let code = if matches!(given, Field::WrongType(_)) { Code::AccountNotText } else { illegal };
    let name = given.required(field).map_err(|error| error.failure(code))?;
    UserId::parse(&name)
        .ok_or_else(|| illegal.because(format!("{field} is not 1 to 32 bytes of printable ASCII")))
}
