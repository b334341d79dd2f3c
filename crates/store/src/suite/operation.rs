//! Writing operations and their answers as values, for cases that choose, mix or repeat them.

use super::answered;
use super::direct::{self, DirectAction};
use super::people_script::{PeopleAction, PeopleScript};
use super::subscribers::every_event;
use async_trait::async_trait;
use landfall_domain::account::AccountImport;
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::operation::{GroupImport, GroupOperation, import, perform as change};
use landfall_domain::people::operation::{PeopleImport, PeopleOperation, import_people, perform_people};
use landfall_domain::refusal::Refusal;
use landfall_domain::store::Store;
use landfall_domain::subscribers::Subscribers;
use std::fmt::Debug;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    ImportGroup(NewGroup),
    CreateGroup(NewGroup),
    ImportMembers(GroupId, Vec<NewMember>),
    DestroyGroup(GroupId),
    ImportAccounts(Vec<AccountImport>),
    DeleteAccounts(Vec<UserId>),
    Kick(UserId),
    Change(Change),
    People(PeopleAction),
    ChangePeople(PeopleChange),
    Direct(DirectAction),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Group(Result<GroupId, NewGroupRefusal>),
    Members(Result<Vec<MemberOutcome>, ImportMembersRefusal>),
    Destroyed(Result<(), NoSuchGroup>),
    Imported,
    Deleted(Vec<bool>),
    Kicked(Result<(), NoSuchAccount>),
    /// The answer as text.
    Changed(Result<String, Refusal>),
    People(Result<String, ()>),
    /// The answer or refusal as text.
    ChangedPeople(Result<String, String>),
    Direct(Result<String, String>),
}

/// Any operation on one group.
#[derive(Clone, Debug)]
pub(crate) struct Change(Arc<dyn AnyChange>);

impl Change {
    pub(crate) fn new(operation: impl GroupOperation<Answer: Debug> + Clone + Debug) -> Self {
        Self(Arc::new(operation))
    }

    pub(crate) fn import(import: impl GroupImport<Answer: Debug> + Clone + Debug) -> Self {
        Self(Arc::new(Import(import)))
    }

    /// Performs it for `actor`; the answer as text.
    pub(crate) async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
        actor: Actor,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<Result<String, Refusal>, StoreError> {
        self.0.perform(store, context, actor, subscribers).await
    }
}

#[derive(Debug)]
struct Import<I>(I);

/// Any operation on people.
#[derive(Clone, Debug)]
pub(crate) struct PeopleChange(Arc<dyn AnyPeopleChange>);

impl PeopleChange {
    pub(crate) fn new(
        operation: impl PeopleOperation<Answer: Debug, Refusal: Debug> + Clone + Debug,
    ) -> Self {
        Self(Arc::new(operation))
    }

    pub(crate) fn import(import: impl PeopleImport<Answer: Debug, Refusal: Debug> + Clone + Debug) -> Self {
        Self(Arc::new(Import(import)))
    }
}

#[async_trait]
trait AnyPeopleChange: Debug + Send + Sync {
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
    ) -> Result<Result<String, String>, StoreError>;
}

/// Answer and refusal as text.
fn texts<T: Debug, R: Debug>(
    result: Result<T, OperationError<R>>,
) -> Result<Result<String, String>, StoreError> {
    let result = answered(result)?;
    Ok(result.map(|answer| format!("{answer:?}")).map_err(|refusal| format!("{refusal:?}")))
}

#[async_trait]
impl<O: PeopleOperation<Answer: Debug, Refusal: Debug> + Clone + Debug> AnyPeopleChange for O {
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
    ) -> Result<Result<String, String>, StoreError> {
        texts(perform_people(store, context, self.clone(), every_event()).await)
    }
}

#[async_trait]
impl<I: PeopleImport<Answer: Debug, Refusal: Debug> + Clone + Debug> AnyPeopleChange for Import<I> {
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
    ) -> Result<Result<String, String>, StoreError> {
        texts(import_people(store, context, self.0.clone()).await)
    }
}

#[async_trait]
trait AnyChange: Debug + Send + Sync {
    /// An import is performed for nobody, and has no subscribers.
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
        actor: Actor,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<Result<String, Refusal>, StoreError>;
}

#[async_trait]
impl<O: GroupOperation<Answer: Debug> + Clone + Debug> AnyChange for O {
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
        actor: Actor,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<Result<String, Refusal>, StoreError> {
        let answer = answered(change(store, context, actor, self.clone(), subscribers).await)?;
        Ok(answer.map(|answer| format!("{answer:?}")))
    }
}

#[async_trait]
impl<I: GroupImport<Answer: Debug> + Clone + Debug> AnyChange for Import<I> {
    async fn perform(
        &self,
        store: &dyn Store,
        context: Context,
        _: Actor,
        _: Arc<dyn Subscribers>,
    ) -> Result<Result<String, Refusal>, StoreError> {
        let answer = answered(import(store, context, self.0.clone()).await)?;
        Ok(answer.map(|answer| format!("{answer:?}")))
    }
}

pub(crate) async fn perform(
    store: &dyn Store,
    context: Context,
    operation: Operation,
) -> Result<Answer, StoreError> {
    Ok(match operation {
        Operation::ImportGroup(import) => Answer::Group(answered(store.import_group(context, import).await)?),
        Operation::CreateGroup(new) => {
            Answer::Group(answered(store.create_group(context, new, every_event()).await)?)
        }
        Operation::ImportMembers(group, members) => {
            Answer::Members(answered(store.import_members(context, group, members).await)?)
        }
        Operation::DestroyGroup(group) => {
            Answer::Destroyed(answered(store.destroy_group(context, group, every_event()).await)?)
        }
        Operation::ImportAccounts(accounts) => {
            store.import_accounts(context, accounts).await?;
            Answer::Imported
        }
        Operation::DeleteAccounts(ids) => Answer::Deleted(store.delete_accounts(context, ids).await?),
        Operation::Change(change) => {
            Answer::Changed(change.perform(store, context, Actor::App, every_event()).await?)
        }
        Operation::People(action) => {
            let script = PeopleScript { action };
            Answer::People(answered(perform_people(store, context, script, every_event()).await)?)
        }
        Operation::ChangePeople(PeopleChange(change)) => {
            Answer::ChangedPeople(change.perform(store, context).await?)
        }
        Operation::Direct(action) => Answer::Direct(direct::perform(store, context, action).await?),
        Operation::Kick(account) => Answer::Kicked(answered(store.kick(context, account).await)?),
    })
}
