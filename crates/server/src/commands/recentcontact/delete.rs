//! `recentcontact/delete`: takes a conversation off the list of an account, until the next message.
//!
//! [choice] Its unread messages count as read, and it is no longer pinned. `ClearRamble` clears the history of one-to-one
//! conversations only: a group has one history for all. A conversation that never was is deleted already.

use super::{chat, from_account, internal, unknown_owner};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::people::fact::Chat;
use landfall_domain::people::operations::delete_chat::{DeleteChat, NoSuchOwner};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "Type")]
    kind: Field<i128>,
    /// The same, as one client writes it. [client]
    #[serde(rename = "type")]
    lower_kind: Field<i128>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    #[serde(rename = "ToGroupid")]
    to_group: Field<String>,
    /// The same, as other commands write it.
    #[serde(rename = "ToGroupId")]
    to_group_id: Field<String>,
    group_id: Field<String>,
    clear_ramble: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/delete";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = from_account(self.from_account)?;
        let group = self.to_group.or(self.to_group_id).or(self.group_id);
        let chat = chat(self.kind.or(self.lower_kind), self.to_account, group)?;
        let clear = clears(self.clear_ramble)?;
        let last_seq = match &chat {
            Chat::Direct(_) => 0,
            Chat::Group(id) => {
                let found = call.groups(vec![id.clone()]).await.map_err(internal)?;
                let group = found.into_iter().flatten().next();
                group.ok_or_else(|| Code::ChatParameter.because("there is no such group"))?.log.last_seq()
            }
        };
        let deleted = call.change_people(DeleteChat { account, chat, clear, last_seq }).await;
        deleted.map_err(|error| match error {
            OperationError::Refused(NoSuchOwner) => unknown_owner(),
            OperationError::Store(error) => internal(error),
        })?;
        Ok(Nothing {})
    }
}

fn clears(given: Field<i128>) -> Result<bool, Failure> {
    let illegal = Code::ChatParameter;
    match given.optional("ClearRamble").map_err(|error| error.failure(illegal))? {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(number) => Err(illegal.because(format!("ClearRamble is {number}; 0 and 1 are allowed"))),
    }
}
