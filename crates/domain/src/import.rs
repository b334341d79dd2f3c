//! Rules of the two import operations of groups.
//!
//! What they return has no place for a notice or a callback: an import is silent by type.

use crate::account::UnknownAccounts;
use crate::group::{Group, GroupType, Profile};
use crate::ids::{GroupId, UserId};
use crate::member::{Member, Role};
use crate::time::Timestamp;

/// How an imported group gets its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdChoice {
    /// The app chose it.
    Given(GroupId),
    /// The server makes one from these random bits, and others from them while it is taken.
    Generated(u64),
}

impl IdChoice {
    /// The id to try at the `attempt`-th time, counted from 0; `None` when there is no other to try.
    #[must_use]
    pub fn candidate(&self, kind: GroupType, attempt: u64) -> Option<GroupId> {
        /// With 50 million groups, one generated id in 20,000 is taken; 16 in a row never are.
        const ATTEMPTS: u64 = 16;
        match self {
            Self::Given(id) => (attempt == 0).then(|| id.clone()),
            Self::Generated(bits) if attempt < ATTEMPTS => {
                Some(GroupId::generate(kind, mix(bits.wrapping_add(attempt))))
            }
            Self::Generated(_) => None,
        }
    }
}

/// SplitMix64's finalizer: neighbouring numbers give unlike ones.
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A group to be imported; every value was checked when it was parsed.
#[derive(Clone, Debug)]
pub struct ImportGroup {
    /// Its id.
    pub id: IdChoice,
    /// Its type, an importable one.
    pub kind: GroupType,
    /// What the app says about it.
    pub profile: Profile,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// Further members, each account once and the owner not among them.
    pub members: Vec<ImportMember>,
    /// Whether a community has topics.
    pub support_topic: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// A member to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportMember {
    /// The account.
    pub account: UserId,
    /// `Admin` or `Member`; `Owner` is refused for this member.
    pub role: Role,
    /// When it joined; now when not given.
    pub joined: Option<Timestamp>,
    /// Messages it has not read; more than there are counts as all.
    pub unread: u32,
    /// End of its mute; 0 when it may speak.
    pub muted_until: Timestamp,
}

/// What became of one imported member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberOutcome {
    /// Not imported.
    Failed,
    /// Imported.
    Imported,
    /// Was a member already and is unchanged.
    AlreadyMember,
}

/// Why a group is not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportGroupRefusal {
    /// A living group has the id.
    #[error("the group id is in use")]
    IdTaken,
    /// The owner is no account of the app.
    #[error("the owner is not an imported account")]
    OwnerUnknown,
    /// A member named in the same call is no account of the app.
    #[error("a member is not an imported account")]
    MemberUnknown,
}

/// What an imported group consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedGroup {
    /// The group.
    pub group: Group,
    /// Its members, the owner first.
    pub members: Vec<Member>,
    /// Accounts to make because nobody imported them.
    pub placeholders: Vec<UserId>,
}

/// Decides what an import makes of a group whose id is free.
///
/// `list_position` is the group's place in the app's list; `is_known` tells whether an account exists.
///
/// # Errors
/// The first account that is unknown while unknown ones are refused.
pub fn import_group<E>(
    import: ImportGroup,
    id: GroupId,
    list_position: u64,
    unknown: UnknownAccounts,
    now: Timestamp,
    mut is_known: impl FnMut(&UserId) -> Result<bool, E>,
) -> Result<Result<ImportedGroup, ImportGroupRefusal>, E> {
    let kind = import.kind;
    let mut members = Vec::with_capacity(1 + import.members.len());
    // The owner made the group, so it joined when the group was made. [choice]
    members.extend(
        import.owner.iter().map(|owner| new_member(kind, owner.clone(), Role::Owner, import.created)),
    );
    for member in import.members {
        // A role, mute or time that cannot be joins as if it had not been given, rather than failing the group. [choice]
        let role = if kind.has_admins() { member.role } else { Role::Member };
        let joined = member.joined.filter(|joined| time_fits(*joined, import.created, now)).unwrap_or(now);
        let muted_until = if kind.has_mute() { member.muted_until } else { Timestamp(0) };
        members.push(Member { muted_until, ..new_member(kind, member.account, role, joined) });
    }
    let mut placeholders = Vec::new();
    for member in &members {
        if !is_known(&member.account)? {
            if unknown == UnknownAccounts::Refuse {
                return Ok(Err(match member.role {
                    Role::Owner => ImportGroupRefusal::OwnerUnknown,
                    Role::Admin | Role::Member => ImportGroupRefusal::MemberUnknown,
                }));
            }
            placeholders.push(member.account.clone());
        }
    }
    let group = Group {
        id,
        kind,
        profile: import.profile,
        owner: import.owner,
        support_topic: import.support_topic,
        invite_option: kind.default_invite_option(),
        mute_all: false,
        created: import.created,
        info_seq: 0,
        info_changed: import.created,
        last_message: Timestamp(0),
        next_message_seq: 1,
        member_count: u32::try_from(members.len()).unwrap_or(u32::MAX),
        list_position,
    };
    Ok(Ok(ImportedGroup { group, members, placeholders }))
}

