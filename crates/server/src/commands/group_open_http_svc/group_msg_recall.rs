//! `group_open_http_svc/group_msg_recall`: recalls messages, with a result for each.
//!
//! An administrator may recall however old a message is (10031 is for clients), and there is no switch (10041).
//! [choice] An invalid message number is 10004 in its row.
//! [choice] In groups that keep no messages, each message gets 10033.

use super::group_id;
use super::profile::text;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::message_seq::{SeqEntries, SeqInput};
use crate::commands::topic::topic_id;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::message::{Conversation, Recall};
use landfall_domain::operations::recall_messages::{RecallMessages, RecallOutcome};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    msg_seq_list: Field<Entries<Object<SeqInput>>>,
    reason: Field<String>,
}

/// One row for each requested message, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    recall_ret_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    msg_seq: i64,
    ret_code: u32,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/group_msg_recall";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let mut entries = SeqEntries::new(self.msg_seq_list, call.limits.messages.recalled_per_call)?;
        let numbers = std::mem::take(&mut entries.valid);
        let reason = text(self.reason, "Reason", call.limits.messages.recall_reason)?.into_string().into();
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let recall = Recall { operator: call.caller.clone(), reason };
        let outcomes = call.change(RecallMessages { group, conversation, numbers, recall }).await?;
        let rows = entries.with(outcomes).map(|(msg_seq, outcome)| {
            let ret_code = outcome.map_or(Code::GroupParameter.number(), ret_code);
            Row { msg_seq, ret_code }
        });
        Ok(Reply { recall_ret_list: rows.collect() })
    }
}

fn ret_code(outcome: RecallOutcome) -> u32 {
    let code = match outcome {
        RecallOutcome::Recalled => return 0,
        RecallOutcome::Missing => Code::MessageMissing,
        RecallOutcome::NotRecallable => Code::MessageNotRecallable,
        RecallOutcome::TypeForbids => Code::GroupWithoutRecall,
    };
    code.number()
}
