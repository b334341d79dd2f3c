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
        if matches!(error, DatabaseError::DatabaseAlreadyOpen) {
            return Self::InUse(path.to_owned());
        }
        if matches!(error, DatabaseError::RepairAborted | DatabaseError::Storage(StorageError::Corrupted(_)))
        {
            return Self::Damaged(path.to_owned());
        }
        let of_another_kind = if let DatabaseError::Storage(StorageError::Io(cause)) = &error {
            cause.kind() == io::ErrorKind::InvalidData
        } else {
            matches!(error, DatabaseError::UpgradeRequired(_))
        };
        if of_another_kind { Self::NotAJournal(path.to_owned()) } else { error.into() }
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
