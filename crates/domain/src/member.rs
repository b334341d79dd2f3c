//! Members of a group.

use crate::fields::CustomField;
use crate::ids::UserId;
use crate::message::ReadMark;
use crate::time::Timestamp;

/// Role of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one owner.
    Owner,
    /// Appointed by the owner.
    Admin,
    /// Any other member.
    Member,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Member];

    /// The role called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "Owner" => Some(Self::Owner),
            "Admin" => Some(Self::Admin),
            "Member" => Some(Self::Member),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
        }
    }

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Owner => 0,
            Self::Admin => 1,
            Self::Member => 2,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// How a member receives the group's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiveOption {
    /// Online and by push.
    AcceptAndNotify,
    /// Online only.
    AcceptNotNotify,
    /// Not at all.
    Discard,
    /// Online only, and by push when the message names the member.
    AcceptNotNotifyExceptAt,
}

impl ReceiveOption {
    /// All options.
    pub const ALL: [Self; 4] =
        [Self::AcceptAndNotify, Self::AcceptNotNotify, Self::Discard, Self::AcceptNotNotifyExceptAt];

    /// The option called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.as_str() == word)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptAndNotify => "AcceptAndNotify",
            Self::AcceptNotNotify => "AcceptNotNotify",
            Self::Discard => "Discard",
            Self::AcceptNotNotifyExceptAt => "AcceptNotNotifyExceptAt",
        }
    }

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::AcceptAndNotify => 0,
            Self::AcceptNotNotify => 1,
            Self::Discard => 2,
            Self::AcceptNotNotifyExceptAt => 3,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.code() == code)
    }
}

/// One account's membership in one group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub account: UserId,
    /// Its role.
    pub role: Role,
    /// When it joined.
    pub joined: Timestamp,
    /// How far it has read.
    pub read: ReadMark,
    pub receive_option: ReceiveOption,
    /// End of its mute; 0 when it may speak.
    pub muted_until: Timestamp,
    /// Its last message; 0 when it never wrote.
    pub last_message: Timestamp,
    /// Its name within the group.
    pub name_card: String,
    pub fields: Vec<CustomField>,
}
