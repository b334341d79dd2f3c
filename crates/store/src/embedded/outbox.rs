//! The outbox: notes in lanes, which lanes are due, and what nobody took. The rows of a note are written in the batch of
//! the change it is about.
//!
//! Who delivers a lane is known in memory only: there is one process, and what it had claimed is free when it starts anew.

use super::keys::{self, lane_in};
use super::reads::View;
use super::records::{self, Damaged, DeadRow, LaneRow};
use super::rows::{Rows, beginning};
use super::tx::Tx;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{Claim, ClaimedLane, DeadNote, DeadPlace, Fate, Lane, Note, Settled, Then};
use landfall_domain::store::{Context, StoreError};
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lanes that are being delivered.
#[derive(Default)]
pub(super) struct Claims(Mutex<BTreeMap<(AppId, Lane), Claim>>);

impl Claims {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(AppId, Lane), Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a lane is delivered under this claim.
    fn holds(&self, app: AppId, lane: &Lane, token: u64) -> bool {
        self.lock().get(&(app, lane.clone())).is_some_and(|claim| claim.token == token)
    }

    /// Ends a claim.
    pub(super) fn release(&self, app: AppId, lane: &Lane, token: u64) {
        let mut claims = self.lock();
        let key = (app, lane.clone());
        if claims.get(&key).is_some_and(|claim| claim.token == token) {
            claims.remove(&key);
        }
    }

    /// True for who may deliver the lane.
    fn take(&self, app: AppId, lane: &Lane, claim: Claim) -> bool {
        let mut claims = self.lock();
        let key = (app, lane.clone());
        let free = claims.get(&key).is_none_or(|earlier| earlier.until <= claim.now);
        if free {
            claims.insert(key, claim);
        }
        free
    }
}

/// Puts notes at the end of a lane.
pub(super) fn append(
    tx: &mut Tx<'_>,
    context: Context,
    lane: &Lane,
    notes: Vec<Note>,
) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    let app = context.app;
    let stored = tx.read(&keys::lane(app, lane), records::decode_lane)?;
    let empty = LaneRow { due: context.now, failures: 0, first: 0, next: 0 };
    let mut row = stored.clone().unwrap_or(empty);
    for note in notes {
        tx.put_row(keys::note(app, lane, row.next), note.into_bytes());
        row.next += 1;
    }
    put_lane(tx, app, lane, stored.as_ref(), Some(&row));
    Ok(())
}

/// Puts a lane as it is now, and its place among the due ones.
fn put_lane(tx: &mut Tx<'_>, app: AppId, lane: &Lane, before: Option<&LaneRow>, after: Option<&LaneRow>) {
    let due = |row: Option<&LaneRow>| row.map(|row| row.due);
    if due(before) != due(after) {
        if let Some(before) = before {
            tx.remove_row(keys::due(app, before.due, lane));
        }
        if let Some(after) = after {
            tx.put_row(keys::due(app, after.due, lane), Vec::new());
        }
    }
    match after {
        Some(after) => tx.put_row(keys::lane(app, lane), records::encode_lane(after)),
        None => tx.remove_row(keys::lane(app, lane)),
    }
}

