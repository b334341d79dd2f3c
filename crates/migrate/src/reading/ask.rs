//! One call that changes nothing, made again while the server cannot answer it.

use super::{ANSWER_TOO_LONG, Reading};
use crate::server::CallError;
use serde::de::DeserializeOwned;
use serde_json::Value;

impl Reading<'_> {
    /// Makes a call and takes what is wanted from its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, command: &str, body: &Value) -> Result<T, CallError> {
        let answer = self.server.ask(command, body).await?;
        serde_json::from_value(answer)
            .map_err(|_| CallError::NotTheApi { command: command.to_owned(), status: 200 })
    }
}

/// Whether a smaller page would have been answered.
pub(super) fn is_too_long(error: &CallError) -> bool {
    error.refusal().is_some_and(|(code, _)| code == ANSWER_TOO_LONG)
}
