//! Removing everything that belongs to a dissolved group or a deleted account, however much it is.
//!
//! The head is removed first, together with a row that names the rest. The rest follows in batches of bounded size, before
//! any other operation runs. After a crash, opening the store continues the removal. So no caller ever sees half of it,
//! and no batch is larger than memory.

use super::engine::Engine;
use super::existence::Existence;
use super::key_range::{Keys, beginning, borrowed};
use super::keys::{self, Sweep};
use super::people;
use super::rows::Rows as _;
use super::tx::Tx;
use crate::facts;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::people::Subject;
use std::ops::ControlFlow;

/// Rows removed in one batch.
pub(super) const ROWS_PER_BATCH: usize = 2_000;

/// Facts about an account that are looked at together.
const FACTS_AT_ONCE: usize = 256;

/// Starts a sweep within the batch that removed the head, and leaves the rest to [`finish`] when `budget` runs out.
/// The batch then ends with this operation, so that the rest removes nothing that was written later.
pub(super) fn begin(tx: &mut Tx<'_>, sweep: Sweep, budget: &mut usize) -> Result<(), StoreError> {
    if !step(tx, &sweep, budget)? {
        tx.put_sweep(sweep);
    }
    Ok(())
}

/// Sweeps until nothing is left.
pub(super) fn finish(engine: &Engine, existence: &Existence, sweep: &Sweep) -> Result<(), StoreError> {
    loop {
        let mut tx = Tx::new(engine, existence);
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

/// Like [`finish`], but a removal that meets damage is recorded and stays unfinished. Until it is done, its name cannot be
/// used again. An error means that the store cannot write.
pub(super) fn finish_or_record(
    engine: &Engine,
    existence: &Existence,
    sweep: &Sweep,
) -> Result<(), StoreError> {
    match finish(engine, existence, sweep) {
        Err(error) if !engine.has_failed() => {
            engine.damage.record(&format!("a removal cannot be finished ({sweep:?}): {error}"));
            Ok(())
        }
        finished => finished,
    }
}

/// Finishes every sweep that a crash interrupted.
pub(super) fn finish_all(engine: &Engine) -> Result<(), StoreError> {
    let existence = Existence::unknown();
    let mut pending = Vec::new();
    let all = beginning(keys::ALL_SWEEPS.to_vec());
    for row in engine.data.prefix(keys::ALL_SWEEPS) {
        match row.key().map_err(engine.unreadable("reading what is left to remove", borrowed(&all))) {
            Ok(key) => pending.extend(Sweep::parse(&key)),
            Err(error) => {
                engine.damage.record(&format!("removals that were interrupted cannot be finished: {error}"));
                break;
            }
        }
    }
    for sweep in pending {
        tracing::info!(?sweep, "the embedded store finishes a removal that was interrupted");
        finish_or_record(engine, &existence, &sweep)?;
    }
    Ok(())
}

/// Removes up to `budget` rows; true when none is left.
fn step(tx: &mut Tx<'_>, sweep: &Sweep, budget: &mut usize) -> Result<bool, StoreError> {
    match sweep {
        Sweep::Group(app, group) => {
            for key in some(tx, beginning(keys::group(*app, group)), budget)? {
                // The group's own row is removed by the operation.
                if let Some(account) = parse(keys::member_account(&key, group), UserId::parse) {
                    tx.remove_member(*app, group, &account);
                }
            }
            remove(tx, beginning(keys::all_parts(*app, group)), budget)?;
            remove(tx, beginning(keys::all_messages(*app, group)), budget)?;
        }
        Sweep::Account(app, account) => {
            for key in some(tx, beginning(keys::all_joined(*app, account)), budget)? {
                if let Some(id) = parse(keys::joined_group(&key, account), GroupId::parse) {
                    leave(tx, *app, &id, account)?;
                }
            }
            forget(tx, *app, account, budget)?;
        }
        Sweep::Parts(_, _, start) => remove(tx, beginning(start.clone()), budget)?,
        Sweep::Messages(app, group, topic) => {
            remove(tx, beginning(keys::conversation(*app, group, topic)), budget)?;
        }
    }
    Ok(0 < *budget)
}

/// Up to `budget` keys.
fn some(tx: &Tx<'_>, keys: Keys, budget: &mut usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut found = Vec::new();
    tx.scan(keys, &mut |key, _| {
        if *budget == 0 {
            return Ok(ControlFlow::Break(()));
        }
        *budget -= 1;
        found.push(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn remove(tx: &mut Tx<'_>, keys: Keys, budget: &mut usize) -> Result<(), StoreError> {
    some(tx, keys, budget)?.into_iter().for_each(|key| tx.remove_row(key));
    Ok(())
}

/// Removes the facts about a deleted account with its conversations, and the facts that name it.
fn forget(tx: &mut Tx<'_>, app: AppId, account: &UserId, budget: &mut usize) -> Result<(), StoreError> {
    let own = beginning(keys::all_facts(app, &Subject::Account(account.clone())));
    while 0 < *budget {
        let mut left = FACTS_AT_ONCE.min(*budget);
        let found = some(tx, own.clone(), &mut left)?;
        if found.is_empty() {
            break;
        }
        for key in found {
            let Some((subject, key)) = keys::fact_of(&key) else { continue };
            if let Some(Subject::Pair(pair)) = facts::pair_of(account, &key) {
                remove(tx, beginning(keys::all_direct(app, &pair)), budget)?;
                remove(tx, beginning(keys::all_direct_keys(app, &pair)), budget)?;
                remove(tx, beginning(keys::all_facts(app, &Subject::Pair(pair))), budget)?;
            }
            // The fact by which the pair is found goes last.
            if *budget == 0 {
                return Ok(());
            }
            *budget -= 1;
            if let Some((peer, count)) = key.counted_in() {
                people::count_down(tx, app, &Subject::Account(peer.clone()), &count)?;
            }
            people::put_fact(tx, app, &subject, &key, None);
        }
    }
    for key in some(tx, beginning(keys::all_naming(app, account)), budget)? {
        if let Some((subject, key)) = keys::named_in(&key, account) {
            people::put_fact(tx, app, &subject, &key, None);
        }
    }
    Ok(())
}

/// Removes a deleted account from a group.
pub(super) fn leave(tx: &mut Tx<'_>, app: AppId, id: &GroupId, account: &UserId) -> Result<(), StoreError> {
    let row = tx.group_row(app, id)?;
    tx.remove_member(app, id, account);
    if let Some(mut row) = row {
        row.group.member_count = row.group.member_count.saturating_sub(1);
        if row.is_owned_by(account) {
            (row.owner, row.group.owner) = (None, None);
        }
        tx.put_group(app, &row);
    }
    Ok(())
}

fn parse<T>(bytes: &[u8], parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    std::str::from_utf8(bytes).ok().and_then(parse)
}
