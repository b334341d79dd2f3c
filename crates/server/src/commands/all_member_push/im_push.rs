//! `all_member_push/im_push`: sends a message to all accounts, or to those with certain attributes or tags. The answer comes
//! at once; the server delivers in the background, and goes on after a restart.
//!
//! [choice] `MsgLifeTime` 0, or none, reaches only accounts that are connected, and is not kept. With any other each account
//! gets a one-to-one message, which is kept like any other. The sender does not get it.

mod condition;

use super::{internal, no_such_attribute};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::openim::message::{body, from_account, required_u32};
use crate::commands::openim::outgoing::push_info;
use crate::field::Field;
use crate::reply::Failure;
use condition::{Condition, audience};
use landfall_domain::error::OperationError;
use landfall_domain::people::operations::accept_push::{AcceptPush, PushRefusal};
use landfall_domain::people::push::PushMark;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The longest `MsgLifeTime`: seven days. [doc]
const LIFE_SECONDS_MAX: i128 = 604_800;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    msg_random: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    msg_life_time: Field<i128>,
    condition: Field<Condition>,
    offline_push_info: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    task_id: String,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_push";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let sender =
            if self.from_account.is_given() { from_account(self.from_account)? } else { call.caller.clone() };
        let random = required_u32(self.msg_random, "MsgRandom", Code::MsgRandomIllegal)?;
        let said = body(self.msg_body, Field::Absent, &call.limits.messages)?;
        let online_only = life_seconds(self.msg_life_time)? == 0;
        let audience = audience(self.condition, call)?;
        call.keep_files_in(said.texts()).await.map_err(internal)?;
        let operation = AcceptPush {
            by_administrator: call.has_admin(sender.as_str()),
            sender,
            random,
            elements: said.elements,
            offline: push_info(self.offline_push_info)?,
            online_only,
            audience,
            limits: call.limits.push,
        };
        let accepted = call.push(operation).await.map_err(|error| match error {
            OperationError::Refused(refusal) => refused(&refusal, call),
            OperationError::Store(error) => internal(error),
        })?;
        let PushMark { number, random, accepted } = accepted;
        Ok(Reply { task_id: format!("{}_{number}_{random}_{}", call.app_id(), accepted.0) })
    }
}

fn life_seconds(given: Field<i128>) -> Result<i128, Failure> {
    let (field, code) = ("MsgLifeTime", Code::LifeTimeIllegal);
    let seconds = given.optional(field).map_err(|error| error.failure(code))?.unwrap_or(0);
    if (0..=LIFE_SECONDS_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(code.because(format!("{field} is {seconds}; 0 to {LIFE_SECONDS_MAX} are allowed")))
}

fn refused(refusal: &PushRefusal, call: &Call) -> Failure {
    let limits = &call.limits.push;
    match refusal {
        PushRefusal::NoSuchSender => Code::SenderUnknown.because("From_Account is not imported"),
        PushRefusal::NoSuchAttribute(name) => no_such_attribute(name),
        PushRefusal::TooSoon => {
            let text = format!("the last push was less than {} second ago", limits.seconds_apart);
            Code::PushTooSoon.because(text)
        }
        PushRefusal::TooManyToday => {
            Code::TooManyPushes.because(format!("at most {} pushes are allowed in a day", limits.per_day))
        }
    }
}
