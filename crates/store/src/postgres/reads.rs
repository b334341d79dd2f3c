//! Reading: each call sees the database as it is at one moment.

use super::columns::{Column as _, Parameters, read, read_all};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::reach::Keys;
use super::statements;
use super::tables;
use super::values::{app_column, count};
use async_trait::async_trait;
use landfall_domain::account::Account;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::store::{
    GroupPage, GroupRange, JoinedChat, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow,
    WhichMessages,
};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Groups by their ids.
pub(super) struct Groups {
    pub(super) app: AppId,
    pub(super) ids: Vec<GroupId>,
}

#[async_trait]
impl Work for Groups {
    /// In the order of the ids.
    type Output = Vec<Option<Arc<Group>>>;
    const DOING: &'static str = "reading groups";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let groups = tables::groups(tx, self.app, &self.ids).await?;
        Ok(self.ids.iter().map(|id| groups.get(id).cloned().map(Arc::new)).collect())
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
    type Output = Vec<Option<Account>>;
    const DOING: &'static str = "reading accounts";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let accounts = tables::accounts(tx, self.app, &self.ids).await?;
        Ok(self.ids.iter().map(|id| accounts.get(id).cloned()).collect())
    }
}

/// Accounts of an app, in the order of their names.
pub(super) struct ListAccounts {
    pub(super) app: AppId,
    pub(super) after: Option<UserId>,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for ListAccounts {
    type Output = Vec<UserId>;
    const DOING: &'static str = "reading the accounts of an app";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Vec<UserId>, Failure> {
        let (app, limit) = (app_column(self.app), count(self.limit));
        let after = self.after.as_ref().map_or("", UserId::as_str);
        read_all(&tx.query(&statements::LIST_ACCOUNTS, &[&app, &after, &limit]).await?)
    }
}

/// From when on signatures of an account are valid.
pub(super) struct SignaturesFrom {
    pub(super) app: AppId,
    pub(super) account: UserId,
}

#[async_trait]
impl Work for SignaturesFrom {
    type Output = Timestamp;
    const DOING: &'static str = "reading whether an account was kicked";
    const KIND: Kind = Kind::Read;

    fn keys(&self) -> Keys<'_> {
        Keys::of_account(&self.account)
    }

    async fn perform(&self, tx: &Tx) -> Result<Timestamp, Failure> {
        tx.begin(None, &[]).await?;
        let (living, left) = futures_util::try_join!(
            tables::accounts(tx, self.app, [&self.account]),
            tables::left_behind(tx, self.app, [&self.account]),
        )?;
        let living = living.get(&self.account).map(|account| account.signatures_from);
        Ok(living.max(left.get(&self.account).copied()).unwrap_or_default())
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
    type Output = Option<MemberPage>;
    const DOING: &'static str = "reading members";
    const KIND: Kind = Kind::Read;

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(&self.group)
    }

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        let Some(group) = tables::group(tx, self.app, &self.group).await? else {
            return Ok(None);
        };
        let (app, id) = (app_column(self.app), self.group.as_str());
        let roles: Vec<i16> = match self.roles.as_slice() {
            [] => Role::ALL.iter().map(Role::write).collect(),
            some => some.iter().map(Role::write).collect(),
        };
        let (rows, limit) = match &self.window {
            MemberWindow::ByJoinTime { offset, limit } => {
                let (offset, one_more) = (count(*offset), count(limit.saturating_add(1)));
                let parameters: Parameters<'_> = vec![&app, &id, &roles, &offset, &one_more];
                (tx.query(&statements::MEMBERS_BY_JOIN_TIME, &parameters).await?, *limit)
            }
            MemberWindow::ByName { after, limit } => {
                let after = after.as_ref().map_or("", UserId::as_str);
                let one_more = count(limit.saturating_add(1));
                let parameters: Parameters<'_> = vec![&app, &id, &after, &roles, &one_more];
                (tx.query(&statements::MEMBERS_BY_NAME, &parameters).await?, *limit)
            }
        };
        let more = limit < rows.len();
        let members = rows.iter().take(limit).map(read).collect::<Result<_, _>>()?;
        Ok(Some(MemberPage { group, members, more }))
    }
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
    type Output = GroupPage;
    const DOING: &'static str = "reading the list of groups";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<GroupPage, Failure> {
        tx.begin(None, &[]).await?;
        let app = app_column(self.app);
        let kinds: Vec<i16> = match &self.kind {
            Some(kind) => vec![GroupType::write(kind)],
            None => GroupType::ALL.iter().map(GroupType::write).collect(),
        };
        let total = tx.query(&statements::GROUP_TOTAL, &[&app, &kinds]).await?;
        let total: Option<i64> = total.first().map(|row| row.try_get(0)).transpose()?;
        let from = i64::try_from(self.from).unwrap_or(i64::MAX);
        let one_more = count(self.limit.saturating_add(1));
        let rows = tx.query(&statements::LIST, &[&app, &from, &kinds, &one_more]).await?;
        let next: Option<i64> = rows.get(self.limit).map(|row| row.try_get(1)).transpose()?;
        Ok(GroupPage {
            total: total.map_or(0, |total| u64::try_from(total).unwrap_or(0)),
            ids: rows.iter().take(self.limit).map(read).collect::<Result<_, _>>()?,
            next: next.map_or(0, i64::cast_unsigned),
        })
    }
}

/// Groups of one account.
pub(super) struct JoinedGroups {
    pub(super) app: AppId,
    pub(super) account: UserId,
    pub(super) window: JoinedWindow,
}

#[async_trait]
impl Work for JoinedGroups {
    type Output = JoinedPage;
    const DOING: &'static str = "reading an account's groups";
    const KIND: Kind = Kind::Read;

