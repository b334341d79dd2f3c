//! A group that arrives with everything in it: members, topics, messages and how far each member has read.
//!
//! The rule's result has no field for a notice or a callback: such a group is brought in silently by type. It is visible
//! whole or not at all.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::fields::CustomField;
use crate::group::{Group, GroupType};
use crate::ids::{GroupId, TopicId, UserId};
use crate::member::{Member, Role};
use crate::message::{Conversation, Message, MessageLog, ReadMark};
use crate::new_group::{CreatedGroup, IdChoice, NewGroup, NewGroupRefusal, new_group, new_member};
use crate::origin::{Origin, Provenance, Seal};
use crate::part::{Part, PartKey};
use crate::several::Several;
use crate::staged::{BadMessage, Staged, WholeMessage};
use crate::text::Text;
use crate::time::Timestamp;
use crate::topic::{Topic, TopicMember};
use std::collections::{BTreeMap, BTreeSet};

/// A group with everything in it. The id does not depend on what is taken: the same group always gets the same.
#[derive(Clone, Debug)]
pub struct WholeGroup {
    /// The group itself; its `members` are not looked at.
    pub new: NewGroup,
    /// Its members, each account once. What is said of the owner counts too, but for its role.
    pub members: Vec<WholeMember>,
    pub topics: Vec<WholeTopic>,
    /// Messages, in the order in which they were sent in each conversation. They follow those that were staged.
    pub messages: Vec<(Conversation, Vec<WholeMessage>)>,
    /// How many messages were [staged](crate::bulk::BulkStore::stage_messages) for it. If none were, what is staged for it is
    /// left over from a call that broke off, and does not count.
    pub staged: u64,
    pub origin: Origin,
}

impl WholeGroup {
    #[must_use]
    pub fn id(&self) -> GroupId {
        match &self.new.id {
            IdChoice::Given(id) => id.clone(),
            IdChoice::Generated(bits) => GroupId::generate(self.new.kind, *bits),
        }
    }
}

/// A member of such a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeMember {
    pub account: UserId,
    /// `Admin` or `Member`; of the owner it is not looked at.
    pub role: Role,
    /// From when the group was made to now; when the group was made if not given.
    pub joined: Option<Timestamp>,
    pub name_card: String,
    /// End of its mute; 0 when it may speak.
    pub muted_until: Timestamp,
    pub fields: Vec<CustomField>,
    /// How many messages of each conversation it has read, counted from the first; of one that is not named, all.
    pub reads: Vec<(Conversation, u32)>,
}

impl WholeMember {
    /// An ordinary member since the group was made, that has read everything.
    #[must_use]
    pub fn new(account: UserId) -> Self {
        Self {
            account,
            role: Role::Member,
            joined: None,
            name_card: String::new(),
            muted_until: Timestamp(0),
            fields: Vec::new(),
            reads: Vec::new(),
        }
    }
}

/// A topic of such a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeTopic {
    pub id: TopicId,
    /// Name, never empty.
    pub name: Text,
    pub introduction: Text,
    pub notification: Text,
    pub face_url: Text,
    /// Whatever the app wants to keep with it.
    pub custom: Text,
    pub created: Timestamp,
}

impl WholeTopic {
    /// The topic before its first message.
    pub(crate) fn made(self) -> Topic {
        let Self { id, name, introduction, notification, face_url, custom, created } = self;
        let log = MessageLog::default();
        Topic { id, name, introduction, notification, face_url, custom, created, mute_all: false, log }
    }
}

