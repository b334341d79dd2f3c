//! The answer of an operation, whose type is forgotten on the way through the store and known again afterwards.

use crate::error::{OperationError, StoreError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The guard of a lock, also when an earlier holder panicked: one panic must not fail every later call.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a rule leaves its answer.
pub(crate) struct AnswerSlot<Answer, Refusal>(Mutex<Option<Result<Answer, Refusal>>>);

impl<Answer, Refusal> AnswerSlot<Answer, Refusal> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Keeps the answer; only the last one counts.
    pub(crate) fn set(&self, answer: Result<Answer, Refusal>) {
        *lock(&self.0) = Some(answer);
    }

    /// The answer, once the store is done.
    pub(crate) fn take(&self) -> Result<Answer, OperationError<Refusal>> {
        match lock(&self.0).take() {
            Some(decided) => decided.map_err(OperationError::Refused),
            None => Err(StoreError::Failed("the store did not ask the rule".into()).into()),
        }
    }
}
