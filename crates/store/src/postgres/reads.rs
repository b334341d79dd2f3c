//! Reading: each call sees the database as it is at one moment.

use super::database::{Failure, Kind, Tx, Work};
use super::rows::{self, app_column, kind_column, role_column};
use super::statements;
use super::tables;
use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::store::{GroupPage, MemberPage, MemberWindow};
use std::collections::BTreeMap;

/// Groups by their ids.
pub(super) struct Groups {
    pub(super) app: AppId,
    pub(super) ids: Vec<GroupId>,
}

#[async_trait]
impl Work for Groups {
    /// In the order of the ids.
    type Done = Vec<Option<Group>>;
    const DOING: &'static str = "reading groups";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Done, Failure> {
        let ids: Vec<&str> = self.ids.iter().map(GroupId::as_str).collect();
        let rows = tx.query(&statements::GROUPS, &[&app_column(self.app), &ids]).await?;
        let groups = rows.iter().map(|row| rows::group(row, 0).map(|group| (group.id.clone(), group)));
        let groups = groups.collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(self.ids.iter().map(|id| groups.get(id).cloned()).collect())
    }
}

/// Accounts by their names.
pub(super) struct Accounts {
    pub(super) app: AppId,
    pub(super) ids: Vec<UserId>,
}

#[async_trait]
impl Work for Accounts {
    /// In the order of the names.
    type Done = Vec<Option<Account>>;
    const DOING: &'static str = "reading accounts";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Done, Failure> {
        let accounts = tables::accounts(tx, self.app, &self.ids).await?;
        Ok(self.ids.iter().map(|id| accounts.get(id).cloned()).collect())
    }
}

/// Members of one group.
pub(super) struct Members {
    pub(super) app: AppId,
    pub(super) group: GroupId,
    pub(super) roles: Vec<Role>,
    pub(super) window: MemberWindow,
}

#[async_trait]
impl Work for Members {
    /// `None` when there is no such group.
    type Done = Option<MemberPage>;
    const DOING: &'static str = "reading members";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<Self::Done, Failure> {
        tx.begin(None, &[]).await?;
        let Some(group) = tables::group(tx, self.app, &self.group).await? else {
            return Ok(None);
        };
        let (app, id) = (app_column(self.app), self.group.as_str());
        let roles: Vec<i16> = match self.roles.as_slice() {
            [] => [Role::Owner, Role::Admin, Role::Member].map(role_column).to_vec(),
            some => some.iter().copied().map(role_column).collect(),
        };
        let (rows, limit) = match &self.window {
            MemberWindow::ByJoinTime { offset, limit } => {
                let (offset, one_more) = (count(*offset), count(limit.saturating_add(1)));
                let parameters: rows::Parameters<'_> = vec![&app, &id, &roles, &offset, &one_more];
                (tx.query(&statements::MEMBERS_BY_JOIN_TIME, &parameters).await?, *limit)
            }
            MemberWindow::ByName { after, limit } => {
                let after = after.as_ref().map_or("", UserId::as_str);
                let one_more = count(limit.saturating_add(1));
                let parameters: rows::Parameters<'_> = vec![&app, &id, &after, &roles, &one_more];
                (tx.query(&statements::MEMBERS_BY_NAME, &parameters).await?, *limit)
            }
        };
        let more = limit < rows.len();
        let members = rows.iter().take(limit).map(|row| rows::member(row, 0)).collect::<Result<_, _>>()?;
        Ok(Some(MemberPage { group, members, more }))
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A page of an app's list of groups.
pub(super) struct ListGroups {
    pub(super) app: AppId,
    pub(super) kind: Option<GroupType>,
    pub(super) from: u64,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for ListGroups {
    type Done = GroupPage;
    const DOING: &'static str = "reading the list of groups";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<GroupPage, Failure> {
        tx.begin(None, &[]).await?;
        let app = app_column(self.app);
        let kinds: Vec<i16> = GroupType::ALL.into_iter().map(kind_column).collect();
        let kinds = self.kind.map_or(kinds, |kind| vec![kind_column(kind)]);
        let total = tx.query(&statements::GROUP_TOTAL, &[&app, &kinds]).await?;
        let total: Option<i64> = total.first().map(|row| row.try_get(0)).transpose()?;
        let from = i64::try_from(self.from).unwrap_or(i64::MAX);
        let one_more = count(self.limit.saturating_add(1));
        let rows = tx.query(&statements::LIST, &[&app, &from, &kinds, &one_more]).await?;
        let next: Option<i64> = rows.get(self.limit).map(|row| row.try_get(1)).transpose()?;
        Ok(GroupPage {
            total: total.map_or(0, |total| u64::try_from(total).unwrap_or(0)),
            ids: rows.iter().take(self.limit).map(|row| rows::group_id(row, 0)).collect::<Result<_, _>>()?,
            next: next.map_or(0, i64::cast_unsigned),
        })
    }
}
