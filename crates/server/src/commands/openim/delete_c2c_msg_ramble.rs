//! `openim/delete_c2c_msg_ramble`: deletes messages for one side of a conversation; the other keeps them.
//!
//! [choice] A key that is malformed is in `InvalidMsgKeyList`, and the other messages are deleted. A message that does not
//! exist is deleted already.

use super::message::{account, failure};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::items::{check_all, echoed};
use crate::reply::Failure;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::hide_messages::HideMessages;
use serde::{Deserialize, Serialize};

/// Messages in one call. [doc]
const MESSAGES_MAX: usize = 30;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Operator_Account")]
    operator_account: Field<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Field<String>,
    msg_key_list: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    invalid_msg_key_list: Vec<String>,
}

impl Command for Request {
    const PATH: &'static str = "openim/delete_c2c_msg_ramble";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = account(self.operator_account, "Operator_Account", Code::FromAccountIllegal)?;
        let peer = super::message::account(self.peer_account, "Peer_Account", Code::ToAccountIllegal)?;
        let (mut keys, mut invalid_msg_key_list) = (Vec::new(), Vec::new());
        for text in texts(self.msg_key_list)? {
            match MessageKey::parse(&text) {
                Some(key) => keys.push(key),
                None => invalid_msg_key_list.push(echoed(text)),
            }
        }
        let hidden = call.change_people(HideMessages { account, peer, keys }).await;
        hidden.map_err(|error| failure(error, |never| match never {}))?;
        Ok(Reply { invalid_msg_key_list })
    }
}

fn texts(given: Field<Vec<Field<String>>>) -> Result<Vec<String>, Failure> {
    const FIELD: &str = "MsgKeyList";
    let illegal = |error: FieldError| error.failure(Code::MsgKeyIllegal);
    let list = given.required(FIELD).map_err(illegal)?;
    if MESSAGES_MAX < list.len() {
        return Err(Code::MsgKeyIllegal
            .because(format!("{FIELD} names {} messages; at most {MESSAGES_MAX} are allowed", list.len())));
    }
    check_all(FIELD, list, |key, place| key.required(place).map_err(illegal))
}