/// Why a group is not brought in. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WholeGroupRefusal {
    #[error("groups of type {} cannot be imported", .0.as_str())]
    TypeNotImportable(GroupType),
    /// A part of it is there by another job.
    #[error("the group is being imported by another job")]
    BeingImported,
    #[error("the group is said to be made in the future")]
    MadeLater,
    /// An account was never imported while unknown ones are refused.
    #[error(transparent)]
    Account(NewGroupRefusal),
    #[error("{0} members are more than its {1}")]
    TooManyMembers(usize, u32),
    #[error("the member {0} is named twice")]
    MemberTwice(UserId),
    #[error("the member {0} has a role that groups of this type do not have, or that of the owner")]
    RoleDoesNotFit(UserId),
    #[error("the member {0} joined before the group was made, or in the future")]
    BadJoinTime(UserId),
    #[error("the group has topics, but its type or SupportTopic does not allow any")]
    NoTopics,
    #[error("the topic {0} is named twice")]
    TopicTwice(TopicId),
    /// Messages or a read mark name it.
    #[error("there is no topic {0}")]
    NoSuchTopic(TopicId),
    #[error(transparent)]
    Message(#[from] BadMessage),
    /// The store was closed since, or the staging failed.
    #[error("{0} messages were staged, and {1} of them are there; stage them again")]
    StagedLost(u64, u64),
    #[error("the member {0} is said to have read more messages than there are")]
    BadRead(UserId),
    #[error("src, key, digest or what is carried beside the group is too long")]
    OriginTooLong,
}

/// What a whole group consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedWholeGroup {
    pub group: Group,
    /// Its members, the owner first.
    pub members: Vec<Member>,
    /// Topics, and members whose read mark in a topic differs from the default.
    pub parts: Vec<(PartKey, Part)>,
    /// Messages that were not staged, in ascending order within each conversation.
    pub messages: Vec<(Conversation, Message)>,
    /// Accounts that were never imported and are created as placeholders.
    pub placeholders: Vec<UserId>,
    pub provenance: Provenance,
}

