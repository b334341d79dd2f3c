//! What is there of a group and what a newer file has of it become one group, in which nothing of either is lost.
//!
//! A message is known by its conversation, sender, time and `Random`; a member by its account; a topic by its id. What both
//! have with different contents stays as it is, or becomes what the file says. The result has no field for a notice or a
//! callback: a union is silent by type, as an import is.

mod history;
mod members;
mod merge;
mod outcome;
#[cfg(test)]
mod tests;
mod there;

pub use outcome::{BYTES_MAX, Figure, Figures, Kept, MEMBERS_MAX, MESSAGES_MAX, OnDifference, UnionOutcome};
pub use there::{Reach, There};

use crate::account::UnknownAccounts;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::{Group, Profile};
use crate::ids::{TopicId, UserId};
use crate::message::{Conversation, Message};
use crate::origin::{ADDED_MAX, Origin, Provenance, Seal};
use crate::part::{Part, PartKey};
use crate::several::Several;
use crate::staged::WholeMessage;
use crate::time::Timestamp;
use crate::topic::Topic;
use crate::whole_group::{WholeGroup, WholeTopic};
use history::History;
use std::collections::BTreeMap;

/// A group that a file has made larger.
#[derive(Clone, Debug)]
pub struct Union {
    /// What is written. Days are to be recorded for updated messages, too: others may be under their numbers.
    pub changes: Changes,
    pub provenance: Provenance,
    pub figures: Figures,
}

/// Decides what a group becomes that has everything that is there and everything that the file has. `None` where that is
/// what is there.
///
/// # Errors
/// `is_known` failed.
pub fn unite<E>(
    there: There,
    whole: WholeGroup,
    on: OnDifference,
    context: &Context,
    mut is_known: impl FnMut(&UserId) -> Result<bool, E>,
) -> Result<Result<(Option<Union>, Figures), Kept>, E> {
    let mut union = match decide(there, whole, on, context) {
        Ok(union) => union,
        Err(kept) => return Ok(Err(kept)),
    };
    for member in &union.changes.added_members {
        if !is_known(&member.account)? {
            union.changes.placeholders.push(member.account.clone());
        }
    }
    if context.unknown == UnknownAccounts::Refuse
        && let Some(several) = Several::of(&union.changes.placeholders)
    {
        return Ok(Err(Kept::UnknownAccount(several)));
    }
    let figures = union.figures;
    let Changes { group, added_members, updated_members, parts, new_messages, updated_messages, .. } =
        &union.changes;
    let is_same = group.is_none()
        && added_members.is_empty()
        && updated_members.is_empty()
        && parts.is_empty()
        && new_messages.is_empty()
        && updated_messages.is_empty();
    Ok(Ok(((!is_same).then_some(union), figures)))
}

fn decide(there: There, whole: WholeGroup, on: OnDifference, context: &Context) -> Result<Union, Kept> {
    let There { group: before, provenance, members, topics, marks, messages } = there;
    check(&before, &topics, &provenance, &whole)?;
    let mut figures = Figures::default();
    let WholeGroup { new, members: of_file, topics: new_topics, messages: of_conversations, origin, .. } =
        whole;
    let created = before.created.min(new.created);
    let mut group = Group { created, ..before.clone() };
    if before.info_changed == before.created {
        group.info_changed = created;
    }
    profile(&mut group, new.profile, on, &mut figures.group);
    let topics = unite_topics(topics, new_topics, on, &mut figures.topics);
    let mut histories = Histories::new(&group, &topics, messages, of_conversations, on)?;
    if histories.first.is_some_and(|first| first < created)
        || histories.last.is_some_and(|last| context.now < last)
    {
        return Err(Kept::BadMessage);
    }
    let mut changes = Changes::default();
    let people = members::People { there: members, marks, made: new.created, owner: new.owner, of_file };
    people.unite(&mut group, &histories.of, on, context.now, &mut changes, &mut figures)?;
    let mut united_topics = Vec::with_capacity(topics.len());
    for (topic, is_changed) in topics {
        let place = Conversation::Topic(topic.id.clone());
        let history = histories.of.get(&place);
        let topic = Topic { log: history.map_or_else(|| topic.log.clone(), |of| of.log.clone()), ..topic };
        if is_changed || history.is_some_and(History::grows) {
            changes.put(PartKey::Topic(topic.id.clone()), Part::Topic(topic.clone()));
        }
        united_topics.push(topic);
    }
    for (place, history) in std::mem::take(&mut histories.of) {
        figures.messages.add(history.figure);
        if place == Conversation::Group {
            group.log = history.log;
        }
        let of_place = |message| (place.clone(), message);
        changes.updated_messages.extend(history.updated.into_iter().map(of_place));
        changes.new_messages.extend(history.added.into_iter().map(of_place));
    }
    group.active |= 0 < figures.messages.added;
    let provenance = added(provenance, origin, Seal::of(&group, &united_topics));
    changes.group = (group != before).then_some(group);
    Ok(Union { changes, provenance, figures })
}

