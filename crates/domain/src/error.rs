//! Errors of the operations of a store.

use std::sync::Arc;

/// The store failed. Whether the operation took effect is unknown; the caller may repeat it, and a repeat of an operation
/// that did take effect changes nothing. Only a group whose id the store generates may be created twice.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// More calls wait than the store takes.
    #[error("the store's queue is full")]
    Busy,
    /// Writing or reading failed; the text is for the log.
    #[error("{0}")]
    Failed(Arc<str>),
}

impl StoreError {
    /// A failure with the chain of its causes.
    pub fn failed(doing: &str, cause: &dyn std::error::Error) -> Self {
        Self::Failed(format!("{doing}: {}", with_causes(cause)).into())
    }
}

/// An error and the chain of its causes, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(cause) = inner {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        inner = cause.source();
    }
    text
}

/// An operation was refused by a rule, or the store failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OperationError<Refusal> {
    /// A rule said no; nothing was changed.
    #[error("{0}")]
    Refused(Refusal),
    /// The store failed; whether anything has changed is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// No such group, or it was dissolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the group does not exist")]
pub struct NoSuchGroup;

/// No such account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account does not exist")]
pub struct NoSuchAccount;