/// Decides what a whole group, whose id is free, consists of. `staged` has the messages that were brought in before.
///
/// All messages lie below `read_by_all`, as imported messages do: no connected client is sent them, and members without a
/// read mark have read everything.
///
/// # Errors
/// `is_known` failed.
pub fn whole_group<E>(
    whole: WholeGroup,
    mut staged: Staged,
    list_position: u64,
    context: &Context,
    mut is_known: impl FnMut(&UserId) -> Result<bool, E>,
) -> Result<Result<CreatedWholeGroup, WholeGroupRefusal>, E> {
    let id = whole.id();
    let WholeGroup { new, members, topics, messages, staged: expected, origin } = whole;
    if staged.count() != expected {
        return Ok(Err(WholeGroupRefusal::StagedLost(expected, staged.count())));
    }
    let messages = match check(&new, &origin, context).and_then(|()| Ok(staged.number(messages)?)) {
        Ok(messages) => messages,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let owner = new.owner.clone();
    let new = NewGroup { members: Vec::new(), ..new };
    let created = new_group(new, id, list_position, context.unknown, context.now, &mut is_known)?;
    let CreatedGroup { mut group, members: mut all, mut placeholders } = match created {
        Ok(created) => created,
        Err(refusal) => return Ok(Err(WholeGroupRefusal::Account(refusal))),
    };
    let filled = take_topics(&mut group, topics, staged, context.now)
        .and_then(|mut logs| Ok((take_members(&group, members, &mut logs, &mut all, context.now)?, logs)));
    let (mut parts, logs) = match filled {
        Ok(filled) => filled,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut strangers = Vec::new();
    for member in all.iter().filter(|member| Some(&member.account) != owner.as_ref()) {
        if !is_known(&member.account)? {
            strangers.push(member.account.clone());
        }
    }
    if context.unknown == UnknownAccounts::Refuse
        && let Some(several) = Several::of(&strangers)
    {
        return Ok(Err(WholeGroupRefusal::Account(NewGroupRefusal::MemberUnknown(several))));
    }
    placeholders.append(&mut strangers);
    group.member_count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    // A group that brings its history along is no new one: its members see it, as with imported messages.
    group.active |= logs.values().any(|(log, _)| 0 < log.last_seq());
    let topics: Vec<Topic> = logs.into_values().filter_map(|(_, topic)| topic).collect();
    let seal = Seal::of(&group, &topics);
    let provenance = Provenance { origin, brought: context.now, seal, added: Vec::new() };
    parts.extend(topics.into_iter().map(|topic| (PartKey::Topic(topic.id.clone()), Part::Topic(topic))));
    Ok(Ok(CreatedWholeGroup { group, members: all, parts, messages, placeholders, provenance }))
}

fn check(new: &NewGroup, origin: &Origin, context: &Context) -> Result<(), WholeGroupRefusal> {
    if !new.kind.can().import {
        return Err(WholeGroupRefusal::TypeNotImportable(new.kind));
    }
    if context.now < new.created {
        return Err(WholeGroupRefusal::MadeLater);
    }
    if origin.fits() { Ok(()) } else { Err(WholeGroupRefusal::OriginTooLong) }
}

/// The numbers of each conversation, and its topic where it is one.
type Logs = BTreeMap<Conversation, (MessageLog, Option<Topic>)>;

/// Gives the group and its topics the messages that were numbered.
fn take_topics(
    group: &mut Group,
    topics: Vec<WholeTopic>,
    staged: Staged,
    now: Timestamp,
) -> Result<Logs, WholeGroupRefusal> {
    let may_have_topics = group.kind.can().topics && group.support_topic;
    if !(topics.is_empty() || may_have_topics) {
        return Err(WholeGroupRefusal::NoTopics);
    }
    let mut numbered = staged.finished(group.created, now)?;
    let mut logs = Logs::new();
    group.log = numbered.remove(&Conversation::Group).unwrap_or_default();
    logs.insert(Conversation::Group, (group.log.clone(), None));
    for topic in topics {
        let mut topic = topic.made();
        let place = Conversation::Topic(topic.id.clone());
        if logs.contains_key(&place) {
            return Err(WholeGroupRefusal::TopicTwice(topic.id));
        }
        let log = numbered.remove(&place).unwrap_or_default();
        topic.log = log.clone();
        logs.insert(place, (log, Some(topic)));
    }
    match numbered.into_keys().next() {
        Some(Conversation::Topic(id)) => Err(WholeGroupRefusal::NoSuchTopic(id)),
        Some(Conversation::Group) | None => Ok(logs),
    }
}

/// Adds members to `all`, which has the owner; the rows of those with a read mark in a topic come back.
fn take_members(
    group: &Group,
    members: Vec<WholeMember>,
    logs: &mut Logs,
    all: &mut Vec<Member>,
    now: Timestamp,
) -> Result<Vec<(PartKey, Part)>, WholeGroupRefusal> {
    let mut parts = Vec::new();
    let mut seen = BTreeSet::new();
    all.reserve(members.len());
    for member in members {
        if !seen.insert(member.account.clone()) {
            return Err(WholeGroupRefusal::MemberTwice(member.account));
        }
        let is_owner = group.owner.as_ref() == Some(&member.account);
        let role = if is_owner { Role::Owner } else { member.role };
        let admin = role == Role::Admin && !group.kind.can().admins;
        if admin || (role == Role::Owner && !is_owner) {
            return Err(WholeGroupRefusal::RoleDoesNotFit(member.account));
        }
        let joined = member.joined.unwrap_or(group.created);
        if joined < group.created || now < joined {
            return Err(WholeGroupRefusal::BadJoinTime(member.account));
        }
        let mut row = Member {
            muted_until: if group.kind.can().mute { member.muted_until } else { Timestamp(0) },
            name_card: member.name_card,
            fields: member.fields,
            ..new_member(group.kind, member.account, role, joined)
        };
        for (place, read) in member.reads {
            let Some((log, _)) = logs.get(&place) else {
                let Conversation::Topic(id) = place else { continue };
                return Err(WholeGroupRefusal::NoSuchTopic(id));
            };
            if log.last_seq() < read {
                return Err(WholeGroupRefusal::BadRead(row.account));
            }
            let mark = ReadMark { seq: read, made_at: log.read_by_all };
            match place {
                Conversation::Group => row.read = mark,
                Conversation::Topic(id) => parts.push((
                    PartKey::TopicMember(id, row.account.clone()),
                    Part::TopicMember(TopicMember { read: mark, ..TopicMember::default() }),
                )),
            }
        }
        match all.first_mut().filter(|_| is_owner) {
            Some(owner) => *owner = row,
            None => all.push(row),
        }
    }
    let max = group.profile.max_members;
    if u32::try_from(all.len()).map_or(true, |count| max < count) && 1 < all.len() {
        return Err(WholeGroupRefusal::TooManyMembers(all.len(), max));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
