//! The outbox: entries in lanes, the due times of lanes, and dead letters. An entry is written in the batch of its change.
//!
//! Claims live in memory only: there is one process, and a restart ends all its claims.

pub(super) mod lanes;

use super::key_range::beginning;
use super::keys::{self, lane_in};
use super::reads::View;
use super::records::{self, Damaged, DeadRow, Due, LaneRow};
use super::rows::Rows;
use super::tx::Tx;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, LaneState, OutboxEntry, Settlement,
};
use std::ops::{Bound, ControlFlow};

/// Puts entries at the end of a lane.
pub(super) fn append(
    tx: &mut Tx<'_>,
    context: Context,
    lane: &Lane,
    notes: Vec<OutboxEntry>,
) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    let app = context.app;
    let stored = tx.read(&keys::lane(app, lane), records::decode_lane)?;
    let mut row = match &stored {
        Some(row) => row.clone(),
        None => {
            let due = tx.engine().lanes.due_at_once(context);
            LaneRow { due, failures: 0, first: 0, next: 0 }
        }
    };
    for note in notes {
        tx.put_row(keys::note(app, lane, row.next), note.into_bytes());
        row.next += 1;
    }
    put_lane(tx, app, lane, stored.as_ref(), Some(&row));
    Ok(())
}

/// Writes a lane and its place among the due ones.
fn put_lane(tx: &mut Tx<'_>, app: AppId, lane: &Lane, before: Option<&LaneRow>, after: Option<&LaneRow>) {
    let due = |row: Option<&LaneRow>| row.map(|row| row.due);
    if due(before) != due(after) {
        if let Some(before) = before {
            tx.remove_row(keys::due(app, before.due, lane));
        }
        if let Some(after) = after {
            let key = keys::due(app, after.due, lane);
            tx.engine().lanes.placed(app, &key);
            tx.put_row(key, Vec::new());
        }
    }
    match after {
        Some(after) => tx.put_row(keys::lane(app, lane), records::encode_lane(after)),
        None => tx.remove_row(keys::lane(app, lane)),
    }
}

/// Claims lanes that are due and not claimed.
pub(super) fn claim(tx: &Tx<'_>, app: AppId, claim: Claim) -> Result<Vec<Lane>, StoreError> {
    tx.engine().lanes.of(app, |lanes| {
        let keys = (lanes.start(app, claim.now), Bound::Excluded(keys::due_after(app, claim.now)));
        let mut claimed = Vec::new();
        tx.scan(keys, &mut |key, _| {
            if claimed.len() == claim.lanes {
                return Ok(ControlFlow::Break(()));
            }
            let lane = lane_in(keys::due_lane(key)).ok_or(Damaged("lane"))?;
            lanes.passed = Some(key.to_vec());
            lanes.latest.at = lanes.latest.at.max(claim.now);
            if !lanes.claims.contains_key(&lane) {
                lanes.claims.insert(lane.clone(), claim);
                claimed.push(lane);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(claimed)
    })
}

/// The first entries of a claimed lane.
pub(super) fn claimed(
    view: &View,
    app: AppId,
    lane: Lane,
    claim: &Claim,
) -> Result<Option<ClaimedLane>, StoreError> {
    let row = view.read(&keys::lane(app, &lane), records::decode_lane)?;
    let Some(row) = row else { return Ok(None) };
    let mut notes = Vec::new();
    for number in (row.first..row.next).take(claim.entries) {
        let note =
            view.read(&keys::note(app, &lane, number), |bytes| Ok(OutboxEntry::stored(bytes.to_vec())))?;
        notes.push((number, note.ok_or(Damaged("note"))?));
    }
    Ok(Some(ClaimedLane { lane, failures: row.failures, entries: notes }))
}

/// Takes the end of a claim.
pub(super) fn settle(tx: &mut Tx<'_>, context: Context, settlement: &Settlement) -> Result<(), StoreError> {
    let (app, lane) = (context.app, &settlement.lane);
    let claim = tx.engine().lanes.claim(app, lane);
    // A lane whose rows cannot be read is free again too.
    if claim == Some(settlement.token) {
        tx.engine().lanes.release(app, lane);
    }
    let Some(before) = tx.read(&keys::lane(app, lane), records::decode_lane)? else { return Ok(()) };
    let LaneRow { failures, first, next, .. } = before;
    let state = LaneState { claim, failures, entries: first..next };
    let Some(settled) = settlement.settle(&state, context.now) else { return Ok(()) };
    if let Some((number, reason)) = settled.dead_letter {
        let key = keys::note(app, lane, number);
        let note = tx.read(&key, |bytes| Ok(bytes.to_vec()))?.ok_or(Damaged("note"))?;
        let dead = DeadRow { buried: context.now, why: reason.to_owned(), note };
        let number = next_dead(tx, app, lane)?;
        tx.put_row(keys::dead(app, lane, number), records::encode_dead(&dead));
    }
    for number in settled.removed {
        tx.remove_row(keys::note(app, lane, number));
    }
    let after = settled.waiting.map(|waiting| {
        // Behind all lanes that are due at once, if it is due now.
        let last = tx.engine().lanes.due_at_once(context);
        let due = if waiting.due == context.now { last } else { Due { at: waiting.due, ..last } };
        LaneRow { due, failures: waiting.failures, first: waiting.entries.start, next: waiting.entries.end }
    });
    put_lane(tx, app, lane, Some(&before), after.as_ref());
    Ok(())
}

/// The number of the next dead letter of a lane.
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
    after: Option<&DeadLetterKey>,
    limit: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let (mut start, end) = beginning(keys::all_dead(app));
    if let Some(DeadLetterKey { lane, number }) = after {
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
        let place = DeadLetterKey { lane, number };
        found.push(DeadLetter {
            key: place,
            given_up: buried,
            reason: why,
            entry: OutboxEntry::stored(note),
        });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

pub(super) fn take_dead(
    tx: &mut Tx<'_>,
    context: Context,
    places: &[DeadLetterKey],
    fate: Fate,
) -> Result<usize, StoreError> {
    let mut taken = 0;
    for DeadLetterKey { lane, number } in places {
        let key = keys::dead(context.app, lane, *number);
        let Some(dead) = tx.read(&key, records::decode_dead)? else { continue };
        tx.remove_row(key);
        taken += 1;
        match fate {
            Fate::Resend => append(tx, context, lane, vec![OutboxEntry::stored(dead.note)])?,
            Fate::Drop => {}
        }
    }
    Ok(taken)
}
