//! Permission groups of a community: the rights of their members, in bits.

use crate::group::Group;
use crate::ids::PermissionGroupId;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// A set of members with the same rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionGroup {
    pub id: PermissionGroupId,
    pub name: Text,
    /// What its members may do in the community, in bits.
    pub permissions: u64,
    /// Whatever the app wants to keep with it.
    pub custom: Text,
    /// How many members it has.
    pub member_count: u32,
    /// When it was made.
    pub created: Timestamp,
}

/// Whether `group` can have permission groups. They can be prepared before the community is made to obey them. [choice]
///
/// # Errors
/// Its type has none.
pub fn has_permission_groups(group: &Group) -> Result<(), Refusal> {
    if group.kind.can().topics { Ok(()) } else { Err(Refusal::TypeForbids("have no permission groups")) }
}
