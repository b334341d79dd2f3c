//! What accounts may do in a group when they act for themselves: the documented table, once. [doc] An administrator of the
//! app may do all that the type of the group has.
//!
//! Texts of several years differ. The newer, wider right counts. [choice]

mod bits;

pub use bits::bits_of;

use crate::group::GroupType;
use crate::member::Role;
use std::fmt;

/// What an account is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Owner,
    Admin,
    /// Any other member; in a live-stream group, an account that has entered it.
    Member,
    /// Not a member.
    Outsider,
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

/// Those who have a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holders(u8);

impl Holders {
    /// Administrators of the app only.
    pub const NOBODY: Self = Self(0);
    const OWNER: Self = Self(1);
    const ADMINS: Self = Self(2);
    const ORDINARY: Self = Self(4);
    const OUTSIDERS: Self = Self(8);
    const LEADERS: Self = Self::OWNER.and(Self::ADMINS);
    const MEMBERS: Self = Self::LEADERS.and(Self::ORDINARY);
    const BELOW_OWNER: Self = Self::ADMINS.and(Self::ORDINARY);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether an account of this standing is among them.
    #[must_use]
    pub fn include(self, standing: Standing) -> bool {
        let one = match standing {
            Standing::Owner => Self::OWNER,
            Standing::Admin => Self::ADMINS,
            Standing::Member => Self::ORDINARY,
            Standing::Outsider => Self::OUTSIDERS,
        };
        self.0 & one.0 != 0
    }
}

/// As the end of a sentence: "only … may".
impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NOBODY => "an administrator of the app",
            Self::OWNER => "the owner",
            Self::LEADERS => "the owner and administrators",
            Self::BELOW_OWNER => "members other than the owner",
            Self::OUTSIDERS => "accounts that are not members",
            _ => "members",
        })
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Sending messages.
    Send,
    /// Changing name, introduction, notice and picture.
    EditTexts,
    /// Changing join and invite option, mute of all, and custom fields.
    EditOptions,
    /// Changing what members of a community may do: permission groups on or off, and the rights of members in none.
    EditPermissions,
    /// Joining, or applying to join.
    Join,
    /// Bringing accounts in.
    Invite,
    /// Deciding on applications.
    Approve,
    /// Removing members.
    Remove,
    /// Keeping accounts out for some time.
    Ban,
    /// Muting members.
    Mute,
    /// Making members administrators, and ordinary members again.
    SetRole,
    /// Changing what the group knows of another member: name and custom fields.
    EditMember,
    /// Changing one's own name in the group, custom fields and receive option.
    EditSelf,
    /// Making another member the owner.
    Transfer,
    /// Leaving.
    Quit,
    /// Dissolving the group.
    Dissolve,
    /// Recalling one's own messages, for some time.
    RecallOwn,
    /// Recalling messages of others.
    RecallOthers,
    /// Changing messages.
    EditMessage,
    /// Attributes.
    Attributes,
    /// Counters.
    Counters,
    /// Making, changing and dissolving topics.
    Topics,
    /// Reading messages as one of their receivers: read marks, receipts and extensions.
    Receive,
}

