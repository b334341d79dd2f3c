//! The service of message extensions.
//!
//! [choice] Extensions of one message may be changed as often as the command may be called; the 200 changes a minute
//! that the documentation allows (23003) are not counted.

mod change;
pub mod get_key_values;
pub mod group_get_key_values;
pub mod group_set_key_values;
mod page;
pub mod set_key_values;

use crate::call::Call;
use crate::code::Code;
use crate::commands::openim::message::{self, message_key, to_account};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::extend_direct::ExtendRefusal;
use page::ExtensionPage;
use serde::Serialize;

/// An extension in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExtensionRow {
    key: String,
    value: String,
    seq: u32,
}

/// A message between two accounts.
struct DirectKey {
    sender: UserId,
    receiver: UserId,
    key: MessageKey,
}

impl DirectKey {
    /// The sender is the caller where none is named.
    fn read(
        from: Field<String>,
        to: Field<String>,
        key: Field<String>,
        call: &Call,
    ) -> Result<Self, Failure> {
        let sender = if from.is_given() { message::from_account(from)? } else { call.caller.clone() };
        Ok(Self { sender, receiver: to_account(to)?, key: message_key(key)? })
    }
}

/// Why the extensions of a message between two accounts are neither changed nor shown.
fn refused(refusal: ExtendRefusal) -> Failure {
    match refusal {
        ExtendRefusal::Message(refusal) => message::message_failure(refusal),
        ExtendRefusal::NotExtensible => {
            Code::ExtensionsUnsupported.because("the message was sent without SupportMessageExtension")
        }
        ExtendRefusal::TooMany(max) => {
            Code::MessageIllegal.because(format!("a message has at most {max} extensions"))
        }
    }
}