fn new_member(kind: GroupType, account: UserId, role: Role, joined: Timestamp) -> Member {
    Member {
        account,
        role,
        joined,
        read_seq: 0,
        receive_option: kind.default_receive_option(),
        muted_until: Timestamp(0),
        last_message: Timestamp(0),
        name_card: String::new(),
    }
}

/// Why no member at all is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportMembersRefusal {
    /// No such group, or it was dissolved.
    #[error("the group does not exist")]
    NoSuchGroup,
    /// Groups of this type keep no members.
    #[error("groups of this type take no imported members")]
    TypeNotImportable,
    /// No account of the list exists while unknown ones are refused. [choice]
    #[error("none of the accounts is imported")]
    NoAccountKnown,
    /// The group is full, and nobody of the list is in it. [choice]
    #[error("the group is full")]
    Full,
}

/// What the store knows of one account that an import names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account exists.
    pub known: bool,
    /// It is a member of the group.
    pub member: bool,
}

/// What importing members changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMembers {
    /// The new members.
    pub added: Vec<Member>,
    /// Accounts to make because nobody imported them.
    pub placeholders: Vec<UserId>,
    /// One outcome for each member asked for, in order.
    pub outcomes: Vec<MemberOutcome>,
}

/// Decides who of `asked` becomes a member of `group`; `standings` has one entry for each, in order.
///
/// # Errors
/// When nobody can be imported for one and the same reason.
pub fn import_members(
    group: &Group,
    asked: &[ImportMember],
    standings: &[Standing],
    unknown: UnknownAccounts,
    now: Timestamp,
) -> Result<ImportedMembers, ImportMembersRefusal> {
    if !group.kind.importable() {
        return Err(ImportMembersRefusal::TypeNotImportable);
    }
    if unknown == UnknownAccounts::Refuse && standings.iter().all(|standing| !standing.known) {
        return Err(ImportMembersRefusal::NoAccountKnown);
    }
    let mut change = ImportedMembers { added: Vec::new(), placeholders: Vec::new(), outcomes: Vec::new() };
    let mut room = group.profile.max_members.saturating_sub(group.member_count);
    let mut turned_away = false;
    let mut seen = std::collections::BTreeSet::new();
    for (member, standing) in asked.iter().zip(standings) {
        let outcome = if standing.member || seen.contains(&member.account) {
            MemberOutcome::AlreadyMember
        } else if !may_join(group, member, *standing, unknown, now) {
            MemberOutcome::Failed
        } else if room == 0 {
            turned_away = true;
            MemberOutcome::Failed
        } else {
            room -= 1;
            seen.insert(&member.account);
            if !standing.known {
                change.placeholders.push(member.account.clone());
            }
            let last_message_seq = group.next_message_seq - 1;
            change.added.push(Member {
                read_seq: last_message_seq.saturating_sub(member.unread),
                muted_until: if group.kind.has_mute() { member.muted_until } else { Timestamp(0) },
                ..new_member(group.kind, member.account.clone(), member.role, member.joined.unwrap_or(now))
            });
            MemberOutcome::Imported
        };
        change.outcomes.push(outcome);
    }
    if turned_away && change.outcomes.iter().all(|outcome| *outcome == MemberOutcome::Failed) {
        return Err(ImportMembersRefusal::Full);
    }
    Ok(change)
}

/// Whether one member may join, room aside.
fn may_join(
    group: &Group,
    member: &ImportMember,
    standing: Standing,
    unknown: UnknownAccounts,
    now: Timestamp,
) -> bool {
    let role_fits = match member.role {
        Role::Owner => false,
        Role::Admin => group.kind.has_admins(),
        Role::Member => true,
    };
    let time_fits = member.joined.is_none_or(|joined| time_fits(joined, group.created, now));
    role_fits && time_fits && (standing.known || unknown == UnknownAccounts::Create)
}

/// Members join after the group was made and before now. [doc]
fn time_fits(joined: Timestamp, created: Timestamp, now: Timestamp) -> bool {
    created < joined && joined < now
}

#[cfg(test)]
mod tests;
