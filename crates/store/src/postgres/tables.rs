//! Steps that several operations have in common.

use super::columns::{Lists, Parameters, read_all, read_first};
use super::database::Tx;
use super::failure::Failure;
use super::layout::{COPYING_ATTEMPTS, Layout};
use super::rows::{AccountLists, GroupLists, NewMembers, PlaceholderLists};
use super::spread::worth_a_copy;
use super::statements::{self, Writing};
use super::values::{app_column, time_column};
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Which of the groups exist.
pub(super) async fn taken_groups(
    tx: &Tx,
    app: AppId,
    ids: &[&GroupId],
) -> Result<BTreeSet<GroupId>, Failure> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = tx.query(&statements::TAKEN_GROUPS, &[&app_column(app), &ids]).await?;
    read_all(&rows)
}

/// Which of the accounts exist.
pub(super) async fn known_accounts<'name>(
    tx: &Tx,
    app: AppId,
    names: impl IntoIterator<Item = &'name UserId>,
) -> Result<BTreeSet<UserId>, Failure> {
    let names: Vec<&str> = names.into_iter().map(UserId::as_str).collect();
    let rows = tx.query(&statements::KNOWN_ACCOUNTS, &[&app_column(app), &names]).await?;
    read_all(&rows)
}

/// The accounts that exist, by name.
pub(super) async fn accounts<'name>(
    tx: &Tx,
    app: AppId,
    names: impl IntoIterator<Item = &'name UserId>,
) -> Result<BTreeMap<UserId, Account>, Failure> {
    let names: Vec<&str> = names.into_iter().map(UserId::as_str).collect();
    let rows = tx.query(&statements::ACCOUNTS, &[&app_column(app), &names]).await?;
    read_all(&rows)
}

/// What deleted accounts left behind: from when on signatures of their names are valid.
pub(super) async fn left_behind<'name>(
    tx: &Tx,
    app: AppId,
    names: impl IntoIterator<Item = &'name UserId>,
) -> Result<BTreeMap<UserId, Timestamp>, Failure> {
    let names: Vec<&str> = names.into_iter().map(UserId::as_str).collect();
    let rows = tx.query(&statements::KICKS, &[&app_column(app), &names]).await?;
    read_all(&rows)
}

/// The groups that exist, by id.
pub(super) async fn groups<'id>(
    tx: &Tx,
    app: AppId,
    ids: impl IntoIterator<Item = &'id GroupId>,
) -> Result<BTreeMap<GroupId, Group>, Failure> {
    let ids: Vec<&str> = ids.into_iter().map(GroupId::as_str).collect();
    let rows = tx.query(&statements::GROUPS, &[&app_column(app), &ids]).await?;
    let groups: Vec<Group> = read_all(&rows)?;
    Ok(groups.into_iter().map(|group| (group.id.clone(), group)).collect())
}

/// One group.
pub(super) async fn group(tx: &Tx, app: AppId, id: &GroupId) -> Result<Option<Group>, Failure> {
    let rows = tx.query(&statements::GROUP, &[&app_column(app), &id.as_str()]).await?;
    read_first(&rows)
}

/// One group whose lock is held. On Citus its row is locked too: where a node has not finished an earlier change, nobody
/// decides on what was before.
pub(super) async fn group_alone(tx: &Tx, app: AppId, id: &GroupId) -> Result<Option<Group>, Failure> {
    let statement = match tx.layout() {
        Layout::Together => &statements::GROUP,
        Layout::Spread => &statements::GROUP_ALONE,
    };
    let rows = tx.query(statement, &[&app_column(app), &id.as_str()]).await?;
    read_first(&rows)
}

/// Accounts to make where they do not exist, each once, in the order of their names: writers of several servers
/// that want the same ones take them in the same order.
pub(super) fn placeholders<'name>(
    app: AppId,
    named: impl Iterator<Item = (&'name UserId, Timestamp)>,
) -> PlaceholderLists<'name> {
    let mut first_named: BTreeMap<&UserId, Timestamp> = BTreeMap::new();
    for (account, now) in named {
        first_named.entry(account).or_insert(now);
    }
    let mut lists = PlaceholderLists::with_capacity(app, first_named.len());
    first_named.into_iter().for_each(|(account, now)| lists.push(account, now));
    lists
}

/// An account that is only named, but for its age.
static BLANK: LazyLock<Account> = LazyLock::new(|| Account::placeholder(Timestamp::default()));

