//! How far the conversations of a group have been delivered to the clients in its room.

use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::TopicId;
use landfall_domain::message::Conversation;
use landfall_domain::part::Part;
use landfall_domain::snapshot::GroupSnapshot;
use std::collections::BTreeMap;

/// How far one conversation has been delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeliveredUpTo {
    /// Number of its last message when the store was read. Whether the messages up to here were delivered is not known; one
    /// that still arrives was not.
    pub(super) at_snapshot: u32,
    /// Number of the last message delivered.
    pub(super) delivered: u32,
}

impl DeliveredUpTo {
    fn at(seq: u32) -> Self {
        Self { at_snapshot: seq, delivered: seq }
    }
}

#[derive(Clone, Debug)]
pub(super) struct DeliveryProgress {
    pub(super) kind: GroupType,
    pub(super) has_topics: bool,
    /// `None`: not read yet.
    pub(super) topics: Option<BTreeMap<TopicId, DeliveredUpTo>>,
    pub(super) group: DeliveredUpTo,
}

impl DeliveryProgress {
    /// Up to the last message of a group; its topics are still to be read.
    pub(super) fn of_group(group: &Group) -> Self {
        let has_topics = group.kind.can().topics && group.support_topic;
        let topics = if has_topics { None } else { Some(BTreeMap::new()) };
        Self { kind: group.kind, has_topics, topics, group: DeliveredUpTo::at(group.log.last_seq()) }
    }

    /// Up to the last messages of a snapshot that has the topics of the group.
    pub(super) fn of_snapshot(snapshot: &GroupSnapshot) -> Self {
        let topics = snapshot.parts.values().filter_map(|part| {
            let Part::Topic(topic) = part else { return None };
            Some((topic.id.clone(), DeliveredUpTo::at(topic.log.last_seq())))
        });
        Self { topics: Some(topics.collect()), ..Self::of_group(&snapshot.group) }
    }

    pub(super) fn get(&self, conversation: &Conversation) -> DeliveredUpTo {
        match conversation {
            Conversation::Group => self.group,
            Conversation::Topic(id) => {
                self.topics.as_ref().and_then(|topics| topics.get(id)).copied().unwrap_or_default()
            }
        }
    }

    /// Records that everything up to `seq` has been delivered.
    pub(super) fn advance(&mut self, conversation: &Conversation, seq: u32) {
        let up_to = match conversation {
            Conversation::Group => &mut self.group,
            Conversation::Topic(id) => self.topics.get_or_insert_default().entry(id.clone()).or_default(),
        };
        up_to.delivered = seq;
    }
}
