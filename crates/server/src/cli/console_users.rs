//! `landfall console-user`: changes the users of the console, in the store itself.
//!
//! An embedded store belongs to one process: where a server has it open, that server is asked to do it. What is done is written
//! to the audit list.

use super::arguments::{ConsoleUserArguments, ConsoleUserWork};
use super::{Failure, load, print};
use crate::config::StoreUrl;
use crate::console::deeds::{self, Deed, DeedError};
use crate::console::local;
use crate::console::password::{self, PASSWORD_BYTES_MAX, PasswordError};
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
    #[error(
        "the data directory {0} is in use by a program that does not answer in console.sock; stop it first"
    )]
    InUse(String, #[source] io::Error),
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Deed(#[from] DeedError),
}

impl ConsoleUserError {
    /// The exit code of the program.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Password(PasswordError::Length(_)) => 2,
            Self::OpenEmbedded(_)
            | Self::OpenPostgres(_)
            | Self::InUse(..)
            | Self::Input(_)
            | Self::Password(_)
            | Self::Refused(_)
            | Self::Deed(_) => 1,
        }
    }
}

pub(super) fn perform(
    work: ConsoleUserWork,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let (deed, of, made) = deed(work)?;
    let ConsoleUserArguments { config } = of;
    let store = load(config, variables)?.store;
    let said = Runtime::new()?.block_on(on(store, deed))?;
    let made =
        made.map_or_else(String::new, |password| format!("password: {password}\nIt is kept nowhere else.\n"));
    print(&format!("{said}{made}"))
}

/// What is to be done, whose users they are, and the password that was made for it.
fn deed(work: ConsoleUserWork) -> Result<(Deed, ConsoleUserArguments, Option<String>), ConsoleUserError> {
    Ok(match work {
        ConsoleUserWork::Add { name, role, of, password_stdin } => {
            let (made, password) = password(password_stdin)?;
            (Deed::Add { name: name.to_string(), role: role.word().to_owned(), password }, of, made)
        }
        ConsoleUserWork::Password { name, of, password_stdin } => {
            let (made, password) = password(password_stdin)?;
            (Deed::Password { name: name.to_string(), password }, of, made)
        }
        ConsoleUserWork::List { of } => (Deed::List, of, None),
        ConsoleUserWork::Remove { name, of } => (Deed::Remove { name: name.to_string() }, of, None),
    })
}

async fn on(url: StoreUrl, deed: Deed) -> Result<String, ConsoleUserError> {
    let store: Box<dyn Store> = match url {
        StoreUrl::Embedded(directory) => match Embedded::open(&directory, StoreMetrics::default()) {
            Ok(store) => Box::new(store),
            Err(embedded::OpenError::Locked(_)) => return ask(&directory, &deed).await,
            Err(error) => return Err(error.into()),
        },
        StoreUrl::Postgres(settings) => {
            Box::new(Postgres::open(*settings, StoreMetrics::default(), Arc::new(|_| {})).await?)
        }
    };
    let done = deeds::perform(&*store, deed, SystemClock.now()).await;
    store.close().await;
    Ok(done?)
}

/// Asks the server that has the store open.
async fn ask(directory: &Path, deed: &Deed) -> Result<String, ConsoleUserError> {
    match local::ask(directory, deed).await {
        Ok(answer) => answer.map_err(ConsoleUserError::Refused),
        Err(cause) => Err(ConsoleUserError::InUse(directory.display().to_string(), cause)),
    }
}

/// A password that is made, if it is, and the hash of it or of the one on standard input.
fn password(from_input: bool) -> Result<(Option<String>, String), ConsoleUserError> {
    if !from_input {
        let made = password::random().map_err(PasswordError::Random)?;
        let hash = password::hash(&made)?;
        return Ok((Some(made), hash.0));
    }
    let mut text = String::new();
    let max = u64::try_from(PASSWORD_BYTES_MAX + 3).unwrap_or(u64::MAX);
    io::stdin().lock().take(max).read_to_string(&mut text).map_err(ConsoleUserError::Input)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok((None, password::hash(line.strip_suffix('\r').unwrap_or(line))?.0))
}
