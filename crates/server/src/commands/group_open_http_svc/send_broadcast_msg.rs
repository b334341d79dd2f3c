//! `group_open_http_svc/send_broadcast_msg`: sends a message to all live-stream groups of the app.
//!
//! Each group takes a number for it, as for any message sent to it, and keeps nothing. It is not one change: when the
//! store fails midway, some groups have taken their number and others have not, and a repeated call sends again to all.
//! The edition's limit of one or five broadcasts a second is not counted; the common call frequency is.
//!
//! [choice] The numbers differ by group; the highest is answered, 0 when there is no live-stream group.

use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::account;
use crate::commands::forbidden::refuse_words_in;
use crate::commands::group_open_http_svc::number_up_to;
use crate::commands::message_body::body;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::error::OperationError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::{Conversation, Priority};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Groups written at the same time: enough to share a sync of the store, and a bound on the work at any moment.
const GROUPS_AT_ONCE: usize = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    random: Field<i128>,
    msg_body: Option<Box<RawValue>>,
    cloud_custom_data: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    msg_seq: u32,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/send_broadcast_msg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let sender = account(self.from_account, "From_Account", Code::GroupParameter)?;
        let random = number_up_to(self.random.required("Random")?, "Random", u32::MAX.into())?;
        let body = body(self.msg_body, self.cloud_custom_data, &call.limits.messages)?;
        refuse_words_in(&body, call, Failure::from).await?;
        let sender = sender.unwrap_or_else(|| call.caller.clone());
        must_exist(call, &sender).await?;
        call.keep_files_in(body.texts()).await?;
        let message = |group| SendMessage {
            group,
            conversation: Conversation::Group,
            sender: sender.clone(),
            // The app is the speaker, not the sender: no mute of a group applies.
            by_administrator: true,
            random: u32::try_from(random).unwrap_or(u32::MAX),
            priority: Priority::Normal,
            body: body.clone(),
            online_only: false,
            not_last: false,
        };
        let mut highest = 0;
        let mut from = 0;
        loop {
            let live = Some(GroupType::AvChatRoom);
            let page = call.list_groups(live, from, GROUPS_AT_ONCE).await?;
            highest = highest.max(send(call, page.ids, &message).await?);
            from = page.next;
            if from == 0 {
                return Ok(Reply { msg_seq: highest });
            }
        }
    }
}

async fn must_exist(call: &Call, sender: &UserId) -> Result<(), Failure> {
    if call.has_admin(sender.as_str()) {
        return Ok(());
    }
    match call.accounts(vec![sender.clone()]).await?.first() {
        Some(Some(_)) => Ok(()),
        Some(None) | None => {
            Err(Code::GroupParameter.because(format!("From_Account {sender} is not an imported account")))
        }
    }
}

/// Sends to `groups`. Returns the highest message number among them.
async fn send(
    call: &Call,
    groups: Vec<GroupId>,
    message: &impl Fn(GroupId) -> SendMessage,
) -> Result<u32, Failure> {
    let mut highest = 0;
    call.change_several(groups.into_iter().map(message), |sent| match sent {
        Ok(sent) => {
            highest = highest.max(sent.seq);
            Ok(())
        }
        // Dissolved since it was listed, or out of numbers: the others still get the message.
        Err(OperationError::Refused(Refusal::NoSuchGroup | Refusal::NoNumbersLeft)) => Ok(()),
        Err(error) => Err(error.into()),
    })
    .await?;
    Ok(highest)
}
