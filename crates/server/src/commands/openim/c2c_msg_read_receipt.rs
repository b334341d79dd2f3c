//! `openim/c2c_msg_read_receipt`: an account confirms that it has read single messages of another.
//!
//! [choice] At most 30 messages in one call. All of them must exist, and be from `Peer_Account` to `Operator_Account`,
//! else nothing changes. A message that was confirmed already stays so, and causes no event.

use super::message::{account, failure, key_in, message_failure};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError, Object};
use crate::items::check_all;
use crate::reply::{Failure, Nothing};
use landfall_domain::ids::UserId;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::confirm_messages::ConfirmMessages;
use serde::Deserialize;

/// Messages in one call.
const MESSAGES_MAX: usize = 30;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Operator_Account")]
    operator_account: Field<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Field<String>,
    #[serde(rename = "C2CMsgInfo")]
    messages: Field<Vec<Field<Object<MessageInput>>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MessageInput {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_key: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "openim/c2c_msg_read_receipt";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let reader = account(self.operator_account, "Operator_Account", Code::FromAccountIllegal)?;
        let peer = account(self.peer_account, "Peer_Account", Code::ToAccountIllegal)?;
        let keys = keys(self.messages, &reader, &peer)?;
        let confirmed = call.change_people(ConfirmMessages { reader, peer, keys }).await;
        confirmed.map_err(|error| failure(error, message_failure))?;
        Ok(Nothing {})
    }
}

fn keys(
    given: Field<Vec<Field<Object<MessageInput>>>>,
    reader: &UserId,
    peer: &UserId,
) -> Result<Vec<MessageKey>, Failure> {
    const FIELD: &str = "C2CMsgInfo";
    let illegal = |error: FieldError| error.failure(Code::MessageIllegal);
    let list = given.required(FIELD).map_err(illegal)?;
    if MESSAGES_MAX < list.len() {
        return Err(Code::MessageIllegal
            .because(format!("{FIELD} names {} messages; at most {MESSAGES_MAX} are allowed", list.len())));
    }
    check_all(FIELD, list, |entry, place| {
        let MessageInput { from_account, to_account, msg_key } = entry.required(place).map_err(illegal)?.0;
        let at = |member: &str| format!("{place}.{member}");
        let from = account(from_account, &at("From_Account"), Code::FromAccountIllegal)?;
        let to = account(to_account, &at("To_Account"), Code::ToAccountIllegal)?;
        if from != *peer || to != *reader {
            let text = format!("{place} is not a message from Peer_Account to Operator_Account");
            return Err(Code::MessageIllegal.because(text));
        }
        key_in(msg_key, &at("MsgKey"))
    })
}
