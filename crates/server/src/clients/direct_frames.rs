//! Messages between two accounts, as frames for clients.

use super::frame::{self, RecallFields, Sender, SenderFields};
use super::official_frames;
use super::outgoing_frame::names;
use super::people_frame::PeopleFrame;
use crate::event_rows::{ExtensionRow, extension_row, operate_type};
use landfall_domain::account::SenderProfile;
use landfall_domain::extension::{ExtensionChange, ExtensionOutcome};
use landfall_domain::ids::UserId;
use landfall_domain::message::{Content, MessageState};
use landfall_domain::people::Pair;
use landfall_domain::people::message::{DirectMessage, MessageKey};
use landfall_domain::people::official::broadcaster;
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageFrame<'a> {
    event: &'static str,
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    #[serde(flatten)]
    sender: SenderFields<'a>,
    /// The place; 0 when no history stores it.
    msg_seq: u32,
    msg_time: u64,
    msg_key: String,
    #[serde(flatten)]
    recall: RecallFields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_body: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    online_only_flag: u8,
    #[serde(skip_serializing_if = "is_zero")]
    no_unread: u8,
    #[serde(skip_serializing_if = "is_zero")]
    is_need_read_receipt: u8,
    #[serde(skip_serializing_if = "is_zero")]
    is_peer_read: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    offline_push_info: Option<&'a RawValue>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the member")]
fn is_zero(flag: &u8) -> bool {
    *flag == 0
}

fn message_frame(
    event: &'static str,
    pair: &Pair,
    (message, sender): (&DirectMessage, &SenderProfile),
) -> String {
    let said = match &message.content {
        Content::Sent(body) => Some(body),
        Content::Tip(_) | Content::Gone(_) => None,
    };
    frame::text(&MessageFrame {
        event,
        from_account: message.sender.as_str(),
        to_account: message.receiver(pair).as_str(),
        sender: SenderFields::of(sender),
        msg_seq: message.seq,
        msg_time: message.key.sent.0,
        msg_key: message.key.to_string(),
        recall: RecallFields::of(&message.content),
        msg_body: said.and_then(|body| serde_json::from_str(&body.elements).ok()),
        cloud_custom_data: said.map_or("", |body| &body.custom),
        online_only_flag: u8::from(message.seq == 0),
        no_unread: u8::from(said.is_some_and(|body| body.no_unread)),
        is_need_read_receipt: u8::from(said.is_some_and(|body| body.receipt)),
        is_peer_read: u8::from(message.read),
        offline_push_info: serde_json::from_str(&message.push).ok(),
    })
}

/// A message of a history as a frame; of one whose content is gone, the frame that says so.
pub(super) fn message(pair: &Pair, message: &DirectMessage, sender: &SenderProfile) -> String {
    if let Some(official) = broadcaster(pair) {
        return official_frames::message(official, message);
    }
    let event = match (&message.content, message.state) {
        (Content::Sent(_), _) => "message",
        (_, MessageState::Recalled) => "recalled",
        (_, MessageState::Kept | MessageState::Deleted) => "deleted",
    };
    let nobody = SenderProfile::default();
    let sender = if event == "message" { sender } else { &nobody };
    message_frame(event, pair, (message, sender))
}

/// Who sent a message with which random number.
pub(super) fn sender(pair: &Pair, message: &DirectMessage) -> Sender {
    let (account, random) = (message.sender.as_str().to_owned(), message.key.random);
    Sender { account, random, place: pair.to_string() }
}

/// To the receiver, and to the devices of the sender where the message asks for it.
pub(super) fn sent(pair: &Pair, message: &DirectMessage, profile: &SenderProfile) -> Vec<PeopleFrame> {
    let direct = (message.seq != 0).then(|| (pair.to_string(), message.seq));
    let receiver = message.receiver(pair);
    let copied = !message.quiet && !message.hidden_from_sender && *receiver != message.sender;
    let to: Vec<UserId> =
        [receiver.clone()].into_iter().chain(copied.then(|| message.sender.clone())).collect();
    let sender = Some(sender(pair, message));
    let frame = PeopleFrame::to(names(&to), self::message(pair, message, profile));
    vec![PeopleFrame { direct, sender, ..frame }]
}

