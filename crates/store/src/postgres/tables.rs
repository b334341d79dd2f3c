//! Steps that several operations have in common.

use super::database::{Failure, Tx};
use super::rows::{self, NewMembers, PlaceholderColumns, app_column};
use super::statements;
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Which of the groups exist.
pub(super) async fn taken_groups(
    tx: &Tx,
    app: AppId,
    ids: &[&GroupId],
) -> Result<BTreeSet<GroupId>, Failure> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = tx.query(&statements::TAKEN_GROUPS, &[&app_column(app), &ids]).await?;
    rows.iter().map(|row| rows::group_id(row, 0)).collect()
}

/// Which of the accounts exist.
pub(super) async fn known_accounts<'name>(
    tx: &Tx,
    app: AppId,
    names: impl IntoIterator<Item = &'name UserId>,
) -> Result<BTreeSet<UserId>, Failure> {
    let names: Vec<&str> = names.into_iter().map(UserId::as_str).collect();
    let rows = tx.query(&statements::KNOWN_ACCOUNTS, &[&app_column(app), &names]).await?;
    rows.iter().map(|row| rows::user_id(row, 0)).collect()
}

/// The accounts that exist, by name.
pub(super) async fn accounts<'name>(
    tx: &Tx,
    app: AppId,
    names: impl IntoIterator<Item = &'name UserId>,
) -> Result<BTreeMap<UserId, Account>, Failure> {
    let names: Vec<&str> = names.into_iter().map(UserId::as_str).collect();
    let rows = tx.query(&statements::ACCOUNTS, &[&app_column(app), &names]).await?;
    rows.iter().map(|row| rows::account(row, 0)).collect()
}

/// One group.
pub(super) async fn group(tx: &Tx, app: AppId, id: &GroupId) -> Result<Option<Group>, Failure> {
    let rows = tx.query(&statements::GROUP, &[&app_column(app), &id.as_str()]).await?;
    rows.first().map(|row| rows::group(row, 0)).transpose()
}

/// Accounts to make where they do not exist, each once, in the order of their names: writers of several servers
/// that want the same ones take them in the same order.
pub(super) fn placeholders<'name>(
    app: AppId,
    named: impl Iterator<Item = (&'name UserId, Timestamp)>,
) -> PlaceholderColumns<'name> {
    let mut first_named: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for (account, now) in named {
        first_named.entry(account.as_str()).or_insert(now);
    }
    let mut columns = PlaceholderColumns::with_capacity(app, first_named.len());
    first_named.into_iter().for_each(|(account, now)| columns.push(account, now));
    columns
}

/// Makes the accounts that do not exist.
pub(super) async fn insert_placeholders(
    tx: &Tx,
    placeholders: &PlaceholderColumns<'_>,
) -> Result<(), Failure> {
    if !placeholders.is_empty() {
        tx.run(&statements::INSERT_PLACEHOLDERS, &placeholders.parameters()).await?;
    }
    Ok(())
}

/// Writes new members, seen from both sides.
pub(super) async fn insert_members(tx: &Tx, new: &NewMembers<'_>) -> Result<(), Failure> {
    if new.members.is_empty() {
        return Ok(());
    }
    let (members, memberships) = (new.members.parameters(), new.memberships.parameters());
    // Sent one after the other without waiting for each other's answers.
    let (members, memberships) = futures_util::join!(
        tx.run(&statements::INSERT_MEMBERS, &members),
        tx.run(&statements::INSERT_MEMBERSHIPS, &memberships),
    );
    members?;
    memberships?;
    Ok(())
}
