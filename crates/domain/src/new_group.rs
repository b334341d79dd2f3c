//! A new group: the rule that imports and creations share.
//!
//! Its result has no field for a notice or a callback.

use crate::account::UnknownAccounts;
use crate::fields::CustomField;
use crate::group::{Group, GroupType, InviteOption, Profile};
use crate::ids::{GroupId, UserId};
use crate::limits::MAX_MEMBERS_DEFAULT;
use crate::member::{Member, Role};
use crate::message::{MessageLog, ReadMark};
use crate::several::Several;
use crate::text::Text;
use crate::time::Timestamp;

/// How a new group gets its id.
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
        let position = usize::try_from(attempt).unwrap_or(usize::MAX);
        match self {
            Self::Given(id) => (attempt == 0).then(|| id.clone()),
            Self::Generated(bits) => attempts(*bits).nth(position).map(|bits| GroupId::generate(kind, bits)),
        }
    }
}

/// The bits of ids to try one after the other while they are taken.
pub(crate) fn attempts(random_bits: u64) -> impl Iterator<Item = u64> {
    /// With 50 million groups, one generated id in 20,000 is taken; 16 in a row never are.
    const ATTEMPTS: u64 = 16;
    (0..ATTEMPTS).map(move |attempt| mix(random_bits.wrapping_add(attempt)))
}

/// SplitMix64's finalizer: neighbouring numbers give unlike ones.
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A group to be made; every value was checked when it was parsed.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub id: IdChoice,
    pub kind: GroupType,
    /// Name, texts, picture, limits and custom fields.
    pub profile: Profile,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// Its members, each account once. Of an owner who is among them, only the name card and the fields
    /// count.
    pub members: Vec<NewMember>,
    /// Whether a community has topics.
    pub support_topic: bool,
    /// Whether permission groups decide what members of a community may do.
    pub permissions_enabled: bool,
    /// What members in no permission group may do, in bits.
    pub default_permissions: u64,
    pub invite_option: InviteOption,
    /// Whether newcomers see earlier messages; `None` for the default of the type.
    pub history_before_join: Option<bool>,
    /// False for a group that only its owner sees until something is said in it.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl NewGroup {
    /// A group with nobody in it, and with the defaults of an import.
    #[must_use]
    pub fn new(id: IdChoice, kind: GroupType, name: Text, created: Timestamp) -> Self {
        let profile = Profile {
            name,
            introduction: Text::default(),
            notification: Text::default(),
            face_url: Text::default(),
            fields: Vec::new(),
            max_members: MAX_MEMBERS_DEFAULT,
            join_option: kind.default_join_option_on_import(),
        };
        Self {
            id,
            kind,
            profile,
            owner: None,
            members: Vec::new(),
            support_topic: false,
            permissions_enabled: false,
            default_permissions: 0,
            invite_option: kind.default_invite_option(),
            history_before_join: None,
            active: true,
            created,
        }
    }
}

/// A member of a new group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    pub account: UserId,
    /// `Admin` or `Member`; `Owner` is refused for this member.
    pub role: Role,
    /// When it joined; now when not given.
    pub joined: Option<Timestamp>,
    /// Messages it has not read; more than there are counts as all.
    pub unread: u32,
    /// End of its mute; 0 when it may speak.
    pub muted_until: Timestamp,
    /// Its name within the group.
    pub name_card: Text,
    pub fields: Vec<CustomField>,
}

impl NewMember {
    /// An ordinary member with nothing unread.
    #[must_use]
    pub fn new(account: UserId) -> Self {
        Self {
            account,
            role: Role::Member,
            joined: None,
            unread: 0,
            muted_until: Timestamp(0),
            name_card: Text::default(),
            fields: Vec::new(),
        }
    }

    /// As a member of `group` since it joined at `joined`. A mute is dropped where the type has none.
    pub(crate) fn join(self, kind: GroupType, role: Role, joined: Timestamp) -> Member {
        Member {
            muted_until: if kind.can().mute { self.muted_until } else { Timestamp(0) },
            name_card: self.name_card.into_string(),
            fields: self.fields,
            ..new_member(kind, self.account, role, joined)
        }
    }
}

/// Why a group is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewGroupRefusal {
    /// A living group has the id.
    #[error("the group id is in use")]
    IdTaken,
    /// The owner is no account of the app.
    #[error("the owner is not an imported account")]
    OwnerUnknown,
    /// Members named in the same call are no accounts of the app.
    #[error("{0} is not an imported account")]
    MemberUnknown(Several),
}

/// What a new group consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedGroup {
    pub group: Group,
    /// Its members, the owner first.
    pub members: Vec<Member>,
    /// Accounts that were never imported and are created as placeholders.
    pub placeholders: Vec<UserId>,
}

