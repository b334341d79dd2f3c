//! `group_open_http_svc/delete_group_msg_by_sender`: recalls the latest messages of one account in a group.
//!
//! An account that wrote nothing or was never imported is no error; nor is a group that keeps no messages. [doc]

use super::{group_id, required_account};
use crate::call::{Call, Command};
use crate::commands::topic::topic_id;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::message::Conversation;
use landfall_domain::operations::delete_by_sender::DeleteBySender;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    #[serde(rename = "Sender_Account")]
    sender_account: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_group_msg_by_sender";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let sender = required_account(self.sender_account, "Sender_Account")?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let operator = call.caller.clone();
        call.change(DeleteBySender { group, conversation, sender, operator }).await?;
        Ok(Nothing {})
    }
}
