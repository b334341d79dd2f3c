//! The reasons for which a rule refuses an operation on a group.

use crate::error::NoSuchGroup;
use crate::ids::UserId;
use crate::message::BodyTooLong;
use crate::rights::{Holders, Right};
use crate::several::Several;

/// The reason why an operation on one group is refused. A refused operation changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such group, or it was dissolved.
    #[error("the group does not exist")]
    NoSuchGroup,
    /// Groups of this type do not have this.
    #[error("groups of this type {0}")]
    TypeForbids(&'static str),
    /// The group was made without this.
    #[error("the group {0}")]
    GroupForbids(&'static str),
    /// A value that does not fit the group; the text names it and says why.
    #[error("{0}")]
    Unfitting(String),
    /// The owner, named here, may not leave.
    #[error("{0} is the owner and may not leave; change the owner first")]
    OwnerStays(UserId),
    /// Who acts has not this right.
    #[error("in groups of this type only {holders} may {}", right.deed())]
    NotPermitted {
        /// Those who have it.
        holders: Holders,
        /// The right.
        right: Right,
    },
    /// Accounts cannot do this for themselves.
    #[error("only an administrator of the app may do this")]
    AppOnly,
    /// Something that an account can do only for itself.
    #[error("an account may act for itself only")]
    NotOneself,
    /// Who acts is not in the group.
    #[error("you are not a member of the group")]
    NotIn,
    /// The owner leaves a group that would then have none.
    #[error("the owner cannot leave; make another member the owner first, or dissolve the group")]
    OwnerQuits,
    /// An account names itself where it may not.
    #[error("an account cannot do this to itself")]
    Oneself,
    /// Who acts does not rank above this account.
    #[error("{0} is the owner or an administrator, or of the same rank as you")]
    Outranked(UserId),
    /// A member joins again.
    #[error("the account is a member already")]
    AlreadyAMember,
    /// No application waits, or somebody has decided on it.
    #[error("there is no such application, or it was handled already")]
    NoSuchApplication,
    /// Too late to recall a message.
    #[error("messages can be recalled for {0} seconds")]
    RecallOver(u64),
    /// Not a member of the group.
    #[error("{0} is not a member of the group")]
    NotAMember(UserId),
    /// Accounts that were never imported.
    #[error("{0} is not an imported account")]
    NoSuchAccount(Several),
    /// The group is full.
    #[error("the group is full; raise MaxMemberNum or name fewer members")]
    Full,
    /// The sender is muted, or the whole group is.
    #[error("the sender is muted")]
    Muted,
    /// All message numbers are used up.
    #[error("the conversation has used up all its message numbers")]
    NoNumbersLeft,
    /// No such message.
    #[error("the message does not exist")]
    NoSuchMessage,
    /// The message can no longer be recalled or changed.
    #[error("the message was deleted or recalled")]
    MessageGone,
    /// The message would be longer than one may be.
    #[error(transparent)]
    MessageTooLong(BodyTooLong),
    /// There is no message to which extensions could be attached.
    #[error("the message does not exist, or was recalled")]
    NoMessageToExtend,
    /// The message was sent without extensions, or in a group that has none.
    #[error("the message does not support extensions")]
    NotExtensible,
    /// No such topic.
    #[error("the topic does not exist")]
    NoSuchTopic,
    /// A topic has the id already.
    #[error("the topic id is in use")]
    TopicTaken,
    /// No such permission group.
    #[error("the permission group does not exist")]
    NoSuchPermissionGroup,
    /// A permission group has the id already.
    #[error("the permission group id is in use")]
    PermissionGroupTaken,
    /// A limit of the group is exceeded; the text names it.
    #[error("{0}")]
    TooMany(TooMany),
    /// Attributes to be deleted are not there.
    #[error("the group has no attribute {0}")]
    NoSuchAttribute(Several),
}

/// A limit that a group would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Attributes.
    #[error("a group has at most {0} attributes")]
    Attributes(usize),
    /// Bytes in all attributes.
    #[error("the attributes of a group take at most {0} bytes")]
    AttributeBytes(usize),
    /// Counters.
    #[error("a group has at most {0} counters")]
    Counters(usize),
    /// Topics.
    #[error("a community has at most {0} topics")]
    Topics(usize),
    /// Permission groups.
    #[error("a community has at most {0} permission groups")]
    PermissionGroups(usize),
    /// Applications.
    #[error("at most {0} applications wait in a group")]
    Applications(usize),
    /// Administrators of a live-stream group.
    #[error("a group has at most {0} administrators")]
    Admins(usize),
    /// Extensions of a message.
    #[error("a message has at most {0} extensions")]
    Extensions(usize),
}

impl From<NoSuchGroup> for Refusal {
    fn from(NoSuchGroup: NoSuchGroup) -> Self {
        Self::NoSuchGroup
    }
}
