//! The values of the outbox.

use super::{Damaged, decode, encode};
use landfall_domain::time::Timestamp;

/// When a lane is due, and its place among those of the same second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::embedded) struct Due {
    pub(in crate::embedded) at: Timestamp,
    pub(in crate::embedded) order: u64,
}

/// A lane of the outbox that has entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::embedded) struct LaneRow {
    /// When it is due.
    pub(in crate::embedded) due: Due,
    /// How often its first entry failed.
    pub(in crate::embedded) failures: u32,
    /// The number of its first entry.
    pub(in crate::embedded) first: u64,
    /// The number of its next entry.
    pub(in crate::embedded) next: u64,
}

pub(in crate::embedded) fn encode_lane(row: &LaneRow) -> Vec<u8> {
    encode(&(row.due.at.0, row.due.order, row.failures, row.first, row.next))
}

pub(in crate::embedded) fn decode_lane(bytes: &[u8]) -> Result<LaneRow, Damaged> {
    let (at, order, failures, first, next) = decode(bytes, "lane")?;
    Ok(LaneRow { due: Due { at: Timestamp(at), order }, failures, first, next })
}

/// A dead letter.
pub(in crate::embedded) struct DeadRow {
    pub(in crate::embedded) buried: Timestamp,
    pub(in crate::embedded) why: String,
    pub(in crate::embedded) note: Vec<u8>,
}

pub(in crate::embedded) fn encode_dead(row: &DeadRow) -> Vec<u8> {
    encode(&(row.buried.0, &row.why, &row.note))
}

pub(in crate::embedded) fn decode_dead(bytes: &[u8]) -> Result<DeadRow, Damaged> {
    let (buried, why, note) = decode(bytes, "dead note")?;
    Ok(DeadRow { buried: Timestamp(buried), why, note })
}
