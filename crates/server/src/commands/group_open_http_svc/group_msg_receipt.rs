//! `group_open_http_svc/group_msg_receipt`: reports for a member that it has read messages.
//!
//! Only messages that were sent with `NeedReadReceipt` by somebody else are confirmed; the others are passed over.

use super::{group_id, required_account};
use crate::call::{Call, Command};
use crate::commands::message_seq::{Item, numbers};
use crate::given::{Given, Object};
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::mark_read::MarkRead;
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    msg_seq_list: Given<Vec<Given<Object<Item>>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/group_msg_receipt";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let limits = call.limits.messages;
        let reader = required_account(self.from_account, "From_Account")?;
        let numbers = numbers(self.msg_seq_list, limits.receipts_per_call)?;
        call.change(MarkRead { group, reader, numbers, members_max: limits.receipt_members }).await?;
        Ok(Nothing {})
    }
}
