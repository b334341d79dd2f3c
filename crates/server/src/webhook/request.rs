//! What an app's receiver is to be sent, as it is kept in the outbox: said once, when it happens.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Calls of the REST API, as `OptPlatform` names them. [doc]
pub(super) const REST_API: &str = "RESTAPI";

fn rest_api() -> Cow<'static, str> {
    Cow::Borrowed(REST_API)
}

/// An event as it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// Its name, such as `Group.CallbackAfterCreateGroup`.
    pub command: String,
    /// Where the call came from that caused it.
    pub client_ip: String,
    /// What kind of client caused it, such as `RESTAPI`.
    #[serde(default = "rest_api")]
    pub platform: Cow<'static, str>,
    /// The body of the request, a JSON object.
    pub body: Box<RawValue>,
}

/// A note that cannot be read: the store is damaged, or was written by something else.
#[derive(Debug, thiserror::Error)]
#[error("a note in the outbox cannot be read")]
pub struct UnreadableEntry(#[from] serde_json::Error);

impl WebhookRequest {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Texts and an object that is JSON already always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From its bytes.
    ///
    /// # Errors
    /// They are not those of a note.
    pub fn decode(bytes: &[u8]) -> Result<Self, UnreadableEntry> {
        Ok(serde_json::from_slice(bytes)?)
    }
}
