//! `openim/sendmsg`: sends a message to one account.
//!
//! The same message again within two minutes is answered like the first. [doc]
//!
//! [choice] What is the same has the same sender, `MsgSeq`, `MsgRandom`, `MsgBody` and `CloudCustomData`. A message whose
//! `MsgKey` is taken is taken to be the one that has it, whatever it says.
//! [choice] A message that the app's webhook drops is answered like one that was sent, and causes no event.

use super::message::{failure, internal, to_account};
use super::outgoing::{Outgoing, words};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words_in;
use crate::commands::message_body::changed;
use crate::reply::Failure;
use crate::webhook::before::{Question, Verdict};
use crate::webhook::people_body;
use crate::webhook::sender::Answer;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::FactKey;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::send_direct::SendRefusal;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(Outgoing<String>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    msg_time: u64,
    msg_key: String,
    msg_id: String,
}

impl Reply {
    fn of(key: MessageKey, sender: &UserId) -> Self {
        Self { msg_time: key.sent.0, msg_key: key.to_string(), msg_id: key.id(sender) }
    }
}

impl Command for Request {
    const PATH: &'static str = "openim/sendmsg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let Self(mut request) = self;
        let sender = request.sender(call)?;
        let receiver = to_account(std::mem::take(&mut request.to_account))?;
        let forbidden = std::mem::take(&mut request.forbid_callback_control);
        let forbidden = words(forbidden, "ForbidCallbackControl")?;
        // Clients cannot switch off what the app wants to know.
        let may_forbid = !call.is_for_account();
        let is_forbidden = |word: &str| may_forbid && forbidden.iter().any(|given| given == word);
        check_may_write(call, &receiver).await?;
        let mut message = request.message(sender, vec![receiver.clone()], call)?;
        refuse_words_in(&message.body, call, internal).await?;
        let sender = message.sender.clone();
        let key = MessageKey { sent: call.now, number: message.number, random: message.random };
        if !is_forbidden("ForbidBeforeSendMsgCallback") {
            let read = |answer: &Answer| changed(&message.body, answer, &call.limits.messages);
            match call.ask(Question::SendDirect { message: &message, receiver: &receiver, key }, read).await?
            {
                Verdict::GoOn(changed) => message.body = changed.unwrap_or(message.body),
                Verdict::Drop => return Ok(Reply::of(key, &sender)),
            }
        }
        call.keep_files_in(message.body.texts()).await.map_err(internal)?;
        if is_forbidden("ForbidAfterSendMsgCallback") || !call.wants_event(people_body::SENT) {
            let sent = call.change_people_without_webhook(message).await;
            return Ok(Reply::of(sent.map_err(|error| failure(error, refused))?.key, &sender));
        }
        message.counts_unread = true;
        let sent = call.change_people(message.clone()).await.map_err(|error| failure(error, refused));
        if let Err(failure) = &sent {
            call.report_unsent(&message, &receiver, failure).await.map_err(internal)?;
        }
        Ok(Reply::of(sent?.key, &sender))
    }
}

/// Whether an account may send to another: it is neither muted nor on the other's blocklist. [doc] An administrator of the app
/// always may.
async fn check_may_write(call: &Call, receiver: &UserId) -> Result<(), Failure> {
    if !call.is_for_account() {
        return Ok(());
    }
    let (own, other) = (Subject::Account(call.caller.clone()), Subject::Account(receiver.clone()));
    let blocked = (other, FactKey::Blocked(call.caller.clone()));
    let facts = vec![(own, FactKey::Mute), blocked.clone()];
    let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
    if call.now < found.mute_of(&call.caller).direct {
        return Err(Code::DirectMuted.because("the account may not send messages for some time"));
    }
    if found.facts.contains_key(&blocked) {
        return Err(Code::DirectBlocked.because("the sender is on the blocklist of the receiver"));
    }
    Ok(())
}

pub(super) fn refused(refusal: SendRefusal) -> Failure {
    match refusal {
        SendRefusal::NoSuchSender => Code::SenderUnknown.because("From_Account is not imported"),
        // The text of the service. [sample]
        SendRefusal::NoSuchReceiver => Code::ReceiverUnknown.because("invalid To_Account"),
        SendRefusal::Full => Code::MessageIllegal.because("the conversation has all messages it can have"),
    }
}