fn check(group: &Group, topics: &[Topic], provenance: &Provenance, whole: &WholeGroup) -> Result<(), Kept> {
    if Seal::of(group, topics) != provenance.seal {
        return Err(Kept::Touched);
    }
    if group.kind != whole.new.kind {
        return Err(Kept::OtherType);
    }
    if !(whole.topics.is_empty() || group.support_topic && group.kind.can().topics) {
        return Err(Kept::NoTopics);
    }
    if whole.origin.fits() { Ok(()) } else { Err(Kept::OriginTooLong) }
}

/// The larger of both limits of members holds: where a file does not say it, it follows from the members of the file.
fn profile(group: &mut Group, new: Profile, on: OnDifference, figure: &mut Figure) {
    let max_members = group.profile.max_members.max(new.max_members);
    let new = Profile { max_members: group.profile.max_members, ..new };
    if figure.of_both(group.profile != new, on) {
        group.profile = new;
    }
    group.profile.max_members = max_members;
}

/// Topics of both, and whether each is another than before.
fn unite_topics(
    there: Vec<Topic>,
    new: Vec<WholeTopic>,
    on: OnDifference,
    figure: &mut Figure,
) -> Vec<(Topic, bool)> {
    let mut topics: BTreeMap<TopicId, (Topic, bool)> =
        there.into_iter().map(|topic| (topic.id.clone(), (topic, false))).collect();
    for topic in new {
        let new = topic.made();
        match topics.get_mut(&new.id) {
            None => {
                figure.added += 1;
                topics.insert(new.id.clone(), (new, true));
            }
            Some((there, is_changed)) => {
                let same =
                    Topic { created: there.created, mute_all: there.mute_all, log: there.log.clone(), ..new };
                if figure.of_both(*there != same, on) {
                    (*there, *is_changed) = (same, true);
                }
            }
        }
    }
    topics.into_values().collect()
}

/// The histories that the file has something of, or that a mark may be in.
struct Histories {
    of: BTreeMap<Conversation, History>,
    /// When the first and the last message of the file were sent.
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Histories {
    fn new(
        group: &Group,
        topics: &[(Topic, bool)],
        mut there: BTreeMap<Conversation, Vec<Message>>,
        of_file: Vec<(Conversation, Vec<WholeMessage>)>,
        on: OnDifference,
    ) -> Result<Self, Kept> {
        let mut new: BTreeMap<Conversation, Vec<WholeMessage>> = BTreeMap::new();
        for (place, mut messages) in of_file {
            new.entry(place).or_default().append(&mut messages);
        }
        let is_ordered = |messages: &Vec<WholeMessage>| messages.is_sorted_by_key(|message| message.sent);
        if !new.values().all(is_ordered) {
            return Err(Kept::BadMessage);
        }
        let first = new.values().filter_map(|messages| messages.first()).map(|message| message.sent).min();
        let last = new.values().filter_map(|messages| messages.last()).map(|message| message.sent).max();
        let logs = topics.iter().map(|(topic, _)| (Conversation::Topic(topic.id.clone()), &topic.log));
        let mut of = BTreeMap::new();
        for (place, log) in logs.chain([(Conversation::Group, &group.log)]) {
            let there = there.remove(&place).unwrap_or_default();
            let new = new.remove(&place).unwrap_or_default();
            of.insert(place, History::new(log.clone(), there, new, on)?);
        }
        if new.is_empty() { Ok(Self { of, first, last }) } else { Err(Kept::NoSuchTopic) }
    }
}

/// Where a group comes from once a job has added to it.
fn added(before: Provenance, new: Origin, seal: Seal) -> Provenance {
    let Provenance { origin, brought, mut added, .. } = before;
    let Origin { job, digest, carried, .. } = new;
    if job != origin.job {
        added.retain(|other| *other != job);
        added.push(job);
        let forgotten = added.len().saturating_sub(ADDED_MAX);
        added.drain(..forgotten);
    }
    Provenance { origin: Origin { digest, carried, ..origin }, brought, seal, added }
}
