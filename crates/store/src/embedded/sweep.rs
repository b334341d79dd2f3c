//! Removing what hangs on a dissolved group or a deleted account, however much it is.
//!
//! The head goes first, together with a row that says what is left. Then the rest follows in batches of bounded
//! size, before any other operation runs; after a crash, opening the store goes on where it stopped. So nobody
//! ever sees half, and no batch is larger than memory.

use super::engine::{Engine, failed};
use super::keys::{self, Sweep};
use super::known::Known;
use super::tx::Tx;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::store::StoreError;

/// Memberships removed in one batch.
pub(super) const ROWS_PER_BATCH: usize = 2_000;

/// Starts a sweep within the batch that removed the head; leaves the rest to [`finish`] when `budget` runs out.
/// The rows are looked up in the engine, so the operation must be alone in its batch.
pub(super) fn begin(tx: &mut Tx<'_>, sweep: Sweep, budget: &mut usize) -> Result<(), StoreError> {
    if !step(tx, &sweep, budget)? {
        tx.put_sweep(sweep);
    }
    Ok(())
}

/// Sweeps until nothing is left.
pub(super) fn finish(engine: &Engine, known: &Known, sweep: &Sweep) -> Result<(), StoreError> {
    loop {
        let mut tx = Tx::new(engine, known);
        let mut budget = ROWS_PER_BATCH;
        let done = step(&mut tx, sweep, &mut budget)?;
        if done {
            tx.remove_sweep(sweep);
        }
        tx.commit()?;
        if done {
            return Ok(());
        }
    }
}

/// Finishes every sweep that a crash interrupted.
pub(super) fn finish_all(engine: &Engine) -> Result<(), StoreError> {
    let known = Known::nothing();
    let mut pending = Vec::new();
    for row in engine.data.prefix(keys::ALL_SWEEPS) {
        let key = row.key().map_err(failed("reading what is left to sweep"))?;
        pending.extend(Sweep::parse(&key));
    }
    for sweep in pending {
        tracing::info!(?sweep, "finishing a removal that was interrupted");
        finish(engine, &known, &sweep)?;
    }
    Ok(())
}

/// Removes up to `budget` memberships; true when none is left.
fn step(tx: &mut Tx<'_>, sweep: &Sweep, budget: &mut usize) -> Result<bool, StoreError> {
    match sweep {
        Sweep::Group(app, group) => {
            for row in tx.engine().data.prefix(keys::group(*app, group)) {
                let key = row.key().map_err(failed("reading a member to remove"))?;
                let Some(account) = parse(keys::member_account(&key, group), UserId::parse) else {
                    continue; // The group's own row, which the operation removes.
                };
                if *budget == 0 {
                    return Ok(false);
                }
                *budget -= 1;
                tx.remove_member(*app, group, &account);
            }
        }
        Sweep::Account(app, account) => {
            for row in tx.engine().data.prefix(keys::all_joined(*app, account)) {
                let key = row.key().map_err(failed("reading a membership to remove"))?;
                let Some(id) = parse(keys::joined_group(&key, account), GroupId::parse) else {
                    continue;
                };
                if *budget == 0 {
                    return Ok(false);
                }
                *budget -= 1;
                let row = tx.group(*app, &id)?;
                tx.remove_member(*app, &id, account);
                if let Some(mut row) = row {
                    row.group.member_count = row.group.member_count.saturating_sub(1);
                    if row.is_owned_by(account) {
                        (row.owner, row.group.owner) = (None, None);
                    }
                    tx.put_group(*app, &row);
                }
            }
        }
    }
    Ok(true)
}

fn parse<T>(bytes: &[u8], parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    std::str::from_utf8(bytes).ok().and_then(parse)
}
