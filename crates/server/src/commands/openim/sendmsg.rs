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
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::send_direct::SendRefusal;
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
        let is_forbidden = |word: &str| forbidden.iter().any(|given| given == word);
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

pub(super) fn refused(refusal: SendRefusal) -> Failure {
    match refusal {
        SendRefusal::NoSuchSender => Code::SenderUnknown.because("From_Account is not imported"),
        // The text of the service. [sample]
        SendRefusal::NoSuchReceiver => Code::ReceiverUnknown.because("invalid To_Account"),
        SendRefusal::Full => Code::MessageIllegal.because("the conversation has all messages it can have"),
    }
}
