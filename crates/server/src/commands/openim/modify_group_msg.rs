//! `openim/modify_group_msg`: changes the content of a message of a group.
//!
//! [choice] The command is about a group, so its refusals have the codes of the group service: 10030 for a message that
//! is not there, 10032 for one that was recalled.

use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::commands::group_open_http_svc::group_id;
use crate::commands::message_body::body;
use crate::commands::message_seq::number;
use crate::commands::topic::topic_id;
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::message::Conversation;
use landfall_domain::operations::modify_message::ModifyMessage;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    msg_seq: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<Emptiable>,
}

impl Command for Request {
    const PATH: &'static str = "openim/modify_group_msg";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let seq = number(self.msg_seq)?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let limits = &call.limits.messages;
        // Missing custom data stays as it is; empty custom data removes it.
        let custom = self.cloud_custom_data.optional("CloudCustomData")?.map(|Emptiable(custom)| custom);
        let elements = match self.msg_body {
            None => None,
            given => {
                let custom = custom.clone().map_or(Field::Absent, Field::Value);
                let said = body(given, custom, limits)?;
                refuse_words_in(&said, call, Failure::from).await?;
                Some(said.elements)
            }
        };
        if elements.is_none() && custom.is_none() {
            return Err(Code::GroupParameter.because("MsgBody or CloudCustomData is required"));
        }
        let texts = [elements.as_deref().unwrap_or_default(), custom.as_deref().unwrap_or_default()];
        call.keep_files_in(texts).await?;
        let bytes_max = limits.bytes;
        let custom = custom.map(Into::into);
        call.change(ModifyMessage { group, conversation, seq, elements, custom, bytes_max }).await?;
        Ok(Nothing {})
    }
}
