//! Reads parts of a group of which there can be many, page by page.

use crate::call::Call;
use crate::reply::Failure;
use landfall_domain::group::Group;
use landfall_domain::ids::GroupId;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::Needs;
use std::ops::ControlFlow;

/// Parts read in one snapshot.
const PARTS_PER_STEP: usize = 2_000;

/// Passes the parts of a family to `visit`, sorted by key, until it breaks. Returns the group.
pub(super) async fn visit_parts(
    call: &Call,
    id: GroupId,
    family: PartFamily,
    mut visit: impl FnMut(PartKey, Part) -> ControlFlow<()>,
) -> Result<Group, Failure> {
    let mut after = None;
    loop {
        let range = PartRange { family: family.clone(), after, limit: PARTS_PER_STEP };
        let snapshot = call.snapshot(id.clone(), Needs { ranges: vec![range], ..Needs::default() }).await?;
        after = (snapshot.parts.len() == PARTS_PER_STEP)
            .then(|| snapshot.parts.last_key_value().map(|(key, _)| key.clone()))
            .flatten();
        let enough = snapshot.parts.into_iter().any(|(key, part)| visit(key, part).is_break());
        if enough || after.is_none() {
            return Ok(snapshot.group);
        }
    }
}
