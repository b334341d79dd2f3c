//! `openim/batchsendmsg`: sends a message to up to 500 accounts, each in a conversation of its own.
//!
//! All of them get it with the same `MsgKey`, and no webhook is called. [doc]
//!
//! [choice] An account that is named twice gets it once. A batch that reaches only some of its accounts says `SomeError`;
//! one that reaches nobody fails with 90012.

use super::message::{failure, internal};
use super::outgoing::Outgoing;
use super::sendmsg::refused;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::send_direct::SendRefusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Accounts in one call. [doc]
const RECEIVERS_MAX: usize = 500;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(Outgoing<Vec<Field<String>>>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// In place of that of the envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_status: Option<&'static str>,
    msg_time: u64,
    msg_key: String,
    msg_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error_list: Vec<Unreached>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unreached {
    #[serde(rename = "To_Account")]
    to_account: String,
    error_code: u32,
}

impl Command for Request {
    const PATH: &'static str = "openim/batchsendmsg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let Self(mut request) = self;
        let sender = request.sender(call)?;
        let named = names(std::mem::take(&mut request.to_account))?;
        let mut seen = BTreeSet::new();
        let receivers =
            named.iter().filter_map(|name| UserId::parse(name)).filter(|id| seen.insert(id.clone()));
        let message = request.message(sender, receivers.collect(), call)?;
        if message.receivers.is_empty() {
            return Err(refused(SendRefusal::NoSuchReceiver));
        }
        refuse_words_in(&message.body, call, internal).await?;
        call.keep_files_in(message.body.texts()).await.map_err(internal)?;
        let sender = message.sender.clone();
        let sent = call.change_people_without_webhook(message).await;
        let sent = sent.map_err(|error| failure(error, refused))?;
        let is_unreached = |name: &String| UserId::parse(name).is_none_or(|id| sent.unknown.contains(&id));
        let unreached = named.into_iter().filter(is_unreached);
        let error_code = Code::AccountUnknown.number();
        let error_list: Vec<_> = unreached.map(|to_account| Unreached { to_account, error_code }).collect();
        Ok(Reply {
            action_status: (!error_list.is_empty()).then_some("SomeError"),
            msg_time: sent.key.sent.0,
            msg_key: sent.key.to_string(),
            msg_id: sent.key.id(&sender),
            error_list,
        })
    }
}

fn names(given: Field<Vec<Field<String>>>) -> Result<Vec<String>, Failure> {
    let illegal = |error: FieldError| error.failure(Code::ToAccountIllegal);
    let list = given.required("To_Account").map_err(illegal)?;
    if RECEIVERS_MAX < list.len() {
        return Err(Code::TooManyToAccounts.because(format!(
            "To_Account names {} accounts; at most {RECEIVERS_MAX} are allowed",
            list.len()
        )));
    }
    check_all("To_Account", list, |name, place| name.required(place).map_err(illegal))
}
