//! `group_open_http_svc/import_group_msg`: imports messages into a group, silently.
//!
//! Each message gets an answer; an invalid one does not affect the others. Afterwards, every member has read everything. [doc]
//! A repeated call stores nothing twice, as far as its messages have a `Random`.
//!
//! [choice] Every type of element is accepted, though the page of the import names four.
//! [choice] A call whose messages are all too long is 10020; one of several that is too long is 80002 in its row.
//! [choice] A message for a missing topic is 110013 in its row; if all messages name missing topics, the call is refused with 110013.
//! [choice] `RecentContactFlag` is taken and does nothing: there is no list of conversations in this version.

use super::{align_outcomes, group_id, number_up_to, required_account};
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::message_body::{BodyProblem, body};
use crate::commands::message_seq::clamped;
use crate::commands::topic::topic_id;
use crate::field::{Entries, Field, Object};
use crate::items::check_each;
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::message::Conversation;
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage, MessageOutcome};
use landfall_domain::refusal::Refusal;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    recent_contact_flag: Field<i128>,
    msg_list: Field<Entries<Object<MessageInput>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct MessageInput {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    send_time: Field<i128>,
    random: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
    /// Some clients name the topic here. [client]
    topic_id: Field<String>,
}

/// One row for each message, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    import_msg_result: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    msg_seq: u32,
    msg_time: i64,
    result: u32,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_msg";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let Checked { group, times, messages } = self.check(call)?;
        let results: Vec<_> =
            messages.iter().map(|message| message.as_ref().err().map(|failure| failure.code)).collect();
        let messages = messages.into_iter().flatten().collect();
        let outcomes = call.import(ImportMessages { group, messages }).await?;
        let is_nowhere = |outcome: &MessageOutcome| *outcome == MessageOutcome::NoSuchTopic;
        if !outcomes.is_empty() && outcomes.len() == results.len() && outcomes.iter().all(is_nowhere) {
            return Err(Refusal::NoSuchTopic.into());
        }
        let outcomes = align_outcomes(results.iter().map(Option::is_none), outcomes);
        let rows = times.into_iter().zip(&results).zip(outcomes);
        let rows = rows.map(|((requested, refused), outcome)| {
            row(requested, outcome.ok_or(refused.unwrap_or(Code::GroupParameter)))
        });
        Ok(Reply { import_msg_result: rows.collect() })
    }
}

/// A message that was not stored has number 0 and the time it was sent with. [choice]
fn row(requested: i64, outcome: Result<MessageOutcome, Code>) -> Row {
    let failed = |code: Code| Row { msg_seq: 0, msg_time: requested, result: code.number() };
    match outcome {
        Ok(MessageOutcome::Imported { seq, sent }) => {
            Row { msg_seq: seq, msg_time: i64::try_from(sent.0).unwrap_or(i64::MAX), result: 0 }
        }
        Ok(MessageOutcome::BadTime) => failed(Code::GroupParameter),
        Ok(MessageOutcome::TooLong) => failed(Code::MessageTooLong),
        Ok(MessageOutcome::NoSuchTopic) => failed(Code::TopicIdIllegal),
        Err(code) => failed(code),
    }
}

struct Checked {
    group: GroupId,
    /// `SendTime` of each entry, as it was written.
    times: Vec<i64>,
    messages: Vec<Result<ImportedMessage, Failure>>,
}

impl Request {
    fn check(self, call: &SilentCall) -> Result<Checked, Failure> {
        let group = group_id(self.group_id)?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let flag = self.recent_contact_flag.optional("RecentContactFlag")?.unwrap_or_default();
        number_up_to(flag, "RecentContactFlag", 1)?;
        let Entries(list) = self.msg_list.required("MsgList")?;
        let max = call.limits.messages.per_import;
        if max < list.len() {
            return Err(Code::GroupParameter
                .because(format!("MsgList has {} messages; at most {max} are allowed", list.len())));
        }
        let written =
            list.iter().map(|entry| entry.written_member("SendTime", |requested| &requested.send_time));
        let times = written.map(clamped).collect();
        let messages = check_each("MsgList", list, |entry, place| {
            message(entry.required(place)?.0, place, &group, &conversation, call)
        })?;
        if messages.iter().all(|message| matches!(message, Ok(ImportedMessage { body: None, .. }))) {
            return Err(Code::ImportTooLong.because(format!(
                "every message is too long; MsgBody and CloudCustomData may have {} bytes",
                call.limits.messages.bytes
            )));
        }
        Ok(Checked { group, times, messages })
    }
}

/// The message at `place` of its list.
fn message(
    requested: MessageInput,
    place: &str,
    group: &GroupId,
    conversation: &Conversation,
    call: &SilentCall,
) -> Result<ImportedMessage, Failure> {
    let at = |field: &str| format!("{place}.{field}");
    let sender = required_account(requested.from_account, &at("From_Account"))?;
    let sent =
        number_up_to(requested.send_time.required(&at("SendTime"))?, &at("SendTime"), u32::MAX.into())?;
    let random = requested.random.optional(&at("Random"))?.unwrap_or_default();
    let random = number_up_to(random, &at("Random"), u32::MAX.into())?;
    let conversation = match topic_id(requested.topic_id, group)? {
        Some(topic) => Conversation::Topic(topic),
        None => conversation.clone(),
    };
    let body = match body(requested.msg_body, requested.cloud_custom_data, &call.limits.messages) {
        Ok(body) => Some(body),
        Err(BodyProblem::TooLong { .. }) => None,
        Err(problem @ (BodyProblem::NoList(_) | BodyProblem::Malformed { .. })) => {
            let failure = Failure::from(problem);
            return Err(Failure { text: at(&failure.text).into(), ..failure });
        }
    };
    Ok(ImportedMessage {
        conversation,
        sender,
        sent: Timestamp(sent),
        random: u32::try_from(random).unwrap_or(u32::MAX),
        body,
    })
}
