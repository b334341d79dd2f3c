//! Topics of a community, and the state of each member in each topic.

use crate::group::Group;
use crate::ids::TopicId;
use crate::member::ReceiveOption;
use crate::message::{MessageLog, ReadMark};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// A topic as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub id: TopicId,
    /// Name, never empty.
    pub name: Text,
    pub introduction: Text,
    pub notification: Text,
    pub face_url: Text,
    /// Whatever the app wants to keep with it.
    pub custom: Text,
    /// When it was made; an import may name a time in the past.
    pub created: Timestamp,
    /// Whether only owner and administrators may speak.
    pub mute_all: bool,
    pub log: MessageLog,
}

/// The state of one member in a topic; a member without a row has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMember {
    /// How far it has read.
    pub read: ReadMark,
    /// How it receives messages; as in the community when not set.
    pub receive_option: Option<ReceiveOption>,
    /// End of its mute in this topic; 0 when it may speak.
    pub muted_until: Timestamp,
}

impl Default for TopicMember {
    fn default() -> Self {
        Self { read: ReadMark::default(), receive_option: None, muted_until: Timestamp(0) }
    }
}

/// Whether `group` has topics.
///
/// # Errors
/// Its type has none, or it was made without.
pub fn has_topics(group: &Group) -> Result<(), Refusal> {
    if !group.kind.can().topics {
        return Err(Refusal::TypeForbids("have no topics"));
    }
    if !group.support_topic {
        return Err(Refusal::GroupForbids("was made without topics"));
    }
    Ok(())
}
