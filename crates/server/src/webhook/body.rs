//! The bodies of events: their names and fields, in the documented order.

use crate::event_rows::{
    AtRow, MemberRow, at_rows, attribute_rows, extension_row, member_rows, operate_type,
};
use crate::reply::Failure;
use landfall_domain::event::{Event, Joining, ProfileChange, Receipt};
use landfall_domain::extension::{ExtensionChange, ExtensionOutcome};
use landfall_domain::fields::CustomField;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::{Content, Conversation, Message};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::people::message::message_id;
use landfall_domain::text::Text;
use serde::Serialize;
use serde_json::value::RawValue;

/// The body of a request, field by field. The name of the event is always the first. [doc]
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) fn new(command: &str) -> Self {
        Self(b"{\"CallbackCommand\":".to_vec()).value(&command)
    }

    fn value(mut self, value: &impl Serialize) -> Self {
        // Texts, numbers and lists of them always serialize.
        serde_json::to_writer(&mut self.0, value).unwrap_or_default();
        self
    }

    pub(super) fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        self.0.push(b',');
        self = self.value(&name);
        self.0.push(b':');
        self.value(value)
    }

    pub(super) fn with_some(self, name: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The fields that nearly all have: which group, of which type, and who did it.
    fn about(self, group: &GroupId, kind: GroupType, operator: &UserId) -> Self {
        self.with("GroupId", &group.as_str())
            .with("Type", &kind.as_str())
            .with("Operator_Account", &operator.as_str())
    }

    /// Ends with the time, in milliseconds since 1970: a number, as newer samples have it. [doc]
    pub(super) fn end(self, millis: u64) -> Option<Box<RawValue>> {
        let mut whole = self.with("EventTime", &millis);
        whole.0.push(b'}');
        RawValue::from_string(String::from_utf8(whole.0).ok()?).ok()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pair<'text> {
    key: &'text str,
    value: &'text str,
}

fn fields(fields: &[CustomField]) -> Vec<Pair<'_>> {
    fields.iter().map(|field| Pair { key: field.key.as_str(), value: field.value.as_str() }).collect()
}

/// What the bodies of all events need.
pub(super) struct EventContext<'a> {
    pub(super) group: &'a GroupId,
    pub(super) kind: GroupType,
    /// The caller.
    pub(super) operator: &'a UserId,
    /// In milliseconds since 1970.
    pub(super) millis: u64,
}

/// A group was dissolved.
pub(super) const DESTROYED: &str = "Group.CallbackAfterGroupDestroyed";
/// A member has confirmed that it has read messages.
pub(crate) const READ_RECEIPT: &str = "Group.CallbackAfterReadReceipt";
/// A message was not sent.
pub(crate) const EXCEPTION: &str = "Group.CallbackSendMsgException";

/// Says that a message was not sent; the time is still missing.
pub(super) fn exception(
    message: &SendMessage,
    kind: GroupType,
    operator: &UserId,
    failure: &Failure,
) -> Body {
    self::message(Body::new(EXCEPTION), &message.group, kind, operator, &message.into())
        .with("ErrorCode", &failure.number())
        .with("ErrorInfo", &failure.text)
}

/// The documented name of an event; `None` when receivers are not notified of such.
pub(super) fn command(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Created { .. } => "Group.CallbackAfterCreateGroup",
        Event::Destroyed { .. } => DESTROYED,
        Event::Joined { .. } => "Group.CallbackAfterNewMemberJoin",
        Event::Full => "Group.CallbackAfterGroupFull",
        Event::Removed { .. } => "Group.CallbackAfterMemberExit",
        Event::OwnerChanged { .. } => "Group.CallbackAfterChangeGroupOwner",
        Event::ProfileChanged(_) => "Group.CallbackAfterGroupInfoChanged",
        Event::MemberChanged { .. } => "Group.CallbackAfterMemberFieldChanged",
        Event::Sent { .. } => "Group.CallbackAfterSendMsg",
        Event::Confirmed { .. } => READ_RECEIPT,
        Event::Recalled { .. } => "Group.CallbackAfterRecallMsg",
        Event::TopicCreated { .. } => "Group.CallbackAfterCreateTopic",
        Event::TopicsDestroyed(_) => "Group.CallbackAfterTopicDestroyed",
        Event::TopicChanged { .. } => "Group.CallbackAfterTopicInfoChanged",
        Event::AttributesChanged(_) => "Group.CallbackAfterGroupAttrChanged",
        Event::Extended { .. } => "Group.CallbackAfterGroupMsgExtension",
        Event::Muted { .. }
        | Event::Banned(_)
        | Event::Unbanned(_)
        | Event::Accepted { .. }
        | Event::Rejected { .. }
        | Event::Read { .. }
        | Event::CountersChanged(_) => return None,
    })
}

/// The body of an event.
pub(super) fn of(event: &Event, about: &EventContext<'_>) -> Option<Box<RawValue>> {
    fill(Body::new(command(event)?), event, about).end(about.millis)
}

