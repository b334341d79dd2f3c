//! `official_account_open_http_svc/send_official_account_msg`: sends a message to all subscribers of an official account. It
//! is kept once, whatever their number.
//!
//! The same message again within five minutes is answered like the first. [doc]
//!
//! [choice] What is the same has the same `Random`, `MsgBody` and `CloudCustomData`. A message that only connected
//! subscribers get has 0 in place of its number. `OfflinePushInfo` must be an object, is kept, and does nothing: this version
//! pushes nothing. A message that the app's webhook drops is answered like one without a number. Unknown words of `ForbidCallbackControl` and `SendMsgControl` do nothing.

use super::{flag, message_refused, sender_id};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::commands::group_open_http_svc::number_up_to;
use crate::commands::message_body::{body, changed};
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::reply::Failure;
use crate::webhook::before::{Question, Verdict};
use crate::webhook::sender::Answer;
use landfall_domain::element::JsonType;
use landfall_domain::people::official::BroadcastKey;
use landfall_domain::people::operations::send_official::SendOfficial;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `OfflinePushInfo`, bytes, as of other messages.
const PUSH_BYTES_MAX: usize = 8 * 1024;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Official_Account")]
    official_account: Field<String>,
    random: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
    online_only_flag: Field<i128>,
    send_msg_control: Field<Vec<Field<String>>>,
    forbid_callback_control: Field<Vec<Field<String>>>,
    offline_push_info: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    msg_time: u64,
    msg_key: String,
}

impl Reply {
    fn of(key: BroadcastKey) -> Self {
        Self { msg_time: key.sent.0, msg_key: key.to_string() }
    }
}

impl Command for Request {
    const PATH: &'static str = "official_account_open_http_svc/send_official_account_msg";
    type Reply = Reply;

    async fn run(mut self, call: &Call) -> Result<Reply, Failure> {
        let forbidden = words(std::mem::take(&mut self.forbid_callback_control), "ForbidCallbackControl")?;
        let is_forbidden = |word: &str| forbidden.iter().any(|given| given == word);
        let mut message = self.check(call)?;
        refuse_words_in(&message.body, call, Failure::from).await?;
        if !is_forbidden("ForbidBeforeSendMsgCallback") {
            let read = |answer: &Answer| changed(&message.body, answer, &call.limits.messages);
            match call.ask(Question::SendOfficial(&message), read).await? {
                Verdict::GoOn(changed) => message.body = changed.unwrap_or(message.body),
                Verdict::Drop => return Ok(Reply::of(dropped(call.now))),
            }
        }
        call.keep_files_in(message.body.texts()).await?;
        let sent = if is_forbidden("ForbidAfterSendMsgCallback") {
            call.change_people_without_webhook(message).await
        } else {
            call.change_people(message).await
        };
        Ok(Reply::of(sent.map_err(message_refused)?))
    }
}

/// The key that the answer names when the app's receiver drops a message.
fn dropped(sent: Timestamp) -> BroadcastKey {
    BroadcastKey { seq: 0, sent }
}

impl Request {
    fn check(self, call: &Call) -> Result<SendOfficial, Failure> {
        let official = sender_id(self.official_account)?;
        let random = number_up_to(self.random.required("Random")?, "Random", u32::MAX.into())?;
        let body = body(self.msg_body, self.cloud_custom_data, &call.limits.messages)?;
        let online_only = flag(self.online_only_flag, "OnlineOnlyFlag")?;
        let control = words(self.send_msg_control, "SendMsgControl")?;
        let not_last = control.iter().any(|word| word == "NoLastMsg");
        if online_only && not_last {
            return Err(Code::GroupParameter
                .because("SendMsgControl has NoLastMsg, which a message with OnlineOnlyFlag 1 cannot have"));
        }
        let push = push_info(self.offline_push_info)?;
        let random = u32::try_from(random).unwrap_or(u32::MAX);
        Ok(SendOfficial { official, random, body, push, online_only, not_last })
    }
}

fn words(given: Field<Vec<Field<String>>>, field: &str) -> Result<Vec<String>, Failure> {
    check_all(field, given.list(field)?, |word, place| Ok(word.optional(place)?.unwrap_or_default()))
}

fn push_info(given: Option<Box<RawValue>>) -> Result<Box<str>, Failure> {
    const FIELD: &str = "OfflinePushInfo";
    let Some(given) = given.filter(|given| !matches!(given.get(), "null" | "\"\"" | "{}" | "[]")) else {
        return Ok(Box::default());
    };
    let found = JsonType::of(given.get());
    if found != JsonType::Object {
        let (field, expected, found) = (FIELD.to_owned(), JsonType::Object.name(), found.name());
        return Err(FieldError::WrongType { field, expected, found }.into());
    }
    let got = given.get().len();
    if PUSH_BYTES_MAX < got {
        return Err(Code::GroupParameter
            .because(format!("{FIELD} is {got} bytes long; at most {PUSH_BYTES_MAX} are allowed")));
    }
    Ok(Box::<RawValue>::into(given))
}
