//! `group_open_http_svc/send_group_msg`: sends a message to a group or topic.
//!
//! The same message again within five minutes answers with the number and time of the first. [doc]
//!
//! [choice] A message over the frequency of its group is dropped, which the answer says; it is never 10023.
//! [choice] `NeedReadReceipt` refuses nothing: that a group is too large for receipts shows when they are requested.
//! [choice] `OfflinePushInfo` is checked to be an object and does nothing: this version pushes nothing. Unknown words of
//! `ForbidCallbackControl` forbid nothing.
//! [choice] A message that the app's webhook drops is answered like one that was sent, without a number.
//! [choice] Accounts that a message is for or mentions are not looked up: accounts that are no members change nothing.

use super::{group_id, number_up_to, operator, required_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::commands::message_body::{body, changed};
use crate::commands::topic::topic_id;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use crate::webhook::before::{self, Question, Verdict};
use crate::webhook::body::EXCEPTION;
use crate::webhook::sender::Answer;
use landfall_domain::ids::UserId;
use landfall_domain::message::{At, Body, Conversation, Priority};
use landfall_domain::operations::send_message::{SendMessage, Sent};
use landfall_domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    random: Field<i128>,
    msg_priority: Field<String>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
    online_only_flag: Field<i128>,
    msg_online_only_flag: Field<i128>,
    send_msg_control: Field<Vec<Field<String>>>,
    forbid_callback_control: Field<Vec<Field<String>>>,
    support_message_extension: Field<i128>,
    need_read_receipt: Field<i128>,
    #[serde(rename = "To_Account")]
    to_account: Field<Vec<Field<String>>>,
    group_at_info: Field<Vec<Field<Object<AtInput>>>>,
    offline_push_info: Field<Object<IgnoredObject>>,
}

/// A mention.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AtInput {
    group_at_all_flag: Field<i128>,
    #[serde(rename = "GroupAt_Account")]
    group_at_account: Field<String>,
}

/// An object whose members are ignored.
#[derive(Deserialize, Default)]
pub struct IgnoredObject {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    msg_time: u64,
    /// 0 when the message has no number.
    msg_seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_drop_reason: Option<&'static str>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/send_group_msg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let (mut message, control) = self.check(call)?;
        refuse_words_in(&message.body, call, Failure::from).await?;
        check_mute(&message, call).await?;
        // Clients cannot switch off what the app wants to know.
        let control = if call.is_for_account() { CallbackControl::default() } else { control };
        if !control.skip_before
            && let Some(kind) = call.type_if_asking(before::SEND, &message.group).await?
        {
            let read = |answer: &Answer| changed(&message.body, answer, &call.limits.messages);
            match call.ask(Question::Send { message: &message, kind }, read).await? {
                Verdict::GoOn(changed) => message.body = changed.unwrap_or(message.body),
                Verdict::Drop => {
                    return Ok(Reply { msg_time: call.now.0, msg_seq: 0, msg_drop_reason: None });
                }
            }
        }
        if !call.admit_message(&message) {
            return Ok(Reply { msg_time: call.now.0, msg_seq: 0, msg_drop_reason: Some("MsgFreqCtrl") });
        }
        call.keep_files_in(message.body.texts()).await?;
        let excepted = call.wants_event(EXCEPTION).then(|| message.clone());
        let sent = if control.skip_after {
            call.change_without_webhook(message).await
        } else {
            call.change(message).await
        };
        if let (Err(failure), Some(message)) = (&sent, excepted) {
            call.report_exception(&message, failure).await?;
        }
        let Sent { seq, sent } = sent?;
        Ok(Reply { msg_time: sent.0, msg_seq: seq, msg_drop_reason: None })
    }
}

/// Refuses a sender that may not send to any group, before the app's webhook is asked. [doc]
async fn check_mute(message: &SendMessage, call: &Call) -> Result<(), Failure> {
    if message.by_administrator || !call.mute_of(&message.sender).await?.forbids_groups(call.now) {
        return Ok(());
    }
    let muted = Failure::from(Refusal::Muted);
    if call.wants_event(EXCEPTION) {
        call.report_exception(message, &muted).await?;
    }
    Err(muted)
}

