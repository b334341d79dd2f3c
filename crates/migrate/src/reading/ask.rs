//! One call that changes nothing, made again while the server cannot answer it.

use super::{ANSWER_TOO_LONG, Reading};
use crate::server::{CallError, Server};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// How often a call is made before its failure is reported: with the pauses, about a minute.
const ATTEMPTS_MAX: u32 = 12;
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

impl Reading<'_> {
    /// Makes a call and takes what is wanted from its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, command: &str, body: &Value) -> Result<T, CallError> {
        let _turn = self.calls.acquire().await;
        let answer = call(self.server, command, body).await?;
        serde_json::from_value(answer)
            .map_err(|_| CallError::NotTheApi { command: command.to_owned(), status: 200 })
    }
}

async fn call(server: &Server, command: &str, body: &Value) -> Result<Value, CallError> {
    let mut pause = PAUSE_MIN;
    for _ in 1..ATTEMPTS_MAX {
        match server.call(command, body).await {
            Err(error) if passes(&error) => tokio::time::sleep(pause).await,
            answered => return answered,
        }
        pause = PAUSE_MAX.min(pause * 2);
    }
    server.call(command, body).await
}

/// Whether the same call may be answered in a moment.
fn passes(error: &CallError) -> bool {
    match error {
        CallError::Busy { .. } | CallError::Unanswered { .. } => true,
        CallError::NotTheApi { status, .. } => 500 <= *status,
        CallError::Refused { .. } => false,
    }
}

/// Whether a smaller page would have been answered.
pub(super) fn is_too_long(error: &CallError) -> bool {
    matches!(error, CallError::Refused { code: ANSWER_TOO_LONG, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_asked_again() {
        let command = || "s/c".to_owned();
        let refused = |code| CallError::Refused {
            command: command(),
            code,
            info: String::new(),
            reply: Box::default(),
        };
        assert!(passes(&CallError::Busy { command: command(), code: 60_007, info: String::new() }));
        assert!(passes(&CallError::NotTheApi { command: command(), status: 502 }));
        assert!(!passes(&CallError::NotTheApi { command: command(), status: 200 }));
        assert!(!passes(&refused(10_018)));
        assert!(is_too_long(&refused(10_018)));
        assert!(!is_too_long(&refused(10_010)));
    }
}
