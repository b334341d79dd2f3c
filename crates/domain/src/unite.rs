//! What is there of a group and what a newer file has of it become one group, in which nothing of either is lost.
//!
//! A message is known by its conversation, sender, time and `Random`; a member by its account; a topic by its id. What both
//! have with different contents stays as it is, or becomes what the file says. The result has no field for a notice or a
//! callback: a union is silent by type, as an import is.

mod history;
mod members;
mod merge;
#[cfg(test)]
mod tests;

use crate::account::UnknownAccounts;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::{Group, Profile};
use crate::ids::{TopicId, UserId};
use crate::member::Member;
use crate::message::{Content, Conversation, Message};
use crate::origin::{ADDED_MAX, Origin, Provenance, Seal};
use crate::part::{Part, PartKey};
use crate::several::Several;
use crate::staged::WholeMessage;
use crate::time::Timestamp;
use crate::topic::{Topic, TopicMember};
use crate::whole_group::{WholeGroup, WholeTopic};
use history::History;
use std::collections::BTreeMap;

/// Messages that are looked at: those from the first message of the file on.
pub const MESSAGES_MAX: usize = 20_000;
/// Bytes of these messages, about.
pub const BYTES_MAX: usize = 16 << 20;
/// Members of a group that is united, and their marks in each topic.
pub const MEMBERS_MAX: usize = 20_000;

/// What becomes of what both have with different contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDifference {
    /// It stays as it is.
    Keep,
    /// It becomes what the file says.
    TakeOver,
}

/// Why a group stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    #[error("no job brought the group in")]
    NotByJob,
    #[error("the group differs, and was touched since it was brought in")]
    Touched,
    #[error("the group is of another type")]
    OtherType,
    #[error("the file has topics, and the group cannot have any")]
    NoTopics,
    #[error("the group would have {0} members, more than its MaxMemberNum of {1}")]
    TooManyMembers(usize, u32),
    #[error("{0} of the file cannot be a member with this role or JoinTime")]
    BadMember(UserId),
    #[error("a read mark of the file counts more messages than the file has")]
    BadRead,
    #[error("a message of the file was sent before the group was made, in the future, or not in order")]
    BadMessage,
    #[error("messages of the file are of a topic that neither has")]
    NoSuchTopic,
    #[error("{0} is not an imported account")]
    UnknownAccount(Several),
    #[error("a conversation has more messages than there are numbers")]
    NoNumbers,
    #[error("messages with receipts or extensions would get other numbers")]
    Fixed,
    #[error("src, key, digest or what is carried beside the group is too long")]
    OriginTooLong,
    #[error("more than {MESSAGES_MAX} messages, or {} MiB of them, would have to be looked at and moved", BYTES_MAX >> 20)]
    TooManyMessages,
    #[error("the group has more than {MEMBERS_MAX} members, too many to be united with the file")]
    TooManyToLookAt,
}

/// What became of a group that was to be united with what a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnionOutcome {
    /// It has more than before, or something else.
    United(Figures),
    /// It had everything. What differs stays as it is.
    Unchanged(Figures),
    /// Nothing of the file came in.
    Kept(Kept),
}

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Those that were not there.
    pub added: u64,
    /// Those that took over what the file says.
    pub updated: u64,
    /// Those that were there just like this.
    pub unchanged: u64,
    /// Those that stay as they are, and differ from the file.
    pub differing: u64,
}

impl Figure {
    /// Counts a record that both have; whether it takes over what the file says.
    fn of_both(&mut self, differs: bool, on: OnDifference) -> bool {
        let takes = differs && on == OnDifference::TakeOver;
        *match (differs, takes) {
            (false, _) => &mut self.unchanged,
            (true, true) => &mut self.updated,
            (true, false) => &mut self.differing,
        } += 1;
        takes
    }

    fn add(&mut self, more: Self) {
        self.added += more.added;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.differing += more.differing;
    }

    /// The one record that is counted differs in something more.
    fn differs_also(&mut self, takes: bool) {
        if takes || self.updated != 0 {
            *self = Self { updated: 1, ..Self::default() };
        } else {
            *self = Self { differing: 1, ..Self::default() };
        }
    }
}

/// What became of the records of a file's group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The group itself; only one of these is 1.
    pub group: Figure,
    pub topics: Figure,
    pub members: Figure,
    pub messages: Figure,
    /// Read marks.
    pub reads: Figure,
}

impl Figures {
    /// How many records differ and stay as they are.
    #[must_use]
    pub fn differing(&self) -> u64 {
        let Self { group, topics, members, messages, reads } = self;
        [group, topics, members, messages, reads].map(|figure| figure.differing).iter().sum()
    }
}

/// What is there of a group, as far as the union with a file needs it.
#[derive(Clone, Debug)]
pub struct There {
    pub group: Group,
    pub provenance: Provenance,
    /// All of them, the owner too.
    pub members: Vec<Member>,
    pub topics: Vec<Topic>,
    /// The rows of members in topics.
    pub marks: BTreeMap<(TopicId, UserId), TopicMember>,
    /// Of each conversation, in order, those that [`Reach`] names.
    pub messages: BTreeMap<Conversation, Vec<Message>>,
}

/// The messages that a store is to load of a group: in each conversation those sent at these times or later.
#[derive(Clone, Debug)]
pub struct Reach {
    /// When the first message of the file was sent.
    pub from: BTreeMap<Conversation, Timestamp>,
    messages: usize,
    bytes: usize,
}

impl Reach {
    #[must_use]
    pub fn of(whole: &WholeGroup) -> Self {
        let mut from = BTreeMap::new();
        for (place, messages) in &whole.messages {
            if let Some(first) = messages.first() {
                from.entry(place.clone()).or_insert(first.sent);
            }
        }
        Self { from, messages: 0, bytes: 0 }
    }

    /// Counts a message that was loaded.
    ///
    /// # Errors
    /// They are too many.
    pub fn take(&mut self, message: &Message) -> Result<(), Kept> {
        self.messages += 1;
        self.bytes += match &message.content {
            Content::Sent(body) => body.elements.len() + body.custom.len(),
            Content::Tip(_) | Content::Gone => 0,
        };
        let fits = self.messages <= MESSAGES_MAX && self.bytes <= BYTES_MAX;
        if fits { Ok(()) } else { Err(Kept::TooManyMessages) }
    }
}

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
