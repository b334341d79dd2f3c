//! Users of the console, as the server reads and adds them.

use super::password::{self, PasswordError};
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::Subject;
use landfall_domain::people::console::{
    CONSOLE_USERS_MAX, ConsoleName, ConsoleRole, ConsoleUser, INSTALLATION,
};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::console_users::{
    AddConsoleUser, ConsoleUserRefusal, all_users, users,
};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;

/// The name of the user that `quickstart` makes.
pub(crate) const FIRST: &str = "admin";

/// The context of what concerns the whole installation.
pub(crate) fn context(now: Timestamp) -> Context {
    Context { app: INSTALLATION, now, unknown: UnknownAccounts::Refuse }
}

/// All users, in the order of their names.
///
/// # Errors
/// The store failed.
pub(crate) async fn all(store: &dyn Store) -> Result<Vec<(ConsoleName, ConsoleUser)>, StoreError> {
    let found = store.people(INSTALLATION, all_users()).await?;
    Ok(users(&found).map(|(name, user)| (name.clone(), user.clone())).collect())
}

/// The user with this name.
///
/// # Errors
/// The store failed.
pub(crate) async fn find(store: &dyn Store, name: &ConsoleName) -> Result<Option<ConsoleUser>, StoreError> {
    let key = FactKey::ConsoleUser(name.clone());
    let needs = PeopleNeeds { facts: vec![(Subject::App, key.clone())], ..PeopleNeeds::default() };
    match store.people(INSTALLATION, needs).await?.facts.remove(&(Subject::App, key)) {
        Some(Fact::ConsoleUser(user)) => Ok(Some(user)),
        Some(_) | None => Ok(None),
    }
}

/// What is wrong, for people.
pub(crate) fn refusal(refusal: ConsoleUserRefusal, name: &ConsoleName) -> String {
    match refusal {
        ConsoleUserRefusal::Exists => format!("there is a user {name} already"),
        ConsoleUserRefusal::NoSuchUser => format!("there is no user {name}"),
        ConsoleUserRefusal::TooMany => {
            format!("there are {CONSOLE_USERS_MAX} users, as many as there may be; remove one first")
        }
    }
}

/// The reason why a first user was not made.
#[derive(Debug, thiserror::Error)]
pub enum FirstUserError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Makes the first user of a store that has none, an administrator. Answers whether it did.
///
/// # Errors
/// The store failed, or the password cannot be hashed.
pub(crate) async fn make_first(
    store: &dyn Store,
    password: String,
    now: Timestamp,
) -> Result<bool, FirstUserError> {
    let Some(name) = ConsoleName::parse(FIRST) else { return Ok(false) };
    if !all(store).await?.is_empty() {
        return Ok(false);
    }
    let hash = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    let password = hash.map_err(PasswordError::Thread)??;
    let add = AddConsoleUser { name, role: ConsoleRole::Administrator, password };
    match import_people(store, context(now), add).await {
        Ok(()) => Ok(true),
        // Another server was faster.
        Err(OperationError::Refused(_)) => Ok(false),
        Err(OperationError::Store(error)) => Err(error.into()),
    }
}
