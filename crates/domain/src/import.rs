//! Rules of importing members into a group that is there.
//!
//! Their result has no field for a notice or a callback: an import is silent by type.

use crate::account::UnknownAccounts;
use crate::group::{Group, GroupType};
use crate::ids::UserId;
use crate::member::{Member, Role};
use crate::new_group::{NewMember, TimeProblem, check_time, time_fits};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What became of one imported member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberOutcome {
    /// Not imported, for this reason.
    Refused(MemberRefusal),
    /// Imported.
    Imported,
    /// Was a member already, and is unchanged but for the time it joined: [`ImportedMembers::earlier`].
    AlreadyMember,
}

/// Why one member is not imported. The texts name members of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// A group gets its owner when it is imported itself.
    #[error("Role is Owner, not Admin or Member")]
    Owner,
    /// Groups of this type have no administrators.
    #[error("Role is Admin, which {} groups do not have", .0.as_str())]
    NoAdmins(GroupType),
    #[error("JoinTime {0}")]
    JoinTime(TimeProblem),
    /// The account was never imported, while unknown ones are refused.
    #[error("the account is not imported")]
    AccountUnknown,
    /// The group has as many members as it may have: this number.
    #[error("the group is full: MaxMemberNum is {0}")]
    Full(u32),
}

/// Why no member at all is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportMembersRefusal {
    /// No such group, or it was dissolved.
    #[error("the group does not exist")]
    NoSuchGroup,
    /// Groups of this type keep no members.
    #[error("groups of this type do not accept imported members")]
    TypeNotImportable,
    /// No account of the list exists while unknown ones are refused. [choice]
    #[error("none of the accounts is imported")]
    NoAccountKnown,
    /// The group is full, and no account of the list is a member. [choice]
    #[error("the group is full")]
    Full,
}

/// What the store knows of one account that an import names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account exists.
    pub known: bool,
    /// When it joined the group; `None` when it is no member.
    pub joined: Option<Timestamp>,
}

/// What importing members changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMembers {
    /// The new members.
    pub added: Vec<Member>,
    /// Members that were there and joined earlier than it was known, each once, with that time.
    pub earlier: BTreeMap<UserId, Timestamp>,
    /// Accounts that were never imported and are created as placeholders.
    pub placeholders: Vec<UserId>,
    /// One outcome for each member asked for, in order.
    pub outcomes: Vec<MemberOutcome>,
}

/// Decides who of `asked` becomes a member of `group`; `standings` has one entry for each, in order.
///
/// Bans are not checked: the importing app says which accounts were members. A ban applies again once the member leaves. [choice]
///
/// An existing member stays as it is, but an earlier time of joining replaces the known one: members that
/// were imported without theirs joined when they were imported, and what was said before is hidden from them. Never a
/// later one, so that repeating a call changes nothing, in whatever order calls arrive. [choice]
///
/// # Errors
/// All accounts are refused for the same reason.
pub fn import_members(
    group: &Group,
    asked: &[NewMember],
    standings: &[Standing],
    unknown: UnknownAccounts,
    now: Timestamp,
) -> Result<ImportedMembers, ImportMembersRefusal> {
    if !group.kind.can().import {
        return Err(ImportMembersRefusal::TypeNotImportable);
    }
    if unknown == UnknownAccounts::Refuse && standings.iter().all(|standing| !standing.known) {
        return Err(ImportMembersRefusal::NoAccountKnown);
    }
    let mut change = ImportedMembers {
        added: Vec::new(),
        earlier: BTreeMap::new(),
        placeholders: Vec::new(),
        outcomes: Vec::new(),
    };
    let mut room = group.profile.max_members.saturating_sub(group.member_count);
    let mut turned_away = false;
    let mut seen = BTreeSet::new();
    for (member, standing) in asked.iter().zip(standings) {
        let outcome = if let Some(known) = standing.joined {
            let known = change.earlier.get(&member.account).copied().unwrap_or(known);
            let joined = member.joined.filter(|joined| time_fits(*joined, group.created, now));
            if let Some(joined) = joined.filter(|joined| *joined < known) {
                change.earlier.insert(member.account.clone(), joined);
            }
            MemberOutcome::AlreadyMember
        } else if seen.contains(&member.account) {
            MemberOutcome::AlreadyMember
        } else if let Err(refusal) = may_join(group, member, *standing, unknown, now) {
            MemberOutcome::Refused(refusal)
        } else if room == 0 {
            turned_away = true;
            MemberOutcome::Refused(MemberRefusal::Full(group.profile.max_members))
        } else {
            room -= 1;
            seen.insert(&member.account);
            if !standing.known {
                change.placeholders.push(member.account.clone());
            }
            change.added.push(Member {
                read: group.log.mark_unread(member.unread),
                ..member.clone().join(group.kind, member.role, member.joined.unwrap_or(now))
            });
            MemberOutcome::Imported
        };
        change.outcomes.push(outcome);
    }
    let nobody_is_in = || change.outcomes.iter().all(|outcome| matches!(outcome, MemberOutcome::Refused(_)));
    if turned_away && nobody_is_in() {
        return Err(ImportMembersRefusal::Full);
    }
    Ok(change)
}

/// Whether one member may join, room aside.
fn may_join(
    group: &Group,
    member: &NewMember,
    standing: Standing,
    unknown: UnknownAccounts,
    now: Timestamp,
) -> Result<(), MemberRefusal> {
    match member.role {
        Role::Owner => return Err(MemberRefusal::Owner),
        Role::Admin if !group.kind.can().admins => return Err(MemberRefusal::NoAdmins(group.kind)),
        Role::Admin | Role::Member => {}
    }
    if let Some(joined) = member.joined {
        check_time(joined, group.created, now).map_err(MemberRefusal::JoinTime)?;
    }
    if !standing.known && unknown == UnknownAccounts::Refuse {
        return Err(MemberRefusal::AccountUnknown);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