fn fill(body: Body, event: &Event, about: &EventContext<'_>) -> Body {
    let &EventContext { group, kind, operator, .. } = about;
    match event {
        Event::Created { owner: of, name, members: others, fields: custom } => body
            .with("GroupId", &group.as_str())
            .with("Operator_Account", &operator.as_str())
            .with("Owner_Account", &owner(of.as_ref()))
            .with("Type", &kind.as_str())
            .with("Name", &name.as_str())
            .with("MemberList", &member_rows(others))
            .with("UserDefinedDataList", &fields(custom)),
        Event::Destroyed { owner, name, members } => destroyed(body, about, owner.as_ref(), name, members),
        Event::Joined { accounts: joined, how, .. } => body
            .with("GroupId", &group.as_str())
            .with("Type", &kind.as_str())
            .with("JoinType", &if *how == Joining::Invited { "Invited" } else { "Apply" })
            .with("Operator_Account", &operator.as_str())
            .with("NewMemberList", &member_rows(joined)),
        Event::Full => body.with("GroupId", &group.as_str()),
        Event::Removed { accounts: left, quit, .. } => body
            .with("GroupId", &group.as_str())
            .with("Type", &kind.as_str())
            .with("ExitType", &if *quit { "Quit" } else { "Kicked" })
            .with("Operator_Account", &operator.as_str())
            .with("ExitMemberList", &member_rows(left)),
        Event::OwnerChanged { before, after } => body
            .about(group, kind, operator)
            .with("OldOwner_Account", &owner(before.as_ref()))
            .with("NewOwner_Account", &after.as_str()),
        Event::ProfileChanged(change) => profile(body.about(group, kind, operator), change),
        Event::MemberChanged { account, role, name_card, .. } => body
            .about(group, kind, operator)
            .with("Modified_Account", &account.as_str())
            .with_some("Role", role.map(Role::as_str).as_ref())
            .with_some("NameCard", name_card.as_ref()),
        Event::AttributesChanged(change) => {
            let (option_type, rows) = attribute_rows(change);
            body.about(group, kind, operator).with("OptionType", &option_type).with("GroupAttr", &rows)
        }
        Event::Sent { conversation, message, online_only, .. } => {
            sent(body, about, conversation, message, *online_only)
        }
        Event::Confirmed { reader, receipts } => confirmed(body, about, reader, receipts),
        Event::Recalled { conversation, numbers } => recalled(body, about, conversation, numbers),
        Event::Extended { seq, change, outcomes, last } => {
            extended(body.with("GroupId", &group.as_str()).with("MsgSeq", seq), change, outcomes)
                .with("Seq", last)
        }
        Event::TopicCreated { id, name, owner: of } => body
            .with("GroupId", &group.as_str())
            .with("TopicId", &id.as_str())
            .with("Operator_Account", &operator.as_str())
            .with("Owner_Account", &owner(of.as_ref()))
            .with("Type", &kind.as_str())
            .with("Name", &name.as_str())
            .with("UserDefinedDataList", &fields(&[])),
        Event::TopicsDestroyed(topics) => body
            .with("GroupId", &group.as_str())
            .with("Type", &kind.as_str())
            .with("TopicIdList", &topics.iter().map(TopicId::as_str).collect::<Vec<_>>()),
        // No documented list of fields has the id; without it a receiver cannot know which topic changed. [choice]
        Event::TopicChanged { id, change } => {
            profile(body.about(group, kind, operator).with("TopicId", &id.as_str()), change)
        }
        // Without a name they are not sent.
        Event::Accepted { .. }
        | Event::Rejected { .. }
        | Event::Muted { .. }
        | Event::Banned(_)
        | Event::Unbanned(_)
        | Event::Read { .. }
        | Event::CountersChanged(_) => body,
    }
}

fn destroyed(
    body: Body,
    &EventContext { group, kind, .. }: &EventContext<'_>,
    of: Option<&UserId>,
    name: &Text,
    former: &[UserId],
) -> Body {
    let body = body
        .with("GroupId", &group.as_str())
        .with("Type", &kind.as_str())
        .with("Owner_Account", &owner(of))
        .with("Name", &name.as_str());
    if lists_former_members(kind) { body.with("MemberList", &member_rows(former)) } else { body }
}

/// The owner; empty when there is none.
fn owner(account: Option<&UserId>) -> &str {
    account.map_or("", UserId::as_str)
}

fn sent(
    body: Body,
    &EventContext { group, kind, operator, .. }: &EventContext<'_>,
    conversation: &Conversation,
    message: &Message,
    online_only: bool,
) -> Body {
    self::message(body, group, kind, operator, &MessageFields::of(conversation, message, online_only))
        .with("MsgSeq", &message.seq)
        .with("MsgTime", &message.sent.0)
        .with("MsgId", &message_id(&message.sender, message.sent, message.random))
        .with("GroupAtInfo", &mentions(message))
}

