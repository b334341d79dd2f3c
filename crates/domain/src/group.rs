//! Groups: their types, what each type can do, and their profile.

use crate::capability::Capabilities;
use crate::fields::CustomField;
use crate::ids::{GroupId, UserId};
use crate::limits::{Limits, MAX_MEMBERS_DEFAULT, MAX_MEMBERS_DEFAULT_PRIVATE};
use crate::member::ReceiveOption;
use crate::message::MessageLog;
use crate::text::Text;
use crate::time::Timestamp;

/// Type of a group, under its name in the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupType {
    /// Closed group that members invite into; `Work` in newer documentation.
    Private,
    /// Group found by its id, joined by application.
    Public,
    /// Group with free entry; `Meeting` in newer documentation.
    ChatRoom,
    /// Live-stream chat: no stored members, cannot be imported.
    AvChatRoom,
    /// Very large group, optionally with topics.
    Community,
}

impl GroupType {
    /// All types a group can have.
    pub const ALL: [Self; 5] =
        [Self::Private, Self::Public, Self::ChatRoom, Self::AvChatRoom, Self::Community];

    /// The type called `word`, case-sensitively. The newer names `Work` and `Meeting` are aliases. [choice]
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "Private" | "Work" => Some(Self::Private),
            "Public" => Some(Self::Public),
            "ChatRoom" | "Meeting" => Some(Self::ChatRoom),
            "AVChatRoom" => Some(Self::AvChatRoom),
            "Community" => Some(Self::Community),
            _ => None,
        }
    }

    /// The name that is stored and answered, always the older one.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "Private",
            Self::Public => "Public",
            Self::ChatRoom => "ChatRoom",
            Self::AvChatRoom => "AVChatRoom",
            Self::Community => "Community",
        }
    }

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Private => 0,
            Self::Public => 1,
            Self::ChatRoom => 2,
            Self::AvChatRoom => 3,
            Self::Community => 4,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What groups of this type can do.
    #[must_use]
    pub fn can(self) -> &'static Capabilities {
        Capabilities::of(self)
    }

    /// How a new member receives messages. [doc]
    #[must_use]
    pub fn default_receive_option(self) -> ReceiveOption {
        match self {
            Self::Private | Self::Public | Self::Community => ReceiveOption::AcceptAndNotify,
            Self::ChatRoom | Self::AvChatRoom => ReceiveOption::AcceptNotNotify,
        }
    }

    /// How an imported group is joined when the import does not say: the import page's `NeedPermission`, except
    /// where the type makes another value the only true one. [choice]
    #[must_use]
    pub fn default_join_option_on_import(self) -> JoinOption {
        match self {
            Self::Private => JoinOption::DisableApply,
            Self::Public | Self::ChatRoom => JoinOption::NeedPermission,
            Self::AvChatRoom | Self::Community => JoinOption::FreeAccess,
        }
    }

    /// How a created group is joined when the creation does not say: the capability of the type. [choice]
    #[must_use]
    pub fn default_join_option_on_creation(self) -> JoinOption {
        match self {
            Self::Private => JoinOption::DisableApply,
            Self::Public => JoinOption::NeedPermission,
            Self::ChatRoom | Self::AvChatRoom | Self::Community => JoinOption::FreeAccess,
        }
    }

    /// Member limit of a created group that names none: the limit documented for its type before it depended on
    /// the edition. 0 where no members are kept, so that none are counted. [choice]
    #[must_use]
    pub fn default_max_members_on_creation(self) -> u32 {
        match self {
            Self::Private => MAX_MEMBERS_DEFAULT_PRIVATE,
            Self::Public => MAX_MEMBERS_DEFAULT,
            Self::ChatRoom => Limits::FAITHFUL.max_members,
            Self::AvChatRoom => 0,
            Self::Community => Limits::FAITHFUL.max_members_community,
        }
    }

    /// The invite option of a new group: what its type allows. [choice]
    #[must_use]
    pub fn default_invite_option(self) -> InviteOption {
        match self {
            Self::Private | Self::Community => InviteOption::FreeAccess,
            Self::Public | Self::ChatRoom | Self::AvChatRoom => InviteOption::DisableInvite,
        }
    }
}

