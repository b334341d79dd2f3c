//! The bodies of events about people: their names and fields, in the documented order.
//!
//! [choice] A friendship that goes both ways is two pairs, one for each account that has the other among its friends.

use super::body::{Body, extended};
use super::official_body;
use crate::event_rows::{PairRow, portrait_rows};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::message::Content;
use landfall_domain::people::Pair;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::people::message::{DirectMessage, MessageKey};
use landfall_domain::people::operations::send_direct::SendDirect;
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// A message was sent to an account, or was not.
pub(crate) const SENT: &str = "C2C.CallbackAfterSendMsg";

/// The documented name of an event; `None` when receivers are not notified of such.
pub(super) fn command(event: &PeopleEvent) -> Option<&'static str> {
    Some(match event {
        PeopleEvent::PortraitChanged { .. } => "Profile.CallbackPortraitSet",
        PeopleEvent::FriendsAdded { .. } => "Sns.CallbackFriendAdd",
        PeopleEvent::FriendsDeleted { .. } => "Sns.CallbackFriendDelete",
        PeopleEvent::Blocked { .. } => "Sns.CallbackBlackListAdd",
        PeopleEvent::Unblocked { .. } => "Sns.CallbackBlackListDelete",
        PeopleEvent::Followed { follows: true, .. } => "Follow.CallbackAfterFollowAdd",
        PeopleEvent::Followed { follows: false, .. } => "Follow.CallbackAfterFollowDelete",
        PeopleEvent::DirectSent { imported: true, .. } => return None,
        PeopleEvent::DirectSent { imported: false, .. } => SENT,
        PeopleEvent::DirectRecalled { .. } => "C2C.CallbackAfterMsgWithDraw",
        PeopleEvent::DirectModified { .. } => "C2C.CallbackAfterModifyMsg",
        PeopleEvent::DirectRead { .. } => "C2C.CallbackAfterMsgReport",
        PeopleEvent::DirectConfirmed { .. } => "C2C.CallbackAfterMsgReadReceipt",
        PeopleEvent::DirectExtended { .. } => "C2C.CallbackAfterC2CMsgExtension",
        PeopleEvent::ChatPinned { .. } | PeopleEvent::ChatsMarked { .. } => return None,
        PeopleEvent::Official { event, .. } => official_body::command(event),
    })
}

/// The body of an event that `operator` caused, `millis` milliseconds after 1970.
pub(super) fn of(event: &PeopleEvent, operator: &UserId, millis: u64) -> Option<Box<RawValue>> {
    let body = Body::new(command(event)?);
    match event {
        PeopleEvent::PortraitChanged { account, items } => body
            .with("From_Account", &account.as_str())
            .with("Operator_Account", &operator.as_str())
            .with("ProfileItem", &portrait_rows(items)),
        PeopleEvent::FriendsAdded { account, pairs, forced } => {
            let rows = pairs.iter().map(|(from, to)| PairRow::of(from, to).added_by(account));
            body.with("PairList", &rows.collect::<Vec<_>>())
                .with("ClientCmd", &"friend_add")
                .with("Admin_Account", &operator.as_str())
                .with("ForceFlag", &u8::from(*forced))
        }
        PeopleEvent::FriendsDeleted { pairs, .. } => {
            let rows = pairs.iter().map(|(from, to)| PairRow::of(from, to));
            body.with("PairList", &rows.collect::<Vec<_>>())
        }
        PeopleEvent::Blocked { account, others } | PeopleEvent::Unblocked { account, others } => {
            let rows = others.iter().map(|other| PairRow::of(account, other));
            body.with("PairList", &rows.collect::<Vec<_>>())
        }
        PeopleEvent::Followed { account, others, follows: _ } => body
            .with("From_Account", &account.as_str())
            .with("FollowList", &others.iter().map(FollowRow::of).collect::<Vec<_>>()),
        PeopleEvent::DirectSent { pair, message, sender: _, unread, imported: _ } => {
            let fields = DirectFields::of_message(pair, message);
            let body = direct(body, &fields).with("MsgId", &message.key.id(&message.sender));
            outcome(body, 0, "send msg succeed", i64::try_from(*unread).unwrap_or(i64::MAX))
        }
        PeopleEvent::DirectRecalled { pair, message, unread } => body
            .with("From_Account", &message.sender.as_str())
            .with("To_Account", &message.receiver(pair).as_str())
            .with("MsgKey", &message.key.to_string())
            .with("UnreadMsgNum", unread),
        PeopleEvent::DirectModified { pair, message } => {
            modified(body.with("Operator_Account", &operator.as_str()), pair, message)
        }
        PeopleEvent::DirectRead { reader, peer, until, unread, .. } => body
            .with("Report_Account", &reader.as_str())
            .with("Peer_Account", &peer.as_str())
            .with("LastReadTime", &until.0)
            .with("UnreadMsgNum", unread),
        PeopleEvent::DirectConfirmed { reader, peer, keys } => body
            .with("Operator_Account", &reader.as_str())
            .with("Peer_Account", &peer.as_str())
            .with("C2CMsgInfo", &confirmed_rows(reader, peer, keys)),
        PeopleEvent::DirectExtended { sender, receiver, key, change, outcomes, last } => {
            let body = body
                .with("From_Account", &sender.as_str())
                .with("To_Account", &receiver.as_str())
                .with("MsgKey", &key.to_string());
            extended(body, change, outcomes).with("Seq", last)
        }
        // Has no name.
        PeopleEvent::ChatPinned { .. } | PeopleEvent::ChatsMarked { .. } => body,
        PeopleEvent::Official { account, event } => official_body::of(body, account, event, operator),
    }
    .end(millis)
}

