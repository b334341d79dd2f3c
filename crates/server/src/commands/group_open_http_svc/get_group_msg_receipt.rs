//! `group_open_http_svc/get_group_msg_receipt`: counts how many members have read a message, and how many have not.
//!
//! [choice] An invalid message number is 10004 in its row.

use super::group_id;
use super::receipt::{is_too_large, members, messages, messages_at_once, reader};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::message_seq::{SeqEntries, SeqInput};
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{PartFamily, PartRange};
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq_list: Field<Entries<Object<SeqInput>>>,
}

/// One row for each requested message, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_msg_receipt_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    msg_seq: i64,
    code: u32,
    read_num: usize,
    unread_num: usize,
}

impl Row {
    fn without(msg_seq: i64, code: Code) -> Self {
        Self { msg_seq, code: code.number(), read_num: 0, unread_num: 0 }
    }
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_msg_receipt";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let mut entries = SeqEntries::new(self.msg_seq_list, call.limits.messages.receipts_per_call)?;
        let numbers = std::mem::take(&mut entries.valid);
        let snapshot = messages(call, group.clone(), &numbers).await?;
        let illegal = Code::GroupParameter;
        if is_too_large(&snapshot.group, call) {
            let rows = entries.with(numbers).map(|(msg_seq, number)| {
                Row::without(msg_seq, number.map_or(illegal, |_| Code::TooLargeForReceipts))
            });
            return Ok(Reply { group_msg_receipt_list: rows.collect() });
        }
        let messages: Vec<&Message> = snapshot
            .messages_of(&Conversation::Group)
            .into_iter()
            .filter(|message| message.has_receipt())
            .collect();
        let counted = count(call, group, &messages).await?;
        let rows = entries.with(numbers).map(|(msg_seq, number)| {
            let Some(number) = number else { return Row::without(msg_seq, illegal) };
            match counted.get(&number) {
                Some((read_num, unread_num)) => {
                    Row { msg_seq, code: 0, read_num: *read_num, unread_num: *unread_num }
                }
                None => Row::without(msg_seq, Code::ReceiptMissing),
            }
        });
        Ok(Reply { group_msg_receipt_list: rows.collect() })
    }
}

/// For each message by number: how many members have read it, and how many have not.
async fn count(
    call: &Call,
    group: GroupId,
    messages: &[&Message],
) -> Result<BTreeMap<u32, (usize, usize)>, Failure> {
    let mut counted = BTreeMap::new();
    let limit = usize::try_from(call.limits.messages.receipt_members).unwrap_or(usize::MAX);
    let members = members(call, group.clone(), None, limit).await?.members;
    for some in messages.chunks(messages_at_once(call)) {
        let readers = some.iter().map(|message| PartRange {
            family: PartFamily::Readers(Conversation::Group, message.seq),
            after: None,
            // Only members of groups that are not larger than this confirm messages; some may have left since.
            limit,
        });
        let snapshot =
            call.snapshot(group.clone(), Needs { ranges: readers.collect(), ..Needs::default() }).await?;
        let mut by_message: BTreeMap<u32, BTreeSet<&UserId>> = BTreeMap::new();
        for (number, account) in snapshot.parts.keys().filter_map(reader) {
            by_message.entry(number).or_default().insert(account);
        }
        for message in some {
            let readers = by_message.remove(&message.seq).unwrap_or_default();
            let accounts = members.iter().map(|member| &member.account);
            counted.insert(message.seq, message.receipt(accounts, &readers));
        }
    }
    Ok(counted)
}
