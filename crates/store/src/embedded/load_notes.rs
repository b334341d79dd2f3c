//! What is noted of a load that is on its way, and how it ends: when it is finished, given up, or when the store opens after a
//! crash.

use super::engine::Engine;
use super::existence::Existence;
use super::key_range::{beginning, borrowed};
use super::keys;
use super::records::{self, Damaged};
use super::rows::Rows as _;
use super::sweep;
use super::tx::Tx;
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use std::ops::{Bound, ControlFlow};

/// Groups by their type's code.
pub(super) type Counts = [u64; records::GROUP_TYPES];

/// Notes the deletion of an account for the loads that are on their way.
pub(super) fn note_deleted(tx: &mut Tx<'_>, app: AppId, account: &UserId) {
    for first in tx.existence().loads(app) {
        tx.put_row(keys::load_deleted(app, first, account), Vec::new());
    }
}

/// The groups at the list positions of a load, by type.
pub(super) fn count(tx: &Tx<'_>, app: AppId, first: u64) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    let Some(end) = end_of(tx, app, first)? else { return Ok(counts) };
    let range = (Bound::Included(keys::list(app, first)), Bound::Excluded(keys::list(app, end)));
    tx.scan(range, &mut |_, value| {
        let (kind, id): (GroupType, GroupId) = records::decode_listed(value)?;
        counts[usize::from(kind.code())] += 1;
        tx.existence().add_known(&keys::group(app, &id));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(counts)
}

/// The list position behind those of a load; `None` when it is settled.
fn end_of(tx: &Tx<'_>, app: AppId, first: u64) -> Result<Option<u64>, StoreError> {
    tx.read(&keys::load(app, first), |value| {
        value.try_into().map(u64::from_be_bytes).map_err(|_| Damaged("load"))
    })
}

/// Ends a load: counts its groups, takes accounts out that were deleted meanwhile, and removes what is noted of it.
pub(super) fn settle(tx: &mut Tx<'_>, app: AppId, first: u64, counts: &Counts) -> Result<(), StoreError> {
    let Some(end) = end_of(tx, app, first)? else { return Ok(()) };
    let total = &mut tx.counters(app)?.groups;
    for (total, added) in total.iter_mut().zip(counts) {
        *total += added;
    }
    let mut deleted = Vec::new();
    tx.scan(beginning(keys::all_load_deleted(app, first)), &mut |key, _| {
        deleted.push(keys::load_deleted_account(key).ok_or(Damaged("account of a load"))?);
        Ok(ControlFlow::Continue(()))
    })?;
    for account in deleted {
        let mut joined = Vec::new();
        tx.scan(beginning(keys::all_joined(app, &account)), &mut |key, _| {
            let id = std::str::from_utf8(keys::joined_group(key, &account)).ok().and_then(GroupId::parse);
            joined.push(id.ok_or(Damaged("membership"))?);
            Ok(ControlFlow::Continue(()))
        })?;
        for id in joined {
            let position = tx.group_row(app, &id)?.map(|row| row.group.list_position);
            if position.is_some_and(|position| (first..end).contains(&position)) {
                sweep::leave(tx, app, &id, &account)?;
            }
        }
        tx.remove_row(keys::load_deleted(app, first, &account));
    }
    tx.remove_row(keys::load(app, first));
    Ok(())
}

/// Settles every load that a crash interrupted. One that meets damage stays noted, and its groups uncounted. An error means that
/// the store cannot write.
pub(super) fn settle_all(engine: &Engine) -> Result<(), StoreError> {
    let existence = Existence::unknown();
    let all = beginning(keys::ALL_LOADS.to_vec());
    let mut begun = Vec::new();
    for row in engine.data.prefix(keys::ALL_LOADS) {
        match row.key().map_err(engine.unreadable("reading which loads were on their way", borrowed(&all))) {
            Ok(key) => begun.extend(keys::app(&key).zip(keys::load_first(&key))),
            Err(error) => {
                engine.damage.record(&format!("loads that were interrupted cannot be ended: {error}"));
                break;
            }
        }
    }
    for (app, first) in begun {
        match settle_one(engine, &existence, app, first) {
            Err(error) if !engine.has_failed() => {
                engine.damage.record(&format!("a load that was interrupted cannot be ended: {error}"));
            }
            settled => settled?,
        }
    }
    Ok(())
}

fn settle_one(engine: &Engine, existence: &Existence, app: AppId, first: u64) -> Result<(), StoreError> {
    let mut tx = Tx::new(engine, existence);
    let counts = count(&tx, app, first)?;
    let groups: u64 = counts.iter().sum();
    tracing::info!(
        groups,
        "the embedded store ends a load that was interrupted; {groups} groups of it are there"
    );
    settle(&mut tx, app, first, &counts)?;
    tx.commit().map(drop)
}
