//! `official_account_open_http_svc/official_account_msg_recall`: recalls messages of an official account, with a result for
//! each, however old they are.
//!
//! [choice] A `MsgKey` that cannot be is 10030 in its row, and a message that was recalled before is 10032.

use super::{message_refused, sender_id, too_many};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::limits::Span;
use landfall_domain::people::official::BroadcastKey;
use landfall_domain::people::operations::recall_direct::DirectRefusal;
use landfall_domain::people::operations::recall_official::RecallOfficial;
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};

/// Messages in one call. [doc]
const KEYS_MAX: usize = 10;
/// `Reason`, bytes. [doc]
const REASON: Span = Span::up_to(100);

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    msg_key_list: Field<Entries<String>>,
    /// Checked and ignored: no notice carries it.
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
    msg_key: String,
    ret_code: u32,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/official_account_msg_recall";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let official = sender_id(self.official_account)?;
        let Entries(list) = self.msg_key_list.required("MsgKeyList")?;
        too_many("MsgKeyList", list.len(), KEYS_MAX, Code::GroupParameter)?;
        let written: Vec<_> = list.iter().map(Field::written).map(echoed).collect();
        let keys = check_each("MsgKeyList", list, |key, place| {
            let key = key.required(place)?;
            BroadcastKey::parse(&key)
                .ok_or_else(|| Code::MessageMissing.because("no message has this MsgKey"))
        })?;
        let reason = self.reason.optional("Reason")?.unwrap_or_default();
        Text::parse(reason, REASON)
            .map_err(|problem| Code::GroupParameter.because(format!("Reason {problem}")))?;
        let valid = keys.iter().filter_map(|key| key.as_ref().ok().copied()).collect();
        let recalled = call.change_people(RecallOfficial { official, keys: valid }).await;
        let mut outcomes = recalled.map_err(message_refused)?.into_iter();
        let rows = written.into_iter().zip(keys).map(|(msg_key, key)| {
            let ret_code = match key {
                Ok(_) => outcomes.next().map_or(Code::MessageMissing.number(), ret_code),
                Err(failure) => failure.number(),
            };
            Row { msg_key, ret_code }
        });
        Ok(Reply { recall_ret_list: rows.collect() })
    }
}

fn ret_code(outcome: Result<(), DirectRefusal>) -> u32 {
    match outcome {
        Ok(()) => 0,
        Err(DirectRefusal::NoSuchMessage) => Code::MessageMissing.number(),
        Err(DirectRefusal::Recalled) => Code::MessageNotRecallable.number(),
    }
}
