//! The outbox as rows: its lanes, the notes in them, and those that nobody took.

use super::{number, time, time_column};
use crate::postgres::database::Failure;
use crate::postgres::rows::{Columns, Parameters, app_column, number_column};
use crate::postgres::texts::{escape, unescape};
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{DeadLetter, DeadLetterKey, Lane, LaneState, OutboxEntry};
use landfall_domain::time::Timestamp;
use std::borrow::Cow;
use tokio_postgres::Row;

/// A lane from the columns of `lane_columns!`.
pub(in crate::postgres) fn lane_state(row: &Row) -> Result<LaneState, Failure> {
    let claim: Option<i64> = row.try_get(0)?;
    Ok(LaneState {
        claim: claim.map(i64::cast_unsigned),
        failures: number(row, 1)?,
        entries: number(row, 2)?..number(row, 3)?,
    })
}

/// The lane with the name in a column.
pub(in crate::postgres) fn lane(row: &Row, column: usize) -> Result<Lane, Failure> {
    Lane::named(row.try_get(column)?).ok_or(Failure::Damaged("lane"))
}

/// A note with its number.
pub(in crate::postgres) fn note(row: &Row) -> Result<(u64, OutboxEntry), Failure> {
    Ok((number(row, 0)?, OutboxEntry::stored(row.try_get(1)?)))
}

/// A row of `DEAD_NOTES`.
pub(in crate::postgres) fn dead_note(row: &Row) -> Result<DeadLetter, Failure> {
    Ok(DeadLetter {
        key: DeadLetterKey { lane: lane(row, 0)?, number: number(row, 1)? },
        given_up: time(row, 2)?,
        reason: unescape(row.try_get(3)?),
        entry: OutboxEntry::stored(row.try_get(4)?),
    })
}

columns! {
    /// Of `LENGTHEN_LANES`.
    LaneColumns {
        group_id: &'row str,
        due: i64,
        more: i64,
    }
}

impl<'row> LaneColumns<'row> {
    /// Room for `more` notes. A lane that is made for them is due at `now`.
    pub(in crate::postgres) fn push(&mut self, lane: &'row str, now: Timestamp, more: usize) {
        self.group_id.push(lane);
        self.due.push(time_column(now));
        self.more.push(super::count(more));
    }
}

columns! {
    /// Of `INSERT_NOTES`.
    NoteColumns {
        group_id: &'row str,
        number: i64,
        note: &'row [u8],
    }
}

impl<'row> NoteColumns<'row> {
    pub(in crate::postgres) fn push(&mut self, lane: &'row str, number: i64, note: &'row [u8]) {
        self.group_id.push(lane);
        self.number.push(number);
        self.note.push(note);
    }
}

columns! {
    /// Of `INSERT_DEAD_NOTES`.
    DeadColumns {
        group_id: &'row str,
        number: i64,
        buried: i64,
        why: Cow<'row, str>,
        note: &'row [u8],
    }
}

impl<'row> DeadColumns<'row> {
    pub(in crate::postgres) fn push(
        &mut self,
        lane: &'row str,
        number: u64,
        buried: Timestamp,
        (why, note): (&'row str, &'row OutboxEntry),
    ) {
        self.group_id.push(lane);
        self.number.push(number_column(number));
        self.buried.push(time_column(buried));
        self.why.push(escape(why));
        self.note.push(note.as_bytes());
    }
}