/// An account that is followed, or was.
#[derive(Serialize)]
struct FollowRow<'a> {
    #[serde(rename = "To_Account")]
    to_account: &'a str,
}

impl<'a> FollowRow<'a> {
    fn of(account: &'a UserId) -> Self {
        Self { to_account: account.as_str() }
    }
}

/// The fields of a message, before and after it is sent.
pub(super) struct DirectFields<'a> {
    sender: &'a UserId,
    receiver: &'a UserId,
    key: MessageKey,
    online_only: bool,
    elements: &'a str,
    custom: &'a str,
}

impl<'a> DirectFields<'a> {
    /// Of a message that is to be sent.
    pub(super) fn of_request(message: &'a SendDirect, receiver: &'a UserId, key: MessageKey) -> Self {
        let SendDirect { sender, online_only, body, .. } = message;
        let (elements, custom) = (&*body.elements, &*body.custom);
        Self { sender, receiver, key, online_only: *online_only, elements, custom }
    }

    fn of_message(pair: &'a Pair, message: &'a DirectMessage) -> Self {
        let (elements, custom) = said(message);
        Self {
            sender: &message.sender,
            receiver: message.receiver(pair),
            key: message.key,
            online_only: message.seq == 0,
            elements,
            custom,
        }
    }
}

fn said(message: &DirectMessage) -> (&str, &str) {
    match &message.content {
        Content::Sent(body) => (&body.elements, &body.custom),
        Content::Tip(_) | Content::Gone(_) => ("[]", ""),
    }
}

/// The fields of a message.
pub(super) fn direct(body: Body, of: &DirectFields<'_>) -> Body {
    let elements: Option<&RawValue> = serde_json::from_str(of.elements).ok();
    body.with("From_Account", &of.sender.as_str())
        .with("To_Account", &of.receiver.as_str())
        .with("MsgSeq", &of.key.number)
        .with("MsgRandom", &of.key.random)
        .with("MsgTime", &of.key.sent.0)
        .with("MsgKey", &of.key.to_string())
        .with("OnlineOnlyFlag", &u8::from(of.online_only))
        .with("MsgBody", &elements)
        .with("CloudCustomData", &of.custom)
}

fn outcome(body: Body, code: u32, info: &str, unread: i64) -> Body {
    body.with("SendMsgResult", &code).with("ErrorInfo", &info).with("UnreadMsgNum", &unread)
}

/// Says that a message was not sent; the time is still missing.
pub(super) fn unsent(message: &SendDirect, receiver: &UserId, failure: &Failure, now: Timestamp) -> Body {
    let key = MessageKey { sent: now, number: message.number, random: message.random };
    let fields = DirectFields::of_request(message, receiver, key);
    let body = direct(Body::new(SENT), &fields).with("MsgId", &key.id(&message.sender));
    outcome(body, failure.number(), &failure.text, -1)
}

fn modified(body: Body, pair: &Pair, message: &DirectMessage) -> Body {
    let (elements, custom) = said(message);
    let elements: Option<&RawValue> = serde_json::from_str(elements).ok();
    body.with("From_Account", &message.sender.as_str())
        .with("To_Account", &message.receiver(pair).as_str())
        .with("MsgSeq", &message.key.number)
        .with("MsgRandom", &message.key.random)
        .with("MsgTime", &message.key.sent.0)
        .with("MsgKey", &message.key.to_string())
        .with("MsgBody", &elements)
        .with("CloudCustomData", &custom)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConfirmedRow<'a> {
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    msg_key: String,
    msg_id: String,
}

fn confirmed_rows<'a>(reader: &'a UserId, peer: &'a UserId, keys: &[MessageKey]) -> Vec<ConfirmedRow<'a>> {
    let row = |key: &MessageKey| ConfirmedRow {
        from_account: peer.as_str(),
        to_account: reader.as_str(),
        msg_key: key.to_string(),
        msg_id: key.id(peer),
    };
    keys.iter().map(row).collect()
}
