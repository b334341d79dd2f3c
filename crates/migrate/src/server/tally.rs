//! What became of the calls of a run.

use super::CallError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Calls of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// How many had which end: an `ErrorCode`, `unanswered` or `not_the_api`.
    pub by_code: BTreeMap<String, u64>,
    /// How often the pace was halved.
    pub slow_downs: u64,
}

#[derive(Default)]
pub(super) struct Tally(Mutex<BTreeMap<End, u64>>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Code(u64),
    Unanswered,
    NotTheApi,
}

impl Tally {
    pub(super) fn count<T>(&self, answer: &Result<T, CallError>) {
        let end = match answer {
            Ok(_) => End::Code(0),
            Err(CallError::Refused { code, .. } | CallError::Busy { code, .. }) => End::Code(*code),
            Err(CallError::NotTheApi { .. }) => End::NotTheApi,
            Err(CallError::Unanswered { .. }) => End::Unanswered,
            Err(CallError::GaveUp { .. } | CallError::Stopped(_)) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(end).or_default() += 1;
    }

    /// Whether the server has answered a call.
    pub(super) fn has_answers(&self) -> bool {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.keys().any(|end| matches!(end, End::Code(_)))
    }

    pub(super) fn calls(&self, slow_downs: u64) -> Calls {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = |end: &End| match end {
            End::Code(code) => code.to_string(),
            End::Unanswered => "unanswered".to_owned(),
            End::NotTheApi => "not_the_api".to_owned(),
        };
        Calls { by_code: counts.iter().map(|(end, count)| (name(end), *count)).collect(), slow_downs }
    }
}
