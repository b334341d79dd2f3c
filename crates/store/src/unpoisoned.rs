//! Locks whose earlier holder may have panicked.

use std::sync::PoisonError;

/// The guard of a lock, also when an earlier holder panicked: one panic must not fail every later call.
pub(crate) fn unpoisoned<Guard>(locked: Result<Guard, PoisonError<Guard>>) -> Guard {
    locked.unwrap_or_else(PoisonError::into_inner)
}
