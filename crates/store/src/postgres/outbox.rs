//! The outbox: entries in lanes, written in the transaction of the change they are about, and their delivery.
//!
//! An entry must neither be lost nor overtake another of its lane, a lane exists exactly while it has entries, and a claim
//! holds its lane alone. The lock of a group keeps its writers apart, but the creation of a group needs none, and
//! deliveries take none, so that they never wait for a large change. What keeps them all apart is the **row of the lane**,
//! which each transaction locks before it first reads the lane, until it ends:
//!
//! - An append raises `next` by one upsert and numbers its entries by the result. The next append waits for the row, so
//!   numbers are in the order of commits and without gaps, and no reader sees a number before those below it.
//! - A settlement reads the lane `FOR UPDATE`, with its own token as a condition. After waiting for an append, PostgreSQL
//!   gives it the row as the append left it, so it cannot remove a lane that has just got an entry. The other way round
//!   the upsert finds the row gone and makes the lane anew, with numbers from 0: entries that had these numbers went with
//!   the old lane, and no token holds the new one.
//! - A claim looks for due lanes without locking any, which Citus does not do over all groups, and then locks those it
//!   found one by one if they are still due and free. It skips lanes that another transaction has locked: they are being
//!   written to, settled or claimed at this moment, and it waits for no commit.
//! - Only settlements write dead letters, under the lock of their lane, so no two get the same number.
//!
//! All this needs is that a statement sees all that was committed before it began, so these transactions are of
//! [`Kind::Write`]. None wait in a circle: rows of lanes are the last thing a transaction waits for, one that needs
//! several takes them in the order of their names, and a claim waits for none. (Where a statement had to be prepared first
//! and left after them, and a circle came of it, PostgreSQL breaks it and the transaction is attempted again.)
//!
//! A claim that is never settled ends by its time. Its token holds the lane until another takes it: a slow server that was
//! the only one has delivered its entries all the same.

use super::Postgres;
use super::columns::{Parameters, read, read_all, read_first};
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::rows::{DeadLetterLists, EntryLists, LaneLists};
use super::statements;
use super::tables;
use super::values::{app_column, count, number_column, time_column};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::AppId;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, LaneState, Outbox, OutboxEntry, Settlement,
    WaitingLane,
};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Entries to append to their lanes.
pub(super) struct NewEntries<'entry> {
    app: AppId,
    lanes: BTreeMap<&'entry str, (Timestamp, Vec<&'entry [u8]>)>,
}

impl<'entry> NewEntries<'entry> {
    pub(super) fn new(app: AppId) -> Self {
        Self { app, lanes: BTreeMap::new() }
    }

    /// The entries of one lane.
    pub(super) fn of(context: &Context, lane: &'entry str, entries: &'entry [OutboxEntry]) -> Self {
        let mut new = Self::new(context.app);
        entries.iter().for_each(|entry| new.push(lane, context.now, entry.as_bytes()));
        new
    }

    pub(super) fn push(&mut self, lane: &'entry str, now: Timestamp, entry: &'entry [u8]) {
        self.lanes.entry(lane).or_insert((now, Vec::new())).1.push(entry);
    }

    /// Writes the entries, after everything else a transaction waits for.
    pub(super) async fn append(&self, tx: &Tx) -> Result<(), Failure> {
        if self.lanes.is_empty() {
            return Ok(());
        }
        let mut lanes = LaneLists::with_capacity(self.app, self.lanes.len());
        self.lanes.iter().for_each(|(lane, (now, entries))| lanes.push(lane, *now, entries.len()));
        let lengthened = tx.write(&statements::LENGTHEN_LANES, &lanes).await?;
        let ends = lengthened.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let ends = ends.collect::<Result<BTreeMap<&str, i64>, Failure>>()?;
        let mut lists = EntryLists::with_capacity(self.app, self.lanes.len());
        for (lane, (_, entries)) in &self.lanes {
            let end = *ends.get(lane).ok_or(Failure::Damaged("lane"))?;
            (end - count(entries.len())..end)
                .zip(entries)
                .for_each(|(number, entry)| lists.push(lane, number, entry));
        }
        tables::put(tx, &statements::INSERT_NOTES, &lists).await
    }
}

/// Appends an entry to a lane.
struct Enqueue {
    context: Context,
    lane: Lane,
    entry: OutboxEntry,
}

#[async_trait]
impl Work for Enqueue {
    type Output = ();
    const DOING: &'static str = "writing to the outbox";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        let entry = std::slice::from_ref(&self.entry);
        NewEntries::of(&self.context, self.lane.name(), entry).append(tx).await
    }
}

/// A lane and when it is due, in the order of claims.
#[derive(Clone)]
struct Due {
    at: i64,
    lane: Lane,
}

/// The next lanes that are due and not claimed.
struct DueLanes {
    app: AppId,
    claim: Claim,
    after: Option<Due>,
}

