//! Removing messages because of their age: one conversation after the other, those with the oldest day first.

use super::columns::{Parameters, read_all};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::locks;
use super::reach::Keys;
use super::rows::{FactNames, NameRange, PartLists};
use super::snapshots;
use super::statements;
use super::tables;
use super::values::{app_column, count, time_column};
use crate::messages::day;
use crate::parts;
use async_trait::async_trait;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::snapshot::Needs;
use landfall_domain::time::Timestamp;

/// Days of conversations read by one statement.
const PAGE: i64 = 256;

/// A conversation and a day on which it has messages, in the order of the expiry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    day: i64,
    pub(super) group: GroupId,
    pub(super) place: Conversation,
}

/// The next conversations that have messages of some days.
pub(super) struct DaysOfGroups {
    app: AppId,
    /// The last day; `None`: of none.
    last: Option<i64>,
    /// Those behind this day, group and topic.
    after: (i64, String, String),
}

impl DaysOfGroups {
    /// Of the days on which messages were sent before `before`.
    pub(super) fn until(app: AppId, before: Timestamp, after: Option<Day>) -> Self {
        let after = match after {
            Some(Day { day, group, place }) => (day, group.to_string(), parts::topic_of(&place).to_owned()),
            None => <_>::default(),
        };
        Self { app, last: last_before(before), after }
    }

    /// Of one day.
    pub(super) fn on(app: AppId, day: u32, after: Option<(GroupId, Conversation)>) -> Self {
        let (group, topic) = match after {
            Some((group, place)) => (group.to_string(), parts::topic_of(&place).to_owned()),
            None => <_>::default(),
        };
        Self { app, last: Some(day.into()), after: (day.into(), group, topic) }
    }
}

/// The last day on which something was sent before `before`.
fn last_before(before: Timestamp) -> Option<i64> {
    before.0.checked_sub(1).map(|last| i64::from(day(Timestamp(last))))
}

#[async_trait]
impl Work for DaysOfGroups {
    type Output = Vec<Day>;
    const DOING: &'static str = "looking for days with messages";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Vec<Day>, Failure> {
        let (Some(last), (first, group, topic)) = (self.last, &self.after) else { return Ok(Vec::new()) };
        let app = app_column(self.app);
        let parameters: Parameters<'_> = vec![&app, &last, first, group, topic, &PAGE];
        let rows = tx.query(&statements::OLD_DAYS, &parameters).await?;
        let days: Vec<(i64, GroupId, Conversation)> = read_all(&rows)?;
        Ok(days.into_iter().map(|(day, group, place)| Day { day, group, place }).collect())
    }
}

/// Removes messages sent before `before` from one conversation, at most `limit`.
pub(super) struct Expire {
    pub(super) app: AppId,
    pub(super) day: Day,
    pub(super) before: Timestamp,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for Expire {
    /// How many were removed.
    type Output = usize;
    const DOING: &'static str = "removing old messages";
    const KIND: Kind = Kind::LongWrite;

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(&self.day.group)
    }

    async fn perform(&self, tx: &Tx) -> Result<usize, Failure> {
        let Day { group: id, place, .. } = &self.day;
        tx.begin(Some(self.app), &locks::groups(self.app, [id].into_iter())).await?;
        let Some(group) = tables::group_alone(tx, self.app, id).await? else {
            self.forget_days(tx, i64::MAX).await?;
            return Ok(0);
        };
        let parts = match place {
            Conversation::Group => Vec::new(),
            Conversation::Topic(topic) => vec![PartKey::Topic(topic.clone())],
        };
        let needs = Needs { parts, ..Needs::default() };
        let mut snapshot = snapshots::load(tx, self.app, group, &needs).await?;
        let before = snapshot.group.clone();
        let log = match (place, snapshot.parts.values_mut().next()) {
            (Conversation::Group, _) => &mut snapshot.group.log,
            (Conversation::Topic(_), Some(Part::Topic(topic))) => &mut topic.log,
            (Conversation::Topic(_), _) => {
                self.forget_days(tx, i64::MAX).await?;
                return Ok(0);
            }
        };
        let oldest = self.oldest(tx, log.first_kept).await?;
        let expiry = log.expire(&oldest, self.before, self.limit);
        if 0 < expiry.removed {
            log.first_kept = expiry.first_kept;
            self.remove(tx, expiry.first_kept).await?;
            let mut parts = PartLists::with_capacity(self.app, 1);
            snapshot.parts.iter().for_each(|(key, part)| parts.push(id, key, part));
            tables::put(tx, &statements::PUT_PARTS, &parts).await?;
            tables::put_group(tx, self.app, &before, &snapshot.group).await?;
        }
        if expiry.complete {
            self.forget_days(tx, day(self.before).into()).await?;
        }
        Ok(expiry.removed)
    }
}

