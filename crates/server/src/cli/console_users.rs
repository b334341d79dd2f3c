//! `landfall console-user`: says who may sign in to the console, in the store itself.
//!
//! An embedded store belongs to one process, so no server may run on it meanwhile; beside one over PostgreSQL it works at any
//! time. What is done is written to the audit list.

use super::arguments::{ConsoleUserArguments, ConsoleUserWork};
use super::{Failure, load, print};
use crate::config::StoreUrl;
use crate::console::password::{self, PASSWORD_BYTES_MAX, PasswordError};
use crate::console::{audit_list, users};
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::console::{AuditOutcome, ConsoleName, ConsoleRole, PasswordHash};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::console_users::{
    AddConsoleUser, ChangeConsoleUser, ConsoleUserRefusal, RemoveConsoleUser,
};
use landfall_domain::store::Store;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_store::StoreMetrics;
use landfall_store::embedded::{self, Embedded};
use landfall_store::postgres::{self, Postgres};
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The reason why the users stay as they are.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsoleUserError {
    #[error("the store cannot be opened")]
    OpenEmbedded(#[from] embedded::OpenError),
    #[error("the store cannot be opened")]
    OpenPostgres(#[from] postgres::OpenError),
    #[error("the data directory {0} is in use by a server; stop it, or add users on its page /console/users")]
    InUse(String),
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("{0}")]
    Refused(String),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl ConsoleUserError {
    /// The exit code of the program.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Password(PasswordError::Length(_)) => 2,
            Self::OpenEmbedded(_)
            | Self::OpenPostgres(_)
            | Self::InUse(_)
            | Self::Input(_)
            | Self::Password(_)
            | Self::Refused(_)
            | Self::Store(_) => 1,
        }
    }
}

pub(super) fn perform(
    work: ConsoleUserWork,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let (ConsoleUserWork::Add { of, .. }
    | ConsoleUserWork::Password { of, .. }
    | ConsoleUserWork::List { of }
    | ConsoleUserWork::Remove { of, .. }) = &work;
    let ConsoleUserArguments { config } = of;
    let store = load(config.clone(), variables)?.store;
    let done = Runtime::new()?.block_on(async {
        let store = open(store).await?;
        let done = on(&*store, work).await;
        store.close().await;
        done
    });
    print(&done?)
}

async fn open(url: StoreUrl) -> Result<Box<dyn Store>, ConsoleUserError> {
    Ok(match url {
        StoreUrl::Embedded(directory) => Box::new(open_embedded(&directory)?),
        StoreUrl::Postgres(settings) => {
            Box::new(Postgres::open(*settings, StoreMetrics::default(), Arc::new(|_| {})).await?)
        }
    })
}

fn open_embedded(directory: &Path) -> Result<Embedded, ConsoleUserError> {
    Embedded::open(directory, StoreMetrics::default()).map_err(|error| {
        if let embedded::OpenError::Locked(directory) = error {
            ConsoleUserError::InUse(directory.display().to_string())
        } else {
            error.into()
        }
    })
}

/// Does it, and answers what is printed.
async fn on(store: &dyn Store, work: ConsoleUserWork) -> Result<String, ConsoleUserError> {
    match work {
        ConsoleUserWork::Add { name, role, of: _, password_stdin } => {
            let (made, password) = password(password_stdin)?;
            let what = format!("add a user ({})", role.word());
            noted(store, &what, &name, AddConsoleUser { name: name.clone(), role, password }).await?;
            Ok(format!("{name} may sign in to the console: {}\n{}", may(role), words(made)))
        }
        ConsoleUserWork::Password { name, of: _, password_stdin } => {
            let (made, password) = password(password_stdin)?;
            let operation = ChangeConsoleUser { name: name.clone(), role: None, password: Some(password) };
            noted(store, "give a user a new password", &name, operation).await?;
            Ok(format!("{name} has another password, and is signed in nowhere\n{}", words(made)))
        }
        ConsoleUserWork::List { of: _ } => {
            let users = users::all(store).await?;
            Ok(users.iter().map(|(name, user)| format!("{name}\t{}\n", user.role.word())).collect())
        }
        ConsoleUserWork::Remove { name, of: _ } => {
            noted(store, "remove a user", &name, RemoveConsoleUser(name.clone())).await?;
            Ok(format!("{name} may not sign in to the console any more\n"))
        }
    }
}

fn may(role: ConsoleRole) -> &'static str {
    match role {
        ConsoleRole::Viewer => "a viewer, who looks at everything and changes nothing",
        ConsoleRole::Administrator => "an administrator, who changes everything",
    }
}

fn words(made: Option<String>) -> String {
    made.map_or_else(String::new, |password| format!("password: {password}\nIt is kept nowhere else.\n"))
}

/// A password that is made, or the hash of the one on standard input.
fn password(from_input: bool) -> Result<(Option<String>, PasswordHash), ConsoleUserError> {
    if !from_input {
        let made = password::random().map_err(PasswordError::Random)?;
        let hash = password::hash(&made)?;
        return Ok((Some(made), hash));
    }
    let mut text = String::new();
    let max = u64::try_from(PASSWORD_BYTES_MAX + 3).unwrap_or(u64::MAX);
    io::stdin().lock().take(max).read_to_string(&mut text).map_err(ConsoleUserError::Input)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok((None, password::hash(line.strip_suffix('\r').unwrap_or(line))?))
}

/// Performs an operation, and writes it to the audit list.
async fn noted<O>(
    store: &dyn Store,
    what: &str,
    name: &ConsoleName,
    operation: O,
) -> Result<(), ConsoleUserError>
where
    O: PeopleImport<Answer = (), Refusal = ConsoleUserRefusal>,
{
    let now = SystemClock.now();
    let entry = audit_list::entry("command line", None, what, &format!("user {name}"), now);
    let number = audit_list::note(store, entry).await?;
    let done = match import_people(store, users::context(now), operation).await {
        Ok(()) => Ok(()),
        Err(OperationError::Refused(refusal)) => {
            Err(ConsoleUserError::Refused(users::refusal(refusal, name)))
        }
        Err(OperationError::Store(error)) => Err(ConsoleUserError::Store(error)),
    };
    let outcome = match &done {
        Ok(()) => AuditOutcome::Done,
        Err(error) => AuditOutcome::Failed(error.to_string()),
    };
    audit_list::finish(store, number, outcome, now).await?;
    done
}
