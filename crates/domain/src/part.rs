//! The parts of a group besides its members and messages: small records, each under a key of its own.
//!
//! A store keeps every kind of part in the same way, so a new kind costs it a number and an encoding.

use crate::application::Application;
use crate::attributes::{Attributes, Counters};
use crate::extension::{Extension, ExtensionHead};
use crate::ids::{PermissionGroupId, TopicId, UserId};
use crate::message::Conversation;
use crate::permission::PermissionGroup;
use crate::time::Timestamp;
use crate::topic::{Topic, TopicMember};

/// The key of a part of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKey {
    Attributes,
    Counters,
    Topic(TopicId),
    /// A member in a topic.
    TopicMember(TopicId, UserId),
    /// An account that must stay out.
    Ban(UserId),
    /// What an account that is to become a member waits for.
    Application(UserId),
    /// An administrator of a live-stream group, which keeps no members.
    LiveAdmin(UserId),
    PermissionGroup(PermissionGroupId),
    /// What a permission group may do in a topic.
    TopicPermission(PermissionGroupId, TopicId),
    /// A member of a permission group.
    PermissionGroupMember(PermissionGroupId, UserId),
    /// A member that has confirmed reading a message.
    Reader(Conversation, u32, UserId),
    /// The figures of a message's extensions.
    ExtensionHead(Conversation, u32),
    /// One extension of a message, by its key.
    Extension(Conversation, u32, String),
}

/// A part of a group; its kind is that of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Attributes(Attributes),
    Counters(Counters),
    Topic(Topic),
    /// A member in a topic.
    TopicMember(TopicMember),
    /// A ban and its end.
    Ban(Timestamp),
    Application(Application),
    /// The time at which the account became an administrator.
    LiveAdmin(Timestamp),
    PermissionGroup(PermissionGroup),
    /// Bits.
    TopicPermission(u64),
    /// The time at which the member entered the permission group.
    PermissionGroupMember(Timestamp),
    /// When a message was read.
    Reader(Timestamp),
    /// Figures of a message's extensions.
    ExtensionHead(ExtensionHead),
    Extension(Extension),
}

/// Parts that lie together, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartFamily {
    Topics,
    /// The members with a row in a topic.
    TopicMembers(TopicId),
    Bans,
    Applications,
    /// All administrators of a live-stream group.
    LiveAdmins,
    PermissionGroups,
    /// The topics in which a permission group has rights.
    TopicPermissions(PermissionGroupId),
    /// The members of a permission group.
    PermissionGroupMembers(PermissionGroupId),
    /// The readers of a message.
    Readers(Conversation, u32),
    /// The extensions of a message.
    Extensions(Conversation, u32),
}

/// Some parts of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRange {
    pub family: PartFamily,
    /// The last key of the page before.
    pub after: Option<PartKey>,
    /// How many at most.
    pub limit: usize,
}

impl PartRange {
    /// All of a family. Only for those whose size has a bound.
    #[must_use]
    pub fn all(family: PartFamily) -> Self {
        Self { family, after: None, limit: usize::MAX }
    }
}