impl Expire {
    /// The oldest messages of the conversation: as many as may go, and one more.
    async fn oldest(&self, tx: &Tx, first_kept: u32) -> Result<Vec<(u32, Timestamp)>, Failure> {
        let (app, first) = (app_column(self.app), i64::from(first_kept));
        let (id, topic) = (self.day.group.as_str(), parts::topic_of(&self.day.place));
        let one_more = count(self.limit.saturating_add(1));
        let rows = tx.query(&statements::OLDEST_MESSAGES, &[&app, &id, &topic, &first, &one_more]).await?;
        read_all(&rows)
    }

    /// Removes the messages below a number, with their readers and extensions.
    async fn remove(&self, tx: &Tx, first_kept: u32) -> Result<(), Failure> {
        let app = app_column(self.app);
        let (id, topic) = (self.day.group.as_str(), parts::topic_of(&self.day.place));
        tx.run(&statements::REMOVE_MESSAGES_BELOW, &[&app, &id, &topic, &i64::from(first_kept)]).await?;
        let ranges = NameRange::of_messages(&self.day.place, Some(first_kept));
        for NameRange { kind, from, to } in &ranges {
            tx.run(&statements::REMOVE_PART_RANGE, &[&app, &id, kind, from, to]).await?;
        }
        Ok(())
    }

    /// Removes the days before `end`, which have no messages left.
    async fn forget_days(&self, tx: &Tx, end: i64) -> Result<(), Failure> {
        let (id, topic) = (self.day.group.as_str(), parts::topic_of(&self.day.place));
        tx.run(&statements::REMOVE_DAYS_BEFORE, &[&app_column(self.app), &id, &topic, &end]).await?;
        Ok(())
    }
}

/// The next pairs that have messages of some days, each with the day.
pub(super) struct DaysOfPairs {
    app: AppId,
    /// The last day; `None`: of none.
    last: Option<i64>,
    /// Those behind this day and pair.
    after: (i64, String),
}

impl DaysOfPairs {
    /// Of the days on which messages were sent before `before`.
    pub(super) fn until(app: AppId, before: Timestamp, after: Option<(i64, Pair)>) -> Self {
        let after = after.map(|(day, pair)| (day, pair.to_string())).unwrap_or_default();
        Self { app, last: last_before(before), after }
    }

    /// Of one day.
    pub(super) fn on(app: AppId, day: u32, after: Option<Pair>) -> Self {
        let pair = after.map(|pair| pair.to_string()).unwrap_or_default();
        Self { app, last: Some(day.into()), after: (day.into(), pair) }
    }
}

#[async_trait]
impl Work for DaysOfPairs {
    type Output = Vec<(i64, Pair)>;
    const DOING: &'static str = "looking for days with messages";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let (Some(last), (first, pair)) = (self.last, &self.after) else { return Ok(Vec::new()) };
        let app = app_column(self.app);
        let parameters: Parameters<'_> = vec![&app, &last, first, pair, &PAGE];
        read_all(&tx.query(&statements::OLD_DIRECT_DAYS, &parameters).await?)
    }
}

/// Removes messages sent before `before` from one pair, at most `limit`.
pub(super) struct ExpirePair {
    pub(super) app: AppId,
    pub(super) pair: Pair,
    pub(super) before: Timestamp,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for ExpirePair {
    /// How many were removed.
    type Output = usize;
    const DOING: &'static str = "removing old messages";
    const KIND: Kind = Kind::LongWrite;

    async fn perform(&self, tx: &Tx) -> Result<usize, Failure> {
        let Self { app, pair, before, limit } = self;
        tx.begin(Some(*app), &locks::subjects(*app, &[Subject::Pair(pair.clone())])).await?;
        let (app, pair) = (app_column(*app), pair.to_string());
        let (end, most) = (time_column(*before), count(*limit));
        let oldest = tx.query(&statements::OLDEST_DIRECT, &[&app, &pair, &end, &most]).await?;
        let seqs: Vec<i64> = read_all(&oldest)?;
        let (lowest, highest) = (seqs.iter().min(), seqs.iter().max());
        let parameters: Parameters<'_> = vec![&app, &pair, &seqs, &lowest, &highest];
        tx.run(&statements::REMOVE_DIRECT_NUMBERED, &parameters).await?;
        let FactNames { kind, from, to } = FactNames::of_extensions_before(*before);
        let parameters: Parameters<'_> = vec![&app, &pair, &kind, &from, &to];
        tx.run(&statements::REMOVE_FACT_RANGE, &parameters).await?;
        if seqs.len() < *limit {
            let end = i64::from(day(*before));
            tx.run(&statements::REMOVE_DIRECT_DAYS_BEFORE, &[&app, &pair, &end]).await?;
        }
        Ok(seqs.len())
    }
}