/// Decides what a new group, whose id is free, consists of.
///
/// `list_position` is the group's place in the app's list; `is_known` answers whether an account exists.
///
/// # Errors
/// An account is unknown while unknown ones are refused.
pub fn new_group<E>(
    new: NewGroup,
    id: GroupId,
    list_position: u64,
    unknown: UnknownAccounts,
    now: Timestamp,
    mut is_known: impl FnMut(&UserId) -> Result<bool, E>,
) -> Result<Result<CreatedGroup, NewGroupRefusal>, E> {
    let kind = new.kind;
    let mut members = Vec::with_capacity(1 + new.members.len());
    let owner_sits = kind.can().members;
    let mut listed = new.members;
    // The owner made the group, so it joined when the group was made. [choice]
    members.extend(new.owner.iter().filter(|_| owner_sits).map(|owner| {
        let place = listed.iter().position(|member| member.account == *owner);
        let owner = place.map_or_else(|| NewMember::new(owner.clone()), |place| listed.remove(place));
        Member { muted_until: Timestamp(0), ..owner.join(kind, Role::Owner, new.created) }
    }));
    for member in listed {
        // A role, mute or time that cannot be joins as if it had not been given, rather than failing the group. [choice]
        let role = if kind.can().admins { member.role } else { Role::Member };
        let joined = member.joined.filter(|joined| time_fits(*joined, new.created, now)).unwrap_or(now);
        members.push(member.join(kind, role, joined));
    }
    let mut unknown_accounts = Vec::new();
    // The owner of a group that keeps no members is named in the group only.
    let absent_owner = new.owner.iter().filter(|_| !owner_sits).map(|owner| (owner, Role::Owner));
    for (account, role) in absent_owner.chain(members.iter().map(|member| (&member.account, member.role))) {
        if !is_known(account)? {
            if role == Role::Owner && unknown == UnknownAccounts::Refuse {
                return Ok(Err(NewGroupRefusal::OwnerUnknown));
            }
            unknown_accounts.push(account.clone());
        }
    }
    if let Some(members) = Several::of(&unknown_accounts)
        && unknown == UnknownAccounts::Refuse
    {
        return Ok(Err(NewGroupRefusal::MemberUnknown(members)));
    }
    let group = Group {
        id,
        kind,
        profile: new.profile,
        owner: new.owner,
        support_topic: new.support_topic,
        invite_option: new.invite_option,
        mute_all: false,
        created: new.created,
        info_seq: 0,
        info_changed: new.created,
        log: MessageLog::default(),
        history_before_join: history_before_join(kind, new.history_before_join),
        permissions_enabled: new.permissions_enabled,
        default_permissions: new.default_permissions,
        active: new.active,
        member_count: u32::try_from(members.len()).unwrap_or(u32::MAX),
        list_position,
    };
    Ok(Ok(CreatedGroup { group, members, placeholders: unknown_accounts }))
}

/// What was asked for, where the type can say it.
fn history_before_join(kind: GroupType, asked: Option<bool>) -> bool {
    kind.can().history_before_join.is_some_and(|default| asked.unwrap_or(default))
}

/// A member with the defaults of its group's type.
#[must_use]
pub fn new_member(kind: GroupType, account: UserId, role: Role, joined: Timestamp) -> Member {
    Member {
        account,
        role,
        joined,
        read: ReadMark::default(),
        receive_option: kind.default_receive_option(),
        muted_until: Timestamp(0),
        last_message: Timestamp(0),
        name_card: String::new(),
        fields: Vec::new(),
    }
}

/// Members join, and messages are sent, after the group was made and before now. [doc]
pub(crate) fn time_fits(time: Timestamp, created: Timestamp, now: Timestamp) -> bool {
    check_time(time, created, now).is_ok()
}

/// The same, with the reason when the time does not fit.
pub(crate) fn check_time(time: Timestamp, created: Timestamp, now: Timestamp) -> Result<(), TimeProblem> {
    if time <= created {
        Err(TimeProblem::NotAfterCreation { time, created })
    } else if now <= time {
        Err(TimeProblem::NotBeforeNow { time, now })
    } else {
        Ok(())
    }
}

/// Why a member cannot have joined, or a message cannot have been sent, at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeProblem {
    /// The group was not there yet.
    #[error("{} is not after the group's CreateTime, {}", time.0, created.0)]
    NotAfterCreation { time: Timestamp, created: Timestamp },
    /// It is yet to come.
    #[error("{} is not before now, {}", time.0, now.0)]
    NotBeforeNow { time: Timestamp, now: Timestamp },
}

#[cfg(test)]
mod tests;
