//! The other writing operations, each in a transaction of its own.

use super::columns::{read_all, read_first};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::listener::Notification;
use super::locks;
use super::outbox::NewEntries;
use super::people;
use super::reach::Keys;
use super::rows::{AccountLists, CountLists, KickLists};
use super::statements;
use super::tables;
use super::values::app_column;
use async_trait::async_trait;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::outbox::entries_of_destroyed;
use landfall_domain::subscribers::Subscribers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows taken care of by one statement, where there can be any number.
const CHUNK: i64 = 5_000;

/// Dissolves a group with all its rows. Its outbox entries stay.
pub(super) struct DestroyGroup {
    pub(super) context: Context,
    pub(super) group: GroupId,
    pub(super) subscribers: Arc<dyn Subscribers>,
}

#[async_trait]
impl Work for DestroyGroup {
    type Output = Result<(), NoSuchGroup>;
    const DOING: &'static str = "dissolving a group";
    const KIND: Kind = Kind::LongWrite;

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(&self.group)
    }

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let of = self.context.app;
        tx.begin(Some(of), &locks::groups(of, [&self.group].into_iter())).await?;
        let names_wanted = |kind| self.subscribers.wants_former_members(kind);
        let Some((group, former)) = remove_group(tx, of, &self.group, names_wanted).await? else {
            return Ok(Err(NoSuchGroup));
        };
        let entries = entries_of_destroyed(&*self.subscribers, &group, former);
        NewEntries::of(&self.context, self.group.as_str(), &entries).append(tx).await?;
        Ok(Ok(()))
    }
}

/// Removes a group with all its rows; returns it and, where they are wanted, the names of its members. The lock of the
/// group is held.
pub(super) async fn remove_group(
    tx: &Tx,
    of: AppId,
    group: &GroupId,
    names_wanted: impl Fn(GroupType) -> bool + Send,
) -> Result<Option<(Group, Vec<UserId>)>, Failure> {
    let (app, id) = (app_column(of), group.as_str());
    let removed = tx.query(&statements::REMOVE_GROUP, &[&app, &id]).await?;
    let Some(group) = read_first::<Group>(&removed)? else {
        return Ok(None);
    };
    let counts = CountLists::of(of, [(group.kind, -1)]);
    let names_wanted = names_wanted(group.kind);
    let mut former = Vec::new();
    let mut last = String::new();
    loop {
        let members = tx.query(&statements::ACCOUNTS_OF_GROUP, &[&app, &id, &last, &CHUNK]).await?;
        let accounts = members.iter().map(|row| row.try_get(0)).collect::<Result<Vec<&str>, _>>()?;
        let Some(last_account) = accounts.last() else { break };
        tx.run(&statements::REMOVE_MEMBERSHIP, &[&app, &accounts, &id]).await?;
        last = (*last_account).to_owned();
        if names_wanted {
            // In the order of their names, as they are read.
            former.extend(read_all::<UserId, Vec<_>>(&members)?);
        }
    }
    let all = [
        &statements::REMOVE_ORIGIN,
        &statements::REMOVE_MEMBERS,
        &statements::REMOVE_ALL_PARTS,
        &statements::REMOVE_ALL_MESSAGES,
        &statements::REMOVE_ALL_DAYS,
    ];
    for statement in all {
        tx.run(statement, &[&app, &id]).await?;
    }
    tables::put(tx, &statements::COUNT_GROUPS, &counts).await?;
    Ok(Some((group, former)))
}

/// Imports accounts.
pub(super) struct ImportAccounts {
    pub(super) context: Context,
    pub(super) accounts: Vec<AccountImport>,
}

#[async_trait]
impl Work for ImportAccounts {
    type Output = ();
    const DOING: &'static str = "importing accounts";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        let Context { app, now, .. } = self.context;
        let names: BTreeSet<&UserId> = self.accounts.iter().map(|import| &import.id).collect();
        tx.begin(Some(app), &locks::accounts(app, names.iter().copied())).await?;
        let before = tables::accounts(tx, app, names).await?;
        let mut after: BTreeMap<&UserId, Account> = BTreeMap::new();
        for import in &self.accounts {
            let earlier = after.remove(&import.id).or_else(|| before.get(&import.id).cloned());
            after.insert(&import.id, Account::imported(earlier, import, now));
        }
        after.retain(|id, account| before.get(*id) != Some(account));
        if after.is_empty() {
            return Ok(());
        }
        let mut lists = AccountLists::with_capacity(app, after.len());
        after.iter().for_each(|(id, account)| lists.push(id, account));
        tables::put(tx, &statements::PUT_ACCOUNTS, &lists).await?;
        Ok(())
    }
}

