//! The frames that clients are sent: JSON objects that begin with `Event`. `docs/gateway.md` describes them.
//!
//! Fields have the names that webhooks and the REST API use, where these have them. [choice]

use crate::event_rows::{AtRow, MemberRow, at_rows, member_rows};
use crate::files::signing::FileSigner;
use landfall_domain::account::SenderProfile;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::{
    Content, Conversation, Message, MessageState, Recall, Tip, TipField, TipKind,
};
use landfall_domain::people::Pair;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A group, or a topic of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConversationKey {
    pub(crate) group: GroupId,
    pub(crate) conversation: Conversation,
}

/// A frame as it is sent to any number of clients: encoded once.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// JSON.
    pub(crate) text: Utf8Bytes,
    /// Its conversation and its number there; `None` when no history stores it.
    pub(crate) number: Option<(Arc<ConversationKey>, u32)>,
    /// The same, of a message between two accounts.
    pub(crate) direct: Option<(Arc<Pair>, u32)>,
    /// Whether it is a message that a user sent, which members may have chosen not to receive.
    pub(crate) is_message: bool,
    /// The only accounts that get it; empty: everybody in the group.
    pub(crate) to: Vec<UserId>,
    /// Who sent it with which random number: the session that did is not sent it.
    pub(crate) sender: Option<Sender>,
}

/// The sender of a message, the random number that it gave it, and where: a group, a topic, or the name of a pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) account: String,
    pub(crate) random: u32,
    pub(crate) place: String,
}

impl Sender {
    /// `None` where nobody could know the message by its number.
    pub(crate) fn of(message: &Message, key: &ConversationKey) -> Option<Self> {
        let place = match &key.conversation {
            Conversation::Group => key.group.as_str(),
            Conversation::Topic(topic) => topic.as_str(),
        };
        let is_sent = matches!(message.content, Content::Sent(_)) && message.random != 0;
        is_sent.then(|| Self {
            account: message.sender.as_str().to_owned(),
            random: message.random,
            place: place.to_owned(),
        })
    }
}

impl Frame {
    /// A frame to accounts that no history stores.
    pub(crate) fn without_number(text: String) -> Self {
        Self {
            text: text.into(),
            number: None,
            direct: None,
            is_message: false,
            to: Vec::new(),
            sender: None,
        }
    }

    pub(crate) fn is_for(&self, account: &UserId) -> bool {
        self.to.is_empty() || self.to.contains(account)
    }
}

/// Encodes a frame.
pub(crate) fn text(frame: &impl Serialize) -> String {
    // Texts, numbers and lists of them always serialize.
    serde_json::to_string(frame).unwrap_or_default()
}

/// The fields with which every frame about a group begins.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FrameHeader<'a> {
    event: &'static str,
    group_id: &'a str,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<&'a str>,
}

impl<'a> FrameHeader<'a> {
    pub(crate) fn of_group(
        event: &'static str,
        kind: GroupType,
        group: &'a GroupId,
        conversation: &'a Conversation,
    ) -> Self {
        Self { kind: Some(kind.as_str()), ..Self::of_conversation(event, group, conversation) }
    }

    /// Without the type of the group.
    pub(crate) fn of_conversation(
        event: &'static str,
        group: &'a GroupId,
        conversation: &'a Conversation,
    ) -> Self {
        let topic_id = match conversation {
            Conversation::Group => None,
            Conversation::Topic(id) => Some(id.as_str()),
        };
        Self { event, group_id: group.as_str(), kind: None, topic_id }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    /// 0 when no history stores it.
    msg_seq: u32,
    msg_time: u64,
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(flatten)]
    sender: SenderFields<'a>,
    random: u32,
    msg_priority: &'static str,
    msg_body: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    online_only_flag: u8,
    #[serde(skip_serializing_if = "is_zero")]
    no_unread: u8,
    #[serde(skip_serializing_if = "is_zero")]
    need_read_receipt: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    group_at_info: Vec<AtRow<'a>>,
}

/// What a message says of its sender.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SenderFields<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    nick: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    face_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name_card: &'a str,
}

