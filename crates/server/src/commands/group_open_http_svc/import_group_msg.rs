//! `group_open_http_svc/import_group_msg`: brings messages into a group, silently.
//!
//! Each message gets an answer; a bad one does not harm the others. Afterwards everybody has read everything. [doc]
//! A repeated call stores nothing twice, as far as its messages have a `Random`.
//!
//! [choice] Takes every type of element, though its page names four.
//! [choice] A call whose messages are all too long is 10020; one of several that is too long is 80002 in its row.
//! [choice] `RecentContactFlag` is taken and does nothing: there is no list of conversations in this version.

use super::{group_id, number_up_to, required_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::message_body::{BodyProblem, body};
use crate::commands::topic::topic_id;
use crate::given::{Given, Object};
use crate::reply::Failure;
use landfall_domain::ids::GroupId;
use landfall_domain::message::Conversation;
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage, MessageOutcome};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    topic_id: Given<String>,
    recent_contact_flag: Given<i128>,
    msg_list: Given<Vec<Given<Object<Asked>>>>,
}

/// A message as the request has it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Asked {
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    send_time: Given<i128>,
    random: Given<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Given<String>,
    /// Some clients name the topic here. [client]
    topic_id: Given<String>,
}

/// The reply: one row for each message, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    import_msg_result: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    msg_seq: u32,
    msg_time: u64,
    result: u32,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/import_group_msg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let import = self.check(call)?;
        let times: Vec<Timestamp> = import.messages.iter().map(|message| message.sent).collect();
        let outcomes = call.import(import).await?;
        Ok(Reply {
            import_msg_result: times
                .into_iter()
                .zip(outcomes)
                .map(|(sent, outcome)| row(sent, outcome))
                .collect(),
        })
    }
}

/// What was not stored has no number, and its own time. [choice]
fn row(asked: Timestamp, outcome: MessageOutcome) -> Row {
    let failed = |code: Code| Row { msg_seq: 0, msg_time: asked.0, result: code.number() };
    match outcome {
        MessageOutcome::Imported { seq, sent } => Row { msg_seq: seq, msg_time: sent.0, result: 0 },
        MessageOutcome::BadTime => failed(Code::GroupParameter),
        MessageOutcome::TooLong => failed(Code::MessageTooLong),
    }
}

impl Request {
    fn check(self, call: &Call) -> Result<ImportMessages, Failure> {
        let group = group_id(self.group_id)?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let flag = self.recent_contact_flag.optional("RecentContactFlag")?.unwrap_or_default();
        number_up_to(flag, "RecentContactFlag", 1)?;
        let list = self.msg_list.required("MsgList")?;
        let max = call.limits.messages.per_import;
        if max < list.len() {
            return Err(Code::GroupParameter
                .because(format!("MsgList has {} messages; at most {max} are allowed", list.len())));
        }
        let messages = list.into_iter().enumerate();
        let messages = messages
            .map(|(index, item)| message(item, index, &group, &conversation, call))
            .collect::<Result<Vec<_>, _>>()?;
        if messages.iter().all(|message| message.body.is_none()) {
            return Err(Code::ImportTooLong.because(format!(
                "every message is too long; MsgBody and CloudCustomData may have {} bytes",
                call.limits.messages.bytes
            )));
        }
        Ok(ImportMessages { group, messages })
    }
}

/// A message without what gives it a result of its own.
fn message(
    item: Given<Object<Asked>>,
    index: usize,
    group: &GroupId,
    conversation: &Conversation,
    call: &Call,
) -> Result<ImportedMessage, Failure> {
    let at = |field: &str| format!("MsgList[{index}].{field}");
    let asked = item.required(&format!("MsgList[{index}]"))?.0;
    let sender = required_account(asked.from_account, &at("From_Account"))?;
    let sent = number_up_to(asked.send_time.required(&at("SendTime"))?, &at("SendTime"), u32::MAX.into())?;
    let random = asked.random.optional(&at("Random"))?.unwrap_or_default();
    let random = number_up_to(random, &at("Random"), u32::MAX.into())?;
    let conversation = match topic_id(asked.topic_id, group)? {
        Some(topic) => Conversation::Topic(topic),
        None => conversation.clone(),
    };
    let body = match body(asked.msg_body, asked.cloud_custom_data, &call.limits.messages) {
        Ok(body) => Some(body),
        Err(BodyProblem::TooLong { .. }) => None,
        Err(problem @ (BodyProblem::NoList(_) | BodyProblem::Malformed(_))) => {
            return Err(Code::GroupParameter.because(at(&problem.to_string())));
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
