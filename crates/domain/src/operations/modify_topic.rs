//! Changes the profile of a topic.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::{Event, ProfileChange};
use crate::group::Group;
use crate::ids::{GroupId, TopicId};
use crate::message::Conversation;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::text::Text;
use crate::topic::{Topic, has_topics};

/// Changes a topic; what is not given stays as it is.
#[derive(Clone, Debug)]
pub struct ModifyTopic {
    pub group: GroupId,
    pub topic: TopicId,
    /// Name, never empty.
    pub name: Option<Text>,
    pub introduction: Option<Text>,
    pub notification: Option<Text>,
    pub face_url: Option<Text>,
    /// Whatever the app wants to keep with it.
    pub custom: Option<Text>,
    /// Whether only owner and administrators may speak.
    pub mute_all: Option<bool>,
}

impl GroupOperation for ModifyTopic {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        let place = Conversation::Topic(self.topic.clone());
        vec![Action::UseIn(Right::Topics, place)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs { parts: vec![PartKey::Topic(self.topic.clone())], ..Needs::default() }
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        has_topics(&snapshot.group)?;
        let before = snapshot.topic(&self.topic)?;
        let text = |new: &Option<Text>, old: &Text| new.as_ref().unwrap_or(old).clone();
        let after = Topic {
            id: before.id.clone(),
            name: text(&self.name, &before.name),
            introduction: text(&self.introduction, &before.introduction),
            notification: text(&self.notification, &before.notification),
            face_url: text(&self.face_url, &before.face_url),
            custom: text(&self.custom, &before.custom),
            created: before.created,
            mute_all: self.mute_all.unwrap_or(before.mute_all),
            log: before.log.clone(),
        };
        if after == *before {
            return Ok(Decision::unchanged(()));
        }
        let change = ProfileChange::between(texts(before), texts(&after));
        let mut changes = Changes::default();
        changes.put(PartKey::Topic(self.topic.clone()), Part::Topic(after));
        let event = change.map(|change| Event::TopicChanged { id: self.topic.clone(), change });
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

fn texts(topic: &Topic) -> [&Text; 4] {
    [&topic.name, &topic.introduction, &topic.notification, &topic.face_url]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::sample::{community, decide, group_id, text, topic, topic_id};

    fn nothing(name: &str) -> ModifyTopic {
        ModifyTopic {
            group: group_id(GroupType::Community),
            topic: topic_id(name),
            name: None,
            introduction: None,
            notification: None,
            face_url: None,
            custom: None,
            mute_all: None,
        }
    }

    #[test]
    fn each_value_changes_alone() {
        let set = |change: fn(&mut ModifyTopic)| {
            let mut operation = nothing("t");
            change(&mut operation);
            let changes = decide(&operation, &community(&["t", "u"])).unwrap().changes;
            match &changes.parts[..] {
                [(_, Some(Part::Topic(topic)))] => topic.clone(),
                parts => panic!("{parts:?}"),
            }
        };
        let new = || text("new");
        assert_eq!(set(|topic| topic.name = Some(text("new"))), Topic { name: new(), ..topic("t") });
        let introduced = set(|topic| topic.introduction = Some(text("new")));
        assert_eq!(introduced, Topic { introduction: new(), ..topic("t") });
        let noticed = set(|topic| topic.notification = Some(text("new")));
        assert_eq!(noticed, Topic { notification: new(), ..topic("t") });
        assert_eq!(set(|topic| topic.face_url = Some(text("new"))), Topic { face_url: new(), ..topic("t") });
        assert_eq!(set(|topic| topic.custom = Some(text("new"))), Topic { custom: new(), ..topic("t") });
        assert_eq!(set(|topic| topic.mute_all = Some(true)), Topic { mute_all: true, ..topic("t") });
    }

    #[test]
    fn what_is_so_already_is_not_written() {
        let operation = ModifyTopic { name: Some(text("n")), mute_all: Some(false), ..nothing("t") };
        assert!(decide(&operation, &community(&["t"])).unwrap().changes.parts.is_empty());
        assert_eq!(decide(&nothing("u"), &community(&["t"])).unwrap_err(), Refusal::NoSuchTopic);
    }
}
