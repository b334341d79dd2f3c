//! Look-ups over a whole app, for statistics and archives.

use super::Postgres;
use super::columns::read_all;
use super::database::{Kind, Tx, Work};
use super::expiry::{DaysOfGroups, DaysOfPairs};
use super::failure::Failure;
use super::statements;
use super::values::{app_column, time_column};
use async_trait::async_trait;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::people::Pair;
use landfall_domain::survey::{AccountCount, Survey};
use landfall_domain::time::Timestamp;

#[async_trait]
impl Survey for Postgres {
    async fn count_accounts(&self, app: AppId, since: Timestamp) -> Result<AccountCount, StoreError> {
        self.read(CountAccounts { app, since }).await
    }

    async fn groups_of_day(
        &self,
        app: AppId,
        day: u32,
        after: Option<(GroupId, Conversation)>,
    ) -> Result<Vec<(GroupId, Conversation)>, StoreError> {
        let days = self.read(DaysOfGroups::on(app, day, after)).await?;
        Ok(days.into_iter().map(|day| (day.group, day.place)).collect())
    }

    async fn pairs_of_day(&self, app: AppId, day: u32, after: Option<Pair>) -> Result<Vec<Pair>, StoreError> {
        let days = self.read(DaysOfPairs::on(app, day, after)).await?;
        Ok(days.into_iter().map(|(_, pair)| pair).collect())
    }
}

struct CountAccounts {
    app: AppId,
    since: Timestamp,
}

#[async_trait]
impl Work for CountAccounts {
    type Output = AccountCount;
    const DOING: &'static str = "counting accounts";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<AccountCount, Failure> {
        let app = app_column(self.app);
        let count = async |from: Timestamp| {
            let from = time_column(from);
            tx.query(&statements::COUNT_ACCOUNTS, &[&app, &from]).await
        };
        let (all, since) = futures_util::try_join!(count(Timestamp(0)), count(self.since))?;
        let (all, since): (Vec<u64>, Vec<u64>) = (read_all(&all)?, read_all(&since)?);
        Ok(AccountCount { all: all.into_iter().sum(), since: since.into_iter().sum() })
    }
}