#[async_trait]
impl Work for DueLanes {
    type Output = Vec<Due>;
    const DOING: &'static str = "looking for due lanes";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Vec<Due>, Failure> {
        let (app, now, lanes) = (app_column(self.app), time_column(self.claim.now), count(self.claim.lanes));
        let (at, name) = self.after.as_ref().map_or((-1, ""), |last| (last.at, last.lane.name()));
        let rows = tx.query(&statements::DUE_LANES, &[&app, &now, &at, &name, &lanes]).await?;
        let due: Vec<(i64, Lane)> = read_all(&rows)?;
        Ok(due.into_iter().map(|(at, lane)| Due { at, lane }).collect())
    }
}

/// Claims those of the lanes that are still due and free.
struct ClaimLanes {
    app: AppId,
    claim: Claim,
    lanes: Vec<Due>,
}

#[async_trait]
impl Work for ClaimLanes {
    /// In the order of the lanes.
    type Output = Vec<ClaimedLane>;
    const DOING: &'static str = "claiming lanes";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        let (app, token) = (app_column(self.app), self.claim.token.cast_signed());
        let until = time_column(self.claim.until);
        // Here and below: sent one after the other without waiting for each other's answers.
        let free = try_join_all(self.lanes.iter().map(|due| self.free(tx, &due.lane))).await?;
        let free: Vec<(&Lane, LaneState)> = free.into_iter().flatten().collect();
        let names: Vec<&str> = free.iter().map(|(lane, _)| lane.name()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let claiming: Parameters<'_> = vec![&app, &names, &token, &until];
        let (_, entries) = futures_util::try_join!(
            tx.run(&statements::CLAIM_LANES, &claiming),
            try_join_all(free.iter().map(|(lane, state)| self.entries(tx, lane, state))),
        )?;
        let claimed = free.into_iter().zip(entries).map(|((lane, state), entries)| ClaimedLane {
            lane: lane.clone(),
            failures: state.failures,
            entries,
        });
        Ok(claimed.collect())
    }
}

impl ClaimLanes {
    /// Locks a lane, if it may be claimed.
    async fn free<'lane>(
        &self,
        tx: &Tx,
        lane: &'lane Lane,
    ) -> Result<Option<(&'lane Lane, LaneState)>, Failure> {
        let (app, now) = (app_column(self.app), time_column(self.claim.now));
        let rows = tx.query(&statements::FREE_LANE, &[&app, &lane.name(), &now]).await?;
        Ok(read_first(&rows)?.map(|state| (lane, state)))
    }

    /// The first entries of a lane.
    async fn entries(
        &self,
        tx: &Tx,
        lane: &Lane,
        state: &LaneState,
    ) -> Result<Vec<(u64, OutboxEntry)>, Failure> {
        let Range { start, end } = state.entries;
        let limit = u64::try_from(self.claim.entries).unwrap_or(u64::MAX);
        first_notes(tx, self.app, lane, start..end.min(start.saturating_add(limit))).await
    }
}

/// The first entries of a locked lane.
async fn first_notes(
    tx: &Tx,
    app: AppId,
    lane: &Lane,
    numbers: Range<u64>,
) -> Result<Vec<(u64, OutboxEntry)>, Failure> {
    let (app, first) = (app_column(app), number_column(numbers.start));
    let limit = number_column(numbers.end.saturating_sub(numbers.start));
    let rows = tx.query(&statements::FIRST_NOTES, &[&app, &lane.name(), &first, &limit]).await?;
    let entries: Vec<(u64, OutboxEntry)> = read_all(&rows)?;
    if !entries.iter().map(|(number, _)| *number).eq(numbers) {
        return Err(Failure::Damaged("note"));
    }
    Ok(entries)
}

/// Settles a claimed lane.
struct SettleLane {
    context: Context,
    settlement: Settlement,
}

#[async_trait]
impl Work for SettleLane {
    type Output = ();
    const DOING: &'static str = "settling a lane";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        let Context { app, now, .. } = self.context;
        let (app_id, name, token) =
            (app_column(app), self.settlement.lane.name(), self.settlement.token.cast_signed());
        let held = tx.query(&statements::HELD_LANE, &[&app_id, &name, &token]).await?;
        let Some(state) = read_first::<LaneState>(&held)? else {
            return Ok(());
        };
        let Some(settled) = self.settlement.settle(&state, now) else {
            return Ok(());
        };
        if let Some((number, reason)) = settled.dead_letter {
            self.insert_dead_letter(tx, number, reason).await?;
        }
        let end = number_column(settled.removed.end);
        let removed: Parameters<'_> = vec![&app_id, &name, &end];
        futures_util::try_join!(
            tx.run(&statements::REMOVE_NOTES_BELOW, &removed),
            self.release(tx, settled.waiting.as_ref()),
        )?;
        Ok(())
    }
}

