//! A frame on its way to the clients of all servers.

use super::frame::{ConversationKey, Frame, Sender};
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::message::Conversation;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One frame with its receivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutgoingFrame {
    /// A JSON object.
    pub(crate) text: String,
    /// Whether `to` get it wherever they are connected, members of the group or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anywhere: bool,
    /// The only accounts that get it; empty: everybody in the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) to: Vec<String>,
    /// Whether it is a message that a user sent, which members may have chosen not to receive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_message: bool,
    /// The number it has in the history; 0 when no history stores it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) seq: u32,
    /// The topic in whose history it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// Who sent it with which random number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sender: Option<Sender>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the member")]
fn is_zero(seq: &u32) -> bool {
    *seq == 0
}

pub(super) fn names(accounts: &[UserId]) -> Vec<String> {
    accounts.iter().map(|account| account.as_str().to_owned()).collect()
}

impl OutgoingFrame {
    /// A frame for everybody in the group that no history stores.
    pub(crate) fn to_group(text: String) -> Self {
        Self { text, anywhere: false, to: Vec::new(), is_message: false, seq: 0, topic: None, sender: None }
    }

    /// A frame for these accounts, wherever they are connected.
    pub(crate) fn to_accounts(text: String, to: &[UserId]) -> Self {
        Self { anywhere: true, to: names(to), ..Self::to_group(text) }
    }

    /// The frame as the room of `group` delivers it; `None` when the topic is none of this version.
    pub(super) fn in_room_of(self, group: &GroupId) -> Option<Frame> {
        let Self { text, to, is_message, seq, topic, sender, .. } = self;
        let topic = match topic {
            Some(topic) => Some(TopicId::stored(&topic)?),
            None => None,
        };
        let number = (seq != 0).then(|| {
            let key = ConversationKey { group: group.clone(), conversation: Conversation::of(topic) };
            (Arc::new(key), seq)
        });
        let to = to.iter().filter_map(|name| UserId::parse(name)).collect();
        Some(Frame { text: text.into(), number, direct: None, is_message, to, sender })
    }
}
