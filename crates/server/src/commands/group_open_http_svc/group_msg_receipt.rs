//! `group_open_http_svc/group_msg_receipt`: marks messages as read by a member.
//!
//! Only messages that somebody else sent with `NeedReadReceipt` are confirmed; others are ignored.

use super::receipt::{is_too_large, members, messages_at_once};
use super::{group_id, required_account};
use crate::call::{Call, Command};
use crate::commands::message_seq::{SeqInput, numbers};
use crate::field::{Field, Object};
use crate::reply::{Failure, Nothing};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::operations::mark_read::MarkRead;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    msg_seq_list: Field<Vec<Field<Object<SeqInput>>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/group_msg_receipt";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let limits = call.limits.messages;
        let reader = required_account(self.from_account, "From_Account")?;
        let numbers = numbers(self.msg_seq_list, limits.receipts_per_call)?;
        let counted = counted(call, &group).await?;
        let at_once = if counted.is_empty() { numbers.len() } else { messages_at_once(call) };
        // A call of the documented size is one change; a larger one can be repeated when it fails midway.
        for numbers in numbers.chunks(at_once.max(1)) {
            let operation = MarkRead {
                group: group.clone(),
                reader: reader.clone(),
                numbers: numbers.to_vec(),
                members_max: limits.receipt_members,
                counted: counted.clone(),
            };
            call.change(operation).await?;
        }
        Ok(Nothing {})
    }
}

/// The members of the group, if somebody wants the number of readers. An account that joins between this read
/// and the change is not counted.
async fn counted(call: &Call, group: &GroupId) -> Result<Vec<UserId>, Failure> {
    if !call.counts_readers() {
        return Ok(Vec::new());
    }
    let limit = usize::try_from(call.limits.messages.receipt_members).unwrap_or(usize::MAX);
    let page = members(call, group.clone(), None, limit).await?;
    let is_counted = !is_too_large(&page.group, call);
    Ok(page.members.into_iter().filter(|_| is_counted).map(|member| member.account).collect())
}
