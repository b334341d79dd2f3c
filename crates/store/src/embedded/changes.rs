//! The writing operations, each run by the committer within a batch: read, ask the rule, write what it says.

use super::keys::Sweep;
use super::outbox;
use super::records::{Damaged, GroupRow};
use super::rows::Rows as _;
use super::sweep;
use super::tx::Tx;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::event::Subscribers;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{self, ImportMembersRefusal, MemberOutcome, Standing};
use landfall_domain::member::{Member, Role};
use landfall_domain::new_group::{self, CreatedGroup, NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::outbox::{Lane, OutboxEntry, entries_of_created, entries_of_destroyed};
use landfall_domain::store::{Context, NoSuchAccount, NoSuchGroup, StoreError};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

type Decided<T, Refusal> = Result<Result<T, Refusal>, StoreError>;

/// Imports a group.
pub(super) fn import_group(
    tx: &mut Tx<'_>,
    context: Context,
    import: NewGroup,
) -> Decided<GroupId, NewGroupRefusal> {
    insert_new_group(tx, context, import, |_| Vec::new())
}

/// Makes a group, and has others entries of it.
pub(super) fn create_group(
    tx: &mut Tx<'_>,
    context: Context,
    new: NewGroup,
    subscribers: &dyn Subscribers,
) -> Decided<GroupId, NewGroupRefusal> {
    insert_new_group(tx, context, new, |created| entries_of_created(subscribers, created))
}

fn insert_new_group(
    tx: &mut Tx<'_>,
    context: Context,
    new: NewGroup,
    entries: impl FnOnce(&CreatedGroup) -> Vec<OutboxEntry>,
) -> Decided<GroupId, NewGroupRefusal> {
    let app = context.app;
    let mut attempt = 0;
    let id = loop {
        let Some(candidate) = new.id.candidate(new.kind, attempt) else {
            return Ok(Err(NewGroupRefusal::IdTaken));
        };
        if !tx.group_exists(app, &candidate)? {
            break candidate;
        }
        attempt += 1;
    };
    let position = tx.counters(app)?.last_position + 1;
    let known = |account: &UserId| tx.account_exists(app, account);
    let created = match new_group::new_group(new, id, position, context.unknown, context.now, known)? {
        Ok(created) => created,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let counters = tx.counters(app)?;
    counters.last_position = position;
    counters.groups[usize::from(created.group.kind.code())] += 1;
    put_placeholders(tx, app, &created.placeholders, context.now);
    let notes = entries(&created);
    let (owner, others): (Vec<_>, Vec<_>) =
        created.members.into_iter().partition(|member| member.role == Role::Owner);
    let row = GroupRow { group: created.group, owner: owner.into_iter().next() };
    tx.put_group(app, &row);
    tx.put_listed(app, &row.group);
    if let Some(owner) = &row.owner {
        tx.put_joined(app, &row.group, &owner.account);
    }
    for member in &others {
        tx.put_member(app, &row.group, member);
    }
    outbox::append(tx, context, &Lane::Group(row.group.id.clone()), notes)?;
    Ok(Ok(row.group.id))
}

pub(super) fn import_members(
    tx: &mut Tx<'_>,
    context: Context,
    id: &GroupId,
    asked: &[NewMember],
) -> Decided<Vec<MemberOutcome>, ImportMembersRefusal> {
    let app = context.app;
    let Some(mut row) = tx.group_row(app, id)? else {
        return Ok(Err(ImportMembersRefusal::NoSuchGroup));
    };
    // A group that moves in begins with its owner alone: no need to look for each member, now and in the next calls.
    if row.group.member_count <= u32::from(row.owner.is_some()) {
        tx.owner_is_alone(app, id);
    }
    let standings = asked
        .iter()
        .map(|member| {
            let account = &member.account;
            let joined = match &row.owner {
                Some(owner) if owner.account == *account => Some(owner.joined),
                Some(_) | None => tx.present_member(app, id, account)?.map(|member| member.joined),
            };
            Ok(Standing { known: tx.account_exists(app, account)?, joined })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let change = match import::import_members(&row.group, asked, &standings, context.unknown, context.now) {
        Ok(change) => change,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for (account, joined) in change.earlier {
        match &mut row.owner {
            Some(owner) if owner.account == account => {
                owner.joined = joined;
                tx.put_group(app, &row);
            }
            Some(_) | None => {
                let member = tx.present_member(app, id, &account)?.ok_or(Damaged("member"))?;
                tx.put_member_row(app, id, &Member { joined, ..member });
            }
        }
    }
    if !change.added.is_empty() {
        put_placeholders(tx, app, &change.placeholders, context.now);
        for member in &change.added {
            tx.put_member(app, &row.group, member);
        }
        row.group.member_count += u32::try_from(change.added.len()).unwrap_or(u32::MAX);
        tx.put_group(app, &row);
    }
    Ok(Ok(change.outcomes))
}

fn put_placeholders(tx: &mut Tx<'_>, app: AppId, accounts: &[UserId], now: Timestamp) {
    for account in accounts {
        tx.put_account(app, account, &Account::placeholder(now));
    }
}

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
    let notes = entries_of_destroyed(subscribers, &row.group, members);
    count_down(tx, app, row.group.kind)?;
    tx.remove_group(app, &row);
    let mut budget = sweep::ROWS_PER_BATCH;
    sweep::begin(tx, Sweep::Group(app, id.clone()), &mut budget)?;
    outbox::append(tx, context, &Lane::Group(id.clone()), notes)?;
    Ok(Ok(()))
}

fn count_down(tx: &mut Tx<'_>, app: AppId, kind: GroupType) -> Result<(), StoreError> {
    let living = &mut tx.counters(app)?.groups[usize::from(kind.code())];
    *living = living.saturating_sub(1);
    Ok(())
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