    fn keys(&self) -> Keys<'_> {
        Keys::of_account(&self.account)
    }

    async fn perform(&self, tx: &Tx) -> Result<JoinedPage, Failure> {
        tx.begin(None, &[]).await?;
        let mut total = 0;
        let mut ids = Vec::new();
        let mut last = None;
        loop {
            let memberships = self.memberships(tx, last.as_ref()).await?;
            let Some(last_id) = memberships.last() else { break };
            last = Some(last_id.clone());
            let inactive = self.inactive(tx, &memberships).await?;
            for id in memberships.into_iter().filter(|id| !inactive.contains(id)) {
                if self.window.offset <= total && ids.len() < self.window.limit {
                    ids.push(id);
                }
                total += 1;
            }
        }
        let (app, account) = (app_column(self.app), self.account.as_str());
        let names: Vec<&str> = ids.iter().map(GroupId::as_str).collect();
        let mut groups = tables::groups(tx, self.app, &ids).await?;
        let members = tx.query(&statements::MEMBER_OF, &[&app, &names, &account]).await?;
        let mut members: BTreeMap<GroupId, Member> = read_all(&members)?;
        let groups = ids.iter().filter_map(|id| Some((groups.remove(id)?, members.remove(id)?))).collect();
        Ok(JoinedPage { total: total as u64, groups })
    }
}

/// What lists of conversations show of the groups of one account.
pub(super) struct ReadJoinedChats {
    pub(super) app: AppId,
    pub(super) account: UserId,
    pub(super) after: Option<GroupId>,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for ReadJoinedChats {
    type Output = JoinedChats;
    const DOING: &'static str = "reading an account's conversations in groups";
    const KIND: Kind = Kind::Read;

    fn keys(&self) -> Keys<'_> {
        Keys::of_account(&self.account)
    }

    /// Two statements, however many groups there are.
    async fn perform(&self, tx: &Tx) -> Result<JoinedChats, Failure> {
        tx.begin(None, &[]).await?;
        let (app, account) = (app_column(self.app), self.account.as_str());
        let after = self.after.as_ref().map_or("", GroupId::as_str);
        let kinds: Vec<i16> = GroupType::ALL.iter().map(GroupType::write).collect();
        let (support, one_more) = (vec![false, true], count(self.limit.saturating_add(1)));
        let parameters: Parameters<'_> = vec![&app, &account, &after, &kinds, &support, &one_more];
        let rows = tx.query(&statements::JOINED, &parameters).await?;
        let mut ids: Vec<GroupId> = read_all(&rows)?;
        let more = self.limit < ids.len();
        ids.truncate(self.limit);
        let names: Vec<&str> = ids.iter().map(GroupId::as_str).collect();
        let rows = tx.query(&statements::GROUP_CHATS, &[&app, &names]).await?;
        let mut chats: Vec<JoinedChat> = read_all(&rows)?;
        chats.sort_by(|one, other| one.group.cmp(&other.group));
        Ok(JoinedChats { chats, last: ids.pop().filter(|_| more) })
    }
}

/// Messages of several groups.
pub(super) struct MessagesOfGroups {
    pub(super) app: AppId,
    pub(super) ranges: Vec<GroupRange>,
    pub(super) which: WhichMessages,
}

#[async_trait]
impl Work for MessagesOfGroups {
    type Output = BTreeMap<GroupId, Vec<Message>>;
    const DOING: &'static str = "reading messages of several groups";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let app = app_column(self.app);
        let ids: Vec<&str> = self.ranges.iter().map(|range| range.group.as_str()).collect();
        let after: Vec<i64> = self.ranges.iter().map(|range| range.after.into()).collect();
        let up_to: Vec<i64> = self.ranges.iter().map(|range| range.up_to.into()).collect();
        let statement = match self.which {
            WhichMessages::All => &statements::MESSAGES_OF_GROUPS,
            WhichMessages::Mentions => &statements::MENTIONS_OF_GROUPS,
        };
        let rows = tx.query(statement, &[&app, &ids, &after, &up_to]).await?;
        let rows: Vec<(GroupId, (Conversation, Message))> = read_all(&rows)?;
        let mut found: BTreeMap<GroupId, Vec<Message>> = BTreeMap::new();
        for (group, (_, message)) in rows {
            // The statement may find more than mentions.
            if self.which == WhichMessages::All || message.mentions_somebody() {
                found.entry(group).or_default().push(message);
            }
        }
        found.values_mut().for_each(|messages| messages.sort_by_key(|message| message.seq));
        Ok(found)
    }
}

impl JoinedGroups {
    /// Some of the account's groups of the types asked for.
    async fn memberships(&self, tx: &Tx, after: Option<&GroupId>) -> Result<Vec<GroupId>, Failure> {
        /// Rows of one statement, at most.
        const PAGE: i64 = 5_000;
        let (app, account) = (app_column(self.app), self.account.as_str());
        let after = after.map_or("", GroupId::as_str);
        let kinds: Vec<i16> = self.window.kinds.iter().map(GroupType::write).collect();
        let support: Vec<bool> = self.window.support_topic.map_or(vec![false, true], |wanted| vec![wanted]);
        let parameters: Parameters<'_> = vec![&app, &account, &after, &kinds, &support, &PAGE];
        let rows = tx.query(&statements::JOINED, &parameters).await?;
        read_all(&rows)
    }

    /// Which of the groups are left out because they have no messages yet.
    async fn inactive(&self, tx: &Tx, groups: &[GroupId]) -> Result<BTreeSet<GroupId>, Failure> {
        if self.window.inactive {
            return Ok(BTreeSet::new());
        }
        let app = app_column(self.app);
        let names: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
        let rows = tx.query(&statements::INACTIVE_GROUPS, &[&app, &names]).await?;
        read_all(&rows)
    }
}