/// Makes the signatures of an account invalid, and notifies the other servers.
pub(super) struct Kick {
    pub(super) context: Context,
    pub(super) account: UserId,
}

#[async_trait]
impl Work for Kick {
    type Output = Result<(), NoSuchAccount>;
    const DOING: &'static str = "kicking an account";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let Context { app, now, .. } = self.context;
        tx.begin(Some(app), &locks::accounts(app, [&self.account].into_iter())).await?;
        let mut found = tables::accounts(tx, app, [&self.account]).await?;
        let Some(account) = found.remove(&self.account) else {
            return Ok(Err(NoSuchAccount));
        };
        let account = account.kicked(now);
        let mut lists = AccountLists::with_capacity(app, 1);
        lists.push(&self.account, &account);
        tables::put(tx, &statements::PUT_ACCOUNTS, &lists).await?;
        let notification = Notification::Kicked(app, self.account.clone()).to_string();
        tx.query(&statements::NOTIFY, &[&notification]).await?;
        Ok(Ok(()))
    }
}

/// Deletes accounts with their memberships, facts and conversations, while no other transaction writes in the app.
pub(super) struct DeleteAccounts {
    pub(super) app: AppId,
    pub(super) ids: Vec<UserId>,
}

#[async_trait]
impl Work for DeleteAccounts {
    /// Which of them existed.
    type Output = Vec<bool>;
    const DOING: &'static str = "deleting accounts";
    const KIND: Kind = Kind::LongWrite;

    async fn perform(&self, tx: &Tx) -> Result<Vec<bool>, Failure> {
        tx.begin(None, &[locks::app(self.app)]).await?;
        let app = app_column(self.app);
        let names: BTreeSet<&str> = self.ids.iter().map(UserId::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let removed = tx.query(&statements::REMOVE_ACCOUNTS, &[&app, &names]).await?;
        let removed: BTreeMap<UserId, Account> = read_all(&removed)?;
        self.leave_behind(tx, &removed).await?;
        for account in removed.keys() {
            remove_from_groups(tx, app, account.as_str()).await?;
        }
        people::forget(tx, self.app, &removed.keys().collect::<Vec<_>>()).await?;
        let mut existed: BTreeSet<UserId> = removed.into_keys().collect();
        // A name that appears twice existed the first time.
        Ok(self.ids.iter().map(|id| existed.remove(id)).collect())
    }
}

impl DeleteAccounts {
    /// Keeps the kicks of deleted accounts.
    async fn leave_behind(&self, tx: &Tx, removed: &BTreeMap<UserId, Account>) -> Result<(), Failure> {
        let before = tables::left_behind(tx, self.app, removed.keys()).await?;
        let mut lists = KickLists::with_capacity(self.app, removed.len());
        for (id, account) in removed {
            if let Some(from) = account.left_behind(before.get(id).copied().unwrap_or_default()) {
                lists.push(id, from);
            }
        }
        tables::put(tx, &statements::PUT_KICKS, &lists).await
    }
}

async fn remove_from_groups(tx: &Tx, app: i64, account: &str) -> Result<(), Failure> {
    let mut last = String::new();
    loop {
        let groups = tx.query(&statements::GROUPS_OF_ACCOUNT, &[&app, &account, &last, &CHUNK]).await?;
        let ids = groups.iter().map(|row| row.try_get(0)).collect::<Result<Vec<&str>, _>>()?;
        let Some(last_id) = ids.last() else { break };
        tx.run(&statements::REMOVE_MEMBER, &[&app, &ids, &account]).await?;
        tx.run(&statements::COUNT_DOWN_MEMBERS, &[&app, &ids]).await?;
        tx.run(&statements::REMOVE_OWNER, &[&app, &ids, &account]).await?;
        last = (*last_id).to_owned();
    }
    tx.run(&statements::REMOVE_MEMBERSHIPS, &[&app, &account]).await?;
    Ok(())
}
