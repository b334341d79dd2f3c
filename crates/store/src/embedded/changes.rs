//! Dissolving groups, and importing, deleting and kicking accounts. Each runs within a batch of the committer.

use super::keys::Sweep;
use super::load_notes;
use super::outbox;
use super::records::GroupRow;
use super::rows::Rows as _;
use super::sweep;
use super::tx::Tx;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, StoreError};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::outbox::{Lane, entries_of_destroyed};
use landfall_domain::subscribers::Subscribers;
use std::collections::BTreeMap;

/// What an operation answers or refuses, unless the store failed.
pub(super) type Decided<T, Refusal> = Result<Result<T, Refusal>, StoreError>;

pub(super) fn destroy_group(
    tx: &mut Tx<'_>,
    context: Context,
    id: &GroupId,
    subscribers: &dyn Subscribers,
) -> Decided<(), NoSuchGroup> {
    let app = context.app;
    let Some(row) = tx.group_row(app, id)? else {
        return Ok(Err(NoSuchGroup));
    };
    let mut members = Vec::new();
    if subscribers.wants_former_members(row.group.kind) {
        members.extend(row.owner.iter().map(|owner| owner.account.clone()));
        members.extend(tx.member_names(app, id)?);
        members.sort();
    }
    let entries = entries_of_destroyed(subscribers, &row.group, members);
    let mut budget = sweep::ROWS_PER_BATCH;
    remove_group(tx, app, &row, &mut budget)?;
    outbox::append(tx, context, &Lane::Group(id.clone()), entries)?;
    Ok(Ok(()))
}

/// Removes a group with everything that belongs to it.
pub(super) fn remove_group(
    tx: &mut Tx<'_>,
    app: AppId,
    row: &GroupRow,
    budget: &mut usize,
) -> Result<(), StoreError> {
    let id = &row.group.id;
    let provenance = tx.provenance(app, id)?;
    let living = &mut tx.counters(app)?.groups[usize::from(row.group.kind.code())];
    *living = living.saturating_sub(1);
    if let Some(provenance) = &provenance {
        tx.remove_provenance(app, id, provenance);
    }
    tx.remove_group(app, row);
    sweep::begin(tx, Sweep::Group(app, id.clone()), budget)
}

pub(super) fn import_accounts(
    tx: &mut Tx<'_>,
    context: Context,
    accounts: &[AccountImport],
) -> Result<(), StoreError> {
    let mut changed: BTreeMap<&UserId, Account> = BTreeMap::new();
    for import in accounts {
        let before = match changed.get(&import.id) {
            Some(earlier) => Some(earlier.clone()),
            None => tx.account(context.app, &import.id)?,
        };
        let after = Account::imported(before.clone(), import, context.now);
        if before.as_ref() != Some(&after) {
            changed.insert(&import.id, after);
        }
    }
    for (id, account) in &changed {
        tx.put_account(context.app, id, account);
    }
    Ok(())
}

pub(super) fn delete_accounts(
    tx: &mut Tx<'_>,
    context: Context,
    ids: &[UserId],
) -> Result<Vec<bool>, StoreError> {
    let mut budget = sweep::ROWS_PER_BATCH;
    let mut existed = Vec::with_capacity(ids.len());
    for id in ids {
        let account = tx.account(context.app, id)?;
        existed.push(account.is_some());
        if let Some(account) = account {
            if let Some(from) = account.left_behind(tx.left_behind(context.app, id)?) {
                tx.put_left_behind(context.app, id, from);
            }
            tx.remove_account(context.app, id);
            load_notes::note_deleted(tx, context.app, id);
            sweep::begin(tx, Sweep::Account(context.app, id.clone()), &mut budget)?;
        }
    }
    Ok(existed)
}

pub(super) fn kick(tx: &mut Tx<'_>, context: Context, id: &UserId) -> Decided<(), NoSuchAccount> {
    let Some(account) = tx.account(context.app, id)? else {
        return Ok(Err(NoSuchAccount));
    };
    tx.put_account(context.app, id, &account.kicked(context.now));
    Ok(Ok(()))
}
