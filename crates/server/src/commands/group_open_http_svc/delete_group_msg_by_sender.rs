//! `group_open_http_svc/delete_group_msg_by_sender`: recalls what one account lately wrote in a group.
//!
//! An account that wrote nothing, or that nobody imported, is no error; nor is a group that keeps no messages. [doc]

use super::group_id;
use crate::call::{Call, Command, account};
use crate::code::Code;
use crate::commands::topic::topic_id;
use crate::given::{Given, Misfit};
use crate::reply::{Failure, Nothing};
use landfall_domain::message::Conversation;
use landfall_domain::operations::delete_by_sender::DeleteBySender;
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    topic_id: Given<String>,
    #[serde(rename = "Sender_Account")]
    sender_account: Given<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_group_msg_by_sender";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let sender = account(self.sender_account, "Sender_Account", Code::GroupParameter)?
            .ok_or_else(|| Misfit::Missing("Sender_Account".to_owned()))?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        call.change(DeleteBySender { group, conversation, sender }).await?;
        Ok(Nothing {})
    }
}
