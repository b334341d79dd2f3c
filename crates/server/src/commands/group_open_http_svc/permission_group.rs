//! What the commands of permission groups share.

use super::number_up_to;
use crate::code::Code;
use crate::field::{Field, Shape};
use crate::reply::Failure;
use landfall_domain::ids::PermissionGroupId;
use serde_json::Value;

/// `ErrorInfo` of a missing permission group.
pub(super) const NO_SUCH_PERMISSION_GROUP: &str = "the permission group does not exist";

/// The permission group a command is about. A malformed id is answered like that of a missing group. [choice]
pub(super) fn permission_group_id(given: Field<String>) -> Result<PermissionGroupId, Failure> {
    let raw = given.required("PermissionGroupId")?;
    PermissionGroupId::parse(&raw)
        .ok_or_else(|| Code::PermissionGroupMissing.because(NO_SUCH_PERMISSION_GROUP))
}

/// Optional permissions, as bits.
pub(super) fn permissions(given: Field<i128>, field: &str) -> Result<Option<u64>, Failure> {
    given.optional(field)?.map(|bits| number_up_to(bits, field, u64::MAX)).transpose()
}

/// The length of a page: `max` when the request has no `Limit`.
pub(super) fn page_limit(given: Field<i128>, max: usize) -> Result<usize, Failure> {
    let limit = number_up_to(given.optional("Limit")?.unwrap_or_default(), "Limit", max as u64)?;
    Ok(usize::try_from(limit).ok().filter(|limit| *limit != 0).unwrap_or(max))
}

/// Where a page starts. Samples write a string; a table says a number, which only the start can be. [doc]
#[derive(Debug, Default)]
pub(super) struct PageStart(String);

impl Shape for PageStart {
    const EXPECTED: &'static str = "a string";

    fn takes() -> Value {
        String::takes()
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        (number == 0).then(|| Self("0".to_owned()))
    }
}

impl PageStart {
    /// A token of an earlier answer; `None` at the start.
    pub(super) fn token(given: Field<Self>) -> Result<Option<String>, Failure> {
        Ok(given.optional("Next")?.map(|start| start.0).filter(|token| token != "0"))
    }
}
