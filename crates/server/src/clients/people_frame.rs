//! A frame that is about people, on its way to the servers where they are connected.

use super::frame::Sender;
use serde::{Deserialize, Serialize};

/// A frame to all devices of some accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleFrame {
    pub(crate) to: Vec<String>,
    /// JSON.
    pub(crate) text: String,
    /// The name of the pair and the place of a message that its history stores.
    pub(crate) direct: Option<(String, u32)>,
    /// Who sent it with which random number, where it is a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sender: Option<Sender>,
    /// An official account whose subscribers get it, in place of `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subscribers_of: Option<String>,
}

impl PeopleFrame {
    /// A frame to accounts that no history stores.
    pub(crate) fn to(to: Vec<String>, text: String) -> Self {
        Self { to, text, direct: None, sender: None, subscribers_of: None }
    }
}