/// How a group is joined by application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinOption {
    /// Any account joins without approval.
    FreeAccess,
    /// Owner or administrators decide.
    NeedPermission,
    /// No account can apply.
    DisableApply,
}

impl JoinOption {
    pub const ALL: [Self; 3] = [Self::FreeAccess, Self::NeedPermission, Self::DisableApply];

    /// The option called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "FreeAccess" => Some(Self::FreeAccess),
            "NeedPermission" => Some(Self::NeedPermission),
            "DisableApply" => Some(Self::DisableApply),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreeAccess => "FreeAccess",
            Self::NeedPermission => "NeedPermission",
            Self::DisableApply => "DisableApply",
        }
    }

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::FreeAccess => 0,
            Self::NeedPermission => 1,
            Self::DisableApply => 2,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.code() == code)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteOption {
    /// Invited accounts enter at once.
    FreeAccess,
    /// Owner or administrators decide.
    NeedPermission,
    /// No member can invite.
    DisableInvite,
}

impl InviteOption {
    pub const ALL: [Self; 3] = [Self::FreeAccess, Self::NeedPermission, Self::DisableInvite];

    /// The option called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "FreeAccess" => Some(Self::FreeAccess),
            "NeedPermission" => Some(Self::NeedPermission),
            "DisableInvite" => Some(Self::DisableInvite),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreeAccess => "FreeAccess",
            Self::NeedPermission => "NeedPermission",
            Self::DisableInvite => "DisableInvite",
        }
    }

    /// The number that stands for it in every store.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::FreeAccess => 0,
            Self::NeedPermission => 1,
            Self::DisableInvite => 2,
        }
    }

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.code() == code)
    }
}

/// What an app says about a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Name, never empty.
    pub name: Text,
    pub introduction: Text,
    pub notification: Text,
    pub face_url: Text,
    pub fields: Vec<CustomField>,
    /// Largest number of members; 0 in a group that keeps none.
    pub max_members: u32,
    pub join_option: JoinOption,
}

/// A group as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    pub id: GroupId,
    /// Its type, fixed for life.
    pub kind: GroupType,
    /// What the app says about it.
    pub profile: Profile,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// Whether a community has topics, fixed for life.
    pub support_topic: bool,
    pub invite_option: InviteOption,
    /// Whether only owner and administrators may speak.
    pub mute_all: bool,
    /// When it was made; an import may name a time in the past.
    pub created: Timestamp,
    /// Counts the changes of the profile.
    pub info_seq: u32,
    /// Last change of the profile.
    pub info_changed: Timestamp,
    /// Its messages; those of its topics are counted by themselves.
    pub log: MessageLog,
    /// Whether newcomers see what was said before they came.
    pub history_before_join: bool,
    /// Whether permission groups decide what members may do.
    pub permissions_enabled: bool,
    /// What members in no permission group may do, in bits.
    pub default_permissions: u64,
    /// False while only the owner sees the group, because no message was sent in it yet.
    pub active: bool,
    /// Members at present.
    pub member_count: u32,
    /// Place in the app's list of groups, rising in the order of arrival, never used twice.
    pub list_position: u64,
}

impl Group {
    /// What accounts outside a group that they may find see of it: notice and custom fields are for its members. [choice]
    #[must_use]
    pub fn as_outsiders_see_it(&self) -> Self {
        let nothing = Text::stored(String::new());
        let profile = Profile { notification: nothing, fields: Vec::new(), ..self.profile.clone() };
        Self { profile, ..self.clone() }
    }

    /// Counts a change of the profile.
    pub(crate) fn info_changes(&mut self, now: Timestamp) {
        self.info_seq = self.info_seq.saturating_add(1);
        self.info_changed = now;
    }
}
