//! The outbox as rows: its lanes, their entries, and the dead letters.

use crate::postgres::columns::{
    Column, Lists, Parameters, Reader, Record, RowWise, Table, TableColumn, Writes,
};
use crate::postgres::failure::Failure;
use crate::postgres::values::Bits;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{DeadLetter, DeadLetterKey, Lane, LaneState, OutboxEntry};
use landfall_domain::time::Timestamp;

/// From the columns claim, failures, first and next.
impl Record for LaneState {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        let claim: Option<u64> = reader.next::<Option<Bits>>()?;
        Ok(Self {
            claim,
            failures: reader.next::<u32>()?,
            entries: reader.next::<u64>()?..reader.next::<u64>()?,
        })
    }
}

lists! {
    /// Of `LENGTHEN_LANES`.
    LaneLists {
        group_id: Lane,
        due: Timestamp,
        more: u64,
    }
}

/// Makes room for entries at the end of lanes, and makes missing lanes.
pub(in crate::postgres) fn lengthen_lanes() -> Writes {
    let head = "INSERT INTO landfall.lanes \
        (sdk_app_id, group_id, due, failures, first, next, claim, claimed_until)";
    let tail = " ON CONFLICT (sdk_app_id, group_id) DO UPDATE SET next = lanes.next + excluded.next";
    let writes = Writes {
        lists: format!(
            "{head} SELECT $1::bigint, group_id, due, 0, 0, more, NULL::bigint, 0 \
            FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS new (group_id, due, more){tail}"
        ),
        rows: RowWise {
            head: head.to_owned(),
            row: "?::text, ?::bigint, 0, 0, ?::bigint, NULL::bigint, 0".to_owned(),
            tail: tail.to_owned(),
            copy: None,
        },
    };
    writes.returning("group_id, next")
}

impl<'row> LaneLists<'row> {
    /// Room for `more` entries. A lane that is made for them is due at `now`.
    pub(in crate::postgres) fn push(&mut self, lane: &'row str, now: Timestamp, more: usize) {
        self.group_id.push(lane);
        self.due.push(Timestamp::write(&now));
        self.more.push(u64::write(&(more as u64)));
    }
}

table! {
    /// The entries of lanes, which the schema calls notes.
    NOTES: EntryLists in "notes" of group_id: Lane {
        number: u64 [key],
        note: OutboxEntry [fixed],
    }
}

impl<'row> EntryLists<'row> {
    pub(in crate::postgres) fn push(&mut self, lane: &'row str, number: i64, entry: &'row [u8]) {
        self.group_id.push(lane);
        self.number.push(number);
        self.note.push(entry);
    }
}

table! {
    /// The dead letters.
    DEAD_NOTES: DeadLetterLists in "dead_notes" of group_id: Lane {
        number: u64 [key],
        buried: Timestamp [fixed],
        why: String [fixed],
        note: OutboxEntry [fixed],
    }
}

impl<'row> DeadLetterLists<'row> {
    pub(in crate::postgres) fn push(&mut self, letter: &'row DeadLetter) {
        let DeadLetter { key: DeadLetterKey { lane, number }, given_up, reason, entry } = letter;
        self.group_id.push(Lane::write(lane));
        self.number.push(u64::write(number));
        self.buried.push(Timestamp::write(given_up));
        self.why.push(String::write(reason));
        self.note.push(OutboxEntry::write(entry));
    }
}

/// From the lane and the columns of `DEAD_NOTES`.
impl Record for DeadLetter {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self {
            key: DeadLetterKey { lane: reader.next::<Lane>()?, number: reader.next::<u64>()? },
            given_up: reader.next::<Timestamp>()?,
            reason: reader.next::<String>()?,
            entry: reader.next::<OutboxEntry>()?,
        })
    }
}
