//! The rights that permission groups of a community give, in bits. [doc]

use super::Right;
use crate::message::Conversation;

const MANAGE_GROUP_INFO: u64 = 1 << 0;
const MANAGE_GROUP_MEMBER: u64 = 1 << 1;
const MANAGE_TOPIC: u64 = 1 << 4;
const GROUP_MUTE_MEMBER: u64 = 1 << 5;
const SEND_GROUP_MESSAGE: u64 = 1 << 6;
const RECALL_OTHERS_IN_GROUP: u64 = 1 << 9;
const MANAGE_TOPIC_INFO: u64 = 1 << 0;
const TOPIC_MUTE_MEMBER: u64 = 1 << 2;
const SEND_TOPIC_MESSAGE: u64 = 1 << 3;
const RECALL_OTHERS_IN_TOPIC: u64 = 1 << 5;

/// The bits of which one is enough: those of the whole community, and those of one topic. `None` where permission groups say
/// nothing of the right.
#[must_use]
pub fn bits_of(right: Right, place: &Conversation) -> Option<(u64, u64)> {
    let in_topic = matches!(place, Conversation::Topic(_));
    let bits = match right {
        Right::EditTexts | Right::EditOptions if in_topic => (MANAGE_TOPIC, MANAGE_TOPIC_INFO),
        Right::EditTexts | Right::EditOptions => (MANAGE_GROUP_INFO, 0),
        Right::Remove | Right::EditMember => (MANAGE_GROUP_MEMBER, 0),
        Right::Topics => (MANAGE_TOPIC, MANAGE_TOPIC_INFO),
        Right::Mute if in_topic => (0, TOPIC_MUTE_MEMBER),
        Right::Mute => (GROUP_MUTE_MEMBER, 0),
        Right::Send if in_topic => (0, SEND_TOPIC_MESSAGE),
        Right::Send => (SEND_GROUP_MESSAGE, 0),
        Right::RecallOthers if in_topic => (0, RECALL_OTHERS_IN_TOPIC),
        Right::RecallOthers => (RECALL_OTHERS_IN_GROUP, 0),
        Right::EditPermissions
        | Right::Join
        | Right::Invite
        | Right::Approve
        | Right::Ban
        | Right::SetRole
        | Right::EditSelf
        | Right::Transfer
        | Right::Quit
        | Right::Dissolve
        | Right::RecallOwn
        | Right::EditMessage
        | Right::Attributes
        | Right::Counters
        | Right::Receive => return None,
    };
    Some(bits)
}
