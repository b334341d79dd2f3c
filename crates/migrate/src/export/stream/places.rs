//! Which channel each group and topic becomes.

use super::super::held::{Heading, Held, Role};
use super::super::lost;
use super::super::names::Names;
use super::super::place::{Place, is_pair};
use super::{extras, set, time};
use crate::format::{Group, Json};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CHANNEL_ID_BYTES_MAX: usize = 64;
const KIND: &str = "messaging";

/// What a group or topic becomes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    kind: String,
    /// Of a distinct channel, which its members identify: their ids. Its id otherwise.
    id: Result<String, Value>,
}

impl Target {
    /// The members of an item that say which channel it belongs to.
    pub(crate) fn reference(&self) -> Map<String, Value> {
        let mut item = Map::new();
        set(&mut item, "channel_type", Some(self.kind.as_str()));
        match &self.id {
            Ok(id) => set(&mut item, "channel_id", Some(id.as_str())),
            Err(members) => set(&mut item, "channel_member_ids", Some(members.clone())),
        }
        item
    }
}

pub(crate) struct Places(BTreeMap<Place, Target>);

impl Places {
    pub(crate) fn new(held: &mut Held, user_ids: &BTreeMap<String, String>) -> Self {
        let mut places = BTreeMap::new();
        let (mut known, mut ids_lost) = (BTreeSet::new(), 0_u64);
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        let mut names = BTreeMap::new();
        let mut take = |kind: &str, wanted: &str, id: &str| {
            let names =
                names.entry(kind.to_owned()).or_insert_with(|| Names::new(allowed, CHANNEL_ID_BYTES_MAX));
            names.take(wanted, id)
        };
        for (id, group) in held.pairs_first() {
            let place = Place { group: id.clone(), topic: String::new() };
            let (kind, wanted) = origin(group).unwrap_or((KIND, id));
            let members = pair(held, id, user_ids).or_else(|| distinct(group));
            let target = match members {
                Some(members) if known.insert((kind.to_owned(), members.to_string())) => Err(members),
                Some(_) | None => Ok(take(kind, wanted, id)),
            };
            ids_lost += u64::from(target.as_ref().is_ok_and(|id| id != wanted));
            places.insert(place, Target { kind: kind.to_owned(), id: target });
        }
        (0..ids_lost).for_each(|_| held.lost.count(lost::IDS));
        for (place, topic) in &held.topics {
            held.lost.count(lost::TOPICS);
            let id = take(KIND, &topic.topic_id, &topic.topic_id);
            places.insert(place.clone(), Target { kind: KIND.to_owned(), id: Ok(id) });
        }
        Self(places)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Place, &Target)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, place: &Place) -> Option<&Target> {
        self.0.get(place)
    }

    pub(crate) fn channels(&self, held: &mut Held, user_ids: &BTreeMap<String, String>) -> Vec<Value> {
        let mut channels = Vec::new();
        let anyone = user_ids.values().next();
        for (place, target) in &self.0 {
            let Some(group) = held.groups.get(&place.group) else { continue };
            let topic = held.topics.get(place);
            let mut item = extras(&group.src, group.x.as_ref());
            match &target.id {
                Ok(id) => set(&mut item, "id", Some(id.as_str())),
                Err(members) => set(&mut item, "member_ids", Some(members.clone())),
            }
            set(&mut item, "type", Some(target.kind.as_str()));
            let heading = Heading::of(group, topic);
            let is_named = !heading.name.is_empty() && target.id.is_ok();
            set(&mut item, "name", Some(heading.name).filter(|_| is_named));
            let notices = [("introduction", heading.introduction), ("notification", heading.notification)];
            for (member, text) in notices.into_iter().filter(|(_, text)| !text.is_empty()) {
                held.lost.count(lost::NOTICES);
                set(&mut item, member, Some(text));
            }
            set(&mut item, "image", topic.map_or(&group.face_url, |topic| &topic.face_url).as_deref());
            let maker = maker(held, group).and_then(|account| user_ids.get(account)).or(anyone);
            set(&mut item, "created_by", maker.map(String::as_str));
            let made = topic.and_then(|topic| topic.create_time).or(group.create_time);
            set(&mut item, "created_at", made.and_then(|seconds| time(seconds.saturating_mul(1_000))));
            let lost = &mut held.lost;
            lost.count_if(topic.is_none() && !group.app_defined_data.is_empty(), lost::CUSTOM_FIELDS);
            let from_stream = group.src.starts_with("stream");
            lost.count_if(topic.is_none() && !from_stream && group.kind != "Private", lost::TYPES);
            lost.count_if(topic.is_none() && !from_stream && group.x.is_some(), lost::EXTRAS);
            channels.push(Value::Object(item));
        }
        channels
    }
}

/// The owner, or the first administrator, or the first member.
fn maker<'a>(held: &'a Held, group: &'a Group) -> Option<&'a String> {
    let members = held.members.get(&group.group_id)?;
    let with = |role| members.iter().find(|(_, member)| member.role == role).map(|(account, _)| account);
    group
        .owner
        .as_ref()
        .or_else(|| with(Role::Owner))
        .or_else(|| with(Role::Admin))
        .or_else(|| with(Role::Member))
}

/// Type and id of a channel that came from Stream.
fn origin(group: &Group) -> Option<(&str, &str)> {
    let key = group.src.starts_with("stream").then_some(group.key.as_str())?;
    key.split_once(':').filter(|(kind, id)| !kind.is_empty() && !id.is_empty())
}

/// The members of a one-to-one conversation.
fn pair(held: &Held, id: &str, user_ids: &BTreeMap<String, String>) -> Option<Value> {
    let members = held.members.get(id).filter(|_| is_pair(id))?;
    let mut members: Vec<_> = members.keys().filter_map(|account| user_ids.get(account)).collect();
    members.sort();
    Some(json!(members))
}

/// The members that a distinct channel of Stream is known by.
fn distinct(group: &Group) -> Option<Value> {
    let (_, id) = origin(group)?;
    let x = group.x.as_ref().filter(|_| id.starts_with("!members-")).map(Json::value)?;
    x.get("member_ids").filter(|members| members.is_array()).cloned()
}
