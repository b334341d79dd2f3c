//! `group_open_http_svc/get_group_msg_receipt_detail`: lists the members that have read a message, or those
//! that have not, page by page, sorted by account.

use super::get_group_member_info::{page_start, page_token};
use super::receipt::{is_too_large, members, messages, reader};
use super::{group_id, number_up_to};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::message_seq::number;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
    filter: Field<i128>,
    cursor: Field<String>,
    count: Field<i128>,
}

/// The documented sample and table name the end differently; both names are sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    msg_seq: u32,
    /// Where the next page starts; empty at the end.
    cursor: String,
    is_finish: u8,
    is_finished: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_list: Option<Vec<ReadRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_list: Option<Vec<UnreadRow>>,
}

#[derive(Debug, Serialize)]
struct ReadRow {
    #[serde(rename = "Read_Account")]
    account: String,
}

#[derive(Debug, Serialize)]
struct UnreadRow {
    #[serde(rename = "Unread_Account")]
    account: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_msg_receipt_detail";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let number = number(self.msg_seq)?;
        let readers = number_up_to(self.filter.required("Filter")?, "Filter", 1)? == 0;
        let after = self.cursor.optional("Cursor")?.map(|token| page_start(&token, "Cursor")).transpose()?;
        let after = after.flatten();
        let page_max = call.limits.messages.readers_per_page;
        let count =
            number_up_to(self.count.optional("Count")?.unwrap_or_default(), "Count", page_max as u64)?;
        // A page whose size the caller leaves open is as large as it may be. [choice]
        let count = usize::try_from(count).ok().filter(|count| *count != 0).unwrap_or(page_max);
        let snapshot = messages(call, group.clone(), &[number]).await?;
        if is_too_large(&snapshot.group, call) {
            return Err(Code::TooLargeForReceipts.because("the group is too large for read receipts"));
        }
        let message =
            snapshot.messages_of(&Conversation::Group).into_iter().find(|message| message.has_receipt());
        let Some(message) = message else {
            return Err(Code::ReceiptMissing.because("the message has no read receipts, or does not exist"));
        };
        // One more than the page shows whether it is the last.
        let mut accounts = if readers {
            read(call, group, number, after, count + 1).await?
        } else {
            unread(call, group, message, after, count + 1).await?
        };
        let more = count < accounts.len();
        accounts.truncate(count);
        let cursor = accounts.last().filter(|_| more).map(page_token).unwrap_or_default();
        let names = accounts.into_iter().map(|account| account.as_str().to_owned());
        let (read_list, unread_list) = if readers {
            (Some(names.map(|account| ReadRow { account }).collect()), None)
        } else {
            (None, Some(names.map(|account| UnreadRow { account }).collect()))
        };
        let is_finish = u8::from(!more);
        Ok(Reply { msg_seq: number, cursor, is_finish, is_finished: is_finish, read_list, unread_list })
    }
}

/// Up to `limit` members that have read a message.
async fn read(
    call: &Call,
    group: GroupId,
    number: u32,
    mut after: Option<UserId>,
    limit: usize,
) -> Result<Vec<UserId>, Failure> {
    let mut found = Vec::new();
    // Another round only when readers have left since.
    loop {
        let range = PartRange {
            family: PartFamily::Readers(Conversation::Group, number),
            after: after.map(|account| PartKey::Reader(Conversation::Group, number, account)),
            limit,
        };
        let snapshot =
            call.snapshot(group.clone(), Needs { ranges: vec![range], ..Needs::default() }).await?;
        let readers: Vec<UserId> =
            snapshot.parts.keys().filter_map(reader).map(|(_, account)| account.clone()).collect();
        let more = readers.len() == limit;
        after = readers.last().cloned();
        let snapshot = call.snapshot(group.clone(), Needs { members: readers, ..Needs::default() }).await?;
        found.extend(snapshot.members.into_keys());
        found.truncate(limit);
        if found.len() == limit || !more {
            return Ok(found);
        }
    }
}

/// Up to `limit` members that should confirm `message` and have not.
async fn unread(
    call: &Call,
    group: GroupId,
    message: &Message,
    mut after: Option<UserId>,
    limit: usize,
) -> Result<Vec<UserId>, Failure> {
    let mut found = Vec::new();
    // At most as many rounds as the group has pages of members; it is small enough for receipts.
    loop {
        let page = members(call, group.clone(), after.take(), call.limits.messages.readers_per_page).await?;
        after = page.members.last().map(|member| member.account.clone());
        let requested: Vec<UserId> = page
            .members
            .into_iter()
            .map(|member| member.account)
            .filter(|account| message.is_confirmed_by(account))
            .collect();
        let part = |account: &UserId| PartKey::Reader(Conversation::Group, message.seq, account.clone());
        let parts = requested.iter().map(part).collect();
        let snapshot = call.snapshot(group.clone(), Needs { parts, ..Needs::default() }).await?;
        found.extend(requested.into_iter().filter(|account| !snapshot.parts.contains_key(&part(account))));
        found.truncate(limit);
        if found.len() == limit || !page.more {
            return Ok(found);
        }
    }
}
