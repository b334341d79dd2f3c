//! What a permission group may do in topics: added, changed or taken away.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::{GroupId, PermissionGroupId, TopicId};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::permission::has_permission_groups;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// Changes what a permission group may do in topics, each topic for itself.
#[derive(Clone, Debug)]
pub struct SetTopicPermissions {
    pub group: GroupId,
    pub permission_group: PermissionGroupId,
    /// The topics, and what becomes of each.
    pub topics: Vec<(TopicId, TopicPermissionChange)>,
}

/// What becomes of the permissions in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicPermissionChange {
    /// There are none; these come.
    Add(u64),
    /// There are some; these come instead.
    Set(u64),
    /// There are some; they go.
    Delete,
}

/// What became of the permissions in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicPermissionOutcome {
    /// What was asked for.
    Done,
    /// Nothing: there is no such topic.
    NoSuchTopic,
    /// Nothing: the permission group has permissions in the topic.
    AlreadyThere,
    /// Nothing: it has none.
    NotThere,
    /// Nothing: it no longer has any.
    AlreadyDeleted,
}

impl SetTopicPermissions {
    fn key(&self, topic: &TopicId) -> PartKey {
        PartKey::TopicPermission(self.permission_group.clone(), topic.clone())
    }
}

impl GroupOperation for SetTopicPermissions {
    /// One for each topic, in order.
    type Answer = Vec<TopicPermissionOutcome>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let topics = self.topics.iter().map(|(topic, _)| topic);
        let own = PartKey::PermissionGroup(self.permission_group.clone());
        let parts = topics.flat_map(|topic| [PartKey::Topic(topic.clone()), self.key(topic)]);
        Needs { parts: parts.chain([own]).collect(), ..Needs::default() }
    }

    fn decide(
        &self,
        _: &Context,
        mut snapshot: GroupSnapshot,
    ) -> Result<Decision<Vec<TopicPermissionOutcome>>, Refusal> {
        use TopicPermissionChange::{Add, Delete, Set};
        use TopicPermissionOutcome::{AlreadyDeleted, AlreadyThere, Done, NoSuchTopic, NotThere};
        has_permission_groups(&snapshot.group)?;
        snapshot.permission_group(&self.permission_group)?;
        let mut answer = Vec::with_capacity(self.topics.len());
        // A topic named twice is written once, as it is in the end.
        let mut written = std::collections::BTreeMap::new();
        for (topic, change) in &self.topics {
            let key = self.key(topic);
            let known = snapshot.parts.contains_key(&PartKey::Topic(topic.clone()));
            let there = snapshot.parts.contains_key(&key);
            let (outcome, after) = match change {
                Add(_) | Set(_) if !known => (NoSuchTopic, None),
                Add(_) if there => (AlreadyThere, None),
                Set(_) if !there => (NotThere, None),
                Delete if !there => (AlreadyDeleted, None),
                Add(permissions) | Set(permissions) => {
                    (Done, Some(Some(Part::TopicPermission(*permissions))))
                }
                Delete => (Done, Some(None)),
            };
            answer.push(outcome);
            if let Some(after) = after {
                match after.clone() {
                    Some(part) => snapshot.parts.insert(key.clone(), part),
                    None => snapshot.parts.remove(&key),
                };
                written.insert(key, after);
            }
        }
        let changes = Changes { parts: written.into_iter().collect(), ..Changes::default() };
        Ok(Decision::new(changes, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::TopicPermissionChange::{Add, Delete, Set};
    use super::TopicPermissionOutcome::{AlreadyDeleted, AlreadyThere, Done, NoSuchTopic, NotThere};
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{decide, group_id, permission_group_id, permitted, topic_id};

    fn set(topics: &[(&str, TopicPermissionChange)]) -> Decision<Vec<TopicPermissionOutcome>> {
        let mut snapshot = permitted("p", &["with", "without"]);
        let key = PartKey::TopicPermission(permission_group_id("p"), topic_id("with"));
        snapshot.parts.insert(key, Part::TopicPermission(1));
        decide(&operation("p", topics), &snapshot).unwrap()
    }

    fn operation(name: &str, topics: &[(&str, TopicPermissionChange)]) -> SetTopicPermissions {
        SetTopicPermissions {
            group: group_id(GroupType::Community),
            permission_group: permission_group_id(name),
            topics: topics.iter().map(|(name, change)| (topic_id(name), *change)).collect(),
        }
    }

    #[test]
    fn each_topic_has_its_own_outcome() {
        let cases = [
            ("without", Add(2), Done, Some(Some(2))),
            ("without", Set(2), NotThere, None),
            ("without", Delete, AlreadyDeleted, None),
            ("with", Add(2), AlreadyThere, None),
            ("with", Set(2), Done, Some(Some(2))),
            ("with", Delete, Done, Some(None)),
            ("never", Add(2), NoSuchTopic, None),
            ("never", Set(2), NoSuchTopic, None),
            ("never", Delete, AlreadyDeleted, None),
        ];
        for (topic, change, outcome, after) in cases {
            let Decision { changes, answer, .. } = set(&[(topic, change)]);
            assert_eq!(answer, [outcome], "{topic} {change:?}");
            let key = PartKey::TopicPermission(permission_group_id("p"), topic_id(topic));
            let expected = after.map(|after| (key, after.map(Part::TopicPermission)));
            assert_eq!(changes.parts, Vec::from_iter(expected), "{topic} {change:?}");
        }
    }

    #[test]
    fn a_topic_named_twice_is_written_once() {
        let Decision { changes, answer, .. } = set(&[("with", Delete), ("with", Set(5)), ("with", Add(6))]);
        assert_eq!(answer, [Done, NotThere, Done]);
        let key = PartKey::TopicPermission(permission_group_id("p"), topic_id("with"));
        assert_eq!(changes.parts, [(key, Some(Part::TopicPermission(6)))]);
    }

    #[test]
    fn the_permission_group_must_be_there() {
        let refused = decide(&operation("q", &[("t", Delete)]), &permitted("p", &["t"])).unwrap_err();
        assert_eq!(refused, Refusal::NoSuchPermissionGroup);
    }
}
