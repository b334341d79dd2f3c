//! Taking out what a job brought in.

use super::changes;
use super::key_range::beginning;
use super::keys;
use super::records;
use super::rows::Rows;
use super::sweep;
use super::tx::Tx;
use super::whole_groups::brought;
use landfall_domain::bulk::UndoOutcome;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::origin::{JobId, Undo};
use std::ops::{Bound, ControlFlow};

/// Groups taken out in one batch, at most.
pub(super) const GROUPS_PER_STEP: usize = 64;

/// Undoes `job` in those of `groups` that it made or added to.
pub(super) fn undo_groups(
    tx: &mut Tx<'_>,
    app: AppId,
    job: JobId,
    groups: &[GroupId],
    force: bool,
) -> Result<Vec<UndoOutcome>, StoreError> {
    let mut budget = sweep::ROWS_PER_BATCH;
    let mut undo = |id| {
        let (Some(row), Some(brought)) = (tx.group_row(app, id)?, brought(tx, app, id)?) else {
            return Ok(UndoOutcome::NotOfJob);
        };
        let provenance = &brought.provenance;
        Ok(match provenance.undo(job, brought.touched, force) {
            Undo::Remove => {
                changes::remove_group(tx, app, &row, &mut budget)?;
                UndoOutcome::Removed
            }
            Undo::Forget => {
                tx.remove_provenance(app, id, provenance);
                tx.put_provenance(app, id, &provenance.without(job));
                UndoOutcome::MadeByAnother
            }
            Undo::KeepTouched => UndoOutcome::Touched,
            Undo::KeepAddedTo => UndoOutcome::AddedTo,
            Undo::NotOfJob => UndoOutcome::NotOfJob,
        })
    };
    groups.iter().map(&mut undo).collect()
}

/// Groups of a job in the order of their ids.
/// Accounts behind one of them, in the order of their keys.
pub(super) fn accounts_after(
    rows: &impl Rows,
    app: AppId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, StoreError> {
    let (first, end) = beginning(keys::all_accounts());
    let start = after.map_or(first, |after| Bound::Excluded(keys::account(app, after)));
    let mut found = Vec::new();
    rows.scan((start, end), &mut |key, _| {
        if limit <= found.len() {
            return Ok(ControlFlow::Break(()));
        }
        found.extend(keys::account_of(app, key));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

pub(super) fn groups_of_job(
    rows: &impl Rows,
    app: AppId,
    job: JobId,
    after: Option<&GroupId>,
    limit: usize,
) -> Result<Vec<GroupId>, StoreError> {
    let (start, end) = keys::all_of_job(app, job, after);
    let mut found = Vec::new();
    rows.scan((Bound::Excluded(start), Bound::Excluded(end)), &mut |key, _| {
        if limit <= found.len() {
            return Ok(ControlFlow::Break(()));
        }
        found.push(keys::group_of_job(key).ok_or(records::Damaged("group of a job"))?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}