/// Makes accounts that do not exist.
pub(super) async fn put_placeholders(
    tx: &Tx,
    app: AppId,
    placeholders: PlaceholderLists<'_>,
) -> Result<(), Failure> {
    if tx.layout() == Layout::Together || placeholders.is_empty() {
        return put(tx, &statements::INSERT_PLACEHOLDERS, &placeholders).await;
    }
    let may_copy = tx.attempt() == 1 && !tx.has_read();
    // A statement that may find its rows there goes from place to place, row by row.
    let names = placeholders.names();
    let rows = tx.query(&statements::KNOWN_ACCOUNTS, &[&app_column(app), &names]).await?;
    let known = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<&str>, _>>()?;
    let missing = placeholders.without(&known);
    if !may_copy || !worth_a_copy(missing.len()) {
        return put(tx, &statements::INSERT_PLACEHOLDERS, &missing).await;
    }
    // Each gets a membership too. If another transaction makes one of them just now, the next attempt minds that.
    tx.copy_beside(&statements::INSERT_ACCOUNTS, &AccountLists::named(&missing, &BLANK)).await
}

/// Writes groups whose id is free, the first of each id; the list positions of those that were written.
pub(super) async fn insert_groups<'group>(
    tx: &Tx,
    app: AppId,
    groups: impl ExactSizeIterator<Item = &'group Group> + Clone,
) -> Result<BTreeSet<u64>, Failure> {
    let lists = |groups: &mut dyn Iterator<Item = &'group Group>| {
        let mut lists = GroupLists::with_capacity(app, 0);
        groups.for_each(|group| lists.push(group));
        lists
    };
    if groups.len() == 0 {
        return Ok(BTreeSet::new());
    }
    let may_copy = tx.layout() == Layout::Spread && tx.attempt() <= COPYING_ATTEMPTS;
    if !may_copy || !worth_a_copy(groups.len()) {
        let rows = tx.write(&statements::INSERT_GROUPS, &lists(&mut groups.into_iter())).await?;
        return read_all(&rows);
    }
    // Nearly all are new. Where one is not, the next attempt knows.
    let mut taken = BTreeSet::new();
    if 1 < tx.attempt() {
        let ids: Vec<&GroupId> = groups.clone().map(|group| &group.id).collect();
        taken = taken_groups(tx, app, &ids).await?;
    }
    let free: Vec<&Group> = groups.filter(|group| taken.insert(group.id.clone())).collect();
    if !free.is_empty() {
        tx.write_missing(&statements::INSERT_FREE_GROUPS, &lists(&mut free.iter().copied())).await?;
    }
    Ok(free.iter().map(|group| group.list_position).collect())
}

/// Writes rows, if there are any.
pub(super) async fn put(tx: &Tx, writing: &Writing, rows: &impl Lists) -> Result<(), Failure> {
    if !rows.is_empty() {
        tx.write(writing, rows).await?;
    }
    Ok(())
}

/// Writes of a group what has changed, if anything has.
pub(super) async fn put_group(tx: &Tx, app: AppId, before: &Group, after: &Group) -> Result<(), Failure> {
    if after == before {
        return Ok(());
    }
    let Group { log, active, member_count, .. } = after.clone();
    if *after != (Group { log, active, member_count, ..before.clone() }) {
        let mut lists = GroupLists::with_capacity(app, 1);
        lists.push(after);
        return put(tx, &statements::PUT_GROUPS, &lists).await;
    }
    let log = &after.log;
    let (app, id, last) = (app_column(app), after.id.as_str(), time_column(log.last_message));
    let [next, read, cleared, first, count] =
        [log.next_seq, log.read_by_all, log.cleared, log.first_kept, after.member_count].map(i64::from);
    let listed = log.listed.map(time_column);
    let parameters: Parameters<'_> =
        vec![&app, &id, &next, &last, &read, &cleared, &first, &after.active, &count, &listed];
    tx.run(&statements::PUT_FIGURES, &parameters).await?;
    Ok(())
}

/// Writes new members, seen from both sides.
pub(super) async fn insert_members(tx: &Tx, new: &NewMembers<'_>) -> Result<(), Failure> {
    // Sent one after the other without waiting for each other's answers.
    futures_util::try_join!(
        put(tx, &statements::INSERT_MEMBERS, &new.members),
        put(tx, &statements::INSERT_MEMBERSHIPS, &new.memberships),
    )?;
    Ok(())
}
