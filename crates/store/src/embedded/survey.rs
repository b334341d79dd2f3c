//! Look-ups over a whole app, for statistics and archives.

use super::Embedded;
use super::key_range::beginning;
use super::keys;
use super::records::{self, Damaged};
use super::rows::Rows;
use crate::parts;
use async_trait::async_trait;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::people::Pair;
use landfall_domain::survey::{AccountCount, Survey};
use landfall_domain::time::Timestamp;
use std::ops::{Bound, ControlFlow};

/// Conversations that one look-up finds at most.
const PAGE: usize = 256;

#[async_trait]
impl Survey for Embedded {
    async fn count_accounts(&self, app: AppId, since: Timestamp) -> Result<AccountCount, StoreError> {
        self.read(false, move |view| count_accounts(view, app, since)).await
    }

    async fn groups_of_day(
        &self,
        app: AppId,
        day: u32,
        after: Option<(GroupId, Conversation)>,
    ) -> Result<Vec<(GroupId, Conversation)>, StoreError> {
        self.read(false, move |view| groups_of_day(view, app, day, after.as_ref())).await
    }

    async fn pairs_of_day(&self, app: AppId, day: u32, after: Option<Pair>) -> Result<Vec<Pair>, StoreError> {
        self.read(false, move |view| pairs_of_day(view, app, day, after.as_ref())).await
    }
}

/// Accounts of all apps lie mixed, so all of them are looked at.
fn count_accounts(rows: &impl Rows, app: AppId, since: Timestamp) -> Result<AccountCount, StoreError> {
    let mut count = AccountCount::default();
    rows.scan(beginning(keys::all_accounts()), &mut |key, value| {
        if keys::app(key) == Some(app) {
            let account = records::decode_account(value)?;
            count.all += u64::from(!account.placeholder);
            count.since += u64::from(!account.placeholder && since <= account.created);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

fn groups_of_day(
    rows: &impl Rows,
    app: AppId,
    day: u32,
    after: Option<&(GroupId, Conversation)>,
) -> Result<Vec<(GroupId, Conversation)>, StoreError> {
    let (start, end) = beginning(keys::days(app, day));
    let after = after.map(|(group, place)| keys::day(app, day, group, parts::topic_of(place)));
    let mut found = Vec::new();
    rows.scan((after.map_or(start, Bound::Excluded), end), &mut |key, _| {
        let (_, group, topic) = keys::day_of(key).ok_or(Damaged("day"))?;
        found.push((group, parts::conversation(topic).ok_or(Damaged("conversation"))?));
        Ok(if found.len() < PAGE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
}

fn pairs_of_day(
    rows: &impl Rows,
    app: AppId,
    day: u32,
    after: Option<&Pair>,
) -> Result<Vec<Pair>, StoreError> {
    let (start, end) = beginning(keys::direct_days(app, day));
    let after = after.map(|pair| keys::direct_day(app, day, pair));
    let mut found = Vec::new();
    rows.scan((after.map_or(start, Bound::Excluded), end), &mut |key, _| {
        found.push(keys::direct_day_of(key).ok_or(Damaged("day"))?.1);
        Ok(if found.len() < PAGE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
}
