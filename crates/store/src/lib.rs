//! The stores of the group-chat server. The server sees only [`landfall_domain::store::Store`].
//!
//! A store never decides a rule and knows neither commands nor error codes.

pub mod embedded;
mod facts;
mod messages;
mod metrics;
mod parts;
pub mod postgres;
#[cfg(test)]
mod suite;
pub mod transfer;
mod unpoisoned;

pub use metrics::StoreMetrics;

use landfall_domain::error::{OperationError, StoreError};

/// What a rule said becomes the answer of an operation, unless the store failed.
fn refusable<T, R>(result: Result<Result<T, R>, StoreError>) -> Result<T, OperationError<R>> {
    result?.map_err(OperationError::Refused)
}
