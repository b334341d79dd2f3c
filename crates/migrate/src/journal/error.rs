//! Why a journal cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{0} is no journal of an import; name another file for it")]
    NotAJournal(PathBuf),
    #[error("the journal {0} is damaged; remove it, and the import asks the server what it has")]
    Damaged(PathBuf),
    #[error("the journal {0} is in use by another import")]
    InUse(PathBuf),
    /// Its receipts say nothing about this server.
    #[error("the journal {path} belongs to app {app} of {server}; name another file for this one")]
    OtherServer { path: PathBuf, server: String, app: String },
    #[error("the journal cannot be read or written")]
    Failed(#[source] Box<redb::Error>),
    /// Writing failed before.
    #[error("the journal cannot be written: {0}")]
    Write(String),
}

impl JournalError {
    pub(super) fn opening(path: &Path, error: redb::DatabaseError) -> Self {
        use redb::{DatabaseError, StorageError};
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse(path.to_owned()),
            DatabaseError::UpgradeRequired(_) => Self::NotAJournal(path.to_owned()),
            DatabaseError::Storage(StorageError::Io(cause)) if cause.kind() == io::ErrorKind::InvalidData => {
                Self::NotAJournal(path.to_owned())
            }
            DatabaseError::RepairAborted | DatabaseError::Storage(StorageError::Corrupted(_)) => {
                Self::Damaged(path.to_owned())
            }
            error => error.into(),
        }
    }
}

/// The engine has an error type for each kind of its calls.
macro_rules! from_engine {
    ($($error:ty),*) => {
        $(impl From<$error> for JournalError {
            fn from(error: $error) -> Self {
                Self::Failed(Box::new(error.into()))
            }
        })*
    };
}

from_engine!(
    redb::CommitError,
    redb::DatabaseError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);
