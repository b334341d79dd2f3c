//! `openim/importmsg`: imports a message between two accounts.
//!
//! A message with the `MsgSeq`, `MsgRandom` and `MsgTimeStamp` of another of the same two accounts is that one: the first
//! stays, and the call succeeds. [doc] One that is imported as history is silent by type; one of the running old system is
//! an operation of its own, which clients are told of. Neither calls the app's webhook.
//!
//! [choice] `SyncFromOldSystem` 1, of older clients, means 5. A time in the future is 90006. Accounts that were never
//! imported are treated as in every import: by the setting `unknown_accounts`; where that refuses, the sender is 90048 and
//! the receiver 90012.

use super::message::{body, failure, from_account, internal, optional_u32, required_u32, to_account};
use super::outgoing::random_number;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::import_direct::{
    ImportDirect, ImportDirectRefusal, ImportLiveDirect,
};
use landfall_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// How far the clock of a caller may be ahead, seconds. [choice]
const AHEAD_MAX: u64 = 60;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    sync_from_old_system: Field<i128>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_seq: Field<i128>,
    msg_random: Field<i128>,
    msg_time_stamp: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "openim/importmsg";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let (import, live) = self.check(call)?;
        call.keep_files_in(import.body.texts()).await.map_err(internal)?;
        let imported = if live {
            call.change_people_without_webhook(ImportLiveDirect(import)).await
        } else {
            call.import_people(import).await
        };
        imported.map_err(|error| failure(error, refused))?;
        Ok(Nothing {})
    }
}

impl Request {
    /// The message, and whether clients are told of it.
    fn check(self, call: &Call) -> Result<(ImportDirect, bool), Failure> {
        let live = is_live(self.sync_from_old_system)?;
        let sender = from_account(self.from_account)?;
        let receiver = to_account(self.to_account)?;
        let number = optional_u32(self.msg_seq, "MsgSeq", Code::MsgSeqIllegal)?;
        let random = required_u32(self.msg_random, "MsgRandom", Code::MsgRandomIllegal)?;
        let sent = u64::from(required_u32(self.msg_time_stamp, "MsgTimeStamp", Code::MsgTimeIllegal)?);
        if call.now.0.saturating_add(AHEAD_MAX) < sent {
            return Err(
                Code::MsgTimeIllegal.because(format!("MsgTimeStamp is {sent}, which is in the future"))
            );
        }
        let body = body(self.msg_body, self.cloud_custom_data, &call.limits.messages)?;
        let number = number.unwrap_or_else(|| random_number(call));
        let key = MessageKey { sent: Timestamp(sent), number, random };
        Ok((ImportDirect { sender, receiver, key, body }, live))
    }
}

fn is_live(given: Field<i128>) -> Result<bool, Failure> {
    let (field, code) = ("SyncFromOldSystem", Code::SyncFromOldOrAttributeName);
    match required_u32(given, field, code)? {
        2 => Ok(false),
        1 | 5 => Ok(true),
        number => Err(code.because(format!("{field} is {number}; 2 and 5 are allowed"))),
    }
}

fn refused(refusal: ImportDirectRefusal) -> Failure {
    match refusal {
        ImportDirectRefusal::NoSuchSender => Code::SenderUnknown.because("From_Account is not imported"),
        ImportDirectRefusal::NoSuchReceiver => Code::ReceiverUnknown.because("invalid To_Account"),
        ImportDirectRefusal::Full => {
            Code::MessageIllegal.because("the conversation has all messages it can have")
        }
    }
}