/// To both accounts, unless one of them does not see the message.
pub(super) fn changed(pair: &Pair, message: &DirectMessage) -> PeopleFrame {
    let event = if message.state == MessageState::Recalled { "recalled" } else { "modified" };
    let mut to: Vec<UserId> =
        pair.accounts().into_iter().filter(|account| !message.is_hidden_from(account, 0)).cloned().collect();
    to.dedup();
    PeopleFrame::to(names(&to), message_frame(event, pair, (message, &SenderProfile::default())))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReadFrame<'a> {
    event: &'static str,
    #[serde(rename = "Report_Account")]
    report_account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    last_read_time: u64,
    unread_msg_num: u32,
}

/// To the devices of the reader, and to the other account.
pub(super) fn read(reader: &UserId, peer: &UserId, until: Timestamp, unread: u32) -> PeopleFrame {
    let text = frame::text(&ReadFrame {
        event: "read",
        report_account: reader.as_str(),
        peer_account: peer.as_str(),
        last_read_time: until.0,
        unread_msg_num: unread,
    });
    PeopleFrame::to(both(reader, peer), text)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptFrame<'a> {
    event: &'static str,
    #[serde(rename = "Operator_Account")]
    operator_account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    msg_key_list: Vec<String>,
}

/// To the account that sent the messages, and to the devices of the one that has read them.
pub(super) fn confirmed(reader: &UserId, peer: &UserId, keys: &[MessageKey]) -> PeopleFrame {
    let text = frame::text(&ReceiptFrame {
        event: "receipt",
        operator_account: reader.as_str(),
        peer_account: peer.as_str(),
        msg_key_list: keys.iter().map(ToString::to_string).collect(),
    });
    PeopleFrame::to(both(reader, peer), text)
}

/// A change of the extensions of a message.
pub(super) struct Extended<'a> {
    pub(super) operator: &'a UserId,
    pub(super) key: &'a MessageKey,
    pub(super) change: &'a ExtensionChange,
    pub(super) outcomes: &'a [ExtensionOutcome],
    pub(super) last: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExtensionsFrame<'a> {
    event: &'static str,
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    #[serde(rename = "Operator_Account")]
    operator_account: &'a str,
    msg_key: String,
    operate_type: u8,
    extension_list: Vec<ExtensionRow<'a>>,
    seq: u32,
}

/// To both accounts.
pub(super) fn extended(sender: &UserId, receiver: &UserId, changed: &Extended<'_>) -> PeopleFrame {
    let text = frame::text(&ExtensionsFrame {
        event: "extensions",
        from_account: sender.as_str(),
        to_account: receiver.as_str(),
        operator_account: changed.operator.as_str(),
        msg_key: changed.key.to_string(),
        operate_type: operate_type(changed.change),
        extension_list: changed.outcomes.iter().filter_map(extension_row).collect(),
        seq: changed.last,
    });
    PeopleFrame::to(both(sender, receiver), text)
}

fn both(one: &UserId, other: &UserId) -> Vec<String> {
    let mut both = vec![one.clone(), other.clone()];
    both.dedup();
    names(&both)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionFrame<'a> {
    event: &'static str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    msg_seq: u32,
}

/// How far an account is in a conversation.
pub(super) fn position(event: &'static str, pair: &Pair, account: &UserId, msg_seq: u32) -> String {
    if let Some(official) = broadcaster(pair) {
        return official_frames::position(event, official, msg_seq);
    }
    let peer_account = pair.other(account).map_or("", UserId::as_str);
    frame::text(&PositionFrame { event, peer_account, msg_seq })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MissedFrame {
    event: &'static str,
    chats: u8,
}

/// Says that messages of accounts may have been lost between servers.
pub(super) fn missed() -> String {
    frame::text(&MissedFrame { event: "missed", chats: 1 })
}