fn recalled(
    body: Body,
    &EventContext { group, kind, operator, .. }: &EventContext<'_>,
    conversation: &Conversation,
    numbers: &[u32],
) -> Body {
    body.with("Operator_Account", &operator.as_str())
        .with("Type", &kind.as_str())
        .with("GroupId", &group.as_str())
        .with("MsgSeqList", &numbers.iter().map(|seq| SeqRow { msg_seq: *seq }).collect::<Vec<_>>())
        .with_some("TopicId", topic(conversation).as_ref())
}

/// A change of extensions.
pub(super) fn extended(body: Body, change: &ExtensionChange, outcomes: &[ExtensionOutcome]) -> Body {
    let extensions: Vec<_> = outcomes.iter().filter_map(extension_row).collect();
    body.with("OperateType", &operate_type(change)).with("ExtensionList", &extensions)
}

/// Whether the event of a dissolved group names its former members. [doc]
pub(super) fn lists_former_members(kind: GroupType) -> bool {
    kind.can().members && kind != GroupType::Community
}

fn profile(body: Body, change: &ProfileChange) -> Body {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
    body.with_some("Name", text(&change.name).as_ref())
        .with_some("Introduction", text(&change.introduction).as_ref())
        .with_some("Notification", text(&change.notification).as_ref())
        .with_some("FaceUrl", text(&change.face_url).as_ref())
}

fn topic(conversation: &Conversation) -> Option<&str> {
    match conversation {
        Conversation::Group => None,
        Conversation::Topic(id) => Some(id.as_str()),
    }
}

/// The fields that events about a message share, before and after it is sent.
pub(super) struct MessageFields<'a> {
    conversation: &'a Conversation,
    sender: &'a UserId,
    random: u32,
    elements: &'a str,
    custom: &'a str,
    online_only: bool,
}

impl<'a> MessageFields<'a> {
    /// Of a message that was sent.
    fn of(conversation: &'a Conversation, message: &'a Message, online_only: bool) -> Self {
        let (elements, custom) = match &message.content {
            Content::Sent(body) => (&*body.elements, &*body.custom),
            Content::Tip(_) | Content::Gone(_) => ("[]", ""),
        };
        let Message { sender, random, .. } = message;
        Self { conversation, sender, random: *random, elements, custom, online_only }
    }
}

impl<'a> From<&'a SendMessage> for MessageFields<'a> {
    fn from(message: &'a SendMessage) -> Self {
        let SendMessage { conversation, sender, random, body, online_only, .. } = message;
        let (elements, custom) = (&*body.elements, &*body.custom);
        Self { conversation, sender, random: *random, elements, custom, online_only: *online_only }
    }
}

/// The fields of a message.
pub(super) fn message(
    body: Body,
    group: &GroupId,
    kind: GroupType,
    operator: &UserId,
    said: &MessageFields<'_>,
) -> Body {
    let elements: Option<&RawValue> = serde_json::from_str(said.elements).ok();
    body.with("GroupId", &group.as_str())
        .with("Type", &kind.as_str())
        .with("From_Account", &said.sender.as_str())
        .with("Operator_Account", &operator.as_str())
        .with("Random", &said.random)
        .with("OnlineOnlyFlag", &u8::from(said.online_only))
        .with("MsgBody", &elements)
        .with("CloudCustomData", &said.custom)
        .with_some("TopicId", topic(said.conversation).as_ref())
}

/// How many members have read a message, and the one that has read it now.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptRow<'text> {
    msg_seq: u32,
    read_num: usize,
    unread_num: usize,
    read_receipt_members: [MemberRow<'text>; 1],
}

fn confirmed(
    body: Body,
    &EventContext { group, kind, .. }: &EventContext<'_>,
    reader: &UserId,
    receipts: &[Receipt],
) -> Body {
    body.with("GroupId", &group.as_str())
        .with("Type", &kind.as_str())
        .with("GroupMsgReceiptList", &receipt_rows(reader, receipts))
}

/// The documented sample names one member beside a count of 1. A list of all readers would grow to hundreds with each
/// message, so the one is taken to be the member that the event is about. [choice]
fn receipt_rows<'a>(reader: &'a UserId, receipts: &[Receipt]) -> Vec<ReceiptRow<'a>> {
    let row = |Receipt { seq, read, unread, .. }: &Receipt| ReceiptRow {
        msg_seq: *seq,
        read_num: *read,
        unread_num: *unread,
        read_receipt_members: [MemberRow { account: reader.as_str() }],
    };
    receipts.iter().map(row).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SeqRow {
    msg_seq: u32,
}

fn mentions(message: &Message) -> Vec<AtRow<'_>> {
    let Content::Sent(body) = &message.content else { return Vec::new() };
    at_rows(&body.at)
}

#[cfg(test)]
mod tests;
