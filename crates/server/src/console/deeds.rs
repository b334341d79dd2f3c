//! What the command line does with the users of the console, on a store that is open: in its own process, or in a server that
//! runs on an embedded store.

use super::{audit_list, users};
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::console::{AuditOutcome, ConsoleName, ConsoleRole, PasswordHash};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::console_users::{
    AddConsoleUser, ChangeConsoleUser, ConsoleUserRefusal, RemoveConsoleUser,
};
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is to be done. Passwords are hashes already.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Deed {
    Add { name: String, role: String, password: String },
    Password { name: String, password: String },
    List,
    Remove { name: String },
}

/// The reason why the users stay as they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeedError {
    #[error("{0}")]
    Refused(String),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

fn illegal(text: &str) -> DeedError {
    DeedError::Refused(text.to_owned())
}

fn named(name: &str) -> Result<ConsoleName, DeedError> {
    ConsoleName::parse(name).ok_or_else(|| illegal("the name is not that of a user"))
}

/// Does it, and answers what is printed.
///
/// # Errors
/// It was refused, or the store failed.
pub(crate) async fn perform(store: &dyn Store, deed: Deed, now: Timestamp) -> Result<String, DeedError> {
    match deed {
        Deed::Add { name, role, password } => {
            let name = named(&name)?;
            let role = ConsoleRole::parse(&role).ok_or_else(|| illegal("there is no such role"))?;
            let add = AddConsoleUser { name: name.clone(), role, password: PasswordHash(password) };
            noted(store, &format!("add a user ({})", role.word()), &name, add, now).await?;
            Ok(format!("{name} may sign in to the console as {}\n", described(role)))
        }
        Deed::Password { name, password } => {
            let name = named(&name)?;
            let password = Some(PasswordHash(password));
            let change = ChangeConsoleUser { name: name.clone(), role: None, password };
            noted(store, "give a user a new password", &name, change, now).await?;
            Ok(format!("{name} has another password, and is signed in nowhere\n"))
        }
        Deed::List => {
            let users = users::all(store).await?;
            Ok(users.iter().map(|(name, user)| format!("{name}\t{}\n", user.role.word())).collect())
        }
        Deed::Remove { name } => {
            let name = named(&name)?;
            noted(store, "remove a user", &name, RemoveConsoleUser(name.clone()), now).await?;
            Ok(format!("{name} may not sign in to the console any more\n"))
        }
    }
}

fn described(role: ConsoleRole) -> &'static str {
    match role {
        ConsoleRole::Viewer => "a viewer: to look at everything, and change nothing",
        ConsoleRole::Administrator => "an administrator: to change everything",
    }
}

/// Performs an operation, and writes it to the audit list.
async fn noted<O>(
    store: &dyn Store,
    what: &str,
    name: &ConsoleName,
    operation: O,
    now: Timestamp,
) -> Result<(), DeedError>
where
    O: PeopleImport<Answer = (), Refusal = ConsoleUserRefusal>,
{
    let entry = audit_list::entry("command line", None, what, &format!("user {name}"), now);
    let number = audit_list::note(store, entry).await?;
    let done = match import_people(store, users::context(now), operation).await {
        Ok(()) => Ok(()),
        Err(OperationError::Refused(refusal)) => Err(DeedError::Refused(users::refusal(refusal, name))),
        Err(OperationError::Store(error)) => Err(DeedError::Store(error)),
    };
    let outcome = match &done {
        Ok(()) => AuditOutcome::Done,
        Err(error) => AuditOutcome::Failed(error.to_string()),
    };
    audit_list::finish(store, number, outcome, now).await?;
    done
}
