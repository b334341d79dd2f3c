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

/// The code and text of a refusal that is about one group or topic; `None` where other groups would be refused as well.
#[must_use]
pub fn group_refusal(error: &CallError) -> Option<(u64, String)> {
    let (code, info) = error.refusal()?;
    let is_about_group = matches!(code, 10_001..=11_999 | 110_000..=119_999);
    is_about_group.then(|| (code, format!("the server answers {code}: {info}")))
}

/// Whether a smaller page would have been answered.
pub(super) fn is_too_long(error: &CallError) -> bool {
    error.refusal().is_some_and(|(code, _)| code == ANSWER_TOO_LONG)
}
