//! Which channel or direct channel each group and topic becomes.

use super::super::held::{Heading, Held, Role};
use super::super::lost;
use super::super::names::Names;
use super::super::place::{Place, is_pair};
use super::{cut, line::Channel};
use crate::format::{Group, Json};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CHANNEL_BYTES_MAX: usize = 64;
const DISPLAY_NAME_CHARACTERS_MAX: usize = 64;
const HEADER_CHARACTERS_MAX: usize = 1_024;
const PURPOSE_CHARACTERS_MAX: usize = 250;
/// Most members of a direct channel.
const DIRECT_MEMBERS_MAX: usize = 8;
const TEAM: &str = "landfall";

/// What a group or topic becomes.
#[derive(Debug)]
pub(crate) enum Target {
    Channel {
        team: String,
        name: String,
    },
    Direct {
        /// User names, sorted.
        members: Vec<String>,
        header: String,
        /// When members last looked at it, milliseconds since 1970.
        viewed: BTreeMap<String, u64>,
    },
}

pub(crate) struct Places(BTreeMap<Place, Target>);

impl Places {
    pub(crate) fn new(held: &mut Held, usernames: &BTreeMap<String, String>) -> Self {
        let allowed = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_')
        };
        let mut names: BTreeMap<String, Names> = BTreeMap::new();
        let mut places = BTreeMap::new();
        let mut direct: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut ids_lost = 0_u64;
        for (id, group) in held.pairs_first() {
            let place = Place { group: id.clone(), topic: String::new() };
            if let Some(members) = direct_members(held, group, usernames)
                && direct.insert(members.clone())
            {
                let accounts = held.members.get(id).into_iter().flat_map(BTreeMap::keys);
                let viewed = accounts.filter_map(|account| {
                    Some((usernames.get(account)?.clone(), held.read_ms(&place, account, "mattermost")?))
                });
                let viewed = viewed.collect();
                let header = Heading::of(group, None).notification;
                places.insert(place, Target::Direct { members, header, viewed });
                continue;
            }
            let (team, wanted) = origin(group).unwrap_or((TEAM, id));
            let names =
                names.entry(team.to_owned()).or_insert_with(|| Names::new(allowed, CHANNEL_BYTES_MAX));
            let name = names.take(&wanted.to_ascii_lowercase(), id);
            ids_lost += u64::from(name != wanted);
            places.insert(place, Target::Channel { team: team.to_owned(), name });
        }
        (0..ids_lost).for_each(|_| held.lost.count(lost::IDS));
        for (place, topic) in &held.topics {
            held.lost.count(lost::TOPICS);
            let names =
                names.entry(TEAM.to_owned()).or_insert_with(|| Names::new(allowed, CHANNEL_BYTES_MAX));
            let name = names.take(&topic.topic_id.to_ascii_lowercase(), &topic.topic_id);
            places.insert(place.clone(), Target::Channel { team: TEAM.to_owned(), name });
        }
        Self(places)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Place, &Target)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, place: &Place) -> Option<&Target> {
        self.0.get(place)
    }

    pub(crate) fn teams(&self) -> BTreeSet<&str> {
        let mut teams = BTreeSet::new();
        for target in self.0.values() {
            if let Target::Channel { team, name: _ } = target {
                teams.insert(team.as_str());
            }
        }
        teams
    }

    pub(crate) fn channels(&self, held: &mut Held) -> Vec<Channel<'_>> {
        let mut channels = Vec::new();
        for (place, target) in &self.0 {
            let Some(group) = held.groups.get(&place.group) else { continue };
            let topic = held.topics.get(place);
            let lost = &mut held.lost;
            if topic.is_none() {
                lost.count_if(!group.app_defined_data.is_empty(), lost::CUSTOM_FIELDS);
                lost.count_if(group.face_url.is_some(), lost::PICTURES);
            }
            let Target::Channel { team, name } = target else { continue };
            let owned = held.members.get(&place.group).into_iter().flatten();
            let owned = owned.into_iter().any(|(_, member)| member.role == Role::Owner);
            lost.count_if(owned && topic.is_none(), lost::OWNERS);
            lost.count_if(!matches!(group.kind.as_str(), "Public" | "Private" | "Work"), lost::TYPES);
            let heading = Heading::of(group, topic);
            let mut short = |text: &str, characters_max| {
                let (text, is_cut) = cut(text, characters_max);
                lost.count_if(is_cut, lost::NAMES);
                text
            };
            let shown = if heading.name.is_empty() { name } else { &heading.name };
            channels.push(Channel {
                team,
                name,
                display_name: short(shown, DISPLAY_NAME_CHARACTERS_MAX),
                kind: if matches!(group.kind.as_str(), "Private" | "Work") { "P" } else { "O" },
                header: short(&heading.notification, HEADER_CHARACTERS_MAX),
                purpose: short(&heading.introduction, PURPOSE_CHARACTERS_MAX),
            });
        }
        channels
    }
}

/// Team and name of a channel that came from Mattermost.
fn origin(group: &Group) -> Option<(&str, &str)> {
    let key = group.src.starts_with("mattermost").then_some(group.key.as_str())?;
    key.split_once('/').filter(|(team, name)| !team.is_empty() && !name.is_empty())
}

/// The user names of a one-to-one conversation, or of one of a few whose `x` says that it is one.
fn direct_members(held: &Held, group: &Group, usernames: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let x = group.x.as_ref().map(Json::value).unwrap_or_default();
    if !is_pair(&group.group_id) && x.get("direct").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let members = held.members.get(&group.group_id)?;
    let mut members: Vec<_> = members.keys().filter_map(|id| usernames.get(id).cloned()).collect();
    members.sort();
    (1..=DIRECT_MEMBERS_MAX).contains(&members.len()).then_some(members)
}
