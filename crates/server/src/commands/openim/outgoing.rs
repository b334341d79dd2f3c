//! The members that describe a message to be sent, to one account or to several.
//!
//! [choice] A message that is to be kept for some time is kept like any other: the days that the server keeps messages
//! decide. Only `MsgLifeTime` 0 differs, which means `OnlineOnlyFlag` 1. More than 7 days are taken as 7; what is negative
//! is 90026.
//! [choice] `SyncOtherMachine` 0 means the same as none, for clients that write every member.
//! [choice] `OfflinePushInfo` must be an object with a `PushFlag` of 0 or 1, if it has one. It is kept with the message,
//! and connected clients get it; this version pushes nothing.
//! [choice] Unknown words of `ForbidCallbackControl` and `SendMsgControl` do nothing.

use super::message::{body, flag, optional_u32, required_u32};
use crate::call::Call;
use crate::code::Code;
use crate::field::{Field, FieldError, Shape};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::element::JsonType;
use landfall_domain::ids::UserId;
use landfall_domain::message::Body;
use landfall_domain::people::operations::send_direct::{SendDirect, SenderCopy};
use serde::Deserialize;
use serde_json::value::RawValue;

/// `OfflinePushInfo`, bytes. No edition bounds it; the documentation advises 3 KB for two of its members. [choice]
const PUSH_BYTES_MAX: usize = 8 * 1024;

/// `To` is one account, or a list of them.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, bound(deserialize = "To: Shape + Default"))]
pub(super) struct Outgoing<To> {
    sync_other_machine: Field<i128>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    pub(super) to_account: Field<To>,
    pub(super) forbid_callback_control: Field<Vec<Field<String>>>,
    msg_life_time: Field<i128>,
    online_only_flag: Field<i128>,
    msg_seq: Field<i128>,
    msg_random: Field<i128>,
    msg_time_stamp: Field<i128>,
    send_msg_control: Field<Vec<Field<String>>>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
    support_message_extension: Field<i128>,
    is_need_read_receipt: Field<i128>,
    offline_push_info: Option<Box<RawValue>>,
}

impl<To> Outgoing<To> {
    /// The sender, who is checked before the receivers are.
    pub(super) fn sender(&mut self, call: &Call) -> Result<(UserId, SenderCopy), Failure> {
        let copy = sender_copy(std::mem::take(&mut self.sync_other_machine))?;
        let from = std::mem::take(&mut self.from_account);
        let sender = if from.is_given() { super::message::from_account(from)? } else { call.caller.clone() };
        Ok((sender, copy))
    }

    /// The message to `receivers`.
    pub(super) fn message(
        self,
        (sender, copy): (UserId, SenderCopy),
        receivers: Vec<UserId>,
        call: &Call,
    ) -> Result<SendDirect, Failure> {
        let online_only = flag(self.online_only_flag, "OnlineOnlyFlag")?;
        let is_brief = is_brief(self.msg_life_time)?;
        let number = optional_u32(self.msg_seq, "MsgSeq", Code::MsgSeqIllegal)?;
        let random = required_u32(self.msg_random, "MsgRandom", Code::MsgRandomIllegal)?;
        // Its value means nothing. [doc]
        optional_u32(self.msg_time_stamp, "MsgTimeStamp", Code::MsgTimeIllegal)?;
        let control = words(self.send_msg_control, "SendMsgControl")?;
        let said = body(self.msg_body, self.cloud_custom_data, &call.limits.messages)?;
        let extensible = flag(self.support_message_extension, "SupportMessageExtension")?;
        let push = push_info(self.offline_push_info)?;
        let receipt = flag(self.is_need_read_receipt, "IsNeedReadReceipt")?;
        let has = |word: &str| control.iter().any(|given| given == word);
        Ok(SendDirect {
            by_administrator: call.has_admin(sender.as_str()),
            sender,
            receivers,
            number: number.unwrap_or_else(|| random_number(call)),
            random,
            body: Body { receipt, extensible, no_unread: has("NoUnread"), ..said },
            push,
            copy,
            online_only: online_only || is_brief,
            not_last: has("NoLastMsg"),
            counts_unread: false,
        })
    }
}

/// A number for a message without `MsgSeq`. [doc]
pub(super) fn random_number(call: &Call) -> u32 {
    u32::try_from(call.random_bits >> 32).unwrap_or_default()
}

fn sender_copy(given: Field<i128>) -> Result<SenderCopy, Failure> {
    let (field, code) = ("SyncOtherMachine", Code::SyncOtherIllegal);
    match optional_u32(given, field, code)?.unwrap_or_default() {
        0 => Ok(SenderCopy::History),
        1 => Ok(SenderCopy::Live),
        2 => Ok(SenderCopy::None),
        number => Err(code.because(format!("{field} is {number}; 1 and 2 are allowed"))),
    }
}

/// Whether a message is only for accounts that are connected.
fn is_brief(given: Field<i128>) -> Result<bool, Failure> {
    let field = "MsgLifeTime";
    match given.optional(field).map_err(|error| error.failure(Code::LifeTimeNotNumber))? {
        None => Ok(false),
        Some(seconds) if seconds < 0 => {
            Err(Code::LifeTimeIllegal.because(format!("{field} is {seconds}; it must not be negative")))
        }
        Some(seconds) => Ok(seconds == 0),
    }
}

/// The words of a list.
pub(super) fn words(given: Field<Vec<Field<String>>>, field: &str) -> Result<Vec<String>, Failure> {
    let illegal = |error: FieldError| error.failure(Code::MessageIllegal);
    let list = given.list(field).map_err(illegal)?;
    check_all(field, list, |word, place| Ok(word.optional(place).map_err(illegal)?.unwrap_or_default()))
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PushInfo {
    push_flag: Field<i128>,
}

pub(in crate::commands) fn push_info(given: Option<Box<RawValue>>) -> Result<Box<str>, Failure> {
    const FIELD: &str = "OfflinePushInfo";
    let illegal = |text: String| Code::PushInfoIllegal.because(text);
    let Some(given) = given.filter(|given| !matches!(given.get(), "null" | "\"\"" | "{}")) else {
        return Ok(Box::default());
    };
    let found = JsonType::of(given.get());
    if found != JsonType::Object {
        return Err(illegal(format!("{FIELD} must be an object, not {}", found.name())));
    }
    let got = given.get().len();
    if PUSH_BYTES_MAX < got {
        return Err(illegal(format!("{FIELD} is {got} bytes long; at most {PUSH_BYTES_MAX} are allowed")));
    }
    let info: PushInfo = serde_json::from_str(given.get())
        .map_err(|error| illegal(format!("{FIELD} {}", crate::json::unreadable(&error))))?;
    let place = format!("{FIELD}.PushFlag");
    match info.push_flag.optional(&place).map_err(|error| error.failure(Code::PushInfoIllegal))? {
        None | Some(0 | 1) => Ok(Box::<RawValue>::into(given)),
        Some(number) => Err(illegal(format!("{place} is {number}; 0 and 1 are allowed"))),
    }
}