impl SettleLane {
    /// Makes a dead letter of the first entry.
    async fn insert_dead_letter(&self, tx: &Tx, first: u64, reason: &str) -> Result<(), Failure> {
        let (Context { app, now, .. }, lane) = (self.context, &self.settlement.lane);
        let (app_id, name) = (app_column(app), lane.name());
        let of_lane: Parameters<'_> = vec![&app_id, &name];
        let (entries, last) = futures_util::try_join!(
            first_notes(tx, app, lane, first..first + 1),
            tx.query(&statements::LAST_DEAD_NOTE, &of_lane),
        )?;
        let number = read_first::<u64>(&last)?.map_or(0, |last| last.saturating_add(1));
        let letters = entries.into_iter().map(|(_, entry)| DeadLetter {
            key: DeadLetterKey { lane: lane.clone(), number },
            given_up: now,
            reason: reason.to_owned(),
            entry,
        });
        let letters: Vec<_> = letters.collect();
        let mut lists = DeadLetterLists::with_capacity(app, 1);
        letters.iter().for_each(|letter| lists.push(letter));
        tables::put(tx, &statements::INSERT_DEAD_NOTES, &lists).await
    }

    /// Writes the lane that is left, which no claim holds.
    async fn release(&self, tx: &Tx, waiting: Option<&WaitingLane>) -> Result<u64, Failure> {
        let (app, name) = (app_column(self.context.app), self.settlement.lane.name());
        let Some(WaitingLane { due, failures, entries }) = waiting else {
            return tx.run(&statements::REMOVE_LANE, &[&app, &name]).await;
        };
        let (due, failures, first) = (time_column(*due), i64::from(*failures), number_column(entries.start));
        tx.run(&statements::RELEASE_LANE, &[&app, &name, &due, &failures, &first]).await
    }
}

/// Lists dead letters.
struct ListDeadLetters {
    app: AppId,
    after: Option<DeadLetterKey>,
    limit: usize,
}

#[async_trait]
impl Work for ListDeadLetters {
    type Output = Vec<DeadLetter>;
    const DOING: &'static str = "reading dead letters";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Vec<DeadLetter>, Failure> {
        let (app, limit) = (app_column(self.app), count(self.limit));
        let after = self.after.as_ref();
        let (lane, number) = after.map_or(("", -1), |place| (place.lane.name(), number_column(place.number)));
        let rows = tx.query(&statements::DEAD_NOTES, &[&app, &lane, &number, &limit]).await?;
        read_all(&rows)
    }
}

/// Takes dead letters.
struct TakeDeadLetters {
    context: Context,
    places: Vec<DeadLetterKey>,
    fate: Fate,
}

#[async_trait]
impl Work for TakeDeadLetters {
    /// How many were there.
    type Output = usize;
    const DOING: &'static str = "taking dead letters";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<usize, Failure> {
        tx.begin(None, &[]).await?;
        let app = app_column(self.context.app);
        // Each once, in the order of the lanes and of their numbers.
        let places: BTreeSet<&DeadLetterKey> = self.places.iter().collect();
        let mut lanes: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for place in places {
            lanes.entry(place.lane.name()).or_default().push(number_column(place.number));
        }
        // Sent one after the other without waiting for each other's answers.
        let taken = try_join_all(lanes.iter().map(async |(lane, numbers)| {
            let (lowest, highest) = (numbers.first(), numbers.last());
            tx.query(&statements::TAKE_DEAD_NOTES, &[&app, lane, numbers, &lowest, &highest]).await
        }));
        let taken = taken.await?;
        let mut entries: BTreeMap<(&str, u64), &[u8]> = BTreeMap::new();
        for (lane, rows) in lanes.keys().zip(&taken) {
            for row in rows {
                entries.insert((lane, read::<u64>(row)?), row.try_get(1)?);
            }
        }
        let count = entries.len();
        match self.fate {
            Fate::Resend => {
                let mut new = NewEntries::new(self.context.app);
                // In the order in which they are named.
                for DeadLetterKey { lane, number } in &self.places {
                    if let Some(entry) = entries.remove(&(lane.name(), *number)) {
                        new.push(lane.name(), self.context.now, entry);
                    }
                }
                new.append(tx).await?;
            }
            Fate::Drop => {}
        }
        Ok(count)
    }
}

#[async_trait]
impl Outbox for Postgres {
    async fn enqueue(&self, context: Context, lane: Lane, entry: OutboxEntry) -> Result<(), StoreError> {
        self.write(Enqueue { context, lane, entry }).await
    }

    async fn claim_lanes(&self, app: AppId, claim: Claim) -> Result<Vec<ClaimedLane>, StoreError> {
        let mut after = None;
        loop {
            let lanes = self.read(DueLanes { app, claim, after }).await?;
            let Some(last) = lanes.last().cloned() else { return Ok(Vec::new()) };
            let all = lanes.len() < claim.lanes;
            let claimed = self.write(ClaimLanes { app, claim, lanes }).await?;
            // When other servers claimed all of them first, there may be more.
            if all || !claimed.is_empty() {
                return Ok(claimed);
            }
            after = Some(last);
        }
    }

    async fn settle_lane(&self, context: Context, settlement: Settlement) -> Result<(), StoreError> {
        self.write(SettleLane { context, settlement }).await
    }

    async fn dead_letters(
        &self,
        app: AppId,
        after: Option<DeadLetterKey>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(ListDeadLetters { app, after, limit }).await
    }

    async fn take_dead_letters(
        &self,
        context: Context,
        places: Vec<DeadLetterKey>,
        fate: Fate,
    ) -> Result<usize, StoreError> {
        self.write(TakeDeadLetters { context, places, fate }).await
    }
}
