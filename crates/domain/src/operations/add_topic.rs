//! A new topic: the rule that imports and creations share. It uses no message number: topics keep no notices of
//! themselves in their history. [choice]

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, TopicId};
use crate::message::MessageLog;
use crate::new_group::attempts;
use crate::operation::{Decision, GroupImport, GroupOperation, Imported};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::refusal::{Refusal, TooMany};
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;
use crate::time::Timestamp;
use crate::topic::{Topic, has_topics};

/// Makes a topic in a community that has topics.
#[derive(Clone, Debug)]
pub struct AddTopic {
    pub group: GroupId,
    /// The id the app chose; without one, the server makes it.
    pub id: Option<TopicId>,
    /// Random bits, for an id that the server makes.
    pub random_bits: u64,
    /// Name, never empty.
    pub name: Text,
    pub introduction: Text,
    pub notification: Text,
    pub face_url: Text,
    /// Whatever the app wants to keep with it.
    pub custom: Text,
    /// When it was made.
    pub created: Timestamp,
    /// Topics of one community.
    pub max: usize,
}

impl AddTopic {
    /// An id that no topic of the community has.
    fn free_id(&self, snapshot: &GroupSnapshot) -> Option<TopicId> {
        let is_free = |id: &TopicId| !snapshot.parts.contains_key(&PartKey::Topic(id.clone()));
        match &self.id {
            Some(id) => Some(id.clone()).filter(is_free),
            None => attempts(self.random_bits).map(|bits| TopicId::generate(&self.group, bits)).find(is_free),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CreateTopic(pub AddTopic);

impl GroupOperation for CreateTopic {
    type Answer = TopicId;

    fn group(&self) -> &GroupId {
        &self.0.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Topics)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        self.0.needs()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<TopicId>, Refusal> {
        let owner = snapshot.group.owner.clone();
        let (changes, id) = self.0.add(&snapshot)?;
        let created = Event::TopicCreated { id: id.clone(), name: self.0.name.clone(), owner };
        Ok(Decision::new(changes, id).with_event(created))
    }
}

/// Imports a topic, silently.
#[derive(Clone, Debug)]
pub struct ImportTopic(pub AddTopic);

impl GroupImport for ImportTopic {
    type Answer = TopicId;

    fn group(&self) -> &GroupId {
        &self.0.group
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        self.0.needs()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Imported<TopicId>, Refusal> {
        let (changes, answer) = self.0.add(&snapshot)?;
        Ok(Imported { changes, answer })
    }
}

impl AddTopic {
    fn needs(&self) -> Needs {
        let topics = PartRange { limit: self.max, ..PartRange::all(PartFamily::Topics) };
        let own = self.id.iter().map(|id| PartKey::Topic(id.clone())).collect();
        Needs { parts: own, ranges: vec![topics], ..Needs::default() }
    }

    fn add(&self, snapshot: &GroupSnapshot) -> Result<(Changes, TopicId), Refusal> {
        has_topics(&snapshot.group)?;
        let id = self.free_id(snapshot).ok_or(Refusal::TopicTaken)?;
        let topics = snapshot.parts.keys().filter(|key| matches!(key, PartKey::Topic(_)));
        if self.max <= topics.count() {
            return Err(Refusal::TooMany(TooMany::Topics(self.max)));
        }
        let topic = Topic {
            id: id.clone(),
            name: self.name.clone(),
            introduction: self.introduction.clone(),
            notification: self.notification.clone(),
            face_url: self.face_url.clone(),
            custom: self.custom.clone(),
            created: self.created,
            mute_all: false,
            log: MessageLog::default(),
        };
        let mut changes = Changes::default();
        changes.put(PartKey::Topic(id.clone()), Part::Topic(topic));
        Ok((changes, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{CREATED, community, decide, group_id, snapshot, text, topic, topic_id};

    fn add(id: Option<TopicId>, max: usize) -> CreateTopic {
        CreateTopic(AddTopic {
            group: group_id(GroupType::Community),
            id,
            random_bits: 7,
            name: text("n"),
            introduction: text("i"),
            notification: text("o"),
            face_url: text("f"),
            custom: text("c"),
            created: CREATED,
            max,
        })
    }

    #[test]
    fn only_communities_made_with_topics_take_one() {
        for kind in GroupType::ALL {
            let refused = decide(&add(None, 2), &snapshot(kind, &[])).unwrap_err();
            match kind {
                GroupType::Community => assert!(matches!(refused, Refusal::GroupForbids(_))),
                GroupType::Private | GroupType::Public | GroupType::ChatRoom | GroupType::AvChatRoom => {
                    assert!(matches!(refused, Refusal::TypeForbids(_)));
                }
            }
        }
    }

    #[test]
    fn a_topic_is_as_given_and_nothing_else_changes() {
        let decision = decide(&add(Some(topic_id("t")), 2), &community(&[])).unwrap();
        assert_eq!(decision.answer, topic_id("t"));
        let expected = Topic { introduction: text("i"), notification: text("o"), ..topic("t") };
        let expected = Topic { face_url: text("f"), custom: text("c"), ..expected };
        let key = PartKey::Topic(topic_id("t"));
        assert_eq!(decision.changes.parts, [(key, Some(Part::Topic(expected)))]);
        assert_eq!(decision.changes.group, None);
        assert!(decision.changes.new_messages.is_empty());
    }

    #[test]
    fn an_id_is_used_once_and_a_made_one_gives_way() {
        let mut snapshot = community(&["t"]);
        assert_eq!(decide(&add(Some(topic_id("t")), 9), &snapshot).unwrap_err(), Refusal::TopicTaken);
        let first = decide(&add(None, 9), &snapshot).unwrap().answer;
        snapshot.parts.insert(PartKey::Topic(first.clone()), Part::Topic(topic("t")));
        let second = decide(&add(None, 9), &snapshot).unwrap().answer;
        assert_ne!(first, second);
        assert_eq!(TopicId::parse(second.as_str(), &group_id(GroupType::Community)), Some(second));
    }

    #[test]
    fn a_full_community_takes_none() {
        let full = Refusal::TooMany(TooMany::Topics(2));
        assert_eq!(decide(&add(None, 2), &community(&["t", "u"])).unwrap_err(), full);
        assert!(decide(&add(None, 2), &community(&["t"])).is_ok());
    }
}
