//! `group_open_http_svc/import_group_msg`: imports messages into a group, silently.
//!
//! Each message gets an answer; an invalid one does not affect the others. Afterwards, every member has read everything. [doc]
//! A repeated call stores nothing twice, as far as its messages have a `Random`.
//!
//! [choice] `ResultInfo` says why a message was not imported.
//! [choice] Every type of element is accepted, though the page of the import names four.
//! [choice] A call whose messages are all too long is 10020; one of several that is too long is 80002 in its row.
//! [choice] A message for a missing topic is 110013 in its row; if all messages name missing topics, the call is refused with 110013.
//! [choice] With `RecentContactFlag` 1 the messages move the group in the members' lists of conversations, as messages that
//! are sent do; without it the lists stay as they are, and the next message that is sent moves it. Nobody is notified.

use super::{group_id, number_up_to, required_account};
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::message_body::{BodyProblem, body};
use crate::commands::message_seq::clamped;
use crate::commands::topic::topic_id;
use crate::field::{Entries, Field, Object};
use crate::items::check_import;
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::message::{Body, Conversation};
use landfall_domain::operations::import_messages::{
    ImportMessages, ImportedMessage, MessageOutcome, MessageRefusal,
};
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
    /// Why it was not imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_msg";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let Checked { group, listed, times, messages: checked } = self.check(call)?;
        let mut messages = Vec::with_capacity(checked.len());
        let problems: Vec<_> =
            checked.into_iter().map(|message| message.map(|message| messages.push(message)).err()).collect();
        let bodies = messages.iter().filter_map(|message: &ImportedMessage| message.body.as_ref().ok());
        call.keep_files_in(bodies.flat_map(Body::texts)).await?;
        let outcomes = call.import(ImportMessages { group, messages, listed }).await?;
        let is_nowhere =
            |outcome: &MessageOutcome| *outcome == MessageOutcome::Refused(MessageRefusal::NoSuchTopic);
        if !outcomes.is_empty() && outcomes.len() == problems.len() && outcomes.iter().all(is_nowhere) {
            return Err(Refusal::NoSuchTopic.into());
        }
        let mut outcomes = outcomes.into_iter();
        let rows = times.into_iter().zip(problems).map(|(requested, problem)| match problem {
            Some(problem) => refused(requested, problem.code, &problem.text),
            None => outcomes.next().map_or_else(
                || refused(requested, Code::GroupInternal, "it has no result"),
                |outcome| row(requested, outcome),
            ),
        });
        Ok(Reply { import_msg_result: rows.collect() })
    }
}

fn row(requested: i64, outcome: MessageOutcome) -> Row {
    match outcome {
        MessageOutcome::Imported { seq, sent } => Row {
            msg_seq: seq,
            msg_time: i64::try_from(sent.0).unwrap_or(i64::MAX),
            result: 0,
            result_info: None,
        },
        MessageOutcome::Refused(refusal) => {
            let code = match refusal {
                MessageRefusal::SendTime(_) | MessageRefusal::BeforeNewest { .. } => Code::GroupParameter,
                MessageRefusal::TooLong(_) => Code::MessageTooLong,
                MessageRefusal::NoSuchTopic => Code::TopicIdIllegal,
            };
            refused(requested, code, &refusal.to_string())
        }
    }
}

/// A message that was not stored has number 0 and the time it was sent with. [choice]
fn refused(requested: i64, code: Code, why: &str) -> Row {
    // Not among the documented codes of a message.
    let code = if code == Code::AccountNotText { Code::GroupParameter } else { code };
    Row { msg_seq: 0, msg_time: requested, result: code.number(), result_info: Some(why.to_owned()) }
}

struct Checked {
    group: GroupId,
    listed: bool,
    /// `SendTime` of each entry, as it was written.
    times: Vec<i64>,
    messages: Vec<Result<ImportedMessage, Failure>>,
}

impl Request {
    fn check(self, call: &SilentCall) -> Result<Checked, Failure> {
        let group = group_id(self.group_id)?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let flag = self.recent_contact_flag.optional("RecentContactFlag")?.unwrap_or_default();
        let listed = number_up_to(flag, "RecentContactFlag", 1)? == 1;
        let Entries(list) = self.msg_list.required("MsgList")?;
        let max = call.limits.messages.per_import;
        if max < list.len() {
            return Err(Code::GroupParameter
                .because(format!("MsgList has {} messages; at most {max} are allowed", list.len())));
        }
        let written =
            list.iter().map(|entry| entry.written_member("SendTime", |requested| &requested.send_time));
        let times = written.map(clamped).collect();
        let messages = check_import("MsgList", list, |entry, place| {
            message(entry.required(place)?.0, place, &group, &conversation, call)
        })?;
        if messages.iter().all(|message| matches!(message, Ok(ImportedMessage { body: Err(_), .. }))) {
            return Err(Code::ImportTooLong.because(format!(
                "every message is too long; MsgBody and CloudCustomData may have {} bytes",
                call.limits.messages.bytes
            )));
        }
        Ok(Checked { group, listed, times, messages })
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
        Ok(body) => Ok(body),
        Err(BodyProblem::TooLong(problem)) => Err(problem),
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