/// Claims lanes that are due and that nobody delivers.
pub(super) fn claim(view: &View, app: AppId, claims: &Claims, claim: Claim) -> Result<Vec<Lane>, StoreError> {
    let mut claimed = Vec::new();
    let first = Bound::Included(keys::all_due(app));
    let end = Bound::Excluded(keys::due_after(app, claim.now));
    view.scan((first, end), &mut |key, _| {
        if claimed.len() == claim.lanes {
            return Ok(ControlFlow::Break(()));
        }
        let lane = lane_in(keys::due_lane(key)).ok_or(Damaged("lane"))?;
        if claims.take(app, &lane, claim) {
            claimed.push(lane);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(claimed)
}

/// A claimed lane, from a view that was made after it was claimed. `None` when it has nothing to deliver now: another
/// has delivered it between the look that found it and the claim.
pub(super) fn claimed(
    view: &View,
    app: AppId,
    lane: Lane,
    claim: &Claim,
) -> Result<Option<ClaimedLane>, StoreError> {
    let row = view.read(&keys::lane(app, &lane), records::decode_lane)?;
    let Some(row) = row.filter(|row| row.due <= claim.now) else { return Ok(None) };
    let mut notes = Vec::new();
    for number in (row.first..row.next).take(claim.notes) {
        let note = view.read(&keys::note(app, &lane, number), |bytes| Ok(Note::stored(bytes.to_vec())))?;
        notes.push((number, note.ok_or(Damaged("note"))?));
    }
    Ok(Some(ClaimedLane { lane, failures: row.failures, notes }))
}

/// Takes the end of a claim.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    context: Context,
    claims: &Claims,
    settled: &Settled,
) -> Result<(), StoreError> {
    let (app, lane) = (context.app, &settled.lane);
    if !claims.holds(app, lane, settled.token) {
        return Ok(());
    }
    let Some(before) = tx.read(&keys::lane(app, lane), records::decode_lane)? else { return Ok(()) };
    let mut row = before.clone();
    if let Some(delivered) = settled.delivered {
        while row.first < row.next && row.first <= delivered {
            tx.remove_row(keys::note(app, lane, row.first));
            row.first += 1;
            row.failures = 0;
        }
    }
    match &settled.then {
        Then::GoOn => row.due = context.now.min(row.due),
        Then::Retry { failures, at } => (row.failures, row.due) = (*failures, *at),
        Then::Bury { why } if row.first < row.next => {
            let key = keys::note(app, lane, row.first);
            let note = tx.read(&key, |bytes| Ok(bytes.to_vec()))?.ok_or(Damaged("note"))?;
            let dead = DeadRow { buried: context.now, why: why.clone(), note };
            let number = next_dead(tx, app, lane)?;
            tx.put_row(keys::dead(app, lane, number), records::encode_dead(&dead));
            tx.remove_row(key);
            row.first += 1;
            (row.failures, row.due) = (0, context.now);
        }
        Then::Bury { .. } => {}
    }
    put_lane(tx, app, lane, Some(&before), (row.first < row.next).then_some(&row));
    Ok(())
}

/// The number of the next dead note of a lane.
fn next_dead(tx: &Tx<'_>, app: AppId, lane: &Lane) -> Result<u64, StoreError> {
    let mut next = 0;
    tx.scan(beginning(keys::dead_of(app, lane)), &mut |key, _| {
        let (_, number) = keys::dead_place(key).ok_or(Damaged("dead note"))?;
        next = number.saturating_add(1);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(next)
}

pub(super) fn dead(
    view: &View,
    app: AppId,
    after: Option<&DeadPlace>,
    limit: usize,
) -> Result<Vec<DeadNote>, StoreError> {
    let (mut start, end) = beginning(keys::all_dead(app));
    if let Some(DeadPlace { lane, number }) = after {
        start = Bound::Excluded(keys::dead(app, lane, *number));
    }
    let mut found = Vec::new();
    view.scan((start, end), &mut |key, value| {
        if found.len() == limit {
            return Ok(ControlFlow::Break(()));
        }
        let (lane, number) = keys::dead_place(key).ok_or(Damaged("dead note"))?;
        let lane = lane_in(lane).ok_or(Damaged("dead note"))?;
        let DeadRow { buried, why, note } = records::decode_dead(value)?;
        let place = DeadPlace { lane, number };
        found.push(DeadNote { place, buried, why, note: Note::stored(note) });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

pub(super) fn take_dead(
    tx: &mut Tx<'_>,
    context: Context,
    places: &[DeadPlace],
    fate: Fate,
) -> Result<usize, StoreError> {
    let mut taken = 0;
    for DeadPlace { lane, number } in places {
        let key = keys::dead(context.app, lane, *number);
        let Some(dead) = tx.read(&key, records::decode_dead)? else { continue };
        tx.remove_row(key);
        taken += 1;
        match fate {
            Fate::Resend => append(tx, context, lane, vec![Note::stored(dead.note)])?,
            Fate::Drop => {}
        }
    }
    Ok(taken)
}
