//! `official_account_open_http_svc/official_account_msg_get_simple`: reads messages of an official account, the newest first.
//!
//! [choice] A page has up to 20 messages, also where more are asked for. `LastMsgKey` of the answer is that of the last
//! message that was read; one that cannot be is 10004. Recalled messages come with `WithRecalledMsg` 1 only.

use super::filter::Infos;
use super::{flag, message_refused, sender_id};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::files::signing::FileSigner;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::message::{Content, MessageState};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::official::{BroadcastKey, OfficialRefusal, broadcasts};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Messages on a page. [client]
const PAGE: usize = 20;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    last_msg_key: Field<String>,
    req_msg_number: Field<i128>,
    with_recalled_msg: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    #[serde(rename = "Official_Account")]
    official_account: String,
    is_finished: u8,
    last_msg_key: String,
    rsp_msg_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "From_Account")]
    from_account: String,
    is_place_msg: u8,
    /// Empty when the message was recalled.
    msg_body: Box<RawValue>,
    msg_random: u32,
    msg_seq: u32,
    msg_key: String,
    msg_time_stamp: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: Box<str>,
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/official_account_msg_get_simple";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let official = sender_id(self.official_account)?;
        let number = self.req_msg_number.optional("ReqMsgNumber")?.unwrap_or(PAGE as i128);
        if number < 1 {
            return Err(
                Code::GroupParameter.because(format!("ReqMsgNumber is {number}; it must be at least 1"))
            );
        }
        let limit = usize::try_from(number).unwrap_or(usize::MAX).min(PAGE);
        let before = before(self.last_msg_key)?;
        let with_recalled = flag(self.with_recalled_msg, "WithRecalledMsg")?;
        let infos = Infos::read(call, std::slice::from_ref(&official)).await?;
        if infos.official(&official).is_none() {
            return Err(message_refused(OperationError::Refused(OfficialRefusal::NoSuchOfficial)));
        }
        let pair = broadcasts(&official);
        let range = DirectRange::Between {
            pair: pair.clone(),
            from: MessageKey::default(),
            to: before,
            // One more, to see whether there is a next page.
            limit: limit + 1,
        };
        let found = call.people(PeopleNeeds { messages: vec![range], ..PeopleNeeds::default() }).await?;
        let mut messages: Vec<_> = found.messages_of(&pair).collect();
        messages.sort_by_key(|message| std::cmp::Reverse(message.key));
        let is_finished = u8::from(messages.len() <= limit);
        messages.truncate(limit);
        let last_msg_key =
            messages.last().map_or_else(String::new, |message| BroadcastKey::of(message).to_string());
        let shown = messages.into_iter();
        let shown = shown.filter(|message| with_recalled || message.state != MessageState::Recalled);
        let rows: Result<Vec<_>, _> = shown.map(|message| row(message, &call.files)).collect();
        Ok(Reply {
            official_account: official.to_string(),
            is_finished,
            last_msg_key,
            rsp_msg_list: rows.map_err(|error| Code::GroupInternal.internal(error))?,
        })
    }
}

/// The first key that is left out.
fn before(given: Field<String>) -> Result<MessageKey, Failure> {
    let Some(text) = given.optional("LastMsgKey")? else {
        return Ok(MessageKey::first_of(Timestamp(u64::from(u32::MAX))));
    };
    let key = BroadcastKey::parse(&text)
        .ok_or_else(|| Code::GroupParameter.because("LastMsgKey is not of the form MsgSeq_1_MsgTime"))?;
    Ok(MessageKey { sent: key.sent, number: key.seq, random: 0 })
}

fn row(message: &DirectMessage, files: &FileSigner) -> Result<Row, serde_json::Error> {
    let (elements, custom) = match &message.content {
        Content::Sent(body) => (files.signed(&body.elements).into_owned(), body.custom.clone()),
        Content::Tip(_) | Content::Gone(_) => ("[]".to_owned(), Box::default()),
    };
    Ok(Row {
        from_account: message.sender.to_string(),
        is_place_msg: match message.state {
            MessageState::Kept => 0,
            MessageState::Deleted => 1,
            MessageState::Recalled => 2,
        },
        msg_body: RawValue::from_string(elements)?,
        msg_random: message.key.random,
        msg_seq: message.seq,
        msg_key: BroadcastKey::of(message).to_string(),
        msg_time_stamp: message.key.sent.0,
        cloud_custom_data: custom,
    })
}