impl Right {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 23] = [
        Self::Send,
        Self::EditTexts,
        Self::EditOptions,
        Self::EditPermissions,
        Self::Join,
        Self::Invite,
        Self::Approve,
        Self::Remove,
        Self::Ban,
        Self::Mute,
        Self::SetRole,
        Self::EditMember,
        Self::EditSelf,
        Self::Transfer,
        Self::Quit,
        Self::Dissolve,
        Self::RecallOwn,
        Self::RecallOthers,
        Self::EditMessage,
        Self::Attributes,
        Self::Counters,
        Self::Topics,
        Self::Receive,
    ];

    /// What the holders of the right may do, as the end of "only … may".
    #[must_use]
    pub fn deed(self) -> &'static str {
        match self {
            Self::Send => "send messages",
            Self::EditTexts => "change the profile of the group",
            Self::EditOptions => "change the settings of the group",
            Self::EditPermissions => "change what members may do",
            Self::Join => "join",
            Self::Invite => "invite",
            Self::Approve => "decide on applications",
            Self::Remove => "remove members",
            Self::Ban => "ban accounts",
            Self::Mute => "mute members",
            Self::SetRole => "change roles",
            Self::EditMember => "change other members",
            Self::EditSelf => "change how the group knows them",
            Self::Transfer => "make another member the owner",
            Self::Quit => "leave",
            Self::Dissolve => "dissolve the group",
            Self::RecallOwn => "recall their messages",
            Self::RecallOthers => "recall messages of others",
            Self::EditMessage => "change messages",
            Self::Attributes => "use attributes",
            Self::Counters => "use counters",
            Self::Topics => "manage topics",
            Self::Receive => "read messages",
        }
    }

    /// Its holders in groups of a type. Options of the group and limits of time may narrow it.
    #[must_use]
    pub fn holders(self, kind: GroupType) -> Holders {
        const ALL: Holders = Holders::MEMBERS;
        const LEAD: Holders = Holders::LEADERS;
        const OWNER: Holders = Holders::OWNER;
        const OUT: Holders = Holders::OUTSIDERS;
        const NONE: Holders = Holders::NOBODY;
        // Private, Public, ChatRoom, AVChatRoom, Community.
        let line = match self {
            Self::Send => [ALL, ALL, ALL, ALL, ALL],
            Self::EditTexts => [ALL, LEAD, LEAD, OWNER, LEAD],
            Self::EditOptions => [OWNER, LEAD, LEAD, OWNER, LEAD],
            Self::EditPermissions => [NONE, NONE, NONE, NONE, OWNER],
            Self::Join => [NONE, OUT, OUT, OUT, OUT],
            Self::Invite => [ALL, ALL, ALL, NONE, ALL],
            Self::Approve => [OWNER, LEAD, LEAD, NONE, LEAD],
            Self::Remove => [OWNER, LEAD, LEAD, NONE, LEAD],
            Self::Ban => [NONE, NONE, NONE, LEAD, NONE],
            Self::Mute => [NONE, LEAD, LEAD, LEAD, LEAD],
            Self::SetRole => [NONE, OWNER, OWNER, NONE, OWNER],
            Self::EditMember => [OWNER, LEAD, LEAD, NONE, LEAD],
            Self::EditSelf => [ALL, ALL, ALL, NONE, ALL],
            Self::Transfer => [OWNER, OWNER, OWNER, NONE, OWNER],
            Self::Quit => [ALL, Holders::BELOW_OWNER, Holders::BELOW_OWNER, NONE, Holders::BELOW_OWNER],
            Self::Dissolve => [NONE, OWNER, OWNER, OWNER, OWNER],
            Self::RecallOwn => [ALL, ALL, ALL, NONE, ALL],
            Self::RecallOthers => [OWNER, LEAD, LEAD, NONE, LEAD],
            Self::EditMessage | Self::Receive => [ALL, ALL, ALL, NONE, ALL],
            Self::Attributes => [ALL, ALL, ALL, ALL, ALL],
            Self::Counters => [ALL, ALL, ALL, ALL, NONE],
            Self::Topics => [NONE, NONE, NONE, NONE, LEAD],
        };
        let [private, public, chat_room, live, community] = line;
        match kind {
            GroupType::Private => private,
            GroupType::Public => public,
            GroupType::ChatRoom => chat_room,
            GroupType::AvChatRoom => live,
            GroupType::Community => community,
        }
    }
}

/// Whether an account of one standing may remove, mute or change an account of another: the owner everybody else,
/// administrators ordinary members only.
#[must_use]
pub fn outranks(actor: Standing, target: Standing) -> bool {
    match actor {
        Standing::Owner => target != Standing::Owner,
        Standing::Admin => matches!(target, Standing::Member | Standing::Outsider),
        Standing::Member | Standing::Outsider => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for each right: its holders in Private, Public, ChatRoom, AVChatRoom, Community. O: the owner, A: administrators,
    /// M: ordinary members, N: accounts that are not members.
    const TABLE: &str = "
        Send          OAM OAM OAM OAM OAM
        EditTexts     OAM OA  OA  O   OA
        EditOptions   O   OA  OA  O   OA
        EditPermissions - - - - O
        Join          -   N   N   N   N
        Invite        OAM OAM OAM -   OAM
        Approve       O   OA  OA  -   OA
        Remove        O   OA  OA  -   OA
        Ban           -   -   -   OA  -
        Mute          -   OA  OA  OA  OA
        SetRole       -   O   O   -   O
        EditMember    O   OA  OA  -   OA
        EditSelf      OAM OAM OAM -   OAM
        Transfer      O   O   O   -   O
        Quit          OAM AM  AM  -   AM
        Dissolve      -   O   O   O   O
        RecallOwn     OAM OAM OAM -   OAM
        RecallOthers  O   OA  OA  -   OA
        EditMessage   OAM OAM OAM -   OAM
        Attributes    OAM OAM OAM OAM OAM
        Counters      OAM OAM OAM OAM -
        Topics        -   -   -   -   OA
        Receive       OAM OAM OAM -   OAM";

    const LETTERS: [(Standing, char); 4] =
        [(Standing::Owner, 'O'), (Standing::Admin, 'A'), (Standing::Member, 'M'), (Standing::Outsider, 'N')];

    #[test]
    fn the_rights_are_as_documented() {
        let rows: Vec<Vec<&str>> =
            TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), Right::ALL.len());
        for (right, row) in Right::ALL.into_iter().zip(rows) {
            assert_eq!(format!("{right:?}"), row[0]);
            for (kind, cell) in GroupType::ALL.into_iter().zip(&row[1..]) {
                for (standing, letter) in LETTERS {
                    let has = right.holders(kind).include(standing);
                    assert_eq!(has, cell.contains(letter), "{right:?} of {standing:?} in {kind:?}");
                }
            }
        }
    }

    #[test]
    fn the_owner_outranks_everybody_else_and_administrators_outrank_ordinary_members() {
        let outranked = |actor| {
            let of = |(target, letter)| outranks(actor, target).then_some(letter);
            LETTERS.into_iter().filter_map(of).collect::<String>()
        };
        assert_eq!(LETTERS.map(|(standing, _)| outranked(standing)), ["AMN", "MN", "", ""]);
    }
}