impl<'a> SenderFields<'a> {
    pub(super) fn of(profile: &'a SenderProfile) -> Self {
        let SenderProfile { nick, face_url, name_card } = profile;
        Self { nick: nick.as_str(), face_url: face_url.as_str(), name_card }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the member")]
fn is_zero(flag: &u8) -> bool {
    *flag == 0
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TipFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    msg_seq: u32,
    msg_time: u64,
    op_type: u8,
    op_name: &'static str,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    member_list: Vec<MemberRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    change_list: Vec<ChangeRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeRow<'a> {
    field: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GoneFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    msg_seq: u32,
    /// Of a recalled message, of which members still see a trace: when and by whom it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_time: Option<u64>,
    #[serde(rename = "From_Account", skip_serializing_if = "Option::is_none")]
    from_account: Option<&'a str>,
    #[serde(flatten)]
    recall: RecallFields<'a>,
}

/// Who recalled a message, and why, as far as that is known.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecallFields<'a> {
    #[serde(rename = "Operator_Account", skip_serializing_if = "str::is_empty")]
    operator: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

impl<'a> RecallFields<'a> {
    pub(super) fn of(content: &'a Content) -> Self {
        match content {
            Content::Gone(Some(Recall { operator, reason })) => Self { operator: operator.as_str(), reason },
            Content::Gone(None) | Content::Sent(_) | Content::Tip(_) => Self::default(),
        }
    }
}

/// The name of a tip in the native SDKs. [doc]
fn tip_name(kind: TipKind) -> &'static str {
    match kind {
        TipKind::Joined => "Join",
        TipKind::Invited => "Invite",
        TipKind::Quit => "Quit",
        TipKind::Kicked => "Kick",
        TipKind::AdminSet => "SetAdmin",
        TipKind::AdminCancelled => "CancelAdmin",
        TipKind::ProfileChanged => "GroupInfoChange",
        TipKind::MemberChanged => "MemberInfoChange",
        TipKind::TopicChanged => "TopicInfoChange",
    }
}

fn field_name(field: TipField) -> &'static str {
    match field {
        TipField::Name => "Name",
        TipField::Introduction => "Introduction",
        TipField::Notification => "Notification",
        TipField::FaceUrl => "FaceUrl",
        TipField::Owner => "Owner_Account",
        TipField::MuteSeconds => "MuteTime",
        TipField::NameCard => "NameCard",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageEvent {
    /// It was sent.
    New,
    /// It was sent, and no history stores it.
    OnlineOnly,
    /// Its content was changed.
    Modified,
}

/// The frame of a message or tip; of one whose content is gone, the frame that says so.
pub(crate) fn message(
    key: &ConversationKey,
    kind: GroupType,
    (message, sender): (&Message, &SenderProfile),
    event: MessageEvent,
    files: &FileSigner,
) -> String {
    let ConversationKey { group, conversation } = key;
    let about = |event| FrameHeader::of_group(event, kind, group, conversation);
    match &message.content {
        Content::Sent(body) => text(&MessageFrame {
            about: about(if event == MessageEvent::Modified { "modified" } else { "message" }),
            msg_seq: message.seq,
            msg_time: message.sent.0,
            from_account: message.sender.as_str(),
            sender: SenderFields::of(sender),
            random: message.random,
            msg_priority: message.priority.as_str(),
            msg_body: serde_json::from_str(&files.signed(&body.elements)).ok(),
            cloud_custom_data: &body.custom,
            online_only_flag: u8::from(event == MessageEvent::OnlineOnly),
            no_unread: u8::from(body.no_unread),
            need_read_receipt: u8::from(body.receipt),
            group_at_info: at_rows(&body.at),
        }),
        Content::Tip(Tip { kind: tip, accounts, changes }) => text(&TipFrame {
            about: about("tip"),
            msg_seq: message.seq,
            msg_time: message.sent.0,
            op_type: tip.number(),
            op_name: tip_name(*tip),
            operator: message.sender.as_str(),
            member_list: member_rows(accounts),
            change_list: changes
                .iter()
                .map(|(field, value)| ChangeRow { field: field_name(*field), value })
                .collect(),
        }),
        Content::Gone(_) => {
            let is_recalled = message.state == MessageState::Recalled;
            text(&GoneFrame {
                about: about(if is_recalled { "recalled" } else { "deleted" }),
                msg_seq: message.seq,
                msg_time: is_recalled.then_some(message.sent.0),
                from_account: is_recalled.then_some(message.sender.as_str()),
                recall: RecallFields::of(&message.content),
            })
        }
    }
}

/// The only accounts that get a message: those it names and its sender; empty: everybody.
pub(crate) fn receivers(message: &Message) -> Vec<UserId> {
    match &message.content {
        Content::Sent(body) if !body.to.is_empty() => {
            body.to.iter().cloned().chain([message.sender.clone()]).collect()
        }
        Content::Sent(_) | Content::Tip(_) | Content::Gone(_) => Vec::new(),
    }
}

/// A message of a history as a frame; it is the same when the history is read again and its sender is unchanged.
pub(crate) fn stored(
    key: &Arc<ConversationKey>,
    kind: GroupType,
    (message, sender): (&Message, &SenderProfile),
    files: &FileSigner,
) -> Frame {
    Frame {
        text: self::message(key, kind, (message, sender), MessageEvent::New, files).into(),
        number: Some((Arc::clone(key), message.seq)),
        direct: None,
        is_message: matches!(message.content, Content::Sent(_)),
        to: receivers(message),
        sender: Sender::of(message, key),
    }
}

#[cfg(test)]
mod tests;
