//! The bodies of events about official accounts: their names and fields, in the documented order.

use super::body::Body;
use landfall_domain::ids::UserId;
use landfall_domain::message::{Body as MessageBody, Content};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::people::official::{BroadcastKey, OfficialEvent};
use landfall_domain::text::Text;
use serde::Serialize;
use serde_json::value::RawValue;

/// The documented name of an event.
pub(super) fn command(event: &OfficialEvent) -> &'static str {
    match event {
        OfficialEvent::Created { .. } => "OfficialAccount.CallbackAfterCreateOfficialAccount",
        OfficialEvent::Changed { .. } => "OfficialAccount.CallbackAfterOfficialAccountInfoChanged",
        OfficialEvent::Destroyed { .. } => "OfficialAccount.CallbackAfterOfficialAccountDestroyed",
        OfficialEvent::Subscribed(_) => "OfficialAccount.CallbackAfterAddSubscriber",
        OfficialEvent::Unsubscribed(_) => "OfficialAccount.CallbackAfterDeleteSubscriber",
        OfficialEvent::Full => "OfficialAccount.CallbackAfterOfficialAccountFull",
        OfficialEvent::Sent(_) => "OfficialAccount.CallbackAfterSendMsg",
        OfficialEvent::Recalled(_) => "OfficialAccount.CallbackAfterMsgWithDraw",
    }
}

/// The fields of an event.
pub(super) fn of(body: Body, official: &UserId, event: &OfficialEvent, operator: &UserId) -> Body {
    match event {
        OfficialEvent::Created { owner, name } => {
            creation(body, operator, owner, name.as_str()).with("Official_Account", &official.as_str())
        }
        OfficialEvent::Changed { name, introduction, face_url, organization } => {
            let body = body
                .with("Official_Account", &official.as_str())
                .with("Operator_Account", &operator.as_str());
            let changed = [
                ("Introduction", introduction),
                ("Name", name),
                ("FaceUrl", face_url),
                ("Organization", organization),
            ];
            changed.into_iter().fold(body, with_text)
        }
        OfficialEvent::Destroyed { owner, name } => body
            .with("Official_Account", &official.as_str())
            .with("Owner_Account", &owner.as_str())
            .with("Name", &name.as_str()),
        OfficialEvent::Subscribed(accounts) | OfficialEvent::Unsubscribed(accounts) => {
            subscribers(body, official, operator, accounts)
        }
        OfficialEvent::Full => body.with("Official_Account", &official.as_str()),
        OfficialEvent::Sent(message) => sent(body, official, message),
        OfficialEvent::Recalled(messages) => {
            let rows =
                messages.iter().map(|message| KeyRow { msg_key: BroadcastKey::of(message).to_string() });
            body.with("Official_Account", &official.as_str())
                .with("WithdrawMsgList", &rows.collect::<Vec<_>>())
        }
    }
}

fn with_text(body: Body, (field, text): (&'static str, &Option<Text>)) -> Body {
    body.with_some(field, text.as_ref().map(Text::as_str).as_ref())
}

/// An official account that is to be made.
pub(super) fn creation(body: Body, operator: &UserId, owner: &UserId, name: &str) -> Body {
    body.with("Operator_Account", &operator.as_str())
        .with("Owner_Account", &owner.as_str())
        .with("Name", &name)
}

#[derive(Serialize)]
struct SubscriberRow<'a> {
    #[serde(rename = "Subscriber_Account")]
    subscriber_account: &'a str,
}

/// Accounts that subscribe, or no longer do.
pub(super) fn subscribers(body: Body, official: &UserId, operator: &UserId, accounts: &[UserId]) -> Body {
    let rows = accounts.iter().map(|account| SubscriberRow { subscriber_account: account.as_str() });
    body.with("Official_Account", &official.as_str())
        .with("Operator_Account", &operator.as_str())
        .with("SubscribeAccountList", &rows.collect::<Vec<_>>())
}

/// What a message says, before and after it is sent.
pub(super) fn said(body: Body, official: &UserId, online_only: bool, said: &MessageBody) -> Body {
    let elements: Option<&RawValue> = serde_json::from_str(&said.elements).ok();
    body.with("Official_Account", &official.as_str())
        .with("OnlineOnlyFlag", &u8::from(online_only))
        .with("MsgBody", &elements)
        .with("CloudCustomData", &&*said.custom)
}

fn sent(body: Body, official: &UserId, message: &DirectMessage) -> Body {
    let nothing = MessageBody::default();
    let content = match &message.content {
        Content::Sent(said) => said,
        Content::Tip(_) | Content::Gone(_) => &nothing,
    };
    said(body, official, message.seq == 0, content)
        .with("MsgKey", &BroadcastKey::of(message).to_string())
        .with("MsgTime", &message.key.sent.0)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyRow {
    msg_key: String,
}
