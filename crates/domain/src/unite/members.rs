//! The members of a group that a file has more of, and how far each has read.

use super::history::History;
use super::outcome::{Figures, Kept, OnDifference};
use crate::changes::Changes;
use crate::group::Group;
use crate::ids::{TopicId, UserId};
use crate::member::{Member, Role};
use crate::message::{Conversation, ReadMark};
use crate::new_group::new_member;
use crate::part::{Part, PartKey};
use crate::time::Timestamp;
use crate::topic::TopicMember;
use crate::whole_group::WholeMember;
use std::collections::BTreeMap;

/// The members that are there, and those of the file.
pub(super) struct People {
    pub(super) there: Vec<Member>,
    pub(super) marks: BTreeMap<(TopicId, UserId), TopicMember>,
    /// When the file's group was made.
    pub(super) made: Timestamp,
    /// The owner in the file.
    pub(super) owner: Option<UserId>,
    pub(super) of_file: Vec<WholeMember>,
}

type Histories = BTreeMap<Conversation, History>;

impl People {
    /// Nobody leaves. Another owner is one that is a member already.
    pub(super) fn unite(
        self,
        group: &mut Group,
        histories: &Histories,
        on: OnDifference,
        now: Timestamp,
        changes: &mut Changes,
        figures: &mut Figures,
    ) -> Result<(), Kept> {
        let Self { there, mut marks, made, owner, mut of_file } = self;
        let is_there = |account: &UserId| there.iter().any(|member| member.account == *account);
        let is_another = owner.is_some() && group.owner != owner;
        if is_another {
            let takes = on == OnDifference::TakeOver && owner.as_ref().is_some_and(is_there);
            if takes {
                group.owner.clone_from(&owner);
            }
            figures.group.differs_also(takes);
        }
        if let Some(owner) = owner.filter(|owner| of_file.iter().all(|member| member.account != *owner)) {
            of_file.push(WholeMember { joined: Some(made), ..WholeMember::new(owner) });
        }
        let mut before: BTreeMap<UserId, Member> =
            there.into_iter().map(|member| (member.account.clone(), member)).collect();
        let mut count = before.len();
        for member in of_file {
            let joined = member.joined.unwrap_or(made);
            if joined < group.created || now < joined || !fits(group, &member) {
                return Err(Kept::BadMember(member.account));
            }
            let old = before.remove(&member.account);
            count += usize::from(old.is_none());
            let reads = Reads { of_file: member.reads.clone(), histories };
            let account = member.account.clone();
            let mut row = match &old {
                Some(old) => taken_over(group, old.clone(), member, joined, now, on, figures),
                None => {
                    figures.members.added += 1;
                    made_of(group, member, joined)
                }
            };
            reads.set(&account, &mut row, old.as_ref(), &mut marks, changes, figures)?;
            match old {
                None => changes.added_members.push(row),
                Some(old) if old != row => changes.updated_members.push(row),
                Some(_) => {}
            }
        }
        for (account, old) in before {
            let mut row = Member { role: role(group, &account, old.role), ..old.clone() };
            let reads = Reads { of_file: Vec::new(), histories };
            reads.set(&account, &mut row, Some(&old), &mut marks, changes, figures)?;
            if row != old {
                changes.updated_members.push(row);
            }
        }
        group.member_count = u32::try_from(count).unwrap_or(u32::MAX);
        let max = group.profile.max_members;
        if max < group.member_count && 1 < count { Err(Kept::TooManyMembers(count, max)) } else { Ok(()) }
    }
}

fn fits(group: &Group, member: &WholeMember) -> bool {
    match member.role {
        Role::Owner => group.owner.as_ref() == Some(&member.account),
        Role::Admin => group.kind.can().admins,
        Role::Member => true,
    }
}

/// The role of a member, now that the group has its owner.
fn role(group: &Group, account: &UserId, role: Role) -> Role {
    match role {
        _ if group.owner.as_ref() == Some(account) => Role::Owner,
        Role::Owner => Role::Member,
        Role::Admin | Role::Member => role,
    }
}

fn made_of(group: &Group, member: WholeMember, joined: Timestamp) -> Member {
    Member {
        muted_until: if group.kind.can().mute { member.muted_until } else { Timestamp(0) },
        name_card: member.name_card,
        fields: member.fields,
        ..new_member(group.kind, member.account.clone(), role(group, &member.account, member.role), joined)
    }
}

/// A member that both have. An earlier time of joining is no difference: imports of members take it over too. A mute that
/// has ended is none either.
fn taken_over(
    group: &Group,
    old: Member,
    new: WholeMember,
    joined: Timestamp,
    now: Timestamp,
    on: OnDifference,
    figures: &mut Figures,
) -> Member {
    let same_role = role(group, &old.account, old.role);
    let muted_until = if now < new.muted_until { new.muted_until } else { old.muted_until };
    let same = Member { role: same_role, joined: old.joined.min(joined), ..old };
    let owns = same.role == Role::Owner;
    let changed = Member {
        role: if owns { Role::Owner } else { role(group, &same.account, new.role) },
        muted_until: if group.kind.can().mute && !owns { muted_until } else { same.muted_until },
        name_card: new.name_card,
        fields: new.fields,
        ..same.clone()
    };
    if figures.members.of_both(same != changed, on) { changed } else { same }
}

/// How far a member has read in each conversation.
struct Reads<'a> {
    of_file: Vec<(Conversation, u32)>,
    histories: &'a Histories,
}

impl Reads<'_> {
    fn set(
        &self,
        account: &UserId,
        row: &mut Member,
        old: Option<&Member>,
        marks: &mut BTreeMap<(TopicId, UserId), TopicMember>,
        changes: &mut Changes,
        figures: &mut Figures,
    ) -> Result<(), Kept> {
        if self.of_file.iter().any(|(place, _)| !self.histories.contains_key(place)) {
            return Err(Kept::NoSuchTopic);
        }
        for (place, history) in self.histories {
            let read = self.of_file.iter().rev().find(|(of, _)| of == place).map(|(_, read)| *read);
            match place {
                Conversation::Group => {
                    row.read = Self::mark(history, row.read, read, old.is_some(), figures)?;
                }
                Conversation::Topic(topic) => {
                    let key = (topic.clone(), account.clone());
                    let before = marks.remove(&key);
                    let there = before.clone().unwrap_or_default();
                    let mark = Self::mark(history, there.read, read, before.is_some(), figures)?;
                    if mark != there.read {
                        let part = Part::TopicMember(TopicMember { read: mark, ..there });
                        changes.put(PartKey::TopicMember(key.0, key.1), part);
                    }
                }
            }
        }
        Ok(())
    }

    /// The new mark. A mark that the file says counts as a record.
    fn mark(
        history: &History,
        before: ReadMark,
        read: Option<u32>,
        was_there: bool,
        figures: &mut Figures,
    ) -> Result<ReadMark, Kept> {
        let without = history.mark(before, None)?.unwrap_or(before);
        let Some(read) = read else { return Ok(without) };
        let with = history.mark(before, Some(read))?.unwrap_or(before);
        let has_another = history.log.read_seq(with) != history.log.read_seq(without);
        *match (has_another, was_there) {
            (false, true) => &mut figures.reads.unchanged,
            (true, true) => &mut figures.reads.updated,
            (_, false) => &mut figures.reads.added,
        } += 1;
        Ok(with)
    }
}
