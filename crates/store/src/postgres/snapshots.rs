//! Loading what an operation or a reader needs of one group.

use super::columns::{Parameters, read_all};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::reach::Keys;
use super::rows::{self, NameRange};
use super::statements;
use super::tables;
use super::values::{app_column, count, time_column};
use crate::parts::topic_of;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{Part, PartKey, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Loads a group and its parts that are needed.
pub(super) struct LoadSnapshot {
    pub(super) app: AppId,
    pub(super) group: GroupId,
    pub(super) needs: Needs,
}

#[async_trait]
impl Work for LoadSnapshot {
    /// `None` when there is no such group.
    type Output = Option<GroupSnapshot>;
    const DOING: &'static str = "reading a group";
    const KIND: Kind = Kind::Read;

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(&self.group)
    }

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        match tables::group(tx, self.app, &self.group).await? {
            Some(group) => load(tx, self.app, group, &self.needs).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Loads the needed parts of a group.
pub(super) async fn load(tx: &Tx, app: AppId, group: Group, needs: &Needs) -> Result<GroupSnapshot, Failure> {
    let reader = GroupReader { tx, app: app_column(app), group: group.id.as_str() };
    // Sent one after the other without waiting for each other's answers.
    let (members, accounts, profiles, named, ranges, messages) = futures_util::try_join!(
        reader.members(&needs.members),
        reader.accounts(app, &needs.accounts),
        reader.profiles(app, &needs.profiles),
        try_join_all(needs.parts.iter().map(|key| reader.part(key))),
        try_join_all(needs.ranges.iter().map(|range| reader.part_range(range))),
        try_join_all(needs.messages.iter().map(|range| reader.messages(range))),
    )?;
    let mut found: BTreeMap<Conversation, BTreeMap<u32, Message>> = BTreeMap::new();
    for (place, message) in messages.into_iter().flatten() {
        found.entry(place).or_default().insert(message.seq, message);
    }
    let parts = named.into_iter().chain(ranges).flatten().collect();
    Ok(GroupSnapshot { members, accounts, profiles, parts, messages: found, ..GroupSnapshot::of(group) })
}

struct GroupReader<'tx> {
    tx: &'tx Tx,
    app: i64,
    group: &'tx str,
}

impl GroupReader<'_> {
    async fn members(&self, accounts: &[UserId]) -> Result<BTreeMap<UserId, Member>, Failure> {
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names: Vec<&str> = accounts.iter().map(UserId::as_str).collect();
        let rows = self.tx.query(&statements::MEMBERS, &[&self.app, &self.group, &names]).await?;
        let members: Vec<Member> = read_all(&rows)?;
        Ok(members.into_iter().map(|member| (member.account.clone(), member)).collect())
    }

    async fn accounts(&self, app: AppId, accounts: &[UserId]) -> Result<BTreeSet<UserId>, Failure> {
        if accounts.is_empty() {
            return Ok(BTreeSet::new());
        }
        tables::known_accounts(self.tx, app, accounts).await
    }

    async fn profiles(&self, app: AppId, accounts: &[UserId]) -> Result<BTreeMap<UserId, Account>, Failure> {
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        tables::accounts(self.tx, app, accounts).await
    }

    async fn part(&self, key: &PartKey) -> Result<Vec<(PartKey, Part)>, Failure> {
        let (kind, name) = rows::part_name(key);
        let rows = self.tx.query(&statements::PART, &[&self.app, &self.group, &kind, &name]).await?;
        read_all(&rows)
    }

    async fn part_range(&self, range: &PartRange) -> Result<Vec<(PartKey, Part)>, Failure> {
        let names = NameRange::of_family(&range.family);
        let NameRange { kind, from, to } = match &range.after {
            Some(key) => names.after(key),
            None => names,
        };
        let limit = count(range.limit);
        let parameters: Parameters<'_> = vec![&self.app, &self.group, &kind, &from, &to, &limit];
        let rows = self.tx.query(&statements::PART_RANGE, &parameters).await?;
        read_all(&rows)
    }

    async fn messages(&self, range: &MessageRange) -> Result<Vec<(Conversation, Message)>, Failure> {
        let numbers = |numbers: &[u32]| numbers.iter().copied().map(i64::from).collect::<Vec<_>>();
        let rows: Vec<Row> = match range {
            MessageRange::Numbered(place, seqs) => {
                let (topic, seqs) = (topic_of(place), numbers(seqs));
                let (lowest, highest) = (seqs.iter().min(), seqs.iter().max());
                let parameters: Parameters<'_> =
                    vec![&self.app, &self.group, &topic, &seqs, &lowest, &highest];
                self.tx.query(&statements::MESSAGES_NUMBERED, &parameters).await?
            }
            MessageRange::Newest { conversation, up_to, limit } => {
                let (topic, up_to, limit) = (topic_of(conversation), i64::from(*up_to), count(*limit));
                let parameters: Parameters<'_> = vec![&self.app, &self.group, &topic, &up_to, &limit];
                self.tx.query(&statements::NEWEST_MESSAGES, &parameters).await?
            }
            MessageRange::Random { conversation, random, since } => {
                let (topic, random, since) = (topic_of(conversation), numbers(random), time_column(*since));
                let parameters: Parameters<'_> = vec![&self.app, &self.group, &topic, &random, &since];
                self.tx.query(&statements::MESSAGES_BY_RANDOM, &parameters).await?
            }
        };
        read_all(&rows)
    }
}
