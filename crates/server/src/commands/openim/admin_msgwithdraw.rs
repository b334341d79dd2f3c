//! `openim/admin_msgwithdraw`: recalls a message between two accounts. There is no time limit for an administrator [doc];
//! an account has some minutes.

use super::message::{failure, from_account, message_failure, message_key, to_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::recall_direct::RecallDirect;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_key: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "openim/admin_msgwithdraw";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let sender = from_account(self.from_account)?;
        let receiver = to_account(self.to_account)?;
        let key = message_key(self.msg_key)?;
        if let Some(seconds) = call.recall_seconds()
            && key.sent.0.saturating_add(seconds) < call.now.0
        {
            let text = format!("messages can be recalled for {seconds} seconds");
            return Err(Code::DirectRecallOver.because(text));
        }
        let operator = call.caller.clone();
        let recalled = call.change_people(RecallDirect { sender, receiver, key, operator }).await;
        recalled.map_err(|error| failure(error, message_failure))?;
        Ok(Nothing {})
    }
}