impl Request {
    fn check(self, call: &Call) -> Result<(SendMessage, CallbackControl), Failure> {
        let limits = &call.limits.messages;
        let group = group_id(self.group_id)?;
        let random = number_up_to(self.random.required("Random")?, "Random", u32::MAX.into())?;
        let body = body(self.msg_body, self.cloud_custom_data, limits)?;
        let sender = operator(self.from_account, call)?;
        let priority = priority(self.msg_priority)?;
        let online_only = flag(self.online_only_flag.or(self.msg_online_only_flag), "OnlineOnlyFlag")?;
        let control = control(self.send_msg_control)?;
        let callbacks = callback_control(self.forbid_callback_control)?;
        let extensible = flag(self.support_message_extension, "SupportMessageExtension")?;
        let receipt = flag(self.need_read_receipt, "NeedReadReceipt")?;
        let to = receivers(self.to_account, limits.directed_to)?;
        let at = pointed_at(self.group_at_info, limits.at)?;
        self.offline_push_info.optional("OfflinePushInfo")?;
        let conversation = Conversation::of(topic_id(self.topic_id, &group)?);
        let message = SendMessage {
            group,
            conversation,
            by_administrator: call.has_admin(sender.as_str()),
            sender,
            random: u32::try_from(random).unwrap_or(u32::MAX),
            priority,
            body: Body { receipt, extensible, no_unread: control.no_unread, at, to, ..body },
            online_only,
            not_last: control.not_last,
        };
        Ok((message, callbacks))
    }
}

fn flag(given: Field<i128>, field: &str) -> Result<bool, Failure> {
    Ok(number_up_to(given.optional(field)?.unwrap_or_default(), field, 1)? == 1)
}

fn priority(given: Field<String>) -> Result<Priority, Failure> {
    given.optional("MsgPriority")?.map_or(Ok(Priority::default()), |word| {
        Priority::parse(&word).ok_or_else(|| {
            Code::GroupParameter.because(format!("MsgPriority is {word:?}, not High, Normal, Low or Lowest"))
        })
    })
}

/// Callbacks of the app's receiver that a message goes without.
#[derive(Default)]
struct CallbackControl {
    /// The question before it is sent.
    skip_before: bool,
    /// The event after it was sent.
    skip_after: bool,
}

fn callback_control(given: Field<Vec<Field<String>>>) -> Result<CallbackControl, Failure> {
    let mut control = CallbackControl::default();
    let list = given.list("ForbidCallbackControl")?;
    check_all("ForbidCallbackControl", list, |word, place| {
        match word.optional(place)?.as_deref() {
            Some("ForbidBeforeSendMsgCallback") => control.skip_before = true,
            Some("ForbidAfterSendMsgCallback") => control.skip_after = true,
            Some(_) | None => {}
        }
        Ok(())
    })?;
    Ok(control)
}

#[derive(Default)]
struct Control {
    no_unread: bool,
    not_last: bool,
}

fn control(given: Field<Vec<Field<String>>>) -> Result<Control, Failure> {
    let mut control = Control::default();
    check_all("SendMsgControl", given.list("SendMsgControl")?, |word, place| {
        match word.required(place)?.as_str() {
            "NoUnread" => control.no_unread = true,
            "NoLastMsg" => control.not_last = true,
            // Only clients act on it.
            "WithMuteNotifications" => {}
            word => {
                return Err(Code::GroupParameter.because(format!(
                    "{place} is {word:?}, not NoUnread, NoLastMsg or WithMuteNotifications"
                )));
            }
        }
        Ok(())
    })?;
    Ok(control)
}

fn receivers(given: Field<Vec<Field<String>>>, max: usize) -> Result<Vec<UserId>, Failure> {
    let list = given.list("To_Account")?;
    if max < list.len() {
        return Err(Code::GroupParameter
            .because(format!("To_Account names {} accounts; at most {max} are allowed", list.len())));
    }
    check_all("To_Account", list, required_account)
}

fn pointed_at(given: Field<Vec<Field<Object<AtInput>>>>, max: usize) -> Result<At, Failure> {
    let list = given.list("GroupAtInfo")?;
    if max < list.len() {
        return Err(Code::TooManyAt
            .because(format!("GroupAtInfo points at {} members; at most {max} are allowed", list.len())));
    }
    let mut at = At::default();
    check_all("GroupAtInfo", list, |entry, place| {
        let requested = entry.required(place)?.0;
        if flag(requested.group_at_all_flag, &format!("{place}.GroupAtAllFlag"))? {
            at.everybody = true;
        } else {
            at.accounts
                .push(required_account(requested.group_at_account, &format!("{place}.GroupAt_Account"))?);
        }
        Ok(())
    })?;
    Ok(at)
}
