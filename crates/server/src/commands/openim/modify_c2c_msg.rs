//! `openim/modify_c2c_msg`: changes what a message between two accounts says.
//!
//! [choice] A message that does not exist is 20022, and one that was recalled 20023, as of `admin_msgwithdraw`. There is no
//! 20028: changes of one message follow each other.

use super::message::{body, failure, from_account, internal, message_failure, message_key, to_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::modify_direct::{ModifyDirect, ModifyRefusal};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_key: Field<String>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<Emptiable>,
}

impl Command for Request {
    const PATH: &'static str = "openim/modify_c2c_msg";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let sender = from_account(self.from_account)?;
        let receiver = to_account(self.to_account)?;
        let key = message_key(self.msg_key)?;
        let limits = &call.limits.messages;
        // Missing custom data stays as it is; empty custom data removes it.
        let custom = self.cloud_custom_data.optional("CloudCustomData");
        let custom = custom.map_err(|error| error.failure(Code::MessageIllegal))?;
        let custom = custom.map(|Emptiable(custom)| custom);
        let elements = match self.msg_body {
            None => None,
            given => {
                let custom = custom.clone().map_or(Field::Absent, Field::Value);
                let said = body(given, custom, limits)?;
                refuse_words_in(&said, call, internal).await?;
                Some(said.elements)
            }
        };
        if elements.is_none() && custom.is_none() {
            return Err(Code::MessageIllegal.because("MsgBody or CloudCustomData is required"));
        }
        let texts = [elements.as_deref().unwrap_or_default(), custom.as_deref().unwrap_or_default()];
        call.keep_files_in(texts).await.map_err(internal)?;
        let (custom, bytes_max) = (custom.map(Into::into), limits.bytes);
        let change = ModifyDirect { sender, receiver, key, elements, custom, bytes_max };
        call.change_people(change).await.map_err(|error| failure(error, refused))?;
        Ok(Nothing {})
    }
}

fn refused(refusal: ModifyRefusal) -> Failure {
    match refusal {
        ModifyRefusal::Message(refusal) => message_failure(refusal),
        ModifyRefusal::TooLong(length) => Code::DirectTooLong.because(length.to_string()),
    }
}
