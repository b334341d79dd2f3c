//! The failures of a transaction, and what a caller may do about them.

use super::layout::{COPYING_ATTEMPTS, Layout};
use deadpool_postgres::PoolError;
use landfall_domain::error::StoreError;
use std::time::Duration;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a transaction did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The database said no, or is gone.
    #[error("{}", message(.0))]
    Database(tokio_postgres::Error),
    /// No connection was to be had.
    #[error("no connection to the database")]
    Connection(#[from] PoolError),
    /// A stored value cannot be one that this program wrote.
    #[error("a stored {0} cannot be read; it may be damaged")]
    Damaged(&'static str),
    /// It took too long.
    #[error("the database did not answer within {} ms", .0.as_millis())]
    Slow(Duration),
    /// It was kept, but not on every node.
    #[error("the change is kept, but a node of the cluster did not confirm it")]
    Unconfirmed,
    /// What it is about is on a node that does not answer.
    #[error("a node of the cluster that holds the rows does not answer")]
    Away,
    /// It panicked.
    #[error("the work broke off")]
    Panicked,
    /// The end of the transaction was not answered: it may have happened or not.
    #[error("the database did not say whether it kept the change")]
    Unknown(#[source] Box<Failure>),
}

/// Whether another attempt may succeed because there are several nodes.
fn passes_on_citus(code: &SqlState, attempt: usize) -> bool {
    // Class 08: the connection between two nodes had ended, perhaps long ago, and is now opened again.
    let lost = code.code().starts_with("08");
    // A row is there, or another was quicker; or a `COPY` was refused for another reason, for which Citus gives no code. The
    // last attempt writes row by row, and has the code.
    let refused = [SqlState::UNIQUE_VIOLATION, SqlState::INTERNAL_ERROR].contains(code);
    lost || (refused && attempt <= COPYING_ATTEMPTS)
}

/// Of statements that were sent together the failure of the one that failed first: those behind it fail because of it.
pub(super) fn first_failure<const N: usize>(results: [Result<(), Failure>; N]) -> Result<(), Failure> {
    let mut failures: Vec<Failure> = results.into_iter().filter_map(Result::err).collect();
    let first = failures.iter().position(|failure| !failure.has_code(&SqlState::IN_FAILED_SQL_TRANSACTION));
    if failures.is_empty() { Ok(()) } else { Err(failures.swap_remove(first.unwrap_or_default())) }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

/// The database's message, for the log. Without its details, which may hold contents of rows.
fn message(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        return format!("{error}{}", cause.unwrap_or_default());
    };
    let constraint = said.constraint().map(|name| format!(", constraint {name}"));
    format!("{} (SQLSTATE {}{})", said.message(), said.code().code(), constraint.unwrap_or_default())
}

impl Failure {
    /// The transaction did not happen, and another attempt may succeed at once.
    pub(super) fn passes(&self, layout: Layout, attempt: usize) -> bool {
        match self {
            Self::Database(error)
                if layout == Layout::Spread
                    && error.code().is_some_and(|code| passes_on_citus(code, attempt)) =>
            {
                true
            }
            Self::Database(error) => {
                const PASSING: [SqlState; 6] = [
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::T_R_DEADLOCK_DETECTED,
                    SqlState::ADMIN_SHUTDOWN,
                    SqlState::CRASH_SHUTDOWN,
                    SqlState::CANNOT_CONNECT_NOW,
                    SqlState::READ_ONLY_SQL_TRANSACTION,
                ];
                error.is_closed() || error.code().is_none_or(|code| PASSING.contains(code))
            }
            Self::Connection(_)
            | Self::Damaged(_)
            | Self::Slow(_)
            | Self::Unconfirmed
            | Self::Away
            | Self::Panicked
            | Self::Unknown(_) => false,
        }
    }

    /// A connection was lost, to the database or between two nodes of it: one of them may be in the middle of the transaction.
    pub(super) fn leaves_doubt(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("08"))
            }
            Self::Unknown(_) | Self::Slow(_) => true,
            Self::Connection(_) | Self::Damaged(_) | Self::Unconfirmed | Self::Away | Self::Panicked => false,
        }
    }

    /// The database refused a row: others of the same transaction may be fine.
    pub(super) fn blames_a_row(&self) -> bool {
        // Classes 22 and 23: data exception, integrity constraint violation. 54: a limit of the database. 25P02: a
        // statement that was sent together with this one failed before it. 55P03: a lock that perhaps only one caller needs.
        // 08: another node of a cluster is gone, which perhaps holds rows of one caller only.
        const BLAMING: [&str; 6] = ["08", "22", "23", "54", "25P02", "55P03"];
        let Self::Database(error) = self else { return false };
        error.code().is_some_and(|code| BLAMING.iter().any(|start| code.code().starts_with(start)))
    }

    /// The database said no, and goes on.
    pub(super) fn was_refused(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_db_error().and_then(DbError::parsed_severity) == Some(Severity::Error)
    }

    pub(super) fn has_code(&self, code: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(code))
    }

    pub(super) fn while_doing(self, doing: &str) -> StoreError {
        StoreError::failed(doing, &self)
    }
}
