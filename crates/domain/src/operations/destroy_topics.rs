//! Removes topics with their messages, members' states and permissions.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, TopicId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{PartFamily, PartKey, PartRange};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::topic::has_topics;

/// Removes topics, their messages, what they know of members, and what permission groups may do in them.
#[derive(Clone, Debug)]
pub struct DestroyTopics {
    pub group: GroupId,
    pub topics: Vec<TopicId>,
}

impl GroupOperation for DestroyTopics {
    /// For each topic, in order: whether it was there.
    type Answer = Vec<bool>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Topics)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let parts = self.topics.iter().map(|topic| PartKey::Topic(topic.clone())).collect();
        Needs { parts, ranges: vec![PartRange::all(PartFamily::PermissionGroups)], ..Needs::default() }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<Vec<bool>>, Refusal> {
        has_topics(&snapshot.group)?;
        let mut changes = Changes::default();
        let mut answer = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let key = PartKey::Topic(topic.clone());
            // A topic named twice no longer exists the second time.
            let there = snapshot.parts.remove(&key).is_some();
            answer.push(there);
            if there {
                changes.remove(key);
                changes.removed_families.push(PartFamily::TopicMembers(topic.clone()));
                changes.cleared_topics.push(topic.clone());
                for key in snapshot.parts.keys() {
                    if let PartKey::PermissionGroup(group) = key {
                        changes.remove(PartKey::TopicPermission(group.clone(), topic.clone()));
                    }
                }
            }
        }
        let gone = changes.cleared_topics.clone();
        let event = (!gone.is_empty()).then_some(Event::TopicsDestroyed(gone));
        Ok(Decision::new(changes, answer).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::part::Part;
    use crate::sample::{community, decide, group_id, permission_group, permission_group_id, topic_id};

    #[test]
    fn each_topic_goes_once_with_what_hangs_on_it() {
        let mut snapshot = community(&["t", "u"]);
        let group = permission_group_id("p");
        snapshot
            .parts
            .insert(PartKey::PermissionGroup(group.clone()), Part::PermissionGroup(permission_group("p")));
        let operation = DestroyTopics {
            group: group_id(GroupType::Community),
            topics: ["t", "t", "never"].map(topic_id).to_vec(),
        };
        let Decision { changes, answer, .. } = decide(&operation, &snapshot).unwrap();
        assert_eq!(answer, [true, false, false]);
        let gone = [PartKey::Topic(topic_id("t")), PartKey::TopicPermission(group, topic_id("t"))];
        assert_eq!(changes.parts, gone.map(|key| (key, None)));
        assert_eq!(changes.removed_families, [PartFamily::TopicMembers(topic_id("t"))]);
        assert_eq!(changes.cleared_topics, [topic_id("t")]);
    }
}
