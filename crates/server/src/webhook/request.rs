//! A request to an app's receiver, as the outbox stores it: written once, with the change.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Calls of the REST API, as `OptPlatform` names them. [doc]
pub(super) const REST_API: &str = "RESTAPI";

fn rest_api() -> Cow<'static, str> {
    Cow::Borrowed(REST_API)
}

/// Everything but the signature, which depends on the time of sending.
#[derive(Debug, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// Its name, such as `Group.CallbackAfterCreateGroup`.
    pub command: String,
    /// The address of the client that caused it.
    pub client_ip: String,
    /// What kind of client caused it, such as `RESTAPI`.
    #[serde(default = "rest_api")]
    pub platform: Cow<'static, str>,
    /// The body of the request, a JSON object.
    pub body: Box<RawValue>,
}

/// An outbox entry cannot be read: the store is damaged, or another program wrote it.
#[derive(Debug, thiserror::Error)]
#[error("an entry of the outbox cannot be read")]
pub struct UnreadableEntry(#[from] serde_json::Error);

impl WebhookRequest {
    /// As the outbox stores it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Texts and an object that is JSON already always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From its bytes.
    ///
    /// # Errors
    /// The bytes are not an outbox entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, UnreadableEntry> {
        Ok(serde_json::from_slice(bytes)?)
    }
}
